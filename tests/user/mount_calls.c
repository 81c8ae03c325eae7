/*
 * mount_calls: open_tree, move_mount, fsopen and kin, mount_setattr, statmount and listmount; mounts
 * of pidfds and of namespaces; pivot_root.
 */
#include "mounts.h"

#include <sys/statfs.h>

/* ---- trees apart */

static int trees(void *arg)
{
	int fd, again;

	CHILD_EXPECT(settle() == 0 && dirs("a", "b", "c", NULL) == 0 && tmpfs_at("a") == 0);
	CHILD_EXPECT(dirs("a/in", NULL) == 0 && tmpfs_at("a/in") == 0 && dirs("a/in/x", NULL) == 0);
	fd = open_tree_(AT_FDCWD, "a", TREE_CLONE | TREE_CLOEXEC);
	CHILD_EXPECT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHILD_EXPECT((fcntl(fd, F_GETFL) & O_PATH) && mounts_at(PLACE "/b") == 0);
	CHILD_EXPECT(faccessat(fd, "in", F_OK, 0) == 0 && faccessat(fd, "in/x", F_OK, 0) == -1);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "b", F_EMPTY) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b") == 1 && mounts_at(PLACE "/b/in") == 0);
	/* It is somewhere now: closing changes nothing, and it moves on. */
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "c", F_EMPTY) == 0);
	close(fd);
	CHILD_EXPECT(mounts_at(PLACE "/b") == 0 && mounts_at(PLACE "/c") == 1);
	CHILD_EXPECT(umount("c") == 0);
	/* With all below it; on a tree apart something can be mounted, and a copy made of it. */
	fd = open_tree_(AT_FDCWD, "a", TREE_CLONE | AT_REC);
	CHILD_EXPECT(fd >= 0 && faccessat(fd, "in/x", F_OK, 0) == 0);
	CHILD_EXPECT(tree_at("a/in", "c", 0) == 0 &&
		     move_mount_(AT_FDCWD, "c", fd, "in/x", 0) == 0);
	again = open_tree_(fd, "", TREE_CLONE | AT_EMPTY | AT_REC);
	CHILD_EXPECT(again >= 0 && faccessat(again, "in/x/x", F_OK, 0) == 0);
	close(fd);
	CHILD_EXPECT(move_mount_(again, "", AT_FDCWD, "b", F_EMPTY) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/in/x") == 1);
	close(again);
	/* What the file had goes with it; who is inside keeps his place and what is below. */
	fd = open_tree_(AT_FDCWD, "a", TREE_CLONE | AT_REC);
	again = openat(fd, ".", O_RDONLY | O_DIRECTORY);
	CHILD_EXPECT(again >= 0 && close(fd) == 0 && fchdir(again) == 0);
	CHILD_EXPECT(access("in/x", F_OK) == 0 && access("in/../in/x", F_OK) == 0);
	CHILD_EXPECT(open_tree_(again, "", TREE_CLONE | AT_EMPTY) == -1 && errno == EINVAL);
	return 0;
}

static int bad_trees(void *arg)
{
	int fd;

	CHILD_EXPECT(settle() == 0 && dirs("a", "b", NULL) == 0 && tmpfs_at("a") == 0);
	CHILD_EXPECT(close(open("file", O_CREAT | O_RDWR, 0600)) == 0);
	CHILD_EXPECT(open_tree_(AT_FDCWD, "a", AT_REC) == -1 && errno == EINVAL);
	CHILD_EXPECT(open_tree_(AT_FDCWD, "a", 0x40) == -1 && errno == EINVAL);
	CHILD_EXPECT(open_tree_(AT_FDCWD, "no", TREE_CLONE) == -1 && errno == ENOENT);
	CHILD_EXPECT(open_tree_(AT_FDCWD, NULL, TREE_CLONE) == -1 && errno == EFAULT);
	fd = open_tree_(AT_FDCWD, "a", 0); /* no copy: a place like any other */
	CHILD_EXPECT(fd >= 0 && move_mount_(fd, "", AT_FDCWD, "b", F_EMPTY | 8) == -1);
	CHILD_EXPECT(errno == EINVAL);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "b", 0) == -1 && errno == ENOENT);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "b", F_EMPTY | SET_GROUP | BENEATH) == -1);
	CHILD_EXPECT(errno == EINVAL);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "file", F_EMPTY) == -1 && errno == EINVAL);
	CHILD_EXPECT(move_mount_(AT_FDCWD, "b", AT_FDCWD, "a", 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "b", F_EMPTY) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/a") == 0 && mounts_at(PLACE "/b") == 1);
	CHILD_EXPECT(move_mount_(-1, "", AT_FDCWD, "b", F_EMPTY) == -1 && errno == EBADF);
	return 0;
}

static int beneath(void *arg)
{
	int fd;

	CHILD_EXPECT(settle() == 0 && dirs("a", "b", NULL) == 0 && tmpfs_at("a") == 0);
	CHILD_EXPECT(tmpfs_at("b") == 0 && dirs("a/upper", "b/lower", NULL) == 0);
	fd = open_tree_(AT_FDCWD, "b", TREE_CLONE);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "/", F_EMPTY | BENEATH) == -1 &&
		     errno == EINVAL);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "a/upper", F_EMPTY | BENEATH) == -1);
	CHILD_EXPECT(errno == EINVAL);
	CHILD_EXPECT(move_mount_(fd, "", AT_FDCWD, "a", F_EMPTY | BENEATH) == 0);
	close(fd);
	CHILD_EXPECT(mounts_at(PLACE "/a") == 2 && access("a/upper", F_OK) == 0);
	CHILD_EXPECT(umount("a") == 0 && access("a/lower", F_OK) == 0);
	CHILD_EXPECT(umount("a") == 0 && mounts_at(PLACE "/a") == 0);
	return 0;
}

static int groups(void *arg)
{
	CHILD_EXPECT(settle() == 0 && dirs("a", "b", "c", NULL) == 0 && tmpfs_at("a") == 0);
	CHILD_EXPECT(dirs("a/x", "a/y", "a/x/in", NULL) == 0);
	CHILD_EXPECT(bind_("a", "b") == 0 && bind_("a/x", "c") == 0);
	CHILD_EXPECT(move_mount_(AT_FDCWD, "a", AT_FDCWD, "b", SET_GROUP) == -1 && errno == EINVAL);
	CHILD_EXPECT(propagation("a", MS_SHARED) == 0);
	CHILD_EXPECT(move_mount_(AT_FDCWD, "a", AT_FDCWD, "b", SET_GROUP) == 0);
	CHILD_EXPECT(move_mount_(AT_FDCWD, "a", AT_FDCWD, "b", SET_GROUP) == -1 && errno == EINVAL);
	CHILD_EXPECT(move_mount_(AT_FDCWD, "a", AT_FDCWD, "c", SET_GROUP) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/c", "shared:") == mount_tag(PLACE "/a", "shared:"));
	CHILD_EXPECT(tmpfs_at("b/x/in") == 0 && mounts_at(PLACE "/c/in") == 1);
	return 0;
}

/* ---- pidfds and namespaces */

static int pidfd_mount(void *arg)
{
	struct stat by_fd, by_name;
	struct info info = { .mask = 8 };
	char text[128], link[64];
	pid_t pid;
	int fd, tree, again;

	CHILD_EXPECT(settle() == 0 && dirs("dir", NULL) == 0);
	CHILD_EXPECT(close(open("p", O_CREAT | O_RDWR, 0600)) == 0);
	pid = spawn_sleeper();
	fd = pidfd_open_(pid, 0);
	CHILD_EXPECT(fd >= 0 && fstat(fd, &by_fd) == 0);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	CHILD_EXPECT(bind_(text, "p") == -1 && errno == EINVAL);
	CHILD_EXPECT(mount(text, "p", NULL, MS_BIND | MS_REC, NULL) == -1 && errno == EINVAL);
	CHILD_EXPECT(mount("none", "dir", "pidfs", 0, NULL) == -1 && errno == ENODEV);
	CHILD_EXPECT(fsopen_("pidfs", 0) == -1 && errno == ENODEV);
	CHILD_EXPECT(fspick_(fd, "", 8) == -1 && errno == EINVAL);
	tree = open_tree_(fd, "", AT_EMPTY | TREE_CLONE);
	CHILD_EXPECT(tree >= 0);
	CHILD_EXPECT(move_mount_(tree, "", AT_FDCWD, "dir", F_EMPTY) == -1 && errno == EINVAL);
	CHILD_EXPECT(move_mount_(tree, "", AT_FDCWD, "p", F_EMPTY) == 0);
	close(tree);
	close(fd);
	/* The mount has the pidfd's inode, and with it the process's end. */
	CHILD_EXPECT(stat("p", &by_name) == 0 && by_name.st_ino == by_fd.st_ino &&
		     by_name.st_dev == by_fd.st_dev);
	CHILD_EXPECT(strstr(mount_line(PLACE "/p", NULL), " / " PLACE "/p rw"));
	CHILD_EXPECT(strstr(mount_line(PLACE "/p", NULL), " - pidfs pidfs rw"));
	CHILD_EXPECT(bind_("p", "p") == -1 && errno == EINVAL);
	again = open("p", O_RDWR);
	CHILD_EXPECT(again >= 0 && pidfd_signal(again, 0, NULL, 0) == 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", again);
	CHILD_EXPECT(readlink(link, text, sizeof(text)) == (ssize_t)strlen(PLACE "/p"));
	CHILD_EXPECT(!strncmp(text, PLACE "/p", strlen(PLACE "/p")));
	close(again);
	kill_and_reap(pid);
	again = open("p", O_RDWR);
	CHILD_EXPECT(again >= 0 && pidfd_signal(again, 0, NULL, 0) == -1 && errno == ESRCH);
	CHILD_EXPECT(ioctl(again, GET_INFO, &info) == 0 && (info.mask & 8));
	CHILD_EXPECT(umount("p") == -1 && errno == EBUSY);
	close(again);
	/* Something may be mounted on it like on any file. */
	CHILD_EXPECT(close(open("q", O_CREAT | O_RDWR, 0600)) == 0 && bind_("q", "p") == 0);
	CHILD_EXPECT(stat("p", &by_name) == 0 && by_name.st_ino != by_fd.st_ino);
	CHILD_EXPECT(umount("p") == 0 && umount("p") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/p") == 0);
	return 0;
}

static int ns_mount(void *arg)
{
	uint64_t own = ns_ino(0, "uts"), other;
	char text[64];
	struct stat st;
	pid_t pid;
	int fd;

	CHILD_EXPECT(settle() == 0 && close(open("u", O_CREAT | O_RDWR, 0600)) == 0);
	CHILD_EXPECT(close(open("m", O_CREAT | O_RDWR, 0600)) == 0);
	pid = spawn_in(CLONE_NEWUTS | CLONE_NEWNS, child_pauses, NULL);
	other = ns_ino(pid, "uts");
	snprintf(text, sizeof(text), "/proc/%d/ns/uts", pid);
	CHILD_EXPECT(bind_(text, "u") == 0);
	snprintf(text, sizeof(text), "/proc/%d/ns/mnt", pid);
	CHILD_EXPECT(bind_(text, "m") == 0);
	kill_and_reap(pid);
	CHILD_EXPECT(stat("u", &st) == 0 && st.st_ino == other && other != own);
	snprintf(text, sizeof(text), " uts:[%lu] " PLACE "/u ", (unsigned long)other);
	CHILD_EXPECT(strstr(mount_line(PLACE "/u", NULL), text));
	CHILD_EXPECT(strstr(mount_line(PLACE "/u", NULL), " - nsfs nsfs rw"));
	fd = open("u", O_RDONLY);
	CHILD_EXPECT(setns_(fd, CLONE_NEWUTS) == 0 && ns_ino(0, "uts") == other);
	close(fd);
	/* No mount namespace is kept by itself, nor by one that it might keep. */
	CHILD_EXPECT(bind_("/proc/self/ns/mnt", "m") == -1 && errno == EINVAL);
	CHILD_EXPECT(unshare_(CLONE_NEWNS) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/u") == 1 && mounts_at(PLACE "/m") == 0);
	CHILD_EXPECT(umount("u") == 0);
	return 0;
}

/* ---- file systems, step by step */

static int steps(void *arg)
{
	int fd, mnt;
	char text[128] = "";

	CHILD_EXPECT(settle() == 0 && dirs("a", NULL) == 0);
	CHILD_EXPECT(fsopen_("nothing", 0) == -1 && errno == ENODEV);
	CHILD_EXPECT(fsopen_("tmpfs", 2) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsopen_(NULL, 0) == -1 && errno == EFAULT);
	fd = fsopen_("tmpfs", 1);
	CHILD_EXPECT(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHILD_EXPECT(fsmount_(fd, 0, 0) == -1 && errno == EBUSY);
	CHILD_EXPECT(read(fd, text, sizeof(text)) == -1 && errno == ENODATA);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "nonsense", "1", 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(read(fd, text, 4) == -1 && errno == EMSGSIZE);
	CHILD_EXPECT(read(fd, text, sizeof(text)) > 10 && !strncmp(text, "e tmpfs: ", 9));
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "size", "x", 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "size", "1m,mode=1", 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "source", "there", 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "source", "here", 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "size", "1m", 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "mode", "0700", 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, SET_FLAG, "ro", NULL, 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, SET_FD, "fd", NULL, 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsconfig_(fd, 99, NULL, NULL, 0) == -1 && errno == EOPNOTSUPP);
	CHILD_EXPECT(fsconfig_(fd, RECONFIGURE, NULL, NULL, 0) == -1 && errno == EBUSY);
	CHILD_EXPECT(fsconfig_(fd, CREATE, NULL, NULL, 1) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsconfig_(fd, CREATE, NULL, NULL, 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, CREATE, NULL, NULL, 0) == -1 && errno == EBUSY);
	CHILD_EXPECT(fsconfig_(fd, SET_STRING, "size", "2m", 0) == -1 && errno == EBUSY);
	CHILD_EXPECT(fsmount_(fd, 0, 0x1000) == -1 && errno == EINVAL);
	CHILD_EXPECT(fsmount_(fd, 0, A_ATIME) == -1 && errno == EINVAL);
	mnt = fsmount_(fd, 1, A_NOSUID | A_NOATIME);
	CHILD_EXPECT(mnt >= 0 && fcntl(mnt, F_GETFD) == FD_CLOEXEC);
	CHILD_EXPECT(fsmount_(fd, 0, 0) == -1 && errno == EBUSY);
	CHILD_EXPECT(move_mount_(mnt, "", AT_FDCWD, "a", F_EMPTY) == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/a", NULL), " rw,nosuid,noatime"));
	CHILD_EXPECT(strstr(mount_line(PLACE "/a", NULL), " - tmpfs there ro,size=1024k"));
	CHILD_EXPECT(mkdir("a/x", 0700) == -1 && errno == EROFS);
	/* The same file changes it now, and so does one that is picked. */
	CHILD_EXPECT(fsconfig_(fd, SET_FLAG, "rw", NULL, 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, RECONFIGURE, NULL, NULL, 0) == 0 && mkdir("a/x", 0700) == 0);
	close(fd);
	CHILD_EXPECT(fspick_(AT_FDCWD, "a/x", 0) == -1 && errno == EINVAL);
	fd = fspick_(AT_FDCWD, "a", 1);
	CHILD_EXPECT(fd >= 0 && fsconfig_(fd, SET_STRING, "size", "3m", 0) == 0);
	CHILD_EXPECT(fsconfig_(fd, RECONFIGURE, NULL, NULL, 0) == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/a", NULL), "rw,size=3072k"));
	CHILD_EXPECT(fsconfig_(mnt, SET_FLAG, "ro", NULL, 0) == -1 && errno == EBADF);
	CHILD_EXPECT(fsconfig_(0, SET_FLAG, "ro", NULL, 0) == -1 && errno == EINVAL);
	return 0;
}

static int all_types(void *arg)
{
	static const char *const types[] = { "proc", "sysfs", "devpts", "devtmpfs", "ramfs" };

	CHILD_EXPECT(settle() == 0 && dirs("a", NULL) == 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int fd = fsopen_(types[i], 0), mnt;

		CHILD_EXPECT(fd >= 0 && fsconfig_(fd, CREATE, NULL, NULL, 0) == 0);
		mnt = fsmount_(fd, 0, 0);
		CHILD_EXPECT(mnt >= 0 && move_mount_(mnt, "", AT_FDCWD, "a", F_EMPTY) == 0);
		CHILD_EXPECT(strstr(mount_line(PLACE "/a", NULL), types[i]));
		CHILD_EXPECT(close(mnt) == 0 && umount("a") == 0 && close(fd) == 0);
	}
	return 0;
}

/* ---- mount_setattr */

static int attributes(void *arg)
{
	struct attr attr = { .set = A_RDONLY | A_NOSUID };
	struct statfs fs;
	int fd, tree;

	CHILD_EXPECT(settle() == 0 && dirs("a", "b", NULL) == 0 && tmpfs_at("a") == 0);
	CHILD_EXPECT(dirs("a/in", NULL) == 0 && tmpfs_at("a/in") == 0);
	CHILD_EXPECT(symlink("in", "a/link") == 0);
	CHILD_EXPECT(setattr_(AT_FDCWD, "a", 0, &attr, sizeof(attr)) == 0);
	CHILD_EXPECT(mkdir("a/x", 0700) == -1 && errno == EROFS && mkdir("a/in/x", 0700) == 0);
	CHILD_EXPECT(statfs("a", &fs) == 0 && (fs.f_flags & 3) == 3);
	/* All below or none: a file open for writing is in the way of the first. */
	fd = open("a/in/file", O_CREAT | O_RDWR, 0600);
	attr = (struct attr){ .set = A_RDONLY | A_NOEXEC };
	CHILD_EXPECT(setattr_(AT_FDCWD, "a", AT_REC, &attr, sizeof(attr)) == -1 && errno == EBUSY);
	CHILD_EXPECT(!strstr(mount_line(PLACE "/a", NULL), "noexec"));
	CHILD_EXPECT(mount(NULL, "a/in", NULL, MS_REMOUNT | MS_RDONLY, NULL) == -1 &&
		     errno == EBUSY);
	close(fd);
	CHILD_EXPECT(setattr_(AT_FDCWD, "a", AT_REC, &attr, sizeof(attr)) == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/a/in", NULL), " ro,noexec,"));
	CHILD_EXPECT(open("a/in/file", O_RDWR) == -1 && errno == EROFS);
	attr = (struct attr){ .clr = A_RDONLY | A_ATIME, .set = A_NOATIME | A_NODEV };
	CHILD_EXPECT(setattr_(AT_FDCWD, "a", 0, &attr, sizeof(attr)) == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/a", NULL), " rw,nosuid,nodev,noexec,noatime"));
	attr = (struct attr){ .set = A_NOSYMFOLLOW, .propagation = MS_SHARED };
	CHILD_EXPECT(setattr_(AT_FDCWD, "a", AT_REC, &attr, sizeof(attr)) == 0);
	CHILD_EXPECT(access("a/link/x", F_OK) == -1 && errno == ELOOP &&
		     access("a/in/x", F_OK) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/a", "shared:") && mount_tag(PLACE "/a/in", "shared:"));
	/* Trees apart can be changed as well. */
	tree = open_tree_(AT_FDCWD, "a", TREE_CLONE);
	attr = (struct attr){ .set = A_RDONLY, .propagation = MS_PRIVATE };
	CHILD_EXPECT(setattr_(tree, "", AT_EMPTY, &attr, sizeof(attr)) == 0);
	CHILD_EXPECT(move_mount_(tree, "", AT_FDCWD, "b", F_EMPTY) == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/b", NULL), " ro,"));
	CHILD_EXPECT(!mount_tag(PLACE "/b", "shared:"));
	return 0;
}

static int bad_attributes(void *arg)
{
	static const struct attr bad[] = {
		{ .set = 1ull << 40 },
		{ .clr = 0x10 },
		{ .set = A_NOATIME },
		{ .set = A_NOATIME | A_STRICTATIME, .clr = A_ATIME },
		{ .propagation = MS_SHARED | MS_PRIVATE },
		{ .propagation = MS_REC },
		{ .clr = A_IDMAP },
		{ .set = A_IDMAP, .userns_fd = 1ull << 32 },
	};
	struct attr attr = { .set = A_RDONLY };
	char large[4096 + 8] = { 1 };

	CHILD_EXPECT(settle() == 0 && dirs("a", NULL) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		attr = bad[i];
		CHILD_EXPECT(setattr_(AT_FDCWD, PLACE, 0, &attr, sizeof(attr)) == -1 &&
			     errno == EINVAL);
	}
	attr = (struct attr){ .set = A_RDONLY };
	CHILD_EXPECT(setattr_(AT_FDCWD, "a", 0, &attr, sizeof(attr)) == -1 && errno == EINVAL);
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0x2000, &attr, sizeof(attr)) == -1 && errno == EINVAL);
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0, &attr, 24) == -1 && errno == EINVAL);
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0, (void *)large, 4097) == -1 && errno == E2BIG);
	large[64] = 1;
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0, (void *)large, 128) == -1 && errno == E2BIG);
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0, NULL, 32) == -1 && errno == EFAULT);
	attr = (struct attr){ .set = A_IDMAP, .userns_fd = open_ns(getpid(), "user") };
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0, &attr, sizeof(attr)) == -1 && errno == EPERM);
	attr.userns_fd = 999;
	CHILD_EXPECT(setattr_(AT_FDCWD, ".", 0, &attr, sizeof(attr)) == -1 && errno == EBADF);
	attr = (struct attr){ 0 };
	CHILD_EXPECT(setattr_(AT_FDCWD, "none", 0, &attr, sizeof(attr)) == 0); /* nothing to do */
	return 0;
}

/* ---- statmount, listmount */

static uint64_t unique_id(const char *name)
{
	struct {
		uint32_t mask, rest[35];
		uint64_t mnt_id, more[13];
	} stx;

	return syscall(SYS_statx, AT_FDCWD, name, 0, STATX_UNIQUE, &stx) ? 0 : stx.mnt_id;
}

struct report {
	uint32_t size, options;
	uint64_t mask;
	uint32_t major, minor;
	uint64_t magic;
	uint32_t sb_flags, type;
	uint64_t id, parent;
	uint32_t id_old, parent_old;
	uint64_t attr, propagation, group, master, from;
	uint32_t root, point;
	uint64_t ns;
	uint32_t subtype, source, nr_options, option_array, rest[94];
	char text[2048];
};

static long report(struct mnt_req *req, struct report *r, size_t size)
{
	return syscall(457, req, r, size, 0);
}

static int told(void *arg)
{
	struct mnt_req req = { .size = 24, .param = 0x6ff };
	struct report r = { 0 };

	CHILD_EXPECT(settle() == 0 && dirs("a", "b", "a/x", NULL) == 0);
	CHILD_EXPECT(mount("from", "a", "tmpfs", MS_NOSUID, "size=2m,mode=0700") == 0);
	CHILD_EXPECT(dirs("a/part", NULL) == 0 && propagation("a", MS_SHARED) == 0);
	CHILD_EXPECT(bind_("a/part", "b") == 0 && propagation("b", MS_SLAVE) == 0);
	req.mnt_id = unique_id("b");
	CHILD_EXPECT(req.mnt_id > 1ul << 31 && unique_id("a") < req.mnt_id);
	CHILD_EXPECT(report(&req, &r, sizeof(r)) == 0);
	CHILD_EXPECT(r.mask == 0x6ff && r.id == req.mnt_id && r.parent == unique_id("."));
	CHILD_EXPECT(r.magic == 0x01021994 && r.attr == A_NOSUID && r.propagation == MS_SLAVE);
	CHILD_EXPECT(r.master == (uint64_t)mount_tag(PLACE "/a", "shared:") && !r.group);
	CHILD_EXPECT(r.from == r.master && r.ns > 1);
	CHILD_EXPECT(!strcmp(r.text + r.type, "tmpfs") && !strcmp(r.text + r.root, "/part"));
	CHILD_EXPECT(!strcmp(r.text + r.point, PLACE "/b") && !strcmp(r.text + r.source, "from"));
	CHILD_EXPECT(!strncmp(r.text + r.options, "size=2048k,nr_inodes=", 21));
	CHILD_EXPECT(r.nr_options == 2 && !strcmp(r.text + r.option_array, "size=2048k"));
	CHILD_EXPECT(r.size > 512 && r.size < 1024 && !r.text[r.subtype]);
	/* Exactly as much room as is needed is enough. */
	CHILD_EXPECT(report(&req, &r, r.size) == 0);
	CHILD_EXPECT(report(&req, &r, r.size - 1) == -1 && errno == EOVERFLOW);
	req.param = 2;
	CHILD_EXPECT(report(&req, &r, 8) == 0 && r.size == 8);
	CHILD_EXPECT(report(&req, NULL, 512) == -1 && errno == EFAULT);
	req.mnt_id = 77;
	CHILD_EXPECT(report(&req, &r, sizeof(r)) == -1 && errno == EINVAL);
	req.mnt_id = (1ul << 31) + 1000000000;
	CHILD_EXPECT(report(&req, &r, sizeof(r)) == -1 && errno == ENOENT);
	req.size = 16;
	CHILD_EXPECT(report(&req, &r, sizeof(r)) == -1 && errno == EINVAL);
	/* What lies outside of one's root is there for the privileged alone. */
	req = (struct mnt_req){ .size = 24, .param = 2, .mnt_id = unique_id("b") };
	CHILD_EXPECT(chroot("a") == 0 && report(&req, &r, sizeof(r)) == 0);
	CHILD_EXPECT(setuid(1000) == 0 && report(&req, &r, sizeof(r)) == -1 && errno == EPERM);
	return 0;
}

static int listed(void *arg)
{
	struct mnt_req req = { .size = 32, .mnt_id = LIST_ROOT };
	uint64_t ids[256], back[256], one;
	struct ns_info info = { 0 }, next = { 0 };
	long n, all;
	int fd, fd2;

	CHILD_EXPECT(settle() == 0 && dirs("a", NULL) == 0);
	all = syscall(458, &req, ids, 256, 0);
	CHILD_EXPECT(all > 1);
	CHILD_EXPECT(tmpfs_at("a") == 0 && syscall(458, &req, ids, 256, 0) == all + 1);
	CHILD_EXPECT(ids[all] == unique_id("a") && ids[all - 1] == unique_id("."));
	n = syscall(458, &req, back, 256, 1);
	CHILD_EXPECT(n == all + 1 && back[0] == ids[all] && back[all] == ids[0]);
	req.param = ids[0];
	CHILD_EXPECT(syscall(458, &req, &one, 1, 0) == 1 && one == ids[1]);
	req.param = 0;
	req.mnt_id = unique_id(".");
	CHILD_EXPECT(syscall(458, &req, back, 256, 0) == 1 && back[0] == ids[all]);
	CHILD_EXPECT(syscall(458, &req, back, 256, 2) == -1 && errno == EINVAL);
	CHILD_EXPECT(syscall(458, &req, back, 2000000, 0) == -1 && errno == EOVERFLOW);
	req.param = 5;
	CHILD_EXPECT(syscall(458, &req, back, 256, 0) == -1 && errno == EINVAL);
	/* Of another namespace, by number and by file. */
	fd = open_ns(getpid(), "mnt");
	CHILD_EXPECT(ioctl(fd, NS_MNT_INFO, &info) == 0 && info.nr_mounts == all + 1);
	CHILD_EXPECT(unshare_(CLONE_NEWNS) == 0);
	req = (struct mnt_req){ .size = 32, .mnt_id = LIST_ROOT, .ns_id = info.id };
	CHILD_EXPECT(syscall(458, &req, back, 256, 0) == all + 1 && back[all] == ids[all]);
	req = (struct mnt_req){ .size = 32, .mnt_id = LIST_ROOT, .ns_fd = fd };
	CHILD_EXPECT(syscall(458, &req, back, 256, 0) == all + 1 && back[all] == ids[all]);
	fd2 = ioctl(fd, NS_MNT_NEXT, &next);
	CHILD_EXPECT(fd2 >= 0 && next.id > info.id);
	CHILD_EXPECT(ino_of(fd2) == ns_ino(0, "mnt") || is_mixed());
	close(ioctl(fd2, NS_MNT_PREV, &next));
	CHILD_EXPECT(next.id == info.id || is_mixed());
	CHILD_EXPECT(ioctl(fd, 0x8008b70aul, &info) == -1 && errno == EINVAL);
	close(fd);
	req = (struct mnt_req){ .size = 32, .mnt_id = LIST_ROOT, .ns_id = info.id };
	CHILD_EXPECT(syscall(458, &req, back, 256, 0) == -1 && errno == ENOENT);
	req.ns_fd = fd2;
	CHILD_EXPECT(syscall(458, &req, back, 256, 0) == -1 && errno == EINVAL);
	return 0;
}

/* ---- pivot_root */

static int pivots(void *arg)
{
	CHILD_EXPECT(settle() == 0 && dirs("new", "new/old", NULL) == 0);
	CHILD_EXPECT(pivot_root_("new", "new/old") == -1 && errno == EINVAL);
	CHILD_EXPECT(tmpfs_at("new") == 0 && dirs("new/old", "new/here", NULL) == 0);
	CHILD_EXPECT(pivot_root_("new", ".") == -1 && errno == EINVAL);
	CHILD_EXPECT(pivot_root_("/", "/") == -1 && errno == EBUSY);
	CHILD_EXPECT(propagation(".", MS_SHARED) == 0);
	CHILD_EXPECT(pivot_root_("new", "new/old") == -1 && errno == EINVAL);
	CHILD_EXPECT(propagation(".", MS_PRIVATE) == 0);
	CHILD_EXPECT(pivot_root_("new", "new/old") == 0);
	CHILD_EXPECT(access("/here", F_OK) == 0 && access("/old/proc/self", F_OK) == 0);
	CHILD_EXPECT(chdir("/") == 0 && umount2("/old", MNT_DETACH) == 0);
	CHILD_EXPECT(rmdir("/old") == 0 && dirs("/again", NULL) == 0 && tmpfs_at("/again") == 0);
	/* The idiom that needs no place for the old one. */
	CHILD_EXPECT(chdir("/again") == 0 && pivot_root_(".", ".") == 0);
	CHILD_EXPECT(umount2(".", MNT_DETACH) == 0 && access("/here", F_OK) == -1);
	return 0;
}

static void nothing_is_left(void)
{
	static int (*const children[])(void *) = { trees, ns_mount, steps, pivots };

	leave_nothing(children, sizeof(children) / sizeof(*children));
}

IN_NEW_NAMESPACE(a_tree_apart_is_nowhere_until_it_is_moved, 0, trees)
IN_NEW_NAMESPACE(what_is_no_tree_is_refused, 0, bad_trees)
IN_NEW_NAMESPACE(a_mount_goes_beneath_another, 0, beneath)
IN_NEW_NAMESPACE(a_private_mount_joins_a_group, 0, groups)
IN_NEW_NAMESPACE(a_namespace_is_kept_by_a_mount, 0, ns_mount)
IN_NEW_NAMESPACE(a_file_system_is_made_step_by_step, 0, steps)
IN_NEW_NAMESPACE(all_types_can_be_made_so, 0, all_types)
IN_NEW_NAMESPACE(attributes_change_for_one_or_all, 0, attributes)
IN_NEW_NAMESPACE(wrong_attributes_are_refused, 0, bad_attributes)
IN_NEW_NAMESPACE(statmount_tells_what_mountinfo_does, 0, told)
IN_NEW_NAMESPACE(listmount_lists_in_order, 0, listed)
IN_NEW_NAMESPACE(roots_change_places, 0, pivots)

static void a_pidfd_is_mounted_on_a_file(void)
{
	if (!in_guest() || !has_pidfs())
		SKIP("guest only, with pidfs");
	EXPECT_EQ(run_in(CLONE_NEWNS, pidfd_mount, NULL), 0);
}

int main(void)
{
	RUN(a_tree_apart_is_nowhere_until_it_is_moved);
	RUN(what_is_no_tree_is_refused);
	RUN(a_mount_goes_beneath_another);
	RUN(a_private_mount_joins_a_group);
	RUN(a_pidfd_is_mounted_on_a_file);
	RUN(a_namespace_is_kept_by_a_mount);
	RUN(a_file_system_is_made_step_by_step);
	RUN(all_types_can_be_made_so);
	RUN(attributes_change_for_one_or_all);
	RUN(wrong_attributes_are_refused);
	RUN(statmount_tells_what_mountinfo_does);
	RUN(listmount_lists_in_order);
	RUN(roots_change_places);
	RUN(nothing_is_left);
	return tap_done();
}
