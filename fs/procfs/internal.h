/*
 * What the files of procfs share. The object of every place below /proc/PID is a counted struct
 * pid.
 */
#pragma once

#include "fs/tree.h"

struct as;
struct pid;
struct task;
struct thread;
struct vma;

/* procfs.c: a name that is a number without leading zeroes, or -1. */
int proc_parse_number(const char *name, u32 len);
/* The text of a file that is a number; -EINVAL. */
int proc_parse_value(const char *text, size_t len, s64 min, s64 max, s64 *out) __must_check;

/* A text about a thread, its process or its memory: the data of entries that are shown by
 * proc_show_text() and written to by proc_write_text(). */
struct proc_text {
	int (*show)(const struct tree_place *p, struct thread *t, struct seqbuf *out);
	int (*show_as)(struct as *as, struct seqbuf *out); /* instead; without memory: no text */
	int (*write)(struct thread *t, const char *text, size_t len);
	u32 access; /* PTRACE_MODE_* a reader needs; 0: the mode bits are enough */
};

/* pid.c: directories of processes and of their threads. */
extern const struct tree_entry proc_pid_dir, proc_tid_dir;
/* The pid namespace that the mount was made in: all numbers are its. */
static inline struct pidns *proc_pidns(const struct tree_place *p)
{
	return p->instance;
}
int proc_show_text(const struct tree_place *p, struct seqbuf *out);
int proc_write_text(const struct tree_place *p, const char *text, size_t len);
bool proc_is_valid(const struct tree_place *p);
void proc_owner(const struct tree_place *p, u32 *uid, u32 *gid);
/* The thread that p is about, +1; -ESRCH when it is gone. */
int proc_thread_get(const struct tree_place *p, struct thread **out) __must_check;
/* Whether the caller may look into it (ptrace(2)): 0, -EACCES, -ESRCH. mode: PTRACE_MODE_ATTACH
 * too. */
int proc_check_access(const struct tree_place *p, u32 mode) __must_check;
/* Opening what shows memory: also -ESRCH when there is none. */
int proc_open_memory(const struct tree_place *p, struct file *file);

/* status.c */
int proc_show_stat(const struct tree_place *p, struct thread *t,
		   struct seqbuf *out); /* of the process */
int proc_show_thread_stat(const struct tree_place *p, struct thread *t,
			  struct seqbuf *out); /* of the thread */
int proc_show_status(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_statm(const struct tree_place *p, struct thread *t, struct seqbuf *out);
/* process.c: short texts. */
int proc_show_comm(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_write_comm(struct thread *t, const char *text, size_t len);
int proc_show_limits(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_oom_score(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_oom_adj(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_write_oom_adj(struct thread *t, const char *text, size_t len);
int proc_show_oom_score_adj(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_write_oom_score_adj(struct thread *t, const char *text, size_t len);
int proc_show_timerslack(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_write_timerslack(struct thread *t, const char *text, size_t len);
int proc_show_timers(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_personality(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_sched(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_schedstat(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_children(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_io(const struct tree_place *p, struct thread *t,
		 struct seqbuf *out); /* of the process */
int proc_show_thread_io(const struct tree_place *p, struct thread *t,
			struct seqbuf *out); /* of the thread */
int proc_show_audit_unset(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_cgroup(const struct tree_place *p, struct thread *t, struct seqbuf *out);

/* objgraph.c: objects and who points at whom; Pipit's own. */
int proc_show_objgraph(const struct tree_place *p, struct seqbuf *out);
void proc_objgraph_init(void);

extern const struct file_ops proc_trace_ops; /* trace.c */

/* stack.c: where a thread sleeps. */
int proc_show_stack(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_syscall(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_wchan(const struct tree_place *p, struct thread *t, struct seqbuf *out);

/* memory.c, smaps.c */
int proc_show_maps(struct as *as, struct seqbuf *out);
int proc_show_smaps(struct as *as, struct seqbuf *out);
int proc_show_smaps_rollup(struct as *as, struct seqbuf *out);
int proc_write_clear_refs(struct thread *t, const char *text, size_t len);
extern const struct tree_dynamic proc_map_files_children;
int proc_map_files_permission(const struct tree_place *p, u32 mask);
int proc_show_cmdline(struct as *as, struct seqbuf *out);
int proc_show_environ(struct as *as, struct seqbuf *out);
int proc_show_dump_filter(struct as *as, struct seqbuf *out);
int proc_write_dump_filter(struct thread *t, const char *text, size_t len);
int proc_show_auxv(struct as *as, struct seqbuf *out);
extern const struct file_ops proc_mem_ops, proc_pagemap_ops;
/* Writes the line of maps that names vma. */
void proc_put_area(struct seqbuf *out, const struct vma *vma, const struct path *root);
/* The memory of who file is about, +1, NULL for a zombie, if the caller may do mode to it now. */
int proc_file_as_get(struct file *file, u32 mode, struct as **out) __must_check;

/* fd.c */
extern const struct tree_dynamic proc_fd_children, proc_fdinfo_children;
bool proc_fd_is_valid(const struct tree_place *p);
int proc_fd_permission(const struct tree_place *p, u32 mask);
int proc_fdinfo_permission(const struct tree_place *p, u32 mask);
void proc_fd_getattr(const struct tree_place *p, struct kstat *st);
int proc_show_locks(const struct tree_place *p, struct seqbuf *out);
/* exe, cwd, root. */
int proc_exe_follow(const struct tree_place *p, struct path *out);
int proc_cwd_follow(const struct tree_place *p, struct path *out);
int proc_root_follow(const struct tree_place *p, struct path *out);
/* The text of a link that has a follow. */
long proc_path_readlink(const struct tree_place *p, char *buf, size_t size);

/* ns.c */
extern const struct tree_dynamic proc_ns_children;
int proc_show_net_unix(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_net_dev(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_uid_map(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_gid_map(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_setgroups(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_write_uid_map(struct thread *t, const char *text, size_t len);
int proc_write_gid_map(struct thread *t, const char *text, size_t len);
int proc_write_setgroups(struct thread *t, const char *text, size_t len);

/* mounts.c: all of the one mount namespace, as seen from the reader's root. */
int proc_show_mounts(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_mountinfo(const struct tree_place *p, struct thread *t, struct seqbuf *out);
int proc_show_mountstats(const struct tree_place *p, struct thread *t, struct seqbuf *out);

/* system.c, cpuinfo.c, sys.c */
extern const struct tree_entry proc_sys_table[];
int proc_show_meminfo(const struct tree_place *p, struct seqbuf *out);
int proc_show_vmstat(const struct tree_place *p, struct seqbuf *out);
int proc_show_uptime(const struct tree_place *p, struct seqbuf *out);
int proc_show_system_stat(const struct tree_place *p, struct seqbuf *out);
int proc_show_version(const struct tree_place *p, struct seqbuf *out);
int proc_show_filesystems(const struct tree_place *p, struct seqbuf *out);
int proc_show_slabinfo(const struct tree_place *p, struct seqbuf *out);
int proc_show_boot_cmdline(const struct tree_place *p, struct seqbuf *out);
int proc_show_loadavg(const struct tree_place *p, struct seqbuf *out);
int proc_show_cpuinfo(const struct tree_place *p, struct seqbuf *out);
int proc_show_devices(const struct tree_place *p, struct seqbuf *out);
int proc_show_kallsyms(const struct tree_place *p, struct seqbuf *out);
int proc_show_interrupts(const struct tree_place *p, struct seqbuf *out);
int proc_show_nothing(const struct tree_place *p, struct seqbuf *out);
int proc_show_partitions(const struct tree_place *p, struct seqbuf *out);
int proc_show_swaps(const struct tree_place *p, struct seqbuf *out);
