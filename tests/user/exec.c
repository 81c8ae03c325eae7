/*
 * exec: what passes through execve, what does not, and hostile images.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "tap.h"

extern char **environ;

static char dir[] = "/tmp/exec-XXXXXX";
static char out[8192];

/* Runs a program with its output in "out"; returns its wait status. */
static int run(char *const *argv, char *const *envp)
{
	int fds[2], status, len = 0;
	ssize_t n;
	pid_t child;

	if (pipe(fds) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execve(argv[0], argv, envp);
		_exit(100 + errno);
	}
	close(fds[1]);
	while ((n = read(fds[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += n;
	out[len] = '\0';
	close(fds[0]);
	status = reap(child);
	return status;
}

static void arguments_and_environment_arrive(void)
{
	char *argv[] = {
		"/bin/sh", "-c", "echo \"$0|$1|$2|$X|$Y\"", "zero", "two words", "", NULL
	};
	char *envp[] = { "X=1", "Y=a b", NULL };

	EXPECT_EQ(run(argv, envp), 0);
	EXPECT(!strcmp(out, "zero|two words||1|a b\n"));
}

static void long_arguments_arrive_whole(void)
{
	static char big[100001];
	char *argv[] = { "/bin/sh", "-c", "echo ${#1}", "x", big, NULL };

	memset(big, 'a', sizeof(big) - 1);
	EXPECT_EQ(run(argv, environ), 0);
	EXPECT_EQ(atoi(out), 100000);
}

static void too_much_is_refused(void)
{
	enum { MANY = 40 };
	char *argv[MANY + 3] = { "/bin/sh", "-c" };
	static char big[131072];

	memset(big, 'a', sizeof(big) - 1); /* with its end: the most for one */
	for (int i = 2; i < MANY + 2; i++)
		argv[i] = big;
	argv[2] = "exit 0";
	EXPECT_EQ(run(argv, environ), (100 + E2BIG) << 8);
}

static int write_file(const char *name, const void *data, size_t size, int mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	int ok = fd >= 0 && write(fd, data, size) == (ssize_t)size;

	close(fd);
	chmod(name, mode);
	return ok;
}

static int try(const char *path)
{
	char *argv[] = { (char *)path, NULL };
	int status = run(argv, environ);

	return WIFEXITED(status) && WEXITSTATUS(status) > 100 ? WEXITSTATUS(status) - 100 : 0;
}

static void what_cannot_be_run(void)
{
	write_file("plain", "echo", 4, 0644);
	write_file("text", "no magic at all\n", 16, 0755);
	write_file("empty", "", 0, 0755);
	EXPECT_EQ(try("./none"), ENOENT);
	EXPECT_EQ(try("./plain"), EACCES);
	EXPECT_EQ(try("."), EACCES);
	EXPECT_EQ(try("./text"), ENOEXEC);
	EXPECT_EQ(try("./empty"), ENOEXEC);
	EXPECT_EQ(try("./plain/x"), ENOTDIR);
	unlink("plain");
	unlink("text");
	unlink("empty");
}

static void scripts_name_their_interpreter(void)
{
	char *argv[] = { "./script", "arg", NULL };

	REQUIRE(write_file("script", "#!/bin/sh -e\necho \"$0 $1\"\n", 26, 0755));
	EXPECT_EQ(run(argv, environ), 0);
	EXPECT(!strcmp(out, "./script arg\n"));
	write_file("script", "#! ./none\n", 10, 0755);
	EXPECT_EQ(try("./script"), ENOENT);
	write_file("script", "#!\n", 3, 0755);
	EXPECT_EQ(try("./script"), ENOEXEC);
	write_file("script", "#!./script\n", 11, 0755);
	EXPECT_EQ(try("./script"), ELOOP);
	unlink("script");
}

static void close_on_exec_closes(void)
{
	int keep = open("/", O_RDONLY), drop = open("/", O_RDONLY | O_CLOEXEC);
	char text[128];
	char *argv[] = { "/bin/sh", "-c", text, NULL };

	snprintf(text, sizeof(text), "test -e /proc/self/fd/%d && test ! -e /proc/self/fd/%d", keep,
		 drop);
	EXPECT_EQ(run(argv, environ), 0);
	close(keep);
	close(drop);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void handlers_are_reset_ignoring_stays(void)
{
	char *argv[] = { "/bin/sh", "-c", "grep -E '^Sig(Ign|Cgt|Blk)' /proc/self/status", NULL };
	unsigned long ignored = 0, caught = 1;
	char *at;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, on_signal);
	EXPECT_EQ(run(argv, environ), 0);
	at = strstr(out, "SigIgn:");
	if (at)
		ignored = strtoul(at + 7, NULL, 16);
	at = strstr(out, "SigCgt:");
	if (at)
		caught = strtoul(at + 7, NULL, 16);
	EXPECT(ignored & 1UL << (SIGUSR1 - 1));
	EXPECT(!(caught & 1UL << (SIGUSR2 - 1)));
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

static void the_process_keeps_its_number_and_parent(void)
{
	char text[64];
	char *argv[] = { "/bin/sh", "-c", "echo $$ $PPID", NULL };
	int pid = 0, parent = 0;

	EXPECT_EQ(run(argv, environ), 0);
	pid = atoi(out);
	snprintf(text, sizeof(text), "%d %d\n", pid, getpid());
	parent = !strcmp(out, text);
	EXPECT(pid > 0);
	EXPECT(parent);
}

static void bad_vectors_fault(void)
{
	char *bad[] = { "/bin/sh", (char *)8, NULL };

	EXPECT_ERR(syscall(SYS_execve, "/bin/sh", 8L, environ), EFAULT);
	EXPECT_ERR(syscall(SYS_execve, "/bin/sh", bad, environ), EFAULT);
	EXPECT_ERR(syscall(SYS_execve, "/bin/sh", bad + 2, 8L), EFAULT);
	EXPECT_ERR(syscall(SYS_execve, 8L, bad, environ), EFAULT);
}

/* The least executable: one program header, exit(0x2a). */
struct tiny {
	unsigned char ident[16];
	unsigned short type, machine;
	unsigned int version;
	unsigned long entry, phoff, shoff;
	unsigned int flags;
	unsigned short ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	unsigned int p_type, p_flags;
	unsigned long p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
	unsigned char code[12];
};

static const struct tiny good = {
	.ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
	.type = 2,
	.machine = 62,
	.version = 1,
	.entry = 0x400078,
	.phoff = 64,
	.ehsize = 64,
	.phentsize = 56,
	.phnum = 1,
	.p_type = 1,
	.p_flags = 5,
	.p_vaddr = 0x400000,
	.p_filesz = 132,
	.p_memsz = 132,
	.p_align = 4096,
	.code = { 0x6a, 0x3c, 0x58, 0x6a, 0x2a, 0x5f, 0x0f, 0x05 },
};

static void the_least_executable_runs(void)
{
	char *argv[] = { "./tiny", NULL };

	REQUIRE(write_file("tiny", &good, sizeof(good), 0755));
	EXPECT_EQ(run(argv, environ), 0x2a00);
	unlink("tiny");
}

/* Any end but a hang will do; returns false if the program ran as if good. */
static int is_refused(const struct tiny *image, size_t size)
{
	char *argv[] = { "./bad", NULL };
	int status;

	if (!write_file("bad", image, size, 0755))
		return 0;
	alarm(60);
	status = run(argv, environ);
	alarm(0);
	return status != 0x2a00;
}

#define CORRUPT(field, value)                                                                      \
	do {                                                                                       \
		struct tiny image_ = good;                                                         \
		image_.field = (value);                                                            \
		EXPECT(is_refused(&image_, sizeof(image_)));                                       \
	} while (0)

static void corrupt_images_are_refused(void)
{
	CORRUPT(ident[0], 0);
	CORRUPT(ident[3], 'G');
	CORRUPT(type, 1);
	CORRUPT(type, 0xffff);
	CORRUPT(machine, 3);
	CORRUPT(phentsize, 55);
	CORRUPT(phentsize, 0);
	CORRUPT(phnum, 0);
	CORRUPT(phnum, 0xffff);
	CORRUPT(phoff, 1UL << 40);
	CORRUPT(phoff, -8UL);
	CORRUPT(entry, 0);
	CORRUPT(entry, 0xffffffff80000000UL);
	CORRUPT(entry, 0x8000000000000000UL);
	CORRUPT(p_vaddr, 0xffffffff80000000UL);
	CORRUPT(p_vaddr, 0x7ffffffff000UL);
	CORRUPT(p_vaddr, 0x400010);
	CORRUPT(p_memsz, -1UL);
	CORRUPT(p_memsz, 1UL << 47);
	CORRUPT(p_memsz, 10);
	CORRUPT(p_filesz, -1UL);
	CORRUPT(p_offset, 8);
	CORRUPT(p_flags, 0);
	CORRUPT(p_type, 0x70000000);
	unlink("bad");
}

static void cut_images_are_refused(void)
{
	for (size_t size = 0; size < 120; size += 7)
		EXPECT(is_refused(&good, size));
	unlink("bad");
}

/* Every byte of the headers, turned around in turn: nothing may hang. */
static void random_images_do_no_harm(void)
{
	char *argv[] = { "./bad", NULL };
	unsigned int seed = 1;

	for (int round = 0; round < 150; round++) {
		struct tiny image = good;

		for (int i = 0; i < 3; i++) {
			seed = seed * 1103515245 + 12345;
			((unsigned char *)&image)[(seed >> 8) % 120] ^= seed >> 20;
		}
		EXPECT(write_file("bad", &image, sizeof(image), 0755));
		EXPECT(run(argv, environ) >= 0);
	}
	unlink("bad");
}

static void a_running_program_cannot_be_written(void)
{
	EXPECT_ERR(open("/proc/self/exe", O_WRONLY), ETXTBSY);
}

int main(void)
{
	if (!mkdtemp(dir) || chdir(dir) < 0) {
		printf("1..0 # SKIP no directory under /tmp\n");
		return 0;
	}
	RUN(arguments_and_environment_arrive);
	RUN(long_arguments_arrive_whole);
	RUN(too_much_is_refused);
	RUN(what_cannot_be_run);
	RUN(scripts_name_their_interpreter);
	RUN(close_on_exec_closes);
	RUN(handlers_are_reset_ignoring_stays);
	RUN(the_process_keeps_its_number_and_parent);
	RUN(bad_vectors_fault);
	RUN(the_least_executable_runs);
	RUN(corrupt_images_are_refused);
	RUN(cut_images_are_refused);
	RUN(random_images_do_no_harm);
	RUN(a_running_program_cannot_be_written);
	chdir("/");
	rmdir(dir);
	return tap_done();
}
