/*
 * procfs: the system's state as files.
 */
#pragma once

struct file;
struct pid;

/* The process whose /proc/PID directory is open (also that of a thread, reached as /proc/TID);
 * NULL: file is anything else, /proc/PID/task/TID too. Borrowed: the file keeps it. */
struct pid *procfs_dir_pid(const struct file *file);

/* Registers the type "proc". */
void procfs_init(void);
