/*
 * /proc/PID/ns, uid_map, gid_map, setgroups, net: the namespaces of a process.
 *
 * ns/N are magic links to files of nsfs, as fd/N are to open files; place->index is the kind.
 * Permission is the ptrace rule, asked whenever one is followed. A thread that has ended has only
 * its user and pid namespaces left.
 *                              Follows: namespaces(7), user_namespaces(7), Linux 7.3 fs/proc
 */
#include <linux/capability.h>
#include <linux/errno.h>

#include "lib/fmt.h"
#include "lib/string.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/task/task.h"
#include "fs/nsfs/nsfs.h"
#include "fs/sockfs/sockfs.h"
#include "fs/procfs/internal.h"

static int place_ns_get(const struct tree_place *p, enum ns_kind kind, struct ns_common **out)
{
	struct thread *t;
	int err = proc_thread_get(p, &t);

	if (err)
		return err;
	*out = thread_ns_get(t, kind);
	thread_put(t);
	return *out ? 0 : -ENOENT;
}

/* Children cannot be born before init. */
static bool is_unborn(const struct ns_common *ns, enum ns_kind kind)
{
	return kind == NS_PID_FOR_CHILDREN && !READ_ONCE(container_of(ns, struct pidns, ns)->init);
}

static int ns_follow(const struct tree_place *p, struct path *out)
{
	struct ns_common *ns;
	int err = proc_check_access(p, PTRACE_MODE_READ);

	if (!err)
		err = place_ns_get(p, p->index, &ns);
	if (err)
		return err;
	err = is_unborn(ns, p->index) ? -ENOENT : nsfs_path(ns, out);
	ns_put(ns);
	return err;
}

static const struct tree_entry ns_link = {
	.name = "", .mode = S_IFLNK | 0777, .readlink = proc_path_readlink, .follow = ns_follow
};

static int ns_lookup(const struct tree_place *dir, const char *name, u32 len,
		     struct tree_child *out)
{
	for (u64 kind = 0; kind < NS_KINDS; kind++) {
		if (strlen(ns_kind_names[kind]) != len || memcmp(ns_kind_names[kind], name, len))
			continue;
		*out = (struct tree_child){ .entry = &ns_link,
					    .object = pid_get(dir->object),
					    .index = kind };
		return 0;
	}
	return -ENOENT;
}

static bool ns_next(const struct tree_place *dir, u64 *cookie, char name[32],
		    struct tree_child *out)
{
	if (*cookie >= NS_KINDS)
		return false;
	strlcpy(name, ns_kind_names[*cookie], 32);
	*out = (struct tree_child){ .entry = &ns_link, .index = *cookie };
	return true;
}

const struct tree_dynamic proc_ns_children = { .lookup = ns_lookup, .next = ns_next };

/* ---- uid_map, gid_map, setgroups */

static int show_map(struct thread *t, struct seqbuf *out, enum id_kind kind)
{
	struct ns_common *ns = thread_ns_get(t, NS_USER);
	struct id_extent e;

	for (u32 i = 0; userns_map_line(userns_of(ns), kind, i, &e); i++)
		seqbuf_printf(out, "%10u %10u %10u\n", e.first, e.lower, e.count);
	ns_put(ns);
	return 0;
}

int proc_show_uid_map(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_map(t, out, ID_USER);
}

int proc_show_gid_map(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	return show_map(t, out, ID_GROUP);
}

static int write_map(struct thread *t, const char *text, enum id_kind kind)
{
	struct ns_common *ns = thread_ns_get(t, NS_USER);
	int err = userns_write_map(userns_of(ns), kind, text);

	ns_put(ns);
	return err;
}

int proc_write_uid_map(struct thread *t, const char *text, size_t len)
{
	return write_map(t, text, ID_USER);
}

int proc_write_gid_map(struct thread *t, const char *text, size_t len)
{
	return write_map(t, text, ID_GROUP);
}

int proc_show_setgroups(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	struct ns_common *ns = thread_ns_get(t, NS_USER);

	seqbuf_puts(out, userns_of(ns)->denies_setgroups ? "deny\n" : "allow\n");
	ns_put(ns);
	return 0;
}

int proc_write_setgroups(struct thread *t, const char *text, size_t len)
{
	struct ns_common *ns = thread_ns_get(t, NS_USER);
	int err;

	if (!ns_capable(userns_of(ns), CAP_SYS_ADMIN))
		err = -EACCES;
	else if (str_eq(text, "allow") || str_eq(text, "deny"))
		err = userns_set_setgroups(userns_of(ns), text[0] == 'a');
	else
		err = -EINVAL;
	ns_put(ns);
	return err;
}

/* ---- net */

int proc_show_net_unix(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	struct ns_common *ns = thread_ns_get(t, NS_NET);

	if (!ns)
		return -EINVAL; /* it has ended */
	sockfs_show_unix(ns->ino, out);
	ns_put(ns);
	return 0;
}

/* There are no devices. */
int proc_show_net_dev(const struct tree_place *p, struct thread *t, struct seqbuf *out)
{
	seqbuf_puts(out,
		    "Inter-|   Receive                                                |  Transmit\n"
		    " face |bytes    packets errs drop fifo frame compressed multicast"
		    "|bytes    packets errs drop fifo colls carrier compressed\n");
	return 0;
}
