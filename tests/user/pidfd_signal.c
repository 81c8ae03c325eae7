/*
 * pidfd_signal: pidfd_send_signal, its scopes, what the receiver is told, and
 * each error in its order.
 */
#include "pidfds.h"

static volatile sig_atomic_t got_signal, got_code, got_pid, got_uid, got_value;

static void on_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	got_signal = sig;
	got_code = info->si_code;
	got_pid = info->si_pid;
	got_uid = info->si_uid;
	got_value = info->si_value.sival_int;
}

static void catch (int sig)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = on_info;
	sigaction(sig, &action, NULL);
	got_signal = got_code = got_pid = got_uid = got_value = 0;
}

static void kills_a_child(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), status;

	EXPECT_EQ(pidfd_signal(fd, SIGTERM, NULL, 0), 0);
	status = reap(child);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	close(fd);
}

static void signal_zero_tells_live_from_reaped(void)
{
	pid_t child = spawn(child_exits, NULL);
	int fd = pidfd_open_(child, 0);

	wait_zombie(child);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, 0), 0);
	EXPECT_EQ(pidfd_signal(fd, SIGKILL, NULL, 0), 0);
	reap(child);
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, 0), ESRCH);
	EXPECT_ERR(pidfd_signal(fd, SIGKILL, NULL, 0), ESRCH);
	close(fd);
}

static void flags_are_checked_first(void)
{
	int fd = pidfd_open_(getpid(), 0);

	EXPECT_ERR(pidfd_signal(-1, 0, NULL, 8), EINVAL);
	EXPECT_ERR(pidfd_signal(-1, 0, NULL, ~0u), EINVAL);
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, TO_THREAD | TO_PROCESS), EINVAL);
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, TO_PROCESS | TO_GROUP), EINVAL);
	EXPECT_ERR(pidfd_signal(fd, 0, NULL, 7), EINVAL);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, TO_THREAD), 0);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, TO_PROCESS), 0);
	close(fd);
}

static void what_is_no_pidfd_is_refused(void)
{
	int ends[2], dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	int fd = pidfd_open_(getpid(), 0), path_fd;
	char path[64];

	REQUIRE(pipe(ends) == 0);
	EXPECT_ERR(pidfd_signal(-1, 0, NULL, 0), EBADF);
	EXPECT_ERR(pidfd_signal(9999, 0, NULL, 0), EBADF);
	EXPECT_ERR(pidfd_signal(-10002, 0, NULL, 0), EBADF);
	EXPECT_ERR(pidfd_signal(ends[0], 0, NULL, 0), EBADF);
	EXPECT_ERR(pidfd_signal(dir, 0, NULL, 0), EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	path_fd = open(path, O_PATH);
	EXPECT(path_fd >= 0);
	EXPECT_ERR(pidfd_signal(path_fd, 0, NULL, 0), EBADF);
	close(path_fd);
	close(ends[0]);
	close(ends[1]);
	close(dir);
	close(fd);
}

static void proc_directories_are_accepted(void)
{
	char path[64];
	pid_t child = spawn_sleeper();
	int dir, task;

	snprintf(path, sizeof(path), "/proc/%d", child);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	REQUIRE(dir >= 0);
	EXPECT_EQ(pidfd_signal(dir, 0, NULL, 0), 0);
	snprintf(path, sizeof(path), "/proc/%d/task/%d", child, child);
	task = open(path, O_RDONLY | O_DIRECTORY);
	if (task >= 0)
		EXPECT_ERR(pidfd_signal(task, 0, NULL, 0), EBADF);
	kill_and_reap(child);
	EXPECT_ERR(pidfd_signal(dir, 0, NULL, 0), ESRCH);
	close(dir);
	close(task);
}

static void bad_signal_numbers_come_after_existence(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	EXPECT_ERR(pidfd_signal(fd, 65, NULL, 0), EINVAL);
	EXPECT_ERR(pidfd_signal(fd, -1, NULL, 0), EINVAL);
	EXPECT_EQ(pidfd_signal(fd, 0, NULL, 0), 0);
	kill_and_reap(child);
	EXPECT_ERR(pidfd_signal(fd, 65, NULL, 0), ESRCH);
	EXPECT_ERR(pidfd_signal(fd, -1, NULL, 0), ESRCH);
	close(fd);
}

static void receiver_is_told_who_sent_it(void)
{
	int fd = pidfd_open_(getpid(), 0);

	catch (SIGUSR1);
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, NULL, 0), 0);
	EXPECT_EQ(got_signal, SIGUSR1);
	EXPECT_EQ(got_code, 0); /* SI_USER */
	EXPECT_EQ(got_pid, getpid());
	EXPECT_EQ(got_uid, getuid());
	close(fd);
}

static void a_thread_pidfd_signals_as_tkill_does(void)
{
	int fd = pidfd_open_(getpid(), F_THREAD);

	catch (SIGUSR1);
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, NULL, 0), 0);
	EXPECT_EQ(got_signal, SIGUSR1);
	EXPECT_EQ(got_code, -6); /* SI_TKILL */
	catch (SIGUSR1);
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, NULL, TO_PROCESS), 0);
	EXPECT_EQ(got_signal, SIGUSR1);
	EXPECT_EQ(got_code, 0);
	close(fd);
}

static void sentinels_name_the_caller(void)
{
	if (!kernel_at_least(6, 15))
		SKIP("older than 6.15");
	catch (SIGUSR2);
	EXPECT_EQ(pidfd_signal(SELF_PROCESS, SIGUSR2, NULL, 0), 0);
	EXPECT_EQ(got_signal, SIGUSR2);
	EXPECT_EQ(got_code, 0);
	catch (SIGUSR2);
	EXPECT_EQ(pidfd_signal(SELF_THREAD, SIGUSR2, NULL, 0), 0);
	EXPECT_EQ(got_signal, SIGUSR2);
	EXPECT_EQ(got_code, -6);
}

static void info_must_name_the_same_signal(void)
{
	siginfo_t info;
	int fd = pidfd_open_(getpid(), 0);

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR2;
	info.si_code = -1; /* SI_QUEUE */
	EXPECT_ERR(pidfd_signal(fd, SIGUSR1, &info, 0), EINVAL);
	EXPECT_ERR(pidfd_signal(fd, SIGUSR1, (void *)8, 0), EFAULT);
	close(fd);
}

static void info_to_oneself_may_claim_anything(void)
{
	siginfo_t info;
	int fd = pidfd_open_(getpid(), 0);

	catch (SIGUSR1);
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = -1;
	info.si_pid = 4242;
	info.si_value.sival_int = 77;
	EXPECT_EQ(pidfd_signal(fd, SIGUSR1, &info, 0), 0);
	EXPECT_EQ(got_signal, SIGUSR1);
	EXPECT_EQ(got_code, -1);
	EXPECT_EQ(got_pid, 4242);
	EXPECT_EQ(got_value, 77);
	close(fd);
}

static void info_to_others_may_not_pose_as_the_kernel(void)
{
	siginfo_t info;
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = 0;
	EXPECT_ERR(pidfd_signal(fd, SIGUSR1, &info, 0), EPERM);
	info.si_code = -6;
	EXPECT_ERR(pidfd_signal(fd, SIGUSR1, &info, 0), EPERM);
	info.si_code = 128;
	EXPECT_ERR(pidfd_signal(fd, SIGUSR1, &info, 0), EPERM);
	info.si_signo = SIGKILL;
	info.si_code = -1;
	EXPECT_EQ(pidfd_signal(fd, SIGKILL, &info, 0), 0);
	reap(child);
	close(fd);
}

static int child_in_own_group(void *arg)
{
	setpgid(0, 0);
	for (int i = 0; i < 2; i++)
		if (fork() == 0)
			return child_pauses(NULL);
	return child_pauses(arg);
}

static void a_group_is_signalled_as_one(void)
{
	pid_t child = spawn(child_in_own_group, NULL);
	int fd = pidfd_open_(child, 0), status;

	EXPECT(eventually(getpgid(child) == child));
	sleep_ms(20);
	EXPECT_EQ(pidfd_signal(fd, SIGTERM, NULL, TO_GROUP), 0);
	status = reap(child);
	EXPECT(WIFSIGNALED(status));
	EXPECT(eventually(kill(-child, 0) < 0 && errno == ESRCH));
	close(fd);
}

static void who_leads_no_group_has_none_to_signal(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0);

	EXPECT_ERR(pidfd_signal(fd, 0, NULL, TO_GROUP), ESRCH);
	EXPECT_EQ(polled(fd, 0), 0);
	kill_and_reap(child);
	close(fd);
}

static int child_signals_parent(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_signal(fd, SIGKILL, NULL, 0) == -1 && errno == EPERM &&
		 pidfd_signal(fd, 0, NULL, 0) == -1 && errno == EPERM);
}

static void permission_is_that_of_kill(void)
{
	int fd;

	if (getuid())
		SKIP("not root");
	fd = pidfd_open_(getpid(), 0);
	EXPECT_EQ(reap(spawn(child_signals_parent, (void *)(long)fd)), 0);
	close(fd);
}

static void a_recycled_number_is_not_signalled(void)
{
	pid_t child = spawn(child_exits, NULL), other;
	int fd = pidfd_open_(child, 0);

	reap(child);
	other = spawn_sleeper();
	EXPECT_ERR(pidfd_signal(fd, SIGKILL, NULL, 0), ESRCH);
	EXPECT_EQ(kill(other, 0), 0);
	EXPECT_EQ(waitpid(other, NULL, WNOHANG), 0);
	kill_and_reap(other);
	close(fd);
}

static void stops_and_continues(void)
{
	pid_t child = spawn_sleeper();
	int fd = pidfd_open_(child, 0), status = 0;

	EXPECT_EQ(pidfd_signal(fd, SIGSTOP, NULL, 0), 0);
	EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	EXPECT_EQ(polled(fd, 0), 0);
	EXPECT_EQ(pidfd_signal(fd, SIGCONT, NULL, 0), 0);
	EXPECT_EQ(waitpid(child, &status, WCONTINUED), child);
	EXPECT(WIFCONTINUED(status));
	EXPECT_EQ(polled(fd, 0), 0);
	kill_and_reap(child);
	close(fd);
}

/* ---- the order of errors: of two that apply, the first wins */

static void flags_then_descriptor_then_info_then_existence_then_number(void)
{
	pid_t gone = spawn(child_exits, NULL);
	int fd = pidfd_open_(gone, 0);
	siginfo_t info;

	reap(gone);
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = -1;
	EXPECT_ERR(pidfd_signal(9999, 65, (void *)8, 8), EINVAL);
	EXPECT_ERR(pidfd_signal(9999, 65, (void *)8, TO_THREAD | TO_GROUP), EINVAL);
	EXPECT_ERR(pidfd_signal(9999, 65, (void *)8, 0), EBADF);
	EXPECT_ERR(pidfd_signal(fd, 65, (void *)8, 0), EFAULT);
	EXPECT_ERR(pidfd_signal(fd, 65, &info, 0), EINVAL); /* not the signal in info */
	info.si_signo = 65;
	EXPECT_ERR(pidfd_signal(fd, 65, &info, 0), ESRCH);
	info.si_code = 0;
	EXPECT_ERR(pidfd_signal(fd, 65, &info, 0), EPERM);
	info.si_signo = SIGUSR1;
	EXPECT_ERR(pidfd_signal(fd, SIGUSR1, &info, 0), EPERM);
	close(fd);
}

static int signals_as_stranger(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_signal(fd, 65, NULL, 0) == -1 && errno == EINVAL &&
		 pidfd_signal(fd, 64, NULL, 0) == -1 && errno == EPERM &&
		 pidfd_signal(fd, 0, NULL, TO_GROUP) == -1 && errno == ESRCH);
}

static void number_then_permission(void)
{
	pid_t child;
	int fd;

	if (getuid())
		SKIP("not root");
	child = spawn_sleeper();
	fd = pidfd_open_(child, 0);
	EXPECT_EQ(reap(spawn(signals_as_stranger, (void *)(long)fd)), 0);
	kill_and_reap(child);
	close(fd);
}

/* ---- what more there is to scopes and permission */

static int continues_as_stranger(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	if (pidfd_signal(fd, SIGCONT, NULL, 0)) /* of one session: allowed */
		return 2;
	if (setsid() < 0)
		return 3;
	return !(pidfd_signal(fd, SIGCONT, NULL, 0) == -1 && errno == EPERM);
}

static void who_shares_a_session_may_continue(void)
{
	pid_t child;
	int fd, status;

	if (getuid())
		SKIP("not root");
	child = spawn_sleeper();
	fd = pidfd_open_(child, 0);
	kill(child, SIGSTOP);
	EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
	EXPECT_EQ(reap(spawn(continues_as_stranger, (void *)(long)fd)), 0);
	EXPECT_EQ(waitpid(child, &status, WCONTINUED), child);
	EXPECT(WIFCONTINUED(status));
	kill_and_reap(child);
	close(fd);
}

/* Becomes uid 1000 in the group of "leader". */
static int joins_as(void *arg)
{
	return setpgid(0, *(pid_t *)arg) || setgid(1000) || setuid(1000) || child_pauses(NULL);
}

static int signals_half_a_group(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	if (pidfd_signal(fd, 0, NULL, 0) != -1 || errno != EPERM)
		return 2;
	return pidfd_signal(fd, SIGTERM, NULL, TO_GROUP) ? 3 : 0;
}

static int refused_by_a_whole_group(void *arg)
{
	int fd = (int)(long)arg;

	if (setgid(1000) < 0 || setuid(1000) < 0)
		return 1;
	return !(pidfd_signal(fd, SIGTERM, NULL, TO_GROUP) == -1 && errno == EPERM);
}

static void one_member_that_may_be_signalled_is_enough(void)
{
	pid_t leader, other;
	int fd, status;

	if (getuid())
		SKIP("not root");
	leader = spawn_sleeper();
	REQUIRE(setpgid(leader, leader) == 0);
	fd = pidfd_open_(leader, 0);
	EXPECT_EQ(reap(spawn(refused_by_a_whole_group, (void *)(long)fd)), 0);
	other = spawn(joins_as, &leader);
	EXPECT(eventually(getpgid(other) == leader));
	sleep_ms(20);
	EXPECT_EQ(reap(spawn(signals_half_a_group, (void *)(long)fd)), 0);
	status = reap(other);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	EXPECT_EQ(kill(leader, 0), 0);
	EXPECT_EQ(polled(fd, 0), 0);
	kill_and_reap(leader);
	close(fd);
}

static void a_path_to_a_proc_directory_is_not_enough(void)
{
	int dir = open("/proc/self", O_PATH | O_DIRECTORY),
	    file = open("/proc/self/stat", O_RDONLY);

	EXPECT(dir >= 0 && file >= 0);
	EXPECT_ERR(pidfd_signal(dir, 0, NULL, 0), EBADF);
	EXPECT_ERR(pidfd_signal(file, 0, NULL, 0), EBADF);
	close(dir);
	close(file);
}

int main(void)
{
	RUN(kills_a_child);
	RUN(signal_zero_tells_live_from_reaped);
	RUN(flags_are_checked_first);
	RUN(what_is_no_pidfd_is_refused);
	RUN(proc_directories_are_accepted);
	RUN(bad_signal_numbers_come_after_existence);
	RUN(receiver_is_told_who_sent_it);
	RUN(a_thread_pidfd_signals_as_tkill_does);
	RUN(sentinels_name_the_caller);
	RUN(info_must_name_the_same_signal);
	RUN(info_to_oneself_may_claim_anything);
	RUN(info_to_others_may_not_pose_as_the_kernel);
	RUN(a_group_is_signalled_as_one);
	RUN(who_leads_no_group_has_none_to_signal);
	RUN(permission_is_that_of_kill);
	RUN(a_recycled_number_is_not_signalled);
	RUN(stops_and_continues);
	RUN(flags_then_descriptor_then_info_then_existence_then_number);
	RUN(number_then_permission);
	RUN(who_shares_a_session_may_continue);
	RUN(one_member_that_may_be_signalled_is_enough);
	RUN(a_path_to_a_proc_directory_is_not_enough);
	return tap_done();
}
