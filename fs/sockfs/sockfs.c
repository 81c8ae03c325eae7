/*
 * sockfs: sockets as files.
 *
 * Owns: the inodes of sockets, and the file operations that lead to unix*.c.
 * Life: a socket has one inode and one file, made together; dup and fork share the file. Its last
 *   close releases the socket.
 * Locks: none.
 * Follows: socket(7), Linux 7.3
 */
#include "fs/sockfs/sockfs.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>

#include "fs/libfs.h"
#include "fs/sockfs/socket.h"

static struct pseudo_fs sockfs;

static long sockfs_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct message msg = { .uio = uio, .flags = file_nowait(file, uio) ? MSG_DONTWAIT : 0 };
	long n;

	if (!uio->resid)
		return 0;
	n = unix_receive(file->private, &msg);
	scm_drop(&msg.scm);
	return n;
}

static long sockfs_write(struct file *file, struct uio *uio, u64 *pos)
{
	struct message msg = { .uio = uio, .flags = file_nowait(file, uio) ? MSG_DONTWAIT : 0 };

	return unix_send(file->private, &msg);
}

static long sockfs_ioctl(struct file *file, u32 cmd, u64 arg)
{
	return unix_ioctl(file->private, cmd, arg);
}

static void sockfs_release(struct file *file)
{
	if (file->private)
		unix_release(file->private, true);
}

static const struct file_ops socket_file_ops = {
	.read = sockfs_read,
	.write = sockfs_write,
	.poll = unix_poll,
	.ioctl = sockfs_ioctl,
	.sends_sigio = true,
	.nowait = FILE_READ | FILE_WRITE,
	.release = sockfs_release,
};

static void sockfs_dname(const struct dentry *dentry, struct seqbuf *out)
{
	seqbuf_printf(out, "socket:[%llu]", (unsigned long long)dentry_inode(dentry)->ino);
}

static const struct super_ops sockfs_super_ops = {
	.dname = sockfs_dname,
};

struct socket *socket_of(const struct file *file)
{
	return file->ops == &socket_file_ops ? file->private : NULL;
}

void sockfs_attach(struct file *file, struct socket *sk)
{
	file->private = sk;
	sk->file = file;
	unix_enlist(sk);
}

int sockfs_open(struct socket *sk, u32 flags, struct file **out)
{
	static const struct node_template node = {
		.fs = &sockfs,
		.mode = S_IFSOCK | 0777,
		.iops = &inode_ops_none,
		.fops = &socket_file_ops,
	};
	int err = libfs_open_new(&node, NULL, O_RDWR | flags, out);

	if (!err && sk)
		sockfs_attach(*out, sk);
	return err;
}

void sockfs_init(void)
{
	flight_init();
	coresocket_init();
	pseudo_fs_init(&sockfs, "sockfs", SOCKFS_MAGIC, &sockfs_super_ops);
}
