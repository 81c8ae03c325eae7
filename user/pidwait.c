/*
 * pidwait PID...: waits until each of these processes has ended, children of
 * this one or not, by polling their pidfds; reports them as they end.
 */
#include "pidtool.h"

enum { MAX = 64 };

int main(int argc, char **argv)
{
	struct pollfd p[MAX];
	int n = argc - 1, left = 0;

	if (argc < 2 || n > MAX) {
		fprintf(stderr, "usage: pidwait PID... (at most %d)\n", MAX);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		p[i].fd = open_argument(argv[i + 1]);
		p[i].events = POLLIN;
		left += p[i].fd >= 0;
	}
	if (left < n)
		return 1;
	while (left > 0 && (poll(p, n, -1) > 0 || errno == EINTR))
		for (int i = 0; i < n; i++)
			if (p[i].fd >= 0 && p[i].revents & (POLLIN | POLLHUP)) {
				printf("%s ended (%s)\n", argv[i + 1], state_of(p[i].fd));
				fflush(stdout);
				close(p[i].fd);
				p[i].fd = -1;
				left--;
			}
	return 0;
}
