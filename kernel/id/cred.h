/*
 * Credentials: immutable once published, shared by reference, replaced as a whole.
 */
#pragma once

#include "lib/base.h"
#include "kernel/sync/refcount.h"

struct userns;

struct cred {
	struct refcount refs;
	struct userns *userns; /* counted: where the capabilities are good for something */
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	u32 securebits;
	bool no_new_privs;
	u32 nr_groups;
	u32 *groups; /* sorted; owned; NULL if none */
};

extern struct cred cred_root; /* all capabilities, uid 0: kernel threads and init */

static inline const struct cred *cred_get(const struct cred *c)
{
	refcount_get(&((struct cred *)c)->refs);
	return c;
}
void cred_put(const struct cred *c);

/* A private copy with one reference to change and then publish; NULL: out of memory. */
struct cred *cred_copy(const struct cred *c);

/* In the effective set: good for what belongs to the cred's own user namespace. */
static inline bool cred_has_cap(const struct cred *c, unsigned cap)
{
	return c->cap_effective >> cap & 1;
}
bool cred_in_group(const struct cred *c, u32 gid); /* fsgid or supplementary */

/* Of the current thread (kernel threads: cred_root). */
const struct cred *cred_current(void);
extern struct userns userns_initial;
/* For what belongs to ns: in the set of a member of it or of one above it, or owner of one. */
bool cred_capable(const struct cred *c, const struct userns *ns, unsigned cap);
static inline bool ns_capable(const struct userns *ns, unsigned cap)
{
	return cred_capable(cred_current(), ns, cap);
}
/* For what belongs to the whole system. */
static inline bool capable(unsigned cap)
{
	const struct cred *c = cred_current();

	return c->userns == &userns_initial && cred_has_cap(c, cap);
}
/* For what is the caller's own. */
static inline bool capable_own(unsigned cap)
{
	return cred_has_cap(cred_current(), cap);
}

/**
 * cred_exec - what execve makes of credentials.
 * @new: a private copy of old, changed in place. @suid, @sgid: owner of a set-uid or set-gid file,
 * or -1. @is_shared: another process could lead the program astray, so that it gets no more than old
 * has, as under no_new_privs. Returns true if the program may do more than its caller: AT_SECURE,
 * and memory nobody else may look at.
 */
bool cred_exec(struct cred *new, const struct cred *old, u32 suid, u32 sgid, bool is_shared);

/*
 * What a real user id has, against its limits.
 */
enum usage_kind {
	USAGE_THREADS, /* RLIMIT_NPROC */
	USAGE_SIGNALS, /* pending ones: RLIMIT_SIGPENDING; counted while their process lives */
	USAGE_WATCHES, /* files in epoll sets: /proc/sys/fs/epoll/max_user_watches */
	USAGE_PIPE_PAGES, /* /proc/sys/fs/pipe-user-pages-soft and -hard */
	NR_USAGES
};

struct uid_usage;
/* With a reference. Never NULL: out of memory it counts for nobody. */
struct uid_usage *uid_usage_of(u32 uid);
struct uid_usage *uid_usage_get(struct uid_usage *usage);
void uid_usage_put(struct uid_usage *usage);
u64 uid_usage_add(struct uid_usage *usage, enum usage_kind what,
		  s64 n); /* how many there are then */
/* The same for a thread, which is one of the user's threads with it. */
struct uid_usage *uid_usage_join(struct uid_usage *usage); /* the reference becomes the thread's */
void uid_usage_leave(struct uid_usage *usage);

void cred_init(void);
