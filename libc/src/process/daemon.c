/* Leaving the terminal. */
#include <fcntl.h>
#include <unistd.h>

int daemon(int no_chdir, int no_close)
{
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid > 0)
		_exit(0);
	if (setsid() < 0)
		return -1;
	if (!no_chdir && chdir("/") < 0)
		return -1;
	if (!no_close) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0)
			return -1;
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		if (null > 2)
			close(null);
	}
	return 0;
}
