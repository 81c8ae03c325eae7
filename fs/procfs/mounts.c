/*
 * /proc/PID/mounts and mountinfo: what is mounted where.
 *
 * There is one mount namespace, so every process shows the same; places are named as seen from the
 *   reader's root, and what lies outside of it is left out.
 * Locks: mount_for_each() holds the mount lock while a line is written; names are printed into a
 *   page first, because they need escaping.
 *                                               Follows: proc_pid_mounts(5), proc_pid_mountinfo(5)
 */
#include <linux/errno.h>
#include <linux/limits.h>

#include "lib/string.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"
#include "fs/chrdev.h"
#include "fs/dentry.h"
#include "fs/mount.h"
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

/* The name of a mount's root inside its file system: "/" unless it is a bind mount. */
static void put_inner_root(struct printer *pr, const struct mount *m)
{
	char *at = pr->name + PATH_MAX - 1;
	const struct dentry *d;

	*at = 0;
	spin_lock(&dentry_names_lock);
	for (d = m->root; d->parent != d && (size_t)(at - pr->name) > d->name_len; d = d->parent) {
		at -= d->name_len;
		memcpy(at, d->name, d->name_len);
		*--at = '/';
	}
	spin_unlock(&dentry_names_lock);
	seqbuf_put_escaped(pr->out, *at ? at : "/", ESCAPED);
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
		{ MNT_FLAG_NOSUID, ",nosuid" },         { MNT_FLAG_NODEV, ",nodev" },
		{ MNT_FLAG_NOEXEC, ",noexec" },         { MNT_FLAG_NOATIME, ",noatime" },
		{ MNT_FLAG_NODIRATIME, ",nodiratime" }, { MNT_FLAG_RELATIME, ",relatime" },
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
	seqbuf_printf(pr->out, " - %s ", m->sb->type->name);
	put_source(pr, m);
	seqbuf_puts(pr->out, m->sb->flags & SB_RDONLY ? " ro" : " rw");
	put_super_options(pr->out, m->sb);
	seqbuf_putc(pr->out, '\n');
}

static int show_all(struct seqbuf *out, void (*put)(struct mount *, void *))
{
	struct printer pr = { .out = out };

	pr.name = kmalloc(PATH_MAX);
	if (!pr.name)
		return -ENOMEM;
	fs_ctx_root(fs_ctx_current(), &pr.root);
	mount_for_each(put, &pr);
	path_put(&pr.root);
	kfree(pr.name);
	return 0;
}

int proc_show_mounts(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_all(out, put_mount);
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
	return show_all(out, put_mountstats);
}

int proc_show_mountinfo(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_all(out, put_mountinfo);
}
