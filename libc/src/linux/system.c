/* The state of the system. */
#include <errno.h>
#include <sys/auxv.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "libc/src/libc.h"

int sysinfo(struct sysinfo *out)
{
	return (int)SYSCALL(sysinfo, out);
}

int klogctl(int type, char *buf, int len)
{
	return (int)SYSCALL(syslog, type, buf, len);
}

int personality(unsigned long persona)
{
	return (int)SYSCALL(personality, persona);
}

unsigned long getauxval(unsigned long type)
{
	for (unsigned long *entry = libc_auxv; entry[0]; entry += 2)
		if (entry[0] == type)
			return entry[1];
	errno = ENOENT;
	return 0;
}
