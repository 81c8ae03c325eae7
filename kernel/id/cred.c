/*
 * Credentials: what a thread may do, and on whose account it runs.
 *
 * Owns: struct cred, and what each user has. A published cred never changes: a thread
 *   that changes its identity copies, edits the copy and puts it in place of the old one
 *   (thread_set_cred). So readers need a reference, but no lock.
 * Locks: users_lock (USERS) for the table of users; a user is in it while somebody counts for it.
 */
#include "kernel/id/cred.h"

#include <linux/capability.h>
#include <linux/securebits.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/string.h"

#include "arch/x86_64/percpu.h"
#include "kernel/debug/panic.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/spinlock.h"

#define ALL_CAPS ((1ull << (CAP_LAST_CAP + 1)) - 1)

struct cred cred_root = {
	.refs = REFCOUNT_INIT(1),
	.userns = &userns_initial,
	.cap_effective = ALL_CAPS,
	.cap_permitted = ALL_CAPS,
	.cap_bounding = ALL_CAPS,
};

static struct slab_cache *cred_cache;

void cred_put(const struct cred *c)
{
	struct cred *cred = (struct cred *)c;

	if (!refcount_put(&cred->refs))
		return;
	userns_put(cred->userns);
	kfree(cred->groups);
	cache_free(cred_cache, cred);
}

struct cred *cred_copy(const struct cred *c)
{
	struct cred *copy = cache_alloc(cred_cache);
	size_t size = c->nr_groups * sizeof(*c->groups);

	if (!copy)
		return NULL;
	*copy = *c;
	refcount_init(&copy->refs, 1);
	userns_get(copy->userns);
	copy->groups = NULL;
	if (!size)
		return copy;
	copy->groups = kmalloc(size);
	if (!copy->groups) {
		cred_put(copy);
		return NULL;
	}
	memcpy(copy->groups, c->groups, size);
	return copy;
}

bool cred_in_group(const struct cred *c, u32 gid)
{
	u32 low = 0, high = c->nr_groups;

	if (gid == c->fsgid)
		return true;
	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (c->groups[mid] == gid)
			return true;
		if (c->groups[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

const struct cred *cred_current(void)
{
	const struct thread *self = current;

	return self && self->cred ? self->cred : &cred_root;
}

/* capabilities(7), "Transformation of capabilities during execve()"; files carry none here. */
static bool cred_exec_root(struct cred *new)
{
	u32 root = userns_root(new->userns);
	bool is_root = !(new->securebits &SECBIT_NOROOT) && (new->uid == root || new->euid == root);

	new->cap_permitted = is_root ? new->cap_bounding | new->cap_inheritable : 0;
	return is_root && new->euid == root;
}

bool cred_exec(struct cred *new, const struct cred *old, u32 suid, u32 sgid, bool is_shared)
{
	bool is_effective, is_changed;

	if (!new->no_new_privs) {
		if (suid != ~0u)
			new->euid = suid;
		if (sgid != ~0u)
			new->egid = sgid;
	}
	is_effective = cred_exec_root(new);
	is_changed = new->euid != old->euid || !cred_in_group(old, new->egid);
	if ((is_shared || new->no_new_privs) &&
	    (is_changed || new->cap_permitted & ~old->cap_permitted)) {
		if (new->no_new_privs || !cred_has_cap(old, CAP_SETUID)) {
			new->euid = new->uid;
			new->egid = new->gid;
		}
		new->cap_permitted &= old->cap_permitted;
	}
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	if (is_changed)
		new->cap_ambient = 0;
	new->cap_permitted |= new->cap_ambient;
	new->cap_effective = is_effective ? new->cap_permitted : new->cap_ambient;
	new->securebits &= ~(u32)SECBIT_KEEP_CAPS;
	return is_changed || new->euid != old->uid || new->egid != old->gid ||
	       (is_effective && new->uid != userns_root(new->userns));
}

/* ---- Usage by user */

#define USER_BUCKETS 32

struct uid_usage {
	struct list link; /* in its bucket */
	u32 uid;
	struct refcount refs; /* zero only under users_lock, just before it goes */
	_Atomic u64 count[NR_USAGES];
};

static struct spinlock users_lock = SPINLOCK_INIT(RANK_USERS);
static struct list users[USER_BUCKETS];
static struct uid_usage overflow_user = { .refs = REFCOUNT_INIT(1) }; /* in no bucket, never goes */

static struct list *user_bucket(u32 uid)
{
	return &users[hash_bits(uid, 5)];
}

static struct uid_usage *user_find(u32 uid)
{
	struct uid_usage *u;

	list_for_each(u, user_bucket(uid), link)
		if (u->uid == uid && refcount_tryget(&u->refs))
			return u;
	return NULL;
}

struct uid_usage *uid_usage_of(u32 uid)
{
	struct uid_usage *u;

	spin_lock(&users_lock);
	u = user_find(uid);
	if (!u) {
		u = kzalloc(sizeof(*u));
		if (u) {
			u->uid = uid;
			refcount_init(&u->refs, 1);
			list_add(&u->link, user_bucket(uid));
		}
	}
	spin_unlock(&users_lock);
	return u ? u : uid_usage_get(&overflow_user);
}

struct uid_usage *uid_usage_get(struct uid_usage *u)
{
	refcount_get(&u->refs);
	return u;
}

void uid_usage_put(struct uid_usage *u)
{
	if (!refcount_put(&u->refs))
		return;
	spin_lock(&users_lock);
	list_del(&u->link);
	spin_unlock(&users_lock);
	kfree(u);
}

u64 uid_usage_add(struct uid_usage *u, enum usage_kind what, s64 n)
{
	return atomic_fetch_add_explicit(&u->count[what], (u64)n, memory_order_relaxed) + (u64)n;
}

struct uid_usage *uid_usage_join(struct uid_usage *u)
{
	uid_usage_add(u, USAGE_THREADS, 1);
	return u;
}

void uid_usage_leave(struct uid_usage *u)
{
	uid_usage_add(u, USAGE_THREADS, -1);
	uid_usage_put(u);
}

void cred_init(void)
{
	cred_cache = cache_create("cred", sizeof(struct cred), 0);
	for (u32 i = 0; i < USER_BUCKETS; i++)
		list_init(&users[i]);
}
