/*
 * Address spaces: the tree of mappings, and its life.
 *
 * Owns: struct as, every struct vma in it, and the invariants of the tree: vmas do not overlap,
 *   are ordered by start, and as->nr_* are the sums over them.
 * Life: as_new() or as_fork() make one with one user; each thread in it and each reader in /proc
 *   is a user; the last as_put() makes all CPUs drop its page table, then takes everything apart
 *   without any flush. Fork: pages of private mappings lose write permission on both sides; the
 *   first writer of each gets a copy (fault.c). Page-table entries are copied table by table, not
 *   looked up one by one. Joining: neighbours of anonymous memory that differ in nothing become
 *   one, so a heap that grows page by page is one vma.
 * Locks: as->lock (MM); the parent's before the child's in fork.
 */
#include "kernel/mm/as.h"

#include <linux/errno.h>
#include <linux/prctl.h>

#include "lib/string.h"

#include "arch/x86_64/atomic.h"
#include "arch/x86_64/thread.h"
#include "arch/x86_64/tlb.h"

#include "kernel/mm/internal.h"
#include "kernel/mm/slab.h"

static struct slab_cache *as_cache, *vma_cache;
static _Atomic u32 nr_dying;

void (*as_put_exe)(struct file *file);

void as_init(void)
{
	as_cache = cache_create("as", sizeof(struct as), 0);
	vma_cache = cache_create("vma", sizeof(struct vma), 0);
}

struct vma *vma_new(void)
{
	return cache_alloc(vma_cache);
}

void vma_free(struct vma *vma)
{
	cache_free(vma_cache, vma);
}

/* ---- The tree */

struct vma *vma_next(const struct vma *vma)
{
	return vma->link.next == &vma->as->vma_list ? NULL
						    : list_entry(vma->link.next, struct vma, link);
}

struct vma *vma_first(const struct as *as)
{
	return list_empty(&as->vma_list) ? NULL : list_first(&as->vma_list, struct vma, link);
}

struct vma *as_find(struct as *as, u64 addr)
{
	struct vma *vma = load_relaxed(&as->cached), *found = NULL;
	struct rb_node *node = as->vmas.node;

	if (vma && addr >= vma->start && addr < vma->end)
		return vma;
	while (node) {
		vma = rb_entry(node, struct vma, node);
		if (vma->end > addr) {
			found = vma;
			if (vma->start <= addr)
				break;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	if (found)
		store_relaxed(&as->cached, found);
	return found;
}

struct vma *as_find_exact(struct as *as, u64 addr)
{
	struct vma *vma = as_find(as, addr);

	return vma && vma->start <= addr ? vma : NULL;
}

struct vma *as_find_below(struct as *as, u64 addr)
{
	struct rb_node *node = as->vmas.node;
	struct vma *found = NULL;

	while (node) {
		struct vma *vma = rb_entry(node, struct vma, node);

		if (vma->start < addr) {
			found = vma;
			node = node->right;
		} else {
			node = node->left;
		}
	}
	return found;
}

void as_account(struct as *as, u32 flags, s64 pages)
{
	as->nr_pages += (u64)pages;
	as->hiwater_pages = MAX(as->hiwater_pages, as->nr_pages);
	if (flags & VM_GROWSDOWN)
		as->nr_stack += (u64)pages;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		as->nr_data += (u64)pages;
	else if (flags & VM_EXEC)
		as->nr_exec += (u64)pages;
	if (flags & VM_LOCKED)
		as->nr_locked += (u64)pages;
}

static void link_vma(struct as *as, struct vma *vma)
{
	struct rb_node **link = &as->vmas.node, *parent = NULL;
	struct list *before = &as->vma_list;

	while (*link) {
		struct vma *at = rb_entry(*link, struct vma, node);

		parent = *link;
		if (vma->start < at->start) {
			link = &parent->left;
		} else {
			link = &parent->right;
			before = &at->link;
		}
	}
	list_add(&vma->link, before);
	rb_insert_at(&as->vmas, &vma->node, parent, link);
	as->nr_vmas++;
}

static void unlink_vma(struct as *as, struct vma *vma)
{
	rb_erase(&as->vmas, &vma->node);
	list_del(&vma->link);
	as->nr_vmas--;
	store_relaxed(&as->cached, NULL);
}

void as_insert(struct as *as, struct vma *vma)
{
	vma->as = as;
	link_vma(as, vma);
	as_account(as, vma->flags, (s64)vma_pages(vma));
}

void as_remove(struct as *as, struct vma *vma)
{
	as_account(as, vma->flags, -(s64)vma_pages(vma));
	unlink_vma(as, vma);
}

/* ---- Splitting and joining */

int vma_split(struct vma *vma, u64 addr)
{
	struct as *as = vma->as;
	struct vma *upper;

	if (as->nr_vmas >= MAP_COUNT_MAX)
		return -ENOMEM;
	upper = vma_new();
	if (!upper)
		return -ENOMEM;
	*upper = *vma;
	upper->start = addr;
	upper->pgoff += (addr - vma->start) >> PAGE_SHIFT;
	vma->end = addr;
	if (upper->ops && upper->ops->dup)
		upper->ops->dup(upper);
	link_vma(as, upper);
	store_relaxed(&as->cached, NULL);
	return 0;
}

int vma_isolate(struct vma *vma, u64 start, u64 end, struct vma **out)
{
	int err;

	if (end < vma->end) {
		err = vma_split(vma, end);
		if (err)
			return err;
	}
	if (start > vma->start) {
		err = vma_split(vma, start);
		if (err)
			return err;
		vma = vma_next(vma);
	}
	*out = vma;
	return 0;
}

static bool can_join(const struct vma *a, const struct vma *b)
{
	return a && b && a->end == b->start && !a->ops && !b->ops && a->flags == b->flags &&
	       !(a->flags & VM_GROWSDOWN) && a->name == b->name;
}

struct vma *vma_merge(struct vma *vma)
{
	struct as *as = vma->as;
	struct vma *other = vma_prev(vma);

	if (can_join(other, vma)) {
		other->end = vma->end;
		unlink_vma(as, vma);
		vma_free(vma);
		vma = other;
	}
	other = vma_next(vma);
	if (can_join(vma, other)) {
		vma->end = other->end;
		unlink_vma(as, other);
		vma_free(other);
	}
	return vma;
}

/* ---- Life */

static struct as *as_alloc(void)
{
	struct as *as = cache_alloc(as_cache);

	if (!as)
		return NULL;
	memset(as, 0, offsetof(struct as, auxv));
	list_init(&as->vma_list);
	if (!pgtable_new(&as->pgtable)) {
		cache_free(as_cache, as);
		return NULL;
	}
	refcount_init(&as->users, 1);
	rwsem_init(&as->lock, RANK_MM);
	return as;
}

int as_new(struct as **out)
{
	struct as *as = as_alloc();

	if (!as)
		return -ENOMEM;
	as->mmap_top = USER_TOP;
	as->stack_top = USER_TOP;
	as->dump_filter = DUMP_FILTER_DEFAULT;
	*out = as;
	return 0;
}

bool as_tryget(struct as *as)
{
	return refcount_tryget(&as->users);
}

static void unmap_all(struct as *as)
{
	struct gather g __uninitialized;
	struct burial b __uninitialized;
	struct vma *vma;

	if (as->spare_end) {
		gather_begin(&g, as, true);
		tables_prune_spare(&g);
		gather_end(&g);
	}
	burial_begin(&b, as);
	list_for_each(vma, &as->vma_list, link)
		burial_zap(&b, vma->start, vma->end);
	burial_end(&b);
}

bool as_is_any_dying(void)
{
	return load_relaxed(&nr_dying) != 0;
}

bool as_close(struct as *as)
{
	struct vma *vma;

	if (!refcount_put(&as->users))
		return false;
	atomic_fetch_add_explicit(&nr_dying, 1, memory_order_relaxed);
	rwsem_write_lock(&as->lock); /* for those who find it through a file, and fail to get it */
	list_for_each(vma, &as->vma_list, link)
		if (vma->ops && vma->ops->close)
			vma->ops->close(vma);
	rwsem_write_unlock(&as->lock);
	if (as->exe)
		as_put_exe(as->exe);
	return true;
}

void as_destroy(struct as *as)
{
	struct vma *vma, *next;

	pgtable_retire(&as->pgtable);
	unmap_all(as);
	list_for_each_safe(vma, next, &as->vma_list, link)
		vma_free(vma);
	pgtable_free(&as->pgtable);
	cache_free(as_cache, as);
	atomic_fetch_sub_explicit(&nr_dying, 1, memory_order_relaxed);
}

void as_put(struct as *as)
{
	if (as_close(as))
		as_destroy(as);
}

u64 as_resident_pages(const struct as *as)
{
	return load_relaxed(&as->nr_anon) + load_relaxed(&as->nr_file);
}

/* ---- Fork */

/* What a copy inherits besides the mappings. The executable is for whoever knows files. */
static void copy_fields(struct as *to, const struct as *from)
{
	to->mmap_top = from->mmap_top;
	to->search_from = from->search_from;
	to->search_hole = from->search_hole;
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->stack_top = from->stack_top;
	to->code_start = from->code_start;
	to->code_end = from->code_end;
	to->data_start = from->data_start;
	to->data_end = from->data_end;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	to->auxv_len = from->auxv_len;
	to->dumpable = from->dumpable;
	to->dump_filter = from->dump_filter;
	to->has_seals = from->has_seals;
	to->deny_exec = from->deny_exec & PR_MDWE_NO_INHERIT ? 0 : from->deny_exec;
	store_relaxed(&to->membarriers, load_relaxed(&from->membarriers));
	to->writes_after_fork = from->writes_after_fork;
	memcpy(to->auxv, from->auxv, from->auxv_len);
}

/* Copies vma to the end of the list. */
static int copy_vma(struct table_copy *c, const struct vma *vma)
{
	struct as *to = c->to;
	struct vma *copy = vma_new();

	if (!copy)
		return -ENOMEM;
	*copy = *vma;
	copy->as = to;
	copy->flags &= ~VM_LOCKED;
	if (copy->ops && copy->ops->dup)
		copy->ops->dup(copy);
	list_add_tail(&copy->link, &to->vma_list);
	to->nr_vmas++;
	as_account(to, copy->flags, (s64)vma_pages(copy));
	return vma->flags & VM_WIPEFORK ? 0 : tables_copy(c, vma);
}

/* A tree of the next count vmas of a list, below parent. Halving makes all leaves' depths differ by
 * one at most; what is below full_depth, where all is full, is red. */
static struct rb_node *build_tree(struct list **next, u32 count, unsigned int full_depth,
				  struct rb_node *parent)
{
	u32 nr_left = (count - 1) / 2, nr_right = count - 1 - nr_left;
	struct rb_node *node, *left = NULL;
	struct list *here;

	if (nr_left)
		left = build_tree(next, nr_left, full_depth - 1, NULL);
	here = *next;
	*next = here->next;
	node = &list_entry(here, struct vma, link)->node;
	node->left = left;
	node->right = nr_right ? build_tree(next, nr_right, full_depth - 1, node) : NULL;
	node->parent_color = (uintptr_t)parent | (full_depth ? RB_BLACK : 0);
	if (left)
		left->parent_color |= (uintptr_t)node;
	return node;
}

static void index_vmas(struct as *as)
{
	struct list *first = as->vma_list.next;

	if (!as->nr_vmas)
		return;
	as->vmas.first = &list_entry(first, struct vma, link)->node;
	as->vmas.node =
		build_tree(&first, as->nr_vmas, 31 - (u32)__builtin_clz(as->nr_vmas + 1), NULL);
}

/* Both locks are held. */
static int copy_all(struct table_copy *c)
{
	struct vma *vma;
	int err = 0;

	list_for_each(vma, &c->from->vma_list, link) {
		if (!(vma->flags & VM_DONTFORK))
			err = copy_vma(c, vma);
		if (unlikely(err))
			break;
	}
	index_vmas(c->to);
	if (!err && c->from->writes_after_fork) {
		const struct thread_head *head = (const struct thread_head *)current;

		tables_copy_now(c, thread_head_regs(head)->rsp);
		tables_copy_now(c, head->arch.fs_base);
	}
	c->to->nr_anon = c->nr_anon;
	c->to->nr_file = c->nr_all - c->nr_anon;
	c->to->hiwater_rss = c->nr_all;
	return err;
}

int as_fork(struct as *from, struct as **out)
{
	struct table_copy c = { .from = from, .to = as_alloc(), .region = ~0ull };
	int err;

	if (!c.to)
		return -ENOMEM;
	rwsem_write_lock(&from->lock);
	rwsem_write_lock_nested(&c.to->lock);
	copy_fields(c.to, from);
	err = copy_all(&c);
	rwsem_write_unlock(&c.to->lock);
	if (c.is_downgraded)
		tlb_flush_all(&from->pgtable);
	rwsem_write_unlock(&from->lock);
	if (err) {
		as_put(c.to);
		return err;
	}
	*out = c.to;
	return 0;
}
