/*
 * pidfs: a process by its inode number alone, for open_by_handle_at(2).
 *
 * A handle holds nothing: it names the process as long as that lives, and nobody after it. Since
 * numbers could be guessed, only who has had a pidfd once can be opened so (pid->had_pidfd).
 */
#include <linux/errno.h>

#include "fs/pidfs/internal.h"
#include "kernel/id/pid.h"
#include "kernel/id/pidns.h"
#include "kernel/sched/sched.h"
#include "fs/libfs.h"

/* +1; NULL: none that has numbers. All are gone through, for a table by inode would be a cost of
 * every fork. */
static struct pid *find_get(u64 ino)
{
	struct pid *pid;
	int nr = 0;

	while ((pid = pid_next(&pidns_initial, nr + 1, &nr)) && pid->ino != ino) {
		pid_put(pid);
		cond_resched();
	}
	return pid;
}

int pidfs_open_handle(u64 ino, u32 flags, struct file **out)
{
	struct pid *pid = find_get(ino);
	int err = pidfd_make == libfs_open ? -ESTALE : -EBADF; /* or there is no FD_PIDFS_ROOT */

	/* Reaped: its number may live on as a group's. Unborn: fork has it still. */
	if (pid && READ_ONCE(pid->thread) && pid->had_pidfd && pid_vnr(pid))
		err = pidfs_open(pid, flags, out);
	pid_put(pid);
	return err;
}
