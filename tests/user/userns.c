/*
 * userns: user namespaces: maps, ids without a name, and how far capabilities reach.
 *
 * Written for root, as which tests run; what needs an ordinary user becomes one.
 */
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "namespaces.h"

#define ALL_IDS 4294967295u

static int reads_overflow(void *arg)
{
	struct stat st;

	(void)arg;
	CHILD_EXPECT(getuid() == 65534 && geteuid() == 65534 && getgid() == 65534);
	CHILD_EXPECT(stat("/", &st) == 0 && st.st_uid == 65534 && st.st_gid == 65534);
	CHILD_EXPECT(setuid(0) == -1 && errno == EINVAL);
	CHILD_EXPECT(setgroups(0, NULL) == -1 && errno == EPERM);
	CHILD_EXPECT(chown("/", 0, 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(strstr(slurp("/proc/self/uid_map", (char[256]){ 0 }, 256), "0") == NULL);
	return 0;
}

static void without_a_map_everybody_is_nobody(void)
{
	NEEDS_NAMESPACES(CLONE_NEWUSER);
	EXPECT_EQ(run_in(CLONE_NEWUSER, reads_overflow, NULL), 0);
}

static void the_first_map_is_the_identity(void)
{
	unsigned first = 9, lower = 9, count = 9;
	char text[256];

	slurp("/proc/self/uid_map", text, sizeof(text));
	EXPECT(sscanf(text, "%u %u %u", &first, &lower, &count) == 3);
	if (!in_guest())
		SKIP("guest only");
	EXPECT(first == 0 && lower == 0 && count == ALL_IDS);
	EXPECT(!strcmp(text, "         0          0 4294967295\n"));
	EXPECT(!strcmp(slurp("/proc/self/setgroups", text, sizeof(text)), "allow\n"));
	EXPECT(write_file("/proc/self/uid_map", "0 0 1") == -1 && errno == EPERM);
}

/* A child that waits until its maps are written from outside. */
static int waits_for_maps(void *arg)
{
	int (*body)(void) = (int (*)(void))((void **)arg)[0];
	int fd = (int)(long)((void **)arg)[1];
	char c;

	CHILD_EXPECT(read(fd, &c, 1) == 1);
	return body();
}

static int run_mapped(const char *uid_map, const char *gid_map, int (*body)(void))
{
	int ends[2], status;
	void *arg[2];
	char path[64];
	pid_t pid;

	if (pipe(ends))
		return -1;
	arg[0] = (void *)body;
	arg[1] = (void *)(long)ends[0];
	pid = spawn_in(CLONE_NEWUSER, waits_for_maps, arg);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	EXPECT_EQ(write_file(path, uid_map), 0);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	EXPECT_EQ(write_file(path, gid_map), 0);
	write(ends[1], "x", 1);
	status = reap(pid);
	close(ends[0]);
	close(ends[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is_root_inside(void)
{
	gid_t groups[2] = { 7, 3 }, got[2];
	struct stat st;

	CHILD_EXPECT(getuid() == 65534); /* 0 outside has no name */
	CHILD_EXPECT(setresgid(0, 0, 0) == 0 && setgroups(2, groups) == 0);
	CHILD_EXPECT(setresuid(0, 0, 0) == 0);
	CHILD_EXPECT(getuid() == 0 && getgid() == 0);
	CHILD_EXPECT(getgroups(2, got) == 2 && got[0] == 3 && got[1] == 7);
	CHILD_EXPECT(setuid(1000) == -1 && errno == EINVAL);
	CHILD_EXPECT(stat("/", &st) == 0 && st.st_uid == 65534);
	CHILD_EXPECT(stat("/proc/self/status", &st) == 0);
	CHILD_EXPECT(file_number("/proc/self/status", "Uid:") == 0);
	CHILD_EXPECT(setuid(999) == 0 && getuid() == 999);
	CHILD_EXPECT(setuid(0) == -1 && errno == EPERM);
	return 0;
}

static void ids_pass_through_the_maps(void)
{
	NEEDS_NAMESPACES(CLONE_NEWUSER);
	EXPECT_EQ(run_mapped("0 100000 1000\n", "0 100000 10\n10 200000 10", is_root_inside), 0);
}

static const struct {
	const char *text;
	int error;
} maps[] = {
	{ "", EINVAL },
	{ "0", EINVAL },
	{ "0 0", EINVAL },
	{ "0 1000 0", EINVAL },
	{ "0 1000 1 1", EINVAL },
	{ "-1 1000 1", EINVAL },
	{ "x", EINVAL },
	{ "0 1000 4294967296", EINVAL },
	{ "1 1000 4294967295", EINVAL },
	{ "0 1000 10\n5 2000 10\n", EINVAL },
	{ "0 1000 10\n20 1005 10\n", EINVAL },
	{ "0 1000 10\n20 2000 10\n", 0 },
};

static void only_good_maps_are_taken_and_only_once(void)
{
	char path[64], text[256];
	pid_t pid;

	NEEDS_NAMESPACES(CLONE_NEWUSER);
	pid = spawn_in(CLONE_NEWUSER, child_pauses, NULL);
	REQUIRE(pid > 0);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		if (!maps[i].text[0])
			continue;
		errno = 0;
		EXPECT_EQ(write_file(path, maps[i].text), maps[i].error ? -1 : 0);
		EXPECT_EQ(errno, maps[i].error);
	}
	EXPECT_ERR(write_file(path, "0 0 1\n"), EPERM);
	EXPECT(!strcmp(slurp(path, text, sizeof(text)), "         0       1000         10\n"
							"        20       2000         10\n"));
	kill_and_reap(pid);
}

/* ---- an ordinary user's namespace */

static int maps_itself(void *arg)
{
	(void)arg;
	CHILD_EXPECT(setgroups(0, NULL) == 0 && setresgid(1000, 1000, 1000) == 0);
	CHILD_EXPECT(setresuid(1000, 1000, 1000) == 0);
	CHILD_EXPECT(prctl(PR_SET_DUMPABLE, 1) == 0); /* else its /proc files are root's */
	CHILD_EXPECT(unshare_(CLONE_NEWUSER | CLONE_NEWUTS) == 0);
	CHILD_EXPECT(getuid() == 65534);
	CHILD_EXPECT(write_file("/proc/self/setgroups", "deny") == 0);
	CHILD_EXPECT(write_file("/proc/self/uid_map", "0 0 1") == -1 && errno == EPERM);
	CHILD_EXPECT(write_file("/proc/self/uid_map", "5 1000 2") == -1 && errno == EPERM);
	CHILD_EXPECT(write_file("/proc/self/uid_map", "5 1000 1") == 0);
	CHILD_EXPECT(getuid() == 5);
	CHILD_EXPECT(write_file("/proc/self/gid_map", "6 1000 1") == 0);
	CHILD_EXPECT(getgid() == 6);
	CHILD_EXPECT(write_file("/proc/self/setgroups", "allow") == -1 && errno == EPERM);
	CHILD_EXPECT(setgroups(0, NULL) == -1 && errno == EPERM);
	CHILD_EXPECT(sethostname("mine", 4) == 0);
	return 0;
}

static void anybody_may_map_himself(void)
{
	NEEDS_NAMESPACES(CLONE_NEWUSER);
	EXPECT_EQ(run_in(0, maps_itself, NULL), 0);
}

/* ---- capabilities */

static int has_no_power_outside(void *arg)
{
	pid_t outsider = *(pid_t *)arg;
	struct rlimit limit;

	CHILD_EXPECT(sethostname("stolen", 6) == -1 && errno == EPERM);
	CHILD_EXPECT(unshare_(CLONE_NEWUTS) == 0); /* but in its own it may */
	CHILD_EXPECT(sethostname("own", 3) == 0);
	CHILD_EXPECT(kill(outsider, SIGUSR1) == -1 && errno == EPERM);
	CHILD_EXPECT(setpriority(PRIO_PROCESS, outsider, 5) == -1 && errno == EPERM);
	CHILD_EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_max++;
	CHILD_EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EPERM);
	CHILD_EXPECT(mknod("/tmp/ns_node", S_IFCHR | 0600, 0x103) == -1 && errno == EPERM);
	CHILD_EXPECT(chown("/tmp/ns_file", 0, 0) == -1);
	CHILD_EXPECT(open("/tmp/ns_file", O_RDONLY) == -1 && errno == EACCES);
	return 0;
}

static int becomes_stranger(void *arg)
{
	int err;

	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 1;
	err = unshare_(CLONE_NEWUSER);
	return err ? 2 : has_no_power_outside(arg);
}

static void capabilities_end_at_the_namespace(void)
{
	pid_t outsider = spawn_sleeper();
	int fd;

	NEEDS_NAMESPACES(CLONE_NEWUSER);
	fd = open("/tmp/ns_file", O_CREAT | O_RDWR, 0600);
	REQUIRE(fd >= 0);
	close(fd);
	EXPECT_EQ(run_in(0, becomes_stranger, &outsider), 0);
	unlink("/tmp/ns_file");
	kill_and_reap(outsider);
}

static int owns_files_by_name(void)
{
	struct stat st;

	CHILD_EXPECT(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	/* 100005 is 5 here: root of the namespace may do what it likes with the file. */
	CHILD_EXPECT(stat("/tmp/ns_named", &st) == 0 && st.st_uid == 5 && st.st_gid == 5);
	CHILD_EXPECT(access("/tmp/ns_named", R_OK | W_OK) == 0);
	CHILD_EXPECT(chown("/tmp/ns_named", 6, 7) == 0);
	CHILD_EXPECT(chown("/tmp/ns_named", 6, 70000) == -1 && errno == EINVAL);
	CHILD_EXPECT(chmod("/tmp/ns_named", 0640) == 0);
	/* Owner without a name: the capability is none. */
	CHILD_EXPECT(stat("/tmp/ns_nameless", &st) == 0 && st.st_uid == 65534);
	CHILD_EXPECT(access("/tmp/ns_nameless", R_OK) == -1 && errno == EACCES);
	CHILD_EXPECT(chown("/tmp/ns_nameless", 0, 0) == -1 && errno == EPERM);
	CHILD_EXPECT(chmod("/tmp/ns_nameless", 0666) == -1 && errno == EPERM);
	return 0;
}

static void capabilities_reach_files_whose_owners_have_names(void)
{
	struct stat st;

	NEEDS_NAMESPACES(CLONE_NEWUSER);
	close(open("/tmp/ns_named", O_CREAT | O_RDWR, 0600));
	close(open("/tmp/ns_nameless", O_CREAT | O_RDWR, 0600));
	REQUIRE(chown("/tmp/ns_named", 100005, 100005) == 0);
	EXPECT_EQ(run_mapped("0 100000 1000", "0 100000 1000", owns_files_by_name), 0);
	EXPECT(stat("/tmp/ns_named", &st) == 0 && st.st_uid == 100006 && st.st_gid == 100007);
	unlink("/tmp/ns_named");
	unlink("/tmp/ns_nameless");
}

/* ---- depth, relatives */

static int goes_deeper(void *arg)
{
	long depth = (long)arg;
	char line[32];

	snprintf(line, sizeof(line), "%d 0 1", 0);
	if (write_file("/proc/self/setgroups", "deny") && depth == 1)
		return 200;
	write_file("/proc/self/uid_map", line);
	write_file("/proc/self/gid_map", line);
	if (unshare_(CLONE_NEWUSER))
		return errno == ENOSPC ? (int)depth : 100;
	return goes_deeper((void *)(depth + 1));
}

static void namespaces_nest_to_level_33(void)
{
	if (!in_guest())
		SKIP("guest only: levels of the host are unknown");
	EXPECT_EQ(run_in(CLONE_NEWUSER, goes_deeper, (void *)1), 33);
}

static int looks_at_relatives(void *arg)
{
	int user = open("/proc/self/ns/user", O_RDONLY), uts, fd;
	uint32_t uid = 1;

	(void)arg;
	CHILD_EXPECT(user >= 0);
	CHILD_EXPECT(ioctl(user, NSFS_PARENT) == -1 && errno == EPERM);
	CHILD_EXPECT(ioctl(user, NSFS_OWNER_UID, &uid) == 0 && uid == 65534);
	uts = open("/proc/self/ns/uts", O_RDONLY); /* the old one: owned by one above */
	CHILD_EXPECT(ioctl(uts, NSFS_USERNS) == -1 && errno == EPERM);
	CHILD_EXPECT(setns_(uts, 0) == -1 && errno == EPERM);
	close(uts);
	CHILD_EXPECT(unshare_(CLONE_NEWUTS) == 0);
	uts = open("/proc/self/ns/uts", O_RDONLY);
	fd = ioctl(uts, NSFS_USERNS);
	CHILD_EXPECT(fd >= 0 && ino_of(fd) == ino_of(user));
	CHILD_EXPECT(setns_(user, 0) == -1 && errno == EINVAL); /* one's own */
	return 0;
}

static void relatives_above_are_out_of_reach(void)
{
	NEEDS_NAMESPACES(CLONE_NEWUSER);
	EXPECT_EQ(run_in(CLONE_NEWUSER, looks_at_relatives, NULL), 0);
}

static void all_is_given_back(void)
{
	long users, creds;

	if (!in_guest())
		SKIP("guest only");
	users = slab_in_use("user_ns");
	creds = slab_in_use("cred");
	for (int i = 0; i < 50; i++)
		REQUIRE(run_mapped("0 100000 1000", "0 100000 10\n10 200000 10", is_root_inside) ==
			0);
	EXPECT(eventually(slab_in_use("user_ns") <= users && slab_in_use("cred") <= creds));
}

int main(void)
{
	RUN(without_a_map_everybody_is_nobody);
	RUN(the_first_map_is_the_identity);
	RUN(ids_pass_through_the_maps);
	RUN(only_good_maps_are_taken_and_only_once);
	RUN(anybody_may_map_himself);
	RUN(capabilities_end_at_the_namespace);
	RUN(capabilities_reach_files_whose_owners_have_names);
	RUN(namespaces_nest_to_level_33);
	RUN(relatives_above_are_out_of_reach);
	RUN(all_is_given_back);
	return tap_done();
}
