/*
 * demo of lab 1: a monitor remembers the number of its job, the job ends, the monitor stops "it".
 */
#include "tests/user/pidfds.h"

/* Up to so many others come and go before the monitor acts. Returns whether an innocent died. */
static int monitor(int nr_others)
{
	pid_t job = spawn(child_exits, NULL), innocent;
	int is_dead;

	reap(job);
	innocent = spawn_sleeper();
	for (int i = 0; i < nr_others && innocent != job; i++) {
		kill_and_reap(innocent);
		innocent = spawn_sleeper();
	}
	kill(job, SIGKILL);
	sleep_ms(10);
	is_dead = waitpid(innocent, NULL, WNOHANG) == innocent;
	printf("the job was process %d, and process %d %s\n", job, innocent,
	       is_dead ? "is dead" : "lives");
	if (!is_dead)
		kill_and_reap(innocent);
	return is_dead;
}

int main(void)
{
	static char old[32];
	int wrong = 0;
	pid_t child = 0;

	for (int i = 0; i < 10; i++)
		wrong += monitor(0);
	printf("%d of 10 times an innocent died\n", wrong);
	slurp("/proc/sys/kernel/pid_max", old, sizeof(old));
	store("/proc/sys/kernel/pid_max", "400");
	/* Numbers below 300 are given out in the first round only. */
	for (int i = 0; i < 300 && child < 300; i++) {
		child = spawn(child_exits, NULL);
		reap(child);
	}
	printf("Now with 400 numbers, and a monitor that is slow to act:\n");
	printf("%d of 1 time an innocent died\n", monitor(400));
	store("/proc/sys/kernel/pid_max", old);
	return 0;
}
