/*
 * pidfd_xattr: trusted.* attributes on pidfds belong to the process: whoever
 * opens it finds them, and they last as long as anybody holds its identity.
 */
#include <sys/xattr.h>

#include "pidfds.h"

#define NEEDS_THEM()                                                                               \
	do {                                                                                       \
		if (!has_pidfs() || !kernel_at_least(6, 17) || geteuid())                          \
			SKIP("no attributes on pidfds here");                                      \
	} while (0)

static char value[65537];

/* Linux 6.18 answers 0 for a process that never had any, as if it were there and empty. */
static int has_none(int fd)
{
	ssize_t n = fgetxattr(fd, "trusted.a", value, 9);

	return kernel_at_least(7, 0) ? n == -1 && errno == ENODATA : n <= 0;
}

static void set_get_list_remove(void)
{
	pid_t pid;
	int fd;

	NEEDS_THEM();
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	EXPECT(has_none(fd));
	EXPECT_EQ(flistxattr(fd, value, sizeof(value)), 0);
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "one", 3, 0), 0);
	EXPECT_EQ(fsetxattr(fd, "trusted.b", "", 0, XATTR_CREATE), 0);
	EXPECT_EQ(fgetxattr(fd, "trusted.a", value, sizeof(value)), 3);
	EXPECT(!memcmp(value, "one", 3));
	EXPECT_EQ(fgetxattr(fd, "trusted.a", NULL, 0), 3);
	EXPECT_ERR(fgetxattr(fd, "trusted.a", value, 2), ERANGE);
	EXPECT_EQ(fgetxattr(fd, "trusted.b", value, sizeof(value)), 0);
	EXPECT_EQ(flistxattr(fd, NULL, 0), 20);
	EXPECT_EQ(flistxattr(fd, value, sizeof(value)), 20);
	EXPECT_ERR(flistxattr(fd, value, 19), ERANGE);
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "three", 5, XATTR_REPLACE), 0);
	EXPECT_EQ(fgetxattr(fd, "trusted.a", value, sizeof(value)), 5);
	EXPECT_EQ(fremovexattr(fd, "trusted.a"), 0);
	EXPECT_EQ(flistxattr(fd, value, sizeof(value)), 10);
	EXPECT(!strcmp(value, "trusted.b"));
	kill_and_reap(pid);
	close(fd);
}

static void existence_is_checked(void)
{
	int fd = pidfd_open_(getpid(), 0);

	NEEDS_THEM();
	EXPECT_ERR(fsetxattr(fd, "trusted.a", "x", 1, XATTR_REPLACE), ENODATA);
	EXPECT_ERR(fremovexattr(fd, "trusted.a"), ENODATA);
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "x", 1, XATTR_CREATE), 0);
	EXPECT_ERR(fsetxattr(fd, "trusted.a", "x", 1, XATTR_CREATE), EEXIST);
	EXPECT_ERR(fsetxattr(fd, "trusted.a", "x", 1, 4), EINVAL);
	EXPECT_EQ(fremovexattr(fd, "trusted.a"), 0);
	EXPECT_ERR(fremovexattr(fd, "trusted.a"), ENODATA);
	close(fd);
}

static void only_trusted_ones_are_kept(void)
{
	static const char *const names[] = { "user.a", "security.a", "bogus.a",
					     "user.",  "security.",  "x" };
	int fd = pidfd_open_(getpid(), 0);

	NEEDS_THEM();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		EXPECT_ERR(fsetxattr(fd, names[i], "x", 1, 0), EOPNOTSUPP);
		EXPECT_ERR(fgetxattr(fd, names[i], value, 9), EOPNOTSUPP);
		EXPECT_ERR(fremovexattr(fd, names[i]), EOPNOTSUPP);
	}
	EXPECT_ERR(fsetxattr(fd, "trusted.", "x", 1, 0), EINVAL);
	EXPECT_ERR(fgetxattr(fd, "trusted.", value, 9), EINVAL);
	EXPECT_ERR(fremovexattr(fd, "trusted."), EINVAL);
	EXPECT_ERR(fsetxattr(fd, "", "x", 1, 0), ERANGE);
	EXPECT_ERR(fgetxattr(fd, "system.posix_acl_access", value, 9), EOPNOTSUPP);
	EXPECT_ERR(fsetxattr(fd, "system.posix_acl_access", "x", 1, 0), EINVAL);
	close(fd);
}

static void values_have_at_most_64_kib(void)
{
	int fd = pidfd_open_(getpid(), 0);

	NEEDS_THEM();
	memset(value, 'v', sizeof(value));
	EXPECT_EQ(fsetxattr(fd, "trusted.big", value, 65536, 0), 0);
	EXPECT_EQ(fgetxattr(fd, "trusted.big", value, 65536), 65536);
	EXPECT_ERR(fsetxattr(fd, "trusted.big", value, 65537, 0), E2BIG);
	EXPECT_EQ(fremovexattr(fd, "trusted.big"), 0);
	close(fd);
}

static int as_a_user(void *arg)
{
	int fd = (int)(long)arg;
	char buf[64];

	if (setgid(1000) || setuid(1000))
		return 1;
	if (fsetxattr(fd, "trusted.b", "x", 1, 0) != -1 || errno != EPERM)
		return 2;
	if (fgetxattr(fd, "trusted.a", buf, sizeof(buf)) != -1 || errno != ENODATA)
		return 3;
	if (fremovexattr(fd, "trusted.a") != -1 || errno != EPERM)
		return 4;
	return flistxattr(fd, buf, sizeof(buf)) == 0 ? 0 : 5;
}

static void they_are_for_the_privileged(void)
{
	int fd = pidfd_open_(getpid(), 0);

	NEEDS_THEM();
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "x", 1, 0), 0);
	EXPECT_EQ(reap(spawn(as_a_user, (void *)(long)fd)), 0);
	EXPECT_EQ(fremovexattr(fd, "trusted.a"), 0);
	close(fd);
}

static void every_pidfd_of_the_process_has_them_a_threads_has_not(void)
{
	pid_t pid;
	char path[64];
	int fd, other;

	NEEDS_THEM();
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	other = pidfd_open_(pid, F_THREAD);
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "x", 1, 0), 0);
	EXPECT_EQ(fgetxattr(other, "trusted.a", value, 9), 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", other);
	EXPECT_EQ(setxattr(path, "trusted.b", "yz", 2, 0), 0);
	EXPECT_EQ(getxattr(path, "trusted.a", value, 9), 1);
	EXPECT_EQ(fgetxattr(fd, "trusted.b", value, 9), 2);
	EXPECT_EQ(removexattr(path, "trusted.a"), 0);
	EXPECT_ERR(fgetxattr(fd, "trusted.a", value, 9), ENODATA);
	EXPECT_EQ(listxattr(path, value, sizeof(value)), 10);
	close(other);
	other = pidfd_open_(getpid(), 0);
	EXPECT_ERR(fgetxattr(other, "trusted.b", value, 9), ENODATA); /* this process had some */
	kill_and_reap(pid);
	close(fd);
	close(other);
}

static void they_outlive_pidfds_exec_and_the_process(void)
{
	char *argv[] = { "/bin/sh", "-c", "kill -STOP $$", NULL };
	pid_t pid;
	int fd, status = 0;

	NEEDS_THEM();
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "x", 1, 0), 0);
	close(fd);
	fd = pidfd_open_(pid, 0); /* a new inode */
	EXPECT_EQ(fgetxattr(fd, "trusted.a", value, 9), 1);
	kill_and_reap(pid);
	EXPECT_EQ(fgetxattr(fd, "trusted.a", value, 9), 1);
	EXPECT_EQ(fsetxattr(fd, "trusted.late", "yy", 2, 0), 0);
	EXPECT_EQ(flistxattr(fd, value, sizeof(value)), 23);
	EXPECT_EQ(fremovexattr(fd, "trusted.a"), 0);
	close(fd);

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, WUNTRACED);
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "x", 1, 0), 0);
	kill(pid, SIGCONT);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
	EXPECT(WIFSTOPPED(status));
	EXPECT_EQ(fgetxattr(fd, "trusted.a", value, 9), 1);
	kill_and_reap(pid);
	close(fd);
}

/* A new process in the place of the old has none of its attributes. */
static void they_are_not_inherited(void)
{
	int fd = pidfd_open_(getpid(), 0), child_fd;
	pid_t pid;

	NEEDS_THEM();
	EXPECT_EQ(fsetxattr(fd, "trusted.a", "x", 1, 0), 0);
	pid = spawn_sleeper();
	child_fd = pidfd_open_(pid, 0);
	EXPECT(has_none(child_fd));
	EXPECT_EQ(fremovexattr(fd, "trusted.a"), 0);
	kill_and_reap(pid);
	close(fd);
	close(child_fd);
}

int main(void)
{
	RUN(set_get_list_remove);
	RUN(existence_is_checked);
	RUN(only_trusted_ones_are_kept);
	RUN(values_have_at_most_64_kib);
	RUN(they_are_for_the_privileged);
	RUN(every_pidfd_of_the_process_has_them_a_threads_has_not);
	RUN(they_outlive_pidfds_exec_and_the_process);
	RUN(they_are_not_inherited);
	return tap_done();
}
