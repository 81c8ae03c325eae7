/*
 * process: fork, exit, wait in all its forms, zombies, orphans, vfork.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tap.h"

static void fork_returns_twice(void)
{
	pid_t me = getpid(), child = fork();

	if (child == 0)
		_exit(getppid() == me && getpid() != me ? 0 : 1);
	EXPECT(child > 0);
	EXPECT_EQ(reap(child), 0);
}

static void exit_codes_are_eight_bits(void)
{
	EXPECT_EQ(reap(spawn(child_exits, (void *)255L)), 0xff00);
	EXPECT_EQ(reap(spawn(child_exits, (void *)256L)), 0);
	EXPECT_EQ(reap(spawn(child_exits, (void *)0x12L)), 0x1200);
}

static int child_aborts(void *arg)
{
	signal((int)(long)arg, SIG_DFL);
	raise((int)(long)arg);
	return 0;
}

static void death_by_signal_shows_in_the_status(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	EXPECT_EQ(reap(spawn(child_aborts, (void *)(long)SIGTERM)), SIGTERM);
	EXPECT_EQ(reap(spawn(child_aborts, (void *)(long)SIGUSR1)), SIGUSR1);
	EXPECT_EQ(reap(spawn(child_aborts, (void *)(long)SIGABRT)) & 0x7f, SIGABRT);
}

static void waiting_without_children_fails(void)
{
	EXPECT_ERR(waitpid(-1, NULL, 0), ECHILD);
	EXPECT_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
	EXPECT_ERR(waitpid(getpid(), NULL, 0), ECHILD);
	EXPECT_ERR(waitpid(1, NULL, 0), ECHILD);
	EXPECT_ERR(waitpid(-1, NULL, 0x100), EINVAL);
}

static void wait_takes_any_child_waitpid_one(void)
{
	pid_t a = spawn(child_exits, (void *)1L);
	pid_t b = spawn(child_exits, (void *)2L);
	int status;

	EXPECT_EQ(waitpid(b, &status, 0), b);
	EXPECT_EQ(status, 0x200);
	EXPECT_EQ(wait(&status), a);
	EXPECT_EQ(status, 0x100);
}

static void wnohang_does_not_wait(void)
{
	pid_t child = spawn_sleeper();

	EXPECT_EQ(waitpid(child, NULL, WNOHANG), 0);
	EXPECT_EQ(waitpid(-1, NULL, WNOHANG), 0);
	kill_and_reap(child);
}

static void wait_by_group(void)
{
	pid_t a = spawn_sleeper(), b = spawn_sleeper();
	int status;

	EXPECT_EQ(setpgid(a, a), 0);
	EXPECT_EQ(setpgid(b, a), 0);
	EXPECT_ERR(waitpid(0, NULL, WNOHANG), ECHILD);
	EXPECT_EQ(waitpid(-a, NULL, WNOHANG), 0);
	EXPECT_EQ(kill(-a, SIGKILL), 0);
	EXPECT(waitpid(-a, &status, 0) > 0);
	EXPECT(waitpid(-a, &status, 0) > 0);
	EXPECT_ERR(waitpid(-a, NULL, 0), ECHILD);
}

static void waitid_reports_and_leaves(void)
{
	siginfo_t info;
	pid_t child = spawn(child_exits, (void *)9L);

	memset(&info, 0, sizeof(info));
	EXPECT_EQ(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	EXPECT_EQ(info.si_pid, child);
	EXPECT_EQ(info.si_code, CLD_EXITED);
	EXPECT_EQ(info.si_status, 9);
	EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, child);
	EXPECT_ERR(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
	EXPECT_ERR(waitid(P_ALL, 0, &info, 0), EINVAL);
}

static void a_zombie_stays_until_reaped(void)
{
	char path[64], buf[512];
	pid_t child = spawn(child_exits, NULL);

	wait_zombie(child);
	EXPECT_EQ(kill(child, 0), 0);
	EXPECT_EQ(kill(child, SIGKILL), 0);
	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	slurp(path, buf, sizeof(buf));
	EXPECT(strstr(buf, ") Z ") != NULL);
	EXPECT_EQ(reap(child), 0);
	EXPECT_ERR(kill(child, 0), ESRCH);
}

static void stops_are_reported_once(void)
{
	pid_t child = spawn_sleeper();
	int status = 0;

	kill(child, SIGSTOP);
	EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
	EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	EXPECT_EQ(waitpid(child, &status, WUNTRACED | WNOHANG), 0);
	kill(child, SIGCONT);
	EXPECT_EQ(waitpid(child, &status, WCONTINUED), child);
	EXPECT(WIFCONTINUED(status));
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	EXPECT_EQ(kill_and_reap(child), SIGKILL); /* also while stopped */
}

/* Leaves an orphan that writes its new parent's number. */
static int makes_an_orphan(void *arg)
{
	int *fds = arg;
	pid_t me = getpid();

	if (fork() == 0) {
		pid_t parent;

		while ((parent = getppid()) == me)
			sleep_ms(1);
		return write(fds[1], &parent, sizeof(parent)) < 0;
	}
	return 0;
}

static void orphans_get_another_parent(void)
{
	int fds[2];
	pid_t parent = 0, child;

	REQUIRE(pipe(fds) == 0);
	child = spawn(makes_an_orphan, fds);
	EXPECT_EQ(reap(child), 0);
	EXPECT_EQ(read(fds[0], &parent, sizeof(parent)), sizeof(parent));
	EXPECT(parent > 0 && parent != child);
	if (in_guest())
		EXPECT_EQ(parent, 1);
	close(fds[0]);
	close(fds[1]);
}

static void memory_is_copied_files_are_shared(void)
{
	char path[] = "/tmp/process-XXXXXX", c;
	int fd = mkstemp(path);
	static int value = 1;
	pid_t child;

	unlink(path);
	EXPECT_EQ(write(fd, "abc", 3), 3);
	lseek(fd, 0, SEEK_SET);
	child = fork();
	if (child == 0) {
		value = 2;
		_exit(read(fd, &c, 1) == 1 && c == 'a' ? 0 : 1);
	}
	EXPECT_EQ(reap(child), 0);
	EXPECT_EQ(value, 1);
	EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 1);
	close(fd);
}

static void vfork_suspends_the_parent(void)
{
	volatile int order = 0;
	pid_t child = vfork();

	if (child == 0) {
		order = 1;
		_exit(0);
	}
	EXPECT_EQ(order, 1);
	EXPECT_EQ(reap(child), 0);
}

static void vfork_and_exec(void)
{
	char *argv[] = { "/bin/sh", "-c", "exit 3", NULL };
	pid_t child = vfork();

	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	EXPECT_EQ(reap(child), 0x300);
}

static void ignored_sigchld_leaves_no_zombie(void)
{
	pid_t child;

	signal(SIGCHLD, SIG_IGN);
	child = spawn(child_exits, NULL);
	EXPECT_ERR(waitpid(child, NULL, 0), ECHILD);
	EXPECT_ERR(kill(child, 0), ESRCH);
	signal(SIGCHLD, SIG_DFL);
}

static void usage_of_children_adds_up(void)
{
	struct rusage usage;
	pid_t child = spawn(child_exits, NULL);

	memset(&usage, 0xff, sizeof(usage));
	EXPECT_EQ(wait4(child, NULL, 0, &usage), child);
	EXPECT(usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_sec < 100);
	EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
	EXPECT_EQ(getrusage(RUSAGE_CHILDREN, &usage), 0);
	EXPECT_ERR(getrusage(77, &usage), EINVAL);
}

static void many_children_at_once(void)
{
	enum { MANY = 60 };
	int sum = 0, status;

	for (long i = 0; i < MANY; i++)
		spawn(child_exits, (void *)i);
	for (int i = 0; i < MANY; i++) {
		EXPECT(wait(&status) > 0);
		sum += WEXITSTATUS(status);
	}
	EXPECT_EQ(sum, MANY * (MANY - 1) / 2);
	EXPECT_ERR(wait(NULL), ECHILD);
}

static int nests(void *arg)
{
	long depth = (long)arg;

	return depth == 0 ? 7 : WEXITSTATUS(reap(spawn(nests, (void *)(depth - 1))));
}

static void a_deep_chain_of_processes(void)
{
	EXPECT_EQ(reap(spawn(nests, (void *)20L)), 0x700);
}

int main(void)
{
	RUN(fork_returns_twice);
	RUN(exit_codes_are_eight_bits);
	RUN(death_by_signal_shows_in_the_status);
	RUN(waiting_without_children_fails);
	RUN(wait_takes_any_child_waitpid_one);
	RUN(wnohang_does_not_wait);
	RUN(wait_by_group);
	RUN(waitid_reports_and_leaves);
	RUN(a_zombie_stays_until_reaped);
	RUN(stops_are_reported_once);
	RUN(orphans_get_another_parent);
	RUN(memory_is_copied_files_are_shared);
	RUN(vfork_suspends_the_parent);
	RUN(vfork_and_exec);
	RUN(ignored_sigchld_leaves_no_zombie);
	RUN(usage_of_children_adds_up);
	RUN(many_children_at_once);
	RUN(a_deep_chain_of_processes);
	return tap_done();
}
