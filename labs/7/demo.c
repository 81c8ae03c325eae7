/*
 * demo of lab 7: a service dies, somebody else gets its number, the supervisor is told to stop.
 */
#include "tests/user/pidfds.h"

int main(void)
{
	char *argv[] = { "supervise", "sleep", "1000", NULL };
	char old[32], line[64] = "";
	pid_t super, service, other = 0;
	int pair[2];

	slurp("/proc/sys/kernel/pid_max", old, sizeof(old));
	store("/proc/sys/kernel/pid_max", "400");
	do
		other = spawn(child_exits, NULL);
	while (reap(other) >= 0 && other < 300);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return 1;
	super = fork();
	if (super == 0) {
		dup2(pair[1], 1);
		execv("/bin/supervise", argv);
		_exit(127);
	}
	if (read(pair[0], line, sizeof(line) - 1) <= 0)
		return 1;
	service = atoi(line + strlen("supervise: started "));
	printf("%s", line);
	kill(super, SIGSTOP); /* the supervisor is busy elsewhere */
	kill(service, SIGKILL);
	sleep_ms(20);
	for (int i = 0; i < 900 && other != service; i++) {
		if (other > 0)
			kill_and_reap(other);
		other = spawn_sleeper();
	}
	if (other != service)
		printf("the service has died, and nobody gets its number\n");
	else
		printf("the service has died, and %d is an innocent now\n", other);
	kill(super, SIGTERM);
	kill(super, SIGCONT);
	reap(super);
	printf("the supervisor was told to stop; innocents killed: %d\n",
	       waitpid(other, NULL, WNOHANG) == other);
	kill_and_reap(other);
	store("/proc/sys/kernel/pid_max", old);
	return 0;
}
