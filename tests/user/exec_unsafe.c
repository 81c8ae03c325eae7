/*
 * exec_unsafe: what a program that others could lead astray gets of the privilege its file would
 * give: where the caller shares its root and working directory with another process, or has given up
 * new privileges, only what the caller has already.
 */
#include <grp.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "world.h"

enum how { ALONE, THREADED, SHARED, NO_NEW_PRIVS, NR_HOWS };
enum which { PLAIN, SUID_ROOT, SUID_2000, SGID_3000, NR_FILES };
enum { OVERRIDE = 1 << 1, SETUID = 1 << 7, ALL = -1 };

/* A caller with these ids and capabilities; what becomes of it alone, when it shares, and under
   no_new_privs: euid, egid, AT_SECURE, permitted, effective: All, Override, Setuid. */
static const struct caller {
	enum which file;
	uid_t uid, euid, gid, egid;
	int caps;
	const char *gets[3];
} callers[] = {
	{ PLAIN,
	  1000,
	  1000,
	  1000,
	  1000,
	  0,
	  { "1000 1000 0 - -", "1000 1000 0 - -", "1000 1000 0 - -" } },
	{ SUID_ROOT,
	  1000,
	  1000,
	  1000,
	  1000,
	  0,
	  { "0 1000 1 A A", "1000 1000 1 - -", "1000 1000 0 - -" } },
	{ SUID_2000,
	  1000,
	  1000,
	  1000,
	  1000,
	  0,
	  { "2000 1000 1 - -", "1000 1000 1 - -", "1000 1000 0 - -" } },
	{ SGID_3000,
	  1000,
	  1000,
	  1000,
	  1000,
	  0,
	  { "1000 3000 1 - -", "1000 1000 1 - -", "1000 1000 0 - -" } },
	{ PLAIN,
	  1000,
	  1001,
	  1000,
	  1001,
	  0,
	  { "1001 1001 1 - -", "1001 1001 1 - -", "1001 1001 1 - -" } },
	{ SUID_ROOT,
	  1000,
	  1001,
	  1000,
	  1000,
	  0,
	  { "0 1000 1 A A", "1000 1000 1 - -", "1001 1000 1 - -" } },
	{ SUID_2000,
	  1000,
	  2000,
	  1000,
	  1000,
	  0,
	  { "2000 1000 1 - -", "2000 1000 1 - -", "2000 1000 1 - -" } },
	{ PLAIN, 1000, 0, 0, 0, ALL, { "0 0 1 A A", "0 0 1 A A", "0 0 1 A A" } },
	{ PLAIN, 1000, 0, 0, 0, OVERRIDE, { "0 0 1 A A", "1000 0 1 O O", "1000 0 1 O O" } },
	{ PLAIN, 0, 0, 0, 0, OVERRIDE, { "0 0 0 A A", "0 0 0 O O", "0 0 0 O O" } },
	{ SUID_2000, 0, 0, 0, 0, ALL, { "2000 0 1 A -", "2000 0 1 A -", "0 0 0 A A" } },
	{ SUID_2000, 0, 0, 0, 0, OVERRIDE, { "2000 0 1 A -", "0 0 1 O -", "0 0 0 O O" } },
	{ SUID_ROOT,
	  1000,
	  1000,
	  1000,
	  1000,
	  SETUID,
	  { "0 1000 1 A A", "0 1000 1 S S", "1000 1000 0 - -" } },
	{ SUID_ROOT,
	  1000,
	  1000,
	  1000,
	  1000,
	  OVERRIDE,
	  { "0 1000 1 A A", "1000 1000 1 O O", "1000 1000 0 - -" } },
	{ SUID_2000,
	  1000,
	  1001,
	  1000,
	  1001,
	  SETUID,
	  { "2000 1001 1 - -", "2000 1001 1 - -", "1001 1001 1 - -" } },
};

static char dir[64];

static void path_of(char *path, enum which file)
{
	snprintf(path, 128, "%s/program%d", dir, file);
}

static void lower_caps(int caps)
{
	unsigned header[2] = { 0x20080522, 0 }, data[6]; /* _LINUX_CAPABILITY_VERSION_3 */

	if (syscall(SYS_capget, header, data))
		_exit(101);
	data[0] = data[1] &= (unsigned)caps;
	data[3] = data[4] &= caps == ALL ? ~0U : 0;
	data[2] = data[5] = 0;
	if (syscall(SYS_capset, header, data))
		_exit(102);
}

static int becomes(const struct caller *c, enum how how)
{
	static char stack[16384] __attribute__((aligned(16)));
	int flags = how == SHARED ? CLONE_FS | SIGCHLD
				  : CLONE_FS | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
	char path[128];

	setpgid(0, 0);
	if ((how == SHARED || how == THREADED) &&
	    clone(child_pauses, stack + sizeof(stack), flags, NULL) < 0)
		return 103;
	prctl(PR_SET_KEEPCAPS, 1);
	if (setgroups(0, NULL) || setresgid(c->gid, c->egid, c->egid) ||
	    setresuid(c->uid, c->euid, c->euid))
		return 104;
	lower_caps(c->caps);
	if (how == NO_NEW_PRIVS)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	path_of(path, c->file);
	execl(path, path, "--report", NULL);
	return 105;
}

static char letter(const char *key)
{
	static char buf[4096];
	char *at = strstr(slurp("/proc/self/status", buf, sizeof(buf)), key);
	unsigned long caps = at ? strtoul(at + strlen(key), NULL, 16) : 0;

	return !caps ? '-' : caps == OVERRIDE ? 'O' : caps == SETUID ? 'S' : 'A';
}

/* To standard output, which is a pipe. */
static int report(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) || getresgid(&rg, &eg, &sg) || s != e || sg != eg)
		printf("saved ids differ\n");
	printf("%u %u %lu %c %c", e, eg, getauxval(AT_SECURE), letter("\nCapPrm:"),
	       letter("\nCapEff:"));
	return 0;
}

static void outcome(const struct caller *c, enum how how, char *got, size_t size)
{
	ssize_t n;
	int p[2];
	pid_t pid;

	REQUIRE(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		_exit(becomes(c, how));
	}
	close(p[1]);
	n = read(p[0], got, size - 1);
	got[n > 0 ? n : 0] = '\0';
	reap(pid);
	kill(-pid, SIGKILL);
	close(p[0]);
}

static void gains(enum how how)
{
	static const int column[NR_HOWS] = { 0, 0, 1, 2 };

	if (getuid())
		SKIP("not root");
	for (size_t i = 0; i < sizeof(callers) / sizeof(*callers); i++) {
		const struct caller *c = &callers[i];
		char got[64];

		outcome(c, how, got, sizeof(got));
		if (strcmp(got, c->gets[column[how]])) {
			tap_note("case %zu: \"%s\", not \"%s\"", i, got, c->gets[column[how]]);
			tap_is_bad = 1;
		}
	}
}

static void set_id_programs_change_who_calls_them(void)
{
	gains(ALONE);
}

static void threads_of_the_caller_do_not_hinder_it(void)
{
	gains(THREADED);
}

static void no_privilege_for_who_shares_its_root_with_another_process(void)
{
	gains(SHARED);
}

static void no_privilege_under_no_new_privs(void)
{
	gains(NO_NEW_PRIVS);
}

static int make_program(enum which file, const char *self)
{
	char path[128], buf[65536];
	int in = open(self, O_RDONLY), out;
	ssize_t n;

	path_of(path, file);
	out = open(path, O_CREAT | O_WRONLY, 0700);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			return -1;
	if (n < 0 || fchown(out, file == SUID_2000 ? 2000 : 0, file == SGID_3000 ? 3000 : 0) ||
	    fchmod(out, file == PLAIN       ? 0755
			: file == SGID_3000 ? 02755
					    : 04755))
		return -1;
	close(in);
	return close(out);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--report"))
		return report();
	snprintf(dir, sizeof(dir), "%s/exec_unsafe-%d", world_root(), getpid());
	if (mkdir(dir, 0755) || chmod(dir, 0755))
		return 1;
	for (enum which file = PLAIN; file < NR_FILES; file++)
		if (make_program(file, "/proc/self/exe"))
			return 2;
	RUN(set_id_programs_change_who_calls_them);
	RUN(threads_of_the_caller_do_not_hinder_it);
	RUN(no_privilege_for_who_shares_its_root_with_another_process);
	RUN(no_privilege_under_no_new_privs);
	world_remove(dir);
	return tap_done();
}
