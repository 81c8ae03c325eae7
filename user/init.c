/*
 * init: the first process. Mounts what programs expect, then keeps a shell
 * running on the console; or runs guest tests and powers off.
 *
 * Owns: the console session, and every orphan of the system, which it reaps.
 * Signals, as busybox's poweroff, halt and reboot send them: USR2 powers off,
 * USR1 halts, TERM restarts.
 * Environment, from words of the kernel command line:
 *   TESTS=all|a,b,c   run these programs of /tests instead of the shell
 *   NONCE=word        marks init's own lines, for tests/boot/run.py
 *   TEST_SECONDS=n    a test program that runs longer is killed
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TESTS = 128, DEFAULT_SECONDS = 100 };

static char *tests[MAX_TESTS];
static int nr_tests;
static const char *nonce = "-";
static volatile sig_atomic_t is_late;

static void leave(int sig)
{
	int how = sig == SIGTERM ? RB_AUTOBOOT : sig == SIGUSR1 ? RB_HALT_SYSTEM : RB_POWER_OFF;

	kill(-1, SIGTERM);
	sync();
	reboot(how);
	_exit(1);
}

static void late(int sig)
{
	is_late = 1;
	kill(-1, SIGKILL);
}

static void handle(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(sig, &action, NULL);
}

/*
 * The kernel may have mounted some of these already, or lack one: EBUSY and
 * ENODEV are fine.
 */
static void mount_all(void)
{
	static const char *const table[][2] = {
		{ "proc", "/proc" },      { "sysfs", "/sys" },     { "devtmpfs", "/dev" },
		{ "devpts", "/dev/pts" }, { "tmpfs", "/dev/shm" }, { "tmpfs", "/tmp" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		mkdir(table[i][1], 0755);
		if (mount(table[i][0], table[i][1], table[i][0], 0, NULL) < 0 && errno != EBUSY &&
		    errno != ENODEV)
			printf("init: mount %s: %s\n", table[i][1], strerror(errno));
	}
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
}

static void copy_to_console(const char *path)
{
	char buf[512];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(1, buf, n) != n)
			break;
	close(fd);
}

/* A session of its own with the console as its terminal. Does not return. */
static void run_shell(void)
{
	char *argv[] = { "-sh", NULL };
	int fd;

	setsid();
	fd = open("/dev/console", O_RDWR);
	if (fd >= 0) {
		ioctl(fd, TIOCSCTTY, 0);
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
		if (fd > 2)
			close(fd);
	}
	copy_to_console("/etc/motd");
	execv("/bin/sh", argv);
	printf("init: /bin/sh: %s\n", strerror(errno));
	_exit(127);
}

static void keep_shell(void)
{
	for (;;) {
		pid_t shell = fork(), pid = 0;

		if (shell == 0)
			run_shell();
		while (pid != shell) {
			pid = waitpid(-1, NULL, 0);
			if (pid < 0 && errno == ECHILD)
				break;
		}
		sleep(1);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_all_tests(void)
{
	DIR *dir = opendir("/tests");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && nr_tests < MAX_TESTS)
		if (entry->d_name[0] != '.')
			tests[nr_tests++] = strdup(entry->d_name);
	if (dir)
		closedir(dir);
	qsort(tests, nr_tests, sizeof(*tests), by_name);
}

static void find_tests(char *list)
{
	if (!strcmp(list, "all")) {
		find_all_tests();
		return;
	}
	for (char *name = strtok(list, ","); name && nr_tests < MAX_TESTS; name = strtok(NULL, ","))
		tests[nr_tests++] = name;
}

/* One write for each mark, so that it stays one line. */
static void mark(const char *kind, const char *rest)
{
	char line[256];
	int len = snprintf(line, sizeof(line), "\n### %s %s %s\n", nonce, kind, rest);

	write(1, line, len);
}

static void exec_test(const char *name)
{
	char path[128];
	char *argv[] = { path, NULL };
	int null = open("/dev/null", O_RDONLY);

	setsid();
	if (null > 0) {
		dup2(null, 0);
		close(null);
	}
	snprintf(path, sizeof(path), "/tests/%s", name);
	chdir("/tmp");
	execv(path, argv);
	printf("1..1\nnot ok 1 - exec %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Runs one program, then ends whatever it left behind. */
static void run_test(const char *name, int seconds)
{
	struct timespec start, end;
	char text[160];
	int status = 0;
	long ms;
	pid_t child, pid;

	mark("begin", name);
	clock_gettime(CLOCK_MONOTONIC, &start);
	is_late = 0;
	child = fork();
	if (child == 0)
		exec_test(name);
	alarm(seconds);
	do {
		int s = 0;

		pid = waitpid(-1, &s, 0);
		if (pid == child)
			status = s;
	} while (child > 0 && pid != child && (pid > 0 || errno == EINTR));
	alarm(0);
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
	if (is_late)
		snprintf(text, sizeof(text), "%s timeout %d %ld ms", name, seconds, ms);
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "%s signal %d %ld ms", name, WTERMSIG(status), ms);
	else
		snprintf(text, sizeof(text), "%s exit %d %ld ms", name, WEXITSTATUS(status), ms);
	mark("end", text);
}

static void run_tests(char *list)
{
	const char *seconds = getenv("TEST_SECONDS");

	if (getenv("NONCE"))
		nonce = strdup(getenv("NONCE"));
	unsetenv("NONCE");
	unsetenv("TESTS");
	find_tests(list);
	for (int i = 0; i < nr_tests; i++)
		run_test(tests[i], seconds ? atoi(seconds) : DEFAULT_SECONDS);
	mark("done", "");
	leave(SIGUSR2);
}

int main(void)
{
	char *list = getenv("TESTS");

	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0)
			open("/dev/console", O_RDWR);
	setvbuf(stdout, NULL, _IOLBF, 0);
	handle(SIGUSR1, leave);
	handle(SIGUSR2, leave);
	handle(SIGTERM, leave);
	handle(SIGALRM, late);
	mount_all();
	sethostname("pipit", 5);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 0);
	if (list)
		run_tests(strdup(list));
	keep_shell();
	return 0;
}
