	/* Who owns inode, dentry and mnt when a step fails? So far: nobody. */
	if (!dentry)
		return -ENOMEM;
	file = file_make(mount_get(fs->mnt), dentry, inode, flags);
	if (!file)
		return file_make_error();
