/*
 * Core dumps to a server: a UNIX socket that core_pattern names.
 *
 * "@/path": the server accepts and reads the dump. "@@/path": first the two agree on what is to be
 * done (<linux/coredump.h>). Either way the server finds out who crashed by SO_PEERPIDFD. The path
 * is looked up as root in process 1's root directory, through no symbolic link; but the peer of the
 * connection is the process, with its own credentials.
 *
 * Follows: core(5), Linux 7.3 fs/coredump.c
 */
#include <linux/coredump.h>
#include <linux/errno.h>

#include "lib/string.h"

#include "kernel/id/cred.h"
#include "kernel/task/coredump.h"
#include "fs/file.h"
#include "fs/rw.h"
#include "fs/sockfs/socket.h"

static int find_server(const char *name, struct socket **out)
{
	const struct cred *cred = &cred_root;
	struct fs_ctx *fs;
	int err = task_init_fs(&fs);

	if (err)
		return err;
	core_swap_identity(&cred, &fs);
	err = unix_find_path(name, LOOKUP_NO_SYMLINKS | LOOKUP_NO_MAGIC, SOCK_STREAM, out);
	core_swap_identity(&cred, &fs);
	fs_ctx_put(fs);
	return err;
}

static int connect_server(struct core_dump *d, struct socket *sk)
{
	struct socket *server;
	int err = find_server(d->name, &server);

	if (err)
		return err;
	err = unix_connect_to(sk, server);
	socket_put(server);
	return err;
}

/* All of it, or false. */
static bool say(struct core_dump *d, const void *data, size_t n)
{
	struct uio uio;

	uio_init_kernel(&uio, (void *)data, n);
	return vfs_write(d->file, &uio) == (long)n;
}

static bool mark(struct core_dump *d, enum coredump_mark mark)
{
	const u32 code = mark;

	return say(d, &code, sizeof(code)) && mark == COREDUMP_MARK_REQACK;
}

static bool hear(struct core_dump *d, void *data, size_t n, u32 flags)
{
	struct message msg = { .flags = flags | MSG_WAITALL };
	struct uio uio;
	long got;

	uio_init_kernel(&uio, data, n);
	msg.uio = &uio;
	got = unix_receive(socket_of(d->file), &msg);
	scm_drop(&msg.scm);
	return got == (long)n;
}

static bool agree(struct core_dump *d)
{
	const struct coredump_req req = { .size = sizeof(req),
					  .size_ack = sizeof(struct coredump_ack),
					  .mask = COREDUMP_KERNEL | COREDUMP_USERSPACE |
						  COREDUMP_REJECT | COREDUMP_WAIT };
	struct coredump_ack ack;
	u64 verdict;

	if (!say(d, &req, sizeof(req)) || !hear(d, &ack.size, sizeof(ack.size), MSG_PEEK))
		return false;
	if (ack.size < COREDUMP_ACK_SIZE_VER0)
		return mark(d, COREDUMP_MARK_MINSIZE);
	if (ack.size > sizeof(ack))
		return mark(d, COREDUMP_MARK_MAXSIZE);
	if (!hear(d, &ack, sizeof(ack), 0))
		return false;
	if ((ack.mask & ~req.mask) || ack.spare)
		return mark(d, COREDUMP_MARK_UNSUPPORTED);
	verdict = ack.mask & ~COREDUMP_WAIT;
	if (!verdict || (verdict & (verdict - 1)))
		return mark(d, COREDUMP_MARK_CONFLICTING);
	d->what = ack.mask;
	return mark(d, COREDUMP_MARK_REQACK);
}

static int coresocket_open(struct core_dump *d)
{
	struct socket *sk = socket_new(SOCK_STREAM);
	int err;

	if (!sk)
		return -ENOMEM;
	err = sockfs_open(sk, 0, &d->file);
	if (err) {
		socket_put(sk);
		return err;
	}
	err = connect_server(d, sk);
	if (!err && d->is_asking && !agree(d))
		err = -EPROTO;
	if (err)
		file_put(d->file);
	return err;
}

/* Waits for the server to close the connection, or to say what nobody expects. */
static void coresocket_finish(struct core_dump *d, bool is_complete)
{
	char byte;

	if (!is_complete)
		return;
	(void)unix_shutdown(socket_of(d->file), SHUT_WR);
	if (d->what & COREDUMP_WAIT)
		(void)hear(d, &byte, 1, 0);
}

void coresocket_init(void)
{
	static const struct core_stream stream = { coresocket_open, coresocket_finish };

	core_streams[CORE_SOCKET] = &stream;
}
