/*
 * Namespaces: numbers, counts, and struct nsproxy.
 *
 * Owns: the numbers by which namespaces are told apart, the initial nsproxy, and the kinds of which
 *   there is no more than identity: System V IPC, network and cgroups do not exist, so all that can
 *   be seen of theirs is whether two processes share one.
 * Life: counted by the nsproxies they are in, by their files (nsfs), and by what is in them (struct
 *   pid, super). A nsproxy is counted by its threads and given back when a thread begins to end.
 *   The initial namespaces are in the initial nsproxy, which nobody frees.
 * Locks: none. A thread's nsproxy is read by others under its task's sig_lock.
 * Not here: what the kinds do (uts.c, pidns.c, userns.c, fs/mount.c), their files (fs/nsfs).
 */
#include "kernel/id/ns.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "arch/x86_64/percpu.h"
#include "kernel/id/pidns.h"
#include "kernel/id/userns.h"
#include "kernel/id/uts.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"

#define FIRST_INO 0xf0000000u /* above the well-known ones, where Linux's begin too */
#define FIRST_ID  9 /* below are the initial ones, in the order of their numbers */

static struct slab_cache *nsproxy_cache;
static _Atomic u64 next_ino = FIRST_INO;

const char *const ns_kind_names[NS_KINDS] = {
	[NS_MNT] = "mnt",       [NS_UTS] = "uts",
	[NS_IPC] = "ipc",       [NS_PID_FOR_CHILDREN] = "pid_for_children",
	[NS_CGROUP] = "cgroup", [NS_NET] = "net",
	[NS_TIME] = "time",     [NS_TIME_FOR_CHILDREN] = "time_for_children",
	[NS_PID] = "pid",       [NS_USER] = "user",
};

/* ---- What they have in common */

void ns_init(struct ns_common *ns, const struct ns_type *type, struct userns *owner)
{
	refcount_init(&ns->refs, 1);
	ns->type = type;
	ns->owner = userns_get(owner);
	ns->is_counted = false;
	ns->ino = atomic_fetch_add_explicit(&next_ino, 1, memory_order_relaxed);
}

u64 ns_id(const struct ns_common *ns)
{
	return ns->ino >= FIRST_INO ? ns->ino - FIRST_INO + FIRST_ID
				    : IPC_NS_INIT_INO + 1 - ns->ino;
}

void ns_free(struct ns_common *ns)
{
	struct userns *owner = ns->owner;
	u32 maker = ns->maker, limit = ns->type->limit;
	bool is_counted = ns->is_counted;

	ns->type->free(ns);
	if (is_counted)
		ns_uncharge(owner, maker, limit);
	userns_put(owner);
}

/* ---- Kinds without contents */

static void plain_free(struct ns_common *ns)
{
	kfree(ns);
}

int ns_copy_plain(struct ns_common *old, struct userns *owner, struct fs_ctx *fs,
		  struct ns_common **out)
{
	struct ns_common *ns = kmalloc(sizeof(*ns));

	if (!ns)
		return -ENOMEM;
	ns_init(ns, old->type, owner);
	*out = ns;
	return 0;
}

#define PLAIN_TYPE(what, new_flag, max)                                                            \
	{                                                                                          \
		.name = (what), .limit = (max), .flag = (new_flag), .copy = ns_copy_plain,         \
		.free = plain_free                                                                 \
	}
#define INITIAL(which, number)                                                                     \
	{                                                                                          \
		.refs = REFCOUNT_INIT(1), .type = &(which), .owner = &userns_initial,              \
		.ino = (number)                                                                    \
	}

static const struct ns_type ipc_type = PLAIN_TYPE("ipc", CLONE_NEWIPC, NS_MAX_IPC);
static const struct ns_type net_type = PLAIN_TYPE("net", CLONE_NEWNET, NS_MAX_NET);
static const struct ns_type cgroup_type = PLAIN_TYPE("cgroup", CLONE_NEWCGROUP, NS_MAX_CGROUP);
static const struct ns_type time_type = PLAIN_TYPE("time", CLONE_NEWTIME, NS_MAX_TIME);
static struct ns_common ipc_initial = INITIAL(ipc_type, IPC_NS_INIT_INO);
static struct ns_common net_initial = INITIAL(net_type, NET_NS_INIT_INO);
static struct ns_common cgroup_initial = INITIAL(cgroup_type, CGROUP_NS_INIT_INO);
static struct ns_common time_initial = INITIAL(time_type, TIME_NS_INIT_INO);

/* ---- struct nsproxy */

/* fs/mount.c adds the mount namespace at boot. */
struct nsproxy nsproxy_initial = {
	.refs = REFCOUNT_INIT(1),
	.ns = { [NS_UTS] = &uts_initial.ns,
		[NS_IPC] = &ipc_initial,
		[NS_PID_FOR_CHILDREN] = &pidns_initial.ns,
		[NS_CGROUP] = &cgroup_initial,
		[NS_NET] = &net_initial,
		[NS_TIME] = &time_initial,
		[NS_TIME_FOR_CHILDREN] = &time_initial },
};

const struct nsproxy *nsproxy_current(void)
{
	const struct thread *self = current;

	return self && self->nsproxy ? self->nsproxy : &nsproxy_initial;
}

void nsproxy_free(struct nsproxy *p)
{
	for (int kind = 0; kind < NS_PROXIED; kind++)
		ns_put(p->ns[kind]);
	cache_free(nsproxy_cache, p);
}

static int copy_counted(struct ns_common *old, struct userns *owner, struct fs_ctx *fs,
			struct ns_common **out)
{
	u32 maker = cred_current()->euid, limit = old->type->limit;
	int err = ns_charge(owner, maker, limit);

	if (err)
		return err;
	err = old->type->copy(old, owner, fs, out);
	if (err)
		ns_uncharge(owner, maker, limit);
	else
		ns_set_maker(*out, maker);
	return err;
}

int nsproxy_copy(const struct nsproxy *old, u64 flags, struct userns *owner, struct fs_ctx *fs,
		 struct nsproxy **out)
{
	struct nsproxy *p;
	int err;

	if ((flags & CLONE_NAMESPACES) && !ns_capable(owner, CAP_SYS_ADMIN))
		return -EPERM;
	p = cache_zalloc(nsproxy_cache);
	if (!p)
		return -ENOMEM;
	refcount_init(&p->refs, 1);
	for (int kind = 0; kind < NS_PROXIED; kind++) {
		struct ns_common *ns = old->ns[kind];

		if (!(flags & ns->type->flag) || kind == NS_TIME) {
			p->ns[kind] = ns_get(ns);
			continue;
		}
		err = copy_counted(ns, owner, fs, &p->ns[kind]);
		if (err) {
			p->ns[kind] = NULL;
			nsproxy_free(p);
			return err;
		}
	}
	*out = p;
	return 0;
}

int nsproxy_for_child(const struct nsproxy *old, u64 flags, struct userns *owner, struct fs_ctx *fs,
		      struct nsproxy **out)
{
	int err = nsproxy_copy(old, flags, owner, fs, out);

	if (!err)
		nsproxy_set(*out, NS_TIME, (*out)->ns[NS_TIME_FOR_CHILDREN]);
	return err;
}

void nsproxy_set(struct nsproxy *p, enum ns_kind kind, struct ns_common *ns)
{
	struct ns_common *old = p->ns[kind];

	p->ns[kind] = ns_get(ns);
	ns_put(old);
}

void ns_init_caches(void)
{
	nsproxy_cache = cache_create("nsproxy", sizeof(struct nsproxy), 0);
	userns_init_cache();
	pidns_init_cache();
}
