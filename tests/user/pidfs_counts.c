/*
 * pidfs_counts: when the last pidfd of a process is closed, its dentries and
 * its inode are gone: the counts in /proc/slabinfo are back where they were.
 * Guest only: another kernel's counts lag behind. FORKS=n, as for pid_wrap, makes
 * it longer: 100,000 opens.
 */
#include <sys/wait.h>

#include "pidfds.h"

enum { OPENS = 500, PROCESSES = 30 };

struct counts {
	long dentries, inodes, files, pids;
};

/* Looks twice: the first look may itself fill caches of /proc. */
static struct counts count(void)
{
	slab_in_use("dentry");
	return (struct counts){ slab_in_use("dentry") + slab_in_use("pseudo_dentry"),
				slab_in_use("inode"), slab_in_use("file"), slab_in_use("pid") };
}

static int same(struct counts a, struct counts b)
{
	return a.dentries == b.dentries && a.inodes == b.inodes && a.files == b.files &&
	       a.pids == b.pids;
}

#define NEEDS_GUEST()                                                                              \
	do {                                                                                       \
		if (!in_guest())                                                                   \
			SKIP("guest only");                                                        \
		REQUIRE(slab_in_use("dentry") > 0 && slab_in_use("pid") > 0);                      \
	} while (0)

static void one_open_takes_a_file_a_dentry_and_an_inode(void)
{
	struct counts before, during;
	int fd;

	NEEDS_GUEST();
	before = count();
	fd = pidfd_open_(1, 0);
	during = count();
	EXPECT_EQ(during.files - before.files, 1);
	if (has_pidfs()) {
		EXPECT_EQ(during.dentries - before.dentries, 1);
		EXPECT_EQ(during.inodes - before.inodes, 1);
	}
	close(fd);
	EXPECT(eventually(same(before, count())));
}

static void more_opens_share_the_inode(void)
{
	static int fds[OPENS];
	struct counts before, during;

	NEEDS_GUEST();
	before = count();
	for (int i = 0; i < OPENS; i++)
		fds[i] = pidfd_open_(1, 0);
	during = count();
	EXPECT_EQ(during.files - before.files, OPENS);
	if (has_pidfs()) {
		EXPECT_EQ(during.dentries - before.dentries, OPENS);
		EXPECT_EQ(during.inodes - before.inodes, 1);
	}
	for (int i = 0; i < OPENS; i++)
		close(fds[i]);
	EXPECT(eventually(same(before, count())));
}

static void opening_and_closing_leaves_nothing(void)
{
	struct counts before;

	NEEDS_GUEST();
	before = count();
	for (int i = 0; i < (getenv("FORKS") ? 200 : 20) * OPENS; i++)
		close(pidfd_open_(1, 0));
	EXPECT(eventually(same(before, count())));
}

static void a_reaped_process_lives_as_long_as_its_pidfd(void)
{
	struct counts before, during;
	pid_t child;
	int fd;

	NEEDS_GUEST();
	before = count();
	child = spawn(child_exits, NULL);
	fd = pidfd_open_(child, 0);
	reap(child);
	EXPECT(eventually(count().pids == before.pids + 1));
	during = count();
	EXPECT_EQ(during.files - before.files, 1);
	close(fd);
	EXPECT(eventually(same(before, count())));
}

static void processes_come_and_go_without_trace(void)
{
	struct counts before;

	NEEDS_GUEST();
	before = count();
	for (int i = 0; i < PROCESSES; i++) {
		int fd = -1;
		pid_t child = clone_sleeper(&fd, 0);
		int again = pidfd_open_(child, 0);

		kill_and_reap(child);
		close(fd);
		close(again);
	}
	EXPECT(eventually(same(before, count())));
}

int main(void)
{
	RUN(one_open_takes_a_file_a_dentry_and_an_inode);
	RUN(more_opens_share_the_inode);
	RUN(opening_and_closing_leaves_nothing);
	RUN(a_reaped_process_lives_as_long_as_its_pidfd);
	RUN(processes_come_and_go_without_trace);
	return tap_done();
}
