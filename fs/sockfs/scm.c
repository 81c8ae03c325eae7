/*
 * scm: what travels beside the bytes: descriptors, credentials, pidfds.
 *
 * Owns: control messages from and to user memory, and struct scm_files.
 * Life: scm_from_user() makes a struct scm out of what a sender gave; it goes into the first packet;
 *   a receiver takes it out, and scm_to_user() turns it into descriptors. Whatever is not used on
 *   this way is dropped: files are closed.
 * Locks: none is held here, as closing may do anything. scm_files_drop() is called again from the
 *   closing of a socket whose queue holds more; current->scm_drain makes a loop of that.
 * Follows: unix(7), cmsg(3), recvmsg(2)
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "lib/string.h"
#include "arch/x86_64/uaccess.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "kernel/task/task.h"
#include "fs/fdtable.h"
#include "fs/pidfs/pidfs.h"
#include "fs/sockfs/socket.h"

#define CONTROL_MAX 131072 /* optmem_max */
#define HEADER_LEN  CMSG_LEN(0)

/* ---- files */

static struct scm_files *scm_files_new(u32 room)
{
	struct scm_files *files = kzalloc(sizeof(*files) + room * sizeof(files->file[0]));

	if (files)
		files->uid = cred_current()->uid;
	return files;
}

struct scm_files *scm_files_copy(const struct scm_files *from)
{
	struct scm_files *files = scm_files_new(from->nr);

	if (!files)
		return NULL;
	for (u32 i = 0; i < from->nr; i++)
		files->file[i] = file_get(from->file[i]);
	files->nr = from->nr;
	return files;
}

void scm_files_drop(struct scm_files *files)
{
	struct scm_files *todo = files;

	if (!files)
		return;
	if (current->scm_drain) { /* whoever is closing will come to it */
		files->next = *current->scm_drain;
		*current->scm_drain = files;
		return;
	}
	files->next = NULL;
	current->scm_drain = &todo;
	while ((files = todo)) {
		todo = files->next;
		for (u32 i = 0; i < files->nr; i++)
			file_put(files->file[i]);
		kfree(files);
	}
	current->scm_drain = NULL;
}

void scm_drop(struct scm *scm)
{
	if (unlikely(scm->files))
		scm_files_drop(scm->files);
	if (unlikely(scm->pid))
		pid_put(scm->pid);
	*scm = (struct scm){ 0 };
}

void scm_add_self(struct scm *scm)
{
	const struct cred *cred = cred_current();

	scm->pid = pid_get(task_current()->pid);
	scm->uid = cred->uid;
	scm->gid = cred->gid;
}

/* ---- from the sender */

static int add_files(struct scm *scm, const int *fds, u32 n)
{
	struct scm_files *files;
	u32 had = scm->files ? scm->files->nr : 0;

	if (!n)
		return 0;
	if (had + n > SCM_MAX_FD)
		return -EINVAL;
	files = scm_files_new(had + n);
	if (!files)
		return -ENOMEM;
	if (had) {
		memcpy(files->file, scm->files->file, had * sizeof(files->file[0]));
		files->nr_sockets = scm->files->nr_sockets;
		kfree(scm->files);
	}
	files->nr = had;
	scm->files = files;
	for (u32 i = 0; i < n; i++) {
		struct file *file = fd_get_any(files_current(), fds[i]);

		if (!file)
			return -EBADF;
		files->file[files->nr++] = file;
		files->nr_sockets += !!socket_of(file);
	}
	return 0;
}

/* unix(7): only the privileged may say that they are somebody else. */
static bool may_claim(const struct ucred *claim)
{
	const struct userns *owner = pidns_current()->ns.owner;
	const struct cred *c = cred_current();

	return (claim->pid == pid_vnr(task_current()->pid) ||
		ns_capable(owner ? owner : &userns_initial, CAP_SYS_ADMIN)) &&
	       (claim->uid == c->uid || claim->uid == c->euid || claim->uid == c->suid ||
		cred_has_cap(c, CAP_SETUID)) &&
	       (claim->gid == c->gid || claim->gid == c->egid || claim->gid == c->sgid ||
		cred_has_cap(c, CAP_SETGID));
}

static int add_credentials(struct scm *scm, const void *data, size_t len)
{
	struct ucred claim;
	struct pid *pid;

	if (len != sizeof(claim))
		return -EINVAL;
	memcpy(&claim, data, sizeof(claim));
	claim.uid = uid_from_user(claim.uid);
	claim.gid = gid_from_user(claim.gid);
	if (claim.uid == ID_NONE || claim.gid == ID_NONE)
		return -EINVAL;
	if (!may_claim(&claim))
		return -EPERM;
	pid = pid_find_get(pidns_current(), claim.pid);
	if (!pid)
		return -ESRCH;
	pid_put(scm->pid);
	scm->pid = pid;
	scm->uid = claim.uid;
	scm->gid = claim.gid;
	return 0;
}

static int parse(struct scm *scm, const char *control, size_t len)
{
	const struct cmsghdr *c;
	size_t at = 0, data_len;
	int err = 0;

	while (!err && at + sizeof(*c) <= len) {
		c = (const struct cmsghdr *)(const void *)(control + at);
		if (c->cmsg_len < sizeof(*c) || c->cmsg_len > len - at)
			return -EINVAL;
		data_len = c->cmsg_len - sizeof(*c);
		if (c->cmsg_level != SOL_SOCKET)
			err = 0;
		else if (c->cmsg_type == SCM_RIGHTS)
			err = data_len / sizeof(int) > SCM_MAX_FD
				      ? -EINVAL
				      : add_files(scm, (const int *)(c + 1),
						  data_len / sizeof(int));
		else if (c->cmsg_type == SCM_CREDENTIALS)
			err = add_credentials(scm, c + 1, data_len);
		else
			err = -EINVAL;
		at += CMSG_ALIGN(c->cmsg_len);
	}
	return err;
}

int scm_from_user(struct scm *scm, const char __user *ucontrol, size_t len)
{
	char *control;
	int err;

	if (len >= CONTROL_MAX)
		return -ENOBUFS;
	control = kmalloc(len);
	if (!control)
		return -ENOBUFS;
	err = copy_from_user(control, ucontrol, len);
	if (!err)
		err = parse(scm, control, len);
	kfree(control);
	if (err)
		scm_drop(scm);
	return err;
}

/* ---- to the receiver */

struct control {
	char __user *at;
	size_t left;
	u32 *answer; /* MSG_CTRUNC goes here */
};

/* One control message, cut if there is less room. False: none was written. */
static bool control_put(struct control *to, int type, const void *data, size_t len)
{
	struct cmsghdr header = { MIN(CMSG_LEN(len), to->left), SOL_SOCKET, type };
	size_t space = MIN(CMSG_SPACE(len), to->left);

	if (to->left < CMSG_LEN(len))
		*to->answer |= MSG_CTRUNC;
	if (to->left < sizeof(header))
		return false;
	if (copy_to_user(to->at, &header, sizeof(header)) ||
	    copy_to_user(to->at + sizeof(header), data, header.cmsg_len - sizeof(header)))
		return false;
	to->at += space;
	to->left -= space;
	return true;
}

/* A descriptor whose number is at uwhere before it works. */
static int install(struct file *file, u32 flags, int __user *uwhere)
{
	int fd, err = fd_reserve(files_current(), flags, &fd);

	if (err)
		return err;
	if (put_user(fd, uwhere)) {
		fd_unreserve(files_current(), fd);
		return -EFAULT;
	}
	fd_install(files_current(), fd, file_get(file));
	return 0;
}

static void put_files(struct control *to, const struct scm_files *files, u32 flags)
{
	size_t room = to->left > HEADER_LEN ? (to->left - HEADER_LEN) / sizeof(int) : 0, space;
	int __user *ufds = (int __user *)(void __user *)(to->at + HEADER_LEN);
	struct cmsghdr header = { 0, SOL_SOCKET, SCM_RIGHTS };
	u32 n = 0;

	while (n < MIN((size_t)files->nr, room) && !install(files->file[n], flags, ufds + n))
		n++;
	if (n < files->nr)
		*to->answer |= MSG_CTRUNC;
	header.cmsg_len = CMSG_LEN(n * sizeof(int));
	if (!n || copy_to_user(to->at, &header, sizeof(header)))
		return;
	space = MIN(CMSG_SPACE(n * sizeof(int)), to->left);
	to->at += space;
	to->left -= space;
}

/* pidfd-abi: without room there is none, and no descriptor is used up; a failure is told in place. */
static void put_pidfd(struct control *to, struct pid *pid)
{
	struct file *file = NULL;
	int fd, err;

	if (to->left < CMSG_LEN(sizeof(fd))) {
		*to->answer |= MSG_CTRUNC;
		return;
	}
	err = fd_reserve(files_current(), O_CLOEXEC, &fd);
	if (!err) {
		err = pidfs_open(pid, 0, &file);
		if (err)
			fd_unreserve(files_current(), fd);
	}
	if (err) {
		control_put(to, SCM_PIDFD, &err, sizeof(err));
	} else if (control_put(to, SCM_PIDFD, &fd, sizeof(fd))) {
		fd_install(files_current(), fd, file);
	} else {
		fd_unreserve(files_current(), fd);
		file_put(file);
	}
}

void scm_to_user(struct socket *sk, struct message *msg, char __user **control, size_t *len)
{
	struct control to = { *control, *len, &msg->answer };
	struct scm *scm = &msg->scm;
	struct ucred ucred = { 0, ID_OVERFLOW, ID_OVERFLOW };

	if (!to.at || !msg->has_come) {
		if (msg->has_come && (scm->files || socket_has_option(sk, OPTIONS_IDENTIFY)))
			msg->answer |= MSG_CTRUNC;
		scm_drop(scm);
		return;
	}
	if (scm->pid)
		ucred = (struct ucred){ pid_vnr(scm->pid), uid_to_user(scm->uid),
					gid_to_user(scm->gid) };
	if (socket_has_option(sk, OPTION_BIT(SO_PASSCRED)))
		control_put(&to, SCM_CREDENTIALS, &ucred, sizeof(ucred));
	if (scm->files)
		put_files(&to, scm->files, msg->flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0);
	if (scm->pid && socket_has_option(sk, OPTION_BIT(SO_PASSPIDFD)))
		put_pidfd(&to, scm->pid);
	scm_drop(scm);
	*control = to.at;
	*len = to.left;
}
