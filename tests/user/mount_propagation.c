/*
 * mount_propagation: shared subtrees: who gets what is mounted and unmounted where, as
 * mount_namespaces(7) has it.
 */
#include "mounts.h"

/* a: a tmpfs with peers to come; b: another mount of the same. */
static int two_peers(void)
{
	return settle() || dirs("a", "b", "c", NULL) || tmpfs_at("a") ||
	       propagation("a", MS_SHARED) || dirs("a/x", "a/y", "a/z", NULL) || bind_("a", "b");
}

static int peers(void *arg)
{
	CHILD_EXPECT(two_peers() == 0);
	CHILD_EXPECT(mount_tag(PLACE "/a", "shared:") > 0);
	CHILD_EXPECT(mount_tag(PLACE "/a", "shared:") == mount_tag(PLACE "/b", "shared:"));
	CHILD_EXPECT(tmpfs_at("a/x") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 1);
	CHILD_EXPECT(mount_tag(PLACE "/a/x", "shared:") > 0);
	CHILD_EXPECT(mount_tag(PLACE "/a/x", "shared:") == mount_tag(PLACE "/b/x", "shared:"));
	CHILD_EXPECT(mkdir("b/x/seen", 0777) == 0 && access("a/x/seen", F_OK) == 0);
	CHILD_EXPECT(umount("b/x") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/a/x") == 0 && mounts_at(PLACE "/b/x") == 0);
	/* One that is made private gives and gets nothing. */
	CHILD_EXPECT(propagation("b", MS_PRIVATE) == 0);
	CHILD_EXPECT(tmpfs_at("a/y") == 0 && mounts_at(PLACE "/b/y") == 0);
	CHILD_EXPECT(tmpfs_at("b/z") == 0 && mounts_at(PLACE "/a/z") == 0);
	return 0;
}

static int slaves(void *arg)
{
	int group;

	CHILD_EXPECT(two_peers() == 0);
	group = mount_tag(PLACE "/a", "shared:");
	CHILD_EXPECT(propagation("b", MS_SLAVE) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/b", "master:") == group);
	CHILD_EXPECT(mount_tag(PLACE "/b", "shared:") == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && mounts_at(PLACE "/b/x") == 1);
	CHILD_EXPECT(mount_tag(PLACE "/b/x", "master:") == mount_tag(PLACE "/a/x", "shared:"));
	CHILD_EXPECT(tmpfs_at("b/y") == 0 && mounts_at(PLACE "/a/y") == 0);
	CHILD_EXPECT(umount("a/x") == 0 && mounts_at(PLACE "/b/x") == 0);
	/* A slave with peers of its own passes on, but gives nothing back. */
	CHILD_EXPECT(propagation("b", MS_SHARED) == 0 && bind_("b", "c") == 0);
	CHILD_EXPECT(mount_tag(PLACE "/b", "master:") == group);
	CHILD_EXPECT(mount_tag(PLACE "/c", "master:") == group);
	CHILD_EXPECT(mount_tag(PLACE "/c", "shared:") == mount_tag(PLACE "/b", "shared:"));
	CHILD_EXPECT(tmpfs_at("a/x") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 1 && mounts_at(PLACE "/c/x") == 1);
	CHILD_EXPECT(mount_tag(PLACE "/c/x", "shared:") == mount_tag(PLACE "/b/x", "shared:"));
	CHILD_EXPECT(mount_tag(PLACE "/c/x", "master:") == mount_tag(PLACE "/a/x", "shared:"));
	CHILD_EXPECT(tmpfs_at("c/z") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/z") == 1 && mounts_at(PLACE "/a/z") == 0);
	/* The last of a group leaves its slaves to its own master, which is nobody. */
	CHILD_EXPECT(propagation("a", MS_PRIVATE) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/b", "master:") == 0);
	CHILD_EXPECT(mount_tag(PLACE "/c", "shared:") > 0);
	return 0;
}

/* a > b > c; when b goes, c is a's. */
static int masters_are_inherited(void *arg)
{
	int group;

	CHILD_EXPECT(two_peers() == 0);
	group = mount_tag(PLACE "/a", "shared:");
	CHILD_EXPECT(propagation("b", MS_SLAVE) == 0 && propagation("b", MS_SHARED) == 0);
	CHILD_EXPECT(bind_("b", "c") == 0 && propagation("c", MS_SLAVE) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/c", "master:") == mount_tag(PLACE "/b", "shared:"));
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && mounts_at(PLACE "/c/x") == 1);
	CHILD_EXPECT(mount_tag(PLACE "/c/x", "master:") == mount_tag(PLACE "/b/x", "shared:"));
	CHILD_EXPECT(umount("a/x") == 0);
	CHILD_EXPECT(umount("b") == 0);
	CHILD_EXPECT(mount_tag(PLACE "/c", "master:") == group);
	CHILD_EXPECT(tmpfs_at("a/y") == 0 && mounts_at(PLACE "/c/y") == 1);
	/* A slave without masters is private. */
	CHILD_EXPECT(propagation("a", MS_SLAVE) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/c", "master:") == 0 && !mount_tag(PLACE "/a", "shared:"));
	return 0;
}

static int unbindable(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && umount("b") == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && tmpfs_at("a/y") == 0);
	CHILD_EXPECT(propagation("a/x", MS_UNBINDABLE) == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/a/x", NULL), " unbindable - "));
	CHILD_EXPECT(bind_("a/x", "b") == -1 && errno == EINVAL);
	CHILD_EXPECT(mount("a", "b", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 0 && mounts_at(PLACE "/b/y") == 1);
	/* Nor may it be moved to where it would be copied. */
	CHILD_EXPECT(propagation("a", MS_PRIVATE) == 0);
	CHILD_EXPECT(mount("a/x", "b/z", NULL, MS_MOVE, NULL) == -1 && errno == EINVAL);
	CHILD_EXPECT(mount("a/x", "c", NULL, MS_MOVE, NULL) == 0);
	/* A new namespace has it all the same. */
	CHILD_EXPECT(unshare_(CLONE_NEWNS) == 0 && mounts_at(PLACE "/c") == 1);
	return 0;
}

static int moves(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && tmpfs_at("a/x") == 0);
	CHILD_EXPECT(mount("a/x", "c", NULL, MS_MOVE, NULL) == -1 && errno == EINVAL);
	CHILD_EXPECT(tmpfs_at("c") == 0 && dirs("c/in", NULL) == 0 && tmpfs_at("c/in") == 0);
	CHILD_EXPECT(mount("c", "b/y", NULL, MS_MOVE, NULL) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/c") == 0 && mounts_at(PLACE "/c/in") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/a/y/in") == 1 && mounts_at(PLACE "/b/y/in") == 1);
	CHILD_EXPECT(mount_tag(PLACE "/a/y", "shared:") == mount_tag(PLACE "/b/y", "shared:"));
	/* Below itself: no. */
	CHILD_EXPECT(tmpfs_at("c") == 0 && dirs("c/in", NULL) == 0);
	CHILD_EXPECT(mount("c", "c/in", NULL, MS_MOVE, NULL) == -1 && errno == ELOOP);
	return 0;
}

/* A shared mount bound inside of itself is bound inside of itself once, not for ever. */
static int into_itself(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && umount("b") == 0);
	CHILD_EXPECT(bind_("a", "a/x") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/a/x") == 1 && mounts_at(PLACE "/a/x/x") == 0);
	CHILD_EXPECT(tmpfs_at("a/y") == 0 && mounts_at(PLACE "/a/x/y") == 1);
	CHILD_EXPECT(umount("a/x/y") == 0 && mounts_at(PLACE "/a/y") == 0);
	/* Moved into what it is a peer of, it gets a copy of itself. */
	CHILD_EXPECT(bind_("a", "b") == 0 && mount("b", "a/y", NULL, MS_MOVE, NULL) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/a/y/y") == 1);
	return 0;
}

static int parts(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && umount("b") == 0);
	CHILD_EXPECT(dirs("a/x/in", "a/y/in", NULL) == 0 && bind_("a/x", "b") == 0);
	CHILD_EXPECT(tmpfs_at("a/x/in") == 0 && mounts_at(PLACE "/b/in") == 1);
	CHILD_EXPECT(tmpfs_at("a/y/in") == 0 && mounts_at(PLACE "/b/y") == 0);
	CHILD_EXPECT(strstr(mount_line(PLACE "/b", NULL), " /x " PLACE "/b "));
	/* A slave of a part gets what is in its part, though the part itself did not. */
	CHILD_EXPECT(propagation("b", MS_SLAVE) == 0 && umount("a/x/in") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/in") == 0);
	CHILD_EXPECT(tmpfs_at("a/x/in") == 0 && mounts_at(PLACE "/b/in") == 1);
	return 0;
}

/* Where something lies already, what comes goes under it, and leaves from under it. */
static int underneath(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && propagation("b", MS_SLAVE) == 0);
	CHILD_EXPECT(tmpfs_at("b/x") == 0 && mkdir("b/x/mine", 0777) == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && mkdir("a/x/theirs", 0777) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 2 && access("b/x/mine", F_OK) == 0);
	CHILD_EXPECT(umount("a/x") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 1 && access("b/x/mine", F_OK) == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && mkdir("a/x/theirs", 0777) == 0);
	CHILD_EXPECT(umount("b/x") == 0 && access("b/x/theirs", F_OK) == 0);
	CHILD_EXPECT(umount("b/x") == 0 && mounts_at(PLACE "/a/x") == 1);
	return 0;
}

/* What would take something else away with it stays. */
static int umount_spares(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && propagation("b", MS_SLAVE) == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && dirs("a/x/in", NULL) == 0);
	CHILD_EXPECT(tmpfs_at("b/x/in") == 0);
	CHILD_EXPECT(umount("a/x") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 1 && mounts_at(PLACE "/b/x/in") == 1);
	return 0;
}

static int whole_trees(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && propagation("b", MS_SLAVE) == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && dirs("a/x/1", "a/x/2", NULL) == 0);
	CHILD_EXPECT(tmpfs_at("a/x/1") == 0 && tmpfs_at("a/x/2") == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x/1") == 1 && mounts_at(PLACE "/b/x/2") == 1);
	CHILD_EXPECT(umount("a/x") == -1 && errno == EBUSY);
	CHILD_EXPECT(umount2("a/x", MNT_DETACH) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 0 && mounts_at(PLACE "/b/x/1") == 0);
	/* With something of b's own inside, that stays, and what it is in. */
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && dirs("a/x/1", "a/x/2", NULL) == 0);
	CHILD_EXPECT(tmpfs_at("a/x/1") == 0 && tmpfs_at("a/x/2") == 0);
	CHILD_EXPECT(dirs("b/x/1/in", NULL) == 0 && tmpfs_at("b/x/1/in") == 0);
	CHILD_EXPECT(umount2("a/x", MNT_DETACH) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b/x") == 1 && mounts_at(PLACE "/b/x/1") == 1);
	CHILD_EXPECT(mounts_at(PLACE "/b/x/1/in") == 1 && mounts_at(PLACE "/b/x/2") == 0);
	return 0;
}

static int busy_elsewhere(void *arg)
{
	int fd;

	CHILD_EXPECT(two_peers() == 0 && tmpfs_at("a/x") == 0);
	fd = open("b/x/file", O_CREAT | O_RDWR, 0600);
	CHILD_EXPECT(fd >= 0);
	CHILD_EXPECT(umount("a/x") == -1 && errno == EBUSY);
	close(fd);
	CHILD_EXPECT(umount("a/x") == 0 && mounts_at(PLACE "/b/x") == 0);
	return 0;
}

static int hostile(void *arg)
{
	CHILD_EXPECT(two_peers() == 0);
	CHILD_EXPECT(propagation("a", MS_SHARED | MS_PRIVATE) == -1 && errno == EINVAL);
	CHILD_EXPECT(propagation("a", MS_SHARED | MS_NOSUID) == -1 && errno == EINVAL);
	CHILD_EXPECT(propagation("a/x", MS_SHARED) == -1 && errno == EINVAL);
	CHILD_EXPECT(propagation("a", MS_SHARED | MS_SILENT) == 0);
	CHILD_EXPECT(propagation("none", MS_SHARED) == -1 && errno == ENOENT);
	CHILD_EXPECT(tmpfs_at("a/x") == 0 && tmpfs_at("a/y") == 0);
	CHILD_EXPECT(propagation("a", MS_REC | MS_PRIVATE) == 0);
	CHILD_EXPECT(!mount_tag(PLACE "/a/x", "shared:") && !mount_tag(PLACE "/a/y", "shared:"));
	CHILD_EXPECT(mount_tag(PLACE "/b/y", "shared:"));
	return 0;
}

/* ---- namespaces */

static char said(int fd)
{
	char c = 0;

	return read(fd, &c, 1) == 1 ? c : 0;
}

/* A second namespace: reports what it sees when told to. */
static int second(void *arg)
{
	int *fd = arg;

	CHILD_EXPECT(mounts_at(PLACE "/a/x") == 0);
	CHILD_EXPECT(write(fd[1], "r", 1) == 1 && said(fd[2]) == 'm');
	CHILD_EXPECT(mounts_at(PLACE "/a/x") == 1);
	CHILD_EXPECT(tmpfs_at(PLACE "/a/y") == 0);
	CHILD_EXPECT(write(fd[1], "m", 1) == 1 && said(fd[2]) == 'u');
	CHILD_EXPECT(mounts_at(PLACE "/a/x") == 0);
	return 0;
}

static int across_namespaces(unsigned long flags, int gives_back)
{
	int to[2], from[2], fds[3];
	pid_t pid;

	CHILD_EXPECT(two_peers() == 0);
	CHILD_EXPECT(pipe(to) == 0 && pipe(from) == 0);
	fds[1] = from[1];
	fds[2] = to[0];
	pid = spawn_in(CLONE_NEWNS | flags, second, fds);
	CHILD_EXPECT(pid > 0 && said(from[0]) == 'r');
	CHILD_EXPECT(tmpfs_at("a/x") == 0);
	CHILD_EXPECT(write(to[1], "m", 1) == 1 && said(from[0]) == 'm');
	CHILD_EXPECT(mounts_at(PLACE "/a/y") == gives_back);
	CHILD_EXPECT(umount("a/x") == 0);
	CHILD_EXPECT(write(to[1], "u", 1) == 1 && reap(pid) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/a/y") == gives_back);
	return 0;
}

static int new_namespace(void *arg)
{
	return across_namespaces(0, 1);
}

static int new_owner(void *arg)
{
	return across_namespaces(CLONE_NEWUSER, 0);
}

static int is_locked_in(void *arg)
{
	/* What came with the namespace cannot be taken off, nor set free. */
	CHILD_EXPECT(umount(PLACE "/a") == -1 && errno == EINVAL);
	CHILD_EXPECT(umount2(PLACE "/a", MNT_DETACH) == -1 && errno == EINVAL);
	CHILD_EXPECT(mount(PLACE "/a", PLACE "/c", NULL, MS_MOVE, NULL) == -1 && errno == EINVAL);
	CHILD_EXPECT(bind_(PLACE, PLACE "/c") == -1 && errno == EINVAL);
	CHILD_EXPECT(mount(PLACE, PLACE "/c", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHILD_EXPECT(umount(PLACE "/c/a") == -1 && errno == EINVAL);
	CHILD_EXPECT(umount2(PLACE "/c", MNT_DETACH) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/a", "master:") && !mount_tag(PLACE "/a", "shared:"));
	/* Flags that are there stay, also in copies, and the way of access times is fixed. */
	CHILD_EXPECT(mount(NULL, PLACE "/b", NULL, MS_REMOUNT | MS_BIND, NULL) == -1 &&
		     errno == EPERM);
	CHILD_EXPECT(mount(NULL, PLACE "/b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID,
			   NULL) == 0);
	CHILD_EXPECT(mount(NULL, PLACE "/b", NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOATIME, NULL) == -1 &&
		     errno == EPERM);
	CHILD_EXPECT(bind_(PLACE "/b", PLACE "/c") == 0);
	CHILD_EXPECT(mount(NULL, PLACE "/c", NULL, MS_REMOUNT | MS_BIND, NULL) == -1 &&
		     errno == EPERM);
	CHILD_EXPECT(mount(NULL, PLACE "/a", NULL, MS_REMOUNT | MS_RDONLY, NULL) == -1 &&
		     errno == EPERM);
	CHILD_EXPECT(umount(PLACE "/c") == 0);
	return 0;
}

static int locked(void *arg)
{
	CHILD_EXPECT(two_peers() == 0);
	CHILD_EXPECT(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL) ==
		     0);
	CHILD_EXPECT(run_in(CLONE_NEWNS | CLONE_NEWUSER, is_locked_in, NULL) == 0);
	return 0;
}

/* Not even by taking off what is around it. */
static int looks_under(void *arg)
{
	int fd = open("d", O_RDONLY | O_DIRECTORY);

	CHILD_EXPECT(fd >= 0);
	CHILD_EXPECT(umount2("d", MNT_DETACH) == -1 && errno == EINVAL);
	CHILD_EXPECT(mount("d", "c", NULL, MS_BIND | MS_REC, NULL) == 0);
	fd = open("c", O_RDONLY | O_DIRECTORY);
	CHILD_EXPECT(umount2("c", MNT_DETACH) == 0);
	CHILD_EXPECT(faccessat(fd, "hidden/secret", F_OK, 0) == -1 && errno == ENOENT);
	CHILD_EXPECT(faccessat(fd, "hidden/over", F_OK, 0) == 0);
	CHILD_EXPECT(fchdir(fd) == 0 && chdir("hidden") == 0 && close(fd) == 0);
	CHILD_EXPECT(access("over", F_OK) == 0 && access("../hidden/secret", F_OK) == -1);
	return 0;
}

static int mounts_proc(void *arg)
{
	return mount("proc", PLACE "/c", "proc", 0, NULL) ? errno : 0;
}

static int hidden(void *arg)
{
	CHILD_EXPECT(settle() == 0 && dirs("c", "d", NULL) == 0 && tmpfs_at("d") == 0);
	CHILD_EXPECT(dirs("d/hidden", "d/hidden/secret", NULL) == 0 && tmpfs_at("d/hidden") == 0);
	CHILD_EXPECT(dirs("d/hidden/over", NULL) == 0);
	CHILD_EXPECT(run_in(CLONE_NEWNS | CLONE_NEWUSER, looks_under, NULL) == 0);
	/* Nor by mounting what has it once more. */
	CHILD_EXPECT(run_in(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID, mounts_proc, NULL) == 0);
	CHILD_EXPECT(tmpfs_at("/proc/sys") == 0);
	CHILD_EXPECT(run_in(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID, mounts_proc, NULL) ==
		     EPERM);
	return 0;
}

/* A name may be removed though something is mounted there in somebody else's namespace. */
static int removes(void *arg)
{
	CHILD_EXPECT(rmdir(PLACE "/c") == -1 && errno == EBUSY);
	CHILD_EXPECT(umount(PLACE "/c") == 0 && umount(PLACE "/file") == 0);
	CHILD_EXPECT(rmdir(PLACE "/c") == 0 && unlink(PLACE "/file") == 0);
	CHILD_EXPECT(rename(PLACE "/a", PLACE "/b") == -1 && errno == EBUSY);
	CHILD_EXPECT(umount(PLACE "/b") == 0 && umount(PLACE "/a") == 0);
	CHILD_EXPECT(rename(PLACE "/a", PLACE "/b") == 0);
	return 0;
}

static int removed_elsewhere(void *arg)
{
	CHILD_EXPECT(two_peers() == 0 && tmpfs_at("c") == 0 && propagation("a", MS_PRIVATE) == 0);
	CHILD_EXPECT(close(open("file", O_CREAT | O_RDWR, 0600)) == 0 &&
		     bind_("file", "file") == 0);
	CHILD_EXPECT(run_in(CLONE_NEWNS, removes, NULL) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/c") == 0 && mounts_at(PLACE "/file") == 0);
	/* b was replaced by a, on which something is mounted here still. */
	CHILD_EXPECT(access("a", F_OK) == -1 && access("b/x", F_OK) == 0);
	CHILD_EXPECT(mounts_at(PLACE "/b") == 1);
	return 0;
}

/* The nearest master with a member that can be seen is told. */
static int from_afar(void *arg)
{
	CHILD_EXPECT(chroot(PLACE "/c") == 0);
	CHILD_EXPECT(mount_tag("/", "propagate_from:") == 0);
	return 0;
}

static int dominated(void *arg)
{
	int group;

	CHILD_EXPECT(two_peers() == 0);
	group = mount_tag(PLACE "/a", "shared:");
	CHILD_EXPECT(propagation("b", MS_SLAVE) == 0 && propagation("b", MS_SHARED) == 0);
	CHILD_EXPECT(bind_("b", "c") == 0 && propagation("c", MS_SLAVE) == 0);
	CHILD_EXPECT(mount_tag(PLACE "/c", "propagate_from:") == 0);
	/* b's group lives on in another namespace only. */
	CHILD_EXPECT(run_in(CLONE_NEWNS, from_afar, NULL) == 0);
	{
		pid_t pid = spawn_in(CLONE_NEWNS, child_pauses, NULL);

		CHILD_EXPECT(umount("b") == 0);
		CHILD_EXPECT(mount_tag(PLACE "/c", "master:") != group);
		CHILD_EXPECT(mount_tag(PLACE "/c", "propagate_from:") == group);
		kill_and_reap(pid);
	}
	CHILD_EXPECT(eventually(mount_tag(PLACE "/c", "master:") == group));
	return 0;
}

/* ---- limits */

static int limited(void *arg)
{
	char text[16], *all;
	int nr = 0;

	CHILD_EXPECT(two_peers() == 0);
	all = slurp("/proc/self/mountinfo", (char[16384]){ 0 }, 16384);
	for (; (all = strchr(all, '\n')); all++)
		nr++;
	snprintf(text, sizeof(text), "%d", nr + 3);
	CHILD_EXPECT(store("/proc/sys/fs/mount-max", text) == 0);
	CHILD_EXPECT(tmpfs_at("a/x") == 0);
	/* One more, but not two: then none. */
	CHILD_EXPECT(tmpfs_at("a/y") == -1 && errno == ENOSPC);
	CHILD_EXPECT(mounts_at(PLACE "/a/y") == 0 && mounts_at(PLACE "/b/y") == 0);
	CHILD_EXPECT(tmpfs_at("c") == 0);
	CHILD_EXPECT(tmpfs_at("c") == -1 && errno == ENOSPC);
	CHILD_EXPECT(umount("a/x") == 0 && tmpfs_at("a/y") == 0);
	return 0;
}

static void there_is_a_limit(void)
{
	int err;

	if (!in_guest() || is_mixed())
		SKIP("guest only, and alone");
	err = run_in(CLONE_NEWNS, limited, NULL);
	EXPECT_EQ(store("/proc/sys/fs/mount-max", "100000"), 0);
	EXPECT_EQ(err, 0);
	EXPECT_EQ(store("/proc/sys/fs/mount-max", "0"), EINVAL);
}

static void nothing_is_left(void)
{
	static int (*const children[])(void *) = { whole_trees, hidden, into_itself, new_owner,
						   removed_elsewhere };

	leave_nothing(children, sizeof(children) / sizeof(*children));
}

IN_NEW_NAMESPACE(what_is_mounted_on_one_peer_is_on_all, 0, peers)
IN_NEW_NAMESPACE(slaves_get_and_do_not_give, 0, slaves)
IN_NEW_NAMESPACE(a_group_that_ends_leaves_its_slaves_to_its_master, 0, masters_are_inherited)
IN_NEW_NAMESPACE(what_is_unbindable_is_not_copied, 0, unbindable)
IN_NEW_NAMESPACE(moves_propagate, 0, moves)
IN_NEW_NAMESPACE(a_peer_inside_of_itself, 0, into_itself)
IN_NEW_NAMESPACE(a_part_gets_what_is_in_it, 0, parts)
IN_NEW_NAMESPACE(what_comes_goes_under_what_is_there, 0, underneath)
IN_NEW_NAMESPACE(umount_spares_what_holds_something_else, 0, umount_spares)
IN_NEW_NAMESPACE(trees_go_as_far_as_they_can, 0, whole_trees)
IN_NEW_NAMESPACE(a_peer_in_use_is_busy, 0, busy_elsewhere)
IN_NEW_NAMESPACE(wrong_types_are_refused, 0, hostile)
IN_NEW_NAMESPACE(a_new_namespace_has_peers, 0, new_namespace)
IN_NEW_NAMESPACE(a_namespace_of_another_owner_has_slaves, 0, new_owner)
IN_NEW_NAMESPACE(what_another_owner_mounted_is_locked, 0, locked)
IN_NEW_NAMESPACE(what_is_hidden_stays_hidden, 0, hidden)
IN_NEW_NAMESPACE(names_go_under_the_mounts_of_others, 0, removed_elsewhere)
IN_NEW_NAMESPACE(the_nearest_visible_master_is_told, 0, dominated)

int main(void)
{
	RUN(what_is_mounted_on_one_peer_is_on_all);
	RUN(slaves_get_and_do_not_give);
	RUN(a_group_that_ends_leaves_its_slaves_to_its_master);
	RUN(what_is_unbindable_is_not_copied);
	RUN(moves_propagate);
	RUN(a_peer_inside_of_itself);
	RUN(a_part_gets_what_is_in_it);
	RUN(what_comes_goes_under_what_is_there);
	RUN(umount_spares_what_holds_something_else);
	RUN(trees_go_as_far_as_they_can);
	RUN(a_peer_in_use_is_busy);
	RUN(wrong_types_are_refused);
	RUN(a_new_namespace_has_peers);
	RUN(a_namespace_of_another_owner_has_slaves);
	RUN(what_another_owner_mounted_is_locked);
	RUN(what_is_hidden_stays_hidden);
	RUN(names_go_under_the_mounts_of_others);
	RUN(the_nearest_visible_master_is_told);
	RUN(there_is_a_limit);
	RUN(nothing_is_left);
	return tap_done();
}
