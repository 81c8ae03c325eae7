/*
 * The size and the offsets of every structure that crosses the system call boundary.
 *
 * Three compilations must pass:  against uapi/ (what Pipit uses); with -DHOST against the host
 * kernel's headers; with -DHOST=2 against the host C library's, for the structures that Linux does
 * not export. Passing all three proves that uapi/ is the Linux ABI. The numbers below are facts
 * of that ABI, so a failure is always a mistake in a header. Structures younger than the oldest
 * supported host headers are checked there only if a macro says that the host knows them.
 */
#if !defined(HOST)
#define IN_UAPI  1
#define IN_LINUX 1
#define IN_LIBC  1
#elif HOST == 2
#define _GNU_SOURCE
#define IN_UAPI  0
#define IN_LINUX 0
#define IN_LIBC  1
#else
#define IN_UAPI  0
#define IN_LINUX 1
#define IN_LIBC  0
#endif

#include <stddef.h>
#include <stdint.h>

#if IN_LINUX
#include <linux/types.h>

#include <asm/prctl.h>
#include <asm/sigcontext.h>
#include <linux/auxvec.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/pidfd.h>
#include <linux/poll.h>
#include <linux/resource.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/termios.h>
#include <linux/time.h>
#include <linux/times.h>
#include <linux/un.h>
#include <linux/utsname.h>
#endif

#if IN_UAPI
#include <asm/ptrace.h>
#include <asm/ucontext.h>
#include <linux/dirent.h>
#include <linux/nsfs.h>
#include <linux/socket.h>
#include <linux/statfs.h>
#define HOST_NAME(ours, theirs) ours
#else
#define HOST_NAME(ours, theirs) theirs
#endif

#if !IN_UAPI && IN_LINUX
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/ucontext.h>
#include <linux/sched/types.h>
#endif

#if !IN_UAPI && IN_LIBC
#include <dirent.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/utsname.h>
#endif

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define AT(type, field, offset)                                                                    \
	_Static_assert(offsetof(type, field) == (offset), "offset of " #field " in " #type)

#if IN_LINUX
/* Files. */
SIZE(struct stat, 144);
AT(struct stat, st_dev, 0);
AT(struct stat, st_ino, 8);
AT(struct stat, st_nlink, 16);
AT(struct stat, st_mode, 24);
AT(struct stat, st_uid, 28);
AT(struct stat, st_gid, 32);
AT(struct stat, st_rdev, 40);
AT(struct stat, st_size, 48);
AT(struct stat, st_blksize, 56);
AT(struct stat, st_blocks, 64);
AT(struct stat, st_atime, 72);
AT(struct stat, st_mtime, 88);
AT(struct stat, st_ctime, 104);

SIZE(struct statx_timestamp, 16);
AT(struct statx_timestamp, tv_nsec, 8);
SIZE(struct statx, 256);
AT(struct statx, stx_mask, 0);
AT(struct statx, stx_blksize, 4);
AT(struct statx, stx_attributes, 8);
AT(struct statx, stx_nlink, 16);
AT(struct statx, stx_uid, 20);
AT(struct statx, stx_gid, 24);
AT(struct statx, stx_mode, 28);
AT(struct statx, stx_ino, 32);
AT(struct statx, stx_size, 40);
AT(struct statx, stx_blocks, 48);
AT(struct statx, stx_attributes_mask, 56);
AT(struct statx, stx_atime, 64);
AT(struct statx, stx_btime, 80);
AT(struct statx, stx_ctime, 96);
AT(struct statx, stx_mtime, 112);
AT(struct statx, stx_rdev_major, 128);
AT(struct statx, stx_rdev_minor, 132);
AT(struct statx, stx_dev_major, 136);
AT(struct statx, stx_dev_minor, 140);
AT(struct statx, stx_mnt_id, 144);
AT(struct statx, stx_dio_mem_align, 152);
AT(struct statx, stx_dio_offset_align, 156);
#ifdef STATX_SUBVOL
AT(struct statx, stx_subvol, 160);
#endif
#ifdef STATX_WRITE_ATOMIC
AT(struct statx, stx_atomic_write_unit_min, 168);
AT(struct statx, stx_atomic_write_segments_max, 176);
#endif

SIZE(struct statfs, 120);
AT(struct statfs, f_type, 0);
AT(struct statfs, f_bsize, 8);
AT(struct statfs, f_blocks, 16);
AT(struct statfs, f_ffree, 48);
AT(struct statfs, f_fsid, 56);
AT(struct statfs, f_namelen, 64);
AT(struct statfs, f_flags, 80);

SIZE(struct flock, 32);
AT(struct flock, l_start, 8);
AT(struct flock, l_len, 16);
AT(struct flock, l_pid, 24);
SIZE(struct f_owner_ex, 8);
SIZE(struct open_how, 24);
AT(struct open_how, mode, 8);
AT(struct open_how, resolve, 16);
SIZE(struct mount_attr, 32);
#ifdef STATMOUNT_SUPPORTED_MASK
SIZE(struct statmount, 512);
SIZE(struct mnt_id_req, MNT_ID_REQ_SIZE_VER1);
#endif
AT(struct mount_attr, userns_fd, 24);
_Static_assert(FS_IOC_GETVERSION == 0x80087601, "FS_IOC_GETVERSION");

SIZE(struct pollfd, 8);
AT(struct pollfd, revents, 6);
SIZE(struct epoll_event, 12);
AT(struct epoll_event, data, 4);
SIZE(struct signalfd_siginfo, 128);
AT(struct signalfd_siginfo, ssi_status, 40);
AT(struct signalfd_siginfo, ssi_ptr, 48);
AT(struct signalfd_siginfo, ssi_addr, 72);
AT(struct signalfd_siginfo, ssi_call_addr, 88);
AT(struct signalfd_siginfo, ssi_arch, 96);

/* Signals. */
SIZE(siginfo_t, 128);
AT(siginfo_t, si_code, 8);
AT(siginfo_t, si_pid, 16);
AT(siginfo_t, si_uid, 20);
AT(siginfo_t, si_status, 24);
AT(siginfo_t, si_utime, 32);
AT(siginfo_t, si_stime, 40);
AT(siginfo_t, si_value, 24);
AT(siginfo_t, si_addr, 16);
AT(siginfo_t, si_addr_lsb, 24);
AT(siginfo_t, si_lower, 32);
AT(siginfo_t, si_upper, 40);
AT(siginfo_t, si_pkey, 32);
AT(siginfo_t, si_band, 16);
AT(siginfo_t, si_fd, 24);
AT(siginfo_t, si_call_addr, 16);
AT(siginfo_t, si_syscall, 24);
AT(siginfo_t, si_arch, 28);
SIZE(HOST_NAME(struct kernel_sigaction, struct sigaction), 32);
AT(HOST_NAME(struct kernel_sigaction, struct sigaction), HOST_NAME(flags, sa_flags), 8);
AT(HOST_NAME(struct kernel_sigaction, struct sigaction), HOST_NAME(restorer, sa_restorer), 16);
AT(HOST_NAME(struct kernel_sigaction, struct sigaction), HOST_NAME(mask, sa_mask), 24);
SIZE(stack_t, 24);
AT(stack_t, ss_flags, 8);
AT(stack_t, ss_size, 16);
SIZE(sigevent_t, 64);
AT(sigevent_t, sigev_signo, 8);
AT(sigevent_t, sigev_notify, 12);
AT(sigevent_t, sigev_notify_thread_id, 16);

SIZE(struct sigcontext, 256);
AT(struct sigcontext, rdi, 64);
AT(struct sigcontext, rip, 128);
AT(struct sigcontext, cs, 144);
AT(struct sigcontext, ss, 150);
AT(struct sigcontext, err, 152);
AT(struct sigcontext, cr2, 176);
AT(struct sigcontext, fpstate, 184);
SIZE(struct _fpx_sw_bytes, 48);
AT(struct _fpx_sw_bytes, xfeatures, 8);
SIZE(struct _fpstate, 512);
AT(struct _fpstate, mxcsr, 24);
AT(struct _fpstate, xmm_space, 160);
AT(struct _fpstate, sw_reserved, 464);
SIZE(struct _xstate, 832);
AT(struct _xstate, xstate_hdr, 512);
AT(struct _xstate, ymmh, 576);
SIZE(struct ucontext, 304);
AT(struct ucontext, uc_stack, 16);
AT(struct ucontext, uc_mcontext, 40);
AT(struct ucontext, uc_sigmask, 296);

/* Processes. */
SIZE(struct clone_args, 88);
AT(struct clone_args, pidfd, 8);
AT(struct clone_args, exit_signal, 32);
AT(struct clone_args, stack, 40);
AT(struct clone_args, tls, 56);
AT(struct clone_args, set_tid, 64);
AT(struct clone_args, cgroup, 80);
SIZE(struct sched_attr, 56);
SIZE(struct sched_param, 4);
SIZE(struct rlimit64, 16);
SIZE(struct rlimit, 16);
SIZE(struct rusage, 144);
AT(struct rusage, ru_maxrss, 32);
AT(struct rusage, ru_nivcsw, 136);
SIZE(struct robust_list_head, 24);
SIZE(struct futex_waitv, 24);
SIZE(struct rseq, 32);
AT(struct rseq, rseq_cs, 8);
AT(struct rseq, flags, 16);
SIZE(struct rseq_cs, 32);
SIZE(struct kcmp_epoll_slot, 12);
SIZE(struct __user_cap_header_struct, 8);
SIZE(struct __user_cap_data_struct, 12);
SIZE(HOST_NAME(struct utsname, struct new_utsname), 390);
SIZE(struct sysinfo, 112);
AT(struct sysinfo, procs, 80);
AT(struct sysinfo, mem_unit, 104);
SIZE(struct tms, 32);

#ifdef PIDFD_GET_INFO
SIZE(struct pidfd_info, 88);
AT(struct pidfd_info, cgroupid, 8);
AT(struct pidfd_info, pid, 16);
AT(struct pidfd_info, ppid, 24);
AT(struct pidfd_info, ruid, 28);
AT(struct pidfd_info, suid, 44);
AT(struct pidfd_info, fsgid, 56);
AT(struct pidfd_info, exit_code, 60);
AT(struct pidfd_info, coredump_mask, PIDFD_INFO_SIZE_VER0);
AT(struct pidfd_info, coredump_code, PIDFD_INFO_SIZE_VER1);
AT(struct pidfd_info, supported_mask, PIDFD_INFO_SIZE_VER2);
_Static_assert(PIDFD_GET_INFO == 0xc058ff0b, "PIDFD_GET_INFO");
_Static_assert(PIDFD_GET_UTS_NAMESPACE == 0xff0a, "PIDFD_GET_UTS_NAMESPACE");
#endif

#if IN_UAPI
#include <linux/coredump.h>
SIZE(struct coredump_req, COREDUMP_REQ_SIZE_VER0);
AT(struct coredump_req, mask, 8);
SIZE(struct coredump_ack, COREDUMP_ACK_SIZE_VER0);
AT(struct coredump_ack, mask, 8);
#endif

/* Time and terminals. */
SIZE(struct timespec, 16);
SIZE(struct timeval, 16);
SIZE(struct itimerspec, 32);
AT(struct itimerspec, it_value, 16);
SIZE(struct itimerval, 32);
SIZE(struct termios, 36);
AT(struct termios, c_line, 16);
AT(struct termios, c_cc, 17);
SIZE(struct termios2, 44);
AT(struct termios2, c_ospeed, 40);
SIZE(struct winsize, 8);
_Static_assert(TIOCGPTN == 0x80045430, "TIOCGPTN");
_Static_assert(TCGETS2 == 0x802c542a, "TCGETS2");
SIZE(struct sockaddr_un, 110);
#endif

#if IN_LIBC
SIZE(struct iovec, 16);
SIZE(struct msghdr, 56);
AT(struct msghdr, msg_iov, 16);
AT(struct msghdr, msg_control, 32);
AT(struct msghdr, msg_flags, 48);
SIZE(struct mmsghdr, 64);
SIZE(struct cmsghdr, 16);
AT(struct cmsghdr, cmsg_level, 8);
_Static_assert(CMSG_SPACE(4) == 24 && CMSG_LEN(4) == 20, "CMSG_SPACE and CMSG_LEN");
SIZE(struct ucred, 12);
SIZE(struct linger, 8);
SIZE(struct sockaddr, 16);
SIZE(struct sockaddr_storage, 128);
SIZE(struct statfs, 120);
SIZE(struct utsname, 390);
AT(HOST_NAME(struct linux_dirent64, struct dirent64), d_off, 8);
AT(HOST_NAME(struct linux_dirent64, struct dirent64), d_reclen, 16);
AT(HOST_NAME(struct linux_dirent64, struct dirent64), d_type, 18);
AT(HOST_NAME(struct linux_dirent64, struct dirent64), d_name, 19);
SIZE(struct user_regs_struct, 216);
AT(struct user_regs_struct, orig_rax, 120);
AT(struct user_regs_struct, rip, 128);
AT(struct user_regs_struct, fs_base, 168);
SIZE(struct user_fpregs_struct, 512);
#endif

#if IN_UAPI
SIZE(struct mnt_ns_info, MNT_NS_INFO_SIZE_VER0);
AT(struct statx, stx_atomic_write_unit_max_opt, 184);
#endif
