		/* The last reference to a dentry of its own (dentry_new_pseudo). What does it own? */
