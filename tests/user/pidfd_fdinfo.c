/*
 * pidfd_fdinfo: /proc/self/fdinfo of a pidfd, its link's name, and
 * PIDFD_GET_INFO where the kernel has it.
 */
#include <sys/mount.h>

#include "namespaces.h"

static void lines_come_in_linux_order(void)
{
	static const char *const keys[] = { "pos:\t0\n", "flags:\t02000002\n",
					    "mnt_id:\t", "ino:\t",
					    "Pid:\t",    "NSpid:\t" };
	char path[64], text[1024], *at = text;
	int fd = pidfd_open_(getpid(), 0);

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	slurp(path, text, sizeof(text));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		EXPECT(!strncmp(at, keys[i], strlen(keys[i])));
		at = strchr(at, '\n');
		REQUIRE(at != NULL);
		at++;
	}
	EXPECT_EQ(*at, '\0');
	close(fd);
}

static void numbers_are_those_of_the_process(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	EXPECT_EQ(fdinfo_number(fd, "\nPid:\t", 10), child);
	EXPECT_EQ(fdinfo_number(fd, "\nNSpid:\t", 10), child);
	EXPECT_EQ(fdinfo_number(fd, "\nino:\t", 10), inode_of(fd));
	EXPECT_EQ(fdinfo_number(fd, "pos:\t", 10), 0);
	kill_and_reap(child);
	close(fd);
}

static void flags_are_octal_with_close_on_exec(void)
{
	int fd = pidfd_open_(getpid(), F_THREAD);

	EXPECT_EQ(fdinfo_number(fd, "\nflags:\t", 8), 02000202);
	fcntl(fd, F_SETFD, 0);
	EXPECT_EQ(fdinfo_number(fd, "\nflags:\t", 8), 0202);
	close(fd);
	fd = pidfd_open_(getpid(), F_NONBLOCK);
	EXPECT_EQ(fdinfo_number(fd, "\nflags:\t", 8), 02004002);
	close(fd);
}

static void a_zombie_keeps_its_number_a_reaped_one_has_minus_one(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);
	uint64_t ino = inode_of(fd);

	wait_zombie(child);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:\t", 10), child);
	reap(child);
	EXPECT_EQ(fdinfo_number(fd, "\nPid:\t", 10), -1);
	EXPECT_EQ(fdinfo_number(fd, "\nNSpid:\t", 10), -1);
	EXPECT_EQ(fdinfo_number(fd, "\nino:\t", 10), ino);
	close(fd);
}

static void link_is_named_as_linux_names_it(void)
{
	char path[64], name[64] = "";
	struct stat st;
	int fd = pidfd_open_(getpid(), 0);
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	EXPECT(n > 0);
	EXPECT(!strcmp(name, "anon_inode:[pidfd]"));
	EXPECT_EQ(lstat(path, &st), 0);
	EXPECT(S_ISLNK(st.st_mode));
	EXPECT_EQ(stat(path, &st), 0);
	EXPECT_EQ(st.st_ino, inode_of(fd));
	close(fd);
}

static int has_get_info(int fd)
{
	struct info info = { .mask = 0 };

	return ioctl(fd, GET_INFO, &info) == 0 || errno != ENOTTY;
}

static void get_info_of_a_live_process(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);
	struct info info = { .mask = 0 };

	if (!has_get_info(fd)) {
		kill_and_reap(child);
		close(fd);
		SKIP("no PIDFD_GET_INFO");
	}
	EXPECT_EQ(ioctl(fd, GET_INFO, &info), 0);
	EXPECT_EQ(info.mask & 3, 3);
	EXPECT_EQ(info.pid, child);
	EXPECT_EQ(info.tgid, child);
	EXPECT_EQ(info.ppid, getpid());
	EXPECT_EQ(info.ruid, getuid());
	EXPECT_EQ(info.fsgid, getegid());
	EXPECT_ERR(ioctl(fd, GET_INFO, NULL), EINVAL);
	EXPECT_ERR(ioctl(fd, GET_INFO, 8), EFAULT);
	EXPECT_ERR(ioctl(fd, 0xc03fff0b, &info), ENOTTY); /* 63 bytes */
	kill_and_reap(child);
	close(fd);
}

static void get_info_tells_the_exit_after_the_reap(void)
{
	pid_t child = spawn(child_exits, (void *)0x12L);
	int fd = pidfd_open_(child, 0);
	struct info info = { .mask = INFO_EXIT };

	wait_zombie(child);
	if (!has_get_info(fd) || !kernel_at_least(6, 15)) {
		reap(child);
		close(fd);
		SKIP("no PIDFD_GET_INFO with exit");
	}
	EXPECT_EQ(ioctl(fd, GET_INFO, &info), 0);
	EXPECT_EQ(info.mask & INFO_EXIT, 0); /* a zombie has none yet */
	reap(child);
	memset(&info, 0, sizeof(info));
	EXPECT_ERR(ioctl(fd, GET_INFO, &info), ESRCH);
	info.mask = INFO_EXIT;
	EXPECT_EQ(ioctl(fd, GET_INFO, &info), 0);
	EXPECT(info.mask & INFO_EXIT);
	EXPECT_EQ(info.exit_code, 0x1200);
	EXPECT_EQ(info.pid, 0);
	close(fd);
}

static int has_numbers(const char *proc, int fd, const char *want)
{
	char path[64], buf[1024], *at;

	snprintf(path, sizeof(path), "%s/self/fdinfo/%d", proc, fd);
	at = strstr(slurp(path, buf, sizeof(buf)), "\nPid:\t");
	return at && !strcmp(at, want);
}

/* As 1 of a pid namespace, with the outer /proc and one of its own. */
static int looks_at_both(void *arg)
{
	int outer = ((int *)arg)[0], own = pidfd_open_(getpid(), 0), nr;
	char want[64];

	CHILD_EXPECT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHILD_EXPECT(mount("proc", "/mnt", "proc", 0, NULL) == 0);
	nr = (int)fdinfo_number(own, "\nPid:\t", 10);
	CHILD_EXPECT(nr > 1);
	snprintf(want, sizeof(want), "\nPid:\t%d\nNSpid:\t%d\t1\n", nr, nr);
	CHILD_EXPECT(has_numbers("/proc", own, want));
	CHILD_EXPECT(has_numbers("/mnt", own, "\nPid:\t1\nNSpid:\t1\n"));
	snprintf(want, sizeof(want), "\nPid:\t%d\nNSpid:\t%d\n", ((int *)arg)[1], ((int *)arg)[1]);
	CHILD_EXPECT(has_numbers("/proc", outer, want));
	CHILD_EXPECT(has_numbers("/mnt", outer, "\nPid:\t0\nNSpid:\t0\n"));
	return 0;
}

/* Not the reader's namespace decides, but that of the /proc it reads. */
static void the_proc_that_is_read_decides_which_numbers(void)
{
	int outer[2];

	if (!in_guest())
		SKIP("guest only: mounts");
	outer[1] = spawn_sleeper();
	outer[0] = pidfd_open_(outer[1], 0);
	mkdir("/mnt", 0755);
	EXPECT_EQ(run_in(CLONE_NEWPID | CLONE_NEWNS, looks_at_both, outer), 0);
	kill_and_reap(outer[1]);
	EXPECT(has_numbers("/proc", outer[0], "\nPid:\t-1\nNSpid:\t-1\n"));
	close(outer[0]);
}

int main(void)
{
	RUN(lines_come_in_linux_order);
	RUN(numbers_are_those_of_the_process);
	RUN(flags_are_octal_with_close_on_exec);
	RUN(a_zombie_keeps_its_number_a_reaped_one_has_minus_one);
	RUN(link_is_named_as_linux_names_it);
	RUN(get_info_of_a_live_process);
	RUN(get_info_tells_the_exit_after_the_reap);
	RUN(the_proc_that_is_read_decides_which_numbers);
	return tap_done();
}
