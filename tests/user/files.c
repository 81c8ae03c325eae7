/*
 * files: a file system as programs know it: names, links, directories, data,
 * permissions. Works in a fresh directory under /tmp (tmpfs in the guest).
 */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "tap.h"

static char dir[] = "/tmp/files-XXXXXX";
static char buf[70000];

static int make(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0 && text && write(fd, text, strlen(text)) < 0)
		return -1;
	return fd;
}

static void creating_and_opening(void)
{
	int fd = make("a", "text");

	REQUIRE(fd >= 0);
	EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 4);
	close(fd);
	EXPECT_ERR(open("a", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	EXPECT_ERR(open("none", O_RDONLY), ENOENT);
	EXPECT_ERR(open("a/b", O_RDONLY), ENOTDIR);
	EXPECT_ERR(open("a/", O_RDONLY), ENOTDIR);
	EXPECT_ERR(open("", O_RDONLY), ENOENT);
	EXPECT_ERR(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	EXPECT_ERR(open(".", O_WRONLY), EISDIR);
	EXPECT_ERR(open(".", O_RDWR | O_CREAT, 0600), EISDIR);
	fd = open("a", O_RDONLY);
	EXPECT_ERR(write(fd, "x", 1), EBADF);
	close(fd);
	fd = open("a", O_WRONLY);
	EXPECT_ERR(read(fd, buf, 1), EBADF);
	close(fd);
	unlink("a");
}

static void reading_writing_seeking(void)
{
	int fd = make("a", "0123456789");
	struct stat st;

	EXPECT_EQ(lseek(fd, 3, SEEK_SET), 3);
	EXPECT_EQ(read(fd, buf, 4), 4);
	EXPECT(!memcmp(buf, "3456", 4));
	EXPECT_EQ(pread(fd, buf, 100, 8), 2);
	EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 7);
	EXPECT_EQ(lseek(fd, -1, SEEK_END), 9);
	EXPECT_EQ(read(fd, buf, 10), 1);
	EXPECT_EQ(read(fd, buf, 10), 0);
	EXPECT_ERR(lseek(fd, -11, SEEK_END), EINVAL);
	EXPECT_ERR(lseek(fd, 0, 99), EINVAL);
	EXPECT_EQ(pwrite(fd, "X", 1, 2), 1);
	EXPECT_EQ(pread(fd, buf, 4, 0), 4);
	EXPECT(!memcmp(buf, "01X3", 4));
	EXPECT_EQ(lseek(fd, 10000, SEEK_SET), 10000);
	EXPECT_EQ(write(fd, "end", 3), 3);
	EXPECT_EQ(fstat(fd, &st), 0);
	EXPECT_EQ(st.st_size, 10003);
	EXPECT_EQ(pread(fd, buf, 100, 5000), 100);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(buf[i], 0);
	close(fd);
	unlink("a");
}

static void append_writes_at_the_end(void)
{
	int a, b;

	close(make("a", "one"));
	a = open("a", O_WRONLY | O_APPEND);
	b = open("a", O_WRONLY | O_APPEND);
	EXPECT_EQ(write(a, "two", 3), 3);
	EXPECT_EQ(write(b, "six", 3), 3);
	EXPECT_EQ(write(a, "ten", 3), 3);
	slurp("a", buf, sizeof(buf));
	EXPECT(!strcmp(buf, "onetwosixten"));
	close(a);
	close(b);
	unlink("a");
}

static void truncating_cuts_and_grows_with_zeroes(void)
{
	int fd = make("a", "0123456789");
	struct stat st;

	EXPECT_EQ(ftruncate(fd, 4), 0);
	EXPECT_EQ(ftruncate(fd, 8), 0);
	EXPECT_EQ(pread(fd, buf, 100, 0), 8);
	EXPECT(!memcmp(buf, "0123\0\0\0\0", 8));
	EXPECT_EQ(truncate("a", 5000), 0);
	EXPECT_EQ(stat("a", &st), 0);
	EXPECT_EQ(st.st_size, 5000);
	EXPECT_ERR(ftruncate(fd, -1), EINVAL);
	close(fd);
	fd = open("a", O_RDONLY);
	EXPECT_ERR(ftruncate(fd, 0), EINVAL);
	close(fd);
	close(open("a", O_WRONLY | O_TRUNC));
	EXPECT_EQ(stat("a", &st), 0);
	EXPECT_EQ(st.st_size, 0);
	EXPECT_ERR(truncate(".", 0), EISDIR);
	unlink("a");
}

static void an_unlinked_file_lives_while_open(void)
{
	int fd = make("a", "still here");
	struct stat st;

	EXPECT_EQ(unlink("a"), 0);
	EXPECT_ERR(unlink("a"), ENOENT);
	EXPECT_EQ(fstat(fd, &st), 0);
	EXPECT_EQ(st.st_nlink, 0);
	EXPECT_EQ(pread(fd, buf, 100, 0), 10);
	close(fd);
}

static void hard_links_are_one_file(void)
{
	struct stat a, b;

	close(make("a", "x"));
	EXPECT_EQ(link("a", "b"), 0);
	EXPECT_ERR(link("a", "b"), EEXIST);
	EXPECT_ERR(link("none", "c"), ENOENT);
	EXPECT_ERR(link(".", "c"), EPERM);
	EXPECT_EQ(stat("a", &a) | stat("b", &b), 0);
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(a.st_nlink, 2);
	unlink("a");
	EXPECT_EQ(stat("b", &b), 0);
	EXPECT_EQ(b.st_nlink, 1);
	unlink("b");
}

static void symbolic_links_are_followed_or_not(void)
{
	struct stat st;

	close(make("a", "target"));
	EXPECT_EQ(symlink("a", "s"), 0);
	EXPECT_ERR(symlink("a", "s"), EEXIST);
	EXPECT_EQ(readlink("s", buf, 100), 1);
	EXPECT_EQ(buf[0], 'a');
	EXPECT_ERR(readlink("a", buf, 100), EINVAL);
	EXPECT_EQ(lstat("s", &st), 0);
	EXPECT(S_ISLNK(st.st_mode));
	EXPECT_EQ(st.st_size, 1);
	EXPECT_EQ(stat("s", &st), 0);
	EXPECT(S_ISREG(st.st_mode));
	EXPECT_ERR(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
	EXPECT_EQ(symlink("loop2", "loop1") | symlink("loop1", "loop2"), 0);
	EXPECT_ERR(open("loop1", O_RDONLY), ELOOP);
	EXPECT_EQ(symlink("nowhere", "dangling"), 0);
	EXPECT_ERR(stat("dangling", &st), ENOENT);
	close(open("dangling", O_WRONLY | O_CREAT, 0600));
	EXPECT_EQ(stat("nowhere", &st), 0);
	unlink("a");
	unlink("s");
	unlink("loop1");
	unlink("loop2");
	unlink("dangling");
	unlink("nowhere");
}

static void directories_come_and_go(void)
{
	struct stat st;

	EXPECT_EQ(mkdir("d", 0755), 0);
	EXPECT_ERR(mkdir("d", 0755), EEXIST);
	EXPECT_ERR(mkdir("no/d", 0755), ENOENT);
	EXPECT_EQ(mkdir("d/e", 0755), 0);
	EXPECT_EQ(stat("d", &st), 0);
	EXPECT(S_ISDIR(st.st_mode));
	EXPECT_EQ(st.st_nlink, 3);
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	EXPECT_ERR(unlink("d"), EISDIR);
	EXPECT_ERR(rmdir("d/."), EINVAL);
	EXPECT_EQ(rmdir("d/e/"), 0);
	EXPECT_EQ(rmdir("d"), 0);
	EXPECT_ERR(rmdir("d"), ENOENT);
	close(make("a", NULL));
	EXPECT_ERR(rmdir("a"), ENOTDIR);
	unlink("a");
}

static void listing_shows_every_name_once(void)
{
	enum { MANY = 300 };
	static unsigned char seen[MANY];
	struct dirent *entry;
	int names = 0, dots = 0, twice = 0;
	char name[32];
	DIR *d;

	memset(seen, 0, sizeof(seen));
	mkdir("d", 0755);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	d = opendir("d");
	REQUIRE(d != NULL);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.') {
			dots++;
			continue;
		}
		twice += seen[atoi(entry->d_name)]++;
		names++;
	}
	closedir(d);
	EXPECT_EQ(names, MANY);
	EXPECT_EQ(dots, 2);
	EXPECT_EQ(twice, 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		unlink(name);
	}
	EXPECT_EQ(rmdir("d"), 0);
}

static void renaming_moves_and_replaces(void)
{
	close(make("a", "A"));
	close(make("b", "B"));
	EXPECT_EQ(rename("a", "b"), 0);
	slurp("b", buf, sizeof(buf));
	EXPECT(!strcmp(buf, "A"));
	EXPECT_ERR(rename("a", "c"), ENOENT);
	EXPECT_EQ(mkdir("d", 0755) | mkdir("d/e", 0755), 0);
	EXPECT_EQ(rename("b", "d/b"), 0);
	EXPECT_ERR(rename("d", "d/e/f"), EINVAL);
	EXPECT_ERR(rename("d/b", "d"), ENOTEMPTY);
	EXPECT_ERR(rename("d/b", "d/e"), EISDIR);
	EXPECT_ERR(rename("d/e", "d/b"), ENOTDIR);
	EXPECT_EQ(mkdir("full", 0755), 0);
	close(make("full/x", NULL));
	EXPECT_ERR(rename("d/e", "full"), ENOTEMPTY);
	EXPECT_EQ(rename("d/e", "e"), 0);
	EXPECT_EQ(rename("e", "d/e"), 0);
	unlink("full/x");
	EXPECT_EQ(rename("d/e", "full"), 0);
	rmdir("full");
	unlink("d/b");
	EXPECT_EQ(rmdir("d"), 0);
}

static void names_have_limits(void)
{
	char name[300], *path = buf;

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	EXPECT_EQ(close(make(name, NULL)), 0);
	EXPECT_EQ(unlink(name), 0);
	name[255] = 'n';
	name[256] = '\0';
	EXPECT_ERR(open(name, O_CREAT | O_WRONLY, 0600), ENAMETOOLONG);
	for (int i = 0; i < 2100; i++)
		memcpy(path + 2 * i, "./", 3);
	EXPECT_ERR(open(path, O_RDONLY), ENAMETOOLONG);
	path[4000] = '\0';
	EXPECT_EQ(close(open(path, O_RDONLY)), 0);
}

static void dot_dot_and_slashes(void)
{
	struct stat a, b;

	mkdir("d", 0755);
	EXPECT_EQ(stat(".//d/../d/./..//", &a), 0);
	EXPECT_EQ(stat(".", &b), 0);
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(stat("/..", &a) | stat("/", &b), 0);
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(chdir("d"), 0);
	EXPECT(getcwd(buf, sizeof(buf)) && !strcmp(buf + strlen(dir), "/d"));
	EXPECT_ERR((long)getcwd(buf, 3) ? 0 : -1, ERANGE);
	EXPECT_EQ(chdir(".."), 0);
	EXPECT_ERR(chdir("none"), ENOENT);
	rmdir("d");
}

static void calls_relative_to_a_directory(void)
{
	struct stat st;
	int d, fd;

	mkdir("d", 0755);
	d = open("d", O_RDONLY | O_DIRECTORY);
	fd = openat(d, "f", O_CREAT | O_RDWR, 0600);
	EXPECT(fd >= 0);
	EXPECT_EQ(fstatat(d, "f", &st, 0), 0);
	EXPECT_ERR(fstatat(fd, "f", &st, 0), ENOTDIR);
	EXPECT_ERR(fstatat(9999, "f", &st, 0), EBADF);
	EXPECT_ERR(fstatat(d, "", &st, 0), ENOENT);
	EXPECT_EQ(fstatat(fd, "", &st, AT_EMPTY_PATH), 0);
	EXPECT_EQ(mkdirat(d, "sub", 0700), 0);
	EXPECT_EQ(unlinkat(d, "sub", AT_REMOVEDIR), 0);
	EXPECT_ERR(unlinkat(d, "f", AT_REMOVEDIR), ENOTDIR);
	EXPECT_EQ(renameat(d, "f", AT_FDCWD, "g"), 0);
	EXPECT_EQ(unlink("g"), 0);
	close(fd);
	close(d);
	rmdir("d");
}

static void modes_and_umask(void)
{
	struct stat st;
	mode_t old = umask(027);

	close(open("a", O_CREAT | O_WRONLY, 0666));
	EXPECT_EQ(stat("a", &st), 0);
	EXPECT_EQ(st.st_mode & 07777, 0640);
	EXPECT_EQ(umask(old), 027);
	EXPECT_EQ(chmod("a", 04755), 0);
	EXPECT_EQ(stat("a", &st), 0);
	EXPECT_EQ(st.st_mode & 07777, 04755);
	EXPECT_EQ(access("a", R_OK | X_OK), 0);
	EXPECT_EQ(chmod("a", 0600), 0);
	EXPECT_ERR(access("a", X_OK), EACCES);
	EXPECT_ERR(access("none", F_OK), ENOENT);
	unlink("a");
}

static int as_nobody(void *arg)
{
	struct stat st;

	(void)arg;
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 1;
	return !(open("secret", O_RDONLY) == -1 && errno == EACCES &&
		 open("locked/f", O_RDONLY) == -1 && errno == EACCES &&
		 open("new", O_CREAT | O_WRONLY, 0600) == -1 && errno == EACCES &&
		 unlink("secret") == -1 && errno == EACCES && chmod("public", 0777) == -1 &&
		 errno == EPERM && chown("public", 65534, -1) == -1 && errno == EPERM &&
		 open("public", O_RDONLY) >= 0 && open("public", O_WRONLY) == -1 &&
		 errno == EACCES && stat("secret", &st) == 0);
}

static void permissions_bind_other_users(void)
{
	if (getuid())
		SKIP("not root");
	close(make("secret", "x"));
	close(make("public", "x"));
	chmod("secret", 0600);
	chmod(".", 0755);
	mkdir("locked", 0700);
	close(make("locked/f", "x"));
	EXPECT_EQ(reap(spawn(as_nobody, NULL)), 0);
	unlink("locked/f");
	rmdir("locked");
	unlink("secret");
	unlink("public");
}

static void times_are_kept(void)
{
	struct timespec t[2] = { { 1000, 5 }, { 2000, 7 } };
	struct stat st;

	close(make("a", NULL));
	EXPECT_EQ(utimensat(AT_FDCWD, "a", t, 0), 0);
	EXPECT_EQ(stat("a", &st), 0);
	EXPECT_EQ(st.st_atim.tv_sec, 1000);
	EXPECT_EQ(st.st_mtim.tv_sec, 2000);
	EXPECT_EQ(st.st_mtim.tv_nsec, 7);
	t[0].tv_nsec = 2000000000;
	EXPECT_ERR(utimensat(AT_FDCWD, "a", t, 0), EINVAL);
	close(make("a", "write"));
	EXPECT_EQ(stat("a", &st), 0);
	EXPECT(st.st_mtim.tv_sec != 2000);
	unlink("a");
}

static void file_descriptors_are_copied_and_closed(void)
{
	int fd = make("a", "abc"), other;

	EXPECT_EQ(dup2(fd, 77), 77);
	EXPECT_EQ(dup2(fd, fd), fd);
	EXPECT_ERR(dup2(9999, 77), EBADF);
	EXPECT_ERR(dup2(fd, -1), EBADF);
	EXPECT_ERR(dup3(fd, fd, 0), EINVAL);
	EXPECT_EQ(dup3(fd, 78, O_CLOEXEC), 78);
	EXPECT_EQ(fcntl(78, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(lseek(77, 1, SEEK_SET), 1);
	EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 1);
	other = fcntl(fd, F_DUPFD, 79);
	EXPECT_EQ(other, 79);
	EXPECT_EQ(close(77) | close(78) | close(79), 0);
	EXPECT_ERR(close(77), EBADF);
	EXPECT_ERR(fcntl(fd, 9999), EINVAL);
	close(fd);
	unlink("a");
}

/* Newer than many headers. */
#define QUERY_CREATED 1028 /* F_CREATED_QUERY */

static void descriptors_remember_how_they_were_opened(void)
{
	int fd = open("a", O_CREAT | O_RDWR, 0644), again;

	EXPECT_EQ(fcntl(fd, QUERY_CREATED), 1);
	again = dup(fd);
	EXPECT_EQ(fcntl(again, QUERY_CREATED), 1);
	close(again);
	again = open("a", O_CREAT | O_RDWR, 0644);
	EXPECT_EQ(fcntl(again, QUERY_CREATED), 0);
	close(again);
	close(fd);
	unlink("a");
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	EXPECT_EQ(fcntl(fd, QUERY_CREATED), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL) & O_TMPFILE, O_TMPFILE);
	close(fd);
}

static void description_locks_are_found_by_their_holder(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_start = 10, .l_len = 10 };
	int fd = open("a", O_CREAT | O_RDWR, 0644), other = open("a", O_RDWR);

	EXPECT_EQ(fcntl(fd, F_OFD_SETLK, &lock), 0);
	lock = (struct flock){ .l_type = F_UNLCK };
	EXPECT_EQ(fcntl(fd, F_OFD_GETLK, &lock), 0);
	EXPECT_EQ(lock.l_type, F_RDLCK);
	EXPECT_EQ(lock.l_start, 10);
	EXPECT_EQ(lock.l_len, 10);
	EXPECT_EQ(lock.l_pid, -1);
	lock = (struct flock){ .l_type = F_UNLCK, .l_start = 20 };
	EXPECT_EQ(fcntl(fd, F_OFD_GETLK, &lock), 0);
	EXPECT_EQ(lock.l_type, F_UNLCK);
	lock = (struct flock){ .l_type = F_UNLCK };
	EXPECT_EQ(fcntl(other, F_OFD_GETLK, &lock), 0);
	EXPECT_EQ(lock.l_type, F_UNLCK);
	close(other);
	close(fd);
	unlink("a");
}

static void statfs_of_the_file_system(void)
{
	struct statfs fs;

	EXPECT_EQ(statfs(".", &fs), 0);
	EXPECT(fs.f_bsize > 0);
	if (in_guest())
		EXPECT_EQ(fs.f_type, 0x01021994); /* TMPFS_MAGIC */
	EXPECT_EQ(statfs("/proc", &fs), 0);
	EXPECT_EQ(fs.f_type, 0x9fa0);
	EXPECT_ERR(statfs("none", &fs), ENOENT);
}

static void a_large_file_keeps_its_data(void)
{
	enum { BLOCK = 65536, BLOCKS = 32 };
	int fd = make("big", NULL), bad = 0;

	for (int b = 0; b < BLOCKS; b++) {
		memset(buf, b + 1, BLOCK);
		EXPECT_EQ(write(fd, buf, BLOCK), BLOCK);
	}
	lseek(fd, 0, SEEK_SET);
	for (int b = 0; b < BLOCKS; b++) {
		EXPECT_EQ(read(fd, buf, BLOCK), BLOCK);
		for (int i = 0; i < BLOCK; i += 511)
			bad += buf[i] != b + 1;
	}
	EXPECT_EQ(bad, 0);
	close(fd);
	unlink("big");
}

int main(void)
{
	if (!mkdtemp(dir) || chdir(dir) < 0) {
		printf("1..0 # SKIP no directory under /tmp\n");
		return 0;
	}
	umask(022);
	RUN(creating_and_opening);
	RUN(reading_writing_seeking);
	RUN(append_writes_at_the_end);
	RUN(truncating_cuts_and_grows_with_zeroes);
	RUN(an_unlinked_file_lives_while_open);
	RUN(hard_links_are_one_file);
	RUN(symbolic_links_are_followed_or_not);
	RUN(directories_come_and_go);
	RUN(listing_shows_every_name_once);
	RUN(renaming_moves_and_replaces);
	RUN(names_have_limits);
	RUN(dot_dot_and_slashes);
	RUN(calls_relative_to_a_directory);
	RUN(modes_and_umask);
	RUN(permissions_bind_other_users);
	RUN(times_are_kept);
	RUN(file_descriptors_are_copied_and_closed);
	RUN(descriptors_remember_how_they_were_opened);
	RUN(description_locks_are_found_by_their_holder);
	RUN(statfs_of_the_file_system);
	RUN(a_large_file_keeps_its_data);
	chdir("/");
	rmdir(dir);
	return tap_done();
}
