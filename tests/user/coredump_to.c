/*
 * coredump_to: where dumps go: names made of a pattern, helpers; who may be dumped there; and what goes
 * wrong on the way.
 *
 * In the guest only: core_pattern is the whole system's. As "coredump_to helper HOW FILE ..." it is the
 * helper.
 */
#include <pthread.h>

#include "cores.h"
#include "namespaces.h"

#define USES_PID   "/proc/sys/kernel/core_uses_pid"
#define PIPE_LIMIT "/proc/sys/kernel/core_pipe_limit"
#define SUID       "/proc/sys/fs/suid_dumpable"
#define SELF       "/tmp/coredump-helper"
#define REPORT     "/tmp/coredump-report"

static char here[512], text[8192];

/* ---- the helper */

static void report_pidfd(FILE *out)
{
	struct full_info info;

	if (info_of(3, 0xff, &info))
		fprintf(out, "pidfd errno=%d\n", errno);
	else
		fprintf(out, "pidfd mask=0x%llx pid=%d dump=%d signal=%d code=%d fl=0%o fd=%d\n",
			(unsigned long long)info.v0.mask, info.v0.pid, info.dump_mask,
			info.dump_signal, info.dump_code, fcntl(3, F_GETFL), fcntl(3, F_GETFD));
}

static int helper_reports(int argc, char **argv)
{
	int is_any_open = fcntl(1, F_GETFD) >= 0 || fcntl(2, F_GETFD) >= 0;
	FILE *out = fopen(REPORT ".new", "w");
	char head[64] = "", cwd[64] = "";
	struct stat st = { 0 };

	if (!out)
		return 1;
	fstat(0, &st);
	fprintf(out, "uid=%d cwd=%s env=%s fifo=%d open=%d\n", getuid(),
		getcwd(cwd, sizeof(cwd)) ? cwd : "?", environ[0] ? environ[0] : "none",
		S_ISFIFO(st.st_mode), is_any_open);
	report_pidfd(out);
	for (int i = 3; i < argc; i++)
		fprintf(out, "arg=<%s>\n", argv[i]);
	fprintf(out, "bytes=%zu", read_all(0, head, sizeof(head)));
	fprintf(out, " elf=%d\n", !memcmp(head, "\177ELF", 4) && head[16] == CORE_TYPE);
	report_pidfd(out);
	fclose(out);
	rename(REPORT ".new", REPORT);
	return 0;
}

static int helper(int argc, char **argv)
{
	const char *how = argv[2];

	if (!strcmp(how, "report"))
		return helper_reports(argc, argv);
	if (!strcmp(how, "crash"))
		return child_faults(NULL);
	snprintf(text, sizeof(text), "%d", getpid());
	close(open(REPORT ".new", O_CREAT | O_WRONLY, 0644));
	store(REPORT ".new", text);
	rename(REPORT ".new", REPORT);
	if (!strcmp(how, "never"))
		return child_pauses(NULL);
	if (!strcmp(how, "wait")) {
		read_all(0, text, sizeof(text));
		sleep_ms(200);
		unlink(REPORT);
		return 0;
	}
	return 0; /* early */
}

static int set_pattern(const char *pattern)
{
	unlink(REPORT);
	return store(CORE_PATTERN, pattern);
}

static char *reported(void)
{
	if (!eventually(access(REPORT, F_OK) == 0))
		tap_note("no report");
	return slurp(REPORT, text, sizeof(text));
}

/* ---- patterns */

static void the_pattern_can_be_changed(void)
{
	char longest[256];

	GUEST();
	EXPECT_EQ(set_pattern("some.%p\n"), 0);
	EXPECT(!strcmp(slurp(CORE_PATTERN, text, sizeof(text)), "some.%p\n"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	EXPECT_EQ(set_pattern(longest), 0);
	EXPECT_EQ(strlen(slurp(CORE_PATTERN, text, sizeof(text))), 128); /* with the newline */
	EXPECT_EQ(set_pattern("@relative"), EINVAL);
	EXPECT_EQ(set_pattern("@/a/../b"), EINVAL);
	EXPECT_EQ(set_pattern("@/a/.."), EINVAL);
	EXPECT_EQ(set_pattern("@@x"), EINVAL);
	EXPECT_EQ(strlen(slurp(CORE_PATTERN, text, sizeof(text))), 128);
	EXPECT_EQ(set_pattern("@/a/..b"), 0);
}

static int child_renamed(void *arg)
{
	set_core_limit(123456);
	prctl(PR_SET_NAME, arg);
	return child_faults(NULL);
}

static void expect_name(const char *pattern, const char *wanted, pid_t pid)
{
	char name[512];

	snprintf(name, sizeof(name), wanted, pid, pid);
	EXPECT_EQ(access(name, F_OK), 0);
	if (access(name, F_OK))
		tap_note("%s made no %s", pattern, name);
	unlink(name);
}

static void letters_become_names(void)
{
	static const char *const cases[][3] = {
		{ "c.%p", "c.%d", "x" },
		{ "c.%i.%I.%%", "c.%d.%d.%%", "x" },
		{ "c%Z%", "c", "x" },
		{ "c.%u.%g.%s.%d.%c", "c.0.0.11.1.123456", "x" },
		{ "%e", "a!b", "a/b" },
		{ "%e", "!.", ".." },
		{ "%e", "!", "" },
		{ "%e.%F", "three words.", "three words" },
		{ "c%h%f", "cpipitcoredump_to", "x" },
		{ "d/c", "d/c", "x" },
	};
	struct utsname name;
	pid_t pid;

	GUEST();
	mkdir("d", 0755);
	uname(&name);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strstr(cases[i][0], "%h") && strcmp(name.nodename, "pipit"))
			continue;
		set_pattern(cases[i][0]);
		pid = spawn(child_renamed, (void *)cases[i][2]);
		EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
		expect_name(cases[i][0], cases[i][1], pid);
	}
	rmdir("d");
	set_pattern("c%t");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV | 0x80);
	snprintf(text, sizeof(text), "test -f c%.6lld*", (long long)time(NULL) / 10000);
	EXPECT_EQ(system(text), 0);
	EXPECT_EQ(system("rm c1*"), 0);
	set_pattern("%E");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV | 0x80);
	for (char *p = strcpy(text, here); *p; p++)
		*p = *p == '/' ? '!' : *p;
	EXPECT_EQ(unlink(text), 0);
}

static void the_number_may_be_appended(void)
{
	pid_t pid;

	GUEST();
	set_pattern("c");
	store(USES_PID, "1");
	pid = spawn(child_faults, NULL);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	expect_name("c", "c.%d", pid);
	set_pattern("c-%p");
	pid = spawn(child_faults, NULL);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	expect_name("c-%p", "c-%d", pid);
	store(USES_PID, "0");
	set_pattern("");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV); /* no name */
}

static int child_in_pidns(void *arg)
{
	pid_t pid = spawn(child_faults, NULL);

	return pid == 2 && reap(pid) == (SIGSEGV | 0x80) ? 0 : 1;
}

static void namespaces_have_their_own_numbers(void)
{
	GUEST();
	set_pattern("c.%p.%i");
	EXPECT_EQ(run_in(CLONE_NEWPID, child_in_pidns, NULL), 0);
	EXPECT_EQ(unlink("c.2.2"), 0);
	set_pattern("c.%P.%I");
	EXPECT_EQ(run_in(CLONE_NEWPID, child_in_pidns, NULL), 0);
	EXPECT_ERR(unlink("c.2.2"), ENOENT);
	EXPECT_EQ(system("rm c.*"), 0);
}

/* ---- root's dumps */

static int child_changes_ids(void *arg)
{
	return setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000) ? 1 : child_faults(NULL);
}

static int child_changes_and_pauses(void *arg)
{
	if (setresuid(1000, 1000, 1000) || write(*(int *)arg, "x", 1) != 1)
		return 1;
	return child_pauses(NULL);
}

/* What its pidfd says of such a process before it crashes. */
static int dump_mask_after_change(void)
{
	struct full_info info;
	int ends[2], fd;
	pid_t pid;
	char c;

	if (pipe(ends))
		return -1;
	pid = spawn(child_changes_and_pauses, &ends[1]);
	fd = pidfd_open_(pid, 0);
	EXPECT_EQ(read(ends[0], &c, 1), 1);
	EXPECT_EQ(info_of(fd, INFO_DUMP, &info), 0);
	kill_and_reap(pid);
	close(fd);
	close(ends[0]);
	close(ends[1]);
	return info.dump_mask;
}

static void changed_ids_dump_as_root(void)
{
	struct stat st;

	GUEST();
	chmod(".", 0777);
	EXPECT_EQ(store(SUID, "3"), EINVAL);
	EXPECT_EQ(store(SUID, "2"), 0);
	set_pattern("core");
	EXPECT_EQ(crash(child_changes_ids, NULL), SIGSEGV); /* not by a relative name */
	snprintf(text, sizeof(text), "%s/core", core_dir);
	set_pattern(text);
	EXPECT_EQ(crash(child_changes_ids, NULL), SIGSEGV | 0x80);
	EXPECT_EQ(stat("core", &st), 0);
	EXPECT_EQ(st.st_uid, 0);
	EXPECT_EQ(st.st_mode, S_IFREG | 0600);
	EXPECT_EQ(reap(spawn(child_changes_ids, NULL)), SIGSEGV); /* nor over another */
	unlink("core");
	EXPECT(!has_pidfs() || dump_mask_after_change() == DUMP_BY_ROOT);
	EXPECT_EQ(store(SUID, "1"), 0);
	EXPECT(!has_pidfs() || dump_mask_after_change() == DUMP_BY_USER);
	EXPECT_EQ(crash(child_changes_ids, NULL), SIGSEGV | 0x80);
	EXPECT_EQ(stat("core", &st), 0);
	EXPECT_EQ(st.st_uid, 1000);
	unlink("core");
	EXPECT_EQ(store(SUID, "0"), 0);
	EXPECT(!has_pidfs() || dump_mask_after_change() == DUMP_SKIP);
	chmod(".", 0700);
}

/* ---- helpers */

static void a_helper_gets_the_dump(void)
{
	char wanted[128];
	int status;
	pid_t pid;

	GUEST();
	set_core_limit(0); /* does not matter */
	EXPECT_EQ(set_pattern("|" SELF "  helper report  %p %s %e.%% %Z end"), 0);
	pid = spawn(child_renamed, "two words");
	status = reap(pid);
	EXPECT_EQ(status, SIGSEGV | 0x80);
	reported();
	EXPECT(strstr(text, "uid=0 cwd=/ env=none fifo=1 open=0\n") != NULL);
	snprintf(wanted, sizeof(wanted),
		 "arg=<%d>\narg=<11>\narg=<two words.%%>\narg=<>\narg=<end>\n", pid);
	EXPECT(strstr(text, wanted) != NULL);
	EXPECT(strstr(text, " elf=1\n") != NULL);
	EXPECT(strstr(text, "pidfd errno=9\n") != NULL);
	if (tap_is_bad)
		printf("# %s\n", text);
	set_core_limit(RLIM_INFINITY);
}

static void a_helper_gets_a_pidfd(void)
{
	struct full_info info;
	char wanted[128], *second;
	pid_t pid;
	int fd;

	GUEST();
	if (!has_pidfs())
		SKIP("no PIDFD_GET_INFO");
	EXPECT_EQ(set_pattern("|" SELF " helper report %F"), 0);
	pid = spawn(child_faults, NULL);
	fd = pidfd_open_(pid, 0);
	wait_zombie(pid);
	EXPECT_EQ(info_of(fd, INFO_DUMP | INFO_EXIT, &info), 0);
	EXPECT_EQ(info.v0.mask, 0xd3);
	EXPECT_EQ(info.dump_mask, DUMPED | DUMP_BY_USER);
	EXPECT_EQ(info.dump_signal, SIGSEGV);
	EXPECT_EQ(info.dump_code, SEGV_MAPERR);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	EXPECT_EQ(info_of(fd, INFO_DUMP | INFO_EXIT, &info), 0);
	EXPECT_EQ(info.v0.mask, 0xd8);
	EXPECT_EQ(info.dump_mask, DUMPED | DUMP_BY_USER);
	EXPECT_EQ(info.v0.exit_code, SIGSEGV | 0x80);
	EXPECT_ERR(info_of(fd, INFO_DUMP, &info), ESRCH);
	close(fd);
	reported();
	EXPECT(strstr(text, "arg=<3>\n") != NULL);
	snprintf(wanted, sizeof(wanted), "pid=%d dump=5 signal=11 code=1 fl=02 fd=0\n", pid);
	EXPECT(strstr(text, wanted) != NULL); /* at the beginning, the process still there */
	second = strstr(text, " elf=1\n");
	EXPECT(second && strstr(second, "dump=5 signal=11 code=1 fl=02 fd=0\n"));
	if (tap_is_bad)
		printf("# %s\n", text);
}

static void helpers_that_cannot_run_are_no_dump(void)
{
	GUEST();
	set_pattern("|/nowhere/at/all %p");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV);
	set_pattern("|/proc/version");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV);
	set_pattern("|");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV);
}

static void a_helper_may_stop_reading(void)
{
	GUEST();
	set_pattern("|" SELF " helper early");
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(crash(child_is_large, NULL), SIGSEGV | 0x80);
	set_pattern("|/bin/true");
	EXPECT_EQ(crash(child_is_large, NULL) & 0x7f, SIGSEGV);
}

static int helper_pid(void)
{
	return atoi(reported());
}

/* The helper sleeps; the process waits for it, till either is killed. */
static void a_helper_may_never_read(void)
{
	char file[64];
	pid_t pid;

	GUEST();
	set_pattern("|" SELF " helper never");
	pid = spawn(child_is_large, NULL);
	EXPECT(kill(helper_pid(), 0) == 0);
	snprintf(file, sizeof(file), "/proc/%d/status", pid);
	EXPECT_EQ(file_number(file, "CoreDumping:"), 1);
	EXPECT_EQ(kill(pid, SIGTERM), 0); /* nothing but SIGKILL counts */
	EXPECT_EQ(kill(pid, SIGSTOP), 0);
	sleep_ms(50);
	EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
	EXPECT_EQ(kill(helper_pid(), SIGKILL), 0);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	set_pattern("|" SELF " helper never");
	pid = spawn(child_is_large, NULL);
	helper_pid();
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(reap(pid), SIGKILL);
	EXPECT_EQ(kill(helper_pid(), SIGKILL), 0);
}

static void *thread_pauses(void *arg)
{
	pthread_barrier_wait(arg);
	return (void *)(long)child_pauses(NULL);
}

static int child_with_many_threads(void *arg)
{
	pthread_barrier_t barrier;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 101);
	for (int i = 0; i < 100; i++)
		if (pthread_create(&thread, NULL, thread_pauses, &barrier))
			return 1;
	pthread_barrier_wait(&barrier);
	return child_is_large(NULL);
}

static void a_dump_of_many_threads_can_be_killed(void)
{
	pid_t pid;

	GUEST();
	set_pattern("|" SELF " helper never");
	pid = spawn(child_with_many_threads, NULL);
	helper_pid();
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(reap(pid), SIGKILL);
	EXPECT_EQ(kill(helper_pid(), SIGKILL), 0);
}

static char *fill(size_t n)
{
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	return p;
}

static int child_fills_and_faults(void *arg)
{
	fill((size_t)arg);
	return child_faults(NULL);
}

static int child_fills(void *arg)
{
	return !fill((size_t)arg);
}

/* It is the larger one that must go, though it is ending already. */
static void a_dump_gives_way_when_memory_is_short(void)
{
	size_t free = (size_t)sysconf(_SC_AVPHYS_PAGES) * 4096;
	pid_t pid;

	GUEST();
	if (is_mixed())
		SKIP("takes all memory");
	set_pattern("|" SELF " helper never");
	pid = spawn(child_fills_and_faults, (void *)(free / 100 * 60));
	helper_pid();
	EXPECT_EQ(reap(spawn(child_fills, (void *)(free / 100 * 50))), 0);
	EXPECT_EQ(reap(pid), SIGKILL);
	EXPECT_EQ(kill(helper_pid(), SIGKILL), 0);
}

static void helpers_may_be_waited_for(void)
{
	pid_t pid, other;

	GUEST();
	EXPECT_EQ(store(PIPE_LIMIT, "1"), 0);
	set_pattern("|" SELF " helper wait");
	pid = spawn(child_faults, NULL);
	helper_pid();
	other = spawn(child_faults, NULL); /* one too many */
	EXPECT_EQ(reap(other), SIGSEGV);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	EXPECT_ERR(access(REPORT, F_OK), ENOENT);
	EXPECT_EQ(store(PIPE_LIMIT, "0"), 0);
}

static int child_has_limit_one(void *arg)
{
	set_core_limit(1);
	return child_faults(NULL);
}

static void helpers_are_not_dumped_themselves(void)
{
	GUEST();
	set_pattern("|" SELF " helper crash");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV | 0x80);
	EXPECT_EQ(crash(child_has_limit_one, NULL), SIGSEGV);
}

static int child_in_own_namespaces(void *arg)
{
	return sethostname("inside", 6) || chroot(core_dir) || chdir("/") ||
	       crash(child_faults, NULL) != (SIGSEGV | 0x80);
}

static void helpers_run_in_the_initial_namespaces(void)
{
	GUEST();
	set_pattern("|" SELF " helper report %p %h");
	EXPECT_EQ(run_in(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNS, child_in_own_namespaces, NULL),
		  0);
	EXPECT(eventually(strstr(reported(), "arg=<2>\narg=<inside>\n")));
	EXPECT(strstr(text, " cwd=/ ") != NULL);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "helper"))
		return helper(argc, argv);
	if (!core_dir_make() || readlink("/proc/self/exe", here, sizeof(here) - 1) < 0)
		return 1;
	unlink(SELF);
	if (in_guest() && symlink(here, SELF))
		return 1;
	set_core_limit(RLIM_INFINITY);
	RUN(the_pattern_can_be_changed);
	RUN(letters_become_names);
	RUN(the_number_may_be_appended);
	RUN(namespaces_have_their_own_numbers);
	RUN(changed_ids_dump_as_root);
	RUN(a_helper_gets_the_dump);
	RUN(a_helper_gets_a_pidfd);
	RUN(helpers_that_cannot_run_are_no_dump);
	RUN(a_helper_may_stop_reading);
	RUN(a_helper_may_never_read);
	RUN(a_dump_of_many_threads_can_be_killed);
	RUN(a_dump_gives_way_when_memory_is_short);
	RUN(helpers_may_be_waited_for);
	RUN(helpers_are_not_dumped_themselves);
	RUN(helpers_run_in_the_initial_namespaces);
	if (in_guest()) {
		set_pattern("core");
		unlink(SELF);
	}
	core_dir_remove();
	return tap_done();
}
