/*
 * missing: the end of a process comes just when somebody goes to sleep to wait for it. On two CPUs
 * that run at once; in each round a little earlier or later.
 */
#include "tests/user/pidfds.h"

enum { ROUNDS = 1500 };

static void no_end_is_missed_by_wait(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		siginfo_t info;
		pid_t child = spawn(child_exits, NULL);

		for (volatile int j = 0; j < i * 7 % 3000; j++)
			;
		EXPECT_EQ(waitid(P_PID, child, &info, WEXITED), 0);
	}
}

static void no_end_is_missed_by_poll(void)
{
	int missed = 0;

	for (int i = 0; i < ROUNDS && !missed; i++) {
		long long start = now_ms();
		int fd = -1;
		struct clone_args_v2 args = { .flags = CLONE_PIDFD,
					      .pidfd = (uintptr_t)&fd,
					      .exit_signal = SIGCHLD };
		long pid = clone3_(&args, sizeof(args));

		if (pid == 0)
			_exit(0);
		for (volatile int j = 0; j < i * 7 % 3000; j++)
			;
		missed = polled(fd, 8000) <= 0 || now_ms() - start >= 8000;
		reap((pid_t)pid);
		close(fd);
	}
	if (missed)
		tap_note("poll slept on, though the process had ended");
	EXPECT_EQ(missed, 0);
}

int main(void)
{
	RUN(no_end_is_missed_by_wait);
	RUN(no_end_is_missed_by_poll);
	return tap_done();
}
