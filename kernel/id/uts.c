/*
 * uts: the system's name.
 *
 * Owns: uts, of which only nodename and domainname ever change.
 * Locks: uts_lock for those two; whoever copies them to user space does so outside of it.
 */
#include "kernel/id/uts.h"

#include "lib/string.h"
#include "kernel/sync/mutex.h"

static struct mutex uts_lock = MUTEX_INIT(RANK_SOCK);

struct utsname uts = {
	.sysname = "Linux", /* what programs ask for before they use Linux's system calls */
	.nodename = "pipit",
	.release = PIPIT_RELEASE,
	.version = "#1 SMP Pipit",
	.machine = "x86_64",
	.domainname = "(none)",
};

void uts_get(struct utsname *out)
{
	mutex_lock(&uts_lock);
	*out = uts;
	mutex_unlock(&uts_lock);
}

void uts_set(char *field, const char *text, size_t len)
{
	mutex_lock(&uts_lock);
	memset(field, 0, sizeof(uts.nodename));
	memcpy(field, text, MIN(len, sizeof(uts.nodename) - 1));
	mutex_unlock(&uts_lock);
}
