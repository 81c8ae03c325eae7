/*
 * procfs: the system's state as files.
 */
#pragma once

/* Registers the type "proc". */
void procfs_init(void);
