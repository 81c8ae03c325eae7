// sources: fs/inode.c fs/protect.c fs/dentry.c fs/super.c fs/libfs.c fs/file.c fs/fdtable.c fs/path.c fs/dpath.c fs/mount.c fs/propagate.c fs/mountops.c fs/mnt_ns.c fs/fs_ctx.c fs/open.c fs/namei.c fs/stat.c fs/rw.c fs/readdir.c fs/uio.c fs/xattr.c lib/rbtree.c fs/pagecache.c fs/chrdev.c fs/tmpfs/tmpfs.c fs/tmpfs/mount.c kernel/id/pid.c kernel/id/cred.c kernel/id/userns.c kernel/id/ns.c kernel/id/nscount.c kernel/id/uts.c kernel/id/pidns.c kernel/sync/wait.c kernel/sync/mutex.c kernel/sync/rwsem.c kernel/sync/refcount.c lib/bitmap.c lib/seqbuf.c lib/fmt.c tests/unit/shim/slab.c tests/unit/shim/page.c tests/unit/shim/thread.c tests/unit/shim/vfs.c tests/unit/shim/host_fs.c
/*
 * The same calls here and on the Linux that runs this test: each must say the same, and leave the same tree.
 *
 * Names are few and short, so that calls meet: directories, links in circles, names that are taken.
 */
#include "test.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "thread.h"
#include "host_fs.h"
#include "slab.h"
#include "vfs.h"

#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/internal.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/open.h"
#include "fs/pipefs/pipe.h"
#include "fs/readdir.h"
#include "fs/rw.h"
#include "fs/stat.h"

/* A FIFO nobody reads; all opens here are non-blocking. */
static int fifo_open(struct inode *inode, struct file *file)
{
	return (file->flags & O_ACCMODE) == O_WRONLY ? -ENXIO : 0;
}
const struct file_ops fifo_file_ops = { .open = fifo_open };

/* ---- the calls, as kernel/syscall makes them */

static int slot_fd[HOST_SLOTS] = { -1, -1, -1, -1 };

static int fd_of(int dir)
{
	return dir >= 0 && dir < HOST_SLOTS ? slot_fd[dir] : dir;
}

static int look_up(int dir, const char *name, u32 flags, struct path *out)
{
	return path_lookup(fd_of(dir), name, flags, out);
}

static int k_open(int dir, const char *name, u32 flags, u32 mode, u32 resolve, const char *text)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
	struct file *file;
	struct uio uio;
	int err = file_open_at(fd_of(dir), name, &how, &file);

	if (err)
		return err;
	if (*text && (file->mode & FILE_WRITE) && S_ISREG(file->inode->mode)) {
		uio_init_kernel(&uio, (char *)text, strlen(text));
		CHECK(vfs_write(file, &uio) == (long)strlen(text));
	}
	file_put(file);
	return 0;
}

static int k_opendir(int dir, const char *name, int slot)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY };
	struct file *file;
	int err = file_open_at(fd_of(dir), name, &how, &file);

	if (err)
		return err;
	if (slot_fd[slot] >= 0)
		CHECK(fd_close(current->files, slot_fd[slot]) == 0);
	slot_fd[slot] = fd_publish(current->files, file, O_CLOEXEC);
	return 0;
}

static int k_stat(int dir, const char *name, u32 at_flags, struct host_stat *out)
{
	struct kstat st;
	struct path p;
	u32 flags = (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	int err = look_up(dir, name, flags, &p);

	if (err)
		return err;
	err = vfs_getattr(&p, &st);
	*out = (struct host_stat){ st.mode, st.nlink, st.uid, st.gid, st.dev, st.ino, st.size };
	path_put(&p);
	return err;
}

static int k_read(int dir, const char *name, struct host_reply *r)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW };
	struct file *file;
	struct path p;
	struct uio uio;
	int n = look_up(dir, name, 0, &p);

	if (n)
		return n;
	if (S_ISLNK(dentry_inode(p.dentry)->mode)) {
		n = (int)vfs_readlink(&p, r->text, sizeof(r->text));
		path_put(&p);
		return n;
	}
	path_put(&p);
	n = file_open_at(fd_of(dir), name, &how, &file);
	if (n)
		return n;
	uio_init_kernel(&uio, r->text, sizeof(r->text));
	if (S_ISFIFO(file->inode->mode))
		n = 0;
	else
		n = S_ISDIR(file->inode->mode) ? -EISDIR : (int)vfs_read(file, &uio);
	file_put(file);
	return n;
}

struct lister {
	struct dir_context ctx;
	char *names[1000];
	int n;
};

static bool list_one(struct dir_context *ctx, const char *name, size_t len, u64 ino, u8 type)
{
	struct lister *l = container_of(ctx, struct lister, ctx);

	l->names[l->n++] = strndup(name, len);
	return l->n < 1000;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int k_list(int dir, const char *name, struct host_reply *r)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW };
	struct lister l = { .ctx.emit = list_one };
	char *to = r->text;
	struct file *file;
	int err = file_open_at(fd_of(dir), name, &how, &file);

	if (err)
		return err;
	CHECK(vfs_readdir(file, &l.ctx) == 0 || (dentry_flags(file->path.dentry) & DENTRY_DEAD));
	file_put(file);
	qsort(l.names, (size_t)l.n, sizeof(*l.names), by_name);
	for (int i = 0; i < l.n; i++) {
		to += snprintf(to, (size_t)(r->text + sizeof(r->text) - to), "%s\n", l.names[i]);
		free(l.names[i]);
	}
	return l.n;
}

static int with_path(const struct host_call *c, u32 flags)
{
	struct path p, from;
	int err = look_up(c->dir, c->op == HOST_BIND || c->op == HOST_MOVE ? c->path2 : c->path, flags, &p);

	if (err)
		return err;
	switch (c->op) {
	case HOST_TRUNCATE:
		err = vfs_truncate(&p, c->a);
		break;
	case HOST_CHMOD:
		err = vfs_chmod(&p, c->a);
		break;
	case HOST_CHOWN:
		err = vfs_chown(&p, c->a, c->b);
		break;
	case HOST_ACCESS:
		err = vfs_access(&p, c->a);
		break;
	case HOST_CHDIR:
		err = path_permission(&p, MAY_EXEC);
		if (!err)
			fs_ctx_set_cwd(current->fs, &p);
		break;
	case HOST_CHROOT:
		err = path_permission(&p, MAY_EXEC);
		if (!err)
			fs_ctx_set_root(current->fs, &p);
		break;
	case HOST_MOUNT:
		err = mount_new("tmpfs", "none", 0, "mode=0777", &p);
		break;
	case HOST_UMOUNT:
		err = mount_umount(&p, c->a);
		break;
	default: /* as mount(2): first the target, then the source */
		err = *c->path ? look_up(HOST_CWD, c->path, LOOKUP_FOLLOW, &from) : -EINVAL;
		if (err)
			break;
		err = c->op == HOST_BIND ? mount_bind(&from, &p, c->a) : mount_move(&from, &p, false);
		path_put(&from);
	}
	path_put(&p);
	return err;
}

static int k_chroot(const struct host_call *c)
{
	if (*c->path)
		return with_path(c, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	struct fs_ctx *fs = current->fs;
	struct path p;

	current->fs = NULL;
	fs_ctx_root(NULL, &p);
	current->fs = fs;
	fs_ctx_set_root(fs, &p);
	fs_ctx_set_cwd(fs, &p);
	path_put(&p);
	return 0;
}

static int k_getcwd(struct host_reply *r)
{
	struct seqbuf out;
	struct path cwd, root;
	int n;

	seqbuf_init(&out, r->text, sizeof(r->text));
	fs_ctx_cwd(current->fs, &cwd);
	n = dentry_is_unlinked(cwd.dentry) ? -ENOENT : 0;
	if (!n) {
		fs_ctx_root(current->fs, &root);
		if (!path_is_reachable(&cwd, &root))
			seqbuf_puts(&out, "(unreachable)");
		path_put(&root);
		CHECK(path_print(&cwd, NULL, &out));
		n = (int)out.len + 1;
	}
	path_put(&cwd);
	return n;
}

static unsigned long long host_caps;

static int k_become(u32 id)
{
	host_become(id, id);
	((struct cred *)current->cred)->cap_effective &= host_caps;
	return 0;
}

static int kernel_call(const struct host_call *c, struct host_reply *r)
{
	int dir = fd_of(c->dir), dir2 = fd_of(c->dir2);

	switch (c->op) {
	case HOST_MKDIR:
		return vfs_mkdir(dir, c->path, c->a);
	case HOST_RMDIR:
		return vfs_rmdir(dir, c->path);
	case HOST_UNLINK:
		return vfs_unlink(dir, c->path);
	case HOST_RENAME:
		return vfs_rename(dir, c->path, dir2, c->path2, c->a);
	case HOST_LINK:
		return vfs_link(dir, c->path, dir2, c->path2, c->a);
	case HOST_SYMLINK:
		return vfs_symlink(c->path, dir2, c->path2);
	case HOST_MKNOD:
		return vfs_mknod(dir, c->path, c->a, 0, NULL);
	case HOST_OPEN:
		return k_open(c->dir, c->path, c->a, c->b, c->c, c->text);
	case HOST_OPENDIR:
		return k_opendir(c->dir, c->path, (int)c->a);
	case HOST_STAT:
		return k_stat(c->dir, c->path, c->a, &r->stat);
	case HOST_READ:
		return k_read(c->dir, c->path, r);
	case HOST_LIST:
		return k_list(c->dir, c->path, r);
	case HOST_CHROOT:
		return k_chroot(c);
	case HOST_CHDIR:
		return with_path(c, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	case HOST_GETCWD:
		return k_getcwd(r);
	case HOST_BECOME:
		return k_become(c->a);
	case HOST_CHOWN:
		return with_path(c, c->c & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	default:
		return with_path(c, LOOKUP_FOLLOW);
	}
}

/* ---- comparing */

static const char *const op_names[] = { "mkdir",    "rmdir", "unlink",	"rename", "link",  "symlink", "mknod",	"open",
					"opendir",  "stat",  "read",	"list",	  "truncate", "chmod", "chown", "access",
					"chdir",    "chroot", "getcwd", "become", "mount", "bind",    "move",	"umount" };

static char history[40][1400];
static unsigned nr_calls;
static unsigned nr_successes, nr_by_errno[200];

static void show_history(void)
{
	for (int i = 0; i < 4; i++) {
		char name[] = { (char)('a' + i), 0 };
		struct host_reply r = { .result = 0 };
		int n = k_read(HOST_CWD, name, &r);

		printf("# %s: %d %.*s\n", name, n, n < 0 ? 0 : n, r.text);
	}
	for (unsigned i = nr_calls > 40 ? nr_calls - 40 : 0; i < nr_calls; i++)
		printf("# %s\n", history[i % 40]);
}

static bool same_stat(const struct host_stat *h, const struct host_stat *k)
{
	return h->mode == k->mode && h->nlink == k->nlink && h->uid == k->uid && h->gid == k->gid && h->size == k->size;
}

/* Both, and whether they agree. */
static bool call(const struct host_call *c, struct host_reply *h)
{
	static struct host_reply k;
	bool ok;

	host_fs_call(c, h);
	memset(&k, 0, sizeof(k));
	k.result = kernel_call(c, &k);
	snprintf(history[nr_calls++ % 40], sizeof(history[0]), "%s %d:\"%s\" %d:\"%s\" %#x %#x %#x = %d", op_names[c->op],
		 c->dir, c->path, c->dir2, c->path2, c->a, c->b, c->c, h->result);
	ok = h->result == k.result;
	if (ok && c->op == HOST_STAT && !h->result)
		ok = same_stat(&h->stat, &k.stat);
	else if (ok && h->result > 0)
		ok = !memcmp(h->text, k.text, c->op == HOST_LIST ? strlen(h->text) + 1 : (size_t)h->result);
	if (h->result >= 0)
		nr_successes++;
	else
		nr_by_errno[-h->result]++;
	if (!CHECK(ok)) {
		if (test_failures == 1)
			show_history();
		printf("# Linux: %d %o %u %u:%u %llu %s\n", h->result, h->stat.mode, h->stat.nlink, h->stat.uid, h->stat.gid,
		       h->stat.size, h->text);
		printf("# Pipit: %d %o %u %u:%u %llu %s\n", k.result, k.stat.mode, k.stat.nlink, k.stat.uid, k.stat.gid,
		       k.stat.size, k.text);
	}
	return ok;
}

/* Both trees below path, which ends in a slash. */
static bool same_tree(const char *path, int depth)
{
	struct host_call c = { .dir = HOST_CWD, .dir2 = HOST_CWD, .op = HOST_LIST };
	static struct host_reply r;
	char *names, *name, *save;
	bool ok = true;

	snprintf(c.path, sizeof(c.path), "%s", path);
	if (!call(&c, &r) || r.result < 0)
		return r.result >= 0;
	names = strdup(r.text);
	for (name = strtok_r(names, "\n", &save); name && ok; name = strtok_r(NULL, "\n", &save)) {
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		snprintf(c.path, sizeof(c.path), "%s%s", path, name);
		c.op = HOST_STAT;
		c.a = AT_SYMLINK_NOFOLLOW;
		ok = call(&c, &r);
		if (ok && S_ISDIR(r.stat.mode)) {
			strcat(c.path, "/");
			ok = depth >= 5 || same_tree(c.path, depth + 1);
		} else if (ok && (S_ISREG(r.stat.mode) || S_ISLNK(r.stat.mode))) {
			c.op = HOST_READ;
			ok = call(&c, &r);
		}
	}
	free(names);
	return ok;
}

/* ---- calls by chance */

static bool with_mounts, with_users, use_long_names;
static u32 user;

static unsigned below(unsigned n)
{
	return test_random() % n;
}

static void random_name(char *to, size_t room)
{
	static const char *const odd[] = { ".", "..", "", "..", "...", "a.b" };
	size_t n;

	switch (below(24)) {
	case 0:
	case 1:
	case 2:
		snprintf(to, room, "%s", odd[below(6)]);
		return;
	case 3:
		if (use_long_names && below(3) == 0) {
			n = below(2) ? 255 : 256;
			memset(to, 'l', n);
			to[n] = 0;
			return;
		}
		snprintf(to, room, "a_name_that_is_longer_than_a_dentry_holds%u", below(2));
		return;
	default:
		snprintf(to, room, "%c", 'a' + below(4));
	}
}

static void random_path(char *to)
{
	unsigned n = 1 + below(below(3) ? 2 : 4);

	*to = 0;
	if (below(100) == 0)
		return;
	if (below(8) == 0)
		strcat(to, "/");
	while (n--) {
		random_name(to + strlen(to), 300);
		if (strlen(to) > 300)
			break;
		if (n || below(12) == 0)
			strcat(to, below(20) ? "/" : "//");
	}
}

static int random_dir(void)
{
	return below(4) ? HOST_CWD : below(20) ? (int)below(HOST_SLOTS) : 99;
}

static unsigned random_open_flags(void)
{
	static const unsigned access[] = { O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR };
	unsigned flags = access[below(4)] | O_NONBLOCK;

	if (below(12) == 0)
		return O_PATH | (below(2) ? O_NOFOLLOW : 0) | (below(3) ? 0 : O_DIRECTORY);
	if (below(16) == 0)
		return O_RDWR | O_NONBLOCK | __O_TMPFILE | O_DIRECTORY | (below(2) ? O_EXCL : 0);
	flags |= below(2) ? O_CREAT : below(6) ? 0 : O_DIRECTORY;
	flags |= below(4) ? 0 : O_EXCL;
	flags |= below(4) ? 0 : O_TRUNC;
	flags |= below(3) ? 0 : O_APPEND;
	flags |= below(6) ? 0 : O_NOFOLLOW;
	flags |= below(12) ? 0 : O_NOATIME;
	return flags;
}

static unsigned random_resolve(void)
{
	static const unsigned bits[] = { RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS };
	unsigned r = 0;

	if (below(3))
		return 0;
	for (int i = 0; i < 3; i++)
		r |= below(4) ? 0 : bits[i];
	return r | (below(3) ? 0 : below(2) ? RESOLVE_BENEATH : RESOLVE_IN_ROOT);
}

static unsigned random_mode(void)
{
	static const unsigned modes[] = { 0777, 0755, 0700, 0644, 0600, 0, 0111, 0555, 02775, 04755, 06711, 0640, 0070, 0007 };

	return with_users ? modes[below(ARRAY_SIZE(modes))] : below(2) ? 0777 : 0644;
}

/* Neither the first root nor our own root directory's mount may go. */
static bool is_root_mount(const char *name)
{
	struct path p, root;
	bool is_root;

	if (look_up(HOST_CWD, name, LOOKUP_FOLLOW, &p))
		return false;
	fs_ctx_root(current->fs, &root);
	is_root = p.mnt == root.mnt || p.mnt == mount_ns_root()->mnt;
	path_put(&root);
	path_put(&p);
	return is_root;
}

static enum host_op random_op(void)
{
	static const enum host_op common[] = {
		HOST_MKDIR,  HOST_MKDIR,  HOST_MKDIR,  HOST_RMDIR,    HOST_UNLINK,  HOST_UNLINK,  HOST_RENAME,
		HOST_RENAME, HOST_RENAME, HOST_LINK,   HOST_SYMLINK,  HOST_SYMLINK, HOST_MKNOD,	  HOST_OPEN,
		HOST_OPEN,   HOST_OPEN,	  HOST_OPEN,   HOST_OPENDIR,  HOST_STAT,    HOST_STAT,	  HOST_READ,
		HOST_LIST,   HOST_CHMOD,  HOST_ACCESS, HOST_TRUNCATE, HOST_CHDIR,   HOST_GETCWD,
	};
	static const enum host_op of_mounts[] = { HOST_MOUNT, HOST_BIND, HOST_UMOUNT, HOST_UMOUNT, HOST_UMOUNT,
						  HOST_MOVE,  HOST_OPEN, HOST_CHROOT };

	if (with_mounts && below(5) == 0)
		return of_mounts[below(ARRAY_SIZE(of_mounts))];
	if (with_users && below(12) == 0)
		return below(2) ? HOST_BECOME : HOST_CHOWN;
	return common[below(ARRAY_SIZE(common))];
}

/* false: not this one. */
static bool random_call(struct host_call *c)
{
	static const unsigned types[] = { S_IFREG, 0, S_IFIFO, S_IFSOCK, S_IFDIR, 0170000 };

	*c = (struct host_call){ .op = random_op(), .dir = random_dir(), .dir2 = random_dir() };
	random_path(c->path);
	random_path(c->path2);
	c->a = random_mode();
	switch (c->op) {
	case HOST_RENAME:
		c->a = below(3) ? 0 : below(4);
		break;
	case HOST_LINK:
		c->a = below(2) ? 0 : AT_SYMLINK_FOLLOW;
		/* Linux may forbid links to what is somebody else's; that is a matter of its configuration. */
		return !user || !host_fs_protects_hardlinks();
	case HOST_MKNOD:
		c->a |= types[below(6)];
		break;
	case HOST_OPEN:
		c->a = random_open_flags();
		c->b = c->a & (O_CREAT | __O_TMPFILE) ? random_mode() : 0;
		c->c = random_resolve();
		snprintf(c->text, sizeof(c->text), "%u", test_random());
		if (below(2))
			*c->text = 0;
		break;
	case HOST_OPENDIR:
		c->a = below(HOST_SLOTS);
		break;
	case HOST_STAT:
		c->a = (below(2) ? AT_SYMLINK_NOFOLLOW : 0) | (below(4) ? 0 : AT_EMPTY_PATH);
		break;
	case HOST_ACCESS:
		c->a = below(8);
		break;
	case HOST_TRUNCATE:
		c->a = below(2) ? 0 : below(5000);
		break;
	case HOST_CHOWN:
		c->a = below(3) ? ~0u : below(3) + 999;
		c->b = below(3) ? ~0u : below(3) + 999;
		c->c = below(2) ? AT_SYMLINK_NOFOLLOW : 0;
		break;
	case HOST_BECOME:
		user = c->a = below(2) ? 0 : 1000 + below(2);
		break;
	case HOST_BIND:
		c->a = below(2);
		break;
	case HOST_MOVE: /* on Linux something unseen is below the first root */
		if (is_root_mount(c->path))
			return false;
		break;
	case HOST_UMOUNT:
		c->a = below(2) ? 0 : MNT_DETACH;
		if (is_root_mount(c->path))
			return false;
		break;
	case HOST_CHROOT:
		if (below(2))
			*c->path = 0;
		break;
	default:
		break;
	}
	if (c->op >= HOST_TRUNCATE && c->op != HOST_CHMOD && c->op != HOST_CHOWN)
		c->dir = c->dir2 = HOST_CWD;
	return true;
}

static bool start(void)
{
	static bool is_done, can;

	if (!is_done) {
		can = host_fs_start();
		host_caps = host_fs_caps();
		host_vfs_mount_root();
		k_become(0);
	}
	is_done = true;
	return can;
}

static void random_calls(int n)
{
	static struct host_reply r;
	struct host_call c;
	struct host_call home = { .op = HOST_CHROOT, .dir = HOST_CWD };
	struct host_call root = { .op = HOST_BECOME };

	if (!start()) {
		printf("# SKIP no mount namespace for us\n");
		return;
	}
	nr_successes = 0;
	user = 0;
	call(&root, &r);
	call(&home, &r);
	for (int i = 0; i < n && !test_failures; i++) {
		if (!random_call(&c))
			continue;
		call(&c, &r);
		if (r.result == 0 && (c.op == HOST_CHOWN || c.op == HOST_CHMOD || c.op == HOST_TRUNCATE || c.op == HOST_OPEN)) {
			c.op = HOST_STAT;
			c.a = 0;
			call(&c, &r);
		}
		if (i % 500 == 499 && !test_failures) {
			user = 0;
			call(&root, &r);
			call(&home, &r);
			same_tree("/", 0);
		}
	}
	CHECK(nr_successes > (unsigned)n / 5);
}

TEST(namei_says_what_linux_says)
{
	random_calls(15000);
}

TEST(namei_says_what_linux_says_of_long_names)
{
	use_long_names = true;
	random_calls(3000);
	use_long_names = false;
}

TEST(namei_says_what_linux_says_to_different_users)
{
	with_users = true;
	random_calls(15000);
	with_users = false;
}

TEST(namei_says_what_linux_says_about_mounts)
{
	with_mounts = true;
	random_calls(15000);
	with_mounts = false;
}
