/*
 * demo of lab 3: three processes, two pidfds of each. Which of them are the same?
 */
#include "tests/user/pidfds.h"

int main(void)
{
	printf("process   pidfd  st_dev  st_ino  mode  link\n");
	for (int i = 0; i < 3; i++) {
		pid_t child = spawn_sleeper();

		for (int j = 0; j < 2; j++) {
			char path[64], link[64] = "";
			int fd = pidfd_open_(child, 0);
			struct stat st = { 0 };

			fstat(fd, &st);
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			readlink(path, link, sizeof(link) - 1);
			printf("%7d  %6d  %6lu  %6lu  %4o  %s\n", child, fd,
			       (unsigned long)st.st_dev, (unsigned long)st.st_ino, st.st_mode,
			       link);
		}
		kill_and_reap(child);
	}
	printf("\nSix files, three processes. Say from st_dev and st_ino alone\n"
	       "which belong together.\n");
	return 0;
}
