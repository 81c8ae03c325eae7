/*
 * /proc/objgraph, which is Pipit's own: two pidfds of one process are two files and two dentries
 * on one inode; names cannot forge lines; with the last close all of it is out of the graph.
 */
#include <sys/prctl.h>
#include <sys/sysmacros.h>

#include "pidfds.h"

static char text[1 << 18];

static int graph_is_there(void)
{
	return !access("/proc/objgraph", F_OK);
}

/* How many different words of this kind lead to "to": "E word to name". */
static int sources(const char *to, const char *name)
{
	char want[80], seen[64][40];
	int nr = 0;

	snprintf(want, sizeof(want), " %s %s\n", to, name);
	slurp("/proc/objgraph", text, sizeof(text));
	for (char *line = text; line && *line; line = strchr(line, '\n')) {
		char from[40];
		int i = 0;

		line += *line == '\n';
		if (sscanf(line, "E %39s", from) != 1 ||
		    strncmp(line + 2 + strlen(from), want, strlen(want)))
			continue;
		while (i < nr && strcmp(seen[i], from))
			i++;
		if (i == nr && nr < 64)
			strcpy(seen[nr++], from);
	}
	return nr;
}

static void two_pidfds_meet_in_one_inode(void)
{
	char inode[40], pid_id[40];
	struct stat st;
	pid_t pid;
	int a, b;

	if (!graph_is_there() || !has_pidfs())
		SKIP("Pipit with pidfs");
	pid = spawn_sleeper();
	a = pidfd_open_(pid, 0);
	b = pidfd_open_(pid, 0);
	REQUIRE(a >= 0 && b >= 0 && !fstat(a, &st));
	snprintf(inode, sizeof(inode), "i%u:%lu", minor(st.st_dev), (long)st.st_ino);
	snprintf(pid_id, sizeof(pid_id), "p%lu", (long)st.st_ino);
	EXPECT_EQ(sources(pid_id, "private"), 1);
	EXPECT_EQ(sources(inode, "inode"), 2);
	close(a);
	EXPECT_EQ(sources(inode, "inode"), 1);
	kill_and_reap(pid);
	EXPECT_EQ(sources(pid_id, "pid"), 0); /* the process is gone, */
	EXPECT_EQ(sources(pid_id, "private"), 1); /* what stood for it is held */
	close(b);
	EXPECT_EQ(sources(pid_id, "private"), 0);
}

static void on_the_anonymous_inode_files_hold_the_process(void)
{
	char pid_id[40] = "", want[40], *at;
	pid_t pid;
	int a, b;

	if (!graph_is_there() || has_pidfs())
		SKIP("Pipit without pidfs");
	pid = spawn_sleeper();
	a = pidfd_open_(pid, 0);
	b = pidfd_open_(pid, 0);
	slurp("/proc/objgraph", text, sizeof(text));
	snprintf(want, sizeof(want), " nr=%d life=", pid);
	at = strstr(text, want);
	REQUIRE(at != NULL);
	while (at[-1] != ' ')
		at--;
	sscanf(at, "%39s", pid_id);
	EXPECT_EQ(sources(pid_id, "private"), 2);
	close(a);
	EXPECT_EQ(sources(pid_id, "private"), 1);
	close(b);
	EXPECT_EQ(sources(pid_id, "private"), 0);
	kill_and_reap(pid);
}

static void a_name_cannot_forge_a_line(void)
{
	if (!graph_is_there())
		SKIP("not Pipit");
	prctl(PR_SET_NAME, "x\nE a p1 pid");
	EXPECT_EQ(sources("p1", "pid"), 0);
	EXPECT(strstr(text, "name=x\\012E\\040a\\040p1\\040pid\n") != NULL);
}

int main(void)
{
	RUN(two_pidfds_meet_in_one_inode);
	RUN(on_the_anonymous_inode_files_hold_the_process);
	RUN(a_name_cannot_forge_a_line);
	return tap_done();
}
