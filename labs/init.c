/*
 * The init of a graded boot: runs test programs and tells what they say.
 *
 * What counts is a line with the word from /nonce, which the grader put into the ramdisk of this
 * one boot. It is read and removed before any other program starts, and is on no command line, so
 * neither a program nor a printk can say such a line. Tests write to a pipe; each line of theirs
 * is passed on with the word and the time:
 *   ### WORD begin NAME | ### WORD says MS TEXT | ### WORD end NAME exit 0 MS | ### WORD done
 * Environment, from the kernel command line:
 *   TESTS=a,b:f       these programs of /tests; of b only what comes after its function f
 *   TEST_SECONDS=n    of the guest's clock for each function, which is begun by a line "# begin";
 *                     after that "late" and "stack" lines tell who waits for what
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char word[64];
static int seconds = 60;
static int patience; /* so many more looks at what the test does */
static int record[2]; /* a byte for each "# begin" that was passed on */
enum { RECORD_FD = 900, NAP_MS = 5 };

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One write for each, so that it stays one line. */
static void mark(const char *kind, const char *rest)
{
	char line[400];
	int len = snprintf(line, sizeof(line), "\n### %s %s %s\n", word, kind, rest);

	write(1, line, len);
}

static void pass_on(const char *data, ssize_t size)
{
	static char line[256];
	static size_t len;
	char text[300];

	for (ssize_t i = 0; i < size; i++) {
		if (data[i] == '\n' || len == sizeof(line) - 1) {
			line[len] = '\0';
			snprintf(text, sizeof(text), "%ld %s", now_ms(), line);
			mark("says", text);
			if (!strncmp(line, "# begin ", 8) && patience > 0) {
				patience = seconds * 1000 / NAP_MS;
				write(record[1], "", 1);
			}
			len = 0;
		}
		if (data[i] != '\n')
			line[len++] = data[i];
	}
}

static int drain(int fd)
{
	char buf[512];
	ssize_t n, sum = 0;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		pass_on(buf, n);
		sum += n;
	}
	return sum > 0;
}

static void show_file(const char *pid, const char *name, const char *kind)
{
	char path[64], line[200];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		mark(kind, line);
	}
	if (file)
		fclose(file);
}

/* Who waits for what? */
static void show_waiters(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 1) {
			show_file(entry->d_name, "stat", "late");
			show_file(entry->d_name, "stack", "stack");
		}
	if (dir)
		closedir(dir);
}

static void exec_test(char *name, int out)
{
	char path[128], *after = strchr(name, ':');
	char *argv[] = { path, NULL };

	if (after) {
		*after = '\0';
		setenv("TAP_AFTER", after + 1, 1);
	}
	setsid();
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(out, 1);
	dup2(out, 2);
	dup2(record[0], RECORD_FD);
	snprintf(path, sizeof(path), "/tests/%s", name);
	chdir("/tmp");
	execv(path, argv);
	printf("Bail out! exec %s: %s\n", path, strerror(errno));
	_exit(127);
}

/*
 * Passes on what it writes until it has ended, or its time has; returns its wait status. Time is
 * counted in naps: where the host gives the guest little time, there are few of them as well.
 */
static int await(pid_t child, int out)
{
	struct pollfd output = { .fd = out, .events = POLLIN };
	int status = 0;

	for (patience = seconds * 1000 / NAP_MS; patience > 0; patience--) {
		int s;
		pid_t pid = waitpid(-1, &s, WNOHANG);

		if (pid == child || pid < 0) {
			status = s;
			break;
		}
		if (pid == 0 && poll(&output, 1, NAP_MS) > 0 && !drain(out))
			poll(NULL, 0, NAP_MS);
	}
	drain(out);
	return status;
}

/* Ends what a test left behind; but does not wait for it for ever: the kernel may know no better. */
static void clear_away(void)
{
	int naps = 1000;
	pid_t pid;

	kill(-1, SIGKILL);
	while (naps && (pid = waitpid(-1, NULL, WNOHANG)) >= 0)
		if (pid == 0) {
			poll(NULL, 0, NAP_MS);
			naps--;
		}
}

/* Runs one program, then ends whatever it left behind. */
static void run_test(char *name)
{
	char text[160];
	long start = now_ms();
	int status, is_late, out[2];
	pid_t child;

	mark("begin", name);
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(record, O_CLOEXEC) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0)
		return;
	child = fork();
	if (child == 0)
		exec_test(name, out[1]);
	close(out[1]);
	status = await(child, out[0]);
	is_late = patience <= 0;
	if (is_late)
		show_waiters();
	clear_away();
	drain(out[0]);
	pass_on("\n", 1);
	close(out[0]);
	close(record[0]);
	close(record[1]);
	snprintf(text, sizeof(text), "%s %s %d %ld", name,
		 is_late               ? "timeout"
		 : WIFSIGNALED(status) ? "signal"
				       : "exit",
		 is_late               ? seconds
		 : WIFSIGNALED(status) ? WTERMSIG(status)
				       : WEXITSTATUS(status),
		 now_ms() - start);
	mark("end", text);
}

int main(void)
{
	char *list = getenv("TESTS"), *limit = getenv("TEST_SECONDS"), *name;
	int fd = open("/nonce", O_RDONLY | O_CLOEXEC);

	while (open("/dev/console", O_RDWR) >= 0 && fcntl(2, F_GETFD) < 0)
		;
	if (fd < 0 || read(fd, word, sizeof(word) - 1) <= 0)
		return 1;
	close(fd);
	unlink("/nonce");
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	chmod("/tmp", 01777);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	setenv("GRADED", "900", 1);
	list = strdup(list ? list : "");
	if (limit)
		seconds = atoi(limit);
	unsetenv("TESTS");
	for (name = strtok(list, ","); name; name = strtok(NULL, ","))
		run_test(name);
	mark("done", "");
	reboot(RB_POWER_OFF);
	return 1;
}
