/*
 * The C library: starting, replacing and waiting for programs; jumps, signals, options,
 * directories and dates.
 */
#include <dirent.h>
#include <getopt.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <ucontext.h>

#include "tap.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int constructed;

__attribute__((constructor)) static void construct(void)
{
	constructed++;
}

static void constructors_run_before_main(void)
{
	EXPECT_EQ(constructed, 1);
}

/* Runs this program again with one argument, which main() answers by an exit status. */
static int child_execs(void *arg)
{
	char *argv[] = { "self", arg, NULL };
	char *envp[] = { "SECRET=42", NULL };

	execve("/proc/self/exe", argv, envp);
	return 126;
}

static void exec_passes_arguments_and_environment(void)
{
	EXPECT_EQ(reap(spawn(child_execs, "child-of-exec")), 42 << 8);
}

static int child_execs_by_list(void *arg)
{
	execl("/proc/self/exe", "self", "child-of-list", "x", "y", NULL);
	return 126;
}

static void exec_takes_a_list(void)
{
	EXPECT_EQ(reap(spawn(child_execs_by_list, NULL)), 4 << 8);
}

static int child_searches(void *arg)
{
	char *argv[] = { arg, "-c", "exit 9", NULL };

	setenv("PATH", "/none:/dev/null:/bin", 1);
	execvp(arg, argv);
	return errno;
}

static void exec_searches_the_path(void)
{
	EXPECT_EQ(reap(spawn(child_searches, "no-such-program")), ENOENT << 8);
	if (access("/bin/sh", X_OK) < 0)
		SKIP("no shell");
	EXPECT_EQ(reap(spawn(child_searches, "sh")), 9 << 8);
	EXPECT_EQ(system("exit 5"), 5 << 8);
	EXPECT(system(NULL) != 0);
}

static void vfork_shares_memory(void)
{
	volatile int value = 1;
	pid_t pid = vfork();

	if (pid == 0) {
		value = 2;
		_exit(3);
	}
	EXPECT_EQ(value, 2);
	EXPECT_EQ(reap(pid), 3 << 8);
}

static int value_of_clone;

static int clone_body(void *arg)
{
	value_of_clone = (int)(long)arg;
	return 11;
}

static void clone_runs_a_function(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid;

	pid = clone(clone_body, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		    (void *)1234L);
	REQUIRE(pid > 0);
	EXPECT_EQ(reap(pid), 11 << 8);
	EXPECT_EQ(value_of_clone, 1234);
}

static void waitid_tells_of_a_pidfd(void)
{
	pid_t pid = spawn(child_exits, (void *)7L);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	siginfo_t info = { 0 };

	REQUIRE(fd >= 0);
	EXPECT_EQ(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED), 0);
	EXPECT(info.si_pid == pid && info.si_status == 7);
	EXPECT(info.si_signo == SIGCHLD && info.si_code == CLD_EXITED);
	close(fd);
}

static void jumps_leave_calls(void)
{
	jmp_buf env;
	volatile int rounds = 0;
	int value = setjmp(env);

	rounds++;
	if (rounds == 1) {
		EXPECT_EQ(value, 0);
		longjmp(env, 5);
	} else if (rounds == 2) {
		EXPECT_EQ(value, 5);
		longjmp(env, 0);
	}
	EXPECT_EQ(value, 1);
	EXPECT_EQ(rounds, 3);
}

static sigjmp_buf recovery;

static void recover(int sig)
{
	siglongjmp(recovery, sig);
}

static void faults_are_survived(void)
{
	struct sigaction action = { .sa_handler = recover };
	volatile int survived = 0;
	int *volatile nowhere = (int *)8;

	sigaction(SIGSEGV, &action, NULL);
	for (volatile int i = 0; i < 3; i++)
		if (sigsetjmp(recovery, 1) == 0)
			*nowhere = 1;
		else
			survived++;
	EXPECT_EQ(survived, 3);
	signal(SIGSEGV, SIG_DFL);
}

static siginfo_t seen;
static volatile long seen_rip, seen_stack;

static void inspect(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	seen = *info;
	seen_rip = (long)uc->uc_mcontext.gregs[REG_RIP];
	seen_stack = (long)&uc;
}

static void handlers_see_details(void)
{
	struct sigaction action = { .sa_sigaction = inspect, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static char stack[32768];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	union sigval value = { .sival_int = 99 };

	EXPECT_EQ(sigaltstack(&alt, NULL), 0);
	EXPECT_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	EXPECT_EQ(sigqueue(getpid(), SIGUSR1, value), 0);
	EXPECT(seen.si_signo == SIGUSR1 && seen.si_code == SI_QUEUE);
	EXPECT(seen.si_pid == getpid() && seen.si_value.sival_int == 99);
	EXPECT(seen_rip != 0);
	EXPECT(seen_stack > (long)stack && seen_stack < (long)stack + (long)sizeof(stack));
	alt.ss_flags = SS_DISABLE;
	sigaltstack(&alt, NULL);
	signal(SIGUSR1, SIG_DFL);
}

static void blocked_signals_are_waited_for(void)
{
	struct timespec soon = { 0, 10000000 };
	sigset_t set, old, pending;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	EXPECT(sigismember(&set, SIGUSR2) == 1 && sigismember(&set, SIGUSR1) == 0);
	EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
	raise(SIGUSR2);
	EXPECT(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR2) == 1);
	EXPECT_EQ(sigtimedwait(&set, &info, &soon), SIGUSR2);
	EXPECT_EQ(info.si_signo, SIGUSR2);
	EXPECT_ERR(sigtimedwait(&set, &info, &soon), EAGAIN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	EXPECT_ERR(sigaddset(&set, 100), EINVAL);
}

static void options_are_parsed(void)
{
	char *argv[] = { "prog", "-ab", "value", "-cattached", "--long=5", "--", "-d", NULL };
	static const struct option longs[] = { { "long", required_argument, NULL, 'L' },
					       { NULL, 0, NULL, 0 } };
	const char *short_options = "ab:c:";

	optind = 1;
	opterr = 0;
	EXPECT_EQ(getopt_long(7, argv, short_options, longs, NULL), 'a');
	EXPECT_EQ(getopt_long(7, argv, short_options, longs, NULL), 'b');
	EXPECT(!strcmp(optarg, "value"));
	EXPECT_EQ(getopt_long(7, argv, short_options, longs, NULL), 'c');
	EXPECT(!strcmp(optarg, "attached"));
	EXPECT_EQ(getopt_long(7, argv, short_options, longs, NULL), 'L');
	EXPECT(!strcmp(optarg, "5"));
	EXPECT_EQ(getopt_long(7, argv, short_options, longs, NULL), -1);
	EXPECT_EQ(optind, 6);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void directories_are_listed(void)
{
	char dir[] = "/tmp/libc_XXXXXX", path[300];
	struct dirent **list, *entry;
	int n = 0;
	DIR *open_dir;

	REQUIRE(mkdtemp(dir));
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "%s/file%03d", dir, i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	open_dir = opendir(dir);
	REQUIRE(open_dir);
	while ((entry = readdir(open_dir)))
		n++;
	EXPECT_EQ(n, 202);
	rewinddir(open_dir);
	EXPECT(readdir(open_dir) != NULL);
	closedir(open_dir);
	EXPECT_EQ(scandir(dir, &list, not_hidden, alphasort), 200);
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "file%03d", i);
		EXPECT(!strcmp(list[i]->d_name, path));
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		unlink(path);
		free(list[i]);
	}
	free(list);
	EXPECT_EQ(rmdir(dir), 0);
	EXPECT(!opendir("/tmp/none/there") && errno == ENOENT);
}

static void dates_are_converted(void)
{
	static const long times[] = { 0,          951782400, 951868799,   1078012800,  1709164800,
				      4107542400, -1,        -2208988800, 253402300799 };
	char buf[64];
	time_t t = 951868799; /* the last second of 29 February 2000 */
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S %j %a %b", &tm);
	EXPECT(!strcmp(buf, "2000-02-29 23:59:59 060 Tue Feb"));
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		t = times[i];
		gmtime_r(&t, &tm);
		EXPECT_EQ(timegm(&tm), times[i]);
	}
	tm = (struct tm){ .tm_year = 124, .tm_mon = 13, .tm_mday = -1, .tm_hour = 25 };
	EXPECT_EQ(timegm(&tm), 1738285200); /* 31 January 2025, 01:00 */
	EXPECT(tm.tm_mon == 0 && tm.tm_mday == 31 && tm.tm_hour == 1 && tm.tm_wday == 5);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "child-of-exec"))
		return getenv("SECRET") && !getenv("PATH") ? atoi(getenv("SECRET")) : 1;
	if (argc > 1 && !strcmp(argv[1], "child-of-list"))
		return argc;
	RUN(constructors_run_before_main);
	RUN(exec_passes_arguments_and_environment);
	RUN(exec_takes_a_list);
	RUN(exec_searches_the_path);
	RUN(vfork_shares_memory);
	RUN(clone_runs_a_function);
	RUN(waitid_tells_of_a_pidfd);
	RUN(jumps_leave_calls);
	RUN(faults_are_survived);
	RUN(handlers_see_details);
	RUN(blocked_signals_are_waited_for);
	RUN(options_are_parsed);
	RUN(directories_are_listed);
	RUN(dates_are_converted);
	return tap_done();
}
