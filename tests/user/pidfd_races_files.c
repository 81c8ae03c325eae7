/*
 * pidfd_races_files: what a pidfd is as a file, at the moment at which its process ends or its last
 * descriptor is closed: file handles, attributes, mounts. docs/races.md has the list.
 */
#include <sys/mount.h>
#include <sys/xattr.h>

#include "races.h"

#define PIDFS_ROOT (-10002) /* FD_PIDFS_ROOT */

static pid_t target;
static int fd, other_fd;
static char text[64];

static const char *new_target(void)
{
	race_set(&stage->go, 0);
	target = spawn_waiter(&fd);
	snprintf(text, sizeof(text), "/tmp/races-mount-%d", getpid());
	return target < 0 ? "clone" : NULL;
}

static const char *end_and_reap_here(void)
{
	race_set(&stage->go, 1);
	return reap(target) == 21 << 8 ? NULL : "reap";
}

static const char *close_fd(void)
{
	close(fd);
	return NULL;
}

static const char *reap_and_close_here(void)
{
	const char *bad = end_and_reap_here();

	close(fd);
	return bad;
}

/* ---- handles ---- */

static struct {
	uint32_t bytes;
	int32_t type;
	uint64_t ino;
} handle;

static const char *named_target(void)
{
	const char *bad = new_target();
	int id;

	handle.bytes = 8;
	if (!bad && syscall(303 /* name_to_handle_at */, fd, "", &handle, &id, AT_EMPTY_PATH))
		bad = "name_to_handle_at";
	return bad;
}

static const char *open_by_handle_there(void)
{
	for (;;) {
		int by_handle =
			(int)syscall(304 /* open_by_handle_at */, PIDFS_ROOT, &handle, O_CLOEXEC);
		const char *bad = NULL;

		if (by_handle < 0)
			return errno == ESTALE ? NULL : "other than ESTALE";
		if (inode_of(by_handle) != handle.ino)
			bad = "another process";
		if ((polled(by_handle, 0) & POLLHUP) && exit_code_of(by_handle) != 21 << 8)
			bad = "no exit record";
		close(by_handle);
		if (bad)
			return bad;
	}
}

static void a_handle_leads_to_the_process_or_nowhere(void)
{
	const char *bad;

	if (!has_pidfs() || !kernel_at_least(6, 17))
		SKIP("older than 6.17");
	bad = named_target();
	end_and_reap_here();
	close_fd();
	if (bad)
		SKIP("no handles here");
	RACE(.prepare = named_target, .here = end_and_reap_here, .there = open_by_handle_there,
	     .after = close_fd);
}

/* ---- attributes ---- */

static const char *set_there(void)
{
	char value[512] = "";

	for (int i = 0; i < 10; i++) {
		if (fsetxattr(other_fd, i % 2 ? "trusted.a" : "trusted.b", value, sizeof(value), 0))
			return "set";
		if (fgetxattr(other_fd, "trusted.a", value, sizeof(value)) < 0 && errno != ENODATA)
			return "get";
		if (flistxattr(other_fd, value, sizeof(value)) < 0)
			return "list";
	}
	close(other_fd);
	return NULL;
}

static const char *attributed_target(void)
{
	const char *bad = new_target();

	other_fd = pidfd_open_(target, 0);
	return bad ? bad : fsetxattr(fd, "trusted.b", "x", 1, 0) ? "first set" : NULL;
}

static void attributes_last_as_long_as_somebody_can_ask(void)
{
	const char *bad;

	if (getuid() || !has_pidfs() || !kernel_at_least(6, 17))
		SKIP("older than 6.17");
	bad = attributed_target();
	reap_and_close_here();
	close(other_fd);
	if (bad)
		SKIP("no attributes here");
	RACE(.prepare = attributed_target, .here = reap_and_close_here, .there = set_there);
}

/* ---- mounts ---- */

static const char *mount_there(void)
{
	int tree = (int)syscall(428 /* open_tree */, fd, "", AT_EMPTY_PATH | 1 /* a clone */),
	    open_fd;
	const char *bad = NULL;

	if (tree < 0 || syscall(429 /* move_mount */, tree, "", AT_FDCWD, text, 4))
		return "mount";
	close(tree);
	open_fd = open(text, O_RDWR | O_CLOEXEC);
	if (inode_of(open_fd) != inode_of(fd))
		bad = "another inode";
	close(open_fd);
	return bad;
}

static const char *mounted_and_known(void)
{
	const char *bad = NULL;

	close(fd);
	fd = open(text, O_RDWR | O_CLOEXEC); /* by the mount alone */
	if (polled(fd, 0) != REAPED || exit_code_of(fd) != 21 << 8)
		bad = "no exit record";
	close(fd);
	return umount(text) ? "umount" : bad;
}

static void a_mount_keeps_who_ended_known(void)
{
	if (!in_guest() || !has_pidfs() || unshare_(CLONE_NEWNS))
		SKIP("guest only: mounts");
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	snprintf(text, sizeof(text), "/tmp/races-mount-%d", getpid());
	close(open(text, O_CREAT | O_RDWR, 0600));
	RACE(.prepare = new_target, .here = end_and_reap_here, .there = mount_there,
	     .after = mounted_and_known);
	unlink(text);
}

int main(void)
{
	race_init();
	RUN_SHARED(a_handle_leads_to_the_process_or_nowhere);
	RUN_SHARED(attributes_last_as_long_as_somebody_can_ask);
	RUN_SHARED(a_mount_keeps_who_ended_known);
	return tap_done();
}
