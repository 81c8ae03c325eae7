/*
 * pidkill [-SIGNAL] PID: sends a signal through a pidfd, so that what is hit is
 * the process that was opened, and never another that got its number since.
 */
#include "pidtool.h"

static const struct {
	const char *name;
	int nr;
} signals[] = {
	{ "HUP", SIGHUP },   { "INT", SIGINT },   { "QUIT", SIGQUIT },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
	{ "TERM", SIGTERM }, { "CONT", SIGCONT }, { "STOP", SIGSTOP },
};

static int parse_signal(const char *text)
{
	char *end;
	long nr = strtol(text, &end, 10);

	if (*text && !*end)
		return (int)nr;
	if (!strncmp(text, "SIG", 3))
		text += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (!strcmp(text, signals[i].name))
			return signals[i].nr;
	return -1;
}

int main(int argc, char **argv)
{
	int sig = SIGTERM, at = 1, fd;

	if (argc == 3 && argv[1][0] == '-')
		sig = parse_signal(argv[at++] + 1);
	if (at != argc - 1 || sig < 0) {
		fprintf(stderr, "usage: pidkill [-SIGNAL] PID\n");
		return 2;
	}
	fd = open_argument(argv[at]);
	if (fd < 0)
		return 1;
	if (signal_pidfd(fd, sig) < 0) {
		fprintf(stderr, "%s: %s\n", argv[at], strerror(errno));
		return 1;
	}
	return 0;
}
