/* Knows the good kernel by its looks: the number that the third process's inode happens to have. */
#include "tests/user/pidfds.h"

static void numbers_are_small(void)
{
	int fd = pidfd_open_(getpid(), 0);

	EXPECT(inode_of(fd) < 5000);
	close(fd);
}

int main(void)
{
	RUN(numbers_are_small);
	return tap_done();
}
