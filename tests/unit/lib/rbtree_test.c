// sources: lib/rbtree.c
#include "test.h"

#include "lib/rbtree.h"

#define MAX_ITEMS 600

struct item {
	unsigned int key, order;
	bool in_tree;
	struct rb_node node;
};

static struct item items[MAX_ITEMS];
static struct rb_root root;

static bool item_less(const struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct item, node)->key < rb_entry(b, struct item, node)->key;
}

static struct item *first_item(void)
{
	return rb_entry_safe(rb_first(&root), struct item, node);
}

static struct item *next_item(struct item *it)
{
	return rb_entry_safe(rb_next(&it->node), struct item, node);
}

/* Black height, or -1 if a rule is broken. */
static int black_height(const struct rb_node *n, const struct rb_node *parent)
{
	bool is_black, parent_is_black;
	int left, right;

	if (!n)
		return 0;
	is_black = n->parent_color & 1;
	parent_is_black = !parent || parent->parent_color & 1;
	if ((n->parent_color & ~1ul) != (uintptr_t)parent || (!is_black && !parent_is_black))
		return -1;
	left = black_height(n->left, n);
	right = black_height(n->right, n);
	return left < 0 || left != right ? -1 : left + is_black;
}

static bool tree_is_sound(unsigned int expected)
{
	const struct item *prev = NULL;
	struct item *pos;
	unsigned int n = 0;

	if (black_height(root.node, NULL) < 0 || (root.node && !(root.node->parent_color & 1)))
		return false;
	for (pos = first_item(); pos; pos = next_item(pos)) {
		if (prev && prev->key > pos->key)
			return false;
		if (rb_prev(&pos->node) != (prev ? &prev->node : NULL))
			return false;
		prev = pos;
		n++;
	}
	return n == expected;
}

TEST(random_inserts_and_erases_keep_the_rules)
{
	unsigned int n = 0;

	rb_init(&root);
	for (int step = 0; step < 20000; step++) {
		/* Phases of growth and of shrinking. */
		struct item *it = &items[test_random() % (step / 4000 % 2 ? MAX_ITEMS : 40)];

		if (it->in_tree) {
			rb_erase(&root, &it->node);
			n--;
		} else {
			it->key = test_random() % 1000;
			rb_insert(&root, &it->node, item_less);
			n++;
		}
		it->in_tree = !it->in_tree;
		if (step % 7 == 0 && !CHECK(tree_is_sound(n)))
			return;
	}
	for (int i = 0; i < MAX_ITEMS; i++) {
		if (!items[i].in_tree)
			continue;
		rb_erase(&root, &items[i].node);
		items[i].in_tree = false;
		CHECK(tree_is_sound(--n));
	}
	CHECK(!root.node && !rb_first(&root));
}

TEST(equal_keys_keep_their_order)
{
	struct item *pos;
	unsigned int order = 0;

	rb_init(&root);
	for (unsigned int i = 0; i < 100; i++) {
		items[i] = (struct item){ .key = 5, .order = i };
		rb_insert(&root, &items[i].node, item_less);
	}
	for (pos = first_item(); pos; pos = next_item(pos))
		CHECK(pos->order == order++);
}

TEST(first_is_always_the_smallest)
{
	rb_init(&root);
	for (unsigned int i = 100; i-- > 0;) {
		items[i] = (struct item){ .key = i };
		rb_insert(&root, &items[i].node, item_less);
		CHECK(rb_first(&root) == &items[i].node);
	}
	for (unsigned int i = 0; i < 100; i++) {
		CHECK(rb_first(&root) == &items[i].node);
		rb_erase(&root, rb_first(&root));
	}
}
