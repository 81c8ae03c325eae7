/* Pseudo-terminals. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utmp.h>

int posix_openpt(int flags)
{
	return open("/dev/ptmx", flags);
}

/* devpts gives the slave to whoever opened the master. */
int grantpt(int fd)
{
	unsigned int number;

	return ioctl(fd, TIOCGPTN, &number);
}

int unlockpt(int fd)
{
	int is_locked = 0;

	return ioctl(fd, TIOCSPTLCK, &is_locked);
}

int ptsname_r(int fd, char *buf, size_t size)
{
	unsigned int number;

	if (ioctl(fd, TIOCGPTN, &number) < 0)
		return errno;
	if ((size_t)snprintf(buf, size, "/dev/pts/%u", number) >= size)
		return errno = ERANGE;
	return 0;
}

char *ptsname(int fd)
{
	static char name[32];

	return ptsname_r(fd, name, sizeof(name)) ? NULL : name;
}

int openpty(int *master, int *slave, char *name, const struct termios *termios,
	    const struct winsize *size)
{
	char path[32];
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (unlockpt(fd) < 0 || ptsname_r(fd, path, sizeof(path)) ||
	    (*slave = open(path, O_RDWR | O_NOCTTY)) < 0) {
		close(fd);
		return -1;
	}
	if (termios)
		tcsetattr(*slave, TCSANOW, termios);
	if (size)
		tcsetwinsize(*slave, size);
	if (name)
		snprintf(name, sizeof(path), "%s", path);
	*master = fd;
	return 0;
}

int login_tty(int fd)
{
	setsid();
	if (ioctl(fd, TIOCSCTTY, 0L) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	return 0;
}

pid_t forkpty(int *master, char *name, const struct termios *termios, const struct winsize *size)
{
	int slave;
	pid_t pid;

	if (openpty(master, &slave, name, termios, size) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(*master);
		if (login_tty(slave) < 0)
			_exit(1);
		return 0;
	}
	close(slave);
	if (pid < 0)
		close(*master);
	return pid;
}
