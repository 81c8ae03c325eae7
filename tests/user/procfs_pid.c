/*
 * procfs_pid: what the files of one process tell of its memory, its sleep, its work, and whom.
 */
#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

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
	RUN(what_was_opened_of_the_dead_says_so);
	return tap_done();
}
