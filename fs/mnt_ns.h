/*
 * Mount namespaces: one tree of mounts each.
 */
#pragma once

#include "kernel/id/ns.h"
#include "kernel/sync/rwsem.h"
#include "fs/mount.h"

struct mnt_ns {
	struct ns_common ns;
	struct path root; /* [MOUNT] counted */
	struct list mounts; /* [MOUNT] in order of mounting */
	u32 nr_mounts; /* [MOUNT] */
};

static inline struct mnt_ns *mnt_ns_of(struct ns_common *ns)
{
	return container_of(ns, struct mnt_ns, ns);
}
static inline struct mnt_ns *mnt_ns_current(void)
{
	return mnt_ns_of(nsproxy_current()->ns[NS_MNT]);
}

/* What is on top of its root, +1 each: where names start for who enters it. May sleep. */
void mnt_ns_root_get(struct mnt_ns *ns, struct path *out);
/* MOUNT held for writing: m joins, or leaves the one it is in. */
void mnt_ns_add(struct mnt_ns *ns, struct mount *m);
void mnt_ns_remove(struct mount *m);
