/*
 * setns: entering namespaces by their files and by pidfds: which, in what order, all or nothing,
 * and who may.
 */
#include <pthread.h>
#include <sys/prctl.h>

#include "namespaces.h"

static int names_itself(void *arg)
{
	CHILD_EXPECT(sethostname("target", 6) == 0);
	CHILD_EXPECT(write(*(int *)arg, "x", 1) == 1);
	return child_pauses(NULL);
}

/* A process in new namespaces, which has given itself a name; *pidfd leads to it. */
static pid_t target_in(unsigned long flags, int *pidfd)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends))
		return -1;
	pid = spawn_in(flags, names_itself, &ends[1]);
	close(ends[1]);
	if (pid > 0 && read(ends[0], &c, 1) != 1)
		pid = -1;
	close(ends[0]);
	*pidfd = pid > 0 ? pidfd_open_(pid, 0) : -1;
	return pid;
}

static int is_at_target(void)
{
	struct utsname name;

	return uname(&name) == 0 && !strcmp(name.nodename, "target");
}

static int enters_two(void *arg)
{
	int pidfd = *(int *)arg, fd = ioctl(pidfd, PIDFD_UTS_NS, 0);
	uint64_t net = ns_ino(0, "net");

	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUTS | CLONE_NEWIPC) == 0);
	CHILD_EXPECT(is_at_target());
	CHILD_EXPECT(ns_ino(0, "uts") == ino_of(fd));
	CHILD_EXPECT(ns_ino(0, "ipc") != net && ns_ino(0, "net") == net);
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUTS) == 0); /* twice is no error */
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME) == 0);
	return 0;
}

static void a_pidfd_leads_to_several_at_once(void)
{
	int pidfd;
	pid_t pid;

	if (!has_pidfs())
		SKIP("no pidfs");
	NEEDS_NAMESPACES(CLONE_NEWUTS);
	pid = target_in(CLONE_NEWUTS | CLONE_NEWIPC, &pidfd);
	REQUIRE(pid > 0);
	EXPECT_EQ(run_in(0, enters_two, &pidfd), 0);
	EXPECT(!is_at_target());
	kill_and_reap(pid);
	close(pidfd);
}

static void what_is_no_namespace_is_refused(void)
{
	int pidfd, dir, path;
	char name[64];
	pid_t pid;

	NEEDS_NAMESPACES(CLONE_NEWUTS);
	pid = target_in(CLONE_NEWUTS, &pidfd);
	REQUIRE(pid > 0);
	snprintf(name, sizeof(name), "/proc/%d", pid);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	EXPECT_ERR(setns_(dir, CLONE_NEWUTS), EINVAL);
	close(dir);
	snprintf(name, sizeof(name), "/proc/%d/ns/uts", pid);
	path = open(name, O_PATH);
	EXPECT_ERR(setns_(path, CLONE_NEWUTS), EBADF);
	close(path);
	EXPECT_ERR(setns_(SELF_PROCESS, CLONE_NEWUTS), EBADF);
	EXPECT_ERR(setns_(pidfd, 0), EINVAL);
	EXPECT_ERR(setns_(pidfd, CLONE_NEWUTS | CLONE_FS), EINVAL);
	kill(pid, SIGKILL);
	wait_zombie(pid);
	EXPECT_ERR(setns_(pidfd, CLONE_NEWUTS), ESRCH);
	reap(pid);
	EXPECT_ERR(setns_(pidfd, CLONE_NEWUTS), ESRCH);
	EXPECT_ERR(setns_(pidfd, 0), EINVAL);
	close(pidfd);
}

/* ---- pid namespaces */

static int is_second(void *arg)
{
	(void)arg;
	CHILD_EXPECT(getpid() == 2 && getppid() == 0);
	return 0;
}

static int enters_pid(void *arg)
{
	pid_t own = getpid();

	CHILD_EXPECT(setns_(*(int *)arg, CLONE_NEWPID) == 0);
	CHILD_EXPECT(getpid() == own); /* only children are in it */
	CHILD_EXPECT(ns_ino(0, "pid") != ns_ino(0, "pid_for_children"));
	CHILD_EXPECT(run_in(0, is_second, NULL) == 0);
	return 0;
}

static void children_are_born_in_the_pid_namespace_entered(void)
{
	int pidfd;
	pid_t pid;

	NEEDS_NAMESPACES(CLONE_NEWPID);
	pid = target_in(CLONE_NEWPID | CLONE_NEWUTS, &pidfd);
	REQUIRE(pid > 0);
	EXPECT_EQ(run_in(0, enters_pid, &pidfd), 0);
	kill_and_reap(pid);
	close(pidfd);
}

static int looks_up(void *arg)
{
	int outer = *(int *)arg;
	struct info info = { 0 };

	/* The way up is closed, and with it what goes with it. */
	CHILD_EXPECT(setns_(outer, CLONE_NEWPID) == -1 && errno == EINVAL);
	CHILD_EXPECT(setns_(outer, CLONE_NEWUTS | CLONE_NEWPID) == -1 && errno == EINVAL);
	CHILD_EXPECT(!is_at_target());
	CHILD_EXPECT(pidfd_signal(outer, 0, NULL, 0) == -1 && errno == EINVAL);
	CHILD_EXPECT(ioctl(outer, GET_INFO, &info) == -1 &&
		     (errno == EREMOTE || (errno == ESRCH && !kernel_at_least(7, 0))));
	CHILD_EXPECT(pidfd_open_(1, 0) >= 0 && pidfd_open_(7777, 0) == -1);
	/* But names are not above anybody. */
	CHILD_EXPECT(setns_(outer, CLONE_NEWUTS) == 0);
	CHILD_EXPECT(is_at_target());
	return 0;
}

static void outer_processes_are_out_of_reach(void)
{
	int pidfd;
	pid_t pid;

	if (!has_pidfs())
		SKIP("no pidfs");
	NEEDS_NAMESPACES(CLONE_NEWPID);
	pid = target_in(CLONE_NEWUTS, &pidfd);
	REQUIRE(pid > 0);
	EXPECT_EQ(run_in(CLONE_NEWPID, looks_up, &pidfd), 0);
	kill_and_reap(pid);
	close(pidfd);
}

static int injects(void *arg)
{
	pid_t init = ((pid_t *)arg)[0], guest;
	int status;

	CHILD_EXPECT(setns_(((int *)arg)[1], CLONE_NEWPID) == 0);
	guest = spawn_sleeper();
	CHILD_EXPECT(guest > 0);
	CHILD_EXPECT(kill(init, SIGKILL) == 0);
	wait_zombie(guest); /* it was killed with the others... */
	CHILD_EXPECT(write(((int *)arg)[3], "x", 1) == 1);
	CHILD_EXPECT(read(((int *)arg)[4], (char[1]){ 0 }, 1) == 1);
	CHILD_EXPECT(waitpid(guest, &status, 0) == guest && WTERMSIG(status) == SIGKILL);
	CHILD_EXPECT(fork() == -1 && errno == ENOMEM);
	return 0;
}

static void init_ends_after_everybody_was_waited_for(void)
{
	int pidfd, ready[2], go[2], args[5];
	pid_t pid, helper;
	char c;

	NEEDS_NAMESPACES(CLONE_NEWPID);
	pid = target_in(CLONE_NEWPID | CLONE_NEWUTS, &pidfd);
	REQUIRE(pid > 0 && pipe(ready) == 0 && pipe(go) == 0);
	args[0] = pid;
	args[1] = pidfd;
	args[3] = ready[1];
	args[4] = go[0];
	helper = spawn(injects, args);
	EXPECT(read(ready[0], &c, 1) == 1);
	sleep_ms(30);
	EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0); /* ...but it is still a zombie */
	EXPECT(write(go[1], "x", 1) == 1);
	EXPECT_EQ(reap(pid), SIGKILL);
	EXPECT_EQ(reap(helper), 0);
	close(pidfd);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
}

/* ---- who may */

static int becomes(uid_t id)
{
	return setresgid(id, id, id) || setresuid(id, id, id) || prctl(PR_SET_DUMPABLE, 1);
}

static int has_no_right(void *arg)
{
	int pidfd = *(int *)arg, fd;

	fd = ioctl(pidfd, PIDFD_UTS_NS, 0);
	CHILD_EXPECT(fd >= 0 && !becomes(1000));
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUTS) == -1 && errno == EPERM);
	CHILD_EXPECT(setns_(fd, CLONE_NEWUTS) == -1 && errno == EPERM);
	CHILD_EXPECT(ioctl(pidfd, PIDFD_UTS_NS, 0) == -1 && errno == EACCES);
	CHILD_EXPECT(unshare_(CLONE_NEWUTS) == -1 && errno == EPERM);
	CHILD_EXPECT(spawn_in(CLONE_NEWPID, child_exits, NULL) == -1 && errno == EPERM);
	return 0;
}

static void strangers_may_not_enter(void)
{
	int pidfd;
	pid_t pid;

	if (!has_pidfs())
		SKIP("no pidfs");
	NEEDS_NAMESPACES(CLONE_NEWUTS);
	pid = target_in(CLONE_NEWUTS, &pidfd);
	REQUIRE(pid > 0);
	EXPECT_EQ(run_in(0, has_no_right, &pidfd), 0);
	kill_and_reap(pid);
	close(pidfd);
}

static void *pauses(void *arg)
{
	child_pauses(NULL);
	return arg;
}

static int threads_may_not(int pidfd)
{
	pthread_t thread;

	CHILD_EXPECT(pthread_create(&thread, NULL, pauses, NULL) == 0);
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUSER) == -1 && errno == EINVAL);
	CHILD_EXPECT(unshare_(CLONE_NEWUSER) == -1 && errno == EINVAL);
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWTIME) == -1 && errno == EUSERS);
	return 0;
}

/* uid 1000 makes a child in namespaces of its own, and follows it there. */
static int follows_its_child(void *arg)
{
	int pidfd;
	pid_t pid;

	CHILD_EXPECT(!becomes(1000));
	pid = target_in(CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWPID, &pidfd);
	CHILD_EXPECT(pid > 0);
	/* Alone it is not its: the capability comes with the user namespace. */
	if (arg) {
		int failed = threads_may_not(pidfd);

		kill(pid, SIGKILL);
		return failed;
	}
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUTS) == -1 && errno == EPERM);
	CHILD_EXPECT(!is_at_target());
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWPID) == 0);
	CHILD_EXPECT(is_at_target());
	CHILD_EXPECT(getuid() == 65534);
	CHILD_EXPECT(setns_(pidfd, CLONE_NEWUSER) == -1 && errno == EINVAL); /* its own now */
	CHILD_EXPECT(sethostname("renamed", 7) == 0);
	CHILD_EXPECT(kill(pid, SIGKILL) == 0);
	return 0;
}

static void the_user_namespace_comes_first(void)
{
	NEEDS_NAMESPACES(CLONE_NEWUSER);
	EXPECT_EQ(run_in(0, follows_its_child, NULL), 0);
	EXPECT_EQ(run_in(0, follows_its_child, (void *)1), 0);
}

static void flags_of_clone_are_checked(void)
{
	static const struct {
		unsigned long flags;
		int error;
	} cases[] = {
		{ CLONE_NEWUSER | CLONE_FS, EINVAL },
		{ CLONE_NEWNS | CLONE_FS, EINVAL },
		{ CLONE_NEWIPC | CLONE_SYSVSEM, EINVAL },
		{ CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID, EINVAL },
		{ CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER, EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clone_args_v2 args = { .flags = cases[i].flags };

		if (!(cases[i].flags & CLONE_THREAD))
			args.exit_signal = SIGCHLD;
		EXPECT_ERR(clone3_(&args, sizeof(args)), cases[i].error);
	}
	EXPECT_ERR(unshare_(CLONE_THREAD | CLONE_PARENT), EINVAL);
	EXPECT_EQ(unshare_(CLONE_FS | CLONE_FILES | CLONE_THREAD | CLONE_SYSVSEM), 0);
}

int main(void)
{
	RUN(a_pidfd_leads_to_several_at_once);
	RUN(what_is_no_namespace_is_refused);
	RUN(children_are_born_in_the_pid_namespace_entered);
	RUN(outer_processes_are_out_of_reach);
	RUN(init_ends_after_everybody_was_waited_for);
	RUN(strangers_may_not_enter);
	RUN(the_user_namespace_comes_first);
	RUN(flags_of_clone_are_checked);
	return tap_done();
}
