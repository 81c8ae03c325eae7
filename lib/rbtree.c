/*
 * Red-black trees.
 *
 * Invariants: a red node has no red child; every way down from the root passes the same number of
 *   black nodes (a missing child counts as one). So no way is more than twice as long as another.
 * Each repair has two mirror images; they are written once, with the side (0 left, 1 right) as a
 *   variable.
 */
#include "lib/rbtree.h"

static inline struct rb_node *parent_of(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent_color & ~RB_BLACK);
}

static inline bool node_is_red(const struct rb_node *n)
{
	return !(n->parent_color & RB_BLACK);
}

/* A missing child counts as black. */
static inline bool is_red(const struct rb_node *n)
{
	return n && node_is_red(n);
}

static inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->parent_color = (uintptr_t)parent | (n->parent_color & RB_BLACK);
}

static inline void set_black(struct rb_node *n)
{
	n->parent_color |= RB_BLACK;
}

static inline void set_red(struct rb_node *n)
{
	n->parent_color &= ~RB_BLACK;
}

static inline struct rb_node **child(struct rb_node *n, bool side)
{
	return side ? &n->right : &n->left;
}

/* The pointer that leads to n: in its parent or the root. */
static inline struct rb_node **link_to(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *parent = parent_of(n);

	return parent ? child(parent, n == parent->right) : &root->node;
}

/* n goes down to the given side, its child of the other side takes its place. */
static void rotate(struct rb_root *root, struct rb_node *n, bool side)
{
	struct rb_node *up = *child(n, !side);
	struct rb_node *inner = *child(up, side);

	*link_to(root, n) = up;
	set_parent(up, parent_of(n));
	*child(up, side) = n;
	set_parent(n, up);
	*child(n, !side) = inner;
	if (inner)
		set_parent(inner, n);
}

/* n is red; its parent may be too. */
static void repair_red(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *parent;

	while (is_red(parent = parent_of(n))) {
		struct rb_node *grand = parent_of(parent); /* the root is black */
		bool side = parent == grand->right;
		struct rb_node *uncle = *child(grand, !side);

		if (is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			n = grand;
			continue;
		}
		if (n == *child(parent, !side)) {
			rotate(root, parent, side);
			parent = n;
		}
		set_black(parent);
		set_red(grand);
		rotate(root, grand, !side);
		break;
	}
	set_black(root->node);
}

void rb_insert_at(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
		  struct rb_node **link)
{
	if (!parent || (parent == root->first && link == &parent->left))
		root->first = node;
	node->left = node->right = NULL;
	node->parent_color = (uintptr_t)parent; /* red */
	*link = node;
	repair_red(root, node);
}

void rb_insert(struct rb_root *root, struct rb_node *node,
	       bool (*less)(const struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = child(parent, !less(node, parent));
	}
	rb_insert_at(root, node, parent, link);
}

/* The ways through n (maybe NULL), a child of parent, are one black node short. */
static void repair_black(struct rb_root *root, struct rb_node *n, struct rb_node *parent)
{
	while (parent && !is_red(n)) {
		bool side = n == parent->right;
		struct rb_node *sibling = *child(parent, !side); /* not NULL: it has more black */

		if (node_is_red(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate(root, parent, side);
			sibling = *child(parent, !side);
		}
		if (!is_red(sibling->left) && !is_red(sibling->right)) {
			set_red(sibling);
			n = parent;
			parent = parent_of(n);
			continue;
		}
		if (!is_red(*child(sibling, !side))) {
			set_black(*child(sibling, side));
			set_red(sibling);
			rotate(root, sibling, !side);
			sibling = *child(parent, !side);
		}
		if (is_red(parent))
			set_red(sibling);
		else
			set_black(sibling);
		set_black(parent);
		set_black(*child(sibling, !side));
		rotate(root, parent, side);
		return;
	}
	if (n)
		set_black(n);
}

void rb_erase(struct rb_root *root, struct rb_node *node)
{
	struct rb_node *next, *hole, *parent;
	bool was_red;

	if (root->first == node)
		root->first = rb_next(node);

	if (!node->left || !node->right) {
		hole = node->left ? node->left : node->right;
		parent = parent_of(node);
		was_red = is_red(node);
		*link_to(root, node) = hole;
		if (hole)
			set_parent(hole, parent);
	} else {
		/* The next node, which has no left child, leaves its place and takes node's. */
		for (next = node->right; next->left; next = next->left)
			;
		hole = next->right;
		parent = parent_of(next);
		was_red = is_red(next);
		if (parent == node) {
			parent = next;
		} else {
			parent->left = hole;
			if (hole)
				set_parent(hole, parent);
			next->right = node->right;
			set_parent(next->right, next);
		}
		*link_to(root, node) = next;
		next->parent_color = node->parent_color;
		next->left = node->left;
		set_parent(next->left, next);
	}
	if (!was_red)
		repair_black(root, hole, parent);
}

/* The neighbour on the given side: the nearest in the subtree there, or the first ancestor that
 * has n on its other side. */
static struct rb_node *neighbour(struct rb_node *n, bool side)
{
	struct rb_node *at = *child(n, side);

	if (at) {
		while (*child(at, !side))
			at = *child(at, !side);
		return at;
	}
	while ((at = parent_of(n)) && n == *child(at, side))
		n = at;
	return at;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour((struct rb_node *)node, true);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour((struct rb_node *)node, false);
}
