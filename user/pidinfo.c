/*
 * pidinfo PID...: opens a pidfd for each process and prints what the kernel
 * says of it: its identity (device and inode), fdinfo, state, PIDFD_GET_INFO.
 */
#include <sys/statfs.h>

#include "pidtool.h"

/* PIDFD_GET_INFO, version 0 of its struct. */
struct info {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define GET_INFO 0xc040ff0bUL

static void print_fdinfo(int fd)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		printf("    %s", line);
	if (file)
		fclose(file);
}

static void print_link(int fd)
{
	char path[64], name[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, name, sizeof(name) - 1);
	if (len > 0) {
		name[len] = '\0';
		printf("  name     %s\n", name);
	}
}

static int print_pid(const char *text)
{
	struct info info = { .mask = 0 };
	struct statfs fs = { 0 };
	struct stat st;
	int fd = open_argument(text);

	if (fd < 0 || fstat(fd, &st) < 0)
		return 1;
	fstatfs(fd, &fs);
	printf("%s: pidfd %d\n", text, fd);
	printf("  identity device %lx inode %llu, mode %o\n", (unsigned long)st.st_dev,
	       (unsigned long long)st.st_ino, (unsigned int)st.st_mode);
	printf("  lives on %s (%#lx)\n", fs.f_type == 0x50494446 ? "pidfs" : "another file system",
	       (unsigned long)fs.f_type);
	print_link(fd);
	printf("  state    %s\n", state_of(fd));
	if (ioctl(fd, GET_INFO, &info) == 0)
		printf("  info     pid %u parent %u uid %u gid %u\n", info.pid, info.ppid,
		       info.ruid, info.rgid);
	printf("  fdinfo\n");
	print_fdinfo(fd);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: pidinfo PID...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		bad |= print_pid(argv[i]);
	return bad;
}
