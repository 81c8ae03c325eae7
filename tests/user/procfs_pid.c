/*
 * procfs_pid: what the files of one process tell of its memory, its sleep, its work, its sockets,
 * and whom.
 */
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tap.h"

#define NOBODY 65534

static char buf[262144], path[128];

static char *of(pid_t pid, const char *name)
{
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp(path, buf, sizeof(buf));
}

/* The number behind key, after the first place where from is found. */
static long number_after(const char *from, const char *key)
{
	char *at = strstr(buf, from);

	at = at ? strstr(at, key) : NULL;
	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

/* ---- Memory */

static void smaps_tell_who_shares_pages(void)
{
	const size_t size = 64 * 4096;
	char *room = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *m = room + 4096, area[32]; /* with nothing to merge with */
	pid_t child;

	mprotect(m, size, PROT_READ | PROT_WRITE);
	memset(m, 1, size);
	snprintf(area, sizeof(area), "%lx-", (long)m);
	of(getpid(), "smaps");
	EXPECT_EQ(number_after(area, "Rss:"), 256);
	EXPECT_EQ(number_after(area, "Private_Dirty:"), 256);
	EXPECT_EQ(number_after(area, "Anonymous:"), 256);
	child = spawn_sleeper();
	of(getpid(), "smaps");
	EXPECT_EQ(number_after(area, "Shared_Dirty:"), 256);
	EXPECT_EQ(number_after(area, "Pss:"), 128);
	EXPECT(strstr(strstr(buf, area), "VmFlags: rd wr ") != NULL);
	kill_and_reap(child);
	of(getpid(), "smaps_rollup");
	EXPECT(strstr(buf, "[rollup]\n") != NULL);
	EXPECT(number_after("", "Rss:") >= 256);
	EXPECT(number_after("", "Pss_Anon:") >= 256);
	munmap(room, size + 8192);
}

static void pagemap_has_a_word_for_each_page(void)
{
	char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry[2] = { 0 };

	REQUIRE(fd >= 0);
	m[0] = 1;
	EXPECT_EQ(pread(fd, entry, 16, (uintptr_t)m / 4096 * 8), 16);
	EXPECT_EQ(entry[0] >> 63, 1);
	EXPECT_EQ(entry[1] >> 63, 0);
	EXPECT_ERR(pread(fd, entry, 15, 0), EINVAL);
	close(fd);
	munmap(m, 8192);
}

static void peak_size_stays(void)
{
	size_t size = 64 << 20;
	char *m = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(m, size);
	of(getpid(), "status");
	EXPECT(number_after("", "VmPeak:") >= number_after("", "VmSize:") + (64 << 10));
	EXPECT(number_after("", "VmPTE:") >= 8);
}

/* ---- Sleep and work */

static void a_sleeper_says_where_it_sleeps(void)
{
	pid_t child = spawn_sleeper();

	EXPECT(eventually(!strncmp(of(child, "syscall"), "34 0x", 5))); /* pause */
	EXPECT(eventually(strcmp(of(child, "wchan"), "0")));
	EXPECT(strlen(of(child, "stack")) > 8);
	EXPECT(!strncmp(buf, "[<0>] ", 6));
	kill_and_reap(child);
	EXPECT(!strcmp(of(getpid(), "wchan"), "0"));
}

static void read_and_write_are_counted(void)
{
	static char data[4096];
	int fd = open("/dev/zero", O_RDWR);
	long rchar, wchar, syscr, syscw;

	of(getpid(), "io");
	rchar = number_after("", "rchar:");
	wchar = number_after("", "wchar:");
	syscr = number_after("", "syscr:");
	syscw = number_after("", "syscw:");
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(read(fd, data, sizeof(data)), sizeof(data));
		EXPECT_EQ(write(fd, data, 1000), 1000);
	}
	of(getpid(), "io");
	EXPECT(number_after("", "rchar:") - rchar >= 8 * 4096);
	EXPECT_EQ(number_after("", "wchar:") - wchar, 8000);
	EXPECT(number_after("", "syscr:") - syscr >= 8);
	EXPECT_EQ(number_after("", "syscw:") - syscw, 8);
	close(fd);
}

static void children_are_listed(void)
{
	pid_t child = spawn_sleeper();
	char want[32];

	snprintf(want, sizeof(want), "%d ", child);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), want));
	kill_and_reap(child);
	EXPECT(!strcmp(slurp(path, buf, sizeof(buf)), ""));
}

static void timer_slack_is_what_was_set(void)
{
	pid_t child;

	EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 12345), 0);
	EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 12345);
	EXPECT(!strcmp(of(getpid(), "timerslack_ns"), "12345\n"));
	child = spawn_sleeper();
	EXPECT_EQ(atol(of(child, "timerslack_ns")), 12345);
	kill_and_reap(child);
	EXPECT_EQ(prctl(PR_SET_TIMERSLACK, 0), 0);
	EXPECT_EQ(prctl(PR_GET_TIMERSLACK), 50000);
}

/* ---- Who may */

static int become_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return -1;
	return prctl(PR_SET_DUMPABLE, 1);
}

static int adjust_as_nobody(void *arg)
{
	const char *file = "/proc/self/oom_score_adj";

	if (store(file, "0") || become_nobody())
		return 1;
	if (store(file, "500") || store(file, "0"))
		return 2;
	if (store(file, "-1") != EACCES)
		return 3;
	if (store(file, "1001") != EINVAL || store("/proc/self/oom_adj", "16") != EINVAL)
		return 4;
	return store("/proc/self/oom_adj", "15") || strcmp(slurp(file, buf, sizeof(buf)), "1000\n")
		       ? 5
		       : 0;
}

static void a_score_can_be_taken_back_but_not_below(void)
{
	if (getuid())
		SKIP("needs root");
	EXPECT_EQ(reap(spawn(adjust_as_nobody, NULL)), 0);
}

static int look_as_nobody(void *arg)
{
	static const char *const refused[] = { "environ",      "auxv",    "maps",    "smaps",
					       "smaps_rollup", "mem",     "io",      "fd",
					       "fdinfo",       "pagemap", "syscall", "stack" };
	static const char *const shown[] = { "stat",   "status", "statm", "cmdline",
					     "limits", "comm",   "sched", "oom_score" };
	pid_t root = getppid();

	if (become_nobody())
		return 1;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", root, refused[i]);
		if (open(path, O_RDONLY) >= 0 || errno != EACCES)
			return 10 + i;
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (!*of(root, shown[i]))
			return 40 + i;
	snprintf(path, sizeof(path), "/proc/%d/exe", root);
	if (readlink(path, buf, sizeof(buf)) >= 0 || errno != EACCES)
		return 2;
	return strcmp(of(root, "wchan"), "0") ? 3 : 0;
}

static void strangers_see_only_what_is_public(void)
{
	if (getuid())
		SKIP("needs root");
	EXPECT_EQ(reap(spawn(look_as_nobody, NULL)), 0);
}

static void what_was_opened_of_the_dead_says_so(void)
{
	static const char *const names[] = { "stat", "status", "limits", "wchan", "oom_score_adj" };
	pid_t child = spawn_sleeper();
	int fds[5], maps;

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", child, names[i]);
		fds[i] = open(path, O_RDONLY);
	}
	snprintf(path, sizeof(path), "/proc/%d/maps", child);
	maps = open(path, O_RDONLY);
	kill(child, SIGKILL);
	wait_zombie(child);
	EXPECT(pread(fds[0], buf, sizeof(buf), 0) > 0);
	EXPECT(strstr(of(child, "stat"), ") Z ") != NULL);
	EXPECT_EQ(strlen(of(child, "cmdline")), 0);
	EXPECT(pread(maps, buf, sizeof(buf), 0) <= 0);
	reap(child);
	for (int i = 0; i < 5; i++) {
		EXPECT_ERR(pread(fds[i], buf, sizeof(buf), 0), ESRCH);
		close(fds[i]);
	}
	close(maps);
}

/* ---- What is mapped, and what of it was used */

static void map_files_lead_to_what_is_mapped(void)
{
	int fd = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat link, file, target;
	char *m, name[64], text[64];
	ssize_t n;

	REQUIRE(fd >= 0 && ftruncate(fd, 8192) == 0);
	m = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	snprintf(name, sizeof(name), "/proc/self/map_files/%lx-%lx", (long)m, (long)m + 8192);
	if (getuid() || (lstat(name, &link) && errno == ENOENT && !in_guest())) {
		unlink("/tmp/mapped");
		SKIP("needs root, and a kernel with map_files");
	}
	EXPECT_EQ(lstat(name, &link), 0);
	EXPECT_EQ(link.st_mode, S_IFLNK | 0600);
	n = readlink(name, text, sizeof(text));
	EXPECT(n == 11 && !memcmp(text, "/tmp/mapped", 11));
	EXPECT_EQ(fstat(fd, &file), 0);
	EXPECT_EQ(stat(name, &target), 0);
	EXPECT_EQ(target.st_ino, file.st_ino);
	unlink("/tmp/mapped"); /* the link still leads to it */
	EXPECT_EQ(stat(name, &target), 0);
	EXPECT_EQ(target.st_ino, file.st_ino);
	munmap(m, 4096);
	EXPECT_ERR(lstat(name, &link), ENOENT);
	EXPECT_ERR(lstat("/proc/self/map_files/0-1000", &link), ENOENT);
	EXPECT_ERR(lstat("/proc/self/map_files/x", &link), ENOENT);
	munmap(m + 4096, 4096);
	close(fd);
}

/* Linux clears the bits without flushing; unmapping much does that. */
static void flush_translations(void)
{
	const size_t size = 256 * 4096;
	char *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(m, 1, size);
	munmap(m, size);
}

static void clear_refs_forgets_what_was_used(void)
{
	const size_t size = 16 * 4096;
	char *room = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *m = room + 4096, area[32];

	mprotect(m, size, PROT_READ | PROT_WRITE);
	memset(m, 1, size);
	snprintf(area, sizeof(area), "%lx-", (long)m);
	of(getpid(), "smaps");
	EXPECT_EQ(number_after(area, "Referenced:"), 64);
	if (store("/proc/self/clear_refs", "1") == ENOENT && !in_guest())
		SKIP("a kernel without clear_refs");
	flush_translations();
	m[0] = m[5 * 4096] = 2;
	of(getpid(), "smaps");
	EXPECT_EQ(number_after(area, "Rss:"), 64);
	EXPECT_EQ(number_after(area, "Referenced:"), 8);
	flush_translations();
	EXPECT_EQ(m[4096], 1);
	EXPECT_EQ(store("/proc/self/clear_refs", "3"), 0); /* pages of files: not these */
	of(getpid(), "smaps");
	EXPECT_EQ(number_after(area, "Referenced:"), 12);
	EXPECT_EQ(store("/proc/self/clear_refs", "2"), 0);
	of(getpid(), "smaps");
	EXPECT_EQ(number_after(area, "Referenced:"), 0);
	EXPECT_EQ(store("/proc/self/clear_refs", "0"), EINVAL);
	EXPECT_EQ(store("/proc/self/clear_refs", "6"), EINVAL);
	if (!getuid()) {
		int fd = open("/proc/self/clear_refs", O_RDWR);

		EXPECT_ERR(read(fd, area, 1), EINVAL);
		close(fd);
	}
	munmap(room, size + 8192);
}

/* ---- Policies, timers, sockets */

static void stat_tells_the_policy(void)
{
	struct sched_param param = { 7 };
	pid_t child = spawn_sleeper();
	char *at;
	int nr = 2;

	if (sched_setscheduler(child, SCHED_FIFO, &param)) {
		kill_and_reap(child);
		SKIP("may not be real-time");
	}
	at = strrchr(of(child, "stat"), ')') + 1;
	for (; *at; at++) {
		nr += *at == ' ';
		if (*at != ' ')
			continue;
		if (nr == 18 || nr == 40 || nr == 41)
			EXPECT_EQ(strtol(at, NULL, 10), nr == 18 ? -8 : nr == 40 ? 7 : SCHED_FIFO);
	}
	EXPECT(nr >= 51);
	kill_and_reap(child);
}

static void timers_are_listed(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	char want[160];
	int id;

	event.sigev_value.sival_ptr = (void *)0x1234;
	REQUIRE(!syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	snprintf(want, sizeof(want),
		 "ID: %d\nsignal: %d/0000000000001234\nnotify: signal/pid.%d\nClockID: 1\n", id,
		 SIGUSR1, getpid());
	if (access("/proc/self/timers", R_OK) == 0 || in_guest())
		EXPECT(!strcmp(of(getpid(), "timers"), want));
	syscall(SYS_timer_delete, id);
	EXPECT_EQ(strlen(of(getpid(), "timers")), 0);
}

/* The line of /proc/net/unix that ends like this: its flags, type and state; false: none. */
static int socket_line(const char *end, unsigned int *flags, unsigned int *type, unsigned int *st)
{
	size_t len = strlen(end);

	for (char *line = strtok(slurp("/proc/net/unix", buf, sizeof(buf)), "\n"); line;
	     line = strtok(NULL, "\n"))
		if (strlen(line) > len && !strcmp(line + strlen(line) - len, end))
			return sscanf(line, "%*x: %*x %*x %x %x %x", flags, type, st) == 3;
	return 0;
}

static void open_sockets_are_listed(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/tmp/listed" };
	struct sockaddr_un hidden = { .sun_family = AF_UNIX, .sun_path = "\0li\0st" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), dgram = socket(AF_UNIX, SOCK_DGRAM, 0);
	unsigned int flags, type, st;
	char end[64];
	struct stat s;
	int pair[2];

	unlink(un.sun_path);
	EXPECT_EQ(bind(listener, (void *)&un, sizeof(un)), 0);
	EXPECT_EQ(fstat(listener, &s), 0);
	snprintf(end, sizeof(end), " %lu /tmp/listed", (long)s.st_ino);
	EXPECT(socket_line(end, &flags, &type, &st) && !flags && type == 1 && st == 1);
	EXPECT_EQ(listen(listener, 1), 0);
	EXPECT(socket_line(end, &flags, &type, &st) && flags == 0x10000 && type == 1 && st == 1);
	EXPECT_EQ(bind(dgram, (void *)&hidden, offsetof(struct sockaddr_un, sun_path) + 6), 0);
	EXPECT(socket_line(" @li@st", &flags, &type, &st) && !flags && type == 2 && st == 1);
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	EXPECT_EQ(fstat(pair[1], &s), 0);
	snprintf(end, sizeof(end), " %lu", (long)s.st_ino);
	EXPECT(socket_line(end, &flags, &type, &st) && !flags && type == 5 && st == 3);
	close(pair[1]);
	EXPECT(!socket_line(end, &flags, &type, &st));
	close(pair[0]);
	close(dgram);
	close(listener);
	EXPECT(!socket_line(" /tmp/listed", &flags, &type, &st));
	unlink(un.sun_path);
}

int main(void)
{
	RUN(smaps_tell_who_shares_pages);
	RUN(pagemap_has_a_word_for_each_page);
	RUN(peak_size_stays);
	RUN(a_sleeper_says_where_it_sleeps);
	RUN(read_and_write_are_counted);
	RUN(children_are_listed);
	RUN(timer_slack_is_what_was_set);
	RUN(a_score_can_be_taken_back_but_not_below);
	RUN(strangers_see_only_what_is_public);
	RUN(map_files_lead_to_what_is_mapped);
	RUN(clear_refs_forgets_what_was_used);
	RUN(stat_tells_the_policy);
	RUN(timers_are_listed);
	RUN(open_sockets_are_listed);
	RUN(what_was_opened_of_the_dead_says_so);
	return tap_done();
}
