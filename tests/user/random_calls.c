/*
 * random_calls: system calls with absurd numbers, sizes, flags and pointers, made
 * by processes of an ordinary user; and sequences of calls that are nearly right, by
 * pairs of processes that share descriptors and names, of that user and of root.
 * Nothing may hang or fall but they themselves, and nothing of theirs may stay.
 * Guest only. SEED=n and SECONDS=n in the environment; a round tells its seeds.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "arguments.h"

#include "../../build/gen/shapes.h"

enum { NOBODY = 65534, CALLS_EACH = 400, HIGHEST = 470 };

static unsigned long state;

static unsigned long next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static char *page;

/* A number that somebody may have forgotten to think of. */
static long absurd(void)
{
	static const long values[] = {
		0,
		1,
		2,
		3,
		4,
		7,
		8,
		16,
		63,
		64,
		100,
		255,
		256,
		1000,
		4095,
		4096,
		4097,
		65536,
		-1,
		-2,
		-4096,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		-0x80000000L,
		0x7fffffffffffffff,
		-0x7fffffffffffffff - 1,
		0x7ffffffff000,
		0x800000000000,
		0x00800000,
		0x1000,
		0x2000,
		0x4000,
		02000000,
		04000,
		0100,
	};
	unsigned long r = next();

	switch (r % 8) {
	case 0:
	case 1:
		return values[(r >> 8) % (sizeof(values) / sizeof(*values))];
	case 2:
		return (long)(page + (r >> 8) % 4096);
	case 3:
		return (long)page + 4096 - (r >> 8) % 16;
	case 4:
		return (r >> 8) % 16; /* perhaps a descriptor */
	case 5:
		return 1L << (r >> 8) % 64;
	case 6:
		return (long)next();
	default:
		return (long)(page + ((r >> 8) % 64) * 64);
	}
}

/* What would end the test itself, or wait for ever, rather than be refused. */
static int is_left_out(long nr)
{
	static const long out[] = {
		SYS_exit,          SYS_exit_group, SYS_pause, SYS_rt_sigreturn, SYS_vfork,
		SYS_rt_sigsuspend, SYS_kill,       SYS_tkill, SYS_tgkill,       SYS_rt_sigqueueinfo,
	};

	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++)
		if (nr == out[i])
			return 1;
	return 0;
}

static void fill_page(void)
{
	static const char *const paths[] = {
		"/tmp",    ".", "..", "/proc/self/fd/0", "/dev/null", "a", "/proc/self/maps",
		"/bin/sh", ""
	};

	for (int i = 0; i < 64; i++) {
		char *at = page + i * 64;

		if (i % 3)
			snprintf(at, 64, "%s", paths[next() % 9]);
		else
			for (int j = 0; j < 64; j += 8)
				*(long *)(at + j) = absurd();
	}
}

static void lower(int what, rlim_t value)
{
	struct rlimit limit = { value, value };

	setrlimit(what, &limit);
}

/* Something of each kind, and nothing that leads outside. */
static void open_descriptors(void)
{
	for (int fd = 0; fd < 64; fd++)
		close(fd);
	open("/dev/null", O_RDWR);
	open("/dev/zero", O_RDWR);
	open("/tmp", O_RDONLY | O_DIRECTORY);
	open("/proc/self/status", O_RDONLY);
	if (pipe((int[2]){ 0, 0 }) < 0)
		return;
	syscall(434, getpid(), 0L); /* pidfd_open */
	syscall(SYS_epoll_create1, 0L);
	syscall(SYS_eventfd2, 0L, 0L);
	syscall(SYS_timerfd_create, 1L, 0L);
	open("/proc", O_RDONLY | O_DIRECTORY);
}

static int makes_calls(void *arg)
{
	state = (unsigned long)arg * 0x9e3779b97f4a7c15UL + 1;
	lower(RLIMIT_NPROC, 12);
	lower(RLIMIT_FSIZE, 1 << 20);
	lower(RLIMIT_AS, 64 << 20);
	setpgid(0, 0);
	open_descriptors();
	if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		return 1;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 1;
	alarm(2);
	for (int i = 0; i < CALLS_EACH; i++) {
		long nr = (long)(next() % HIGHEST);

		if (is_left_out(nr))
			continue;
		if (i % 16 == 0)
			fill_page();
		syscall(nr, absurd(), absurd(), absurd(), absurd(), absurd(), absurd());
	}
	return 0;
}

/* Nearly right calls: what would end the pair, stop the machine or change its clock. */
static int is_too_much(const struct shape *s)
{
	static const char *const out[] = {
		"exit",         "exit_group",    "reboot",          "kill",
		"tkill",        "tgkill",        "pause",           "syslog",
		"execve",       "execveat",      "chroot",          "clock_settime",
		"settimeofday", "rt_sigsuspend", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
		"pivot_root"
	};
	size_t len = strcspn(s->name, "/");

	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++)
		if (strlen(out[i]) == len && !strncmp(s->name, out[i], len))
			return 1;
	return 0;
}

/* Mostly good, often of the right kind, seldom absurd. */
static long nearly_right(const struct arg *a, int i)
{
	unsigned long r = next() % 16;
	struct value v;

	if (a->kind == K_val || r < 6)
		return arg_good(a, i);
	if ((a->kind == K_fd || a->kind == K_dirfd) && r < 12)
		return FIRST_FD + (long)(next() % NR_FDS);
	if (r < 15 && arg_bad(a, i, (int)(next() % 32), &v))
		return v.value;
	return r == 15 ? absurd() : arg_good(a, i);
}

static void calls_nearly_right(unsigned long seed)
{
	long self = syscall(SYS_getpid), a[6];
	size_t nr = sizeof(shapes) / sizeof(*shapes);

	state = seed * 0x9e3779b97f4a7c15UL + 1;
	for (int n = 0; n < CALLS_EACH; n++) {
		const struct shape *s = &shapes[next() % nr];

		if (is_too_much(s))
			continue;
		memset(a, 0, sizeof(a));
		for (int i = 0; i < s->nr_args; i++)
			a[i] = nearly_right(&s->arg[i], i);
		syscall(s->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (syscall(SYS_getpid) != self)
			_exit(0);
		if (n % 64 == 0)
			world_rewind();
	}
}

/* A world that two processes share; root's for odd seeds. */
static int pair_makes_calls(void *arg)
{
	unsigned long seed = (unsigned long)arg;
	char folder[64];

	setpgid(0, 0);
	lower(RLIMIT_FSIZE, 1 << 20);
	lower(RLIMIT_AS, 64 << 20);
	lower(RLIMIT_NOFILE, MAX_FDS);
	signal(SIGPIPE, SIG_IGN);
	if (seed % 2 == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		return 1;
	if (seed % 2 && syscall(SYS_unshare, 0x20000) < 0) /* CLONE_NEWNS: its mounts end with it */
		return 1;
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	open("/dev/null", O_RDWR);
	dup2(dup(0), 2);
	snprintf(folder, sizeof(folder), "/tmp/random/%lu", seed);
	if (world_make(folder) < 0)
		return 2;
	page = (char *)AREA;
	world_child = spawn_sleeper();
	if (fork() == 0)
		seed += 1UL << 32;
	alarm(3);
	calls_nearly_right(seed);
	return 0;
}

/* As that user: ends all of that user's processes. */
static int ends_the_rest(void *arg)
{
	(void)arg;
	if (setuid(NOBODY) == 0)
		kill(-1, SIGKILL);
	return 0;
}

static void random_calls_do_no_harm(void)
{
	char *seed_text = getenv("SEED"), *seconds_text = getenv("SECONDS");
	long seed = seed_text ? atol(seed_text) : 1, rounds = 0;
	long long end = now_ms() + (seconds_text ? atol(seconds_text) : 3) * 1000;
	pid_t child[3];

	if (!in_guest())
		SKIP("guest only");
	while (now_ms() < end) {
		for (int i = 0; i < 3; i++)
			child[i] = spawn(makes_calls, (void *)seed++);
		sleep_ms(150);
		reap(spawn(ends_the_rest, NULL));
		for (int i = 0; i < 3; i++)
			EXPECT(kill_and_reap(child[i]) >= 0);
		rounds++;
	}
	EXPECT(rounds > 0);
	EXPECT_EQ(reap(spawn(child_exits, (void *)4L)), 0x400);
}

static int makes_folder(void *arg)
{
	return mkdir("/tmp/random", 0777) < 0 || chmod("/tmp/random", 0777) < 0;
}

/* Root may set limits of process 1, which all that start later would inherit: "set" puts them back. */
static void limits_of_init(int set)
{
	static struct rlimit limits[RLIM_NLIMITS];

	for (int i = 0; i < RLIM_NLIMITS; i++)
		EXPECT_EQ(prlimit(1, i, set ? &limits[i] : NULL, set ? NULL : &limits[i]), 0);
}

static void sequences_of_nearly_right_calls_do_no_harm(void)
{
	char *seed_text = getenv("SEED"), *seconds_text = getenv("SECONDS");
	unsigned long seed = seed_text ? atol(seed_text) : 1, rounds = 0;
	long long end = now_ms() + (seconds_text ? atol(seconds_text) : 5) * 1000;
	long before;
	pid_t child[4];

	if (!in_guest())
		SKIP("guest only");
	limits_of_init(0);
	world_objects();
	before = world_objects();
	world_growth();
	EXPECT_EQ(reap(spawn(makes_folder, NULL)), 0);
	for (; now_ms() < end; rounds++) {
		if (rounds % 16 == 0)
			printf("# seeds from %lu, %ld objects\n", seed, world_objects());
		for (int i = 0; i < 4; i++)
			child[i] = spawn(pair_makes_calls, (void *)seed++);
		sleep_ms(250);
		kill(-1, SIGKILL); /* all but init, wherever they went */
		for (int i = 0; i < 4; i++)
			EXPECT(kill_and_reap(child[i]) >= 0);
		while (waitpid(-1, NULL, __WALL) > 0) /* those made with CLONE_PARENT */
			;
		world_remove("/tmp/random");
		reap(spawn(makes_folder, NULL));
	}
	world_remove("/tmp/random");
	limits_of_init(1);
	EXPECT(rounds > 0);
	if (!eventually(world_objects() <= before + 8)) {
		tap_note("objects: %ld, before %ld", world_objects(), before);
		world_growth();
	}
	EXPECT(world_objects() <= before + 8);
}

int main(void)
{
	fclose(stdin);
	chdir("/tmp");
	RUN(random_calls_do_no_harm);
	RUN(sequences_of_nearly_right_calls_do_no_harm);
	return tap_done();
}
