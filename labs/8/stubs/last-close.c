	/* The last pidfd of any kind is closed, and pid->attr->killer had marked the process. May he
	 * still kill it? */
