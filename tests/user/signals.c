/*
 * signals: handlers, masks, restart, stacks, waiting, and what faults send.
 */
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tap.h"

static volatile sig_atomic_t count, last, code, nested;
static void *volatile fault_address;
static char *volatile nowhere = (char *)16;

static void on_signal(int sig)
{
	count++;
	last = sig;
}

static void on_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last = sig;
	code = info->si_code;
	fault_address = info->si_addr;
}

static void catch (int sig, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(sig, &action, NULL);
	count = last = 0;
}

static void a_handler_runs_and_returns(void)
{
	catch (SIGUSR1, 0);
	EXPECT_EQ(raise(SIGUSR1), 0);
	EXPECT_EQ(count, 1);
	EXPECT_EQ(last, SIGUSR1);
	EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
	EXPECT_EQ(count, 2);
}

static void blocked_signals_wait_and_merge(void)
{
	sigset_t set, old, pending;

	catch (SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, &old), 0);
	EXPECT(!sigismember(&old, SIGUSR1));
	raise(SIGUSR1);
	raise(SIGUSR1);
	EXPECT_EQ(count, 0);
	EXPECT_EQ(sigpending(&pending), 0);
	EXPECT(sigismember(&pending, SIGUSR1));
	EXPECT_EQ(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	EXPECT_EQ(count, 1);
}

static void realtime_signals_queue(void)
{
	sigset_t set;

	catch (40, 0);
	sigemptyset(&set);
	sigaddset(&set, 40);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 5; i++)
		kill(getpid(), 40);
	EXPECT_EQ(count, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(count, 5);
}

static void kill_and_stop_cannot_be_caught(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	EXPECT_ERR(sigaction(SIGKILL, &action, NULL), EINVAL);
	EXPECT_ERR(sigaction(SIGSTOP, &action, NULL), EINVAL);
	EXPECT_ERR(sigaction(0, &action, NULL), EINVAL);
	EXPECT_ERR(sigaction(65, &action, NULL), EINVAL);
	EXPECT_EQ(sigaction(SIGKILL, NULL, &action), 0);
}

static void kill_checks_its_arguments(void)
{
	EXPECT_ERR(kill(getpid(), 65), EINVAL);
	EXPECT_ERR(kill(getpid(), -1), EINVAL);
	EXPECT_ERR(kill(2147483647, 0), ESRCH);
	EXPECT_ERR(kill(-2147483647, 0), ESRCH);
	EXPECT_EQ(kill(getpid(), 0), 0);
	EXPECT_ERR(syscall(SYS_tgkill, getpid(), 0, 0), EINVAL);
	EXPECT_ERR(syscall(SYS_tgkill, getpid(), 2147483647, 0), ESRCH);
}

static void on_nested(int sig)
{
	(void)sig;
	nested++;
	if (nested == 1)
		raise(SIGUSR1);
	if (nested == 1)
		last = 99; /* the second came only after this one */
}

static void a_signal_is_blocked_in_its_own_handler(void)
{
	struct sigaction action = { .sa_handler = on_nested };

	nested = last = 0;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	EXPECT_EQ(nested, 2);
	EXPECT_EQ(last, 99);
	action.sa_flags = SA_NODEFER;
	nested = last = 0;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	EXPECT_EQ(nested, 2);
	EXPECT_EQ(last, 0);
}

static void reset_hand_catches_once(void)
{
	struct sigaction now;

	catch (SIGUSR1, SA_RESETHAND);
	raise(SIGUSR1);
	EXPECT_EQ(count, 1);
	sigaction(SIGUSR1, NULL, &now);
	EXPECT(now.sa_handler == SIG_DFL);
}

static int sends_soon(void *arg)
{
	for (int i = 0; i < 3; i++) {
		sleep_ms(30);
		kill(getppid(), (int)(long)arg);
	}
	return 0;
}

static void a_read_is_interrupted_or_restarted(void)
{
	int fds[2];
	char c;
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	catch (SIGUSR1, 0);
	child = spawn(sends_soon, (void *)(long)SIGUSR1);
	EXPECT_ERR(read(fds[0], &c, 1), EINTR);
	EXPECT(count >= 1);
	reap(child);

	catch (SIGUSR1, SA_RESTART);
	child = fork();
	if (child == 0) {
		sends_soon((void *)(long)SIGUSR1);
		_exit(write(fds[1], "x", 1) != 1);
	}
	EXPECT_EQ(read(fds[0], &c, 1), 1);
	EXPECT_EQ(count, 3);
	reap(child);
	close(fds[0]);
	close(fds[1]);
}

static void sleep_is_not_restarted_but_tells_what_is_left(void)
{
	struct timespec t = { 20, 0 }, left = { 0, 0 };
	pid_t child;

	catch (SIGUSR1, SA_RESTART);
	child = spawn(sends_soon, (void *)(long)SIGUSR1);
	EXPECT_ERR(nanosleep(&t, &left), EINTR);
	EXPECT(left.tv_sec >= 10 && left.tv_sec < 20);
	reap(child);
}

static void sigsuspend_waits_with_another_mask(void)
{
	sigset_t set, old;

	catch (SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	EXPECT_ERR(sigsuspend(&old), EINTR);
	EXPECT_EQ(count, 1);
	sigprocmask(SIG_BLOCK, NULL, &set);
	EXPECT(sigismember(&set, SIGUSR1));
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void sigtimedwait_takes_without_a_handler(void)
{
	struct timespec soon = { 0, 20000000 };
	siginfo_t info;
	sigset_t set;

	catch (SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	EXPECT_ERR(sigtimedwait(&set, &info, &soon), EAGAIN);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(sigtimedwait(&set, &info, &soon), SIGUSR1);
	EXPECT_EQ(info.si_pid, getpid());
	EXPECT_EQ(count, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(count, 0);
}

static void alternate_stack_is_used(void)
{
	static char stack[32768];
	stack_t new = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };

	EXPECT_EQ(sigaltstack(&new, NULL), 0);
	action.sa_sigaction = on_info;
	sigaction(SIGUSR1, &action, NULL);
	count = 0;
	raise(SIGUSR1);
	EXPECT_EQ(count, 1);
	EXPECT_EQ(sigaltstack(NULL, &old), 0);
	EXPECT(old.ss_sp == stack);
	new.ss_size = 100;
	EXPECT_ERR(sigaltstack(&new, NULL), ENOMEM);
	new.ss_flags = SS_DISABLE;
	EXPECT_EQ(sigaltstack(&new, NULL), 0);
}

static sigjmp_buf back;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	on_info(sig, info, context);
	siglongjmp(back, 1);
}

static void faults_tell_address_and_kind(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	action.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	if (!sigsetjmp(back, 1))
		*(volatile char *)nowhere = 1;
	EXPECT_EQ(last, SIGSEGV);
	EXPECT_EQ(code, SEGV_MAPERR);
	EXPECT(fault_address == (void *)16);
	if (!sigsetjmp(back, 1))
		*(volatile char *)(page + 5) = 1;
	EXPECT_EQ(last, SIGSEGV);
	EXPECT_EQ(code, SEGV_ACCERR);
	EXPECT(fault_address == page + 5);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx");
	EXPECT_EQ(last, SIGFPE);
	EXPECT_EQ(code, FPE_INTDIV);
	if (!sigsetjmp(back, 1))
		__asm__ volatile("ud2");
	EXPECT_EQ(last, SIGILL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	munmap(page, 4096);
}

static int faults_with_signal_blocked(void *arg)
{
	sigset_t set;

	(void)arg;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*(volatile char *)nowhere = 1;
	return 0;
}

static void a_blocked_fault_kills(void)
{
	EXPECT_EQ(reap(spawn(faults_with_signal_blocked, NULL)) & 0x7f, SIGSEGV);
}

static void timers_send_alarm(void)
{
	struct itimerval soon = { .it_value = { 0, 30000 } }, left;

	catch (SIGALRM, 0);
	EXPECT_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
	EXPECT_EQ(getitimer(ITIMER_REAL, &left), 0);
	EXPECT(left.it_value.tv_usec > 0 && left.it_value.tv_usec <= 30000);
	EXPECT(eventually(count == 1));
	EXPECT_EQ(alarm(100), 0);
	EXPECT_EQ(alarm(0), 100);
}

static void writing_to_no_reader_kills_or_fails(void)
{
	int fds[2], status;
	pid_t child;

	REQUIRE(pipe(fds) == 0);
	close(fds[0]);
	child = fork();
	if (child == 0) {
		signal(SIGPIPE, SIG_DFL);
		_exit(write(fds[1], "x", 1) == 1);
	}
	status = reap(child);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	EXPECT_ERR(write(fds[1], "x", 1), EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(fds[1]);
}

static void handlers_keep_every_register(void)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	unsigned long bad = 0;
	double sum = 0;

	catch (SIGALRM, SA_RESTART);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 2000000 && !(count > 20 && i > 1000); i++) {
		unsigned long a = i, b;

		sum += 0.5;
		__asm__ volatile("mov %1, %%r12; mov %1, %%r8; mov %1, %%r11;"
				 "xor %%r12, %%r8; xor %%r12, %%r11;"
				 "mov %%r8, %0; or %%r11, %0"
				 : "=r"(b)
				 : "r"(a)
				 : "r8", "r11", "r12");
		bad |= b;
		if (sum != (i + 1) * 0.5)
			bad |= 1;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(bad, 0);
	EXPECT(count > 0);
}

/* kill() of oneself with a value in xmm7; what xmm7 holds afterwards. */
static unsigned int xmm7_across_signal(unsigned int value)
{
	unsigned int after;
	long nr = SYS_kill;

	__asm__ volatile("movd %[value], %%xmm7\n\t"
			 "syscall\n\t"
			 "movd %%xmm7, %[after]"
			 : [after] "=r"(after), "+a"(nr)
			 : [value] "r"(value), "D"((long)getpid()), "S"((long)SIGUSR1)
			 : "rcx", "r11", "xmm7", "memory");
	EXPECT_EQ(nr, 0);
	return after;
}

static void spoil_xmm7(int sig)
{
	__asm__ volatile("pcmpeqb %%xmm7, %%xmm7" ::: "xmm7");
}

static void edit_xmm7(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	unsigned char *image = (unsigned char *)uc->uc_mcontext.fpregs;
	unsigned int value = 0x600df00d;

	memcpy(image + 160 + 7 * 16, &value, sizeof(value)); /* as FXSAVE has it */
}

static void handlers_keep_the_fpu_and_may_change_it(void)
{
	struct sigaction action = { .sa_handler = spoil_xmm7 };

	sigaction(SIGUSR1, &action, NULL);
	EXPECT_EQ(xmm7_across_signal(0x12345678), 0x12345678);
	action = (struct sigaction){ .sa_sigaction = edit_xmm7, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR1, &action, NULL);
	EXPECT_EQ(xmm7_across_signal(0x12345678), 0x600df00d);
}

enum forgery { FORGED_CS, FORGED_SS, FORGED_RIP, SPARED };
static enum forgery forgery;

static void forge(int sig, siginfo_t *info, void *context)
{
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig, (void)info;
	if (forgery == FORGED_CS)
		gregs[REG_CSGSFS] = (gregs[REG_CSGSFS] & ~0xffffLL) | 0x10; /* the kernel's */
	else if (forgery == FORGED_SS)
		gregs[REG_CSGSFS] =
			(gregs[REG_CSGSFS] & ~(0xffffLL << 48)) | (long long)(0x47ULL << 48);
	else if (forgery == FORGED_RIP)
		gregs[REG_RIP] = (long long)0xffffffff81000000;
	gregs[REG_EFL] |= 0x3200; /* IOPL: not taken over */
}

static int returns_from_forged_frame(void *arg)
{
	struct sigaction action = { .sa_sigaction = forge, .sa_flags = SA_SIGINFO };
	unsigned long flags;

	forgery = (enum forgery)(long)arg;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	__asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
	return flags & 0x3000 ? 1 : 42;
}

static void forged_frames_kill_and_give_no_privilege(void)
{
	int status;

	for (long how = FORGED_CS; how < SPARED; how++) {
		status = reap(spawn(returns_from_forged_frame, (void *)how));
		EXPECT(WIFSIGNALED(status));
		EXPECT_EQ(WTERMSIG(status), SIGSEGV);
	}
	status = reap(spawn(returns_from_forged_frame, (void *)SPARED));
	EXPECT(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), 42);
}

static void sigchld_comes_at_exit_and_stop(void)
{
	pid_t child;

	catch (SIGCHLD, SA_RESTART);
	child = spawn_sleeper();
	kill(child, SIGSTOP);
	EXPECT(eventually(count == 1));
	kill(child, SIGKILL);
	EXPECT(eventually(count >= 2));
	reap(child);
	catch (SIGCHLD, SA_RESTART | SA_NOCLDSTOP);
	child = spawn_sleeper();
	kill(child, SIGSTOP);
	waitpid(child, NULL, WUNTRACED);
	EXPECT_EQ(count, 0);
	kill_and_reap(child);
	EXPECT(eventually(count == 1));
	signal(SIGCHLD, SIG_DFL);
}

static void masks_pass_through_fork_pending_signals_do_not(void)
{
	sigset_t set, seen;
	pid_t child;

	catch (SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	child = fork();
	if (child == 0) {
		sigprocmask(SIG_BLOCK, NULL, &seen);
		if (!sigismember(&seen, SIGUSR1))
			_exit(1);
		sigpending(&seen);
		_exit(sigismember(&seen, SIGUSR1));
	}
	EXPECT_EQ(reap(child), 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(count, 1);
}

int main(void)
{
	RUN(a_handler_runs_and_returns);
	RUN(blocked_signals_wait_and_merge);
	RUN(realtime_signals_queue);
	RUN(kill_and_stop_cannot_be_caught);
	RUN(kill_checks_its_arguments);
	RUN(a_signal_is_blocked_in_its_own_handler);
	RUN(reset_hand_catches_once);
	RUN(a_read_is_interrupted_or_restarted);
	RUN(sleep_is_not_restarted_but_tells_what_is_left);
	RUN(sigsuspend_waits_with_another_mask);
	RUN(sigtimedwait_takes_without_a_handler);
	RUN(alternate_stack_is_used);
	RUN(faults_tell_address_and_kind);
	RUN(a_blocked_fault_kills);
	RUN(timers_send_alarm);
	RUN(writing_to_no_reader_kills_or_fails);
	RUN(handlers_keep_every_register);
	RUN(handlers_keep_the_fpu_and_may_change_it);
	RUN(forged_frames_kill_and_give_no_privilege);
	RUN(sigchld_comes_at_exit_and_stop);
	RUN(masks_pass_through_fork_pending_signals_do_not);
	return tap_done();
}
