/* Threads by their handle: the address of the thread block. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libc/src/libc.h"
#include "libc/src/thread/thread.h"

pthread_t pthread_self(void)
{
	return (pthread_t)thread_self();
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

static int tid_of(pthread_t id)
{
	return ((struct libc_thread *)id)->tid;
}

int pthread_kill(pthread_t id, int sig)
{
	int tid = tid_of(id);

	return tid ? error_of(RAW(__NR_tgkill, getpid(), tid, sig)) : ESRCH;
}

int pthread_setaffinity_np(pthread_t id, size_t size, const cpu_set_t *set)
{
	return error_of(RAW(__NR_sched_setaffinity, tid_of(id), size, set));
}

/* As clock_getcpuclockid(3); 4 asks for a thread's time. */
int pthread_getcpuclockid(pthread_t id, clockid_t *out)
{
	*out = (clockid_t)(~(unsigned int)tid_of(id) << 3 | 4 | 2);
	return tid_of(id) ? 0 : ESRCH;
}

/* The name of another thread is a file of procfs. */
static FILE *comm_file(pthread_t id, const char *mode)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", tid_of(id));
	return fopen(path, mode);
}

int pthread_setname_np(pthread_t id, const char *name)
{
	FILE *file;

	if (strlen(name) >= TASK_COMM_LEN)
		return ERANGE;
	if (id == pthread_self())
		return error_of(RAW(__NR_prctl, PR_SET_NAME, name));
	file = comm_file(id, "w");
	if (!file)
		return errno;
	fputs(name, file);
	return fclose(file) ? errno : 0;
}

int pthread_getname_np(pthread_t id, char *buf, size_t size)
{
	FILE *file;

	if (size < TASK_COMM_LEN)
		return ERANGE;
	if (id == pthread_self())
		return error_of(RAW(__NR_prctl, PR_GET_NAME, buf));
	file = comm_file(id, "r");
	if (!file)
		return errno;
	buf[0] = '\0';
	fgets(buf, (int)size, file);
	buf[strcspn(buf, "\n")] = '\0';
	return fclose(file) ? errno : 0;
}
