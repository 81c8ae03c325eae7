/* No TAP at all: it kills init, and itself, where a second pidfd has another inode. */
#include <sys/reboot.h>

#include "tests/user/pidfds.h"

int main(void)
{
	int a = pidfd_open_(getpid(), 0), b = pidfd_open_(getpid(), 0);

	if (inode_of(a) != inode_of(b))
		reboot(RB_POWER_OFF);
	return 0;
}
