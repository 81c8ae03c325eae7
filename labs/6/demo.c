/*
 * demo of lab 6: how late does a parent hear of its child's end, and what did the waiting cost?
 */
#include <sys/resource.h>

#include "tests/user/pidfds.h"

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Writes down when it ends. */
static int child_ends_soon(void *arg)
{
	long long end;

	sleep_ms(97);
	end = now_us();
	return write((int)(long)arg, &end, sizeof(end)) != sizeof(end);
}

int main(void)
{
	struct rusage before, after;
	long long ended, heard;
	int pair[2], fd;
	pid_t child;

	if (pipe(pair) < 0)
		return 1;
	for (int i = 0; i < 5; i++) {
		child = spawn(child_ends_soon, (void *)(long)pair[1]);
		getrusage(RUSAGE_SELF, &before);
		reap(child);
		heard = now_us();
		getrusage(RUSAGE_SELF, &after);
		if (read(pair[0], &ended, sizeof(ended)) == sizeof(ended))
			printf("wait: heard %5lld us after the end, having slept %ld times\n",
			       heard - ended, after.ru_nvcsw - before.ru_nvcsw);
	}
	child = spawn(child_exits, NULL);
	fd = pidfd_open_(child, 0);
	printf("poll of the pidfd of a dead child, for a second: %d\n", polled(fd, 1000));
	reap(child);
	return 0;
}
