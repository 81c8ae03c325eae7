/*
 * supervise [-n TIMES] COMMAND [ARGUMENT...]: starts a command again whenever
 * it ends, as a service manager does, and never leaves it behind.
 *
 * The child comes with its pidfd from clone3(CLONE_PIDFD), so there is no
 * moment in which its number could belong to another; its end arrives by
 * epoll, and waitid(P_PIDFD) reaps just it. The child is marked to be killed
 * on the last close of its pidfds, of which this program has the only one: so
 * even kill -9 of the supervisor, which can prepare nothing, ends the command.
 * The child waits on a pipe until it is marked, or the supervisor is gone.
 *
 * SIGTERM and SIGINT are passed on; a command that is still there after two
 * seconds goes with the supervisor.
 */
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "pidtool.h"

/* LAB 7 BEGIN service */
static const uint64_t clone_pidfd = 0x1000;
static const unsigned long set_kill_on_close = 0xffe0; /* PIDFD_SET_KILL_ON_CLOSE */
enum { GRACE_MS = 2000, PAUSE_MS = 300 };

static void run(char **argv, int ready)
{
	char c;
	sigset_t none;

	if (read(ready, &c, 1) != 1)
		_exit(126); /* the supervisor has died */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Starts the command; returns its pid, and its pidfd in "fd". */
static pid_t start(char **argv, int *fd)
{
	uint64_t args[8] = { [0] = clone_pidfd, [1] = (uintptr_t)fd, [4] = SIGCHLD };
	int ready[2];
	long pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	fflush(stdout);
	pid = syscall(NR_CLONE3, args, sizeof(args));
	if (pid == 0) {
		close(ready[1]);
		run(argv, ready[0]);
	}
	if (pid > 0 && ioctl(*fd, set_kill_on_close, 1) < 0)
		perror("supervise: kill on close"); /* not on Linux */
	if (pid > 0 && write(ready[1], "", 1) < 0)
		perror("supervise: pipe");
	close(ready[0]);
	close(ready[1]);
	return (pid_t)pid;
}

static int watch(int ep, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

/* The descriptor that has something to say: a pidfd or the signalfd; -1: the
 * time is over. */
static int next(int ep, int timeout_ms)
{
	struct epoll_event event;
	int n;

	while ((n = epoll_wait(ep, &event, 1, timeout_ms)) < 0)
		if (errno != EINTR)
			return -1;
	return n ? event.data.fd : -1;
}

static void reap(int fd, pid_t pid)
{
	siginfo_t info;

	if (syscall(SYS_waitid, BY_PIDFD, fd, &info, WEXITED, NULL) < 0)
		perror("supervise: waitid");
	else
		printf("supervise: %d %s %d\n", pid,
		       info.si_code == CLD_EXITED ? "exited with" : "was killed by",
		       info.si_status);
	close(fd);
}

/* One life of the command. False: a signal ended it. */
static int serve(int ep, int signals, char **argv)
{
	struct signalfd_siginfo sig;
	int fd = -1;
	pid_t pid = start(argv, &fd);

	if (pid < 0 || watch(ep, fd) < 0) {
		perror("supervise");
		exit(1);
	}
	printf("supervise: started %d\n", pid);
	fflush(stdout);
	if (next(ep, -1) == signals && read(signals, &sig, sizeof(sig)) == sizeof(sig)) {
		signal_pidfd(fd, (int)sig.ssi_signo);
		if (next(ep, GRACE_MS) == fd)
			reap(fd, pid);
		return 0;
	}
	reap(fd, pid);
	return 1;
}
/* LAB 7 END */

int main(int argc, char **argv)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), at = 1, signals;
	long times = -1;
	sigset_t ends;

	if (argc > 3 && !strcmp(argv[1], "-n")) {
		times = strtol(argv[2], NULL, 10);
		at = 3;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (at >= argc || ep < 0 || signals < 0 || watch(ep, signals) < 0) {
		fprintf(stderr, "usage: supervise [-n TIMES] COMMAND...\n");
		return 2;
	}
	for (; times != 0; times -= times > 0) {
		if (!serve(ep, signals, argv + at))
			break;
		if (times != 1)
			usleep(PAUSE_MS * 1000);
	}
	return 0;
}
