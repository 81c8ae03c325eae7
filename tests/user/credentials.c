/*
 * credentials: user and group numbers, what they allow, and small system calls.
 */
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "tap.h"

static int uid(int *r, int *e, int *s)
{
	return (int)syscall(SYS_getresuid, r, e, s);
}

static int changes_ids(void *arg)
{
	int r, e, s;

	(void)arg;
	if (syscall(SYS_setresuid, 1, 2, 3) || uid(&r, &e, &s) || r != 1 || e != 2 || s != 3)
		return 1;
	if (getuid() != 1 || geteuid() != 2)
		return 2;
	if (syscall(SYS_setresuid, -1, 4, -1) != -1 || errno != EPERM)
		return 3;
	if (syscall(SYS_setresuid, -1, 1, -1) || geteuid() != 1)
		return 4;
	if (setuid(0) != -1 || errno != EPERM)
		return 5;
	if (setgid(5) != -1 || errno != EPERM)
		return 6;
	return 0;
}

static void user_numbers_change_as_allowed(void)
{
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(changes_ids, NULL)), 0);
}

static int sets_groups(void *arg)
{
	gid_t list[3] = { 10, 20, 30 }, got[8];

	(void)arg;
	if (setgroups(3, list) || getgroups(8, got) != 3 || got[1] != 20)
		return 1;
	if (getgroups(0, NULL) != 3)
		return 2;
	if (getgroups(1, got) != -1 || errno != EINVAL)
		return 3;
	if (setuid(1) || setgroups(0, NULL) != -1 || errno != EPERM)
		return 4;
	return 0;
}

static void supplementary_groups(void)
{
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(sets_groups, NULL)), 0);
}

static int may_not_signal(void *arg)
{
	if (setuid(1001))
		return 1;
	return !(kill((pid_t)(long)arg, 0) == -1 && errno == EPERM && kill(1, SIGTERM) == -1 &&
		 errno == EPERM);
}

static void signals_need_the_same_user(void)
{
	if (getuid())
		SKIP("not root");
	EXPECT_EQ(reap(spawn(may_not_signal, (void *)(long)getpid())), 0);
}

static void uname_names_the_system(void)
{
	struct utsname name;

	EXPECT_EQ(uname(&name), 0);
	EXPECT(!strcmp(name.machine, "x86_64"));
	EXPECT(!strcmp(name.sysname, "Linux"));
	EXPECT(name.release[0] >= '1' && name.release[0] <= '9');
}

static void sysinfo_makes_sense(void)
{
	struct sysinfo info;

	EXPECT_EQ(sysinfo(&info), 0);
	EXPECT(info.totalram * info.mem_unit > 16 << 20);
	EXPECT(info.freeram < info.totalram);
	EXPECT(info.procs > 0);
	EXPECT((long)info.uptime >= 0);
}

static void the_name_of_a_thread(void)
{
	char name[17] = "";

	EXPECT_EQ(prctl(PR_SET_NAME, "a-name-that-is-too-long"), 0);
	EXPECT_EQ(prctl(PR_GET_NAME, name), 0);
	EXPECT(!strcmp(name, "a-name-that-is-"));
	EXPECT_ERR(prctl(999999, 0, 0, 0, 0), EINVAL);
}

static int dies_with_parent(void *arg)
{
	int *fds = arg;

	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(fds[1], "x", 1) != 1)
			return 1;
		return child_pauses(NULL);
	}
	char c;
	return read(fds[0], &c, 1) != 1;
}

static void parent_death_signal(void)
{
	int fds[2];
	char c;
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	child = spawn(dies_with_parent, fds);
	EXPECT_EQ(reap(child), 0);
	close(fds[1]);
	EXPECT_EQ(read(fds[0], &c, 1), 0); /* the last writer is gone */
	close(fds[0]);
}

static void random_bytes_differ(void)
{
	unsigned long a = 0, b = 0;

	EXPECT_EQ(syscall(SYS_getrandom, &a, sizeof(a), 0), 8);
	EXPECT_EQ(syscall(SYS_getrandom, &b, sizeof(b), 0), 8);
	EXPECT(a != b && a && b);
	EXPECT_ERR(syscall(SYS_getrandom, &a, 8L, 0x100), EINVAL);
}

static void affinity_names_the_processors(void)
{
	unsigned long mask[16] = { 0 };

	EXPECT(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0);
	EXPECT(mask[0] & 1 || mask[0]);
	EXPECT_EQ(sched_yield(), 0);
	EXPECT_EQ(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask), 0);
}

static void devices_do_what_they_are_for(void)
{
	char buf[16] = "xxxx";
	int fd = open("/dev/null", O_RDWR);

	EXPECT_EQ(write(fd, buf, 4), 4);
	EXPECT_EQ(read(fd, buf, 4), 0);
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	EXPECT_EQ(read(fd, buf, 4), 4);
	EXPECT_EQ(buf[0] | buf[3], 0);
	close(fd);
	fd = open("/dev/full", O_RDWR);
	EXPECT_ERR(write(fd, buf, 4), ENOSPC);
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	EXPECT_EQ(read(fd, buf, 16), 16);
	close(fd);
}

static void unknown_calls_are_refused(void)
{
	EXPECT_ERR(syscall(511), ENOSYS);
	EXPECT_ERR(syscall(100000L), ENOSYS);
	EXPECT_ERR(syscall(-1L), ENOSYS);
	EXPECT_ERR(syscall(0x7fffffffffffffffL), ENOSYS);
}

int main(void)
{
	RUN(user_numbers_change_as_allowed);
	RUN(supplementary_groups);
	RUN(signals_need_the_same_user);
	RUN(uname_names_the_system);
	RUN(sysinfo_makes_sense);
	RUN(the_name_of_a_thread);
	RUN(parent_death_signal);
	RUN(random_bytes_differ);
	RUN(affinity_names_the_processors);
	RUN(devices_do_what_they_are_for);
	RUN(unknown_calls_are_refused);
	return tap_done();
}
