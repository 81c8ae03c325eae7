/* The lowest free number, or 0 if there is none. Whose was it a moment ago? */
static int table_choose(struct pidns *ns)
{
	for (int nr = 1; nr < pid_max; nr++) {
		const struct pid_leaf *leaf = ns->leaves[(u32)nr / LEAF_SLOTS];

		if (!leaf || !bitmap_test(leaf->used, (u32)nr % LEAF_SLOTS))
			return nr;
	}
	return 0;
}
