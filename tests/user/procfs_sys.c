/*
 * procfs_sys: what /proc and /sys tell of the machine, and settings that take effect.
 */
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "tap.h"

#define NOBODY 65534

static char buf[65536];

/* ---- Counters */

static void sysfs_names_every_cpu(void)
{
	int online = sysconf(_SC_NPROCESSORS_ONLN), first = -1, last = -1;
	char name[80];
	struct stat st;

	slurp("/sys/devices/system/cpu/online", buf, sizeof(buf));
	if (sscanf(buf, "%d-%d\n", &first, &last) == 1)
		last = first;
	EXPECT_EQ(last - first + 1, online);
	slurp("/sys/devices/system/cpu/possible", buf, sizeof(buf));
	EXPECT_EQ(atoi(buf), 0);
	snprintf(name, sizeof(name), "/sys/devices/system/cpu/cpu%d/topology/core_id", last);
	EXPECT_EQ(stat(name, &st), 0);
	EXPECT(slurp(name, buf, sizeof(buf))[0] != '\0');
	snprintf(name, sizeof(name), "/sys/devices/system/cpu/cpu%d", last + 100);
	EXPECT_ERR(stat(name, &st), ENOENT);
}

static void interrupts_are_counted(void)
{
	long before = file_number("/proc/stat", "intr "), loc;

	EXPECT(before > 0);
	sleep_ms(50);
	EXPECT(file_number("/proc/stat", "intr ") > before);
	slurp("/proc/interrupts", buf, sizeof(buf));
	EXPECT(strstr(buf, " CPU0 ") != NULL);
	loc = strstr(buf, "LOC:") ? atol(strstr(buf, "LOC:") + 4) : 0;
	EXPECT(loc > 0);
}

static void forks_are_counted(void)
{
	long before = file_number("/proc/stat", "processes ");

	for (int i = 0; i < 5; i++)
		reap(spawn(child_exits, NULL));
	EXPECT(file_number("/proc/stat", "processes ") >= before + 5);
}

static void locks_are_listed(void)
{
	char name[] = "/tmp/procfs-XXXXXX", want[80];
	int fd = mkstemp(name);
	struct stat st;
	struct flock fl = { .l_type = F_RDLCK, .l_start = 5, .l_len = 3 };

	fstat(fd, &st);
	EXPECT_EQ(flock(fd, LOCK_EX), 0);
	EXPECT_EQ(fcntl(fd, F_SETLK, &fl), 0);
	slurp("/proc/locks", buf, sizeof(buf));
	snprintf(want, sizeof(want), ": FLOCK  ADVISORY  WRITE %d ", getpid());
	EXPECT(strstr(buf, want) != NULL);
	snprintf(want, sizeof(want), ":%ld 5 7\n", (long)st.st_ino);
	EXPECT(strstr(buf, want) != NULL);
	close(fd);
	slurp("/proc/locks", buf, sizeof(buf));
	EXPECT(strstr(buf, want) == NULL);
	unlink(name);
}

static int read_symbols(void *arg)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	slurp("/proc/kallsyms", buf, sizeof(buf));
	return strncmp(buf, "0000000000000000 ", 17) ? 2 : 0;
}

static void addresses_are_for_the_privileged(void)
{
	if (getuid())
		SKIP("needs root");
	EXPECT_EQ(reap(spawn(read_symbols, NULL)), 0);
}

/* ---- Settings; not those of a machine that others use */

static void settings_stay_in_range(void)
{
	if (!in_guest())
		SKIP("guest only");
	EXPECT_EQ(store("/proc/sys/kernel/randomize_va_space", "3"), EINVAL);
	EXPECT_EQ(store("/proc/sys/kernel/randomize_va_space", "x"), EINVAL);
	EXPECT_EQ(store("/proc/sys/fs/protected_regular", "2\n"), 0);
	EXPECT_EQ(file_number("/proc/sys/fs/protected_regular", ""), 2);
	EXPECT_EQ(store("/proc/sys/fs/protected_regular", "0"), 0);
	EXPECT_EQ(store("/proc/sys/kernel/printk", "4 4 1 7"), 0);
	EXPECT(!strncmp(slurp("/proc/sys/kernel/printk", buf, sizeof(buf)), "4\t4\t1\t7", 7));
	EXPECT_EQ(store("/proc/sys/kernel/printk", "7"), 0);
	EXPECT_EQ(store("/proc/sys/vm/drop_caches", "3"), 0);
}

/* Where a new program's stack is. */
static long stack_of_a_program(void)
{
	char *argv[] = { "/bin/busybox", "sleep", "30", NULL }, *at;
	pid_t child = fork();
	char name[64];
	long place = 0;

	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	snprintf(name, sizeof(name), "/proc/%d/comm", child);
	eventually(!strcmp(slurp(name, buf, sizeof(buf)), "busybox\n"));
	snprintf(name, sizeof(name), "/proc/%d/stat", child);
	slurp(name, buf, sizeof(buf));
	at = strrchr(buf, ')');
	for (int field = 2; at && field < 28; field++)
		at = strchr(at + 1, ' ');
	place = at ? strtol(at, NULL, 10) : 0;
	kill_and_reap(child);
	return place;
}

static void addresses_are_random_unless_switched_off(void)
{
	if (!in_guest())
		SKIP("guest only");
	EXPECT(stack_of_a_program() != stack_of_a_program());
	store("/proc/sys/kernel/randomize_va_space", "0");
	EXPECT_EQ(stack_of_a_program(), stack_of_a_program());
	store("/proc/sys/kernel/randomize_va_space", "2");
	EXPECT(stack_of_a_program() != stack_of_a_program());
}

/* ---- The log */

static int log_later(void *arg)
{
	sleep_ms(100);
	return store("/dev/kmsg", "<5>a word from a test");
}

static void the_log_can_be_waited_for(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t child;
	ssize_t n;

	if (!in_guest())
		SKIP("guest only");
	REQUIRE(fd >= 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_END), 0);
	EXPECT_ERR(read(fd, buf, sizeof(buf)), EAGAIN);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	child = spawn(log_later, NULL);
	EXPECT_EQ(poll(&p, 1, 10000), 1);
	EXPECT_EQ(reap(child), 0);
	EXPECT(read(fd, buf, sizeof(buf)) > 0);
	fcntl(fd, F_SETFL, 0);
	child = spawn(log_later, NULL);
	n = read(fd, buf, sizeof(buf));
	buf[n > 0 ? n : 0] = '\0';
	EXPECT_EQ(atoi(buf), 5);
	EXPECT(strstr(buf, ";a word from a test\n") != NULL);
	EXPECT_EQ(reap(child), 0);
	EXPECT_ERR(lseek(fd, 1, SEEK_SET), ESPIPE);
	EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
	EXPECT_ERR(read(fd, buf, 1), EINVAL);
	close(fd);
}

static int read_log_as_nobody(void *arg)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (open("/dev/kmsg", O_RDONLY) >= 0 || errno != EPERM)
		return 2;
	return syscall(SYS_syslog, 3, buf, sizeof(buf)) >= 0 || errno != EPERM ? 3 : 0;
}

static void the_log_can_be_kept_from_strangers(void)
{
	if (!in_guest())
		SKIP("guest only");
	store("/proc/sys/kernel/dmesg_restrict", "1");
	EXPECT_EQ(reap(spawn(read_log_as_nobody, NULL)), 0);
	store("/proc/sys/kernel/dmesg_restrict", "0");
}

static void proc_kmsg_and_syslog_share_their_place(void)
{
	int fd;

	if (!in_guest())
		SKIP("guest only");
	fd = open("/proc/kmsg", O_RDONLY | O_NONBLOCK);
	REQUIRE(fd >= 0);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	EXPECT_EQ(errno, EAGAIN);
	EXPECT_EQ(syscall(SYS_syslog, 9, NULL, 0), 0);
	store("/dev/kmsg", "<5>shared");
	EXPECT(syscall(SYS_syslog, 9, NULL, 0) > 0);
	EXPECT(syscall(SYS_syslog, 2, buf, sizeof(buf)) > 0);
	EXPECT(!strncmp(buf, "<5>[", 4));
	EXPECT_ERR(read(fd, buf, sizeof(buf)), EAGAIN);
	close(fd);
}

/* ---- protected_* */

#define DIR_STICKY "/tmp/protected"

static int try_as_nobody(void *is_protected)
{
	int refused = is_protected ? EACCES : 0;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	errno = 0;
	if ((open(DIR_STICKY "/link", O_RDONLY) < 0 ? errno : 0) != refused)
		return 2;
	if ((link(DIR_STICKY "/other", DIR_STICKY "/mine") ? errno : 0) !=
	    (is_protected ? EPERM : 0))
		return 3;
	if ((open(DIR_STICKY "/file", O_RDWR | O_CREAT, 0600) < 0 ? errno : 0) != refused)
		return 4;
	if ((open(DIR_STICKY "/fifo", O_RDWR | O_CREAT, 0600) < 0 ? errno : 0) != refused)
		return 5;
	if (open(DIR_STICKY "/file", O_RDWR) < 0 || open(DIR_STICKY "/new", O_RDWR | O_CREAT) < 0)
		return 6;
	return readlink(DIR_STICKY "/link", buf, sizeof(buf)) > 0 ? 0 : 7;
}

static void sticky_directories_can_be_protected(void)
{
	static const char *const settings[] = { "symlinks", "hardlinks", "regular", "fifos" };
	char name[80];

	if (!in_guest())
		SKIP("guest only");
	umask(0);
	mkdir(DIR_STICKY, 0777);
	chmod(DIR_STICKY, 01777);
	close(open(DIR_STICKY "/file", O_RDWR | O_CREAT, 0666));
	close(open(DIR_STICKY "/other", O_RDWR | O_CREAT, 0600));
	mkfifo(DIR_STICKY "/fifo", 0666);
	symlink("/etc/passwd", DIR_STICKY "/link");
	/* The owner of the directory is trusted: let it be somebody else. */
	EXPECT_EQ(chown(DIR_STICKY, 12345, 12345), 0);
	for (int on = 0; on < 2; on++) {
		for (int i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "/proc/sys/fs/protected_%s", settings[i]);
			EXPECT_EQ(store(name, on ? "1" : "0"), 0);
		}
		EXPECT_EQ(reap(spawn(try_as_nobody, on ? "" : NULL)), 0);
		unlink(DIR_STICKY "/mine");
		unlink(DIR_STICKY "/new");
	}
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "/proc/sys/fs/protected_%s", settings[i]);
		store(name, "0");
	}
	unlink(DIR_STICKY "/file");
	unlink(DIR_STICKY "/fifo");
	unlink(DIR_STICKY "/other");
	unlink(DIR_STICKY "/link");
	rmdir(DIR_STICKY);
}

/* "echo text >file" truncates first; touch(1) asks for times; only chmod and chown are refused. */
static void files_are_written_as_shells_do_it(void)
{
	char name[20] = "";
	int fd = open("/proc/self/comm", O_WRONLY | O_CREAT | O_TRUNC, 0666);

	REQUIRE(fd >= 0);
	EXPECT_EQ(write(fd, "shell", 5), 5);
	close(fd);
	EXPECT(!strcmp(slurp("/proc/self/comm", name, sizeof(name)), "shell\n"));
	EXPECT_EQ(truncate("/proc/self/comm", 0), 0);
	EXPECT_EQ(utimensat(AT_FDCWD, "/proc/self/comm", NULL, 0), 0);
	EXPECT_ERR(chmod("/proc/self/comm", 0666), EPERM);
	if (in_guest()) {
		fd = open("/proc/sys/kernel/pid_max", O_WRONLY | O_CREAT | O_TRUNC, 0666);
		EXPECT(fd >= 0);
		close(fd);
	}
}

int main(void)
{
	RUN(files_are_written_as_shells_do_it);
	RUN(sysfs_names_every_cpu);
	RUN(interrupts_are_counted);
	RUN(forks_are_counted);
	RUN(locks_are_listed);
	RUN(addresses_are_for_the_privileged);
	RUN(settings_stay_in_range);
	RUN(addresses_are_random_unless_switched_off);
	RUN(the_log_can_be_waited_for);
	RUN(the_log_can_be_kept_from_strangers);
	RUN(proc_kmsg_and_syslog_share_their_place);
	RUN(sticky_directories_can_be_protected);
	return tap_done();
}
