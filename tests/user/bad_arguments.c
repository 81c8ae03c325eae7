/*
 * bad_arguments: every system call with every bad argument that its shape in
 * tests/user/shapes.tbl has, the others being good, as an ordinary user and, where
 * that is harmless, as root. What must happen is what Linux did when
 * bad_arguments.expected was recorded (`make record-arguments`); where Pipit means
 * to differ, bad_arguments.exceptions says why.
 *
 * A line of the expectations is one argument of one call:
 *
 *	CALL.N WHO: VALUE,VALUE:RESULT VALUE:RESULT ...
 *
 * WHO is u, r or both; N is 0 for the call with all arguments good; RESULT an errno, a number, "ok" where
 * numbers vary, "+fd" behind it when descriptors are left, "exit", or SIGn. A call
 * that would wait for ever is interrupted: EINTR.
 */
#include <grp.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "arguments.h"

#include "../../build/gen/expected.h"
#include "../../build/gen/shapes.h"

enum { MAX_CASES = 300, WAIT_US = 50000, STUCK_SECONDS = 20 };

static struct result {
	int argument; /* -1: none is bad */
	char value[24], text[24];
} * results; /* shared with the processes that call */
static int *nr_results, is_recording;
static const struct shape *shape;
static char who;

/* --- In the process that calls -------------------------------------------------------- */

static void nothing(int sig)
{
}

static int has(char flag)
{
	return strchr(shape->how, flag) != NULL;
}

static int takes(enum kind kind)
{
	for (int i = 0; i < shape->nr_args; i++)
		if (shape->arg[i].kind == kind)
			return 1;
	return 0;
}

static void interrupt_after(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

/* The lowest free descriptor: another one afterwards means that one was left open. */
static int lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void describe(char *text, size_t size, long got, int error)
{
	const char *name = error < (int)(sizeof(error_names) / sizeof(*error_names))
				   ? error_names[error]
				   : NULL;

	if (got >= 0 || got < -4095)
		snprintf(text, size, has('v') ? "ok" : "%ld", got);
	else if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "E%d", error);
}

/* One call, with argument "which" bad unless that is -1. */
static void call_once(int which, long bad, struct result *r)
{
	int before = lowest_free(), after;
	long a[6] = { 0 }, got, self = syscall(SYS_getpid);

	for (int i = 0; i < shape->nr_args; i++)
		a[i] = i == which ? bad : arg_good(&shape->arg[i], i);
	interrupt_after(WAIT_US);
	errno = 0;
	got = syscall(shape->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (syscall(SYS_getpid) != self)
		_exit(0); /* a child that the call made */
	interrupt_after(0);
	describe(r->text, sizeof(r->text), got, errno);
	if (got == before && !takes(K_num))
		close((int)got);
	after = lowest_free();
	if (after > before)
		strcat(r->text, "+fd");
}

static void run_case(int which, const struct value *v)
{
	struct result *r = &results[*nr_results];

	r->argument = which;
	snprintf(r->value, sizeof(r->value), "%s", v->name);
	snprintf(r->text, sizeof(r->text), "?");
	/* What failed has changed nothing. */
	if (has('w') && *nr_results && r[-1].text[0] != 'E')
		world_renew();
	if (takes(K_fd))
		world_rewind();
	if (!has('o')) {
		call_once(which, v->value, r);
	} else {
		fflush(stdout);
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			call_once(which, v->value, r);
			_exit(0);
		}
		status = reap(pid);
		if (!strcmp(r->text, "?") && WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM)
			snprintf(r->text, sizeof(r->text), "SIG%d", WTERMSIG(status));
		else if (!strcmp(r->text, "?"))
			snprintf(r->text, sizeof(r->text), "exit");
	}
	++*nr_results;
}

static void limit(int what, rlim_t value)
{
	setrlimit(what, &(struct rlimit){ value, value });
}

static void become(char user)
{
	struct sigaction action = { .sa_handler = nothing };
	int fd = open("/dev/null", O_RDWR);

	dup2(fd, 0);
	limit(RLIMIT_NOFILE, MAX_FDS);
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_MEMLOCK, 65536);
	limit(RLIMIT_NICE, 0);
	limit(RLIMIT_RTPRIO, 0);
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGVTALRM, &action,
		  NULL); /* of timers that a call has set: where time is slow, */
	sigaction(SIGPROF, &action, NULL); /* they go off before its result is written down */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setpgid(0, 0);
	if (setgroups(0, NULL) < 0)
		_exit(1);
	if (user == 'u' &&
	    (setgid(ORDINARY_USER) < 0 || setuid(ORDINARY_USER) < 0 || geteuid() == 0))
		_exit(1);
	setpgid(0, 0);
}

/* All cases from number "first" on. */
static int calls(void *first)
{
	struct value v = { "good", 0 };
	char event[64] = { [12] = 1 }; /* SIGEV_NONE */
	int number = 0;

	become(who);
	if (world_make("w") < 0)
		_exit(2);
	if (takes(K_pid))
		world_child = spawn_sleeper();
	if (takes(K_timer))
		syscall(SYS_timer_create, 1, event, &world_timer);
	if (number++ >= (long)first)
		run_case(-1, &v);
	for (int i = 0; i < shape->nr_args; i++)
		for (int n = 0; shape->arg[i].kind != K_val && arg_bad(&shape->arg[i], i, n, &v);
		     n++)
			if (number++ >= (long)first)
				run_case(i, &v);
	kill_and_reap(world_child);
	return 0;
}

/* --- The parent ----------------------------------------------------------------------- */

static volatile sig_atomic_t caller;

static void give_up(int sig)
{
	if (caller > 1) {
		kill(-caller, SIGKILL);
		kill(caller, SIGKILL);
	}
}

/* Fills results with all cases of the call. False: the caller could not begin. */
static int run_shape(void)
{
	int first = 0, status;

	memset(results, 0, MAX_CASES * sizeof(*results));
	for (*nr_results = 0;; first = *nr_results) {
		caller = spawn(calls, (void *)(long)first);
		if (caller < 0)
			return 0;
		alarm(STUCK_SECONDS);
		wait_zombie(caller);
		alarm(0);
		kill(-caller,
		     SIGKILL); /* what the calls left behind, while the number is its own */
		status = reap(caller);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		world_remove("w");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return 1;
		if (first == *nr_results && strcmp(results[first].text, "?"))
			return 0;
		/* The call ended its process. */
		if (WIFEXITED(status))
			strcpy(results[*nr_results].text, "exit");
		else
			snprintf(results[*nr_results].text, sizeof(results->text), "SIG%d",
				 WTERMSIG(status));
		++*nr_results;
	}
}

/* The lines of one call; those of root's that are the same as the user's are one with them. */
static char line_of_user[7][4000], line_of_root[7][4000];

static void record_results(void)
{
	for (int i = 0, next; i < *nr_results; i = next) {
		char *line = (who == 'u' ? line_of_user : line_of_root)[results[i].argument + 1],
		     *at = line;

		for (next = i; next < *nr_results && results[next].argument == results[i].argument;
		     next++) {
			const struct result *r = &results[next];
			int goes_on = r[1].argument == r->argument && !strcmp(r[1].text, r->text);

			at += sprintf(at, "%s%s", r->value, goes_on ? "," : ":");
			if (!goes_on)
				at += sprintf(at, "%s ", r->text);
		}
		at[-1] = '\0';
	}
}

static void print_recording(void)
{
	for (int i = 0; i < 7; i++) {
		char *user = line_of_user[i], *root = line_of_root[i];

		if (*user && !strcmp(user, root))
			printf("%s.%d ur: %s\n", shape->name, i, user);
		else if (*user)
			printf("%s.%d u: %s\n", shape->name, i, user);
		if (*root && strcmp(user, root))
			printf("%s.%d r: %s\n", shape->name, i, root);
		*user = *root = '\0';
	}
}

/* Copies what the expectations have for this value; false: nothing. */
static int expected_of(const char *line, const char *value, char *text, size_t size)
{
	size_t len = strlen(value);

	for (const char *at = line; at && *at; at = strpbrk(at, " ,")) {
		at += at != line;
		if (strncmp(at, value, len) || (at[len] != ',' && at[len] != ':'))
			continue;
		at = strchr(at, ':');
		if (!at)
			return 0;
		snprintf(text, size, "%.*s", (int)strcspn(at + 1, " "), at + 1);
		return 1;
	}
	return 0;
}

static char exception_used[512];

/* "pattern" may end in "*". */
static int matches(const char *pattern, size_t len, const char *text)
{
	if (len && pattern[len - 1] == '*')
		return !strncmp(pattern, text, len - 1);
	return strlen(text) == len && !strncmp(pattern, text, len);
}

/* CALL.N VALUE RESULT reason...; returns the reason, or NULL. */
static const char *exception_for(const char *argument, const struct result *r)
{
	for (int i = 0; exceptions[i]; i++) {
		const char *field[4] = { exceptions[i] };

		for (int k = 1; k < 4; k++) {
			field[k] = field[k - 1] + strcspn(field[k - 1], " ");
			field[k] += strspn(field[k], " ");
		}
		if (matches(field[0], strcspn(field[0], " "), argument) &&
		    matches(field[1], strcspn(field[1], " "), r->value) &&
		    matches(field[2], strcspn(field[2], " "), r->text)) {
			exception_used[i] = 1;
			return field[3];
		}
	}
	return NULL;
}

/* What is expected of this argument of the call, from the first value on; NULL: nothing. */
static const char *expectation(const char *argument)
{
	size_t len = strlen(argument);

	for (int i = 0; expected[i]; i++) {
		const char *text = strchr(expected[i], ':');

		if (!strncmp(expected[i], argument, len) && expected[i][len] == ' ' &&
		    memchr(expected[i] + len, who, text - expected[i] - len))
			return text + 2;
	}
	return NULL;
}

static void compare_result(const char *argument, const char *line, const struct result *r)
{
	char want[24] = "nothing recorded";
	const char *reason;

	if (line)
		expected_of(line, r->value, want, sizeof(want));
	/* A call that the recording Linux did not have yet may answer as it likes. */
	if (!strcmp(want, r->text) || !strcmp(want, "ENOSYS") ||
	    (getenv("PIDFS") && !strcmp(r->value, "pidfd")))
		return;
	reason = in_guest() ? exception_for(argument, r) : NULL;
	printf("# %s%s as %c, %s: %s, Linux %s%s%s\n", reason ? "" : "DIFFERS ", argument, who,
	       r->value, r->text, want, reason ? ": " : "", reason ? reason : "");
	tap_is_bad |= !reason;
}

static void compare_results(void)
{
	const char *line = NULL;
	char argument[64];

	for (int i = 0; i < *nr_results; i++) {
		if (!i || results[i].argument != results[i - 1].argument) {
			snprintf(argument, sizeof(argument), "%s.%d", shape->name,
				 results[i].argument + 1);
			line = expectation(argument);
		}
		compare_result(argument, line, &results[i]);
	}
}

/* Without pidfs, PIDFD_GET_INFO is not there, and pidfds share one inode and its locks. */
static int is_left_out(void)
{
	return getenv("PIDFS") &&
	       (!strncmp(shape->name, "ioctl/PIDFD", 11) || !strcmp(shape->name, "flock"));
}

static void check_call(void)
{
	if (is_left_out())
		SKIP("needs pidfs");
	for (const char *w = "ur"; *w; w++) {
		who = *w;
		if (!has(who))
			continue;
		if (!run_shape()) {
			tap_note("%s: no world to call in", shape->name);
			tap_is_bad = 1;
		} else if (is_recording) {
			record_results();
		} else {
			compare_results();
		}
	}
}

static void every_exception_is_needed(void)
{
	if (!in_guest() || getenv("ONLY") || getenv("PIDFS"))
		SKIP("only in a full run of the guest");
	for (int i = 0; exceptions[i]; i++)
		if (!exception_used[i]) {
			tap_note("does not differ: %s", exceptions[i]);
			tap_is_bad = 1;
		}
}

static long objects_before;

static void nothing_is_left_in_the_kernel(void)
{
	if (!in_guest())
		SKIP("guest only");
	EXPECT(eventually(world_objects() <= objects_before));
}

int main(int argc, char **argv)
{
	char dir[64], release[16] = "";
	struct utsname name;
	const char *only = getenv("ONLY");

	is_recording = argc > 1 && !strcmp(argv[1], "--record");
	uname(&name);
	snprintf(release, sizeof(release), "%.*s", (int)strspn(name.release, "0123456789."),
		 name.release);
	*strrchr(release, '.') = '\0';
	if (geteuid() != 0 ||
	    (!is_recording && !in_guest() && (!expected[0] || strcmp(expected[0], release)))) {
		printf("1..0 # SKIP needs root, and the Linux of the recording\n");
		return 0;
	}
	if (is_recording)
		printf("%s\n", release);
	results = mmap(NULL, (MAX_CASES + 1) * sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	nr_results = (int *)&results[MAX_CASES];
	snprintf(dir, sizeof(dir), "%s/arguments-%d", world_root(), getpid());
	if (mkdir(dir, 0777) < 0 || chmod(dir, 0777) < 0 || chdir(dir) < 0)
		return 1;
	signal(SIGALRM, give_up);
	objects_before = in_guest() ? (world_objects(), world_objects()) : 0;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		shape = &shapes[i];
		if (only && strncmp(shape->name, only, strlen(only)))
			continue;
		if (is_recording) {
			check_call();
			print_recording();
		} else
			tap_run(shape->name, check_call);
	}
	if (chdir("/") == 0)
		rmdir(dir);
	if (is_recording)
		return 0;
	RUN(every_exception_is_needed);
	RUN(nothing_is_left_in_the_kernel);
	return tap_done();
}
