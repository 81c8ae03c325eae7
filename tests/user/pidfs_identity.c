/*
 * pidfs_identity: the sentences that pidfs is built on. A pidfd is a file on a
 * file system of its own, with one inode for each process whose number is
 * never used again.
 *
 * With PIDFS=0 (a kernel without pidfs) the tests expect what the anonymous
 * inode shows instead.
 */
#include <sys/statfs.h>

#include "pidfds.h"

enum { MANY = 200 };

static void pidfd_lives_on_pidfs(void)
{
	struct statfs fs;
	int fd = pidfd_open_(getpid(), 0);

	REQUIRE(fd >= 0);
	EXPECT_EQ(fstatfs(fd, &fs), 0);
	EXPECT_EQ(fs.f_type, has_pidfs() ? PIDFS_MAGIC : ANON_INODE_MAGIC);
	close(fd);
}

static void pidfs_device_is_not_that_of_anonymous_inodes(void)
{
	struct stat a, b;
	int fd = pidfd_open_(getpid(), 0), event = syscall(SYS_eventfd2, 0, 0);

	REQUIRE(fd >= 0 && event >= 0);
	EXPECT_EQ(fstat(fd, &a), 0);
	EXPECT_EQ(fstat(event, &b), 0);
	EXPECT_EQ(a.st_dev != b.st_dev, has_pidfs());
	EXPECT_EQ(a.st_ino == b.st_ino && a.st_dev == b.st_dev, !has_pidfs());
	close(fd);
	close(event);
}

static void fstat_of_a_pidfd_means_something(void)
{
	struct stat st;
	int fd = pidfd_open_(getpid(), 0);

	REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
	EXPECT_EQ(st.st_mode, has_pidfs() ? 0700 : 0600);
	EXPECT_EQ(st.st_nlink, 1);
	EXPECT_EQ(st.st_uid, 0);
	EXPECT_EQ(st.st_gid, 0);
	EXPECT_EQ(st.st_size, 0);
	EXPECT_EQ(st.st_blocks, 0);
	EXPECT_EQ(st.st_blksize, 4096);
	EXPECT_EQ(st.st_rdev, 0);
	EXPECT(st.st_ino != 0);
	close(fd);
}

static void two_pidfds_of_one_process_have_one_inode(void)
{
	struct stat a, b;
	pid_t child = spawn_sleeper();
	int x = pidfd_open_(child, 0), y = pidfd_open_(child, F_NONBLOCK);

	REQUIRE(x >= 0 && y >= 0);
	EXPECT_EQ(fstat(x, &a) | fstat(y, &b), 0);
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(a.st_dev, b.st_dev);
	EXPECT(is_one_inode(x, y));
	kill_and_reap(child);
	close(x);
	close(y);
}

static void pidfds_of_two_processes_have_two_inodes(void)
{
	pid_t one = spawn_sleeper(), two = spawn_sleeper();
	int x = pidfd_open_(one, 0), y = pidfd_open_(two, 0);

	REQUIRE(x >= 0 && y >= 0);
	EXPECT_EQ(inode_of(x) != inode_of(y), has_pidfs());
	EXPECT_EQ(is_one_inode(x, y), !has_pidfs());
	kill_and_reap(one);
	kill_and_reap(two);
	close(x);
	close(y);
}

static void every_way_to_a_pidfd_leads_to_the_same_inode(void)
{
	char path[64];
	int cloned = -1, opened, copied, reopened;
	pid_t child = clone_sleeper(&cloned, 0);

	REQUIRE(child > 0 && cloned >= 0);
	opened = pidfd_open_(child, 0);
	copied = dup(opened);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", opened);
	reopened = open(path, O_RDONLY);
	EXPECT_EQ(inode_of(opened), inode_of(cloned));
	EXPECT_EQ(inode_of(copied), inode_of(cloned));
	EXPECT(is_one_inode(opened, cloned));
	if (has_pidfs())
		EXPECT(is_one_inode(reopened, cloned));
	else
		EXPECT(reopened < 0);
	kill_and_reap(child);
	close(cloned);
	close(opened);
	close(copied);
	close(reopened);
}

static void inode_number_stays_when_every_pidfd_was_closed(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);
	uint64_t before = inode_of(fd);

	close(fd);
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(inode_of(fd), before);
	close(fd);
	kill_and_reap(child);
}

static void inode_number_stays_through_exec_exit_and_reap(void)
{
	char *argv[] = { "/bin/sh", "-c", "exit 7", NULL };
	pid_t child = fork();
	uint64_t alive;
	int fd, status;

	if (child == 0) {
		raise(SIGSTOP);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(child, &status, WUNTRACED);
	fd = pidfd_open_(child, 0);
	alive = inode_of(fd);
	kill(child, SIGCONT);
	wait_zombie(child);
	EXPECT_EQ(inode_of(fd), alive);
	status = reap(child);
	EXPECT_EQ(WEXITSTATUS(status), 7);
	EXPECT_EQ(inode_of(fd), alive);
	close(fd);
}

static void inode_numbers_are_never_used_twice(void)
{
	static uint64_t seen[MANY];
	int duplicates = 0;

	if (!has_pidfs())
		SKIP("no pidfs: one inode for all");
	for (int i = 0; i < MANY; i++) {
		pid_t child = spawn(child_exits, NULL);
		int fd = pidfd_open_(child, 0);

		seen[i] = inode_of(fd);
		for (int j = 0; j < i; j++)
			duplicates += seen[j] == seen[i];
		reap(child);
		close(fd);
	}
	EXPECT(seen[MANY - 1] != 0);
	EXPECT_EQ(duplicates, 0);
}

static void pidfs_is_in_no_list_and_cannot_be_mounted(void)
{
	static char buf[8192];

	slurp("/proc/filesystems", buf, sizeof(buf));
	EXPECT(strstr(buf, "tmpfs") != NULL);
	EXPECT(strstr(buf, "pidfs") == NULL);
	slurp("/proc/self/mounts", buf, sizeof(buf));
	EXPECT(strstr(buf, "pidfs") == NULL);
}

static void reopening_gives_a_new_file_on_the_same_inode(void)
{
	char path[64];
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, F_NONBLOCK), again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	if (!has_pidfs()) {
		EXPECT(again < 0 && errno == ENXIO);
	} else {
		EXPECT(again >= 0);
		EXPECT_EQ(fcntl(again, F_GETFL) & O_NONBLOCK, 0);
		EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		EXPECT_EQ(inode_of(again), inode_of(fd));
		EXPECT_EQ(pidfd_signal(again, 0, NULL, 0), 0);
		close(again);
	}
	kill_and_reap(child);
	close(fd);
}

static void options_of_one_pidfd_are_not_those_of_another(void)
{
	pid_t child = spawn_sleeper();
	int plain = pidfd_open_(child, 0), other = pidfd_open_(child, F_NONBLOCK);
	siginfo_t info;

	EXPECT_EQ(fcntl(plain, F_GETFL), O_RDWR);
	EXPECT_EQ(fcntl(other, F_GETFL), O_RDWR | O_NONBLOCK);
	EXPECT_ERR(pidfd_wait(other, &info, WEXITED), EAGAIN);
	kill_and_reap(child);
	close(plain);
	close(other);
}

int main(void)
{
	RUN(pidfd_lives_on_pidfs);
	RUN(pidfs_device_is_not_that_of_anonymous_inodes);
	RUN(fstat_of_a_pidfd_means_something);
	RUN(two_pidfds_of_one_process_have_one_inode);
	RUN(pidfds_of_two_processes_have_two_inodes);
	RUN(every_way_to_a_pidfd_leads_to_the_same_inode);
	RUN(inode_number_stays_when_every_pidfd_was_closed);
	RUN(inode_number_stays_through_exec_exit_and_reap);
	RUN(inode_numbers_are_never_used_twice);
	RUN(pidfs_is_in_no_list_and_cannot_be_mounted);
	RUN(reopening_gives_a_new_file_on_the_same_inode);
	RUN(options_of_one_pidfd_are_not_those_of_another);
	return tap_done();
}
