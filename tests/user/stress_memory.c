/*
 * stress_memory: one address space changed by several threads at once, so that a
 * stale translation shows as a wrong byte; fork in between; futexes; signals and
 * timers in blocking calls; and, in a guest, all of it with memory running out.
 * SECONDS=n makes it longer.
 */
#include <limits.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "stress.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

enum { PAGE = 4096, PAGES = 64, MAPPERS = 4 };

/* --- Translations ---------------------------------------------------------------- */

/*
 * A slot's mapper puts fresh memory there, writes its round number to every page and
 * publishes the round. Readers of other CPUs read a page between two looks at the
 * round: if that did not change, any other byte came through a stale translation.
 */
static struct slot {
	_Atomic unsigned int round; /* odd: being changed */
	unsigned char *pages;
} slots[MAPPERS];
static _Atomic int next_slot;

static void *remaps(void *arg)
{
	struct slot *s = &slots[atomic_fetch_add(&next_slot, 1)];
	unsigned int seed = (unsigned int)(long)arg;
	void *result = NULL;

	while (is_running() && !result) {
		unsigned int round = atomic_load(&s->round) + 2;

		atomic_store(&s->round, round - 1);
		switch (next_random(&seed) % 3) {
		case 0:
			if (mmap(s->pages, PAGES * PAGE, PROT_READ | PROT_WRITE,
				 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != s->pages)
				result = "mmap";
			break;
		case 1:
			if (madvise(s->pages, PAGES * PAGE, MADV_DONTNEED))
				result = "madvise";
			break;
		case 2:
			if (mprotect(s->pages, PAGES * PAGE, PROT_READ | PROT_WRITE))
				result = "mprotect";
		}
		for (int i = 0; i < PAGES && !result; i++)
			*(volatile unsigned int *)(s->pages + i * PAGE) = round;
		atomic_store(&s->round, round);
		if (next_random(&seed) % 4 == 0)
			sched_yield();
	}
	return result;
}

static void *looks(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (is_running()) {
		struct slot *s = &slots[next_random(&seed) % MAPPERS];
		unsigned int before = atomic_load(&s->round), seen = 0;
		int page = next_random(&seed) % PAGES;

		if (before & 1)
			continue;
		seen = *(volatile unsigned int *)(s->pages + page * PAGE);
		if (atomic_load(&s->round) == before && before && seen != before)
			return "stale translation";
	}
	return NULL;
}

/* What a child sees, and what the parent sees once the child has written, is constant. */
static void *forks(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	volatile unsigned char *own =
		mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (own == MAP_FAILED)
		return "mmap";
	while (is_running()) {
		unsigned char mark = next_random(&seed) | 1;
		int status;
		pid_t pid;

		for (int i = 0; i < 16; i++)
			own[i * PAGE] = mark;
		pid = fork();
		if (pid < 0)
			return "fork";
		for (int i = 0; i < 16; i += 2)
			own[i * PAGE] = pid ? 0 : 2;
		for (int i = 1; i < 16; i += 2)
			if (own[i * PAGE] != mark)
				pid ? abort() : _exit(1);
		if (!pid)
			_exit(0);
		if (waitpid(pid, &status, 0) != pid || status)
			return "child saw something else";
		for (int i = 0; i < 16; i += 2)
			if (own[i * PAGE])
				return "child wrote to its parent";
	}
	munmap((void *)own, 16 * PAGE);
	return NULL;
}

static void translations_are_never_stale(void)
{
	static void *(*const work[])(void *) = { remaps, remaps, remaps, remaps, looks,
						 looks,  looks,  forks,  forks };

	next_slot = 0;
	for (int i = 0; i < MAPPERS; i++) {
		slots[i].pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		slots[i].round = 0;
		REQUIRE(slots[i].pages != MAP_FAILED);
	}
	EXPECT_EQ(run_threads(work, sizeof(work) / sizeof(*work)), 0);
	for (int i = 0; i < MAPPERS; i++)
		munmap(slots[i].pages, PAGES * PAGE);
}

/* Tables that stay for the next mapping, and upper ones that go while those stay. */
static void page_tables_go_with_what_they_map(void)
{
	enum { SPAN = 2 << 20 };
	static const int at[] = { 5, 10, 20 }, sizes[] = { PAGE, PAGE, 2 * SPAN };
	char *base = (char *)0x100000000000;

	for (int round = 0; round < 32; round++, base += 1 << 30) {
		for (int i = 0; i < 3; i++) {
			char *m = base + (long)at[(i + round) % 3] * SPAN;
			int size = sizes[(i + round) % 3];

			REQUIRE(mmap(m, size, PROT_READ | PROT_WRITE,
				     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == m);
			m[0] = m[size - 1] = 1;
		}
		for (int i = 0; i < 3; i++)
			munmap(base + (long)at[i] * SPAN, sizes[i]);
		kill_and_reap(spawn_sleeper());
	}
}

/* --- Protection --------------------------------------------------------------------- */

static unsigned char *guarded;
static _Atomic unsigned int guard_round, faults_seen;
static _Thread_local int is_writing;

static void on_fault(int sig)
{
	if (!is_writing)
		_exit(40 + sig);
	mprotect(guarded, PAGE, PROT_READ | PROT_WRITE);
	atomic_fetch_add(&faults_seen, 1); /* the next round may begin */
}

/* A write after mprotect(PROT_READ) returned in this thread must fault, though other threads just
 * wrote. */
static void *forbids(void *arg)
{
	(void)arg;
	while (is_running()) {
		unsigned int before = atomic_load(&faults_seen);

		if (mprotect(guarded, PAGE, PROT_READ))
			return "mprotect";
		atomic_fetch_add(&guard_round, 1);
		while (atomic_load(&faults_seen) == before && is_running())
			sched_yield();
	}
	return NULL;
}

/* Each round there is one fault, and no write of the round succeeds before it. */
static void *writes(void *arg)
{
	(void)arg;
	is_writing = 1;
	while (is_running()) {
		unsigned int round = atomic_load(&guard_round);

		*(volatile unsigned char *)guarded = round;
		if (atomic_load(&faults_seen) < round && is_running())
			return "wrote where it was forbidden";
	}
	return NULL;
}

static int protection(void *arg)
{
	static void *(*const work[])(void *) = { forbids, writes };

	(void)arg;
	signal(SIGSEGV, on_fault);
	guarded = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return guarded == MAP_FAILED || run_threads(work, 2);
}

static void a_page_that_became_read_only_is_so_everywhere(void)
{
	EXPECT_EQ(reap(spawn(protection, NULL)), 0);
}

/* --- Futexes --------------------------------------------------------------------------- */

static _Atomic int lock_word;
static _Atomic long guarded_sum;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long plain_sum;

static void futex_lock(void)
{
	int zero = 0;

	if (atomic_compare_exchange_strong(&lock_word, &zero, 1))
		return;
	while (atomic_exchange(&lock_word, 2))
		syscall(SYS_futex, &lock_word, FUTEX_WAIT, 2, NULL);
}

static void futex_unlock(void)
{
	if (atomic_exchange(&lock_word, 0) == 2)
		syscall(SYS_futex, &lock_word, FUTEX_WAKE, 1);
}

static void *locks(void *arg)
{
	long n = 0;

	(void)arg;
	while (is_running()) {
		futex_lock();
		plain_sum++;
		if (n % 16 == 0)
			sched_yield();
		futex_unlock();
		n++;
	}
	atomic_fetch_add(&guarded_sum, n);
	return NULL;
}

static long turn;

static void *takes_turns(void *arg)
{
	(void)arg;
	while (is_running()) {
		struct timespec t;

		pthread_mutex_lock(&mutex);
		turn++;
		pthread_cond_broadcast(&cond);
		clock_gettime(CLOCK_REALTIME, &t);
		t.tv_nsec += 1000000;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&cond, &mutex, &t);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void futexes_lose_nothing(void)
{
	static void *(*const work[])(void *) = { locks,       locks,       locks,      locks,
						 takes_turns, takes_turns, takes_turns };

	plain_sum = guarded_sum = 0;
	EXPECT_EQ(run_threads(work, sizeof(work) / sizeof(*work)), 0);
	EXPECT_EQ(plain_sum, guarded_sum);
}

/* --- Signals in blocking calls --------------------------------------------------------- */

static void on_alarm(int sig)
{
	(void)sig;
}

/* Interrupted again and again, nothing is lost or done twice. */
static int interrupted(void *arg)
{
	struct itimerval often = { { 0, 700 }, { 0, 700 } };
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = (long)arg ? SA_RESTART : 0 };
	unsigned char seq = 0, c;
	int to[2], from[2];
	pid_t echo;

	end_ms = now_ms() + seconds * 1000;
	if (pipe(to) || pipe(from))
		return 1;
	echo = fork();
	if (echo == 0) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1)
			if (write(from[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (is_running()) {
		ssize_t n;

		while ((n = write(to[1], &seq, 1)) < 0 && errno == EINTR && !arg)
			;
		if (n != 1)
			return 2;
		while ((n = read(from[0], &c, 1)) < 0 && errno == EINTR && !arg)
			;
		if (n != 1 || c != seq)
			return 3;
		seq++;
		if (seq % 64 == 0) {
			struct timespec t = { 0, 3000000 };
			long long before = now_ms();

			while (nanosleep(&t, &t) < 0 && errno == EINTR)
				;
			if (now_ms() - before < 2)
				return 4;
		}
	}
	close(to[1]);
	return reap(echo) ? 5 : 0;
}

static void signals_interrupt_and_calls_go_on(void)
{
	pid_t a = spawn(interrupted, (void *)0), b = spawn(interrupted, (void *)1);

	EXPECT_EQ(reap(a), 0);
	EXPECT_EQ(reap(b), 0);
}

/* --- No memory ----------------------------------------------------------------------------- */

/* Takes all memory there is in small and large pieces, until it is killed or refused. */
static int eats(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	for (;;) {
		size_t size = (1 + next_random(&seed) % 256) * PAGE;
		char *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (m == MAP_FAILED)
			continue;
		memset(m, 1, size);
	}
	return 0;
}

static int fails_softly(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	end_ms = now_ms() + seconds * 1000;
	while (is_running()) {
		int p[2] = { -1, -1 }, fd;
		char path[64];
		pid_t pid;

		if (pipe(p) == 0)
			write(p[1], path, sizeof(path));
		snprintf(path, sizeof(path), "/tmp/eat-%d-%u", getpid(), next_random(&seed) % 8);
		fd = open(path, O_RDWR | O_CREAT, 0600);
		if (fd >= 0 && ftruncate(fd, 65536) == 0)
			write(fd, path, sizeof(path));
		close(fd);
		if (next_random(&seed) % 2)
			unlink(path);
		pid = fork();
		if (pid == 0) {
			char *args[] = { "/bin/true", NULL };

			if (next_random(&seed) % 2)
				execv(args[0], args);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
		close(p[0]);
		close(p[1]);
	}
	return 0;
}

static void removes_files_of(pid_t pid)
{
	char path[64];

	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "/tmp/eat-%d-%d", pid, i);
		unlink(path);
	}
}

static void memory_runs_out_and_comes_back(void)
{
	pid_t workers[4];
	long long end;
	long before;

	if (!in_guest() || is_mixed())
		SKIP("guest only, and alone");
	before = file_number("/proc/meminfo", "MemFree:");
	for (long i = 0; i < 4; i++)
		workers[i] = spawn(fails_softly, (void *)i);
	for (end = now_ms() + seconds * 1000; now_ms() < end;) {
		pid_t pid = spawn(eats, (void *)(long)now_ms());

		if (pid < 0) {
			sleep_ms(5);
			continue;
		}
		for (int i = 0; i < 300 && waitpid(pid, NULL, WNOHANG) == 0; i++)
			sleep_ms(5);
		kill_and_reap(pid);
	}
	for (int i = 0; i < 4; i++) {
		if (workers[i] <= 0)
			continue;
		reap(workers[i]); /* the killer may have chosen it */
		removes_files_of(workers[i]);
	}
	EXPECT(eventually(file_number("/proc/meminfo", "MemFree:") > before - 8192));
}

int main(void)
{
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	RUN(translations_are_never_stale);
	RUN(page_tables_go_with_what_they_map);
	RUN(a_page_that_became_read_only_is_so_everywhere);
	RUN(futexes_lose_nothing);
	RUN(signals_interrupt_and_calls_go_on);
	RUN(memory_runs_out_and_comes_back);
	return tap_done();
}
