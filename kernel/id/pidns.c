/*
 * Pid namespaces: their life. Their numbers are pid.c's.
 *
 * Owns: struct pidns.
 * Life: counted by each struct pid that has its innermost number there, by nsproxies, files of nsfs
 *   and mounts of procfs, and by the namespaces inside; so each holds all above it. The first
 *   number given out is 1, its init's. When that ends, the namespace is closed (kernel/task/exit.c):
 *   everybody in it is killed, and nobody can be born in it again.
 *                                                          Follows: pid_namespaces(7), Linux 7.3
 */
#include "kernel/id/pidns.h"

#include <linux/errno.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"

#define MAX_LEVEL 32

static struct slab_cache *pidns_cache;

static void pidns_free(struct ns_common *common)
{
	struct pidns *ns = pidns_of(common);

	pidns_free_table(ns);
	ns_put(&ns->parent->ns);
	cache_free(pidns_cache, ns);
}

/* pid_namespaces(7): only in the namespace where one is, not in another chosen for children. */
static int pidns_copy(struct ns_common *old, struct userns *owner, struct fs_ctx *fs,
		      struct ns_common **out)
{
	struct pidns *parent = pidns_of(old), *ns;

	if (parent != pidns_current() || !userns_is_within(owner, old->owner))
		return -EINVAL;
	if (parent->level >= MAX_LEVEL)
		return -ENOSPC;
	ns = cache_zalloc(pidns_cache);
	if (!ns)
		return -ENOMEM;
	ns_init(&ns->ns, old->type, owner);
	ns->level = parent->level + 1;
	ns_get(old);
	ns->parent = parent;
	spin_init(&ns->lock, RANK_PIDNS);
	wait_queue_init(&ns->drained);
	*out = &ns->ns;
	return 0;
}

static const struct ns_type pid_type = { .name = "pid",
					 .limit = NS_MAX_PID,
					 .flag = CLONE_NEWPID,
					 .copy = pidns_copy,
					 .free = pidns_free };

struct pidns pidns_initial = {
	.ns = { .refs = REFCOUNT_INIT(1),
		.type = &pid_type,
		.owner = &userns_initial,
		.ino = PID_NS_INIT_INO },
	.lock = SPINLOCK_INIT(RANK_PIDNS),
	.drained = WAIT_QUEUE_INIT(pidns_initial.drained),
};

bool pidns_is_closed(const struct pidns *ns)
{
	for (; ns->level; ns = ns->parent)
		if (READ_ONCE(ns->is_closed))
			return true;
	return false;
}

void pidns_close(struct pidns *ns)
{
	rwspin_assert_write_held(&tasks_lock);
	spin_lock(&ns->lock);
	ns->is_closed = true;
	spin_unlock(&ns->lock);
}

void pidns_init_cache(void)
{
	pidns_cache = cache_create("pid_ns", sizeof(struct pidns), 0);
}
