/*
 * statmount and listmount: the mount table without text.
 *
 * Mounts are named by the number that is never used again (STATX_MNT_ID_UNIQUE). One sees what lies
 *   below one's root, of another mount namespace what lies below its root, and only with
 *   CAP_SYS_ADMIN over that.
 *                                             Follows: statmount(2), listmount(2)
 */
#include "kernel/syscall/user.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/sched.h>

#include "lib/seqbuf.h"
#include "lib/string.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/mnt_ns.h"
#include "fs/nsfs/nsfs.h"
#include "fs/ops.h"

#define FIRST_ID ((1ull << 31) + 1) /* smaller ones are mistakes: the kind of id that is reused */
#define LIST_MAX 1000000
#define STRINGS                                                                                    \
	(STATMOUNT_MNT_ROOT | STATMOUNT_MNT_POINT | STATMOUNT_FS_TYPE | STATMOUNT_MNT_OPTS |       \
	 STATMOUNT_SB_SOURCE | STATMOUNT_OPT_ARRAY)
#define SUPPORTED                                                                                  \
	(STRINGS | STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC | STATMOUNT_PROPAGATE_FROM |           \
	 STATMOUNT_MNT_NS_ID | STATMOUNT_SUPPORTED_MASK)

/* ---- whom it is about */

static int request_from_user(const struct mnt_id_req __user *ureq, struct mnt_id_req *req)
{
	u32 size;
	int err;

	if (get_user(size, &ureq->size))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < MNT_ID_REQ_SIZE_VER0)
		return -EINVAL;
	err = struct_from_user(req, sizeof(*req), ureq, size);
	if (err)
		return err;
	return (req->mnt_ns_fd && req->mnt_ns_id) || req->mnt_id < FIRST_ID ? -EINVAL : 0;
}

static int ns_of_fd(int fd, struct mnt_ns **out)
{
	struct fdref ref = fdref_get(fd);
	struct ns_common *ns;
	int err = 0;

	if (!ref.file)
		return -EBADF;
	ns = nsfs_ns(ref.file);
	if (ns && ns->type->flag == CLONE_NEWNS)
		*out = mnt_ns_of(ns_get(ns));
	else
		err = -EINVAL;
	fdref_put(ref);
	return err;
}

/* The namespace, +1, and where names begin in it. */
static int view_get(const struct mnt_id_req *req, struct mnt_ns **ns, struct path *root)
{
	struct mnt_ns *own = mnt_ns_current();
	int err = 0;

	if (req->mnt_ns_fd)
		err = ns_of_fd((int)req->mnt_ns_fd, ns);
	else
		*ns = req->mnt_ns_id ? mnt_ns_find_get(req->mnt_ns_id)
				     : mnt_ns_of(ns_get(&own->ns));
	if (err || !*ns)
		return err ? err : -ENOENT;
	if (*ns == own) {
		fs_ctx_root(fs_ctx_current(), root);
		return 0;
	}
	if (!ns_capable((*ns)->ns.owner, CAP_SYS_ADMIN)) {
		ns_put(&(*ns)->ns);
		return -ENOENT;
	}
	mnt_ns_root_get(*ns, root);
	return 0;
}

static void view_put(struct mnt_ns *ns, struct path *root)
{
	path_put(root);
	ns_put(&ns->ns);
}

static bool is_visible(const struct path *p, const struct mnt_ns *ns, const struct path *root)
{
	return path_is_reachable(p, root) || ns_capable(ns->ns.owner, CAP_SYS_ADMIN);
}

/* ---- statmount */

struct report {
	struct seqbuf text;
	u64 asked;
	size_t room; /* for text, in the caller's buffer */
	struct statmount fixed; /* at the end: its strings have no length here */
};

static void put_basic(struct report *r, const struct mount *m, const struct mount_state *state)
{
	static const u32 map[][2] = {
		{ MNT_FLAG_RDONLY, MOUNT_ATTR_RDONLY },
		{ MNT_FLAG_NOSUID, MOUNT_ATTR_NOSUID },
		{ MNT_FLAG_NODEV, MOUNT_ATTR_NODEV },
		{ MNT_FLAG_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ MNT_FLAG_NOATIME, MOUNT_ATTR_NOATIME },
		{ MNT_FLAG_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ MNT_FLAG_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	};
	struct statmount *s = &r->fixed;

	s->mnt_id = m->unique_id;
	s->mnt_parent_id = state->parent_unique_id;
	s->mnt_id_old = (u32)m->id;
	s->mnt_parent_id_old = (u32)state->parent_id;
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		s->mnt_attr |= state->flags & map[i][0] ? map[i][1] : 0;
	if (!(state->flags & (MNT_FLAG_NOATIME | MNT_FLAG_RELATIME)))
		s->mnt_attr |= MOUNT_ATTR_STRICTATIME;
	s->mnt_propagation = (state->group ? MS_SHARED : 0) | (state->master ? MS_SLAVE : 0) |
			     (state->is_unbindable ? MS_UNBINDABLE : 0);
	if (!s->mnt_propagation)
		s->mnt_propagation = MS_PRIVATE;
	s->mnt_peer_group = state->group;
	s->mnt_master = state->master;
}

static void put_super(struct report *r, const struct super *sb)
{
	r->fixed.sb_dev_major = DEV_MAJOR(sb->dev);
	r->fixed.sb_dev_minor = DEV_MINOR(sb->dev);
	r->fixed.sb_magic = sb->magic;
	r->fixed.sb_flags = sb->flags & SB_RDONLY ? MS_RDONLY : 0;
}

/* Without the comma that show_options begins with. */
static void put_options(struct seqbuf *out, struct super *sb)
{
	size_t start = out->len;

	if (sb->ops->show_options)
		sb->ops->show_options(sb, out);
	if (out->len > start)
		memmove(out->buf + start, out->buf + start + 1, --out->len - start);
}

static void put_option_array(struct report *r, struct super *sb)
{
	size_t start = r->text.len;

	put_options(&r->text, sb);
	r->fixed.opt_num = r->text.len > start;
	for (size_t i = start; i < r->text.len; i++)
		if (r->text.buf[i] == ',') {
			r->text.buf[i] = 0;
			r->fixed.opt_num++;
		}
}

/* One string, if it is asked for and not empty; *where says where it begins. */
static void put_string(struct report *r, u64 which, u32 *where, const struct mount *m,
		       const struct path *root)
{
	size_t start = r->text.len;

	if (!(r->asked & which))
		return;
	switch (which) {
	case STATMOUNT_FS_TYPE:
		seqbuf_puts(&r->text, m->sb->type->name);
		break;
	case STATMOUNT_MNT_ROOT:
		path_print_inner(m, &r->text);
		break;
	case STATMOUNT_MNT_POINT:
		path_print(&(struct path){ (struct mount *)m, m->root }, root, &r->text);
		break;
	case STATMOUNT_SB_SOURCE:
		seqbuf_puts(&r->text, m->source);
		break;
	case STATMOUNT_MNT_OPTS:
		put_options(&r->text, m->sb);
		break;
	case STATMOUNT_OPT_ARRAY:
		put_option_array(r, m->sb);
		break;
	}
	if (r->text.len == start)
		return;
	seqbuf_putc(&r->text, 0);
	r->fixed.mask |= which;
	*where = (u32)start;
}

static int report_fill(struct report *r, struct mount *m, const struct path *root)
{
	struct statmount *s = &r->fixed;
	struct mount_state state;

	mount_state(m, root, &state);
	s->mask = r->asked & SUPPORTED & ~(u64)STRINGS;
	if (r->asked & STATMOUNT_SB_BASIC)
		put_super(r, m->sb);
	if (r->asked & STATMOUNT_MNT_BASIC)
		put_basic(r, m, &state);
	if (r->asked & STATMOUNT_PROPAGATE_FROM)
		s->propagate_from = state.from;
	if (r->asked & STATMOUNT_MNT_NS_ID)
		s->mnt_ns_id = state.ns_id;
	if (r->asked & STATMOUNT_SUPPORTED_MASK)
		s->supported_mask = SUPPORTED;
	if (!(r->asked & STRINGS))
		return 0;
	seqbuf_putc(&r->text, 0); /* what is not set begins here: it is empty */
	put_string(r, STATMOUNT_FS_TYPE, &s->fs_type, m, root);
	put_string(r, STATMOUNT_MNT_ROOT, &s->mnt_root, m, root);
	put_string(r, STATMOUNT_MNT_POINT, &s->mnt_point, m, root);
	put_string(r, STATMOUNT_MNT_OPTS, &s->mnt_opts, m, root);
	put_string(r, STATMOUNT_OPT_ARRAY, &s->opt_array, m, root);
	put_string(r, STATMOUNT_SB_SOURCE, &s->sb_source, m, root);
	return r->text.overflow || r->text.len > r->room ? -EOVERFLOW : 0;
}

static long report_to_user(struct report *r, char __user *ubuf, size_t size)
{
	size_t n = MIN(size, sizeof(r->fixed));

	r->fixed.size = (u32)(n + r->text.len);
	if (r->text.len && copy_to_user(ubuf + sizeof(r->fixed), r->text.buf, r->text.len))
		return -EFAULT;
	return copy_to_user(ubuf, &r->fixed, n);
}

/* Names may be as long as PATH_MAX; the rest is short. */
#define TEXT_MAX (3 * PATH_MAX)

static long statmount(const struct mnt_id_req *req, struct mnt_ns *ns, const struct path *root,
		      char __user *ubuf, size_t size)
{
	struct mount *m = mnt_ns_mount_get(ns, req->mnt_id);
	struct report *r = kzalloc(sizeof(*r) + TEXT_MAX);
	long err = -ENOMEM;

	if (!m)
		err = -ENOENT;
	else if (!is_visible(&(struct path){ m, m->root }, ns, root))
		err = -EPERM;
	else if (r) {
		seqbuf_init(&r->text, (char *)(r + 1), TEXT_MAX);
		r->asked = req->param;
		r->room = size > sizeof(r->fixed) ? size - sizeof(r->fixed) : 0;
		err = report_fill(r, m, root);
		if (!err)
			err = report_to_user(r, ubuf, size);
	}
	kfree(r);
	mount_put(m);
	return err;
}

SYSCALL(statmount, const struct mnt_id_req __user *ureq, char __user *ubuf, size_t size, u32 flags)
{
	struct mnt_id_req req;
	struct mnt_ns *ns;
	struct path root;
	long err;

	if (flags)
		return -EINVAL;
	if (!user_range_ok(ubuf, size))
		return -EFAULT;
	err = request_from_user(ureq, &req);
	if (!err)
		err = view_get(&req, &ns, &root);
	if (err)
		return err;
	err = statmount(&req, ns, &root, ubuf, size);
	view_put(ns, &root);
	return err;
}

/* ---- listmount */

#define BATCH 64

static long list_to_user(const struct mnt_id_req *req, struct mnt_ns *ns, const struct path *top,
			 u64 __user *uids, size_t nr, bool is_backwards)
{
	u64 ids[BATCH], after = req->param;
	size_t n;

	for (size_t done = 0; done < nr; done += n) {
		n = mnt_ns_list(ns, top, req->mnt_id, after, is_backwards, ids,
				MIN((size_t)BATCH, nr - done));
		if (!n)
			return (long)done;
		if (copy_to_user(uids + done, ids, n * sizeof(*ids)))
			return -EFAULT;
		after = ids[n - 1];
	}
	return (long)nr;
}

static long listmount(const struct mnt_id_req *req, struct mnt_ns *ns, const struct path *root,
		      u64 __user *uids, size_t nr, u32 flags)
{
	struct mount *m = NULL;
	struct path top = *root;
	long n = -EPERM;

	if (req->mnt_id != LSMT_ROOT) {
		m = mnt_ns_mount_get(ns, req->mnt_id);
		if (!m)
			return -ENOENT;
		top = (struct path){ m, m->root };
	}
	if (is_visible(&top, ns, root))
		n = list_to_user(req, ns, &top, uids, nr, flags & LISTMOUNT_REVERSE);
	mount_put(m);
	return n;
}

SYSCALL(listmount, const struct mnt_id_req __user *ureq, u64 __user *uids, size_t nr, u32 flags)
{
	struct mnt_id_req req;
	struct mnt_ns *ns;
	struct path root;
	long err;

	if (flags & ~(u32)LISTMOUNT_REVERSE)
		return -EINVAL;
	if (nr > LIST_MAX)
		return -EOVERFLOW;
	if (!user_range_ok(uids, nr * sizeof(*uids)))
		return -EFAULT;
	err = request_from_user(ureq, &req);
	if (!err && req.param && req.param < FIRST_ID)
		err = -EINVAL;
	if (!err)
		err = view_get(&req, &ns, &root);
	if (err)
		return err;
	err = listmount(&req, ns, &root, uids, nr, flags);
	view_put(ns, &root);
	return err;
}
