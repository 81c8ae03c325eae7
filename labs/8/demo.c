/*
 * demo of lab 8: a supervisor is killed. What becomes of its services?
 */
#include "tests/user/pidfds.h"

static pid_t service(const char *how)
{
	int fd = -1;
	struct clone_args_v2 args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd };
	long pid;

	if (!strcmp(how, "autokill"))
		args.flags |= 1ULL << 34 | 1ULL << 36;
	else
		args.exit_signal = SIGCHLD;
	pid = clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(child_pauses(NULL));
	if (pid > 0 && !strcmp(how, "marked"))
		ioctl(fd, SET_KILL_ON_CLOSE, 1);
	return (pid_t)pid;
}

static void supervise(const char *how)
{
	pid_t super, pid = 0;
	int pair[2];

	if (pipe(pair) < 0)
		return;
	fflush(stdout);
	super = fork();
	if (super == 0) {
		pid = service(how);
		_exit(write(pair[1], &pid, sizeof(pid)) < 0 || child_pauses(NULL));
	}
	if (read(pair[0], &pid, sizeof(pid)) != sizeof(pid) || pid < 0) {
		printf("%-9s the service could not be started\n", how);
		kill_and_reap(super);
		return;
	}
	kill_and_reap(super);
	sleep_ms(50);
	printf("%-9s the supervisor is killed; the service %s\n", how,
	       kill(pid, 0) ? "is gone" : "lives on, alone");
	kill(pid, SIGKILL);
}

int main(void)
{
	supervise("plain");
	supervise("autokill");
	supervise("marked");
	return 0;
}
