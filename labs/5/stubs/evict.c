	/* The last reference to the inode is gone. pidfs_hold() below says what it took. */
