	/* Nobody waits for it: task->autoreap. Who reads that, and what becomes of the child then? */
