/*
 * User namespaces: whose ids and whose capabilities.
 *
 * Inside the kernel every user and group id is that of the initial namespace ("global"). They are
 * translated where they pass to or from user space, by the maps of the caller's user namespace; what
 * has no name there is shown as 65534, and cannot be asked for.
 *
 *   [I] set at creation   [m] set once under the map lock, count last (release)   [M] map lock
 */
#pragma once

#include "kernel/id/cred.h"
#include "kernel/id/ns.h"

#define ID_NONE     (~0u) /* nobody's id */
#define ID_OVERFLOW 65534u /* how ids without a name are shown */

enum id_kind { ID_USER, ID_GROUP };

struct id_extent {
	u32 first, lower, count; /* ids first.. in the namespace are lower.. in its parent; global
				    once they are in the map */
};

struct id_map {
	_Atomic u32 count; /* [m] 0: no id has a name yet */
	struct id_extent *extents; /* [m] owned */
};

struct userns {
	struct ns_common ns; /* ns.owner is the parent; NULL: the initial one */
	u32 level; /* [I] 0: the initial one */
	u32 uid, gid; /* [I] who made it: all capabilities in it are theirs, seen from the parent */
	bool could_setfcap; /* [I] the maker might write the capabilities of the parent's files */
	bool denies_setgroups; /* [M] */
	struct id_map maps[2]; /* by enum id_kind */
	u32 ns_max[NS_LIMITS]; /* one word each */
};

extern struct userns userns_initial;
extern bool userns_is_used; /* there is, or was, another one */

static inline struct userns *userns_of(struct ns_common *ns)
{
	return container_of(ns, struct userns, ns);
}
static inline struct userns *userns_parent(const struct userns *ns)
{
	return ns->ns.owner;
}
static inline struct userns *userns_current(void)
{
	return cred_current()->userns;
}

/* NULL is fine. The initial one is not counted. */
static inline struct userns *userns_get(struct userns *ns)
{
	if (ns != &userns_initial)
		ns_get(&ns->ns);
	return ns;
}
static inline void userns_put(struct userns *ns)
{
	if (ns && ns != &userns_initial)
		ns_put(&ns->ns);
}

/* ancestor, or one below it. NULL is below nobody. */
bool userns_is_within(const struct userns *ns, const struct userns *ancestor);

/* ID_NONE: there is none such. */
u32 id_to_global_slow(const struct userns *ns, enum id_kind kind, u32 id);
u32 id_from_global_slow(const struct userns *ns, enum id_kind kind, u32 global);
static inline u32 id_to_global(const struct userns *ns, enum id_kind kind, u32 id)
{
	return likely(ns == &userns_initial) ? id : id_to_global_slow(ns, kind, id);
}
static inline u32 id_from_global(const struct userns *ns, enum id_kind kind, u32 global)
{
	return likely(ns == &userns_initial) ? global : id_from_global_slow(ns, kind, global);
}
static inline bool id_has_name(const struct userns *ns, enum id_kind kind, u32 global)
{
	return id_from_global(ns, kind, global) != ID_NONE;
}
/* Its root, as a global id; ID_NONE: it has none. */
static inline u32 userns_root(const struct userns *ns)
{
	return id_to_global(ns, ID_USER, 0);
}
/* As ns is shown it: ID_OVERFLOW if it has no name there. */
u32 id_shown(const struct userns *ns, enum id_kind kind, u32 global);

/* What the current thread says, or is told. */
static inline u32 uid_from_user(u32 uid)
{
	return id_to_global(userns_current(), ID_USER, uid);
}
static inline u32 gid_from_user(u32 gid)
{
	return id_to_global(userns_current(), ID_GROUP, gid);
}
static inline u32 uid_to_user(u32 uid)
{
	return id_shown(userns_current(), ID_USER, uid);
}
static inline u32 gid_to_user(u32 gid)
{
	return id_shown(userns_current(), ID_GROUP, gid);
}

/**
 * userns_new - a child of new's user namespace, made by new, which becomes its first member.
 * @new: private credentials; they get all capabilities in it.
 * Errors: -ENOSPC too deep, -EPERM the maker has no name in its own, -ENOMEM.
 */
int userns_new(struct cred *new) __must_check;
/* Makes new a member of ns, with all capabilities. */
void userns_enter(struct cred *new, struct userns *ns);

/* /proc/PID/uid_map and gid_map. Errors: -EPERM, -EINVAL, -ENOMEM. */
int userns_write_map(struct userns *ns, enum id_kind kind, const char *text);
/* Extent i as the current thread sees it; false: there is none. */
bool userns_map_line(const struct userns *ns, enum id_kind kind, u32 i, struct id_extent *out);
/* /proc/PID/setgroups. deny is for ever. */
int userns_set_setgroups(struct userns *ns, bool allows);
bool userns_may_setgroups(const struct userns *ns); /* gid_map is written, and it is not denied */

void userns_init_cache(void);
