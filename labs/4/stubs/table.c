/* The live inode of this number, with one reference more, or a new one in this state that is in
 * the table; NULL: out of memory. sb->icache_lock is held. The table is sb->icache (see super.h),
 * its chains go through inode->hash_next; it holds no references. Yours to write: so far nobody
 * is ever found. */
static inline struct inode *icache_get_or_add(struct super *sb, u64 ino, u32 state)
{
	struct inode *inode = inode_alloc(sb);

	if (!inode)
		return NULL;
	inode->ino = ino;
	atomic_init(&inode->state, state);
	return inode;
}

/* Its last reference is gone: out of the table. */
static inline void icache_remove(struct inode *inode)
{
}
