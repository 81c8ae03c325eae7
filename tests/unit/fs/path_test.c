// sources: fs/inode.c fs/protect.c fs/dentry.c fs/super.c fs/libfs.c fs/file.c fs/fdtable.c fs/path.c fs/dpath.c fs/mount.c fs/propagate.c fs/mountops.c fs/mnt_ns.c fs/fs_ctx.c fs/open.c fs/namei.c fs/stat.c fs/rw.c fs/readdir.c fs/uio.c fs/xattr.c lib/rbtree.c fs/pagecache.c fs/chrdev.c fs/tmpfs/tmpfs.c fs/tmpfs/mount.c kernel/id/pid.c kernel/id/cred.c kernel/id/userns.c kernel/id/ns.c kernel/id/nscount.c kernel/id/uts.c kernel/id/pidns.c kernel/sync/wait.c kernel/sync/mutex.c kernel/sync/rwsem.c kernel/sync/refcount.c lib/bitmap.c lib/seqbuf.c lib/fmt.c tests/unit/shim/slab.c tests/unit/shim/page.c tests/unit/shim/thread.c tests/unit/shim/vfs.c
/*
 * Walks with a known end. What random names find is in namei_test.c; here are the cases with a number in them,
 * and what happens when memory is out half way.
 */
#include "test.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "thread.h"
#include "slab.h"
#include "vfs.h"

#include "arch/x86_64/percpu.h"
#include "kernel/mm/slab.h"
#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/rw.h"

static void start(void)
{
	static bool is_done;

	if (!is_done)
		host_vfs_mount_root();
	is_done = true;
}

static void touch(const char *name)
{
	struct file *file;

	CHECK(file_open_kernel(name, O_CREAT | O_WRONLY, 0644, &file) == 0);
	file_put(file);
}

static int walk(const char *name, u32 flags)
{
	struct path p;
	int err = path_lookup(AT_FDCWD, name, flags, &p);

	if (!err)
		path_put(&p);
	return err;
}

static int open_with(const char *name, u32 flags, u64 resolve)
{
	struct open_how how = { .flags = flags, .mode = flags & O_CREAT ? 0644 : 0, .resolve = resolve };
	struct file *file;
	int err = file_open_at(AT_FDCWD, name, &how, &file);

	if (!err)
		file_put(file);
	return err;
}

static bool prints(const char *name, u32 flags, const char *want)
{
	char text[PATH_MAX];
	struct seqbuf out;
	struct path p;
	bool ok;

	if (path_lookup(AT_FDCWD, name, flags, &p))
		return false;
	seqbuf_init(&out, text, sizeof(text));
	ok = path_print(&p, NULL, &out) && !strcmp(seqbuf_str(&out), want);
	path_put(&p);
	return ok;
}

TEST(path_forty_links_are_the_most)
{
	char from[20], to[20];

	start();
	CHECK(vfs_mkdir(AT_FDCWD, "/loop", 0755) == 0);
	touch("/loop/0");
	for (int i = 1; i <= 41; i++) {
		snprintf(to, sizeof(to), "%d", i - 1);
		snprintf(from, sizeof(from), "/loop/%d", i);
		CHECK(vfs_symlink(to, AT_FDCWD, from) == 0);
	}
	CHECK(walk("/loop/40", LOOKUP_FOLLOW) == 0);
	CHECK(walk("/loop/41", LOOKUP_FOLLOW) == -ELOOP);
	CHECK(walk("/loop/41", 0) == 0);
	CHECK(prints("/loop/40", LOOKUP_FOLLOW, "/loop/0"));
	CHECK(vfs_symlink("self", AT_FDCWD, "/loop/self") == 0);
	CHECK(walk("/loop/self", LOOKUP_FOLLOW) == -ELOOP && walk("/loop/self/", 0) == -ELOOP);
	/* Each with something left to walk: the stack of names is as deep as it gets. */
	CHECK(vfs_symlink(".", AT_FDCWD, "/loop/dot") == 0);
	for (int i = 1; i <= 41; i++) {
		snprintf(to, sizeof(to), i == 1 ? "./dot" : "d%d/./", i - 1);
		snprintf(from, sizeof(from), "/loop/d%d", i);
		CHECK(vfs_symlink(to, AT_FDCWD, from) == 0);
	}
	CHECK(walk("/loop/d39/.", LOOKUP_FOLLOW) == 0 && walk("/loop/d40/.", LOOKUP_FOLLOW) == -ELOOP);
	CHECK(open_with("/loop/41", O_CREAT | O_RDWR, 0) == -ELOOP);
}

TEST(path_slash_at_the_end_follows_links_to_links)
{
	start();
	CHECK(vfs_mkdir(AT_FDCWD, "/s", 0755) == 0 && vfs_mkdir(AT_FDCWD, "/s/dir", 0755) == 0);
	touch("/s/file");
	CHECK(vfs_symlink("dir", AT_FDCWD, "/s/one") == 0 && vfs_symlink("one", AT_FDCWD, "/s/two") == 0);
	CHECK(prints("/s/two", 0, "/s/two") && prints("/s/two/", 0, "/s/dir") && prints("/s//two//", 0, "/s/dir"));
	CHECK(walk("/s/file/", 0) == -ENOTDIR && walk("/s/file/.", 0) == -ENOTDIR && walk("/s/none/", 0) == -ENOENT);
	CHECK(open_with("/s/new/", O_CREAT | O_RDWR, 0) == -EISDIR);
	CHECK(open_with("/s/.", O_CREAT | O_EXCL | O_RDWR, 0) == -EEXIST && open_with("/s/.", O_CREAT, 0) == -EISDIR);
}

TEST(path_lengths_have_limits)
{
	static char name[PATH_MAX + 300], *copy;
	char link[] = "/long", text[PATH_MAX];

	start();
	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[256] = 0;
	CHECK(walk(name, 0) == -ENOENT);
	CHECK(vfs_mkdir(AT_FDCWD, name, 0755) == 0 && prints(name, 0, name) && vfs_rmdir(AT_FDCWD, name) == 0);
	name[256] = 'n';
	name[257] = 0;
	CHECK(walk(name, 0) == -ENAMETOOLONG && vfs_mkdir(AT_FDCWD, name, 0755) == -ENAMETOOLONG);
	name[257] = 'n';
	name[sizeof(name) - 1] = 0;
	CHECK(path_name_from_user(name, false, &copy) == -ENAMETOOLONG);
	name[PATH_MAX] = 0;
	CHECK(path_name_from_user(name, false, &copy) == -ENAMETOOLONG);
	name[PATH_MAX - 1] = 0;
	CHECK(path_name_from_user(name, false, &copy) == 0 && !strcmp(name, copy));
	path_name_free(copy);
	CHECK(path_name_from_user("", false, &copy) == -ENOENT && path_name_from_user("", true, &copy) == 0);
	path_name_free(copy);
	CHECK(path_name_from_user((char *)16, false, &copy) == -EFAULT);
	/* A link's text as long as one may be. */
	memset(text, '/', sizeof(text));
	text[PATH_MAX - 1] = 0;
	CHECK(vfs_symlink(text, AT_FDCWD, link) == 0 && prints(link, LOOKUP_FOLLOW, "/"));
}

TEST(path_resolve_flags_keep_the_walk_in)
{
	start();
	CHECK(vfs_mkdir(AT_FDCWD, "/in", 0755) == 0 && vfs_mkdir(AT_FDCWD, "/in/sub", 0755) == 0);
	touch("/in/sub/file");
	touch("/outside");
	CHECK(vfs_symlink("/outside", AT_FDCWD, "/in/abs") == 0 && vfs_symlink("../outside", AT_FDCWD, "/in/up") == 0);

	struct path in, root;

	CHECK(path_lookup(AT_FDCWD, "/in", 0, &in) == 0 && path_lookup(AT_FDCWD, "/", 0, &root) == 0);
	fs_ctx_set_cwd(current->fs, &in);
	path_put(&in);
	CHECK(open_with("sub/../sub/file", O_RDONLY, RESOLVE_BENEATH) == 0);
	CHECK(open_with("..", O_RDONLY, RESOLVE_BENEATH) == -EXDEV && open_with("up", O_RDONLY, RESOLVE_BENEATH) == -EXDEV);
	CHECK(open_with("/in", O_RDONLY, RESOLVE_BENEATH) == -EXDEV && open_with("abs", O_RDONLY, RESOLVE_BENEATH) == -EXDEV);
	CHECK(open_with("../../sub/file", O_RDONLY, RESOLVE_IN_ROOT) == 0 && open_with("/sub/file", O_RDONLY, RESOLVE_IN_ROOT) == 0);
	CHECK(open_with("up", O_RDONLY, RESOLVE_IN_ROOT) == -ENOENT && open_with("abs", O_RDONLY, RESOLVE_IN_ROOT) == -ENOENT);
	CHECK(open_with("up", O_RDONLY, 0) == 0 && open_with("up", O_RDONLY, RESOLVE_NO_SYMLINKS) == -ELOOP);
	CHECK(open_with("up", O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS) == 0);
	CHECK(open_with("../new", O_CREAT | O_RDWR, RESOLVE_BENEATH) == -EXDEV);
	fs_ctx_set_cwd(current->fs, &root);
	path_put(&root);
}

TEST(path_goes_up_out_of_mounts)
{
	struct path at;

	start();
	CHECK(vfs_mkdir(AT_FDCWD, "/m", 0755) == 0 && vfs_mkdir(AT_FDCWD, "/m/x", 0755) == 0);
	touch("/m/hidden");
	CHECK(path_lookup(AT_FDCWD, "/m", 0, &at) == 0);
	CHECK(mount_new("tmpfs", "none", 0, "mode=0777", &at) == 0);
	path_put(&at);
	CHECK(walk("/m/hidden", 0) == -ENOENT && prints("/m", 0, "/m"));
	CHECK(vfs_mkdir(AT_FDCWD, "/m/y", 0755) == 0 && prints("/m/y/../../m/y", 0, "/m/y"));
	CHECK(path_lookup(AT_FDCWD, "/m", 0, &at) == 0);
	CHECK(mount_new("tmpfs", "none", 0, "mode=0777", &at) == 0); /* one on the other */
	path_put(&at);
	CHECK(walk("/m/y", 0) == -ENOENT && prints("/m/..", 0, "/"));
	CHECK(open_with("m/../outside", O_RDONLY, RESOLVE_NO_XDEV) == -EXDEV);
	CHECK(vfs_rmdir(AT_FDCWD, "/m") == -EBUSY && vfs_rename(AT_FDCWD, "/m", AT_FDCWD, "/n", 0) == -EBUSY);
	CHECK(vfs_rename(AT_FDCWD, "/outside", AT_FDCWD, "/m/z", 0) == -EXDEV);
	for (int i = 0; i < 2; i++) {
		CHECK(path_lookup(AT_FDCWD, "/m", 0, &at) == 0 && mount_umount(&at, 0) == 0);
		path_put(&at);
	}
	CHECK(walk("/m/hidden", 0) == 0);
	CHECK(path_lookup(AT_FDCWD, "/m", 0, &at) == 0 && mount_umount(&at, 0) == -EINVAL);
	path_put(&at);
}

TEST(path_says_that_a_name_is_gone)
{
	char text[200];
	struct seqbuf out;
	struct file *file;

	start();
	CHECK(file_open_kernel("/gone", O_CREAT | O_RDWR, 0644, &file) == 0 && vfs_unlink(AT_FDCWD, "/gone") == 0);
	seqbuf_init(&out, text, sizeof(text));
	CHECK(path_print(&file->path, NULL, &out) && !strcmp(seqbuf_str(&out), "/gone (deleted)"));
	for (size_t cap = 0; cap < 15; cap++) {
		seqbuf_init(&out, text, cap);
		CHECK(!path_print(&file->path, NULL, &out) && out.overflow && out.len <= cap);
	}
	file_put(file);
}

/* Does the same with the first, second ... allocation failing, till none does. */
static void with_failures(const char *what, int (*run)(void), int (*undo)(void))
{
	long before = host_live();
	int err = -ENOMEM;
	unsigned n;

	for (n = 1; err && n < 100; n++) {
		slab_fail_nth(n);
		err = run();
		slab_fail_nth(0);
		if (!CHECK(err == 0 || err == -ENOMEM))
			printf("# %s, allocation %u: %d\n", what, n, err);
		CHECK(undo() == 0 || err); /* a name may be there although the open failed */
		if (!CHECK(host_live() == before))
			printf("# %s, allocation %u: %ld more objects\n", what, n, host_live() - before);
		before = host_live();
	}
	CHECK(n > 2 && n < 100);
}

#define FAILS(name, do_it, undo_it)             \
	static int do_##name(void)              \
	{                                       \
		return do_it;                   \
	}                                       \
	static int undo_##name(void)            \
	{                                       \
		return undo_it;                 \
	}

#define LONG "/s/a_name_that_does_not_fit_into_a_dentry_itself"

static int mount_fails(void)
{
	struct path at;
	int err = path_lookup(AT_FDCWD, "/s/dir", 0, &at);

	if (err)
		return err;
	err = mount_new("tmpfs", "none", 0, "size=1m", &at);
	path_put(&at);
	return err;
}

static int umount_it(void)
{
	struct path at;
	int err = path_lookup(AT_FDCWD, "/s/dir", 0, &at);

	if (err)
		return err;
	err = mount_umount(&at, 0);
	path_put(&at);
	return err;
}

static int bind_fails(void)
{
	struct path from, at;
	int err;

	CHECK(path_lookup(AT_FDCWD, "/in", 0, &from) == 0 && path_lookup(AT_FDCWD, "/s/dir", 0, &at) == 0);
	err = mount_bind(&from, &at, true);
	path_put(&from);
	path_put(&at);
	return err;
}

static int publish_fails(void)
{
	struct file *file;
	int err = file_open_kernel("/s/file", O_RDONLY, 0, &file);

	if (err)
		return err;
	err = fd_publish(current->files, file, 0);
	return err < 0 ? err : fd_close(current->files, err);
}

static int write_fails(void)
{
	struct file *file;
	long n;
	int err = file_open_kernel("/s/data", O_CREAT | O_RDWR | O_TRUNC, 0644, &file);

	if (err)
		return err;
	n = file_write_kernel(file, "text", 4, 5000000);
	file_put(file);
	return n < 0 ? (int)n : n == 4 ? 0 : -EIO;
}

FAILS(open, open_with("/s/two/../one/../file", O_RDWR, 0), 0)
FAILS(create, open_with(LONG, O_CREAT | O_RDWR, 0), vfs_unlink(AT_FDCWD, LONG))
FAILS(tmpfile, open_with("/s", O_RDWR | __O_TMPFILE | O_DIRECTORY, 0), 0)
FAILS(mkdir, vfs_mkdir(AT_FDCWD, LONG, 0755), vfs_rmdir(AT_FDCWD, LONG))
FAILS(symlink, vfs_symlink("x", AT_FDCWD, LONG), vfs_unlink(AT_FDCWD, LONG))
FAILS(link, vfs_link(AT_FDCWD, "/s/file", AT_FDCWD, LONG, 0), vfs_unlink(AT_FDCWD, LONG))
FAILS(mknod, vfs_mknod(AT_FDCWD, LONG, S_IFSOCK | 0600, 0, NULL), vfs_unlink(AT_FDCWD, LONG))
FAILS(rename, vfs_rename(AT_FDCWD, "/s/file", AT_FDCWD, LONG, 0), vfs_rename(AT_FDCWD, LONG, AT_FDCWD, "/s/file", 0))
FAILS(mount, mount_fails(), umount_it())
FAILS(bind, bind_fails(), umount_it())
FAILS(publish, publish_fails(), 0)
FAILS(write, write_fails(), vfs_unlink(AT_FDCWD, "/s/data"))

TEST(path_calls_give_all_back_when_memory_is_out)
{
	start();
	with_failures("open", do_open, undo_open);
	with_failures("create", do_create, undo_create);
	with_failures("tmpfile", do_tmpfile, undo_tmpfile);
	with_failures("mkdir", do_mkdir, undo_mkdir);
	with_failures("symlink", do_symlink, undo_symlink);
	with_failures("link", do_link, undo_link);
	with_failures("mknod", do_mknod, undo_mknod);
	with_failures("rename", do_rename, undo_rename);
	with_failures("mount", do_mount, undo_mount);
	with_failures("bind", do_bind, undo_bind);
	with_failures("publish", do_publish, undo_publish);
	with_failures("write", do_write, undo_write);
}
