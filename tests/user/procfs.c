/*
 * procfs: what programs read in /proc.
 */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tap.h"

static char buf[65536], path[128];

static char *of(pid_t pid, const char *name)
{
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp(path, buf, sizeof(buf));
}

static long number(const char *key)
{
	char *at = strstr(buf, key);

	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static void self_is_this_process(void)
{
	char name[64] = "";

	snprintf(path, sizeof(path), "%d", getpid());
	EXPECT(readlink("/proc/self", name, sizeof(name) - 1) > 0);
	EXPECT(!strcmp(name, path));
	memset(name, 0, sizeof(name));
	EXPECT(readlink("/proc/thread-self", name, sizeof(name) - 1) > 0);
}

static void stat_has_the_right_fields(void)
{
	char state;
	int pid, ppid, pgrp, sid;

	of(getpid(), "stat");
	EXPECT_EQ(sscanf(buf, "%d (procfs%*[^)]) %c %d %d %d", &pid, &state, &ppid, &pgrp, &sid) >=
			  1,
		  1);
	sscanf(strrchr(buf, ')') + 2, "%c %d %d %d", &state, &ppid, &pgrp, &sid);
	EXPECT_EQ(pid, getpid());
	EXPECT_EQ(state, 'R');
	EXPECT_EQ(ppid, getppid());
	EXPECT_EQ(pgrp, getpgrp());
	EXPECT_EQ(sid, getsid(0));
}

static void stat_has_52_fields(void)
{
	int fields = 2;

	of(getpid(), "stat");
	for (char *at = strrchr(buf, ')'); at && *at && *at != '\n'; at++)
		fields += *at == ' ';
	EXPECT_EQ(fields, 52);
}

static void status_has_the_lines_that_tools_read(void)
{
	of(getpid(), "status");
	EXPECT(!strncmp(buf, "Name:\tprocfs", 12));
	EXPECT_EQ(number("\nPid:\t"), getpid());
	EXPECT_EQ(number("\nTgid:\t"), getpid());
	EXPECT_EQ(number("\nPPid:\t"), getppid());
	EXPECT_EQ(number("\nUid:\t"), getuid());
	EXPECT_EQ(number("\nThreads:\t"), 1);
	EXPECT(strstr(buf, "\nState:\tR (running)") != NULL);
	EXPECT(number("\nVmRSS:\t") > 0);
	EXPECT(strstr(buf, "\nSigBlk:\t") != NULL);
}

static void cmdline_comm_and_links(void)
{
	char *argv[] = { "/bin/sh", "-c", "sleep 30; :", "name", NULL };
	struct stat a, b;
	pid_t child = fork();

	if (child == 0) {
		chdir("/tmp");
		execv(argv[0], argv);
		_exit(127);
	}
	EXPECT(eventually(!strncmp(of(child, "cmdline"), "/bin/sh", 8)));
	EXPECT(!memcmp(buf, "/bin/sh\0-c\0sleep 30; :\0name\0", 29));
	EXPECT(!strcmp(of(child, "comm"), "sh\n"));
	snprintf(path, sizeof(path), "/proc/%d/exe", child);
	EXPECT_EQ(stat(path, &a) | stat("/bin/sh", &b), 0);
	EXPECT_EQ(a.st_ino, b.st_ino);
	snprintf(path, sizeof(path), "/proc/%d/cwd", child);
	EXPECT(readlink(path, buf, sizeof(buf)) == 4 && !memcmp(buf, "/tmp", 4));
	snprintf(path, sizeof(path), "/proc/%d/root", child);
	EXPECT(readlink(path, buf, sizeof(buf)) == 1 && buf[0] == '/');
	kill_and_reap(child);
}

static void maps_show_mappings_and_modes(void)
{
	char *m = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char line[64], *at;

	mprotect(m + 4096, 4096, PROT_READ | PROT_WRITE);
	of(getpid(), "maps");
	snprintf(line, sizeof(line), "-%lx r--p", (long)m + 4096);
	EXPECT(strstr(buf, line) != NULL);
	snprintf(line, sizeof(line), "\n%lx-", (long)m + 4096);
	at = strstr(buf, line);
	EXPECT(at && !strncmp(strchr(at, ' '), " rw-p", 5));
	EXPECT(strstr(buf, "[stack]") != NULL);
	EXPECT(strstr(buf, "r-xp") != NULL);
	munmap(m, 8192);
}

static void fd_lists_descriptors(void)
{
	int fd = dup2(0, 123), found = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc/self/fd");
	struct stat a, b;

	REQUIRE(dir && fd == 123);
	while ((entry = readdir(dir)))
		found += !strcmp(entry->d_name, "123");
	closedir(dir);
	EXPECT_EQ(found, 1);
	EXPECT_EQ(stat("/proc/self/fd/123", &a) | fstat(123, &b), 0);
	EXPECT_EQ(a.st_ino, b.st_ino);
	close(123);
	EXPECT_ERR(stat("/proc/self/fd/123", &a), ENOENT);
	EXPECT_ERR(stat("/proc/self/fd/x", &a), ENOENT);
}

static void pipes_and_deleted_files_have_names(void)
{
	char name[128] = "", file[] = "/tmp/procfs-XXXXXX";
	int fds[2], fd = mkstemp(file);

	REQUIRE(pipe(fds) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	EXPECT(readlink(path, name, sizeof(name)) > 0);
	EXPECT(!strncmp(name, "pipe:[", 6));
	unlink(file);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(name, 0, sizeof(name));
	EXPECT(readlink(path, name, sizeof(name)) > 0);
	EXPECT(strstr(name, " (deleted)") != NULL);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static void a_reaped_process_is_gone(void)
{
	pid_t child = spawn_sleeper();
	struct stat st;
	int dir;

	snprintf(path, sizeof(path), "/proc/%d", child);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	EXPECT(dir >= 0);
	kill_and_reap(child);
	EXPECT_ERR(stat(path, &st), ENOENT);
	EXPECT(openat(dir, "stat", O_RDONLY) < 0 && (errno == ENOENT || errno == ESRCH));
	close(dir);
}

static void the_list_has_every_process_once(void)
{
	pid_t child = spawn_sleeper(), me = getpid();
	int seen_me = 0, seen_child = 0, seen_init = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	REQUIRE(dir != NULL);
	while ((entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		seen_me += pid == me;
		seen_child += pid == child;
		seen_init += pid == 1;
	}
	closedir(dir);
	EXPECT_EQ(seen_me, 1);
	EXPECT_EQ(seen_child, 1);
	EXPECT_EQ(seen_init, 1);
	kill_and_reap(child);
}

static void system_files_have_their_shapes(void)
{
	double up, idle;
	unsigned long long user;

	slurp("/proc/meminfo", buf, sizeof(buf));
	EXPECT(!strncmp(buf, "MemTotal:", 9));
	EXPECT(number("MemTotal:") > number("\nMemFree:"));
	EXPECT(number("\nMemFree:") > 0);
	EXPECT(number("\nMemAvailable:") > 0);
	slurp("/proc/uptime", buf, sizeof(buf));
	EXPECT_EQ(sscanf(buf, "%lf %lf", &up, &idle), 2);
	EXPECT(up > 0);
	slurp("/proc/stat", buf, sizeof(buf));
	EXPECT_EQ(sscanf(buf, "cpu %llu", &user), 1);
	EXPECT(strstr(buf, "\ncpu0 ") != NULL);
	EXPECT(number("\nbtime ") > 0);
	slurp("/proc/version", buf, sizeof(buf));
	EXPECT(strstr(buf, " version ") != NULL);
	slurp("/proc/mounts", buf, sizeof(buf));
	EXPECT(strstr(buf, " /proc proc ") != NULL);
	slurp("/proc/loadavg", buf, sizeof(buf));
	EXPECT(strlen(buf) > 10);
	EXPECT(file_number("/proc/sys/kernel/pid_max", "") >= 32768);
}

static void files_can_be_read_in_pieces(void)
{
	static char again[65536];
	int fd = open("/proc/self/status", O_RDONLY), len = 0;

	of(getpid(), "status");
	while (read(fd, again + len, 7) > 0)
		len += 7;
	EXPECT(!strncmp(buf, again, 60));
	EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
	EXPECT_EQ(pread(fd, again, 5, 6), 5);
	EXPECT(!memcmp(again, buf + 6, 5));
	close(fd);
	EXPECT(mkdir("/proc/x", 0755) < 0);
	EXPECT(unlink("/proc/self/stat") < 0);
}

int main(void)
{
	RUN(self_is_this_process);
	RUN(stat_has_the_right_fields);
	RUN(stat_has_52_fields);
	RUN(status_has_the_lines_that_tools_read);
	RUN(cmdline_comm_and_links);
	RUN(maps_show_mappings_and_modes);
	RUN(fd_lists_descriptors);
	RUN(pipes_and_deleted_files_have_names);
	RUN(a_reaped_process_is_gone);
	RUN(the_list_has_every_process_once);
	RUN(system_files_have_their_shapes);
	RUN(files_can_be_read_in_pieces);
	return tap_done();
}
