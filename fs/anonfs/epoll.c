/*
 * epoll: interest sets that cost what is ready, not what is watched.
 *
 * Owns: struct epoll (the set), struct epitem (one watched file in it), their hooks in wait
 *   queues. How: adding a file polls it once with a table that hangs a hook in each queue it
 *   names. A wake-up moves the item to the ready list. epoll_wait takes items off, asks each file
 *   again, reports what is true, and puts level-triggered ones back.
 * Life: an item lives in exactly one set, and goes with EPOLL_CTL_DEL, the set, or the file's last
 *   close (file_hook_epoll_release), so it holds no reference on the file. Locks, by scenario:
 *   change of a set: epoll_lock, then ep->lock. The first also guards file->ep_links and makes
 *   loops findable. epoll_wait: ep->lock while it polls and copies (nested for a set in a set).
 *   wake-up: queue lock held by the waker, then ep->ready_lock, then ep->wait's lock (nested,
 *   outer sets). last close of a file: epoll_lock, then ep->lock of each set that watches it.
 * Invariant: an item whose file became ready after it was last asked is on the ready list; it is
 *   taken off before the file is asked, never after.
 * Follows: epoll(7), epoll_ctl(2)
 */
#include "fs/anonfs/epoll.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "lib/rbtree.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/id/cred.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/thread.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait.h"
#include "fs/anonfs/anonfs.h"
#include "fs/poll.h"
#include "fs/rw.h"

#define EPOLL_MAX_DEPTH    5
#define EPOLL_PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EPOLL_EXCLUSIVE_OK                                                                         \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
	struct mutex lock; /* items, and who polls them */
	struct rb_root items; /* by (file, fd) */
	struct spinlock ready_lock; /* RANK_EPREADY: ready, and items' ready_link */
	struct list ready;
	struct wait_queue wait; /* epoll_wait sleepers, and sets that watch this one */
	struct file *file; /* [I] its own; uncounted, outlives it */
	struct uid_usage *payer; /* [I] who made it: counts its items */
};

struct epitem {
	struct rb_node node;
	struct epoll *ep;
	struct file *file;
	int fd;
	u32 events; /* [ep->lock]; 0 with private bits only: disarmed one-shot */
	u64 data;
	struct list ready_link; /* [ready_lock]; empty: not on the ready list */
	struct list file_link; /* [epoll_lock] file->ep_links */
	struct list hooks; /* struct ephook.link */
};

/* The item's place in one wait queue. */
struct ephook {
	struct wait_entry entry;
	struct wait_queue *wq;
	struct epitem *item;
	struct list link;
};

struct ep_poll_table {
	struct poll_table pt;
	struct epitem *item;
	bool failed;
};

static struct mutex epoll_lock = MUTEX_INIT(RANK_EPOLL);
static struct slab_cache *item_cache, *hook_cache;
static const struct file_ops epoll_ops;

s64 epoll_max_watches;

static struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->private : NULL;
}

/* From a file's wait queue, with its lock held: the item is worth asking. An exclusive one lets the
 * next of its kind hear of it too unless somebody waits for this set: else nobody would come. */
static bool epoll_wake(struct wait_entry *entry, u32 key)
{
	struct epitem *item = container_of(entry, struct ephook, entry)->item;
	struct epoll *ep = item->ep;
	u64 flags = spin_lock_irqsave(&ep->ready_lock);

	if (list_empty(&item->ready_link))
		list_add_tail(&item->ready_link, &ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	if (wait_queue_active(&ep->wait))
		wake_queue_nested(&ep->wait, POLLIN | POLLRDNORM);
	else if (entry->is_exclusive)
		return false;
	return true;
}

static void epoll_queue(struct poll_table *pt, struct file *file, struct wait_queue *wq)
{
	struct ep_poll_table *table = container_of(pt, struct ep_poll_table, pt);
	struct ephook *hook = cache_zalloc(hook_cache);

	if (!hook) {
		table->failed = true;
		return;
	}
	wait_entry_init(&hook->entry);
	hook->entry.wake = epoll_wake;
	hook->entry.key = (table->item->events & ~EPOLL_PRIVATE_BITS) | POLLERR | POLLHUP;
	hook->entry.is_exclusive = table->item->events & EPOLLEXCLUSIVE;
	hook->wq = wq;
	hook->item = table->item;
	list_add(&hook->link, &table->item->hooks);
	wait_add(wq, &hook->entry);
}

static u32 epitem_poll(struct epitem *item, struct poll_table *pt)
{
	return vfs_poll(item->file, pt) & item->events;
}

/* Order of the tree: any total order of (file, fd) will do. */
static int epitem_compare(const struct epitem *item, const struct file *file, int fd)
{
	if (item->file != file)
		return item->file < file ? -1 : 1;
	return item->fd < fd ? -1 : item->fd > fd;
}

static struct epitem *epoll_find(struct epoll *ep, const struct file *file, int fd)
{
	struct rb_node *n = ep->items.node;

	while (n) {
		struct epitem *item = container_of(n, struct epitem, node);
		int order = epitem_compare(item, file, fd);

		if (!order)
			return item;
		n = order < 0 ? n->right : n->left;
	}
	return NULL;
}

static bool epitem_less(const struct rb_node *a, const struct rb_node *b)
{
	const struct epitem *other = container_of(b, struct epitem, node);

	return epitem_compare(container_of(a, struct epitem, node), other->file, other->fd) < 0;
}

/* After an item was found or made ready outside a wake-up. */
static void epitem_make_ready(struct epitem *item)
{
	struct epoll *ep = item->ep;
	u64 flags = spin_lock_irqsave(&ep->ready_lock);

	if (list_empty(&item->ready_link))
		list_add_tail(&item->ready_link, &ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	wake_all_key(&ep->wait, POLLIN | POLLRDNORM);
}

static void epitem_unhook(struct epitem *item)
{
	struct ephook *hook, *next;

	list_for_each_safe(hook, next, &item->hooks, link) {
		wait_remove(hook->wq, &hook->entry);
		cache_free(hook_cache, hook);
	}
	list_init(&item->hooks);
}

/* epoll_lock and ep->lock are held. */
static void epoll_remove(struct epoll *ep, struct epitem *item)
{
	u64 flags;

	epitem_unhook(item);
	flags = spin_lock_irqsave(&ep->ready_lock);
	list_del_init(&item->ready_link);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	rb_erase(&ep->items, &item->node);
	list_del(&item->file_link);
	cache_free(item_cache, item);
	uid_usage_add(ep->payer, USAGE_WATCHES, -1);
}

static struct epitem *epitem_new(struct epoll *ep)
{
	struct epitem *item = cache_zalloc(item_cache);

	if (item)
		uid_usage_add(ep->payer, USAGE_WATCHES, 1);
	return item;
}

static int epoll_add(struct epoll *ep, int fd, struct file *file, const struct epoll_event *event)
{
	struct ep_poll_table table = { .pt.queue = epoll_queue };
	struct epitem *item;

	if (uid_usage_add(ep->payer, USAGE_WATCHES, 0) >= (u64)epoll_max_watches)
		return -ENOSPC;
	item = table.item = epitem_new(ep);
	if (!item)
		return -ENOMEM;
	item->ep = ep;
	item->file = file;
	item->fd = fd;
	item->events = event->events | POLLERR | POLLHUP;
	item->data = event->data.u64;
	list_init(&item->ready_link);
	list_init(&item->hooks);
	list_add(&item->file_link, &file->ep_links);
	rb_insert(&ep->items, &item->node, epitem_less);
	if (epitem_poll(item, &table.pt))
		epitem_make_ready(item);
	if (table.failed) {
		epoll_remove(ep, item);
		return -ENOMEM;
	}
	return 0;
}

static int epoll_modify(struct epitem *item, const struct epoll_event *event)
{
	struct ephook *hook;

	if ((item->events | event->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->events = event->events | POLLERR | POLLHUP;
	item->data = event->data.u64;
	list_for_each(hook, &item->hooks, link)
		hook->entry.key = (item->events & ~EPOLL_PRIVATE_BITS) | POLLERR | POLLHUP;
	/* A change between the old events and the new would have woken nobody: ask. */
	atomic_thread_fence(memory_order_seq_cst);
	if (epitem_poll(item, NULL))
		epitem_make_ready(item);
	return 0;
}

/*
 * How many sets lie under ep, itself included, stopping at the limit; more than that when avoid is
 * among them. Every change of any set holds epoll_lock, so the trees stand still.
 */
static int epoll_depth(const struct epoll *ep, const struct epoll *avoid, int limit)
{
	int deepest = 0;

	if (ep == avoid || !limit)
		return EPOLL_MAX_DEPTH + 1;
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		const struct epoll *inner = epoll_of(container_of(n, struct epitem, node)->file);

		if (inner)
			deepest = MAX(deepest, epoll_depth(inner, avoid, limit - 1));
	}
	return deepest + 1;
}

/* How many sets watch ep, one around the other; stops at the limit. */
static int epoll_height(const struct epoll *ep, int limit)
{
	const struct epitem *item;
	int highest = 0;

	if (!limit)
		return 0;
	list_for_each(item, &ep->file->ep_links, file_link)
		highest = MAX(highest, epoll_height(item->ep, limit - 1) + 1);
	return highest;
}

static int epoll_check_add(const struct epoll *ep, const struct file *file,
			   const struct epoll_event *event)
{
	const struct epoll *inner = epoll_of(file);

	if (event->events & EPOLLEXCLUSIVE) {
		if (inner || (event->events & ~EPOLL_EXCLUSIVE_OK))
			return -EINVAL;
	}
	if (inner && epoll_depth(inner, ep, EPOLL_MAX_DEPTH) + epoll_height(ep, EPOLL_MAX_DEPTH) >=
			     EPOLL_MAX_DEPTH)
		return -ELOOP;
	return 0;
}

int epoll_find_target(struct file *ep_file, int fd, u32 skip, const struct file **out)
{
	struct epoll *ep = epoll_of(ep_file);
	struct rb_node *n;

	if (!ep)
		return -EINVAL;
	*out = NULL;
	mutex_lock(&ep->lock);
	for (n = rb_first(&ep->items); n && !*out; n = rb_next(n)) {
		const struct epitem *item = container_of(n, struct epitem, node);

		if (item->fd == fd && !skip--)
			*out = item->file;
	}
	mutex_unlock(&ep->lock);
	return *out ? 0 : -ENOENT;
}

static int epoll_control_locked(struct epoll *ep, int op, int fd, struct file *file,
				const struct epoll_event *event)
{
	struct epitem *item = epoll_find(ep, file, fd);
	int err;

	switch (op) {
	case EPOLL_CTL_ADD:
		if (item)
			return -EEXIST;
		err = epoll_check_add(ep, file, event);
		return err ? err : epoll_add(ep, fd, file, event);
	case EPOLL_CTL_MOD:
		return item ? epoll_modify(item, event) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (item)
			epoll_remove(ep, item);
		return item ? 0 : -ENOENT;
	default:
		return -EINVAL;
	}
}

int epoll_control(struct file *ep_file, int op, int fd, struct file *file,
		  const struct epoll_event *event)
{
	struct epoll *ep = epoll_of(ep_file);
	int err;

	if (!file->ops->poll)
		return -EPERM;
	if (!ep || file == ep_file)
		return -EINVAL;
	mutex_lock(&epoll_lock);
	mutex_lock_nested(&ep->lock);
	err = epoll_control_locked(ep, op, fd, file, event);
	mutex_unlock(&ep->lock);
	mutex_unlock(&epoll_lock);
	return err;
}

/* A pass over the items that were ready when it began. Both lists are under ready_lock. */
struct scan {
	struct list untried, again;
};

/* The next candidate, off the list before it is asked. NULL: no more, or no more are wanted; what
 * is to stay on the ready list is back there, those first that had no turn. */
static inline struct epitem *scan_next_locked(struct epoll *ep, struct scan *scan, bool wants_more)
{
	struct epitem *item;

	if (wants_more && !list_empty(&scan->untried)) {
		item = list_first(&scan->untried, struct epitem, ready_link);
		list_del_init(&item->ready_link);
		return item;
	}
	list_splice_tail_init(&ep->ready, &scan->untried);
	list_splice_tail_init(&scan->again, &scan->untried);
	list_splice_tail_init(&scan->untried, &ep->ready);
	return NULL;
}

static struct epitem *scan_first(struct epoll *ep, struct scan *scan)
{
	struct epitem *item;
	u64 flags;

	list_init(&scan->untried);
	list_init(&scan->again);
	flags = spin_lock_irqsave(&ep->ready_lock);
	list_splice_tail_init(&ep->ready, &scan->untried);
	item = scan_next_locked(ep, scan, true);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return item;
}

/* stays: NULL, or the item asked last, which is to be asked again, unless a wake-up was quicker to
 * say so. */
static struct epitem *scan_next(struct epoll *ep, struct scan *scan, struct epitem *stays,
				bool wants_more)
{
	u64 flags = spin_lock_irqsave(&ep->ready_lock);
	struct epitem *item;

	if (stays && list_empty(&stays->ready_link))
		list_add_tail(&stays->ready_link, &scan->again);
	item = scan_next_locked(ep, scan, wants_more);
	spin_unlock_irqrestore(&ep->ready_lock, flags);
	return item;
}

static int epoll_report(const struct epitem *item, u32 ready, struct epoll_event __user *to)
{
	void __user *uto = to; /* packed: not aligned */
	u32 __user *uevents = uto;
	u64 __user *udata =
		(void __user *)((char __user *)uto + offsetof(struct epoll_event, data));

	return put_user(ready, uevents) || put_user(item->data, udata);
}

/* A reported item: whether it is to be asked again without a wake-up. */
static bool epitem_stays_ready(struct epitem *item)
{
	if (item->events & EPOLLONESHOT)
		item->events &= EPOLL_PRIVATE_BITS;
	return !(item->events & (EPOLLONESHOT | EPOLLET));
}

static long epoll_scan(struct epoll *ep, struct epoll_event __user *events, int max)
{
	struct epitem *item;
	struct scan scan;
	long n = 0;

	mutex_lock(&ep->lock);
	item = scan_first(ep, &scan);
	while (item) {
		u32 ready = epitem_poll(item, NULL);
		bool has_failed = ready && epoll_report(item, ready, events + n),
		     stays = has_failed;

		if (ready && !has_failed) {
			stays = epitem_stays_ready(item);
			n++;
		}
		if (has_failed && !n)
			n = -EFAULT;
		item = scan_next(ep, &scan, stays ? item : NULL, !has_failed && n < max);
	}
	mutex_unlock(&ep->lock);
	return n;
}

static bool epoll_has_ready(const struct epoll *ep)
{
	return *(struct list *const volatile *)&ep->ready.next != &ep->ready;
}

long epoll_collect(struct file *ep_file, struct epoll_event __user *events, int max,
		   u64 deadline_ns)
{
	struct epoll *ep = epoll_of(ep_file);
	long n;
	int err;

	if (!ep)
		return -EINVAL;
	for (;;) {
		n = epoll_has_ready(ep) ? epoll_scan(ep, events, max) : 0;
		if (n || !deadline_ns)
			return n;
		err = wait_event_interruptible_deadline(&ep->wait, epoll_has_ready(ep),
							deadline_ns);
		if (err == -ETIME)
			return 0;
		if (err)
			return -EINTR;
	}
}

/* A set is readable when one of its files really is. */
static u32 epoll_poll(struct file *file, struct poll_table *pt)
{
	struct epoll *ep = file->private;
	struct epitem *item;
	struct scan scan;
	u32 events = 0;

	poll_wait(pt, file, &ep->wait);
	if (!epoll_has_ready(ep))
		return 0;
	mutex_lock_nested(&ep->lock);
	item = scan_first(ep, &scan);
	while (item) {
		if (epitem_poll(item, NULL))
			events = POLLIN | POLLRDNORM;
		item = scan_next(ep, &scan, events ? item : NULL, !events);
	}
	mutex_unlock(&ep->lock);
	return events;
}

static void epoll_release(struct file *file)
{
	struct epoll *ep = file->private;
	struct rb_node *n;

	mutex_lock(&epoll_lock);
	mutex_lock_nested(&ep->lock);
	while ((n = rb_first(&ep->items)))
		epoll_remove(ep, container_of(n, struct epitem, node));
	mutex_unlock(&ep->lock);
	mutex_unlock(&epoll_lock);
	uid_usage_put(ep->payer);
	kfree(ep);
}

/* The last reference of a watched file went. */
static void epoll_forget_file(struct file *file)
{
	struct epitem *item, *next;

	mutex_lock(&epoll_lock);
	list_for_each_safe(item, next, &file->ep_links, file_link) {
		struct epoll *ep = item->ep;

		mutex_lock_nested(&ep->lock);
		epoll_remove(ep, item);
		mutex_unlock(&ep->lock);
	}
	mutex_unlock(&epoll_lock);
}

static void epoll_fdinfo(struct file *file, const struct pidns *viewer, struct seqbuf *out)
{
	struct epoll *ep = file->private;

	mutex_lock(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		const struct epitem *item = container_of(n, struct epitem, node);

		seqbuf_printf(
			out, "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%llx sdev:%llx\n",
			item->fd, item->events, (unsigned long long)item->data,
			(long long)item->file->pos, (unsigned long long)item->file->inode->ino,
			(unsigned long long)item->file->inode->sb->dev);
	}
	mutex_unlock(&ep->lock);
}

/* Linux's own ioctls, of busy polling, are not here; but no other is unknown to it. */
static long epoll_ioctl(struct file *file, u32 cmd, u64 arg)
{
	return -EINVAL;
}

static const struct file_ops epoll_ops = {
	.seek = file_seek_nowhere,
	.ioctl = epoll_ioctl,
	.poll = epoll_poll,
	.release = epoll_release,
	.show_fdinfo = epoll_fdinfo,
};

int epoll_open(struct file **out)
{
	struct epoll *ep = kzalloc(sizeof(*ep));
	int err;

	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->lock, RANK_EPOLL);
	spin_init(&ep->ready_lock, RANK_EPREADY);
	list_init(&ep->ready);
	wait_queue_init(&ep->wait);
	err = anonfs_open("[eventpoll]", &epoll_ops, ep, O_RDWR, out);
	if (err) {
		kfree(ep);
		return err;
	}
	ep->file = *out;
	ep->payer = uid_usage_get(current->uid_usage);
	return 0;
}

void epoll_init(void)
{
	struct mem_stats mem;

	mem_stats(&mem); /* a user's items may take a 25th of it, as in Linux */
	epoll_max_watches = (s64)(mem.total_pages / 25 * PAGE_SIZE /
				  (sizeof(struct epitem) + sizeof(struct ephook)));
	item_cache = cache_create("eventpoll_epi", sizeof(struct epitem), 0);
	hook_cache = cache_create("eventpoll_pwq", sizeof(struct ephook), 0);
	file_hook_epoll_release = epoll_forget_file;
}
