/* The names of the system. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libc/src/libc.h"

int uname(struct utsname *out)
{
	return (int)SYSCALL(uname, out);
}

int sethostname(const char *name, size_t len)
{
	return (int)SYSCALL(sethostname, name, len);
}

int setdomainname(const char *name, size_t len)
{
	return (int)SYSCALL(setdomainname, name, len);
}

static int copy_name(char *to, const char *from, size_t size)
{
	strncpy(to, from, size);
	if (strlen(from) < size)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int gethostname(char *name, size_t size)
{
	struct utsname names;

	if (uname(&names) < 0)
		return -1;
	return copy_name(name, names.nodename, size);
}

int getdomainname(char *name, size_t size)
{
	struct utsname names;

	if (uname(&names) < 0)
		return -1;
	return copy_name(name, names.domainname, size);
}
