/* Mounting, and stopping the machine. */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>

#include "libc/src/libc.h"

int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data)
{
	return (int)SYSCALL(mount, source, target, type, flags, data);
}

int umount(const char *target)
{
	return umount2(target, 0);
}

int umount2(const char *target, int flags)
{
	return (int)SYSCALL(umount2, target, flags);
}

int reboot(int command)
{
	return (int)SYSCALL(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, 0);
}
