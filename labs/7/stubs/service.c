/* A supervisor as one finds it everywhere: by number. */
enum { GRACE_MS = 2000, PAUSE_MS = 300, LOOK_MS = 50 };

/* Starts the command; returns its pid. */
static pid_t start(char **argv)
{
	sigset_t none;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN); /* so there are no zombies */
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	return pid;
}

static int watch(int ep, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}

/* The descriptor that has something to say, -1: the time is over. */
static int next(int ep, int timeout_ms)
{
	struct epoll_event event;
	int n;

	while ((n = epoll_wait(ep, &event, 1, timeout_ms)) < 0)
		if (errno != EINTR)
			return -1;
	return n ? event.data.fd : -1;
}

/* One life of the command. False: a signal ended it. */
static int serve(int ep, int signals, char **argv)
{
	struct signalfd_siginfo sig;
	pid_t pid = start(argv);

	printf("supervise: started %d\n", pid);
	fflush(stdout);
	while (kill(pid, 0) == 0) {
		if (next(ep, LOOK_MS) != signals || read(signals, &sig, sizeof(sig)) != sizeof(sig))
			continue;
		kill(pid, (int)sig.ssi_signo);
		for (int ms = 0; ms < GRACE_MS && kill(pid, 0) == 0; ms += LOOK_MS)
			usleep(LOOK_MS * 1000);
		kill(pid, SIGKILL);
		return 0;
	}
	printf("supervise: %d ended\n", pid);
	return 1;
}
