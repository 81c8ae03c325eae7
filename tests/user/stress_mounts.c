/*
 * stress_mounts: mounts come and go, move, and change whom they reach, while others look names up
 * and copy whole namespaces; then nothing is left.
 */
#include "mounts.h"
#include "stress.h"

static void *mounts_and_unmounts(void *arg)
{
	unsigned seed = (long)arg;
	static const char *const places[] = { "a/x", "a/y", "b/x", "b/y", "c/x", "a/x/in" };

	while (is_running()) {
		const char *at = places[next_random(&seed) % 6];

		switch (next_random(&seed) % 8) {
		case 0:
		case 1:
			if (tmpfs_at(at) == 0 && next_random(&seed) % 2)
				mkdir("a/x/in", 0777);
			break;
		case 2:
		case 3:
			umount2(at, next_random(&seed) % 2 ? MNT_DETACH : 0);
			break;
		case 4:
			propagation(next_random(&seed) % 2 ? "b" : at,
				    1ul << (17 + next_random(&seed) % 4));
			break;
		case 5:
			tree_at("a", at, next_random(&seed) % 2 ? AT_REC : 0);
			break;
		case 6:
			mount(at, places[next_random(&seed) % 6], NULL, MS_MOVE, NULL);
			break;
		case 7:
			close(open(at, O_RDONLY));
			access("c/../b/x/../../a/y", F_OK);
			break;
		}
	}
	return NULL;
}

static void *comes_and_goes(void *arg)
{
	while (is_running()) {
		pid_t pid = spawn_in(CLONE_NEWNS | ((long)arg % 2 ? CLONE_NEWUSER : 0), child_exits,
				     NULL);

		slurp("/proc/self/mountinfo", (char[8192]){ 0 }, 8192);
		if (pid > 0)
			reap(pid);
	}
	return NULL;
}

static int stress(void *arg)
{
	static void *(*const work[])(void *) = { mounts_and_unmounts, mounts_and_unmounts,
						 mounts_and_unmounts, comes_and_goes,
						 comes_and_goes };

	CHILD_EXPECT(settle() == 0 && dirs("a", "b", "c", NULL) == 0 && tmpfs_at("a") == 0);
	CHILD_EXPECT(propagation("a", MS_SHARED) == 0 && dirs("a/x", "a/y", NULL) == 0);
	CHILD_EXPECT(bind_("a", "b") == 0 && bind_("a", "c") == 0);
	CHILD_EXPECT(propagation("c", MS_SLAVE) == 0);
	return run_threads(work, 5);
}

static void mounts_change_under_everybody(void)
{
	long mounts = slab_in_use("mount"), spaces = slab_in_use("mnt_ns");

	if (!in_guest() || is_mixed())
		SKIP("guest only, and alone");
	store("/proc/sys/fs/mount-max", "500");
	EXPECT_EQ(run_in(CLONE_NEWNS, stress, NULL), 0);
	store("/proc/sys/fs/mount-max", "100000");
	EXPECT(eventually(slab_in_use("mount") <= mounts));
	EXPECT(eventually(slab_in_use("mnt_ns") <= spaces));
}

int main(void)
{
	seconds = getenv("SECONDS") ? atoi(getenv("SECONDS")) : 3;
	RUN(mounts_change_under_everybody);
	return tap_done();
}
