/*
 * pidps: all processes with the inode numbers of their pidfds: the number that,
 * unlike a pid, never names another process.
 */
#include <dirent.h>

#include "pidtool.h"

/* State, parent and name out of /proc/PID/stat; false if the process is gone. */
static int read_stat(pid_t pid, char *state, int *parent, char *name, int size)
{
	char path[64], text[512], *open, *close;
	FILE *file;
	int ok;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	ok = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	open = ok ? strchr(text, '(') : NULL;
	close = open ? strrchr(open, ')') : NULL;
	if (!close || close[1] != ' ')
		return 0;
	*close = '\0';
	snprintf(name, size, "%s", open + 1);
	*state = close[2];
	*parent = atoi(close + 4);
	return 1;
}

int main(void)
{
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc) {
		fprintf(stderr, "/proc: %s\n", strerror(errno));
		return 1;
	}
	printf("%5s %5s %1s %10s  %s\n", "PID", "PPID", "S", "INODE", "NAME");
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		char state, name[64];
		struct stat st = { .st_ino = 0 };
		int parent, fd;

		if (pid <= 0)
			continue;
		fd = open_pid(pid);
		if (fd >= 0 && fstat(fd, &st) == 0 &&
		    read_stat(pid, &state, &parent, name, sizeof(name)))
			printf("%5d %5d %c %10llu  %s\n", pid, parent, state,
			       (unsigned long long)st.st_ino, name);
		if (fd >= 0)
			close(fd);
	}
	closedir(proc);
	return 0;
}
