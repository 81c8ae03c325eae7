/*
 * pidfd_getfd: a descriptor of another process, and each error in its order.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pidfds.h"

static void shares_the_open_file(void)
{
	char path[] = "/tmp/getfd-XXXXXX";
	int file = mkstemp(path), self = pidfd_open_(getpid(), 0), copy;

	REQUIRE(file >= 0 && self >= 0);
	unlink(path);
	copy = pidfd_getfd_(self, file, 0);
	EXPECT(copy >= 0 && copy != file);
	EXPECT_EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(write(file, "hello", 5), 5);
	EXPECT_EQ(lseek(copy, 0, SEEK_CUR), 5);
	fcntl(copy, F_SETFL, O_APPEND);
	EXPECT(fcntl(file, F_GETFL) & O_APPEND);
	close(copy);
	close(file);
	close(self);
}

static int child_with_pipe(void *arg)
{
	int *fds = arg;

	dup2(fds[1], 100);
	close(fds[0]);
	close(fds[1]);
	if (write(100, "!", 1) != 1)
		return 1;
	return child_pauses(NULL);
}

static void fetches_from_a_child(void)
{
	int fds[2], pidfd, copy;
	char c = 0;
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	child = spawn(child_with_pipe, fds);
	close(fds[1]);
	EXPECT_EQ(read(fds[0], &c, 1), 1);
	pidfd = pidfd_open_(child, 0);
	copy = pidfd_getfd_(pidfd, 100, 0);
	EXPECT(copy >= 0);
	EXPECT_EQ(write(copy, "x", 1), 1);
	EXPECT_EQ(read(fds[0], &c, 1), 1);
	EXPECT_EQ(c, 'x');
	kill_and_reap(child);
	close(copy);
	EXPECT_EQ(read(fds[0], &c, 1), 0); /* the copy was the last writer */
	close(fds[0]);
	close(pidfd);
}

static void flags_are_checked_first(void)
{
	EXPECT_ERR(pidfd_getfd_(-1, -1, 1), EINVAL);
	EXPECT_ERR(pidfd_getfd_(-1, -1, ~0u), EINVAL);
}

static void what_is_no_pidfd_is_refused(void)
{
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);

	EXPECT_ERR(pidfd_getfd_(-1, 0, 0), EBADF);
	EXPECT_ERR(pidfd_getfd_(0, 0, 0), EBADF);
	EXPECT_ERR(pidfd_getfd_(dir, 0, 0), EBADF);
	EXPECT_ERR(pidfd_getfd_(SELF_PROCESS, 0, 0), EBADF);
	EXPECT_ERR(pidfd_getfd_(SELF_THREAD, 0, 0), EBADF);
	close(dir);
}

static void what_the_target_lacks_is_refused(void)
{
	int self = pidfd_open_(getpid(), 0);

	EXPECT_ERR(pidfd_getfd_(self, 9999, 0), EBADF);
	EXPECT_ERR(pidfd_getfd_(self, -1, 0), EBADF);
	EXPECT_ERR(pidfd_getfd_(self, 2147483647, 0), EBADF);
	close(self);
}

static void zombie_and_reaped_have_no_descriptors(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);

	wait_zombie(child);
	EXPECT_ERR(pidfd_getfd_(fd, 0, 0), ESRCH);
	EXPECT_ERR(pidfd_getfd_(fd, 9999, 0), ESRCH);
	reap(child);
	EXPECT_ERR(pidfd_getfd_(fd, 0, 0), ESRCH);
	close(fd);
}

static int child_of_another_user(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_getfd_(fd, 0, 0) == -1 && errno == EPERM &&
		 pidfd_getfd_(fd, 9999, 0) == -1 && errno == EPERM);
}

static void another_users_process_is_refused(void)
{
	pid_t target;
	int fd;

	if (getuid())
		SKIP("not root");
	target = spawn_sleeper();
	fd = pidfd_open_(target, 0);
	EXPECT_EQ(reap(spawn(child_of_another_user, (void *)(long)fd)), 0);
	kill_and_reap(target);
	close(fd);
}

static int sleeper_not_dumpable(void *arg)
{
	setgid(1000);
	setuid(1000); /* changing ids makes it non-dumpable */
	return child_pauses(arg);
}

static int same_user(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_getfd_(fd, 0, 0) == -1 && errno == EPERM);
}

static int uid_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return (int)file_number(path, "Uid:");
}

static void a_non_dumpable_process_is_refused(void)
{
	pid_t target;
	int fd;

	if (getuid())
		SKIP("not root");
	target = spawn(sleeper_not_dumpable, NULL);
	fd = pidfd_open_(target, 0);
	EXPECT(eventually(uid_of(target) == 1000));
	EXPECT_EQ(reap(spawn(same_user, (void *)(long)fd)), 0);
	kill_and_reap(target);
	close(fd);
}

static void descriptor_limit_is_last(void)
{
	struct rlimit old, limit;
	int self = pidfd_open_(getpid(), 0), next = dup(0);

	close(next);
	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = next;
	setrlimit(RLIMIT_NOFILE, &limit);
	EXPECT_ERR(pidfd_getfd_(self, 0, 0), EMFILE);
	EXPECT_ERR(pidfd_getfd_(self, 9999, 0), EBADF);
	setrlimit(RLIMIT_NOFILE, &old);
	close(self);
}

static void a_pidfd_can_be_fetched(void)
{
	int self = pidfd_open_(getpid(), F_NONBLOCK);
	int copy = pidfd_getfd_(self, self, 0);

	EXPECT(copy >= 0);
	EXPECT_EQ(fcntl(copy, F_GETFL), O_RDWR | O_NONBLOCK);
	EXPECT_EQ(inode_of(copy), inode_of(self));
	close(copy);
	close(self);
}

static void path_descriptors_can_be_fetched_but_do_not_fetch(void)
{
	char path[64];
	int self = pidfd_open_(getpid(), 0), dir = open("/", O_PATH), copy, by_path;

	copy = pidfd_getfd_(self, dir, 0);
	EXPECT(copy >= 0);
	EXPECT_EQ(fcntl(copy, F_GETFL) & O_PATH, O_PATH);
	EXPECT_EQ(inode_of(copy), inode_of(dir));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self);
	by_path = open(path, O_PATH);
	EXPECT_ERR(pidfd_getfd_(by_path, dir, 0), EBADF);
	close(copy);
	close(dir);
	close(by_path);
	close(self);
}

/* Flags, descriptor, existence; then the right, the target's descriptor, the caller's limit. */
static void errors_come_in_order(void)
{
	pid_t gone = spawn(child_exits, NULL);
	int fd = pidfd_open_(gone, 0);

	reap(gone);
	EXPECT_ERR(pidfd_getfd_(fd, 0, 1), EINVAL);
	EXPECT_ERR(pidfd_getfd_(fd, -1, 0), ESRCH);
	EXPECT_ERR(pidfd_getfd_(9999, -1, 0), EBADF);
	close(fd);
}

static int fetches_from_a_zombie(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_getfd_(fd, 0, 0) == -1 && errno == EPERM);
}

static void the_right_is_asked_before_the_zombie_is_seen(void)
{
	pid_t child;
	int fd;

	if (getuid())
		SKIP("not root");
	child = spawn(child_exits, NULL);
	fd = pidfd_open_(child, 0);
	wait_zombie(child);
	EXPECT_EQ(reap(spawn(fetches_from_a_zombie, (void *)(long)fd)), 0);
	EXPECT_ERR(pidfd_getfd_(fd, 0, 0), ESRCH);
	reap(child);
	close(fd);
}

static void a_socket_is_fetched_with_both_ends_alive(void)
{
	int s[2], self = pidfd_open_(getpid(), 0), copy;
	char c = 0;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	copy = pidfd_getfd_(self, s[0], 0);
	close(s[0]);
	EXPECT_EQ(write(copy, "y", 1), 1);
	EXPECT_EQ(read(s[1], &c, 1), 1);
	EXPECT_EQ(c, 'y');
	close(copy);
	EXPECT_EQ(read(s[1], &c, 1), 0);
	close(s[1]);
	close(self);
}

int main(void)
{
	RUN(shares_the_open_file);
	RUN(fetches_from_a_child);
	RUN(flags_are_checked_first);
	RUN(what_is_no_pidfd_is_refused);
	RUN(what_the_target_lacks_is_refused);
	RUN(zombie_and_reaped_have_no_descriptors);
	RUN(another_users_process_is_refused);
	RUN(a_non_dumpable_process_is_refused);
	RUN(descriptor_limit_is_last);
	RUN(a_pidfd_can_be_fetched);
	RUN(path_descriptors_can_be_fetched_but_do_not_fetch);
	RUN(errors_come_in_order);
	RUN(the_right_is_asked_before_the_zombie_is_seen);
	RUN(a_socket_is_fetched_with_both_ends_alive);
	return tap_done();
}
