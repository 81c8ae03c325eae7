/*
 * bounds: what one user can take of the kernel has an end, and whoever takes it is told so, or ends,
 * and nobody else.
 *
 * Guest only, as it changes limits of the whole system.
 */

#include "tap.h"

enum { SOMEBODY = 4321 };
#define FS "/proc/sys/fs/"

static long setting(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	return n > 0 ? atol(text) : -1;
}

static long set(const char *path, long value)
{
	long old = setting(path);
	char text[32];
	int fd = open(path, O_WRONLY);

	snprintf(text, sizeof(text), "%ld\n", value);
	EXPECT(write(fd, text, strlen(text)) > 0);
	close(fd);
	return old;
}

/* The status with which "child", as an ordinary user, exits. */
static int as_somebody(int (*child)(void *))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(setgid(SOMEBODY) < 0 || setuid(SOMEBODY) < 0 ? 99 : child(NULL));
	status = reap(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int creates(void *arg)
{
	(void)arg;
	return open("/tmp/bounds", O_CREAT | O_RDWR, 0600) < 0 ? errno : 0;
}

static void without_a_file_no_name_is_made(void)
{
	long old;

	if (!in_guest())
		SKIP("guest only");
	old = set(FS "file-max", 0);
	EXPECT_EQ(as_somebody(creates), ENFILE);
	set(FS "file-max", old);
	EXPECT_ERR(access("/tmp/bounds", F_OK), ENOENT);
	EXPECT_EQ(as_somebody(creates), 0);
	unlink("/tmp/bounds");
}

int main(void)
{
	RUN(without_a_file_no_name_is_made);
	return tap_done();
}
