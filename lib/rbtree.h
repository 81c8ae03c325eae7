/*
 * Intrusive red-black trees, ordered by whatever the caller compares. The first node is cached.
 *
 * Insertion: walk down from root->node yourself, remember where you fell off, then rb_insert_at():
 *
 *	struct rb_node **link = &root->node, *parent = NULL;
 *	while (*link) {
 *		parent = *link;
 *		link = key < rb_entry(parent, struct x, node)->key ? &parent->left : &parent->right;
 *	}
 *	rb_insert_at(root, &x->node, parent, link);
 */
#pragma once

#include "lib/base.h"

struct rb_node {
	struct rb_node *left, *right;
	uintptr_t parent_color; /* parent | RB_BLACK */
};

struct rb_root {
	struct rb_node *node;
	struct rb_node *first; /* leftmost */
};

#define RB_ROOT_INIT   \
	{              \
		0      \
	}
#define rb_entry(ptr, type, member) container_of(ptr, type, member)

static inline void rb_init(struct rb_root *root)
{
	root->node = root->first = NULL;
}

static inline bool rb_empty(const struct rb_root *root)
{
	return !root->node;
}

/* For nodes that may or may not be in a tree: rb_node_clear() after the erase, then ask. */
static inline void rb_node_clear(struct rb_node *node)
{
	node->parent_color = (uintptr_t)node;
}
static inline bool rb_node_is_clear(const struct rb_node *node)
{
	return node->parent_color == (uintptr_t)node;
}

/* Hangs node at *link below parent (NULL: the tree is empty) and rebalances. */
void rb_insert_at(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
		  struct rb_node **link);
/* The same, walking down by a comparison; equal nodes keep their order of insertion. */
void rb_insert(struct rb_root *root, struct rb_node *node,
	       bool (*less)(const struct rb_node *a, const struct rb_node *b));
void rb_erase(struct rb_root *root, struct rb_node *node);

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	return root->first;
}
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node); /* NULL: it was the last */
struct rb_node *rb_prev(const struct rb_node *node); /* NULL: it was the first */

#define rb_entry_safe(ptr, type, member)                                \
	({                                                              \
		__typeof__(ptr) rb_ptr_ = (ptr);                        \
		rb_ptr_ ? rb_entry(rb_ptr_, type, member) : NULL;       \
	})

/* In order. The body must not erase pos. */
#define rb_for_each(pos, root, member)                                             \
	for (pos = rb_entry_safe(rb_first(root), __typeof__(*pos), member); pos;   \
	     pos = rb_entry_safe(rb_next(&pos->member), __typeof__(*pos), member))
