/* What stat shows, what is given back with the inode, what a link in /proc/PID/fd says. */
