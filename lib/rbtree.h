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
#define RB_BLACK 1ul

struct rb_root {
	struct rb_node *node;
	struct rb_node *first; /* leftmost */
};

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

static inline void rb_init(struct rb_root *root)
{
	root->node = root->first = NULL;
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
struct rb_node *rb_next(const struct rb_node *node); /* NULL: it was the last */
struct rb_node *rb_prev(const struct rb_node *node); /* NULL: it was the first */

#define rb_entry_safe(ptr, type, member)                                                           \
	({                                                                                         \
		__typeof__(ptr) rb_ptr_ = (ptr);                                                   \
		rb_ptr_ ? rb_entry(rb_ptr_, type, member) : NULL;                                  \
	})
