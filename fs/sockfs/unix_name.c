/*
 * unix_name: what sockets are called, and finding one by that.
 *
 * Owns: struct unix_addr, the table of abstract names, inode->bound, which leads from a socket
 *   inode to the socket bound to it, and the list of sockets with an open file.
 * Life: an address is shared with the sockets that accept() makes; a socket keeps its own for good,
 *   so peers may ask for it after the close. A name finds its socket until unix_unbind().
 * Locks: names_lock (SOCKNAMES) for the table, inode->bound and the giving of a name; it is held
 *   for no more than a comparison and a reference.
 * Follows: unix(7), bind(2)
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "lib/fmt.h"
#include "lib/hash.h"
#include "lib/seqbuf.h"
#include "lib/string.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/spinlock.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/namei.h"
#include "fs/sockfs/socket.h"
#include "fs/sockfs/sockfs.h"

#define NAME_BASE   offsetof(struct sockaddr_un, sun_path)
#define BUCKET_BITS 6
#define AUTOBIND_NR (1u << 20)

/* The columns Flags and St of /proc/net/unix. */
#define LISTENS_FLAG   0x10000
#define SS_UNCONNECTED 1
#define SS_CONNECTED   3

static struct spinlock names_lock = SPINLOCK_INIT(RANK_SOCKNAMES);
static struct list open_sockets = LIST_INIT(open_sockets);
static struct list buckets[1 << BUCKET_BITS]; /* abstract names; empty ones may be all zero */

static struct unix_addr *addr_new(const void *name, u32 len)
{
	struct unix_addr *addr = kzalloc(sizeof(*addr));

	if (!addr)
		return NULL;
	refcount_init(&addr->refs, 1);
	addr->len = len;
	memcpy(&addr->un, name, MIN(len, (u32)sizeof(addr->un)));
	return addr;
}

void unix_addr_put(struct unix_addr *addr)
{
	if (refcount_put(&addr->refs))
		kfree(addr);
}

u32 unix_name_copy(const struct socket *sk, struct sockaddr_storage *out)
{
	const struct unix_addr *addr =
		sk ? atomic_load_explicit(&((struct socket *)sk)->addr, memory_order_acquire)
		   : NULL;

	if (!addr) {
		out->ss_family = AF_UNIX;
		return NAME_BASE;
	}
	memcpy(out, &addr->un, addr->len);
	return addr->len;
}

int unix_name_check(const struct sockaddr_un *name, u32 len)
{
	return len <= NAME_BASE || len > sizeof(*name) || name->sun_family != AF_UNIX ? -EINVAL : 0;
}

/* ---- finding */

/* Of a name as sk would use it. */
static struct list *bucket_of(const struct socket *sk, const void *name, u32 len)
{
	u32 hash = hash_string(name, len, sk->net ^ sk->type);
	struct list *bucket = &buckets[hash >> (32 - BUCKET_BITS)];

	if (!bucket->next)
		list_init(bucket);
	return bucket;
}

/* names_lock is held. */
static struct socket *find_abstract(const struct socket *sk, const struct sockaddr_un *name,
				    u32 len)
{
	struct socket *other;

	list_for_each(other, bucket_of(sk, name, len), name_link)
		if (other->type == sk->type && other->net == sk->net && other->addr->len == len &&
		    !memcmp(&other->addr->un, name, len))
			return other;
	return NULL;
}

int unix_find_path(const char *name, u32 lookup, u32 type, struct socket **out)
{
	struct inode *inode;
	struct socket *sk;
	struct path path;
	int err = path_lookup(AT_FDCWD, name, lookup, &path);

	if (err)
		return err;
	inode = dentry_inode(path.dentry);
	err = inode_permission(inode, MAY_WRITE);
	if (!err)
		err = -ECONNREFUSED;
	if (err == -ECONNREFUSED && S_ISSOCK(inode->mode)) {
		spin_lock(&names_lock);
		sk = inode->bound;
		if (sk)
			err = sk->type == type ? 0 : -EPROTOTYPE;
		if (!err)
			*out = socket_get(sk);
		spin_unlock(&names_lock);
	}
	path_put(&path);
	return err;
}

int unix_find(const struct socket *sk, struct sockaddr_un *name, u32 len, struct socket **out)
{
	struct socket *other;

	if (name->sun_path[0]) {
		((char *)name)[len] = '\0';
		return unix_find_path(name->sun_path, LOOKUP_FOLLOW, sk->type, out);
	}
	spin_lock(&names_lock);
	other = find_abstract(sk, name, len);
	if (other)
		*out = socket_get(other);
	spin_unlock(&names_lock);
	return other ? 0 : -ECONNREFUSED;
}

/* ---- binding */

/* Gives sk its name, if it has none. addr is consumed on success; path, if not NULL, too. */
static int name_give(struct socket *sk, struct unix_addr *addr, const struct path *path)
{
	int err = 0;

	mutex_lock(&sk->lock);
	spin_lock(&names_lock);
	if (sk->addr) {
		err = -EINVAL;
	} else if (path) {
		sk->path = *path;
		dentry_inode(path->dentry)->bound = sk;
	} else if (find_abstract(sk, &addr->un, addr->len)) {
		err = -EADDRINUSE;
	} else {
		list_add(&sk->name_link, bucket_of(sk, &addr->un, addr->len));
	}
	if (!err)
		atomic_store_explicit(&sk->addr, addr, memory_order_release);
	spin_unlock(&names_lock);
	mutex_unlock(&sk->lock);
	return err;
}

static int bind_path(struct socket *sk, struct sockaddr_un *name, u32 len)
{
	struct unix_addr *addr;
	struct path path;
	int err;

	((char *)name)[len] = '\0';
	addr = addr_new(name, NAME_BASE + strlen(name->sun_path) + 1);
	if (!addr)
		return -ENOMEM;
	err = vfs_mknod(AT_FDCWD, name->sun_path, S_IFSOCK | (sk->file->inode->mode & 0777), 0,
			&path);
	if (err == -EEXIST)
		err = -EADDRINUSE;
	if (!err) {
		err = name_give(sk, addr, &path);
		if (!err)
			return 0;
		path_put(&path);
		if (vfs_unlink(AT_FDCWD, name->sun_path))
			err = -EINVAL; /* somebody was quicker */
	}
	unix_addr_put(addr);
	return err;
}

int unix_autobind(struct socket *sk)
{
	static _Atomic u32 next_nr;
	char name[NAME_BASE + 7] = { AF_UNIX };
	struct unix_addr *addr;
	int err = -EADDRINUSE;

	if (sk->addr)
		return 0;
	for (u32 i = 0; err == -EADDRINUSE && i < AUTOBIND_NR; i++) {
		snprintf(name + NAME_BASE + 1, 6, "%05x",
			 atomic_fetch_add(&next_nr, 1) % AUTOBIND_NR);
		addr = addr_new(name, NAME_BASE + 6);
		if (!addr)
			return -ENOMEM;
		err = name_give(sk, addr, NULL);
		if (err)
			unix_addr_put(addr);
	}
	if (err == -EINVAL)
		return 0; /* bound meanwhile, which does as well */
	return err == -EADDRINUSE ? -ENOSPC : err;
}

int unix_bind(struct socket *sk, struct sockaddr_un *name, u32 len)
{
	struct unix_addr *addr;
	int err;

	if (len == NAME_BASE && name->sun_family == AF_UNIX)
		return unix_autobind(sk);
	err = unix_name_check(name, len);
	if (err)
		return err;
	if (name->sun_path[0])
		return bind_path(sk, name, len);
	addr = addr_new(name, len);
	if (!addr)
		return -ENOMEM;
	err = name_give(sk, addr, NULL);
	if (err)
		unix_addr_put(addr);
	return err;
}

void unix_unbind(struct socket *sk)
{
	spin_lock(&names_lock);
	list_del_init(&sk->open_link);
	if (sk->path.dentry)
		dentry_inode(sk->path.dentry)->bound = NULL;
	list_del_init(&sk->name_link);
	spin_unlock(&names_lock);
	path_put(&sk->path);
}

/* ---- /proc/net/unix */

void unix_enlist(struct socket *sk)
{
	spin_lock(&names_lock);
	list_add_tail(&sk->open_link, &open_sockets);
	spin_unlock(&names_lock);
}

/* Its name as one word: the zero bytes of an abstract one are told as '@'. */
static void put_name(struct seqbuf *out, const struct unix_addr *addr)
{
	u32 len = addr->len - (u32)offsetof(struct sockaddr_un, sun_path);
	bool is_abstract = !addr->un.sun_path[0];

	seqbuf_putc(out, ' ');
	for (u32 i = 0; i < len - !is_abstract; i++) /* a path's ends with its zero byte */
		seqbuf_putc(out, addr->un.sun_path[i] ? addr->un.sun_path[i] : '@');
}

void sockfs_show_unix(u64 net, struct seqbuf *out)
{
	const struct socket *sk;

	seqbuf_puts(out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	spin_lock(&names_lock);
	list_for_each(sk, &open_sockets, open_link) {
		const struct unix_addr *addr =
			atomic_load_explicit(&sk->addr, memory_order_acquire);

		if (sk->net != net)
			continue;
		seqbuf_printf(out, "%016x: %08X 00000000 %08X %04X %02X %5llu", 0,
			      refcount_read(&sk->refs),
			      sk->state == SOCKET_LISTENING ? LISTENS_FLAG : 0, sk->type,
			      sk->peer ? SS_CONNECTED : SS_UNCONNECTED,
			      (unsigned long long)sk->file->inode->ino);
		if (addr)
			put_name(out, addr);
		seqbuf_putc(out, '\n');
	}
	spin_unlock(&names_lock);
}
