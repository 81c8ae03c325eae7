/* Yours: waitid(P_PIDFD): the one process behind this descriptor. */
static int waitid_find_pidfd(struct wait_request *req, int fd)
{
	return -EINVAL;
}
