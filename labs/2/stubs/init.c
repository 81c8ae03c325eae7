	/* Lab 3 makes the file system here. */
