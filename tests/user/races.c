/*
 * races: what two threads or processes do to one object at the same moment, each part for a
 * moment; and what somebody leaves behind who goes while others still deal with him.
 * SECONDS=n makes it longer.
 */
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "stress.h"

#define SIGONE (SIGRTMIN + 1)

/* --- Signals that two wait for ---------------------------------------------------------- */

static _Atomic int nr_taken;
static int patience = 1; /* seconds; many where hundreds of others run: stress_mix */

static void *takes_signals(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGONE);
	for (;;)
		if (sigtimedwait(&set, NULL, &(struct timespec){ patience, 0 }) == SIGONE)
			nr_taken++;
	return arg;
}

/* Of two signals each must wake somebody, whichever thread takes which. */
static int sends_pairs(void *arg)
{
	union sigval value = { 0 };
	unsigned int seed = 1;
	pthread_t t[2];
	sigset_t set;
	int sent = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGONE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	end_ms = now_ms() + seconds * 1000;
	for (int i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, takes_signals, NULL))
			return 1;
	while (is_running()) {
		long long start = now_ms();

		for (int i = 0; i < 2; i++) {
			if (sigqueue(getpid(), SIGONE, value))
				return 2;
			for (volatile unsigned int n = next_random(&seed) % 4000; n; n--)
				;
		}
		sent += 2;
		while (nr_taken < sent && now_ms() - start < patience * 900)
			sched_yield();
		if (nr_taken < sent) /* else it is found by the next call at the latest */
			return 3;
	}
	return 0;
}

static void each_queued_signal_wakes_a_waiter(void)
{
	EXPECT_EQ(reap(spawn(sends_pairs, NULL)), 0);
}

/* --- Signals for a thread that is gone ------------------------------------------------------ */

static void *outlives_the_leader(void *arg)
{
	siginfo_t info = { .si_code = SI_QUEUE, .si_signo = SIGONE };
	char path[64], buf[512], state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	do
		sscanf(strrchr(slurp(path, buf, sizeof(buf)), ')'), ") %c", &state);
	while (state != 'Z');
	for (int i = 0; i < 100; i++)
		syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGONE, &info);
	_exit(0);
	return arg;
}

static int leader_goes_first(void *arg)
{
	pthread_t t;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&t, NULL, outlives_the_leader, arg))
		return 1;
	syscall(SYS_exit, 0);
	return 2;
}

static void signals_to_a_thread_that_ended_leave_nothing(void)
{
	long before = slab_in_use("sigqueue");

	EXPECT_EQ(reap(spawn(leader_goes_first, NULL)), 0);
	if (in_guest() && !is_mixed())
		EXPECT(eventually(slab_in_use("sigqueue") <= before));
}

/* --- Limits of pending signals ---------------------------------------------------------------- */

enum { PENDING = 20 };

/* Becomes a user of its own, and queues as many signals for itself as it may. */
static int queues_until_refused(void)
{
	struct rlimit limit = { PENDING, PENDING };
	union sigval value = { 0 };
	sigset_t set;
	int n = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGONE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setrlimit(RLIMIT_SIGPENDING, &limit);
	while (n < 100 && !sigqueue(getpid(), SIGONE, value))
		n++;
	return errno == EAGAIN ? n : -1;
}

static int two_of_one_user(void *arg)
{
	int ready[2], status;
	pid_t first;
	char c;

	(void)arg;
	if (setgid(1235) || setuid(1235) || pipe(ready))
		return 99;
	first = fork();
	if (first == 0) {
		write(ready[1], "", queues_until_refused() == PENDING);
		pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		return 1;
	if (queues_until_refused() != 0)
		return 2;
	kill(first, SIGKILL);
	waitpid(first, &status, 0);
	return queues_until_refused() == PENDING ? 0 : 3;
}

static void pending_signals_are_limited_by_user(void)
{
	if (geteuid())
		SKIP("needs root");
	EXPECT_EQ(reap(spawn(two_of_one_user, NULL)), 0);
}

static int makes_timers(void *arg)
{
	struct rlimit limit = { PENDING, PENDING };
	int n = 0, id, first = -1;

	(void)arg;
	if (setgid(1236) || setuid(1236) || setrlimit(RLIMIT_SIGPENDING, &limit))
		return 99;
	for (; n < 100 && !syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id); n++)
		first = first < 0 ? id : first;
	if (errno != EAGAIN || n != PENDING)
		return 1;
	if (syscall(SYS_timer_delete, first))
		return 2;
	return syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id) ? 3 : 0;
}

static void timers_count_as_pending_signals(void)
{
	if (geteuid())
		SKIP("needs root");
	EXPECT_EQ(reap(spawn(makes_timers, NULL)), 0);
}

/* --- A group that is signalled while it forks --------------------------------------------- */

/* Shared by all. */
static struct group {
	_Atomic pid_t leader;
	_Atomic int settled; /* signals that the leader has heard */
	_Atomic int forks, bad;
} * group;
static volatile sig_atomic_t heard; /* a child begins with what its parent had heard */

/* Real-time signals, so that none merges with the one before. */
static void on_group_signal(int sig)
{
	heard = heard + (sig == SIGONE);
	if (getpid() == group->leader)
		group->settled = heard;
}

/* Whether a signal to the group reached the leader before the fork, or both after it: by now the
 * caller has heard of as many as the leader. */
static int child_of_group(void)
{
	int settled;

	sleep_ms(2);
	settled = group->settled;
	getppid();
	return heard < settled;
}

static int forks_for_ever(void *arg)
{
	static char much[256 * 4096];

	(void)arg;
	setpgid(0, 0);
	signal(SIGONE, on_group_signal);
	memset(much, 1, sizeof(much));
	group->leader = getpid();
	for (;; group->forks++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			_exit(child_of_group());
		while (pid > 0 && waitpid(pid, &status, 0) != pid)
			;
		group->bad += status != 0;
	}
	return 0;
}

static void a_signal_to_a_group_misses_no_child_of_a_fork(void)
{
	long long end = now_ms() + seconds * 1000;
	unsigned int seed = 1;
	pid_t pid;

	group = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(group != MAP_FAILED);
	pid = spawn(forks_for_ever, NULL);
	REQUIRE(eventually(group->forks > 0));
	for (int sent = 1; now_ms() < end && !group->bad; sent++) {
		EXPECT(!kill(-pid, SIGONE));
		REQUIRE(eventually(group->settled == sent));
		for (int spins = next_random(&seed) % 20; spins > 0; spins--)
			sched_yield();
	}
	EXPECT_EQ(group->bad, 0);
	kill(-pid, SIGKILL);
	reap(pid);
}

/* --- A lock on a file that is being closed -------------------------------------------------- */

static const char lock_path[] = "/tmp/races-lock";
static _Atomic int lock_fd, lock_round, closed_round;

static void *closes(void *arg)
{
	int done = 0;

	while (is_running()) {
		if (lock_round == done)
			continue;
		close(lock_fd);
		closed_round = ++done;
	}
	return arg;
}

/* After both are done there is no lock: close(2) lets go of it, or fcntl(2) sees that it is late. */
static int locks_while_closed(void *arg)
{
	struct flock lock = { .l_type = F_WRLCK };
	pthread_t t;

	(void)arg;
	end_ms = now_ms() + seconds * 1000;
	if (pthread_create(&t, NULL, closes, NULL))
		return 1;
	while (is_running()) {
		int fd = open(lock_path, O_RDWR | O_CREAT, 0600), probe;
		int round = closed_round;
		pid_t pid;

		if (fd < 0)
			return 2;
		lock_fd = fd;
		lock_round = round + 1;
		for (volatile unsigned int i = (unsigned int)round % 300; i; i--)
			;
		fcntl(fd, F_SETLK, &lock);
		while (closed_round == round && is_running())
			;
		if (closed_round == round)
			break;
		pid = fork();
		if (pid == 0) {
			probe = open(lock_path, O_RDWR);
			_exit(fcntl(probe, F_SETLK, &lock) != 0);
		}
		if (reap(pid))
			return 3;
	}
	pthread_join(t, NULL);
	return 0;
}

static void a_closed_file_keeps_no_lock(void)
{
	EXPECT_EQ(reap(spawn(locks_while_closed, NULL)), 0);
	unlink(lock_path);
}

/* --- Two debuggers ---------------------------------------------------------------------------- */

static char *debugged;

/* Writes its own half of a page that its owner may only read, and reads it back. */
static int debugger(void *arg)
{
	int half = (int)(long)arg, fd = -1, bad = 0;
	off_t at = (off_t)(unsigned long)debugged + half * 2048;
	char path[64], out[2048], in[2048];

	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	fd = open(path, O_RDWR);
	if (fd < 0)
		return 1;
	for (int i = 0; is_running() && !bad; i++) {
		memset(out, i, sizeof(out));
		if (pwrite(fd, out, sizeof(out), at) != sizeof(out) ||
		    pread(fd, in, sizeof(in), at) != sizeof(in))
			bad = 2;
		else if (memcmp(in, out, sizeof(in)))
			bad = 3;
	}
	return bad;
}

static void two_debuggers_lose_no_write(void)
{
	pid_t a, b;

	debugged = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(debugged != MAP_FAILED);
	end_ms = now_ms() + seconds * 1000;
	a = spawn(debugger, (void *)0);
	b = spawn(debugger, (void *)1);
	EXPECT_EQ(reap(a), 0);
	EXPECT_EQ(reap(b), 0);
	munmap(debugged, 4096);
}

/* --- The heir of a robust futex dies too ------------------------------------------------------ */

static struct inheritance {
	struct robust_list node;
	_Atomic unsigned int word;
} * inheritance;

static int waits_for_inheritance(void *arg)
{
	struct timespec patience = { 5, 0 };

	return syscall(SYS_futex, &inheritance->word, FUTEX_WAIT, FUTEX_OWNER_DIED | FUTEX_WAITERS,
		       &patience) &&
	       errno == ETIMEDOUT && !arg;
}

/* As one who was woken to take the lock of a dead holder, and is killed before it has it. */
static int dies_as_heir(void *arg)
{
	static struct robust_list_head head;

	head.list.next = &head.list;
	head.futex_offset = (char *)&inheritance->word - (char *)&inheritance->node;
	head.list_op_pending = &inheritance->node;
	return arg || syscall(SYS_set_robust_list, &head, sizeof(head));
}

static void the_next_waiter_hears_when_an_heir_dies(void)
{
	pid_t waiter;
	char path[64], buf[512], state = 0;

	if (!kernel_at_least(6, 2))
		SKIP("needs Linux 6.2");
	inheritance = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(inheritance != MAP_FAILED);
	inheritance->word = FUTEX_OWNER_DIED | FUTEX_WAITERS;
	waiter = spawn(waits_for_inheritance, NULL);
	snprintf(path, sizeof(path), "/proc/%d/stat", waiter);
	EXPECT(eventually(sscanf(strrchr(slurp(path, buf, sizeof(buf)), ')'), ") %c", &state) ==
				  1 &&
			  state == 'S'));
	EXPECT_EQ(reap(spawn(dies_as_heir, NULL)), 0);
	EXPECT_EQ(reap(waiter), 0);
	munmap(inheritance, 4096);
}

/* --- Processes that begin and wake while they are told where to run --------------------------- */

static _Atomic pid_t newest;

static void *forks_sleepers(void *arg)
{
	struct timespec t = { 0, 1000 };

	while (is_running()) {
		pid_t pid = fork();

		if (pid == 0) {
			nanosleep(&t, NULL);
			_exit(0);
		}
		newest = pid;
		if (reap(pid))
			return "fork";
	}
	(void)arg;
	return NULL;
}

/* The next processes will have the next numbers. */
static void *moves_newest(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	while (is_running()) {
		unsigned long mask = 1ul << next_random(&seed) % 4;

		if (newest)
			syscall(SYS_sched_setaffinity, newest + next_random(&seed) % 3,
				sizeof(mask), &mask);
	}
	return NULL;
}

static void affinity_changes_as_processes_begin_and_wake(void)
{
	static void *(*const work[])(void *) = { forks_sleepers, forks_sleepers, forks_sleepers,
						 moves_newest,   moves_newest,   moves_newest };

	if (!in_guest())
		SKIP("the next numbers may be strangers', who would stay where they are put");
	EXPECT_EQ(run_threads(work, 6), 0);
}

/* --- Actions of processes that share them --------------------------------------------------- */

static _Atomic int nr_torn, nr_handled;

static void handles(int sig, int own, int other)
{
	unsigned long mask = 0;

	(void)sig;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8L);
	nr_handled++;
	nr_torn += !(mask & 1UL << (own - 1)) || (mask & 1UL << (other - 1));
}

static void blocks_usr2(int sig)
{
	handles(sig, SIGUSR2, SIGTERM);
}

static void blocks_term(int sig)
{
	handles(sig, SIGTERM, SIGUSR2);
}

static void set_action(void (*handler)(int), int blocked)
{
	struct sigaction a = { .sa_handler = handler };

	sigaddset(&a.sa_mask, blocked);
	sigaction(SIGUSR1, &a, NULL);
}

static int changes_actions(void *arg)
{
	(void)arg;
	for (;;) {
		set_action(blocks_usr2, SIGUSR2);
		set_action(blocks_term, SIGTERM);
	}
	return 0;
}

static int raises_meanwhile(void *arg)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t pid;

	(void)arg;
	end_ms = now_ms() + seconds * 1000;
	set_action(blocks_term, SIGTERM);
	pid = clone(changes_actions, stack + sizeof(stack), CLONE_VM | CLONE_SIGHAND | SIGCHLD,
		    NULL);
	if (pid < 0)
		return 1;
	while (is_running())
		raise(SIGUSR1);
	kill_and_reap(pid);
	return nr_torn ? 2 : !nr_handled;
}

static void an_action_that_processes_share_is_read_as_a_whole(void)
{
	EXPECT_EQ(reap(spawn(raises_meanwhile, NULL)), 0);
}

int main(void)
{
	if (getenv("MIX"))
		patience = 60;
	if (getenv("SECONDS"))
		seconds = atoi(getenv("SECONDS"));
	RUN(each_queued_signal_wakes_a_waiter);
	RUN(signals_to_a_thread_that_ended_leave_nothing);
	RUN(pending_signals_are_limited_by_user);
	RUN(timers_count_as_pending_signals);
	RUN(a_signal_to_a_group_misses_no_child_of_a_fork);
	RUN(a_closed_file_keeps_no_lock);
	RUN(two_debuggers_lose_no_write);
	RUN(the_next_waiter_hears_when_an_heir_dies);
	RUN(affinity_changes_as_processes_begin_and_wake);
	RUN(an_action_that_processes_share_is_read_as_a_whole);
	return tap_done();
}
