/*
 * unix_packet: what lies in a socket's queue.
 *
 * Owns: struct packet. One is a kmalloc() of its size, or, beyond a page, a list of pages. Its
 *   sender pays for it until it is freed.
 * Locks: none; a packet is the sender's before it is queued, and the queue's owner's afterwards.
 */
#include <linux/errno.h>

#include "kernel/id/pid.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "fs/sockfs/socket.h"

#define PACKET_DATA_MAX (PAGE_SIZE - sizeof(struct packet))

static void packet_free_pieces(struct packet *p)
{
	struct packet *more;

	for (; p; p = more) {
		more = p->more;
		kfree(p);
	}
}

void packet_free_empty(struct packet *p)
{
	pid_put(p->scm.pid);
	if (p->from)
		socket_uncharge(p->from, p->charge);
	packet_free_pieces(p);
}

void packet_free(struct packet *p)
{
	if (p->connection)
		unix_release(p->connection, false);
	if (p->scm.files) {
		flight_end(p->scm.files);
		scm_files_drop(p->scm.files);
	}
	packet_free_empty(p);
}

void packet_list_free(struct packet *p)
{
	struct packet *next;

	for (; p; p = next) {
		next = p->next;
		packet_free(p);
	}
}

static struct packet *packet_piece(u32 len)
{
	struct packet *p = kmalloc(sizeof(*p) + len);

	if (!p)
		return NULL;
	p->more = NULL;
	p->len = len;
	return p;
}

struct packet *packet_new(struct socket *from, u32 len)
{
	struct packet *p, **tail = &p;
	u32 left = len, part;

	do {
		part = MIN(left, (u32)PACKET_DATA_MAX);
		*tail = packet_piece(part);
		if (!*tail)
			goto out_free;
		tail = &(*tail)->more;
		left -= part;
	} while (left);
	p->from = from;
	p->connection = NULL;
	p->scm = (struct scm){ 0 };
	p->charge = len + DIV_ROUND_UP(len + 1, (u32)PACKET_DATA_MAX) * sizeof(*p);
	p->start = 0;
	p->total = len;
	if (from)
		atomic_fetch_add(&from->charged, p->charge);
	return p;
out_free:
	packet_free_pieces(p);
	return NULL;
}

int packet_copy_in(struct packet *p, struct uio *uio)
{
	for (; p; p = p->more)
		if (uio_copy_in(uio, p->data, p->len) != p->len)
			return -EFAULT;
	return 0;
}

int packet_copy_out(const struct packet *p, u32 skip, u32 n, struct uio *uio)
{
	size_t before = uio->resid;
	u32 part;

	for (; n; p = p->more) {
		if (skip >= p->len) {
			skip -= p->len;
			continue;
		}
		part = MIN(n, p->len - skip);
		if (uio_copy_out(uio, p->data + skip, part) != part) {
			uio_revert(uio, before - uio->resid);
			return -EFAULT;
		}
		n -= part;
		skip = 0;
	}
	return 0;
}
