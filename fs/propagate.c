/*
 * propagate: mounts that come and go in several places at once.
 *
 * The relation is two numbers a mount, the same that mountinfo shows. Mounts with one `group` are
 *   peers: what is mounted on one of them is mounted on all. A mount whose `master` is that group
 *   gets it too, but gives nothing back. With neither it is private.
 * Invariant: a group that is somebody's master has a member; all members of a group have the same
 *   master; a master is never below itself. So when the last member leaves, the group's slaves
 *   become slaves of its master, and who a mount reaches is found by looking up numbers.
 * Mounting: first the tree itself gets numbers, if the place has peers; then each mount reached
 *   (masters before slaves) gets a copy of what its group, or else its master, got: a peer of that
 *   or a slave. Nothing is attached before all copies are there. Where something is mounted already
 *   the copy goes under it.
 * Unmounting: what lies on the same dentry of a mount that is reached goes too, unless that would
 *   take away something else with it, or uncover what is locked (propagate_umount).
 * Locks: all of it is under mount_lock, for writing. The copies lie on the same dentry as the
 *   original, so that the inode->lock that holds it against an rmdir holds them all.
 *                                     Follows: mount_namespaces(7), "SHARED SUBTREES"
 */
#include <linux/errno.h>
#include <linux/mount.h>

#include "kernel/debug/panic.h"
#include "fs/internal.h"
#include "fs/mnt_ns.h"

#define GROUP_BUCKETS 256

static struct list by_group[GROUP_BUCKETS], by_master[GROUP_BUCKETS];
static u32 last_group;

u32 mount_max = 100000;

/* ---- the two numbers */

static struct list *members_of(u32 group)
{
	return &by_group[group % GROUP_BUCKETS];
}

static struct list *slaves_of(u32 group)
{
	return &by_master[group % GROUP_BUCKETS];
}

static void set_numbers(struct mount *m, u32 group, u32 master)
{
	list_del_init(&m->group_link);
	list_del_init(&m->master_link);
	m->group = group;
	m->master = master;
	if (group)
		list_add_tail(&m->group_link, members_of(group));
	if (master)
		list_add_tail(&m->master_link, slaves_of(master));
}

static struct mount *group_first(u32 group)
{
	struct mount *m;

	list_for_each(m, members_of(group), group_link)
		if (m->group == group)
			return m;
	return NULL;
}

static void leave_group(struct mount *m)
{
	u32 group = m->group;
	struct mount *s, *next;

	set_numbers(m, 0, m->master);
	if (!group || group_first(group))
		return;
	list_for_each_safe(s, next, slaves_of(group), master_link)
		if (s->master == group)
			set_numbers(s, s->group, m->master);
}

void mount_set_propagation(struct mount *m, u32 type)
{
	u32 group = m->group;

	if (type == MS_SHARED) {
		if (!group)
			set_numbers(m, ++last_group, m->master);
		m->is_unbindable = false;
		return;
	}
	leave_group(m);
	if (type != MS_SLAVE) {
		set_numbers(m, 0, 0);
		m->is_unbindable = type == MS_UNBINDABLE;
	} else if (group && group_first(group)) {
		set_numbers(m, 0, group);
	}
}

void propagate_clone(struct mount *copy, const struct mount *from, u32 how)
{
	if ((how & CLONE_SLAVE) && from->group)
		set_numbers(copy, how & CLONE_SHARED ? ++last_group : 0, from->group);
	else
		set_numbers(copy, from->group, from->master);
}

u32 mount_propagates_from(const struct mount *m, const struct path *root)
{
	struct mount *peer;

	for (u32 group = m->master; group; group = group_first(group)->master)
		list_for_each(peer, members_of(group), group_link)
			if (peer->group == group && peer->ns == m->ns &&
			    path_is_reachable(&(struct path){ peer, peer->root }, root))
				return group;
	return 0;
}

/* ---- whom a mount reaches */

static void add_slaves(u32 group, struct list *reached)
{
	struct mount *m;

	list_for_each(m, slaves_of(group), master_link)
		if (m->master == group)
			list_add_tail(&m->reach_link, reached);
}

/* The peers of `from`, its slaves, their peers (which are slaves of the same), theirs, and so on. */
static void reach(const struct mount *from, struct list *reached)
{
	struct mount *m;

	if (!from->group)
		return;
	list_for_each(m, members_of(from->group), group_link)
		if (m->group == from->group && m != from)
			list_add_tail(&m->reach_link, reached);
	add_slaves(from->group, reached);
	list_for_each(m, reached, reach_link)
		if (m->group && m->group != from->group && group_first(m->group) == m)
			add_slaves(m->group, reached);
}

/* Takes the first one off; NULL: that was all. */
static struct mount *reached_next(struct list *reached)
{
	struct mount *m;

	if (list_empty(reached))
		return NULL;
	m = list_first(reached, struct mount, reach_link);
	list_del_init(&m->reach_link);
	return m;
}

bool propagate_reaches(const struct mount *from, const struct mount *to, struct dentry *point)
{
	if (!from->group || to->root != point)
		return false;
	if (to->group == from->group)
		return true;
	for (u32 group = to->master; group; group = group_first(group)->master)
		if (group == from->group)
			return true;
	return false;
}

/* ---- mounting */

static struct mount *received_by(u32 group)
{
	struct mount *m;

	list_for_each(m, members_of(group), group_link)
		if (m->group == group && m->received)
			return m->received;
	return NULL;
}

static int reserve(struct mnt_ns *ns, const struct mount *top)
{
	for (const struct mount *m = top; m; m = mount_tree_next((void *)m, (void *)top))
		ns->nr_pending++;
	return ns->nr_mounts + ns->nr_pending > mount_max ? -ENOSPC : 0;
}

/* What m gets on point. Mounts that are in no tree yet get nothing. */
static int receive(struct mount *m, struct dentry *point, struct list *gone)
{
	struct mount *from = NULL;
	u32 how = 0, group;
	int err;

	if (!m->ns || !dentry_is_ancestor(m->root, point))
		return 0;
	if (m->group)
		from = received_by(m->group);
	if (!from) {
		how = CLONE_SLAVE | (m->group ? CLONE_SHARED : 0);
		for (group = m->master; !(from = received_by(group));)
			group = group_first(group)->master;
	}
	err = mount_tree_clone(from, from->root, how, &m->received, gone);
	return err ? err : reserve(m->ns, m->received);
}

static void join(struct mnt_ns *ns, struct mount *top)
{
	for (struct mount *m = top; m; m = mount_tree_next(m, top)) {
		if (m->ns)
			mnt_ns_remove(m);
		mnt_ns_add(ns, m);
	}
}

/* Attaches, or after an error drops, the copies. */
static void deliver(struct list *reached, struct dentry *point, int err, struct list *gone)
{
	const struct userns *owner = mnt_ns_current()->ns.owner;
	struct mount *m, *copy;

	while ((m = reached_next(reached))) {
		copy = m->received;
		m->received = NULL;
		if (m->ns)
			m->ns->nr_pending = 0;
		if (copy && err) {
			mount_take_out(copy, 0, gone);
		} else if (copy) {
			if (m->ns->ns.owner != owner)
				mount_tree_lock(copy);
			copy->is_locked = false;
			join(m->ns, copy);
			mount_hook_under(copy, &(struct path){ m, point });
		}
	}
}

/* top, with all below it, to `at`, and copies to wherever that propagates. top may be in a tree
 * already, and stays there after an error. mountpoint's inode->lock held as well. */
int mount_attach_tree(struct mount *top, const struct path *at, struct list *gone)
{
	struct list reached = LIST_INIT(reached);
	struct mnt_ns *ns = at->mnt->ns;
	u32 before = last_group;
	struct mount *m;
	int err = top->ns == ns ? 0 : reserve(ns, top);

	if (!err && at->mnt->group) {
		for (m = top; m; m = mount_tree_next(m, top))
			if (!m->group)
				set_numbers(m, ++last_group, m->master);
		reach(at->mnt, &reached);
	}
	at->mnt->received = top;
	list_for_each(m, &reached, reach_link)
		if (!err)
			err = receive(m, at->dentry, gone);
	at->mnt->received = NULL;
	ns->nr_pending = 0;
	if (!err) {
		if (top->ns != ns)
			join(ns, top);
		mount_hook_under(top, at);
	}
	deliver(&reached, at->dentry, err, gone);
	for (m = top; err && m; m = mount_tree_next(m, top))
		if (m->group > before)
			leave_group(m);
	return err;
}

/* ---- unmounting */

/* m stays, and so does everything that it is inside of, but not on the root of. */
static void spare(struct mount *m)
{
	m->is_going = false;
	for (; m->parent != m && m->parent->is_going; m = m->parent)
		if (m->mountpoint != m->parent->root)
			m->parent->is_going = false;
}

static bool is_uncovering(const struct mount *m)
{
	return m->is_locked && !m->parent->is_going;
}

/* What may not go with the rest, of those that might. Sparing one may uncover another. */
static void spare_some(struct list *maybe)
{
	struct mount *m, *child;
	bool is_stable;

	list_for_each(m, maybe, work_link)
		list_for_each(child, &m->children, child_link)
			if (!child->is_going)
				spare(child);
	do {
		is_stable = true;
		list_for_each(m, maybe, work_link) {
			if (m->is_going && is_uncovering(m)) {
				spare(m);
				is_stable = false;
			}
		}
	} while (!is_stable);
}

/*
 * Adds to going, a tree, what corresponds to it elsewhere. What does so to its top may go even where
 * it is locked: it was there only because of top.
 */
void propagate_umount(struct mount *top, struct list *going)
{
	struct list maybe = LIST_INIT(maybe), reached = LIST_INIT(reached);
	struct mount *m, *to, *found, *next;

	list_for_each(m, going, work_link) {
		if (m->parent == m)
			continue;
		reach(m->parent, &reached);
		while ((to = reached_next(&reached))) {
			found = mount_find(to, m->mountpoint);
			if (!found || found->is_going)
				continue;
			if (m == top)
				found->is_locked = false;
			found->is_going = true;
			list_add_tail(&found->work_link, &maybe);
		}
	}
	spare_some(&maybe);
	list_for_each_safe(m, next, &maybe, work_link) {
		list_del_init(&m->work_link);
		if (m->is_going)
			list_add_tail(&m->work_link, going);
	}
}

/* Somebody uses what would go with m. What lies on its root may stay, see let_fall(). */
bool propagate_is_busy(struct mount *m)
{
	struct list reached = LIST_INIT(reached);
	struct mount *to, *found;
	bool is_busy = false;
	u32 expected;

	if (m->parent == m)
		return false;
	reach(m->parent, &reached);
	while ((to = reached_next(&reached))) {
		found = mount_find(to, m->mountpoint);
		if (!found)
			continue;
		expected = 1;
		if (!list_empty(&found->children)) {
			if (found->children.next->next != &found->children ||
			    !mount_find(found, found->root))
				continue;
			expected = 2;
		}
		is_busy |= refcount_read(&found->refs) > expected;
	}
	return is_busy;
}

void propagate_init(void)
{
	for (size_t i = 0; i < GROUP_BUCKETS; i++) {
		list_init(&by_group[i]);
		list_init(&by_master[i]);
	}
}
