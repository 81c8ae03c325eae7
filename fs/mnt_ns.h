/*
 * Mount namespaces: one tree of mounts each.
 */
#pragma once

#include "kernel/id/ns.h"
#include "kernel/sync/rwsem.h"
#include "fs/mount.h"

struct mnt_ns {
	struct ns_common ns;
	struct path root; /* [MOUNT] counted; none in an anonymous one */
	struct list mounts; /* [MOUNT] by unique_id, which is the order of making */
	u32 nr_mounts, nr_pending; /* [MOUNT] pending: about to come */
	struct list all_link; /* [MOUNT] not of anonymous ones */
	u64 origin; /* [I] anonymous: the number of the namespace it was made in. 0: it is not */
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
/* One for a tree that is in none yet, and nobody can enter; like any other it goes with its last
 * reference, and what is still in it. -ENOMEM. */
int mnt_ns_new_anonymous(struct mnt_ns **out) __must_check;
/* MOUNT held for writing: m joins, or leaves the one it is in. */
void mnt_ns_add(struct mnt_ns *ns, struct mount *m);
void mnt_ns_remove(struct mount *m);
/* Whether this is the file of a mount namespace (nsfs); older: not one made after the caller's. */
bool mnt_ns_is_file(const struct dentry *d);
bool mnt_ns_is_older_file(const struct dentry *d);

/* The next one (or previous) by number that the caller is privileged over, +1; NULL: none. */
struct mnt_ns *mnt_ns_next_get(const struct mnt_ns *ns, bool is_backwards);
/* By the number ns_id() tells, +1; NULL: there is none. */
struct mnt_ns *mnt_ns_find_get(u64 id);

/* One of its mounts by unique_id, +1; NULL: there is none. */
struct mount *mnt_ns_mount_get(struct mnt_ns *ns, u64 unique_id);
/* Up to max unique_ids of mounts at or below root, but for `but`, that come after `after` (0: from
 * the start), backwards: before it. Their number. */
size_t mnt_ns_list(struct mnt_ns *ns, const struct path *root, u64 but, u64 after,
		   bool is_backwards, u64 *ids, size_t max);
/* What may change of a mount, all at one time; root is for propagate_from. */
struct mount_state {
	u64 parent_unique_id, ns_id;
	int parent_id;
	u32 flags, group, master, from;
	bool is_unbindable;
};
void mount_state(const struct mount *m, const struct path *root, struct mount_state *out);

/* Calls fn for each mount in ns at or below root, in order of making. MOUNT held for reading. */
void mount_for_each(struct mnt_ns *ns, const struct path *root, void (*fn)(struct mount *, void *),
		    void *arg);
