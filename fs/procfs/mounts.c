/*
 * /proc/PID/mounts and mountinfo: what is mounted where.
 *
 * A process shows its mount namespace, with places named as seen from its root; what lies outside
 *   of that is left out.
 * Locks: mount_for_each() holds the mount lock while a line is written; names are printed into a
 *   page first, because they need escaping.
 *                                               Follows: proc_pid_mounts(5), proc_pid_mountinfo(5)
 */
#include <linux/errno.h>
#include <linux/limits.h>

#include "lib/string.h"
#include "kernel/mm/slab.h"
#include "kernel/task/task.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/mnt_ns.h"
#include "fs/procfs/internal.h"

#define ESCAPED " \t\n#"

struct printer {
	struct seqbuf *out;
	char *name; /* PATH_MAX bytes */
	struct path root;
};

static void put_place(struct printer *pr, const struct path *place)
{
	struct seqbuf text;

	seqbuf_init(&text, pr->name, PATH_MAX);
	path_print(place, &pr->root, &text);
	seqbuf_put_escaped(pr->out, seqbuf_str(&text), ESCAPED);
}

/* Where its root is inside of its file system. */
static void put_inner_root(struct printer *pr, const struct mount *m)
{
	struct seqbuf text;

	seqbuf_init(&text, pr->name, PATH_MAX);
	path_print_inner(m, &text);
	seqbuf_put_escaped(pr->out, seqbuf_str(&text), ESCAPED);
}

static void put_source(struct printer *pr, const struct mount *m)
{
	seqbuf_put_escaped(pr->out, m->source && *m->source ? m->source : "none", ESCAPED);
}

static void put_mount_flags(struct seqbuf *out, u32 flags)
{
	static const struct {
		u32 flag;
		const char *text;
	} names[] = {
		{ MNT_FLAG_NOSUID, ",nosuid" },           { MNT_FLAG_NODEV, ",nodev" },
		{ MNT_FLAG_NOEXEC, ",noexec" },           { MNT_FLAG_NOATIME, ",noatime" },
		{ MNT_FLAG_NODIRATIME, ",nodiratime" },   { MNT_FLAG_RELATIME, ",relatime" },
		{ MNT_FLAG_NOSYMFOLLOW, ",nosymfollow" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			seqbuf_puts(out, names[i].text);
}

static void put_super_options(struct seqbuf *out, struct super *sb)
{
	if (sb->ops->show_options)
		sb->ops->show_options(sb, out);
}

static void put_mount(struct mount *m, void *arg)
{
	struct printer *pr = arg;
	struct path place = { m, m->root };
	bool is_readonly = (m->flags & MNT_FLAG_RDONLY) || (m->sb->flags & SB_RDONLY);

	put_source(pr, m);
	seqbuf_putc(pr->out, ' ');
	put_place(pr, &place);
	seqbuf_printf(pr->out, " %s %s", m->sb->type->name, is_readonly ? "ro" : "rw");
	put_mount_flags(pr->out, m->flags);
	put_super_options(pr->out, m->sb);
	seqbuf_puts(pr->out, " 0 0\n");
}

static void put_propagation(struct printer *pr, const struct mount *m)
{
	u32 from = mount_propagates_from(m, &pr->root);

	if (m->group)
		seqbuf_printf(pr->out, " shared:%u", m->group);
	if (m->master)
		seqbuf_printf(pr->out, " master:%u", m->master);
	if (from && from != m->master)
		seqbuf_printf(pr->out, " propagate_from:%u", from);
	if (m->is_unbindable)
		seqbuf_puts(pr->out, " unbindable");
}

static void put_mountinfo(struct mount *m, void *arg)
{
	struct printer *pr = arg;
	struct path place = { m, m->root };

	seqbuf_printf(pr->out, "%d %d %u:%u ", m->id, m->parent->id, DEV_MAJOR(m->sb->dev),
		      DEV_MINOR(m->sb->dev));
	put_inner_root(pr, m);
	seqbuf_putc(pr->out, ' ');
	put_place(pr, &place);
	seqbuf_puts(pr->out, m->flags & MNT_FLAG_RDONLY ? " ro" : " rw");
	put_mount_flags(pr->out, m->flags);
	put_propagation(pr, m);
	seqbuf_printf(pr->out, " - %s ", m->sb->type->name);
	put_source(pr, m);
	seqbuf_puts(pr->out, m->sb->flags & SB_RDONLY ? " ro" : " rw");
	put_super_options(pr->out, m->sb);
	seqbuf_putc(pr->out, '\n');
}

static int show_all(struct thread *t, struct seqbuf *out, void (*put)(struct mount *, void *))
{
	struct ns_common *ns = thread_ns_get(t, NS_MNT);
	struct fs_ctx *fs = thread_fs_get(t);
	struct printer pr = { .out = out, .name = kmalloc(PATH_MAX) };
	int err = 0;

	if (!ns || !fs)
		err = -EINVAL;
	else if (!pr.name)
		err = -ENOMEM;
	if (!err) {
		fs_ctx_root(fs, &pr.root);
		mount_for_each(mnt_ns_of(ns), &pr.root, put, &pr);
		path_put(&pr.root);
	}
	kfree(pr.name);
	fs_ctx_put(fs);
	ns_put(ns);
	return err;
}

int proc_show_mounts(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_all(t, out, put_mount);
}

static void put_mountstats(struct mount *m, void *arg)
{
	struct printer *pr = arg;
	struct path place = { m, m->root };

	seqbuf_puts(pr->out, "device ");
	put_source(pr, m);
	seqbuf_puts(pr->out, " mounted on ");
	put_place(pr, &place);
	seqbuf_printf(pr->out, " with fstype %s\n", m->sb->type->name);
}

int proc_show_mountstats(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_all(t, out, put_mountstats);
}

int proc_show_mountinfo(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_all(t, out, put_mountinfo);
}
