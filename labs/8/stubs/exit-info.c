	if (!thread)
		err = -ESRCH;
