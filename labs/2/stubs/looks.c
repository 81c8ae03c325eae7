/* What belongs to an inode of their own comes in lab 3. */
