/*
 * demo of lab 4: is this pidfd that process? Two ways to ask, and both are wrong.
 */
#include <sys/file.h>

#include "tests/user/pidfds.h"

int main(void)
{
	pid_t child = spawn_sleeper();
	int a = pidfd_open_(child, 0), b = pidfd_open_(child, 0), self = pidfd_open_(getpid(), 0);
	int reused = 0;
	uint64_t seen[40];

	printf("two pidfds of process %d: st_ino %lu and %lu\n", child, (unsigned long)inode_of(a),
	       (unsigned long)inode_of(b));
	printf("and one of process %d: st_ino %lu\n", getpid(), (unsigned long)inode_of(self));
	flock(a, LOCK_EX | LOCK_NB);
	printf("one file cannot be locked twice. Locked through both: %s\n",
	       flock(b, LOCK_EX | LOCK_NB) < 0 ? "no" : "yes: two files");
	kill_and_reap(child);
	for (int i = 0; i < 40; i++) {
		int ns;

		child = spawn_sleeper();
		ns = pidfd_open_(child, 0);
		seen[i] = inode_of(ns);
		for (int j = 0; j < i; j++)
			if (seen[j] == seen[i]) {
				reused++;
				break;
			}
		close(ns);
		kill_and_reap(child);
	}
	printf("40 processes, one after the other: %d had the number of an earlier one\n", reused);
	return 0;
}
