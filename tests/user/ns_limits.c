/*
 * ns_limits: /proc/sys/user: how many namespaces there may be, for a user and for all nested in one.
 */
#include "namespaces.h"

static const struct {
	const char *name;
	unsigned long flag;
} kinds[] = {
	{ "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "mnt", CLONE_NEWNS },
	{ "net", CLONE_NEWNET },       { "pid", CLONE_NEWPID }, { "time", CLONE_NEWTIME },
	{ "user", CLONE_NEWUSER },     { "uts", CLONE_NEWUTS },
};

static int set_max(const char *kind, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kind);
	return store(path, value);
}

static int is_refused(void *flag)
{
	CHILD_EXPECT(unshare_((unsigned long)flag) == -1 && errno == ENOSPC);
	CHILD_EXPECT(spawn_in((unsigned long)flag, child_exits, NULL) == -1 && errno == ENOSPC);
	return 0;
}

static void none_means_none(void)
{
	char path[64], before[32];

	if (!in_guest() || is_mixed())
		SKIP("guest only, and alone");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kinds[i].name);
		slurp(path, before, sizeof(before));
		EXPECT(atoi(before) > 1000);
		EXPECT_EQ(set_max(kinds[i].name, "0"), 0);
		EXPECT_EQ(run_in(0, is_refused, (void *)kinds[i].flag), 0);
		EXPECT_EQ(store(path, before), 0);
		EXPECT(can_unshare(kinds[i].flag));
		EXPECT_EQ(store(path, "-1"), EINVAL);
	}
}

/* In a user namespace with its own limits, under its parent's. */
static int nests(void *arg)
{
	CHILD_EXPECT(write_file("/proc/self/uid_map", "0 0 1") == 0);
	CHILD_EXPECT(write_file("/proc/self/setgroups", "deny") == 0);
	CHILD_EXPECT(write_file("/proc/self/gid_map", "0 0 1") == 0);
	CHILD_EXPECT(set_max("uts", "2") == 0 && set_max("ipc", "100") == 0);
	CHILD_EXPECT(unshare_(CLONE_NEWUTS) == 0);
	CHILD_EXPECT(run_in(CLONE_NEWUTS, child_exits, NULL) == 0);
	CHILD_EXPECT(run_in(CLONE_NEWUTS, child_exits, NULL) == 0); /* the last one is gone */
	CHILD_EXPECT(run_in(CLONE_NEWUTS, is_refused, (void *)CLONE_NEWUTS) == 0);
	/* What is nested deeper counts here too. */
	CHILD_EXPECT(run_in(CLONE_NEWUTS | CLONE_NEWUSER, is_refused, (void *)CLONE_NEWUTS) == 0);
	CHILD_EXPECT(run_in(0, is_refused, (void *)CLONE_NEWIPC) == 0);
	return 0;
}

static int stays_out(void *arg)
{
	CHILD_EXPECT(setuid(1000) == 0);
	CHILD_EXPECT(set_max("uts", "5") == EACCES);
	return 0;
}

static void limits_nest(void)
{
	if (!in_guest() || is_mixed())
		SKIP("guest only, and alone");
	EXPECT_EQ(set_max("ipc", "0"), 0);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(run_in(CLONE_NEWUSER, nests, NULL), 0);
	EXPECT_EQ(set_max("ipc", "16384"), 0);
	EXPECT(can_unshare(CLONE_NEWIPC));
	EXPECT_EQ(run_in(0, stays_out, NULL), 0);
}

int main(void)
{
	RUN(none_means_none);
	RUN(limits_nest);
	return tap_done();
}
