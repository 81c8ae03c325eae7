/*
 * supervisor: /bin/supervise and what goes wrong around it. Guest only: numbers are made scarce.
 */
#include "tests/user/pidfds.h"

#define PID_MAX "/proc/sys/kernel/pid_max"
enum { SOMEBODY = 1000 };

struct super {
	pid_t pid;
	int out; /* what it prints */
};

/* Who is tested has no power over who tests. */
static int become_somebody(void)
{
	return setgid(SOMEBODY) == 0 && setuid(SOMEBODY) == 0;
}

static int super_start(struct super *s, char *const argv[])
{
	int pair[2];

	if (access("/bin/supervise", X_OK) || pipe2(pair, O_CLOEXEC) < 0)
		return 0;
	fflush(stdout);
	s->pid = fork();
	if (s->pid == 0) {
		dup2(pair[1], 1);
		dup2(pair[1], 2);
		if (become_somebody())
			execv("/bin/supervise", argv);
		_exit(127);
	}
	close(pair[1]);
	s->out = pair[0];
	return 1;
}

/* The next line, within "seconds" of the guest's clock; empty if there is none. */
static const char *line_of(struct super *s, int seconds)
{
	static char line[256];
	struct pollfd p = { .fd = s->out, .events = POLLIN };
	size_t len = 0;

	while (len < sizeof(line) - 1 && poll(&p, 1, seconds * 1000) > 0 &&
	       read(s->out, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
	return line;
}

static pid_t started(struct super *s, int seconds)
{
	const char *text = line_of(s, seconds);

	return strncmp(text, "supervise: started ", 19) ? 0 : atoi(text + 19);
}

static void super_end(struct super *s)
{
	kill_and_reap(s->pid);
	close(s->out);
}

static int is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

#define NEEDS_GUEST()                                                                              \
	do {                                                                                       \
		if (!in_guest())                                                                   \
			SKIP("guest only");                                                        \
	} while (0)

static void what_ends_is_started_again_and_told(void)
{
	char *argv[] = { "supervise", "-n", "3", "sh", "-c", "exit 3", NULL };
	struct super s;
	char want[64];
	pid_t pid;

	NEEDS_GUEST();
	REQUIRE(super_start(&s, argv));
	for (int i = 0; i < 3; i++) {
		pid = started(&s, 5);
		EXPECT(pid > 0);
		snprintf(want, sizeof(want), "supervise: %d exited with 3", pid);
		EXPECT(!strcmp(line_of(&s, 5), want));
	}
	EXPECT_EQ(reap(s.pid), 0);
	close(s.out);
}

static void a_killed_one_is_told_as_such(void)
{
	char *argv[] = { "supervise", "-n", "1", "sh", "-c", "kill -9 $$", NULL };
	struct super s;

	NEEDS_GUEST();
	REQUIRE(super_start(&s, argv));
	EXPECT(started(&s, 5) > 0);
	EXPECT(strstr(line_of(&s, 5), "was killed by 9") != NULL);
	EXPECT_EQ(reap(s.pid), 0);
	close(s.out);
}

static void stop_stops_both(void)
{
	char *argv[] = { "supervise", "sleep", "1000", NULL };
	struct super s;
	pid_t pid;

	NEEDS_GUEST();
	REQUIRE(super_start(&s, argv));
	pid = started(&s, 5);
	REQUIRE(pid > 0);
	kill(s.pid, SIGTERM);
	EXPECT_EQ(reap(s.pid), 0);
	EXPECT(is_gone(pid));
	close(s.out);
}

static void the_stubborn_go_after_their_grace(void)
{
	char *argv[] = { "supervise", "sh", "-c",
			 "trap '' TERM; echo ready; while :; do sleep 1; done", NULL };
	struct super s;
	long long begin;
	pid_t pid;

	NEEDS_GUEST();
	REQUIRE(super_start(&s, argv));
	pid = started(&s, 5);
	REQUIRE(pid > 0);
	EXPECT(!strcmp(line_of(&s, 5), "ready"));
	begin = now_ms();
	kill(s.pid, SIGTERM);
	EXPECT_EQ(reap(s.pid), 0);
	EXPECT(now_ms() - begin >= 1500);
	EXPECT(eventually(is_gone(pid)));
	close(s.out);
}

static void a_killed_supervisor_leaves_no_orphan(void)
{
	char *argv[] = { "supervise", "sleep", "1000", NULL };
	struct super s;
	pid_t pid;

	NEEDS_GUEST();
	REQUIRE(super_start(&s, argv));
	pid = started(&s, 5);
	REQUIRE(pid > 0);
	sleep_ms(50);
	super_end(&s);
	if (!eventually(is_gone(pid))) {
		tap_note("the supervisor is dead, and %d lives on", pid);
		tap_is_bad = 1;
		kill(pid, SIGKILL);
	}
}

static void it_sleeps_while_there_is_nothing_to_do(void)
{
	char *argv[] = { "supervise", "sleep", "1000", NULL };
	char path[64];
	struct super s;
	long before, after;

	NEEDS_GUEST();
	REQUIRE(super_start(&s, argv));
	EXPECT(started(&s, 5) > 0);
	sleep_ms(300);
	snprintf(path, sizeof(path), "/proc/%d/status", s.pid);
	before = file_number(path, "voluntary_ctxt_switches:");
	sleep_ms(2000);
	after = file_number(path, "voluntary_ctxt_switches:");
	if (after - before > 3)
		tap_note("it woke up %ld times in two seconds, for nothing", after - before);
	EXPECT(before >= 0 && after - before <= 3);
	kill(s.pid, SIGTERM);
	reap(s.pid);
	close(s.out);
}

/* One whom the supervisor may kill. */
static int innocent_sleeps(void *arg)
{
	return become_somebody() ? child_pauses(arg) : 1;
}

/*
 * The service dies while the supervisor has no time to look, and its number is wanted by all the
 * world. Returns the innocent who got it, or 0: nobody could.
 */
static pid_t steal_number(struct super *s, pid_t service)
{
	pid_t other = 0;

	kill(s->pid, SIGSTOP);
	waitpid(s->pid, NULL, WUNTRACED);
	kill(service, SIGKILL);
	sleep_ms(20);
	for (int i = 0; i < 900 && other != service; i++) {
		if (other > 0)
			kill_and_reap(other);
		other = spawn(innocent_sleeps, NULL);
	}
	sleep_ms(20);
	if (other == service)
		return other;
	kill_and_reap(other);
	return 0;
}

static pid_t numbered_service(struct super *s)
{
	char *argv[] = { "supervise", "sleep", "1000", NULL };

	for (pid_t i = 0; i < 300;) { /* numbers below 300 do not come back */
		i = spawn(child_exits, NULL);
		reap(i);
	}
	return super_start(s, argv) ? started(s, 5) : 0;
}

static void a_dead_service_is_missed_though_its_number_lives(void)
{
	char old[32];
	struct super s;
	pid_t service, innocent;

	NEEDS_GUEST();
	slurp(PID_MAX, old, sizeof(old));
	EXPECT_EQ(store(PID_MAX, "400"), 0);
	service = numbered_service(&s);
	REQUIRE(service > 0);
	innocent = steal_number(&s, service);
	kill(s.pid, SIGCONT);
	line_of(&s, 3); /* how it ended */
	if (started(&s, 3) <= 0) {
		tap_note("%d is somebody else now, and the service is not started again", service);
		tap_is_bad = 1;
	}
	if (innocent)
		kill_and_reap(innocent);
	kill(s.pid, SIGTERM);
	reap(s.pid);
	close(s.out);
	store(PID_MAX, old);
}

static void stop_hits_no_innocent(void)
{
	char old[32];
	struct super s;
	pid_t service, innocent;

	NEEDS_GUEST();
	slurp(PID_MAX, old, sizeof(old));
	EXPECT_EQ(store(PID_MAX, "400"), 0);
	service = numbered_service(&s);
	REQUIRE(service > 0);
	innocent = steal_number(&s, service);
	kill(s.pid, SIGTERM);
	kill(s.pid, SIGCONT);
	EXPECT(WIFEXITED(reap(s.pid)));
	if (innocent) {
		if (waitpid(innocent, NULL, WNOHANG) == innocent) {
			tap_note("innocents killed: 1 (number %d)", innocent);
			tap_is_bad = 1;
		} else {
			kill_and_reap(innocent);
		}
	}
	close(s.out);
	store(PID_MAX, old);
}

int main(void)
{
	RUN(what_ends_is_started_again_and_told);
	RUN(a_killed_one_is_told_as_such);
	RUN(stop_stops_both);
	RUN(the_stubborn_go_after_their_grace);
	RUN(a_killed_supervisor_leaves_no_orphan);
	RUN(it_sleeps_while_there_is_nothing_to_do);
	RUN(a_dead_service_is_missed_though_its_number_lives);
	RUN(stop_hits_no_innocent);
	return tap_done();
}
