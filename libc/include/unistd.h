/* The system calls of POSIX, and getopt. */
#pragma once

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/close_range.h>
#include <linux/fs.h>

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

#define F_ULOCK 0
#define F_LOCK  1
#define F_TLOCK 2
#define F_TEST  3

#define _POSIX_VERSION  200809L
#define _POSIX_VDISABLE 0

#define _PC_LINK_MAX 0
#define _PC_NAME_MAX 3
#define _PC_PATH_MAX 4
#define _PC_PIPE_BUF 5

#define _SC_ARG_MAX          0
#define _SC_CHILD_MAX        1
#define _SC_CLK_TCK          2
#define _SC_NGROUPS_MAX      3
#define _SC_OPEN_MAX         4
#define _SC_PAGESIZE         30
#define _SC_PAGE_SIZE        _SC_PAGESIZE
#define _SC_IOV_MAX          60
#define _SC_NPROCESSORS_CONF 83
#define _SC_NPROCESSORS_ONLN 84
#define _SC_PHYS_PAGES       85
#define _SC_AVPHYS_PAGES     86

extern char **environ;

/* Descriptors. */
ssize_t read(int fd, void *buf, size_t n);
ssize_t write(int fd, const void *buf, size_t n);
ssize_t pread(int fd, void *buf, size_t n, off_t offset);
ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset);
off_t lseek(int fd, off_t offset, int whence);
int close(int fd);
int close_range(unsigned int first, unsigned int last, int flags);
void closefrom(int first);
int dup(int fd);
int dup2(int from, int to);
int dup3(int from, int to, int flags);
int pipe(int fds[2]);
int pipe2(int fds[2], int flags);
int fsync(int fd);
int fdatasync(int fd);
void sync(void);
int syncfs(int fd);
int ftruncate(int fd, off_t size);
int truncate(const char *path, off_t size);
int lockf(int fd, int command, off_t len);
int isatty(int fd);
char *ttyname(int fd);
int ttyname_r(int fd, char *buf, size_t size);
ssize_t copy_file_range(int in, off_t *in_pos, int out, off_t *out_pos, size_t n,
			unsigned int flags);

/* Names. */
int access(const char *path, int mode);
int eaccess(const char *path, int mode);
int faccessat(int dir, const char *path, int mode, int flags);
int link(const char *from, const char *to);
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int symlink(const char *target, const char *path);
int symlinkat(const char *target, int dir, const char *path);
ssize_t readlink(const char *path, char *buf, size_t size);
ssize_t readlinkat(int dir, const char *path, char *buf, size_t size);
int unlink(const char *path);
int unlinkat(int dir, const char *path, int flags);
int rmdir(const char *path);
int chdir(const char *path);
int fchdir(int fd);
int chroot(const char *path);
int chown(const char *path, uid_t uid, gid_t gid);
int fchown(int fd, uid_t uid, gid_t gid);
int lchown(const char *path, uid_t uid, gid_t gid);
int fchownat(int dir, const char *path, uid_t uid, gid_t gid, int flags);
char *getcwd(char *buf, size_t size);
long pathconf(const char *path, int name);
long fpathconf(int fd, int name);

/* Processes. */
pid_t fork(void);
pid_t vfork(void) __attribute__((returns_twice));
pid_t getpid(void);
pid_t getppid(void);
pid_t gettid(void);
pid_t getpgid(pid_t pid);
pid_t getpgrp(void);
pid_t getsid(pid_t pid);
pid_t setsid(void);
int setpgid(pid_t pid, pid_t pgid);
int setpgrp(void);
pid_t tcgetpgrp(int fd);
int tcsetpgrp(int fd, pid_t pgid);
int execve(const char *path, char *const argv[], char *const envp[]);
int execv(const char *path, char *const argv[]);
int execvp(const char *file, char *const argv[]);
int execvpe(const char *file, char *const argv[], char *const envp[]);
int execl(const char *path, const char *arg, ...);
int execlp(const char *file, const char *arg, ...);
int execle(const char *path, const char *arg, ...);
int fexecve(int fd, char *const argv[], char *const envp[]);
int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags);
_Noreturn void _exit(int status);
int daemon(int no_chdir, int no_close);
int nice(int increment);
int pause(void);
unsigned int alarm(unsigned int seconds);
unsigned int sleep(unsigned int seconds);
int usleep(useconds_t usec);
useconds_t ualarm(useconds_t usec, useconds_t interval);

/* Who: these change the calling thread only, as the system calls do. */
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int getresgid(gid_t *real, gid_t *effective, gid_t *saved);
int setuid(uid_t uid);
int seteuid(uid_t uid);
int setgid(gid_t gid);
int setegid(gid_t gid);
int setreuid(uid_t real, uid_t effective);
int setregid(gid_t real, gid_t effective);
int setresuid(uid_t real, uid_t effective, uid_t saved);
int setresgid(gid_t real, gid_t effective, gid_t saved);
int getgroups(int n, gid_t *groups);

/* The system. */
int gethostname(char *name, size_t size);
int sethostname(const char *name, size_t len);
int getdomainname(char *name, size_t size);
int setdomainname(const char *name, size_t len);
long sysconf(int name);
int getpagesize(void);
int pivot_root(const char *new_root, const char *put_old);
int getentropy(void *buf, size_t n);
int brk(void *end);
void *sbrk(intptr_t increment);
long syscall(long nr, ...);
