/*
 * stress_mix: the other stress programs, all at once and over and over, beside two crowds whose
 * books must balance: signals that are queued and taken, and robust futexes whose holders are
 * killed. Then memory and kernel objects are where they were. A soak: needs SECONDS=n.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "pidfds.h"
#include "stress.h"

/* --- The programs -------------------------------------------------------------------------- */

static const char *const programs[] = { "stress",        "stress_exec", "stress_files",
					"stress_memory", "stress_tty",  "stress_pidfd",
					"races",         "polling",     "threads" };
enum { PROGRAMS = sizeof(programs) / sizeof(*programs) };

static char folder[256];

/* A program of this folder, again and again until the time is over; its output only if it fails. */
static int runs_program(void *arg)
{
	const char *name = arg;
	char path[320], log[64], text[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(log, sizeof(log), "/tmp/mix-%s", name);
	for (int round = 0; is_running(); round++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			int fd = open(log, O_CREAT | O_TRUNC | O_WRONLY, 0600);

			dup2(fd, 1);
			execl(path, name, (char *)NULL);
			_exit(127);
		}
		status = reap(pid);
		if (status) {
			printf("# %s, round %d: status 0x%x\n%s", name, round, status,
			       slurp(log, text, sizeof(text)));
			fflush(stdout);
			return 1;
		}
	}
	unlink(log);
	return 0;
}

/* --- Signals, counted ------------------------------------------------------------------------- */

enum { SENDERS = 4, TAKERS = 3, AHEAD = 100000 };

static struct ledger {
	_Atomic long sent, taken; /* sums of values */
	_Atomic int refused;
	_Atomic pid_t takers[TAKERS];
} * ledger;

static void *takes(void *arg)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	for (int i = 1; i <= SENDERS; i++)
		sigaddset(&set, SIGRTMIN + i);
	ledger->takers[(long)arg] = syscall(SYS_gettid);
	for (;;)
		if (sigwaitinfo(&set, &info) > 0)
			ledger->taken += info.si_value.sival_int;
	return arg;
}

/* Each sends in another way. */
static int sends(void *arg)
{
	int which = (int)(long)arg, sig = SIGRTMIN + 1 + which, fd = pidfd_open_(getppid(), 0);
	siginfo_t info = { .si_signo = sig, .si_code = SI_QUEUE };

	for (int value = 1; is_running(); value = value % 1000 + 1) {
		pid_t taker = ledger->takers[value % TAKERS];
		int err;

		info.si_value.sival_int = value;
		if (which == 0)
			err = sigqueue(getppid(), sig, info.si_value);
		else if (which == 1)
			err = pidfd_signal(fd, sig, &info, 0);
		else
			err = syscall(SYS_rt_tgsigqueueinfo, getppid(), taker, sig, &info);
		if (!err)
			ledger->sent += value;
		else if (errno != EAGAIN && taker)
			return errno;
		while (ledger->sent - ledger->taken > AHEAD && is_running())
			sched_yield();
	}
	return 0;
}

static int counts_signals(void *arg)
{
	pid_t pids[SENDERS];
	pthread_t t;
	sigset_t set;
	int bad = 0;

	(void)arg;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (long i = 0; i < TAKERS; i++)
		if (pthread_create(&t, NULL, takes, (void *)i))
			return 1;
	for (long i = 0; i < SENDERS; i++)
		pids[i] = spawn(sends, (void *)i);
	for (int i = 0; i < SENDERS; i++)
		bad |= reap(pids[i]);
	if (bad)
		printf("# senders: 0x%x\n", bad);
	return bad ? 2 : eventually(ledger->sent == ledger->taken) ? 0 : 3;
}

/* --- Robust futexes -------------------------------------------------------------------------------- */

static struct shared_lock {
	struct robust_list node;
	_Atomic uint32_t word;
	_Atomic int first, second; /* equal, but while somebody holds the lock */
	_Atomic int bad, timeouts;
} * lock;

static struct robust_list_head robust;

/* FUTEX_OWNER_DIED or 0. */
static uint32_t lock_shared(uint32_t tid)
{
	struct timespec patience = { 20, 0 };
	uint32_t waiters = 0;

	robust.list_op_pending = &lock->node;
	for (;;) {
		uint32_t seen = lock->word;

		if (!(seen & FUTEX_TID_MASK)) {
			uint32_t own = tid | waiters | (seen & FUTEX_WAITERS);

			if (!atomic_compare_exchange_strong(&lock->word, &seen, own))
				continue;
			robust.list.next = &lock->node;
			lock->node.next = &robust.list;
			robust.list_op_pending = NULL;
			return seen & FUTEX_OWNER_DIED;
		}
		if (!(seen & FUTEX_WAITERS) &&
		    !atomic_compare_exchange_strong(&lock->word, &seen, seen | FUTEX_WAITERS))
			continue;
		waiters = FUTEX_WAITERS;
		if (syscall(SYS_futex, &lock->word, FUTEX_WAIT, seen | FUTEX_WAITERS, &patience) &&
		    errno == ETIMEDOUT)
			lock->timeouts++;
	}
}

static void unlock_shared(void)
{
	robust.list_op_pending = &lock->node;
	robust.list.next = &robust.list;
	if (atomic_exchange(&lock->word, 0) & FUTEX_WAITERS)
		syscall(SYS_futex, &lock->word, FUTEX_WAKE, 1);
	robust.list_op_pending = NULL;
}

static int holds_and_dies(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	uint32_t tid = syscall(SYS_gettid);

	robust.list.next = &robust.list;
	robust.futex_offset = (char *)&lock->word - (char *)&lock->node;
	if (syscall(SYS_set_robust_list, &robust, sizeof(robust)))
		return 1;
	for (;;) {
		if (lock_shared(tid))
			lock->second = lock->first;
		lock->bad += lock->first != lock->second;
		lock->first++;
		if (next_random(&seed) % 32 == 0)
			kill(getpid(), SIGKILL);
		lock->second++;
		unlock_shared();
	}
	return 0;
}

static int kills_holders(void *arg)
{
	pid_t pids[6] = { 0 };
	unsigned int seed = 7;

	(void)arg;
	while (is_running()) {
		int i = next_random(&seed) % 6;

		if (pids[i] && next_random(&seed) % 2)
			kill(pids[i], SIGKILL);
		if (pids[i] && reap(pids[i]) != SIGKILL)
			return 1;
		pids[i] = spawn(holds_and_dies, (void *)(long)next_random(&seed));
	}
	for (int i = 0; i < 6; i++)
		kill_and_reap(pids[i]);
	return lock->bad ? 2 : lock->timeouts ? 3 : 0;
}

/* --- All of it --------------------------------------------------------------------------------------- */

static const char *const caches[] = { "sigqueue", "task", "thread", "pid",  "as",
				      "vma",      "file", "files",  "pipe", "sighand" };
enum { CACHES = sizeof(caches) / sizeof(*caches), ENOUGH = 64 };

static void look(long *counts)
{
	for (int i = 0; i < CACHES; i++)
		counts[i] = slab_in_use(caches[i]);
}

static int is_back(const long *before)
{
	long now[CACHES];
	int is_so = 1;

	look(now);
	for (int i = 0; i < CACHES; i++)
		is_so &= now[i] <= before[i] + ENOUGH / 8;
	return is_so;
}

static void everything_at_once_leaves_nothing(void)
{
	pid_t pids[PROGRAMS + 2];
	long before[CACHES], memory;

	if (!getenv("SECONDS"))
		SKIP("a soak: SECONDS=n");
	look(before);
	memory = file_number("/proc/meminfo", "MemFree:");
	setenv("SECONDS", "3", 1);
	setenv("MIX", "1", 1);
	end_ms = now_ms() + seconds * 1000LL;
	for (int i = 0; i < PROGRAMS; i++)
		pids[i] = spawn(runs_program, (void *)programs[i]);
	pids[PROGRAMS] = spawn(counts_signals, NULL);
	pids[PROGRAMS + 1] = spawn(kills_holders, NULL);
	for (int i = 0; i < PROGRAMS + 2; i++) {
		int status = reap(pids[i]);

		if (status)
			tap_note("%s: 0x%x", i < PROGRAMS ? programs[i] : "crowd", status);
		tap_is_bad |= status != 0;
	}
	tap_note("signals: %ld, lock: taken %d times", (long)ledger->taken, lock->first);
	if (!in_guest())
		return;
	EXPECT(eventually(is_back(before)));
	EXPECT(eventually(file_number("/proc/meminfo", "MemFree:") > memory - 8192));
}

int main(void)
{
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	if (readlink("/proc/self/exe", folder, sizeof(folder) - 1) < 0)
		return 97;
	*strrchr(folder, '/') = '\0';
	ledger = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	lock = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ledger == MAP_FAILED || lock == MAP_FAILED)
		return 98;
	RUN(everything_at_once_leaves_nothing);
	return tap_done();
}
