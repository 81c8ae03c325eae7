/*
 * trace COMMAND...          the system calls of a command and of what it starts
 * trace -g COMMAND...       the functions of the kernel that each of them goes through
 * trace -j FILE COMMAND...  the same for a trace viewer: Chrome's JSON, with an arrow from each
 *                           wake-up to what the woken thread does next
 *
 * Needs a kernel with hooks in its functions: make run CONFIG=trace. The kernel's record is
 * /proc/trace; names of functions come from /proc/kallsyms.
 */
#include <inttypes.h>

#include "pidtool.h"

enum { ENTER, EXIT, WAKE, ARGS, RESULT, FORK }; /* as kernel/sched/trace.h has them */

struct event {
	uint64_t ns, what, more;
	uint32_t tid;
	uint16_t cpu, kind;
};

struct symbol {
	uint64_t address;
	char name[40];
};

enum { MAX_EVENTS = 1 << 17, MAX_SYMBOLS = 1 << 14, MAX_TIDS = 512, MAX_DEPTH = 64 };

static struct event events[MAX_EVENTS];
static struct symbol symbols[MAX_SYMBOLS];
static int nr_events, nr_symbols;

/* ---- names */

static void read_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[200];

	while (file && nr_symbols < MAX_SYMBOLS && fgets(line, sizeof(line), file)) {
		struct symbol *s = &symbols[nr_symbols];
		char *end;

		s->address = strtoull(line, &end, 16);
		if (s->address && strlen(end) > 3) {
			snprintf(s->name, sizeof(s->name), "%.*s", (int)strcspn(end + 3, "\t\n"),
				 end + 3);
			nr_symbols++;
		}
	}
	if (file)
		fclose(file);
}

/* The symbols are in rising order. */
static const char *name_of(uint64_t address)
{
	int low = 0, high = nr_symbols;

	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return nr_symbols ? symbols[low].name : "?";
}

/* Which part of the kernel a function is of, by the first word of its name. */
static const char *layer_of(const char *name)
{
	static const char *const layers[][2] = {
		{ "sys_", "system call" }, { "pidfs_", "pidfs" },    { "pidfd_", "pidfs" },
		{ "libfs_", "vfs" },       { "inode_", "vfs" },      { "dentry_", "vfs" },
		{ "file_", "vfs" },        { "fd_", "vfs" },         { "path_", "vfs" },
		{ "poll", "vfs" },         { "pid_", "identity" },   { "pidns_", "identity" },
		{ "cred_", "identity" },   { "signal_", "process" }, { "task_", "process" },
		{ "fork_", "process" },    { "exit_", "process" },   { "exec_", "process" },
		{ "wait_", "process" },
	};

	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++)
		if (!strncmp(name, layers[i][0], strlen(layers[i][0])))
			return layers[i][1];
	return "kernel";
}

/* ---- what each thread is doing, by its number */

struct thread_state {
	uint32_t tid;
	int depth;
	uint64_t entered[MAX_DEPTH], call, args[6];
	int nr_args;
};

static struct thread_state *state_of_tid(uint32_t tid)
{
	static struct thread_state states[MAX_TIDS];
	int i = 0;

	while (i < MAX_TIDS - 1 && states[i].tid && states[i].tid != tid)
		i++;
	states[i].tid = tid;
	return &states[i];
}

static int is_call(const struct event *e)
{
	return e->kind == ENTER && !strncmp(name_of(e->what), "sys_", 4);
}

/* ---- the three forms */

#define END "sys_exit_group" /* has no result */

static void print_start(const struct thread_state *t)
{
	printf("%5u  %s(", t->tid, name_of(t->call) + 4);
	for (int i = 0; i < 6; i++)
		printf(t->args[i] < 4096 ? "%s%" PRIu64 : "%s%#" PRIx64, i ? ", " : "", t->args[i]);
}

static void print_call(const struct thread_state *t, const struct event *end)
{
	int64_t result = (int64_t)end->what;

	print_start(t);
	if (result <= -512 && result >= -516)
		printf(") = ? interrupted");
	else if (result < 0 && result > -4096)
		printf(") = -1 %s", strerror((int)-result));
	else
		printf(result < 4096 ? ") = %" PRIi64 : ") = %#" PRIx64, result);
	printf("  <%" PRIu64 ".%" PRIu64 " us>\n", (end->ns - t->entered[0]) / 1000,
	       (end->ns - t->entered[0]) / 100 % 10);
}

/* Keeps t up to date; true: e ends a system call. */
static int follow(struct thread_state *t, const struct event *e)
{
	if (e->kind == ENTER) {
		if (!t->depth) {
			t->entered[0] = e->ns;
			t->call = is_call(e) ? e->what : 0;
			t->nr_args = 0;
		} else if (t->depth < MAX_DEPTH) {
			t->entered[t->depth] = e->ns;
		}
		t->depth++;
	} else if (e->kind == ARGS && t->nr_args < 6) {
		t->args[t->nr_args++] = e->what;
		t->args[t->nr_args++] = e->more;
	} else if (e->kind == EXIT && t->depth) {
		t->depth--;
	} else if (e->kind == RESULT) {
		t->depth = 0;
		return t->call != 0;
	}
	return 0;
}

static void print_calls(void)
{
	for (int i = 0; i < nr_events; i++) {
		struct thread_state *t = state_of_tid(events[i].tid);

		if (t->depth > 0 && events[i].kind == ENTER && !strcmp(name_of(t->call), END)) {
			print_start(t);
			puts(") = ?");
			t->call = 0;
		}
		if (follow(t, &events[i]))
			print_call(t, &events[i]);
	}
}

static void print_graph(void)
{
	printf("# CPU   TID     TIME us  FUNCTION\n");
	for (int i = 0; i < nr_events; i++) {
		const struct event *e = &events[i];
		struct thread_state *t = state_of_tid(e->tid);
		int depth = t->depth;
		double us;

		follow(t, e);
		if (e->kind == EXIT && t->depth < MAX_DEPTH) {
			us = (double)(e->ns - t->entered[t->depth]) / 1000;
			if (events[i - 1].kind == ENTER && events[i - 1].what == e->what)
				printf("%5u %5u %11.1f  %*s%s();\n", e->cpu, e->tid, us,
				       2 * t->depth, "", name_of(e->what));
			else
				printf("%5u %5u %11.1f  %*s}\n", e->cpu, e->tid, us, 2 * t->depth,
				       "");
		} else if (e->kind == ENTER && !(i + 1 < nr_events && events[i + 1].kind == EXIT &&
						 events[i + 1].tid == e->tid)) {
			const char *name = name_of(e->what);

			printf("%5u %5u %11s  %*s%s() { %*s/* %s */\n", e->cpu, e->tid, "",
			       2 * depth, "", name,
			       (int)(40 - 2 * depth - strlen(name) > 0
					     ? 40 - 2 * depth - (int)strlen(name)
					     : 1),
			       "", layer_of(name));
		} else if (e->kind == WAKE || e->kind == FORK) {
			printf("%5u %5u %11s  %*s--> %s thread %" PRIu64 "\n", e->cpu, e->tid, "",
			       2 * depth, "", e->kind == WAKE ? "wakes" : "makes", e->what);
		}
	}
}

/* Chrome's trace format: B and E nest, s and f are the ends of an arrow. */
static int write_json(const char *path)
{
	FILE *out = fopen(path, "w");
	const char *comma = "";

	if (!out)
		return 0;
	fprintf(out, "{\"traceEvents\":[");
	for (int i = 0; i < nr_events; i++) {
		const struct event *e = &events[i];
		struct thread_state *t = state_of_tid(e->tid);
		const char *name = name_of(e->what);
		int open = t->depth;
		double us = (double)e->ns / 1000;

		follow(t, e);
		if (e->kind == ENTER) {
			fprintf(out,
				"%s\n{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"B\",\"ts\":%.3f,"
				"\"pid\":1,\"tid\":%u}",
				comma, name, layer_of(name), us, e->tid);
		} else if (e->kind == EXIT || e->kind == RESULT) {
			for (; open > t->depth; open--, comma = ",")
				fprintf(out, "%s\n{\"ph\":\"E\",\"ts\":%.3f,\"pid\":1,\"tid\":%u}",
					comma, us, e->tid);
		} else if (e->kind == WAKE || e->kind == FORK) {
			int to = i + 1;

			while (to < nr_events &&
			       (events[to].tid != e->what ||
				(events[to].kind != ENTER && events[to].kind != EXIT)))
				to++;
			if (to == nr_events)
				continue;
			fprintf(out,
				"%s\n{\"name\":\"%s\",\"cat\":\"wake\",\"ph\":\"s\",\"id\":%d,"
				"\"ts\":%.3f,\"pid\":1,\"tid\":%u},\n{\"name\":\"%s\","
				"\"cat\":\"wake\",\"ph\":\"f\",\"bp\":\"e\",\"id\":%d,\"ts\":%.3f,"
				"\"pid\":1,\"tid\":%u}",
				comma, e->kind == WAKE ? "wakes" : "makes", i, us, e->tid,
				e->kind == WAKE ? "wakes" : "makes", i,
				(double)events[to].ns / 1000, events[to].tid);
		} else {
			continue;
		}
		comma = ",";
	}
	fprintf(out, "\n]}\n");
	return !fclose(out);
}

/* ---- running it */

static int write_trace(const char *what)
{
	int fd = open("/proc/trace", O_WRONLY | O_CLOEXEC), ok;

	ok = fd >= 0 && write(fd, what, 1) == 1;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void run(char **argv)
{
	if (!write_trace("1")) {
		fprintf(stderr, "/proc/trace: %s (make run CONFIG=trace)\n", strerror(errno));
		_exit(126);
	}
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int read_events(void)
{
	int fd = open("/proc/trace", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < sizeof(events) &&
	       (n = read(fd, (char *)events + len, sizeof(events) - len)) > 0)
		len += n;
	if (fd >= 0)
		close(fd);
	nr_events = (int)(len / sizeof(*events));
	return fd >= 0;
}

int main(int argc, char **argv)
{
	int is_graph = argc > 2 && !strcmp(argv[1], "-g");
	int is_json = argc > 3 && !strcmp(argv[1], "-j"), status;
	int at = 1 + is_graph + 2 * is_json;
	pid_t pid;

	if (at >= argc || (argv[at][0] == '-' && at == 1)) {
		fprintf(stderr, "usage: trace [-g | -j FILE] COMMAND...\n");
		return 2;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run(argv + at);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	write_trace("0");
	if (pid < 0 || !read_events())
		return 1;
	read_symbols();
	if (is_json)
		return write_json(argv[2]) ? 0 : 1;
	if (is_graph)
		print_graph();
	else
		print_calls();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
