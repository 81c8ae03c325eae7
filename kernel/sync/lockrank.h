/*
 * THE lock order, as data. docs/locking.md shows how to read it.
 *
 * Take locks downward in this table only: a rank must be greater than every rank already held. An
 * equal rank needs a _nested form and the tie-break of its row. User memory may be touched only
 * while every held lock ranks below MM, because the copy may fault. Nothing sleeps while a spin
 * lock is held. The checker (lockcheck.c) holds debug kernels to all of this.
 *
 * X(number, NAME, kind, "what it protects", "tie-break"), kind one of
 *   SLEEP     mutex or rwsem: the holder may sleep
 *   SPIN      never taken in an interrupt handler, so interrupts may stay on
 *   SPIN_IRQ  taken in interrupt handlers too: take it with interrupts off (the irqsave forms)
 */
#pragma once

#include "lib/base.h"

#define LOCK_RANKS(X)                                                                              \
	X(10, EXEC, SLEEP, "task: who it is across execve; read by getfd, /proc/PID/mem", "-")     \
	X(15, FSCONTEXT, SLEEP, "fscontext: what was said so far", "-")                            \
	X(20, MOUNT, SLEEP, "global: mount tree, mount namespaces", "-")                           \
	X(30, RENAME, SLEEP, "super: one cross-directory rename at a time", "-")                   \
	X(40, DIR, SLEEP, "inode: directory contents", "ancestor first, else RENAME held")         \
	X(50, INODE, SLEEP, "inode: file size, data layout, attributes", "lower address first")    \
	X(60, EPOLL, SLEEP, "epoll: interest set", "outer epoll first, depth at most 5")           \
	X(64, UNIX_GC, SLEEP, "global: descriptors in flight", "-")                                \
	X(65, SOCK, SLEEP, "socket: state, queue", "lower address; listener, its connections")     \
	X(70, PIPE, SLEEP, "pipe: ring, reader and writer counts", "lower address first")          \
	X(75, TTY, SLEEP, "tty: termios, session link", "master first")                            \
	X(80, MM, SLEEP, "address space: its areas; page faults take it", "parent before child")   \
	X(85, PAGE, SLEEP, "page: contents of one page-cache page", "lower index first")           \
	X(100, TASKS, SPIN, "global: process tree, groups, sessions, pid to task links", "-")      \
	X(110, SIG, SPIN_IRQ, "task: signal state, thread list", "-")                              \
	X(115, SIGHAND, SPIN_IRQ, "handler table, when tasks share it", "-")                       \
	X(120, FILES, SPIN, "files: descriptor table", "-")                                        \
	X(130, FSCTX, SPIN, "fs_ctx: root, cwd, umask", "-")                                       \
	X(135, FLOCK, SPIN, "global: advisory locks on files", "-")                                \
	X(137, SOCKNAMES, SPIN, "global: which socket is bound to a name", "-")                    \
	X(138, FLIGHT, SPIN, "global: counts of descriptors in flight", "-")                       \
	X(140, DENTRY, SPIN, "dentry: name, parent, children, inode link", "parent first")         \
	X(145, PGCACHE, SPIN, "inode: index of its cached pages", "-")                             \
	X(150, DHASH, SPIN, "bucket: dentry hash chain", "-")                                      \
	X(160, ICACHE, SPIN, "super: inode list and hash", "-")                                    \
	X(170, PIDNS, SPIN, "pidns: number allocation, number to pid", "child first")              \
	X(175, USERS, SPIN, "global: threads counted by user", "-")                                \
	X(185, TTYBUF, SPIN_IRQ, "tty: input and output rings", "-")                               \
	X(187, FUTEX, SPIN, "bucket: threads waiting on a word", "lower address first")            \
	X(188, FUTEXPI, SPIN, "global: who waits for whom at locks with priorities", "-")          \
	X(190, WAITQ, SPIN_IRQ, "queue: waiter list", "the queue an epoll callback wakes")         \
	X(192, EPREADY, SPIN_IRQ, "epoll: ready list", "-")                                        \
	X(195, WORK, SPIN_IRQ, "global: queue of the work thread", "-")                            \
	X(200, TIMER, SPIN_IRQ, "cpu: timer tree; callbacks run without it", "lower CPU first")    \
	X(205, DEVICE, SPIN_IRQ, "device: registers, small state", "-")                            \
	X(210, RUNQ, SPIN_IRQ, "cpu: run queue", "lower CPU first")                                \
	X(220, SLAB, SPIN, "cache: slab lists", "-")                                               \
	X(230, FRAMES, SPIN, "zone: free frames", "-")                                             \
	X(250, LOG, RAW, "global: log ring, consoles; outside the checker, which prints", "-")

enum lockrank {
#define X(number, name, kind, protects, tie_break) RANK_##name = number,
	LOCK_RANKS(X)
#undef X
};

#define RANK_COUNT 256
