/* Follows Linux 7.3 arch/x86/include/uapi/asm/signal.h and asm-generic/siginfo.h */
#pragma once

#include <linux/types.h>

#define SIGHUP    1
#define SIGINT    2
#define SIGQUIT   3
#define SIGILL    4
#define SIGTRAP   5
#define SIGABRT   6
#define SIGIOT    6
#define SIGBUS    7
#define SIGFPE    8
#define SIGKILL   9
#define SIGUSR1   10
#define SIGSEGV   11
#define SIGUSR2   12
#define SIGPIPE   13
#define SIGALRM   14
#define SIGTERM   15
#define SIGSTKFLT 16
#define SIGCHLD   17
#define SIGCONT   18
#define SIGSTOP   19
#define SIGTSTP   20
#define SIGTTIN   21
#define SIGTTOU   22
#define SIGURG    23
#define SIGXCPU   24
#define SIGXFSZ   25
#define SIGVTALRM 26
#define SIGPROF   27
#define SIGWINCH  28
#define SIGIO     29
#define SIGPOLL   SIGIO
#define SIGPWR    30
#define SIGSYS    31

#define SIGRTMIN 32
#define SIGRTMAX _NSIG
#define _NSIG    64 /* the highest signal, as the kernel counts; NSIG is the C library's */

#define SA_NOCLDSTOP      0x00000001
#define SA_NOCLDWAIT      0x00000002
#define SA_SIGINFO        0x00000004
#define SA_UNSUPPORTED    0x00000400
#define SA_EXPOSE_TAGBITS 0x00000800
#define SA_RESTORER       0x04000000
#define SA_ONSTACK        0x08000000
#define SA_RESTART        0x10000000
#define SA_NODEFER        0x40000000
#define SA_RESETHAND      0x80000000
#define SA_NOMASK         SA_NODEFER
#define SA_ONESHOT        SA_RESETHAND

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

typedef void (*__sighandler_t)(int);

#define SIG_DFL ((__sighandler_t)0)
#define SIG_IGN ((__sighandler_t)1)
#define SIG_ERR ((__sighandler_t)-1)

/* Signal n is bit n - 1. */
typedef uint64_t kernel_sigset_t;

/* What rt_sigaction(2) reads and writes: struct sigaction is the C library's. */
struct kernel_sigaction {
	__sighandler_t handler;
	unsigned long flags;
	void (*restorer)(void);
	kernel_sigset_t mask;
};

typedef struct sigaltstack {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM (1U << 31)
#define MINSIGSTKSZ   2048
#define SIGSTKSZ      8192

union sigval {
	int sival_int;
	void *sival_ptr;
};
typedef union sigval sigval_t;

#define SI_MAX_SIZE 128

/*
 * 128 bytes. Linux hides the alternatives behind macros; here they are anonymous members, so that
 * `info.si_pid` is simply a field.
 */
typedef struct siginfo {
	int si_signo;
	int si_errno;
	int si_code;
	int __pad0;
	union {
		int __fill[28];
		struct { /* kill, sigqueue, timers, SIGCHLD */
			union {
				pid_t si_pid;
				int si_timerid;
			};
			union {
				uid_t si_uid;
				int si_overrun;
			};
			union {
				sigval_t si_value;
				int si_int;
				void *si_ptr;
				struct {
					int si_status;
					clock_t si_utime;
					clock_t si_stime;
				};
			};
		};
		struct { /* SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP */
			void *si_addr;
			union {
				short si_addr_lsb;
				struct {
					int __bound_pad[2];
					void *si_lower;
					void *si_upper;
				};
				struct {
					int __pkey_pad[2];
					uint32_t si_pkey;
				};
			};
		};
		struct { /* SIGPOLL */
			long si_band;
			int si_fd;
		};
		struct { /* SIGSYS */
			void *si_call_addr;
			int si_syscall;
			unsigned int si_arch;
		};
	};
} siginfo_t;

#define SI_USER     0
#define SI_KERNEL   0x80
#define SI_QUEUE    -1
#define SI_TIMER    -2
#define SI_MESGQ    -3
#define SI_ASYNCIO  -4
#define SI_SIGIO    -5
#define SI_TKILL    -6
#define SI_DETHREAD -7
#define SI_ASYNCNL  -60

#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define ILL_PRVREG 6
#define ILL_COPROC 7
#define ILL_BADSTK 8

#define FPE_INTDIV   1
#define FPE_INTOVF   2
#define FPE_FLTDIV   3
#define FPE_FLTOVF   4
#define FPE_FLTUND   5
#define FPE_FLTRES   6
#define FPE_FLTINV   7
#define FPE_FLTSUB   8
#define FPE_FLTUNK   14
#define FPE_CONDTRAP 15

#define SEGV_MAPERR  1
#define SEGV_ACCERR  2
#define SEGV_BNDERR  3
#define SEGV_PKUERR  4
#define SEGV_ACCADI  5
#define SEGV_ADIDERR 6
#define SEGV_ADIPERR 7
#define SEGV_MTEAERR 8
#define SEGV_MTESERR 9
#define SEGV_CPERR   10

#define BUS_ADRALN    1
#define BUS_ADRERR    2
#define BUS_OBJERR    3
#define BUS_MCEERR_AR 4
#define BUS_MCEERR_AO 5

#define TRAP_BRKPT  1
#define TRAP_TRACE  2
#define TRAP_BRANCH 3
#define TRAP_HWBKPT 4
#define TRAP_UNK    5
#define TRAP_PERF   6

#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

#define POLL_IN  1
#define POLL_OUT 2
#define POLL_MSG 3
#define POLL_ERR 4
#define POLL_PRI 5
#define POLL_HUP 6

#define SYS_SECCOMP       1
#define SYS_USER_DISPATCH 2

#define SIGEV_SIGNAL    0
#define SIGEV_NONE      1
#define SIGEV_THREAD    2
#define SIGEV_THREAD_ID 4

typedef struct sigevent {
	sigval_t sigev_value;
	int sigev_signo;
	int sigev_notify;
	union {
		int __fill[12];
		pid_t sigev_notify_thread_id;
		struct {
			void (*sigev_notify_function)(sigval_t);
			void *sigev_notify_attributes;
		};
	};
} sigevent_t;
