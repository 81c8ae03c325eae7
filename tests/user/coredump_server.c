/*
 * coredump_server: dumps to a socket's server, which may have a say; and dumps where there is little
 * room. In the guest only: core_pattern is the whole system's.
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cores.h"
#include "namespaces.h"

#define SERVER "/tmp/coredump-server"

/* ---- servers */

static int serve(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = SERVER };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(SERVER);
	if (bind(fd, (void *)&name, sizeof(name)) || listen(fd, 4))
		tap_note("no server: errno %d", errno);
	return fd;
}

static int peer_pidfd(int fd)
{
	int pidfd = -1;
	socklen_t len = sizeof(pidfd);

	return getsockopt(fd, SOL_SOCKET, 77, &pidfd, &len) ? -1 : pidfd;
}

static void a_server_gets_the_dump(void)
{
	struct full_info info;
	char head[64] = "";
	int listener, fd, pidfd;
	pid_t pid;

	GUEST();
	EXPECT_EQ(store(CORE_PATTERN, "@" SERVER), 0);
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV); /* there is none yet */
	listener = serve();
	pid = spawn(child_is_large, NULL);
	fd = accept(listener, NULL, NULL);
	REQUIRE(fd >= 0);
	pidfd = peer_pidfd(fd);
	EXPECT(pidfd >= 0);
	if (has_pidfs()) {
		EXPECT_EQ(info_of(pidfd, INFO_DUMP, &info), 0);
		EXPECT_EQ(info.v0.mask, 0xd3);
		EXPECT_EQ(info.v0.pid, pid);
		EXPECT_EQ(info.dump_mask, DUMPED | DUMP_BY_USER);
		EXPECT_EQ(info.dump_signal, SIGSEGV);
	}
	EXPECT(read_all(fd, head, sizeof(head)) > 4 << 20);
	EXPECT(!memcmp(head, "\177ELF", 4));
	close(fd);
	EXPECT_EQ(reap(pid), SIGSEGV | 0x80);
	if (has_pidfs()) {
		EXPECT_EQ(info_of(pidfd, INFO_DUMP | INFO_EXIT, &info), 0);
		EXPECT_EQ(info.v0.mask, 0xd8);
		EXPECT_EQ(info.v0.exit_code, SIGSEGV | 0x80);
	}
	close(pidfd);
	pid = spawn(child_is_large, NULL);
	close(accept(listener, NULL, NULL)); /* which may be too early */
	EXPECT_EQ(reap(pid) & 0x7f, SIGSEGV);
	pid = spawn(child_is_large, NULL);
	fd = accept(listener, NULL, NULL);
	EXPECT_EQ(kill(pid, SIGKILL), 0); /* while it waits for the reader */
	EXPECT_EQ(reap(pid), SIGKILL);
	close(fd);
	close(listener);
	unlink(SERVER);
	EXPECT_EQ(symlink("/tmp/elsewhere", SERVER), 0);
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV);
	unlink(SERVER);
}

struct ack {
	uint32_t size, spare;
	uint64_t mask;
};
#define BY_KERNEL 1
#define BY_SERVER 2
#define REJECT    4
#define WAIT      8

/* The server's answer to the next crash; the mark it gets, or -1; how the process ended in *status;
 * the bytes that came in *bytes. */
static int negotiate(int listener, struct ack ack, int *status, size_t *bytes)
{
	struct {
		uint32_t size, size_ack;
		uint64_t mask;
	} req;
	pid_t pid = spawn(child_faults, NULL);
	int fd = accept(listener, NULL, NULL), mark = -1;
	char head[16];

	EXPECT_EQ(recv(fd, &req, sizeof(req), MSG_WAITALL), 16);
	EXPECT_EQ(req.size, 16);
	EXPECT_EQ(req.size_ack, 16);
	EXPECT_EQ(req.mask, BY_KERNEL | BY_SERVER | REJECT | WAIT);
	EXPECT_EQ(send(fd, &ack, sizeof(ack), MSG_NOSIGNAL), 16);
	if (recv(fd, &mark, sizeof(mark), MSG_WAITALL) != sizeof(mark))
		mark = -1;
	*bytes = read_all(fd, head, sizeof(head));
	if (ack.mask & WAIT) {
		sleep_ms(50);
		EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
	}
	close(fd);
	*status = reap(pid);
	return mark;
}

static void servers_say_what_is_to_be_done(void)
{
	static const struct {
		struct ack ack;
		int mark, status, has_bytes;
	} cases[] = {
		{ { 16, 0, BY_KERNEL }, 0, SIGSEGV | 0x80, 1 },
		{ { 16, 0, BY_KERNEL | WAIT }, 0, SIGSEGV | 0x80, 1 },
		{ { 16, 0, BY_SERVER }, 0, SIGSEGV | 0x80, 0 },
		{ { 16, 0, BY_SERVER | WAIT }, 0, SIGSEGV | 0x80, 0 },
		{ { 16, 0, REJECT }, 0, SIGSEGV, 0 },
		{ { 15, 0, BY_KERNEL }, 1, SIGSEGV, 0 },
		{ { 17, 0, BY_KERNEL }, 2, SIGSEGV, 0 },
		{ { 16, 0, 16 | BY_KERNEL }, 3, SIGSEGV, 0 },
		{ { 16, 1, BY_KERNEL }, 3, SIGSEGV, 0 },
		{ { 16, 0, BY_KERNEL | REJECT }, 4, SIGSEGV, 0 },
		{ { 16, 0, WAIT & 0 }, 4, SIGSEGV, 0 },
	};
	int listener, status;
	size_t bytes;

	GUEST();
	EXPECT_EQ(store(CORE_PATTERN, "@@" SERVER), 0);
	listener = serve();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EXPECT_EQ(negotiate(listener, cases[i].ack, &status, &bytes), cases[i].mark);
		EXPECT_EQ(status, cases[i].status);
		EXPECT_EQ(bytes > 4096, cases[i].has_bytes);
		EXPECT(cases[i].has_bytes || !bytes);
	}
	close(listener);
	unlink(SERVER);
}

static void servers_may_go_away(void)
{
	int listener, fd;
	pid_t pid;

	GUEST();
	store(CORE_PATTERN, "@@" SERVER);
	listener = serve();
	pid = spawn(child_faults, NULL);
	close(accept(listener, NULL, NULL));
	EXPECT_EQ(reap(pid), SIGSEGV);
	pid = spawn(child_faults, NULL);
	fd = accept(listener, NULL, NULL); /* which says nothing */
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(reap(pid), SIGKILL);
	close(fd);
	close(listener);
	unlink(SERVER);
}

/* ---- little room */

static int child_on_a_small_disk(void *arg)
{
	struct core core;
	struct stat st;
	int status;

	mkdir("small", 0755);
	if (mount("none", "small", "tmpfs", 0, "size=64k") || chdir("small"))
		return 1;
	status = crash(child_is_large, NULL);
	if (status != (SIGSEGV | 0x80) || !core_read(&core, "core"))
		return 2;
	return core_is_sound(&core) && stat("core", &st) == 0 && st.st_blocks <= 128 ? 0 : 3;
}

static void a_full_disk_cuts_the_dump_short(void)
{
	GUEST();
	store(CORE_PATTERN, "core");
	EXPECT_EQ(run_in(CLONE_NEWNS, child_on_a_small_disk, NULL), 0);
	rmdir("small");
}

static int child_fills_memory(void *arg)
{
	size_t n = 1ul << 30;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long pages = sysconf(_SC_AVPHYS_PAGES) - 3000;

	for (long i = 0; i < pages && (size_t)i < n / 4096; i++)
		p[i * 4096] = 1;
	return child_faults(NULL);
}

/* The dump lies in memory too, and there is not so much: one or the other gives way. */
static void memory_may_run_out(void)
{
	int status;

	GUEST();
	if (is_mixed())
		SKIP("takes all memory");
	store(CORE_PATTERN, "core");
	status = crash(child_fills_memory, NULL);
	EXPECT(status == SIGKILL || (status & 0x7f) == SIGSEGV);
	unlink("core");
	EXPECT_EQ(crash(child_faults, NULL), SIGSEGV | 0x80);
	unlink("core");
}

int main(void)
{
	if (!core_dir_make())
		return 1;
	set_core_limit(RLIM_INFINITY);
	RUN(a_server_gets_the_dump);
	RUN(servers_say_what_is_to_be_done);
	RUN(servers_may_go_away);
	RUN(a_full_disk_cuts_the_dump_short);
	RUN(memory_may_run_out);
	if (in_guest())
		store(CORE_PATTERN, "core");
	core_dir_remove();
	return tap_done();
}
