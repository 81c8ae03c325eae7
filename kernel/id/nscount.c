/*
 * nscount: how many namespaces of each kind a user may have.
 *
 * A namespace counts for the user who made it, in the user namespace that owns it; then for whoever
 *   made that one, in its parent; and so on up. So nobody gets more by nesting. Each user namespace
 *   has its own limits (/proc/sys/user).
 * Life: a record is there while it counts something. Its user namespace is then there too, as the
 *   owner of what is counted.
 * Locks: counts_lock (RANK_USERS).                  Follows: namespaces(7), "The /proc/sys/user directory"
 */
#include <linux/errno.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "arch/x86_64/atomic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/spinlock.h"

#define BUCKETS_LOG2 5

struct ns_count {
	struct list link;
	const struct userns *in;
	u32 uid;
	u32 used[NS_LIMITS], all;
};

static struct spinlock counts_lock = SPINLOCK_INIT(RANK_USERS);
static struct list counts[1 << BUCKETS_LOG2];

static struct list *bucket(const struct userns *in, u32 uid)
{
	struct list *b = &counts[hash_bits((u64)in ^ uid, BUCKETS_LOG2)];

	if (!b->next)
		list_init(b);
	return b;
}

static struct ns_count *find(const struct userns *in, u32 uid)
{
	struct ns_count *c;

	list_for_each(c, bucket(in, uid), link)
		if (c->in == in && c->uid == uid)
			return c;
	return NULL;
}

static struct ns_count *find_or_add(const struct userns *in, u32 uid)
{
	struct ns_count *c = find(in, uid);

	if (c)
		return c;
	c = kzalloc(sizeof(*c));
	if (!c)
		return NULL;
	c->in = in;
	c->uid = uid;
	list_add(&c->link, bucket(in, uid));
	return c;
}

/* In all from `in` up to, but without, end. */
static void uncharge(const struct userns *in, const struct userns *end, u32 uid, u32 limit)
{
	for (; in != end; uid = in->uid, in = userns_parent(in)) {
		struct ns_count *c = find(in, uid);

		c->used[limit]--;
		if (!--c->all) {
			list_del(&c->link);
			kfree(c);
		}
	}
}

int ns_charge(const struct userns *owner, u32 uid, u32 limit)
{
	const struct userns *in = owner;
	u32 who = uid;
	int err = 0;

	spin_lock(&counts_lock);
	for (; in; who = in->uid, in = userns_parent(in)) {
		struct ns_count *c = find_or_add(in, who);

		if (!c) {
			err = -ENOMEM;
			break;
		}
		c->used[limit]++;
		c->all++;
		if (c->used[limit] > READ_ONCE(in->ns_max[limit])) {
			uncharge(in, userns_parent(in), who, limit);
			err = -ENOSPC;
			break;
		}
	}
	if (err)
		uncharge(owner, in, uid, limit);
	spin_unlock(&counts_lock);
	return err;
}

void ns_uncharge(const struct userns *owner, u32 uid, u32 limit)
{
	spin_lock(&counts_lock);
	uncharge(owner, NULL, uid, limit);
	spin_unlock(&counts_lock);
}
