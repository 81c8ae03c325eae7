/*
 * demo of lab 1: a monitor remembers the number of its job, the job ends, the monitor stops "it".
 */
#include "tests/user/pidfds.h"

int main(void)
{
	int wrong = 0;

	for (int i = 0; i < 10; i++) {
		pid_t job = spawn(child_exits, NULL), innocent;

		reap(job);
		innocent = spawn_sleeper();
		kill(job, SIGKILL);
		sleep_ms(10);
		if (waitpid(innocent, NULL, WNOHANG) == innocent) {
			printf("the job was process %d, and process %d is dead\n", job, innocent);
			wrong++;
		} else {
			printf("the job was process %d, and process %d lives\n", job, innocent);
			kill_and_reap(innocent);
		}
	}
	printf("%d of 10 times an innocent died\n", wrong);
	return 0;
}
