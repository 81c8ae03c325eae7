/*
 * Mounts for tests: the newer calls by number, and what mountinfo says. Guest only: each test runs
 * in a child with a mount namespace of its own.
 */
#pragma once

#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "namespaces.h"

#define TREE_CLONE    0x1u
#define TREE_CLOEXEC  02000000u
#define AT_EMPTY      0x1000u
#define AT_REC        0x8000u
#define F_EMPTY       0x4u
#define T_EMPTY       0x40u
#define SET_GROUP     0x100u
#define BENEATH       0x200u
#define A_RDONLY      0x1u
#define A_NOSUID      0x2u
#define A_NODEV       0x4u
#define A_NOEXEC      0x8u
#define A_NOATIME     0x10u
#define A_STRICTATIME 0x20u
#define A_ATIME       0x70u
#define A_IDMAP       0x100000u
#define A_NOSYMFOLLOW 0x200000u
#define STATX_MNT_ID_ 0x1000u
#define STATX_UNIQUE  0x4000u
#define LIST_ROOT     0xffffffffffffffffull
#define NS_MNT_INFO   0x8010b70aul
#define NS_MNT_NEXT   0x8010b70bul
#define NS_MNT_PREV   0x8010b70cul

enum { SET_FLAG, SET_STRING, SET_BINARY, SET_PATH, SET_PATH_EMPTY, SET_FD, CREATE, RECONFIGURE };

struct attr {
	uint64_t set, clr, propagation, userns_fd;
};

struct mnt_req {
	uint32_t size, ns_fd;
	uint64_t mnt_id, param, ns_id;
};

struct ns_info {
	uint32_t size, nr_mounts;
	uint64_t id;
};

static inline int open_tree_(int dirfd, const char *name, unsigned flags)
{
	return (int)syscall(428, dirfd, name, flags);
}
static inline int move_mount_(int from, const char *from_name, int to, const char *to_name,
			      unsigned flags)
{
	return (int)syscall(429, from, from_name, to, to_name, flags);
}
static inline int fsopen_(const char *name, unsigned flags)
{
	return (int)syscall(430, name, flags);
}
static inline int fsconfig_(int fd, unsigned cmd, const char *key, const char *value, int aux)
{
	return (int)syscall(431, fd, cmd, key, value, aux);
}
static inline int fsmount_(int fd, unsigned flags, unsigned attr)
{
	return (int)syscall(432, fd, flags, attr);
}
static inline int fspick_(int dirfd, const char *name, unsigned flags)
{
	return (int)syscall(433, dirfd, name, flags);
}
static inline int setattr_(int dirfd, const char *name, unsigned flags, struct attr *attr,
			   size_t size)
{
	return (int)syscall(442, dirfd, name, flags, attr, size);
}
static inline int pivot_root_(const char *new, const char *old)
{
	return (int)syscall(SYS_pivot_root, new, old);
}

/* The line of the mount that is on top at this place, "" if there is none; *nr (or NULL): how many
 * are there. */
static inline char *mount_line(const char *place, int *nr)
{
	static char buf[65536], found[1024];
	char at[512];

	found[0] = 0;
	if (nr)
		*nr = 0;
	slurp("/proc/self/mountinfo", buf, sizeof(buf));
	for (char *line = buf, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (sscanf(line, "%*s %*s %*s %*s %511s", at) != 1 || strcmp(at, place))
			continue;
		snprintf(found, sizeof(found), "%s", line);
		if (nr)
			++*nr;
	}
	return found;
}

static inline int mounts_at(const char *place)
{
	int nr;

	mount_line(place, &nr);
	return nr;
}

/* The number after a tag such as "shared:", 0: it is not there. */
static inline int mount_tag(const char *place, const char *tag)
{
	char *line = mount_line(place, NULL), *dash = strstr(line, " - "), *at;

	if (dash)
		*dash = 0;
	at = strstr(line, tag);
	return at ? atoi(at + strlen(tag)) : 0;
}

static inline int bind_(const char *from, const char *to)
{
	return mount(from, to, NULL, MS_BIND, NULL);
}
static inline int tmpfs_at(const char *to)
{
	return mount("none", to, "tmpfs", 0, "mode=0777");
}
static inline int propagation(const char *at, unsigned long type)
{
	return mount(NULL, at, NULL, type, NULL);
}

/* A copy of what is at from, by the newer calls. */
static inline int tree_at(const char *from, const char *to, unsigned flags)
{
	int fd = open_tree_(AT_FDCWD, from, TREE_CLONE | flags);
	int err = fd < 0 || move_mount_(fd, "", AT_FDCWD, to, F_EMPTY);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return err ? -1 : 0;
}

static inline int dirs(const char *first, ...)
{
	va_list list;
	int err = 0;

	va_start(list, first);
	for (const char *name = first; name; name = va_arg(list, const char *))
		err |= mkdir(name, 0777) && errno != EEXIST;
	va_end(list);
	return err ? -1 : 0;
}

#define PLACE "/tmp/mounts"

/* For a child in a new mount namespace: all private, and a tmpfs of its own to be in. */
static inline int settle(void)
{
	mkdir(PLACE, 0777);
	return propagation("/", MS_REC | MS_PRIVATE) || tmpfs_at(PLACE) || chdir(PLACE);
}

/* Runs each three times in a mount namespace of its own: no mount and no namespace stays. */
static inline void leave_nothing(int (*const children[])(void *), size_t nr)
{
	long mounts = slab_in_use("mount"), spaces = slab_in_use("mnt_ns");

	if (!in_guest() || is_mixed())
		SKIP("guest only, and alone");
	for (size_t i = 0; i < 3 * nr; i++)
		EXPECT_EQ(run_in(CLONE_NEWNS, children[i % nr], NULL), 0);
	EXPECT(eventually(slab_in_use("mount") <= mounts));
	EXPECT(eventually(slab_in_use("mnt_ns") <= spaces));
}

/* A test that is one child's doing. */
#define IN_NEW_NAMESPACE(test, flags, child)                                                       \
	static void test(void)                                                                     \
	{                                                                                          \
		if (!in_guest())                                                                   \
			SKIP("guest only");                                                        \
		EXPECT_EQ(run_in((flags) | CLONE_NEWNS, child, NULL), 0);                          \
	}
