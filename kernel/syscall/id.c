/*
 * Who a thread acts as: user and group ids, groups, capabilities.
 *
 * Credentials are never changed in place: each call copies them, edits the copy and publishes it.
 *                                  Follows: credentials(7), capabilities(7), setresuid(2),
 * capset(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/securebits.h>

#include "kernel/id/userns.h"
#include "kernel/mm/as.h"
#include "kernel/mm/slab.h"
#include "kernel/task/signal.h"

#define ID_KEEP  (~0u)
#define ALL_CAPS ((1ull << (CAP_LAST_CAP + 1)) - 1)

SYSCALL(getuid, void)
{
	return uid_to_user(cred_current()->uid);
}

SYSCALL(geteuid, void)
{
	return uid_to_user(cred_current()->euid);
}

SYSCALL(getgid, void)
{
	return gid_to_user(cred_current()->gid);
}

SYSCALL(getegid, void)
{
	return gid_to_user(cred_current()->egid);
}

static long put_three(u32 a, u32 b, u32 c, u32 __user *ua, u32 __user *ub, u32 __user *uc)
{
	return put_user(a, ua) || put_user(b, ub) || put_user(c, uc) ? -EFAULT : 0;
}

SYSCALL(getresuid, u32 __user *ruid, u32 __user *euid, u32 __user *suid)
{
	const struct cred *c = cred_current();

	return put_three(uid_to_user(c->uid), uid_to_user(c->euid), uid_to_user(c->suid), ruid,
			 euid, suid);
}

SYSCALL(getresgid, u32 __user *rgid, u32 __user *egid, u32 __user *sgid)
{
	const struct cred *c = cred_current();

	return put_three(gid_to_user(c->gid), gid_to_user(c->egid), gid_to_user(c->sgid), rgid,
			 egid, sgid);
}

/* The caller's name of an id becomes the global one; ID_KEEP stays. */
static bool id_take(enum id_kind kind, u32 *id)
{
	if (*id == ID_KEEP)
		return true;
	*id = id_to_global(userns_current(), kind, *id);
	return *id != ID_NONE;
}

/* capabilities(7), "Effect of user ID changes on capabilities". */
static void cred_fix_caps(struct cred *new, const struct cred *old)
{
	u32 root = userns_root(old->userns);
	bool had_root = old->uid == root || old->euid == root || old->suid == root;
	bool has_root = new->uid == root || new->euid == root || new->suid == root;

	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (had_root && !has_root && !(old->securebits & SECBIT_KEEP_CAPS)) {
		new->cap_permitted = 0;
		new->cap_effective = 0;
	}
	if (had_root && !has_root)
		new->cap_ambient = 0;
	if (old->euid == root && new->euid != root)
		new->cap_effective = 0;
	if (old->euid != root && new->euid == root)
		new->cap_effective = new->cap_permitted;
}

static bool uid_is_own(const struct cred *c, u32 id)
{
	return id == ID_KEEP || id == c->uid || id == c->euid || id == c->suid;
}

static bool gid_is_own(const struct cred *c, u32 id)
{
	return id == ID_KEEP || id == c->gid || id == c->egid || id == c->sgid;
}

static long cred_commit_uid(struct cred *new)
{
	new->fsuid = new->euid;
	cred_fix_caps(new, cred_current());
	thread_change_cred(new);
	return 0;
}

SYSCALL(setresuid, u32 ruid, u32 euid, u32 suid)
{
	const struct cred *old = cred_current();
	struct cred *new;

	if (!id_take(ID_USER, &ruid) || !id_take(ID_USER, &euid) || !id_take(ID_USER, &suid))
		return -EINVAL;
	if (!capable_own(CAP_SETUID) &&
	    !(uid_is_own(old, ruid) && uid_is_own(old, euid) && uid_is_own(old, suid)))
		return -EPERM;
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	new->uid = ruid == ID_KEEP ? old->uid : ruid;
	new->euid = euid == ID_KEEP ? old->euid : euid;
	new->suid = suid == ID_KEEP ? old->suid : suid;
	return cred_commit_uid(new);
}

SYSCALL(setreuid, u32 ruid, u32 euid)
{
	const struct cred *old = cred_current();
	struct cred *new;

	if (!id_take(ID_USER, &ruid) || !id_take(ID_USER, &euid))
		return -EINVAL;
	if (!capable_own(CAP_SETUID) &&
	    !((ruid == ID_KEEP || ruid == old->uid || ruid == old->euid) && uid_is_own(old, euid)))
		return -EPERM;
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	new->uid = ruid == ID_KEEP ? old->uid : ruid;
	new->euid = euid == ID_KEEP ? old->euid : euid;
	if (ruid != ID_KEEP || (euid != ID_KEEP && euid != old->uid))
		new->suid = new->euid;
	return cred_commit_uid(new);
}

SYSCALL(setuid, u32 uid)
{
	const struct cred *old = cred_current();
	struct cred *new;

	if (uid == ID_KEEP || !id_take(ID_USER, &uid))
		return -EINVAL;
	if (!capable_own(CAP_SETUID) && uid != old->uid && uid != old->suid)
		return -EPERM;
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	if (capable_own(CAP_SETUID))
		new->uid = new->suid = uid;
	new->euid = uid;
	return cred_commit_uid(new);
}

static long cred_commit_gid(struct cred *new)
{
	new->fsgid = new->egid;
	thread_change_cred(new);
	return 0;
}

SYSCALL(setresgid, u32 rgid, u32 egid, u32 sgid)
{
	const struct cred *old = cred_current();
	struct cred *new;

	if (!id_take(ID_GROUP, &rgid) || !id_take(ID_GROUP, &egid) || !id_take(ID_GROUP, &sgid))
		return -EINVAL;
	if (!capable_own(CAP_SETGID) &&
	    !(gid_is_own(old, rgid) && gid_is_own(old, egid) && gid_is_own(old, sgid)))
		return -EPERM;
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	new->gid = rgid == ID_KEEP ? old->gid : rgid;
	new->egid = egid == ID_KEEP ? old->egid : egid;
	new->sgid = sgid == ID_KEEP ? old->sgid : sgid;
	return cred_commit_gid(new);
}

SYSCALL(setregid, u32 rgid, u32 egid)
{
	const struct cred *old = cred_current();
	struct cred *new;

	if (!id_take(ID_GROUP, &rgid) || !id_take(ID_GROUP, &egid))
		return -EINVAL;
	if (!capable_own(CAP_SETGID) &&
	    !((rgid == ID_KEEP || rgid == old->gid || rgid == old->egid) && gid_is_own(old, egid)))
		return -EPERM;
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	new->gid = rgid == ID_KEEP ? old->gid : rgid;
	new->egid = egid == ID_KEEP ? old->egid : egid;
	if (rgid != ID_KEEP || (egid != ID_KEEP && egid != old->gid))
		new->sgid = new->egid;
	return cred_commit_gid(new);
}

SYSCALL(setgid, u32 gid)
{
	const struct cred *old = cred_current();
	struct cred *new;

	if (gid == ID_KEEP || !id_take(ID_GROUP, &gid))
		return -EINVAL;
	if (!capable_own(CAP_SETGID) && gid != old->gid && gid != old->sgid)
		return -EPERM;
	new = cred_copy(old);
	if (!new)
		return -ENOMEM;
	if (capable_own(CAP_SETGID))
		new->gid = new->sgid = gid;
	new->egid = gid;
	return cred_commit_gid(new);
}

/* setfsuid, setfsgid: the old value, whether it worked or not. */
SYSCALL(setfsuid, u32 uid)
{
	const struct cred *old = cred_current();
	u32 before = uid_to_user(old->fsuid);
	struct cred *new;

	if (uid == ID_KEEP || !id_take(ID_USER, &uid) ||
	    !(capable_own(CAP_SETUID) || uid_is_own(old, uid) || uid == old->fsuid))
		return before;
	new = cred_copy(old);
	if (!new)
		return before;
	new->fsuid = uid;
	thread_change_cred(new);
	return before;
}

SYSCALL(setfsgid, u32 gid)
{
	const struct cred *old = cred_current();
	u32 before = gid_to_user(old->fsgid);
	struct cred *new;

	if (gid == ID_KEEP || !id_take(ID_GROUP, &gid) ||
	    !(capable_own(CAP_SETGID) || gid_is_own(old, gid) || gid == old->fsgid))
		return before;
	new = cred_copy(old);
	if (!new)
		return before;
	new->fsgid = gid;
	thread_change_cred(new);
	return before;
}

SYSCALL(getgroups, int size, u32 __user *ulist)
{
	const struct cred *c = cred_current();

	if (size < 0)
		return -EINVAL;
	if (!size)
		return c->nr_groups;
	if ((u32)size < c->nr_groups)
		return -EINVAL;
	for (u32 i = 0; i < c->nr_groups; i++)
		if (put_user(gid_to_user(c->groups[i]), &ulist[i]))
			return -EFAULT;
	return c->nr_groups;
}

/* Insertion sort: group lists are short, and mostly sorted already. */
static void groups_sort(u32 *groups, u32 n)
{
	for (u32 i = 1; i < n; i++)
		for (u32 k = i; k && groups[k - 1] > groups[k]; k--) {
			u32 swap = groups[k];

			groups[k] = groups[k - 1];
			groups[k - 1] = swap;
		}
}

static int groups_from_user(u32 *groups, const u32 __user *ulist, u32 n)
{
	if (copy_from_user(groups, ulist, n * sizeof(u32)))
		return -EFAULT;
	for (u32 i = 0; i < n; i++) {
		groups[i] = gid_from_user(groups[i]);
		if (groups[i] == ID_NONE && userns_current() != &userns_initial)
			return -EINVAL;
	}
	groups_sort(groups, n);
	return 0;
}

SYSCALL(setgroups, int size, const u32 __user *ulist)
{
	struct cred *new;
	u32 *groups = NULL;
	int err;

	if (!capable_own(CAP_SETGID) || !userns_may_setgroups(userns_current()))
		return -EPERM;
	if ((u32)size > NGROUPS_MAX)
		return -EINVAL;
	if (size) {
		groups = kcalloc(size, sizeof(u32));
		if (!groups)
			return -ENOMEM;
		err = groups_from_user(groups, ulist, size);
		if (err) {
			kfree(groups);
			return err;
		}
	}
	new = cred_copy(cred_current());
	if (!new) {
		kfree(groups);
		return -ENOMEM;
	}
	kfree(new->groups);
	new->groups = groups;
	new->nr_groups = size;
	thread_change_cred(new);
	return 0;
}

/* ---- capabilities: version 3 has two 32-bit words of each set; 1 has one. */

static int capability_words(u32 __user *uversion, u32 *words)
{
	u32 version;

	if (get_user(version, uversion))
		return -EFAULT;
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = 1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = 2;
		return 0;
	default:
		return put_user((u32)_LINUX_CAPABILITY_VERSION_3, uversion) ? -EFAULT : -EINVAL;
	}
}

SYSCALL(capget, struct __user_cap_header_struct __user *uheader,
	struct __user_cap_data_struct __user *udata)
{
	struct __user_cap_data_struct data[2];
	const struct cred *c;
	struct task *task;
	u32 words;
	int pid, err = capability_words(&uheader->version, &words);

	if (err)
		return err == -EINVAL && !udata ? 0 : err;
	if (get_user(pid, &uheader->pid))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	if (pid && pid != pid_vnr(current->pid)) {
		task = task_find_get(pid);
		if (!task)
			return -ESRCH;
		c = task_cred_get(task);
		task_put(task);
	} else {
		c = cred_get(cred_current());
	}
	for (u32 i = 0; i < words; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = c->cap_effective >> (32 * i),
			.permitted = c->cap_permitted >> (32 * i),
			.inheritable = c->cap_inheritable >> (32 * i),
		};
	cred_put(c);
	return udata ? copy_to_user(udata, data, words * sizeof(data[0])) : 0;
}

static bool capset_is_allowed(const struct cred *old, u64 effective, u64 permitted, u64 inheritable)
{
	u64 may_inherit = old->cap_inheritable | old->cap_permitted;

	if (capable_own(CAP_SETPCAP))
		may_inherit = ALL_CAPS;
	return !(permitted & ~old->cap_permitted) && !(effective & ~permitted) &&
	       !(inheritable & ~may_inherit) &&
	       !(inheritable & ~(old->cap_inheritable | old->cap_bounding));
}

SYSCALL(capset, struct __user_cap_header_struct __user *uheader,
	const struct __user_cap_data_struct __user *udata)
{
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };
	u64 effective, permitted, inheritable;
	struct cred *new;
	u32 words;
	int pid, err = capability_words(&uheader->version, &words);

	if (err)
		return err;
	if (get_user(pid, &uheader->pid))
		return -EFAULT;
	if (pid && pid != pid_vnr(current->pid))
		return -EPERM;
	if (copy_from_user(data, udata, words * sizeof(data[0])))
		return -EFAULT;
	effective = (data[0].effective | (u64)data[1].effective << 32) & ALL_CAPS;
	permitted = (data[0].permitted | (u64)data[1].permitted << 32) & ALL_CAPS;
	inheritable = (data[0].inheritable | (u64)data[1].inheritable << 32) & ALL_CAPS;
	if (!capset_is_allowed(cred_current(), effective, permitted, inheritable))
		return -EPERM;
	new = cred_copy(cred_current());
	if (!new)
		return -ENOMEM;
	new->cap_effective = effective;
	new->cap_permitted = permitted;
	new->cap_inheritable = inheritable;
	new->cap_ambient &= permitted &inheritable;
	thread_change_cred(new);
	return 0;
}
