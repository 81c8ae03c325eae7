/*
 * uts namespaces: the system's name.
 *
 * Owns: struct uts_ns. A new one begins with the names of the old.
 * Locks: uts_lock for nodename and domainname of all; whoever copies them to user space does so
 *   outside of it.
 */
#include "kernel/id/uts.h"

#include <linux/errno.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "lib/string.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/mutex.h"

static struct mutex uts_lock = MUTEX_INIT(RANK_SOCK);

static void uts_free(struct ns_common *ns)
{
	kfree(container_of(ns, struct uts_ns, ns));
}

static int uts_copy(struct ns_common *old, struct userns *owner, struct fs_ctx *fs,
		    struct ns_common **out)
{
	struct uts_ns *uts = kmalloc(sizeof(*uts));

	if (!uts)
		return -ENOMEM;
	ns_init(&uts->ns, old->type, owner);
	mutex_lock(&uts_lock);
	uts->name = container_of(old, struct uts_ns, ns)->name;
	mutex_unlock(&uts_lock);
	*out = &uts->ns;
	return 0;
}

static const struct ns_type uts_type = {
	.name = "uts", .limit = NS_MAX_UTS, .flag = CLONE_NEWUTS, .copy = uts_copy, .free = uts_free
};

struct uts_ns uts_initial = {
	.ns = { .refs = REFCOUNT_INIT(1),
		.type = &uts_type,
		.owner = &userns_initial,
		.ino = UTS_NS_INIT_INO },
	.name = { .sysname = "Linux", /* what programs ask for before they use its system calls */
		  .nodename = "pipit",
		  .release = PIPIT_RELEASE,
		  .version = "#1 SMP Pipit",
		  .machine = "x86_64",
		  .domainname = "(none)" },
};

struct uts_ns *uts_current(void)
{
	return container_of(nsproxy_current()->ns[NS_UTS], struct uts_ns, ns);
}

void uts_get(struct utsname *out)
{
	mutex_lock(&uts_lock);
	*out = uts_current()->name;
	mutex_unlock(&uts_lock);
}

void uts_set(char *field, const char *text, size_t len)
{
	mutex_lock(&uts_lock);
	memset(field, 0, sizeof(uts_initial.name.nodename));
	memcpy(field, text, MIN(len, sizeof(uts_initial.name.nodename) - 1));
	mutex_unlock(&uts_lock);
}
