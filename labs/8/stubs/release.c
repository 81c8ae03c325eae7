	/* The last close of this one file, however often it was copied. */
