/*
 * jobs: process groups, sessions, orphaned groups, and a terminal's job control
 * (through a pseudo terminal, or in the guest through the console).
 */
#include <sys/ioctl.h>
#include <termios.h>

#include "tap.h"

static void groups_are_inherited_and_set(void)
{
	pid_t child = spawn_sleeper();

	EXPECT_EQ(getpgid(child), getpgrp());
	EXPECT_EQ(getsid(child), getsid(0));
	EXPECT_EQ(setpgid(child, 0), 0);
	EXPECT_EQ(getpgid(child), child);
	EXPECT_EQ(setpgid(child, getpgrp()), 0);
	EXPECT_EQ(getpgid(child), getpgrp());
	kill_and_reap(child);
}

static void setpgid_refuses(void)
{
	pid_t child = spawn_sleeper();

	EXPECT_ERR(setpgid(child, -1), EINVAL);
	EXPECT_ERR(setpgid(1, 0), ESRCH);
	EXPECT_ERR(setpgid(child, 2147483647), EPERM);
	EXPECT_ERR(setpgid(2147483647, 0), ESRCH);
	kill_and_reap(child);
	EXPECT_ERR(setpgid(child, 0), ESRCH);
	EXPECT_ERR(getpgid(child), ESRCH);
	EXPECT_ERR(getsid(2147483647), ESRCH);
}

static int makes_session(void *arg)
{
	(void)arg;
	if (setsid() != getpid() || getsid(0) != getpid() || getpgrp() != getpid())
		return 1;
	if (setsid() != -1 || errno != EPERM)
		return 2;
	if (setpgid(0, 0) != -1 || errno != EPERM)
		return 3;
	return open("/dev/tty", O_RDWR) >= 0 || errno != ENXIO ? 4 : 0;
}

static void a_new_session_has_no_terminal(void)
{
	EXPECT_EQ(reap(spawn(makes_session, NULL)), 0);
}

static void a_child_that_has_executed_keeps_its_group(void)
{
	char *argv[] = { "/bin/sh", "-c", "sleep 20; :", NULL };
	char path[64], buf[64];
	pid_t child = fork();

	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", child);
	EXPECT(eventually(!strcmp(slurp(path, buf, sizeof(buf)), "sh\n")));
	EXPECT_ERR(setpgid(child, child), EACCES);
	kill_and_reap(child);
}

static volatile sig_atomic_t hup, cont;

static void on_hup(int sig)
{
	(void)sig;
	hup = 1;
}

static void on_cont(int sig)
{
	(void)sig;
	cont = 1;
}

/* In a new session: a stopped child is orphaned by its parent's end. */
static int makes_orphaned_group(void *arg)
{
	int *fds = arg, status;
	pid_t stopped;

	setpgid(0, 0);
	stopped = fork();
	if (stopped == 0) {
		signal(SIGHUP, on_hup);
		signal(SIGCONT, on_cont);
		raise(SIGSTOP);
		while (!hup || !cont)
			sleep_ms(2);
		return write(fds[1], "!", 1) != 1;
	}
	waitpid(stopped, &status, WUNTRACED);
	return 0;
}

static void a_stopped_orphaned_group_is_hung_up(void)
{
	char c = 0;
	int fds[2];
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	child = spawn(makes_orphaned_group, fds);
	close(fds[1]);
	EXPECT_EQ(reap(child), 0);
	EXPECT_EQ(read(fds[0], &c, 1), 1);
	EXPECT_EQ(c, '!');
	close(fds[0]);
}

/* A terminal to control: the slave of a new pty, or the guest's console. */
static int open_terminal(int *master)
{
	char name[64];
	int n, zero = 0;

	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (*master >= 0 && ioctl(*master, TIOCGPTN, &n) == 0 &&
	    ioctl(*master, TIOCSPTLCK, &zero) == 0) {
		snprintf(name, sizeof(name), "/dev/pts/%d", n);
		return open(name, O_RDWR | O_NOCTTY);
	}
	*master = -1;
	return in_guest() ? open("/dev/console", O_RDWR | O_NOCTTY) : -1;
}

static int background_reader(void *arg)
{
	char c;

	setpgid(0, 0);
	return read((int)(long)arg, &c, 1) >= 0;
}

static int background_writer(void *arg)
{
	setpgid(0, 0);
	return write((int)(long)arg, "\r", 1) != 1;
}

/* The whole life of a session with a terminal; 0 or the step that failed. */
static int controls_a_terminal(void *arg)
{
	int master, tty, status;
	struct termios mode;
	pid_t child, group = -1;

	(void)arg;
	if (setsid() < 0)
		return 1;
	tty = open_terminal(&master);
	if (tty < 0)
		return 100;
	if (ioctl(tty, TIOCSCTTY, 0) < 0)
		return 2;
	if (tcgetpgrp(tty) != getpgrp())
		return 3;
	if (open("/dev/tty", O_RDWR) < 0)
		return 4;
	child = spawn(background_reader, (void *)(long)tty);
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTIN)
		return 5;
	kill_and_reap(child);
	tcgetattr(tty, &mode);
	mode.c_lflag |= TOSTOP;
	tcsetattr(tty, TCSANOW, &mode);
	child = spawn(background_writer, (void *)(long)tty);
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTTOU)
		return 6;
	mode.c_lflag &= ~TOSTOP;
	tcsetattr(tty, TCSANOW, &mode);
	/* In the foreground it may go on. */
	if (tcsetpgrp(tty, child) < 0)
		return 7;
	kill(child, SIGCONT);
	if (reap(child) != 0)
		return 8;
	signal(SIGTTOU, SIG_IGN);
	if (tcsetpgrp(tty, getpgrp()) < 0)
		return 9;
	if (ioctl(tty, TIOCGPGRP, &group) < 0 || group != getpgrp())
		return 10;
	if (tcsetpgrp(tty, 2147483647) == 0)
		return 11;
	if (ioctl(tty, TIOCNOTTY) < 0 && errno != ENOTTY)
		return 12;
	return 0;
}

static void a_terminal_stops_background_jobs(void)
{
	int status = reap(spawn(controls_a_terminal, NULL));

	if (WIFEXITED(status) && WEXITSTATUS(status) == 100)
		SKIP("no terminal to control");
	/* TIOCNOTTY hangs up the session's leader. */
	EXPECT(status == 0 || status == SIGHUP);
}

int main(void)
{
	RUN(groups_are_inherited_and_set);
	RUN(setpgid_refuses);
	RUN(a_new_session_has_no_terminal);
	RUN(a_child_that_has_executed_keeps_its_group);
	RUN(a_stopped_orphaned_group_is_hung_up);
	RUN(a_terminal_stops_background_jobs);
	return tap_done();
}
