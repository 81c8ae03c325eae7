/* The one inode of this number. So far: another one each time. inode_get_or_add() is the way to
 * look for one (inode.h says what it does with the lock); who gets a new one fills it in. */
static inline struct inode *inode_of(const struct node_template *t, u64 ino, void *private)
{
	struct inode *inode = inode_new(t->fs->sb);

	if (inode) {
		inode->ino = ino;
		inode_fill(inode, t, private);
	}
	return inode;
}
