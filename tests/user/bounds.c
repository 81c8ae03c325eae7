/*
 * bounds: what one user can take of the kernel has an end, and whoever takes it is told so, or ends,
 * and nobody else.
 *
 * Guest only, as it changes limits of the whole system.
 */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "tap.h"

enum { SOMEBODY = 4321, F_SET_SIZE = 1031, F_GET_SIZE = 1032 };
#define FS "/proc/sys/fs/"

static long setting(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	return n > 0 ? atol(text) : -1;
}

static long set(const char *path, long value)
{
	long old = setting(path);
	char text[32];
	int fd = open(path, O_WRONLY);

	snprintf(text, sizeof(text), "%ld\n", value);
	EXPECT(write(fd, text, strlen(text)) > 0);
	close(fd);
	return old;
}

/* The status with which "child", as an ordinary user, exits. */
static int as_somebody(int (*child)(void *))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(setgid(SOMEBODY) < 0 || setuid(SOMEBODY) < 0 ? 99 : child(NULL));
	status = reap(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int creates(void *arg)
{
	(void)arg;
	return open("/tmp/bounds", O_CREAT | O_RDWR, 0600) < 0 ? errno : 0;
}

static void without_a_file_no_name_is_made(void)
{
	long old;

	if (!in_guest())
		SKIP("guest only");
	old = set(FS "file-max", 0);
	EXPECT_EQ(as_somebody(creates), ENFILE);
	set(FS "file-max", old);
	EXPECT_ERR(access("/tmp/bounds", F_OK), ENOENT);
	EXPECT_EQ(as_somebody(creates), 0);
	unlink("/tmp/bounds");
}

static int watches(void *arg)
{
	struct epoll_event event = { .events = EPOLLIN };
	int one = epoll_create1(0), other = epoll_create1(0), p[2];

	(void)arg;
	if (pipe(p) < 0)
		return 1;
	if (epoll_ctl(one, EPOLL_CTL_ADD, p[0], &event) < 0 ||
	    epoll_ctl(other, EPOLL_CTL_ADD, p[0], &event) < 0)
		return 2;
	if (epoll_ctl(one, EPOLL_CTL_ADD, p[1], &event) == 0)
		return 3;
	if (errno != ENOSPC)
		return errno;
	close(other);
	return epoll_ctl(one, EPOLL_CTL_ADD, p[1], &event) < 0 ? 4 : 0;
}

static void a_user_watches_so_many_files(void)
{
	long old;

	if (!in_guest())
		SKIP("guest only");
	old = set(FS "epoll/max_user_watches", 2);
	EXPECT(old > 100);
	EXPECT_EQ(as_somebody(watches), 0);
	EXPECT_EQ(as_somebody(watches), 0);
	set(FS "epoll/max_user_watches", old);
}

/* With at most 40 pages: two pipes, then small ones. */
static int pipes_get_smaller(void *arg)
{
	int p[4][2];

	(void)arg;
	for (int i = 0; i < 4; i++)
		if (pipe(p[i]) < 0 || fcntl(p[i][0], F_GET_SIZE) != (i < 2 ? 16 * 4096 : 2 * 4096))
			return i + 1;
	if (fcntl(p[3][0], F_SET_SIZE, 32 * 4096) == 0 || errno != EPERM)
		return 5;
	if (fcntl(p[0][0], F_SET_SIZE, 4096) != 4096)
		return 6;
	return fcntl(p[3][0], F_SET_SIZE, 8 * 4096) == 8 * 4096 ? 0 : 7;
}

static int pipes_end(void *arg)
{
	int n = 0, p[2];

	(void)arg;
	while (pipe(p) == 0)
		n++;
	return errno == ENFILE ? n : 99;
}

static void a_user_has_so_many_pages_in_pipes(void)
{
	long soft, hard;

	if (!in_guest())
		SKIP("guest only");
	soft = set(FS "pipe-user-pages-soft", 40);
	EXPECT_EQ(soft, 16384);
	EXPECT_EQ(as_somebody(pipes_get_smaller), 0);
	EXPECT_EQ(as_somebody(pipes_get_smaller), 0);
	hard = set(FS "pipe-user-pages-hard", 50);
	EXPECT_EQ(hard, 0);
	EXPECT_EQ(as_somebody(pipes_end), 2 + (50 - 32) / 2);
	set(FS "pipe-user-pages-hard", hard);
	set(FS "pipe-user-pages-soft", soft);
}

/* Page tables for nothing but the one page of zeroes. */
static int takes_page_tables(void *arg)
{
	const size_t size = 1UL << 46;
	volatile char *at =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (at == MAP_FAILED)
		return 1;
	for (size_t step = 1 << 30; step >= 2 << 20; step /= 2) /* two tables each, then one */
		for (size_t i = 0; i < size; i += step)
			(void)at[i];
	return 2;
}

static int has_some_memory(void *arg)
{
	const size_t size = 8 << 20;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (at == MAP_FAILED)
		return 1;
	memset(at, 1, size);
	return child_pauses(NULL);
}

static void who_fills_memory_with_page_tables_ends(void)
{
	pid_t innocent;
	int status;

	if (!in_guest())
		SKIP("guest only");
	innocent = spawn(has_some_memory, NULL);
	status = reap(spawn(takes_page_tables, NULL));
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ(waitpid(innocent, NULL, WNOHANG), 0);
	EXPECT_EQ(reap(spawn(child_exits, NULL)), 0); /* there is memory again */
	kill_and_reap(innocent);
}

/* In a program with a long environment. */
static int holds_texts(void)
{
	long before = file_number("/proc/meminfo", "MemFree:"), now;
	char c;

	for (int i = 0; i < 100; i++)
		if (read(open("/proc/self/environ", O_RDONLY), &c, 1) != 1)
			return 2;
	now = file_number("/proc/meminfo", "MemFree:");
	return now > before - 24 * 1024 ? 0 : 3;
}

static int gets_a_long_environment(void *arg)
{
	static char text[120000], *env[] = { text, text, text, NULL };

	(void)arg;
	memset(text, 'x', sizeof(text) - 1);
	execle("/proc/self/exe", "bounds", "--texts", NULL, env);
	return 1;
}

static void open_files_of_proc_hold_little_text(void)
{
	if (!in_guest())
		SKIP("guest only");
	EXPECT_EQ(as_somebody(gets_a_long_environment), 0);
}

static long free_inodes(void)
{
	struct statfs fs;

	return statfs("/tmp/bounds", &fs) ? -1 : (long)fs.f_ffree;
}

/* How many names, links and attributes fit in a small tmpfs, and that all of them go. */
static int fills_a_tmpfs(void *arg)
{
	static char text[1001], name[32];
	long before, links = 0, symlinks = 0, attributes = 0;
	int fd;

	(void)arg;
	memset(text, 'x', sizeof(text) - 1);
	if (unshare(CLONE_NEWNS) || mkdir("/tmp/bounds", 0700) ||
	    mount("none", "/tmp/bounds", "tmpfs", 0, "nr_inodes=100,size=64k") ||
	    chdir("/tmp/bounds"))
		return 1;
	fd = open("file", O_CREAT | O_RDWR, 0600);
	before = free_inodes();
	while (snprintf(name, sizeof(name), "%ld", links) > 0 && !link("file", name))
		links++;
	if (errno != ENOSPC || links != before || free_inodes())
		return 2;
	while (links-- > 0 && snprintf(name, sizeof(name), "%ld", links) > 0)
		unlink(name);
	while (snprintf(name, sizeof(name), "%ld", symlinks) > 0 && !symlink(text, name))
		symlinks++;
	if (errno != ENOSPC || symlinks != 16)
		return 3;
	while (symlinks-- > 0 && snprintf(name, sizeof(name), "%ld", symlinks) > 0)
		unlink(name);
	if (free_inodes() != before)
		return 4;
	while (snprintf(name, sizeof(name), "user.%ld", attributes) > 0 &&
	       !fsetxattr(fd, name, text, 1000, 0))
		attributes++;
	if (errno != ENOSPC || attributes < 80 || attributes > 100)
		return 5;
	unlink("file");
	close(fd);
	return free_inodes() == before + 1 ? 0 : 6;
}

static void names_and_attributes_count_in_a_tmpfs(void)
{
	if (!in_guest())
		SKIP("guest only");
	EXPECT_EQ(reap(spawn(fills_a_tmpfs, NULL)), 0);
	rmdir("/tmp/bounds");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--texts"))
		return holds_texts();
	RUN(without_a_file_no_name_is_made);
	RUN(a_user_watches_so_many_files);
	RUN(a_user_has_so_many_pages_in_pipes);
	RUN(who_fills_memory_with_page_tables_ends);
	RUN(open_files_of_proc_hold_little_text);
	RUN(names_and_attributes_count_in_a_tmpfs);
	return tap_done();
}
