/*
 * waitid_pidfd: waitid(P_PIDFD), and each error in its order.
 */
#include "pidfds.h"

static siginfo_t info;

static void reports_an_exit(void)
{
	pid_t child = spawn(child_exits, (void *)42L);
	int fd = pidfd_open_(child, 0);

	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_signo, SIGCHLD);
	EXPECT_EQ(info.si_code, CLD_EXITED);
	EXPECT_EQ(info.si_pid, child);
	EXPECT_EQ(info.si_uid, getuid());
	EXPECT_EQ(info.si_status, 42);
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), ECHILD);
	close(fd);
}

static void reports_a_kill(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	kill(child, SIGKILL);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_code, CLD_KILLED);
	EXPECT_EQ(info.si_status, SIGKILL);
	close(fd);
}

static void options_are_checked_first(void)
{
	EXPECT_ERR(pidfd_wait(-1, &info, 0), EINVAL);
	EXPECT_ERR(pidfd_wait(-1, &info, WNOHANG), EINVAL);
	EXPECT_ERR(pidfd_wait(9999, &info, WEXITED | 0x100), EINVAL);
	EXPECT_ERR(pidfd_wait(9999, &info, 0), EINVAL);
}

static void negative_descriptors_are_invalid(void)
{
	EXPECT_ERR(pidfd_wait(-1, &info, WEXITED), EINVAL);
	EXPECT_ERR(pidfd_wait(SELF_PROCESS, &info, WEXITED), EINVAL);
	EXPECT_ERR(pidfd_wait(SELF_THREAD, &info, WEXITED), EINVAL);
}

static void what_is_no_pidfd_is_refused(void)
{
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);

	EXPECT_ERR(pidfd_wait(9999, &info, WEXITED), EBADF);
	EXPECT_ERR(pidfd_wait(0, &info, WEXITED), EBADF);
	EXPECT_ERR(pidfd_wait(dir, &info, WEXITED), EBADF);
	close(dir);
}

static void unknown_id_types_are_invalid(void)
{
	EXPECT_ERR(syscall(SYS_waitid, 4, 0, &info, WEXITED, NULL), EINVAL);
	EXPECT_ERR(syscall(SYS_waitid, -1, 0, &info, WEXITED, NULL), EINVAL);
}

static void strangers_are_no_children(void)
{
	int self = pidfd_open_(getpid(), 0), init = pidfd_open_(1, 0);

	EXPECT_ERR(pidfd_wait(self, &info, WEXITED), ECHILD);
	EXPECT_ERR(pidfd_wait(self, &info, WEXITED | WNOHANG), ECHILD);
	EXPECT_ERR(pidfd_wait(init, &info, WEXITED), ECHILD);
	close(self);
	close(init);
}

static void wnohang_zeroes_the_info(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	memset(&info, 0xff, sizeof(info));
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED | WNOHANG), 0);
	EXPECT_EQ(info.si_signo, 0);
	EXPECT_EQ(info.si_pid, 0);
	kill_and_reap(child);
	close(fd);
}

static void a_nonblocking_pidfd_says_eagain(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, F_NONBLOCK);

	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), EAGAIN);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED | WNOHANG), 0);
	fcntl(fd, F_SETFL, 0);
	kill(child, SIGKILL);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), ECHILD);
	close(fd);
}

static void wnowait_leaves_the_zombie(void)
{
	pid_t child = spawn(child_exits, (void *)6L);
	int fd = pidfd_open_(child, 0);

	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED | WNOWAIT), 0);
	EXPECT_EQ(info.si_status, 6);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_status, 6);
	EXPECT_EQ(polled(fd, 0), POLLIN | POLLRDNORM | POLLHUP);
	close(fd);
}

static void reports_stop_and_continue(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	kill(child, SIGSTOP);
	EXPECT_EQ(pidfd_wait(fd, &info, WSTOPPED), 0);
	EXPECT_EQ(info.si_code, CLD_STOPPED);
	EXPECT_EQ(info.si_status, SIGSTOP);
	EXPECT_EQ(pidfd_wait(fd, &info, WSTOPPED | WNOHANG), 0);
	EXPECT_EQ(info.si_pid, 0);
	kill(child, SIGCONT);
	EXPECT_EQ(pidfd_wait(fd, &info, WCONTINUED), 0);
	EXPECT_EQ(info.si_code, CLD_CONTINUED);
	EXPECT_EQ(info.si_status, SIGCONT);
	kill_and_reap(child);
	close(fd);
}

static void waits_for_this_child_alone(void)
{
	pid_t slow = spawn_sleeper(), quick = spawn(child_exits, NULL);
	int fd = pidfd_open_(slow, 0);

	wait_zombie(quick);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED | WNOHANG), 0);
	EXPECT_EQ(info.si_pid, 0);
	kill(slow, SIGKILL);
	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, slow);
	EXPECT_EQ(reap(quick), 0);
	close(fd);
}

static void a_bad_pointer_faults_after_the_reap(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);

	wait_zombie(child);
	EXPECT_ERR(pidfd_wait(fd, (siginfo_t *)8, WEXITED), EFAULT);
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), ECHILD);
	close(fd);
}

static void no_pointer_is_allowed(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);

	EXPECT_EQ(pidfd_wait(fd, NULL, WEXITED), 0);
	close(fd);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void a_signal_interrupts(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), EINTR);
	kill_and_reap(child);
	close(fd);
}

static int waits_for_grandparents_child(void *arg)
{
	int fd = (int)(long)arg;

	return !(pidfd_wait(fd, &info, WEXITED) == -1 && errno == ECHILD);
}

static void holding_a_pidfd_is_not_being_the_parent(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	EXPECT_EQ(reap(spawn(waits_for_grandparents_child, (void *)(long)fd)), 0);
	kill_and_reap(child);
	close(fd);
}

static void ignored_children_reap_themselves(void)
{
	pid_t child;
	int fd;

	signal(SIGCHLD, SIG_IGN);
	child = spawn(child_exits, (void *)5L);
	fd = pidfd_open_(child, 0);
	if (fd >= 0) { /* else it was quicker than this */
		EXPECT(eventually(polled(fd, 100) == (POLLIN | POLLRDNORM | POLLHUP)));
		EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), ECHILD);
		close(fd);
	}
	EXPECT_ERR(waitpid(child, NULL, 0), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void eagain_zeroes_the_info(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, F_NONBLOCK);

	memset(&info, 0xff, sizeof(info));
	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), EAGAIN);
	EXPECT_EQ(info.si_signo, 0);
	EXPECT_EQ(info.si_pid, 0);
	kill_and_reap(child);
	close(fd);
}

static void a_nonblocking_pidfd_of_no_child_says_echild(void)
{
	int fd = pidfd_open_(getpid(), F_NONBLOCK);

	EXPECT_ERR(pidfd_wait(fd, &info, WEXITED), ECHILD);
	close(fd);
}

static void a_path_descriptor_is_no_pidfd(void)
{
	char path[64];
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), by_path;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	by_path = open(path, O_PATH);
	EXPECT_ERR(pidfd_wait(by_path, &info, WEXITED), EBADF);
	kill_and_reap(child);
	close(by_path);
	close(fd);
}

static void a_thread_pidfd_of_a_leader_will_do(void)
{
	pid_t child = spawn(child_exits, (void *)11L);
	int fd = pidfd_open_(child, F_THREAD);

	EXPECT_EQ(pidfd_wait(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, child);
	EXPECT_EQ(info.si_status, 11);
	close(fd);
}

static void every_option_of_waitid_is_known(void)
{
	static const int more[] = { 0x20000000, 0x40000000, 0x80000000 }; /* __WNOTHREAD.. */
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	for (int i = 0; i < 3; i++) {
		int err = pidfd_wait(fd, &info, WEXITED | WNOHANG | more[i]) ? errno : 0;

		EXPECT_EQ(err, i == 2 ? ECHILD : 0); /* __WCLONE: only those that send no SIGCHLD */
	}
	for (int bit = 0; bit < 32; bit++)
		if (!((0xe100000fu & ~0x100u) >> bit & 1))
			EXPECT_ERR(pidfd_wait(fd, &info, 1 << bit | WNOHANG), EINVAL);
	kill_and_reap(child);
	close(fd);
}

static void resources_used_are_told(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);
	long usage[18];

	memset(usage, 0xff, sizeof(usage));
	EXPECT_EQ(syscall(SYS_waitid, BY_PIDFD, fd, &info, WEXITED, usage), 0);
	EXPECT(usage[0] >= 0 && usage[0] < 60 && usage[1] >= 0 && usage[1] < 1000000);
	close(fd);
}

int main(void)
{
	RUN(reports_an_exit);
	RUN(reports_a_kill);
	RUN(options_are_checked_first);
	RUN(negative_descriptors_are_invalid);
	RUN(what_is_no_pidfd_is_refused);
	RUN(unknown_id_types_are_invalid);
	RUN(strangers_are_no_children);
	RUN(wnohang_zeroes_the_info);
	RUN(a_nonblocking_pidfd_says_eagain);
	RUN(wnowait_leaves_the_zombie);
	RUN(reports_stop_and_continue);
	RUN(waits_for_this_child_alone);
	RUN(a_bad_pointer_faults_after_the_reap);
	RUN(no_pointer_is_allowed);
	RUN(a_signal_interrupts);
	RUN(holding_a_pidfd_is_not_being_the_parent);
	RUN(ignored_children_reap_themselves);
	RUN(eagain_zeroes_the_info);
	RUN(a_nonblocking_pidfd_of_no_child_says_echild);
	RUN(a_path_descriptor_is_no_pidfd);
	RUN(a_thread_pidfd_of_a_leader_will_do);
	RUN(every_option_of_waitid_is_known);
	RUN(resources_used_are_told);
	return tap_done();
}
