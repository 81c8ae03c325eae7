/*
 * Namespaces: what all kinds have in common, and the set of them that a thread has.
 *
 * Why a common part. A namespace of any kind is counted, owned by a user namespace, shown as a file
 * of nsfs and told apart by one number. What it separates is its own type's affair: that embeds
 * struct ns_common and fills in a struct ns_type.
 *
 *   [I] set at creation   [a] atomic
 */
#pragma once

#include "lib/base.h"
#include "kernel/sync/refcount.h"

/* Flags (<linux/sched.h>) of what is in a nsproxy. */
#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP |              \
	 CLONE_NEWNET | CLONE_NEWTIME)

struct fs_ctx;
struct ns_common;
struct userns;

/* In the order in which Linux makes and enters them. */
enum ns_kind {
	NS_MNT,
	NS_UTS,
	NS_IPC,
	NS_PID_FOR_CHILDREN,
	NS_CGROUP,
	NS_NET,
	NS_TIME,
	NS_TIME_FOR_CHILDREN,
	NS_PROXIED, /* those above are in a nsproxy */
	NS_PID = NS_PROXIED, /* a struct pid's */
	NS_USER, /* a struct cred's */
	NS_KINDS
};

/* In the order of /proc/sys/user: how many of which kind there may be (nscount.c). */
enum ns_limit {
	NS_MAX_CGROUP,
	NS_MAX_IPC,
	NS_MAX_MNT,
	NS_MAX_NET,
	NS_MAX_PID,
	NS_MAX_TIME,
	NS_MAX_USER,
	NS_MAX_UTS,
	NS_LIMITS
};

struct ns_type {
	const char *name; /* "uts": of the link's text */
	u8 limit; /* enum ns_limit */
	u32 flag; /* CLONE_NEW* */
	/* A new one, like old, owned by owner; fs is that of who will be in it. */
	int (*copy)(struct ns_common *old, struct userns *owner, struct fs_ctx *fs,
		    struct ns_common **out);
	void (*free)(struct ns_common *ns); /* nobody has it any more. May sleep */
};

struct ns_common {
	struct refcount refs; /* [a] the initial ones never go */
	const struct ns_type *type; /* [I] */
	struct userns *owner; /* [I] counted; whose capabilities count. NULL: the first one */
	u64 ino; /* [I] nsfs' inode number, never given out again */
	u32 maker; /* [I] for whom it counts */
	bool is_counted; /* [I] */
};

/* Names of kinds, as in /proc/PID/ns. */
extern const char *const ns_kind_names[NS_KINDS];

/* Fills in a new one: refs 1, a number. Takes a reference on owner. */
void ns_init(struct ns_common *ns, const struct ns_type *type, struct userns *owner);
u64 ns_id(const struct ns_common *ns); /* as NS_GET_ID tells it: never reused since boot */

/* One more (one less) that uid makes and owner owns. -ENOSPC, -ENOMEM. */
int ns_charge(const struct userns *owner, u32 uid, u32 limit) __must_check;
void ns_uncharge(const struct userns *owner, u32 uid, u32 limit);
static inline void ns_set_maker(struct ns_common *ns, u32 uid)
{
	ns->maker = uid;
	ns->is_counted = true;
}

static inline struct ns_common *ns_get(struct ns_common *ns)
{
	refcount_get(&ns->refs);
	return ns;
}
void ns_free(struct ns_common *ns); /* the count is 0 */
/* NULL is fine. May sleep. */
static inline void ns_put(struct ns_common *ns)
{
	if (ns && refcount_put(&ns->refs))
		ns_free(ns);
}

/*
 * What a thread has of the kinds below NS_PROXIED. Like credentials it never changes: who enters a
 * namespace gets another nsproxy.
 */
struct nsproxy {
	struct refcount refs; /* [a] */
	struct ns_common *ns[NS_PROXIED]; /* [I] counted */
};

extern struct nsproxy nsproxy_initial;

/**
 * nsproxy_copy - old, with new namespaces of the kinds in flags (CLONE_NEW*).
 * @owner: of the new ones.  @fs: of whoever will have it; CLONE_NEWNS moves it to the new mounts.
 * With CLONE_NEWTIME only time_for_children is new.
 * Context: may sleep.  Errors: -EPERM no CAP_SYS_ADMIN over owner, -ENOMEM, -ENOSPC too many or too
 * deep, -EINVAL.
 */
int nsproxy_copy(const struct nsproxy *old, u64 flags, struct userns *owner, struct fs_ctx *fs,
		 struct nsproxy **out) __must_check;
/* The same for a new process, which enters what its parent chose for children. */
int nsproxy_for_child(const struct nsproxy *old, u64 flags, struct userns *owner, struct fs_ctx *fs,
		      struct nsproxy **out) __must_check;
/* Puts another namespace in place; p is not shared yet. */
void nsproxy_set(struct nsproxy *p, enum ns_kind kind, struct ns_common *ns);
void nsproxy_free(struct nsproxy *p);
static inline struct nsproxy *nsproxy_get(struct nsproxy *p)
{
	refcount_get(&p->refs);
	return p;
}
/* NULL is fine. May sleep. */
static inline void nsproxy_put(struct nsproxy *p)
{
	if (p && refcount_put(&p->refs))
		nsproxy_free(p);
}

/* Of the current thread; kernel threads and those about to end have the initial ones. */
const struct nsproxy *nsproxy_current(void);

/* A kind of which only its identity exists here: ipc, net, cgroup. */
int ns_copy_plain(struct ns_common *old, struct userns *owner, struct fs_ctx *fs,
		  struct ns_common **out);

void ns_init_caches(void);
