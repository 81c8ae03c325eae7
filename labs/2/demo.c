/*
 * demo of lab 2: a monitor that remembers a number, and one that holds a pidfd. pid_max is made
 * small, so that a number comes back soon; with 32768 of them it takes a little longer.
 */
#include "tests/user/pidfds.h"

/* Ends the process of this number and waits for it, until somebody else has the number. */
static pid_t successor_of(pid_t number)
{
	pid_t child = -1;

	for (int i = 0; i < 2000 && child != number; i++) {
		if (child > 0)
			kill_and_reap(child);
		child = spawn_sleeper();
	}
	return child;
}

static void watch(const char *how, int by_pidfd)
{
	pid_t job, innocent;
	int fd, err;

	do /* numbers below 300 are given out in the first round only */
		job = spawn(child_exits, NULL);
	while (job < 300 && reap(job) >= 0);
	fd = by_pidfd ? pidfd_open_(job, 0) : -1;
	printf("%s: the job is process %d", how, job);
	if (by_pidfd && fd < 0) {
		printf("; pidfd_open: %s\n", strerror(errno));
		reap(job);
		return;
	}
	reap(job);
	innocent = successor_of(job);
	printf("; it ends, and %d is an innocent now.\n", innocent);
	err = by_pidfd ? pidfd_signal(fd, SIGKILL, NULL, 0) : kill(job, SIGKILL);
	printf("           Stop the job: %s. ", err ? strerror(errno) : "done");
	sleep_ms(20);
	printf("The innocent %s.\n", waitpid(innocent, NULL, WNOHANG) ? "is dead" : "lives");
	kill_and_reap(innocent);
	close(fd);
}

int main(void)
{
	static char old[32];

	slurp("/proc/sys/kernel/pid_max", old, sizeof(old));
	store("/proc/sys/kernel/pid_max", "400");
	watch("by number", 0);
	watch("by pidfd ", 1);
	store("/proc/sys/kernel/pid_max", old);
	return 0;
}
