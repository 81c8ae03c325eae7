/*
 * waiting: waitid(P_PIDFD) is for one process, whatever its number is now, and takes nothing for good.
 */
#include <sys/wait.h>

#include "tests/user/pidfds.h"

/* The number went to another child: the old pidfd is not that child's. */
static void a_pidfd_waits_for_its_process_not_for_the_number(void)
{
	pid_t child = spawn(child_exits, NULL), nr = child;
	struct clone_args_v2 args = { .exit_signal = SIGCHLD,
				      .set_tid = (uintptr_t)&nr,
				      .set_tid_size = 1 };
	int fd = pidfd_open_(child, 0), got;
	siginfo_t info;

	REQUIRE(fd >= 0);
	EXPECT_EQ(reap(child), 0);
	child = (pid_t)clone3_(&args, sizeof(args));
	if (child == 0)
		_exit(7);
	REQUIRE(child == nr);
	wait_zombie(child);
	EXPECT_ERR(got = pidfd_wait(fd, &info, WEXITED), ECHILD);
	if (got == 0)
		tap_note("heard of another process, which has the number now");
	EXPECT_EQ(WEXITSTATUS(reap(child)), 7);
	close(fd);
}

static void waiting_leaves_nothing(void)
{
	long files, pids;

	if (!in_guest())
		SKIP("guest only");
	pids = slab_settled("pid");
	files = slab_in_use("file");
	for (int i = 0; i < 50; i++) {
		pid_t child = spawn(child_exits, NULL);
		int fd = pidfd_open_(child, 0);
		siginfo_t info;

		REQUIRE(pidfd_wait(fd, &info, WEXITED) == 0);
		close(fd);
	}
	EXPECT(eventually(slab_in_use("file") <= files));
	EXPECT(eventually(slab_in_use("pid") <= pids));
}

int main(void)
{
	RUN(a_pidfd_waits_for_its_process_not_for_the_number);
	RUN(waiting_leaves_nothing);
	return tap_done();
}
