/* What is there to see at this pidfd? poll_wait() puts the caller on a queue, so that whoever
 * wakes the queue makes him look again. So far there is nothing to see. */
u32 pidfd_poll(struct file *file, struct poll_table *pt)
{
	return 0;
}
