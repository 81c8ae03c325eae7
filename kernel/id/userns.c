/*
 * User namespaces: maps of ids, and what capabilities are good for.
 *
 * Owns: struct userns.
 * Life: counted by the credentials of its members, by its children and by the namespaces it owns
 *   (ns_common.owner). The initial one is never counted, so that most processes pay nothing.
 * Invariant: extents of a map do not overlap, on neither side, and lead to global ids; a map is
 *   written once, so a reader that has seen its count may read the extents without a lock.
 * Locks: map_lock for writing maps and denies_setgroups.
 * Open: who writes a map must have the privilege; that the opener of the file had it too is not
 *   asked, as files do not keep their opener's credentials.
 *                                                        Follows: user_namespaces(7), Linux 7.3
 */
#include "kernel/id/userns.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/nsfs.h>
#include <linux/sched.h>

#include "kernel/mm/slab.h"
#include "kernel/sync/mutex.h"

#define MAX_LEVEL   33
#define MAX_EXTENTS 340

bool userns_is_used;

static struct mutex map_lock = MUTEX_INIT(RANK_SOCK);
static struct slab_cache *userns_cache;

static void userns_free(struct ns_common *common)
{
	struct userns *ns = userns_of(common);

	kfree(ns->maps[ID_USER].extents);
	kfree(ns->maps[ID_GROUP].extents);
	cache_free(userns_cache, ns);
}

static const struct ns_type user_type = {
	.name = "user", .limit = NS_MAX_USER, .flag = CLONE_NEWUSER, .free = userns_free
};

struct userns userns_initial = {
	.ns = { .refs = REFCOUNT_INIT(1), .type = &user_type, .ino = USER_NS_INIT_INO },
	.ns_max = { [0 ... NS_LIMITS - 1] = 16384 },
};

bool userns_is_within(const struct userns *ns, const struct userns *ancestor)
{
	while (ns && ns->level > ancestor->level)
		ns = userns_parent(ns);
	return ns == ancestor;
}

/* ---- Ids */

static const struct id_extent initial_extent = { 0, 0, ID_NONE };

static u32 map_extents(const struct userns *ns, enum id_kind kind, const struct id_extent **out)
{
	const struct id_map *map = &ns->maps[kind];
	u32 count = atomic_load_explicit(&map->count, memory_order_acquire);

	if (ns == &userns_initial) {
		*out = &initial_extent;
		return 1;
	}
	*out = map->extents;
	return count;
}

/* A range of ids, whole or not at all; ID_NONE. */
static u32 map_range(const struct userns *ns, enum id_kind kind, u32 id, u32 count)
{
	const struct id_extent *e;
	u32 n = map_extents(ns, kind, &e);

	for (; n; n--, e++)
		if (id >= e->first && id - e->first < e->count &&
		    count <= e->count - (id - e->first))
			return e->lower + (id - e->first);
	return ID_NONE;
}

u32 id_to_global_slow(const struct userns *ns, enum id_kind kind, u32 id)
{
	return map_range(ns, kind, id, 1);
}

u32 id_from_global_slow(const struct userns *ns, enum id_kind kind, u32 global)
{
	const struct id_extent *e;
	u32 n = map_extents(ns, kind, &e);

	for (; n; n--, e++)
		if (global >= e->lower && global - e->lower < e->count)
			return e->first + (global - e->lower);
	return ID_NONE;
}

u32 id_shown(const struct userns *ns, enum id_kind kind, u32 global)
{
	u32 id = id_from_global(ns, kind, global);

	return id == ID_NONE ? ID_OVERFLOW : id;
}

/* ---- Members and capabilities */

bool cred_capable(const struct cred *c, const struct userns *ns, unsigned cap)
{
	for (; ns; ns = userns_parent(ns)) {
		if (ns == c->userns)
			return cred_has_cap(c, cap);
		if (ns->level <= c->userns->level)
			return false;
		if (userns_parent(ns) == c->userns && ns->uid == c->euid)
			return true; /* who made it may do everything in it */
	}
	return false;
}

void userns_enter(struct cred *new, struct userns *ns)
{
	userns_get(ns);
	userns_put(new->userns);
	new->userns = ns;
	new->securebits = 0;
	new->cap_inheritable = new->cap_ambient = 0;
	new->cap_permitted = new->cap_effective = new->cap_bounding = cred_root.cap_bounding;
}

int userns_new(struct cred *new)
{
	struct userns *parent = new->userns, *ns;
	int err;

	if (parent->level >= MAX_LEVEL)
		return -ENOSPC;
	if (!id_has_name(parent, ID_USER, new->euid) || !id_has_name(parent, ID_GROUP, new->egid))
		return -EPERM;
	err = ns_charge(parent, new->euid, NS_MAX_USER);
	if (err)
		return err;
	ns = cache_zalloc(userns_cache);
	if (!ns) {
		ns_uncharge(parent, new->euid, NS_MAX_USER);
		return -ENOMEM;
	}
	ns_init(&ns->ns, &user_type, parent);
	ns_set_maker(&ns->ns, new->euid);
	for (int i = 0; i < NS_LIMITS; i++)
		ns->ns_max[i] = INT32_MAX;
	ns->level = parent->level + 1;
	ns->uid = new->euid;
	ns->gid = new->egid;
	ns->could_setfcap = cred_has_cap(new, CAP_SETFCAP);
	ns->denies_setgroups = parent->denies_setgroups;
	userns_is_used = true;
	userns_enter(new, ns);
	userns_put(ns);
	return 0;
}

/* ---- Writing maps */

static const char *parse_number(const char *s, u32 *out)
{
	u64 n = 0;

	while (*s == ' ' || *s == '\t')
		s++;
	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (u64)(*s - '0');
		if (n > ID_NONE)
			return NULL;
	}
	*out = (u32)n;
	return s;
}

static bool ranges_meet(u32 a, u32 a_count, u32 b, u32 b_count)
{
	return a <= b + (b_count - 1) && b <= a + (a_count - 1);
}

static bool extent_is_good(const struct id_extent *e, const struct id_extent *others, u32 n)
{
	if (e->first == ID_NONE || e->lower == ID_NONE || !e->count ||
	    e->first + (u64)e->count > ID_NONE || e->lower + (u64)e->count > ID_NONE)
		return false;
	for (u32 i = 0; i < n; i++)
		if (ranges_meet(e->first, e->count, others[i].first, others[i].count) ||
		    ranges_meet(e->lower, e->count, others[i].lower, others[i].count))
			return false;
	return true;
}

/* Lines of "first lower count"; how many of them, or -EINVAL. */
static int parse_map(const char *s, struct id_extent *extents)
{
	u32 n = 0;

	while (*s || !n) {
		struct id_extent *e = &extents[n];

		if (n == MAX_EXTENTS)
			return -EINVAL;
		s = parse_number(s, &e->first);
		s = s && (*s == ' ' || *s == '\t') ? parse_number(s, &e->lower) : NULL;
		s = s && (*s == ' ' || *s == '\t') ? parse_number(s, &e->count) : NULL;
		if (!s || !extent_is_good(e, extents, n))
			return -EINVAL;
		while (*s == ' ' || *s == '\t')
			s++;
		if (*s && *s++ != '\n')
			return -EINVAL;
		n++;
	}
	return (int)n;
}

/* The parent's root gets a name only from who might give files capabilities in its name. */
static bool may_map_root(const struct userns *ns, const struct id_extent *e, u32 n)
{
	while (n && e->lower) {
		n--;
		e++;
	}
	if (!n)
		return true;
	if (userns_current() == ns)
		return ns->could_setfcap;
	return ns_capable(userns_parent(ns), CAP_SETFCAP);
}

static bool may_write_map(const struct userns *ns, enum id_kind kind, const struct id_extent *e,
			  u32 n)
{
	const struct cred *c = cred_current();
	const struct userns *parent = userns_parent(ns);

	if (kind == ID_USER && !may_map_root(ns, e, n))
		return false;
	/* Oneself is nobody else's business; but groups must not be a way to lose one. */
	if (n == 1 && e->count == 1 && ns->uid == c->euid &&
	    (kind == ID_USER
		     ? id_to_global(parent, kind, e->lower) == c->euid
		     : ns->denies_setgroups && id_to_global(parent, kind, e->lower) == c->egid))
		return true;
	return ns_capable(parent, kind == ID_USER ? CAP_SETUID : CAP_SETGID);
}

static int publish_map(struct userns *ns, enum id_kind kind, const struct id_extent *e, u32 n)
{
	struct id_map *map = &ns->maps[kind];
	struct id_extent *copy;

	if (!may_write_map(ns, kind, e, n))
		return -EPERM;
	copy = kmalloc(n * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (u32 i = 0; i < n; i++) {
		copy[i] = e[i];
		copy[i].lower = map_range(userns_parent(ns), kind, e[i].lower, e[i].count);
		if (copy[i].lower == ID_NONE) {
			kfree(copy);
			return -EPERM;
		}
	}
	map->extents = copy;
	atomic_store_explicit(&map->count, n, memory_order_release);
	return 0;
}

int userns_write_map(struct userns *ns, enum id_kind kind, const char *text)
{
	const struct userns *own = userns_current();
	struct id_extent *extents;
	int n, err;

	if (!userns_parent(ns) || (own != ns && own != userns_parent(ns)))
		return -EPERM;
	extents = kmalloc(MAX_EXTENTS * sizeof(*extents));
	if (!extents)
		return -ENOMEM;
	mutex_lock(&map_lock);
	if (ns->maps[kind].count || !ns_capable(ns, CAP_SYS_ADMIN)) {
		err = -EPERM;
	} else {
		n = parse_map(text, extents);
		err = n < 0 ? n : publish_map(ns, kind, extents, (u32)n);
	}
	mutex_unlock(&map_lock);
	kfree(extents);
	return err;
}

/* Seen from inside, the other side is the parent's. */
bool userns_map_line(const struct userns *ns, enum id_kind kind, u32 i, struct id_extent *out)
{
	const struct userns *viewer = userns_current();
	const struct id_extent *e;

	if (i >= map_extents(ns, kind, &e))
		return false;
	if (viewer == ns && userns_parent(ns))
		viewer = userns_parent(ns);
	*out = e[i];
	out->lower = id_from_global(viewer, kind, out->lower);
	return true;
}

int userns_set_setgroups(struct userns *ns, bool allows)
{
	int err = 0;

	mutex_lock(&map_lock);
	if (allows ? ns->denies_setgroups
		   : !ns->denies_setgroups && (ns == &userns_initial || ns->maps[ID_GROUP].count))
		err = -EPERM;
	else
		ns->denies_setgroups = !allows;
	mutex_unlock(&map_lock);
	return err;
}

bool userns_may_setgroups(const struct userns *ns)
{
	return !ns->denies_setgroups && (ns == &userns_initial || ns->maps[ID_GROUP].count);
}

void userns_init_cache(void)
{
	userns_cache = cache_create("user_ns", sizeof(struct userns), 0);
}
