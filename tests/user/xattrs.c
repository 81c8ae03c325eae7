/*
 * xattrs: extended attributes of ordinary files, many of them on one.
 */
#include <sys/xattr.h>

#include "world.h"

static char buf[70000];

enum { MANY = 6000, ATTR_LIST_MAX = 65536 };

static int attr_file(char *path)
{
	snprintf(path, 64, "%s/xattrs-%d", world_root(), getpid());
	return open(path, O_RDWR | O_CREAT, 0600);
}

static char *attr_name(int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "user.%05d", i * 7919 % MANY);
	return name;
}

static void many_attributes_are_kept_under_their_names(void)
{
	int fd, value, bad = 0;
	char path[64];
	ssize_t len;

	fd = attr_file(path);
	REQUIRE(fd >= 0);
	for (int i = 0; i < MANY; i++)
		bad += fsetxattr(fd, attr_name(i), &i, sizeof(i), XATTR_CREATE) != 0;
	EXPECT_EQ(bad, 0);
	EXPECT_ERR(flistxattr(fd, buf, sizeof(buf)), E2BIG);
	for (int i = 1; i < MANY; i += 2)
		bad += fremovexattr(fd, attr_name(i)) != 0;
	for (int i = 0; i < MANY; i++) {
		len = fgetxattr(fd, attr_name(i), &value, sizeof(value));
		bad += i % 2 ? len != -1 || errno != ENODATA : len != 4 || value != i;
	}
	len = flistxattr(fd, buf, ATTR_LIST_MAX);
	EXPECT_EQ(len, MANY / 2 * 11);
	for (char *name = buf; name < buf + len; name += strlen(name) + 1)
		bad += fgetxattr(fd, name, &value, 0) != 4;
	EXPECT_EQ(bad, 0);
	close(fd);
	unlink(path);
}

/* The time of looking at a few of them, in ns. */
static long long time_of_looks(int fd)
{
	long long least = 1LL << 60, start, end;
	struct timespec t;

	for (int round = 0; round < 20; round++) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		start = t.tv_sec * 1000000000LL + t.tv_nsec;
		for (int i = 0; i < 20; i++)
			fgetxattr(fd, "user.00000", NULL, 0);
		clock_gettime(CLOCK_MONOTONIC, &t);
		end = t.tv_sec * 1000000000LL + t.tv_nsec;
		least = end - start < least ? end - start : least;
	}
	return least;
}

static void an_attribute_among_many_is_found_fast(void)
{
	long long among_few;
	char path[64];
	int fd;

	fd = attr_file(path);
	REQUIRE(fd >= 0);
	EXPECT_EQ(fsetxattr(fd, "user.00000", "", 0, 0), 0);
	among_few = time_of_looks(fd);
	for (int i = 1; i < MANY; i++)
		fsetxattr(fd, attr_name(i), "", 0, 0);
	EXPECT_EQ(fsetxattr(fd, "user.00000", "", 0, XATTR_REPLACE), 0);
	EXPECT(time_of_looks(fd) < 20 * among_few);
	close(fd);
	unlink(path);
}

int main(void)
{
	RUN(many_attributes_are_kept_under_their_names);
	RUN(an_attribute_among_many_is_found_fast);
	return tap_done();
}
