/*
 * pidns: pid namespaces: numbers on each level, what init is spared, who adopts whom, and how a
 * namespace ends.
 */
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <pthread.h>

#include "namespaces.h"

static int is_process_one(void *arg)
{
	(void)arg;
	CHILD_EXPECT(getpid() == 1);
	CHILD_EXPECT(getppid() == 0);
	CHILD_EXPECT(syscall(SYS_gettid) == 1);
	CHILD_EXPECT(kill(1, 0) == 0);
	CHILD_EXPECT(getsid(0) == 0 && getpgrp() == 0); /* of outside */
	CHILD_EXPECT(setsid() == 1 && getsid(0) == 1 && getpgrp() == 1);
	return 0;
}

static void the_first_process_is_one(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(CLONE_NEWPID, is_process_one, NULL), 0);
}

/* ---- signals to init */

static int pauses_ready(void *arg)
{
	char c = 'x';

	write(*(int *)arg, &c, 1);
	return child_pauses(NULL);
}

/* A child of these namespaces that runs already. */
static pid_t spawn_ready(unsigned long flags, int (*child)(void *))
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends))
		return -1;
	pid = spawn_in(flags, child, &ends[1]);
	close(ends[1]);
	if (pid > 0 && read(ends[0], &c, 1) != 1)
		pid = -1;
	close(ends[0]);
	return pid;
}

static void init_is_spared_but_not_from_outside(void)
{
	pid_t pid;

	NEEDS_NAMESPACES(CLONE_NEWPID);
	pid = spawn_ready(CLONE_NEWPID, pauses_ready);
	REQUIRE(pid > 0);
	EXPECT_EQ(kill(pid, SIGTERM), 0);
	EXPECT_EQ(kill(pid, SIGUSR1), 0);
	sleep_ms(50);
	EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
	EXPECT_EQ(kill(pid, SIGSTOP), 0);
	EXPECT_EQ(waitpid(pid, NULL, WUNTRACED), pid);
	EXPECT_EQ(kill(pid, SIGCONT), 0);
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(reap(pid), SIGKILL);
}

static volatile sig_atomic_t got_pid = -1, got_uid = -1;

static void note_sender(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	got_pid = info->si_pid;
	got_uid = (int)info->si_uid;
}

static int kills_parent(void *arg)
{
	(void)arg;
	kill(1, SIGKILL);
	kill(1, SIGSTOP);
	kill(1, SIGTERM);
	kill(1, SIGUSR1); /* the only one it has a handler for */
	return 0;
}

static int hears_only_what_it_handles(void *arg)
{
	struct sigaction action = { .sa_sigaction = note_sender, .sa_flags = SA_SIGINFO };
	pid_t child;

	(void)arg;
	sigaction(SIGUSR1, &action, NULL);
	child = spawn(kills_parent, NULL);
	CHILD_EXPECT(child == 2);
	CHILD_EXPECT(eventually(got_pid != -1));
	CHILD_EXPECT(got_pid == 2);
	CHILD_EXPECT(reap(child) == 0);
	return 0;
}

static void init_ignores_what_it_has_no_handler_for(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(CLONE_NEWPID, hears_only_what_it_handles, NULL), 0);
}

static int notes_outsider(void *arg)
{
	struct sigaction action = { .sa_sigaction = note_sender, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &action, NULL);
	write(*(int *)arg, "x", 1);
	while (got_pid == -1)
		pause();
	return got_pid == 0 ? 0 : 1;
}

static void a_sender_from_outside_has_number_zero(void)
{
	pid_t pid;

	NEEDS_NAMESPACES(CLONE_NEWPID);
	pid = spawn_ready(CLONE_NEWPID, notes_outsider);
	REQUIRE(pid > 0);
	EXPECT_EQ(kill(pid, SIGUSR1), 0);
	sleep_ms(20);
	kill(pid, SIGUSR1); /* it may not have been in pause() yet */
	EXPECT_EQ(reap(pid), 0);
}

/* ---- orphans */

static int leaves_orphan(void *arg)
{
	int ends[2] = { ((int *)arg)[0], ((int *)arg)[1] };
	char c;

	if (fork() == 0) {
		pid_t parent;

		read(ends[0], &c, 1); /* till the parent is gone */
		parent = getppid();
		_exit(parent == 1 ? 42 : 43);
	}
	return 0;
}

static int adopts(void *arg)
{
	int ends[2], status;
	pid_t child, orphan;

	(void)arg;
	CHILD_EXPECT(pipe(ends) == 0);
	child = spawn(leaves_orphan, ends);
	CHILD_EXPECT(reap(child) == 0);
	CHILD_EXPECT(write(ends[1], "x", 1) == 1);
	orphan = wait(&status);
	CHILD_EXPECT(orphan == 3);
	CHILD_EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	return 0;
}

static void orphans_go_to_the_namespaces_init(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* outside: not asked */
	EXPECT_EQ(run_in(CLONE_NEWPID, adopts, NULL), 0);
	EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/* ---- the end */

static int crowd_and_exit(void *arg)
{
	for (int i = 0; i < 5; i++)
		if (fork() == 0) {
			if (i == 3)
				setsid();
			if (i == 4)
				_exit(9); /* a zombie that init never waits for */
			fork();
			child_pauses(NULL);
		}
	sleep_ms(20);
	write(*(int *)arg, "x", 1);
	return 5;
}

static void init_takes_everybody_with_it(void)
{
	struct pollfd hangup;
	int ends[2], status;
	pid_t pid;
	char c;

	NEEDS_NAMESPACES(CLONE_NEWPID);
	REQUIRE(pipe(ends) == 0);
	pid = spawn_in(CLONE_NEWPID, crowd_and_exit, &ends[1]);
	close(ends[1]);
	status = reap(pid);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	EXPECT_EQ(read(ends[0], &c, 1), 1);
	/* They all had the other end: when init can be waited for, they are gone. */
	hangup = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	EXPECT_EQ(poll(&hangup, 1, 0), 1);
	EXPECT_EQ(hangup.revents, POLLHUP);
	close(ends[0]);
}

static int unshares_and_outlives(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	CHILD_EXPECT(unshare_(CLONE_NEWPID) == 0);
	CHILD_EXPECT(getpid() > 1);
	pid = fork();
	if (pid == 0)
		_exit(getpid() == 1 ? 1 : 2);
	CHILD_EXPECT(waitpid(pid, &status, 0) == pid);
	CHILD_EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	pid = fork();
	CHILD_EXPECT(pid == -1 && errno == ENOMEM);
	return 0;
}

static void nobody_is_born_after_init(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(0, unshares_and_outlives, NULL), 0);
}

static void *nothing(void *arg)
{
	return arg;
}

static int refuses_threads(void *arg)
{
	pthread_t thread;

	(void)arg;
	CHILD_EXPECT(unshare_(CLONE_NEWPID) == 0);
	CHILD_EXPECT(pthread_create(&thread, NULL, nothing, NULL) != 0);
	return 0;
}

static void threads_stay_in_one_namespace(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(0, refuses_threads, NULL), 0);
}

static void *exits_group_later(void *arg)
{
	(void)arg;
	sleep_ms(50);
	_exit(17);
}

static int leader_leaves_first(void *arg)
{
	pthread_t thread;

	if (fork() == 0)
		child_pauses(arg);
	CHILD_EXPECT(pthread_create(&thread, NULL, exits_group_later, NULL) == 0);
	syscall(SYS_exit, 3);
	return 1;
}

static void init_may_end_in_another_thread(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(CLONE_NEWPID, leader_leaves_first, NULL), 17);
}

/* ---- depth, chosen numbers */

static int goes_deeper(void *arg)
{
	long depth = (long)arg;
	pid_t pid = spawn_in(CLONE_NEWPID, goes_deeper, (void *)(depth + 1));
	int status;

	if (pid < 0)
		return errno == ENOSPC ? (int)depth : 100;
	status = reap(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

static void namespaces_nest_to_level_32(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(CLONE_NEWPID, goes_deeper, (void *)1), 32);
}

static int chooses_numbers(void *arg)
{
	int two[2] = { 1, 77 }, taken[1] = { 77 }, three[3] = { 1, 2, 3 }, fresh[2] = { 5, 80 };
	struct clone_args_v2 args = { .exit_signal = SIGCHLD,
				      .set_tid = (uintptr_t)two,
				      .set_tid_size = 2,
				      .flags = CLONE_NEWPID };
	int status;
	pid_t pid;

	(void)arg;
	pid = (pid_t)clone3_(&args, sizeof(args));
	if (pid == 0)
		_exit(getpid());
	CHILD_EXPECT(pid == 77);
	wait_zombie(77);
	args.flags = 0;
	args.set_tid = (uintptr_t)taken;
	args.set_tid_size = 1;
	CHILD_EXPECT(clone3_(&args, sizeof(args)) == -1 && errno == EEXIST);
	CHILD_EXPECT(waitpid(77, &status, 0) == 77);
	CHILD_EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	args.flags = CLONE_NEWPID;
	args.set_tid = (uintptr_t)fresh; /* the first must be 1 */
	args.set_tid_size = 2;
	CHILD_EXPECT(clone3_(&args, sizeof(args)) == -1 && errno == EINVAL);
	args.flags = 0;
	args.set_tid = (uintptr_t)three; /* more than there are levels, here or on the host */
	args.set_tid_size = 3;
	CHILD_EXPECT(clone3_(&args, sizeof(args)) == -1 && (errno == EINVAL || errno == EEXIST));
	return 0;
}

static void numbers_can_be_chosen_on_each_level(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	EXPECT_EQ(run_in(CLONE_NEWPID, chooses_numbers, NULL), 0);
}

/* ---- /proc */

static int lists_its_own(void *arg)
{
	char link[32];
	ssize_t n;

	(void)arg;
	CHILD_EXPECT(mount("proc", "/tmp/nsproc", "proc", 0, NULL) == 0);
	n = readlink("/tmp/nsproc/self", link, sizeof(link));
	CHILD_EXPECT(n == 1 && link[0] == '1');
	CHILD_EXPECT(access("/tmp/nsproc/1/status", F_OK) == 0);
	CHILD_EXPECT(access("/tmp/nsproc/2", F_OK) != 0);
	CHILD_EXPECT(file_number("/tmp/nsproc/self/status", "NSpid:") == 1);
	/* The other one shows what it was mounted for. */
	n = readlink("/proc/self", link, sizeof(link) - 1);
	CHILD_EXPECT(n > 0);
	link[n] = '\0';
	CHILD_EXPECT(atoi(link) > 1);
	CHILD_EXPECT(file_number("/proc/self/status", "Pid:") == atoi(link));
	CHILD_EXPECT(strstr(slurp("/proc/self/status", (char[4096]){ 0 }, 4096), "\t1\n"));
	CHILD_EXPECT(umount("/tmp/nsproc") == 0);
	return 0;
}

static void a_mount_of_proc_shows_its_namespace(void)
{
	if (!in_guest())
		SKIP("guest only");
	mkdir("/tmp/nsproc", 0755);
	EXPECT_EQ(run_in(CLONE_NEWPID | CLONE_NEWNS, lists_its_own, NULL), 0);
	rmdir("/tmp/nsproc");
}

/* ---- nothing stays */

static int reboots(void *arg)
{
	return syscall(SYS_reboot, 0xfee1dead, 0x28121969, (unsigned int)(long)arg, NULL) ? 99 : 98;
}

static int child_reboots(void *arg)
{
	spawn(reboots, arg);
	return child_pauses(NULL);
}

static void reboot_ends_the_namespace_alone(void)
{
	NEEDS_NAMESPACES(CLONE_NEWPID);
	if (!in_guest())
		SKIP("guest only");
	EXPECT_EQ(reap(spawn_in(CLONE_NEWPID, child_reboots, (void *)0x4321fedcL)), SIGINT);
	EXPECT_EQ(reap(spawn_in(CLONE_NEWPID, reboots, (void *)0x01234567L)), SIGHUP);
	EXPECT_EQ(reap(spawn_in(CLONE_NEWPID, reboots, (void *)0x1L)), 99 << 8);
}

static void all_is_given_back(void)
{
	long proxies, spaces;

	if (!in_guest())
		SKIP("guest only");
	proxies = slab_in_use("nsproxy");
	spaces = slab_in_use("pid_ns");
	for (int i = 0; i < 100; i++)
		REQUIRE(run_in(CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC, adopts, NULL) == 0);
	EXPECT(eventually(slab_in_use("nsproxy") <= proxies && slab_in_use("pid_ns") <= spaces));
}

int main(void)
{
	RUN(the_first_process_is_one);
	RUN(init_is_spared_but_not_from_outside);
	RUN(init_ignores_what_it_has_no_handler_for);
	RUN(a_sender_from_outside_has_number_zero);
	RUN(orphans_go_to_the_namespaces_init);
	RUN(init_takes_everybody_with_it);
	RUN(nobody_is_born_after_init);
	RUN(threads_stay_in_one_namespace);
	RUN(init_may_end_in_another_thread);
	RUN(namespaces_nest_to_level_32);
	RUN(numbers_can_be_chosen_on_each_level);
	RUN(a_mount_of_proc_shows_its_namespace);
	RUN(reboot_ends_the_namespace_alone);
	RUN(all_is_given_back);
	return tap_done();
}
