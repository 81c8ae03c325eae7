/*
 * demo of lab 5: what is in memory before, during and after the life of a pidfd?
 */
#include "tests/user/pidfds.h"

static void show(const char *when)
{
	static const char *const caches[] = { "file ", "pseudo_dentry ", "inode ", "pid " };

	printf("%-30s", when);
	for (int i = 0; i < 4; i++)
		printf(" %8ld", file_number("/proc/slabinfo", caches[i]));
	printf("\n");
}

int main(void)
{
	pid_t child;
	int a, b;

	printf("%-30s %8s %8s %8s %8s\n", "objects in use", "file", "dentry", "inode", "pid");
	show("before");
	child = spawn_sleeper();
	show("a child");
	a = pidfd_open_(child, 0);
	b = pidfd_open_(child, 0);
	show("two pidfds of it");
	kill_and_reap(child);
	show("it is dead and reaped");
	close(a);
	show("one pidfd closed");
	close(b);
	show("the other closed");
	for (int i = 0; i < 1000; i++)
		close(pidfd_open_(1, 0));
	show("1000 opened and closed");
	return 0;
}
