	/* The process is gone, so its number is free. Or does somebody else go by it? */
	if (!pid->thread && !pid->task && pid->has_numbers)
		pid_release_numbers(pid);
