/*
 * long_calls: calls that have much to do end when their process is killed, and let others run
 * meanwhile.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "tap.h"

enum { SEGMENTS = 1024, SEGMENT = 1 << 21 };

static volatile struct {
	int is_calling, has_called;
} * shared;

/* Each ten bytes that are read are there again behind the last. */
static int copies_a_file_to_its_end(void *arg)
{
	int to = memfd_create("long", 0), from;
	struct rlimit limit = { 64 << 20, 64 << 20 };
	char path[32];

	(void)arg;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", to);
	from = open(path, O_RDONLY);
	if (from < 0 || write(to, "0123456789", 10) != 10)
		return 1;
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	shared->is_calling = 1;
	return sendfile(to, from, NULL, 0x7fffffff) < 0;
}

static void a_copy_that_goes_on_and_on_can_be_killed(void)
{
	long long begin;
	pid_t pid;

	shared->is_calling = 0;
	pid = spawn(copies_a_file_to_its_end, NULL);
	EXPECT(eventually(shared->is_calling));
	sleep_ms(50);
	begin = now_ms();
	EXPECT_EQ(kill_and_reap(pid), SIGKILL);
	EXPECT(now_ms() - begin < 3000);
}

static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Two GiB of a hole, all to the same place. */
static int reads_much(void *arg)
{
	char *at = mmap(NULL, SEGMENT, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	static struct iovec v[SEGMENTS];
	int fd = memfd_create("hole", 0);

	(void)arg;
	for (int i = 0; i < SEGMENTS; i++)
		v[i] = (struct iovec){ at, SEGMENT };
	if (at == MAP_FAILED || ftruncate(fd, 1L << 32))
		return 1;
	shared->is_calling = 1;
	if (readv(fd, v, SEGMENTS) < 1 << 30)
		return 2;
	shared->has_called = 1;
	return 0;
}

static int lets_the_other_run(void *arg)
{
	long during = 0;
	pid_t pid;

	(void)arg;
	stay_on_this_cpu();
	pid = spawn(reads_much, NULL);
	while (!shared->is_calling)
		sched_yield();
	for (int i = 0; i < 5 && !shared->has_called; i++) {
		sleep_ms(1);
		during += !shared->has_called;
	}
	return reap(pid) ? 1 : during ? 0 : 2;
}

static void a_long_read_lets_others_run(void)
{
	shared->is_calling = shared->has_called = 0;
	EXPECT_EQ(reap(spawn(lets_the_other_run, NULL)), 0);
}

int main(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	RUN(a_copy_that_goes_on_and_on_can_be_killed);
	RUN(a_long_read_lets_others_run);
	return tap_done();
}
