	/* Not yet. Which combinations mean nothing, once they mean something? */
	if (f & (CLONE_AUTOREAP | CLONE_PIDFD_AUTOKILL))
		return -EINVAL;
