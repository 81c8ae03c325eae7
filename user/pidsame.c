/*
 * pidsame A B: are two process numbers the same process? Yes if and only if
 * their pidfds agree in st_dev and st_ino. Exit status 0 for yes, 1 for no.
 */
#include "pidtool.h"

int main(int argc, char **argv)
{
	struct stat a, b;
	int x, y, same;

	if (argc != 3) {
		fprintf(stderr, "usage: pidsame PID PID\n");
		return 2;
	}
	x = open_argument(argv[1]);
	y = open_argument(argv[2]);
	if (x < 0 || y < 0 || fstat(x, &a) < 0 || fstat(y, &b) < 0)
		return 2;
	same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	printf("%s: inode %llu, %s: inode %llu: %s\n", argv[1], (unsigned long long)a.st_ino,
	       argv[2], (unsigned long long)b.st_ino, same ? "the same process" : "two processes");
	return !same;
}
