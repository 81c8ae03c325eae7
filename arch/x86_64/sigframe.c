/*
 * Signal frames, byte for byte Linux's, because debuggers, unwinders and language runtimes read
 * them.
 *
 * On the user stack, from high to low: what was interrupted and its red zone; the FPU image,
 * 64-byte aligned; struct rt_sigframe. Its first word is the handler's return address, so the
 * handler runs with the stack as after a call and returns into the restorer, which calls
 * rt_sigreturn with the stack pointer one word further up.
 *
 * Nothing in a frame is believed on the way back: the user may have written anything. Segments
 * must be the usual ones, only arithmetic flags are taken, rip must be canonical, and the FPU image is checked
 * field by field before XRSTOR sees it. The image is rebuilt in place, in the thread's own save
 * area, in steps that may fault and sleep: fpu_is_edited says so meanwhile. Whatever goes wrong,
 * the thread is left with a valid image.
 *
 * Follows: Linux arch/x86/kernel/signal_64.c and fpu/signal.c for the layout and for which
 * deviations are errors.
 */
#include "arch/x86_64/sigframe.h"

#include <linux/errno.h>
#include <linux/signal.h>
#include <asm/ucontext.h>

#include "lib/string.h"

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/memlayout.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/thread.h"
#include "arch/x86_64/uaccess.h"

struct rt_sigframe {
	u64 return_to;
	struct ucontext uc;
	struct siginfo info;
};
static_assert(sizeof(struct sigcontext) == 256, "sigcontext layout");
static_assert(sizeof(struct ucontext) == 304, "ucontext layout");
static_assert(offsetof(struct rt_sigframe, info) == 312, "rt_sigframe layout");
static_assert(sizeof(struct rt_sigframe) == 440, "rt_sigframe layout");

#define RED_ZONE           128
#define FXSAVE_SIZE        512
#define FXSAVE_SW_RESERVED 464
#define XSAVE_HEADER       512 /* offset */
#define FLAGS_FROM_USER                                                                            \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_DF |       \
	 RFLAGS_OF | RFLAGS_RF | RFLAGS_AC)

/* The part of the XSAVE area behind the FXSAVE image. */
struct xsave_header {
	u64 features, compaction, reserved[6];
};
static_assert(sizeof(struct xsave_header) == 64, "XSAVE header layout");

/* Bytes of FPU image in a frame: with XSAVE a magic word follows it. */
static u64 fpu_frame_size(void)
{
	return fpu_features ? fpu_size + FP_XSTATE_MAGIC2_SIZE : FXSAVE_SIZE;
}

static struct arch_thread *current_arch(void)
{
	return &((struct thread_head *)current)->arch;
}

/* --- Building -----------------------------------------------------------------------------------
 */

static int put_fpu(u8 __user *ufpu)
{
	struct _fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = (u32)fpu_frame_size(),
		.xfeatures = fpu_features,
		.xstate_size = fpu_size,
	};
	const u32 magic2 = FP_XSTATE_MAGIC2;
	u64 __user *ufeatures = (void __user *)(ufpu + XSAVE_HEADER);
	u64 features;

	if (clear_user(ufpu + XSAVE_HEADER, sizeof(struct xsave_header)) || fpu_save_user(ufpu))
		return -EFAULT;
	/* Programs older than XSAVE change the FXSAVE part and expect it to count. */
	if (get_user(features, ufeatures) || put_user(features | 3, ufeatures))
		return -EFAULT;
	if (copy_to_user(ufpu + FXSAVE_SW_RESERVED, &sw, sizeof(sw)))
		return -EFAULT;
	return copy_to_user(ufpu + fpu_size, &magic2, sizeof(magic2));
}

/* Without XSAVE the image is all there is, and says so. */
static int put_fxsave(u8 __user *ufpu)
{
	u32 __user *umagic = (void __user *)(ufpu + FXSAVE_SW_RESERVED);

	return fpu_save_user(ufpu) || put_user(0u, umagic) ? -EFAULT : 0;
}

/* Field by field: a literal would be cleared before it is filled in. */
static void fill_sigcontext(struct sigcontext *sc, const struct regs *regs,
			    const struct sigframe_args *args, u64 fpu_addr)
{
	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->rdi = regs->rdi;
	sc->rsi = regs->rsi;
	sc->rbp = regs->rbp;
	sc->rbx = regs->rbx;
	sc->rdx = regs->rdx;
	sc->rax = regs->rax;
	sc->rcx = regs->rcx;
	sc->rsp = regs->rsp;
	sc->rip = regs->rip;
	sc->eflags = regs->rflags;
	sc->cs = (u16)regs->cs;
	sc->ss = (u16)regs->ss;
	sc->err = args->error;
	sc->trapno = args->trap;
	sc->oldmask = args->mask;
	sc->cr2 = args->cr2;
	sc->fpstate = (void *)fpu_addr;
	sc->gs = 0;
	sc->fs = 0;
	memset(sc->reserved1, 0, sizeof(sc->reserved1));
}

/* Where the frame goes: the address of the FPU image, from which the rest follows downward. */
static int choose_stack(const struct regs *regs, const struct sigframe_args *args, u64 *fpu_addr,
			u64 *frame_addr)
{
	const stack_t *alt = &args->altstack;
	u64 alt_base = (u64)alt->ss_sp;
	bool was_on_alt = sigframe_on_altstack(alt, regs->rsp);
	bool to_alt = (args->sa_flags & SA_ONSTACK) && alt->ss_size && !was_on_alt;
	u64 sp = to_alt ? alt_base + alt->ss_size : regs->rsp - RED_ZONE;
	u64 size = fpu_frame_size() + sizeof(struct rt_sigframe) + 64 + 16;

	if (sp > USER_TOP || sp < size)
		return -EFAULT;
	*fpu_addr = ALIGN_DOWN(sp - fpu_frame_size(), 64);
	/* Handlers begin as if called: 8 below a multiple of 16. */
	*frame_addr = ALIGN_DOWN(*fpu_addr - sizeof(struct rt_sigframe), 16) - 8;
	/* Running off the alternate stack would write to whatever lies below it. */
	if ((to_alt || was_on_alt) && *frame_addr <= alt_base)
		return -EFAULT;
	return 0;
}

static int altstack_flags(const stack_t *alt, u64 sp)
{
	int keep = (int)(alt->ss_flags & SS_AUTODISARM);

	if (!alt->ss_size)
		return SS_DISABLE | keep;
	return (sigframe_on_altstack(alt, sp) ? SS_ONSTACK : 0) | keep;
}

int sigframe_build(struct regs *regs, const struct sigframe_args *args)
{
	struct rt_sigframe frame __uninitialized; /* all but info */
	struct rt_sigframe __user *uframe;
	u64 fpu_addr, frame_addr;

	if (!(args->sa_flags & SA_RESTORER) || choose_stack(regs, args, &fpu_addr, &frame_addr))
		return -EFAULT;
	if (fpu_features ? put_fpu((u8 __user *)fpu_addr) : put_fxsave((u8 __user *)fpu_addr))
		return -EFAULT;
	frame.return_to = args->restorer;
	frame.uc.uc_link = NULL;
	frame.uc.uc_flags =
		UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_features ? UC_FP_XSTATE : 0);
	frame.uc.uc_stack = args->altstack;
	frame.uc.uc_stack.ss_flags = altstack_flags(&args->altstack, regs->rsp);
	frame.uc.uc_sigmask = args->mask;
	fill_sigcontext(&frame.uc.uc_mcontext, regs, args, fpu_addr);
	uframe = (struct rt_sigframe __user *)frame_addr;
	if (copy_to_user(uframe, &frame, offsetof(struct rt_sigframe, info)) ||
	    copy_to_user(&uframe->info, args->info, sizeof(uframe->info)))
		return -EFAULT;

	regs->rdi = (u64)args->sig;
	regs->rsi = (u64)&uframe->info;
	regs->rdx = (u64)&uframe->uc;
	regs->rax = 0;
	regs->rip = args->handler;
	regs->rsp = frame_addr;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->rflags &= ~(u64)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	regs->orig_rax = ~0ull;
	return 0;
}

/* --- Restoring ----------------------------------------------------------------------------------
 */

/* How much of the image at @ufpu is meant: all of it if Linux's two magic words say so, else only
 * the FXSAVE part. @features: which components are valid. */
static int fpu_extent(const u8 __user *ufpu, u64 *size, u64 *features)
{
	struct _fpx_sw_bytes sw;
	u32 magic2;

	*size = FXSAVE_SIZE;
	*features = 3; /* x87 and SSE */
	if (!fpu_features)
		return 0;
	if (copy_from_user(&sw, ufpu + FXSAVE_SW_RESERVED, sizeof(sw)))
		return -EFAULT;
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size < XSAVE_HEADER + 64 ||
	    sw.xstate_size > fpu_size || sw.xstate_size > sw.extended_size)
		return 0;
	if (copy_from_user(&magic2, ufpu + sw.xstate_size, sizeof(magic2)))
		return -EFAULT;
	if (magic2 != FP_XSTATE_MAGIC2)
		return 0;
	*size = sw.xstate_size;
	*features = sw.xfeatures;
	return 0;
}

/* Make the image in @fpu one that XRSTOR accepts, or say that it cannot be. */
static int fpu_sanitise(struct fpu *fpu, u64 size, u64 features)
{
	u8 *image = (u8 *)fpu;
	struct xsave_header header = { .features = 3 };
	u32 mxcsr;

	memcpy(&mxcsr, image + 24, sizeof(mxcsr));
	mxcsr &= fpu_mxcsr_mask;
	memcpy(image + 24, &mxcsr, sizeof(mxcsr));
	if (!fpu_features)
		return 0;
	if (size > FXSAVE_SIZE) {
		memcpy(&header, image + XSAVE_HEADER, sizeof(header));
		if (header.compaction)
			return -EFAULT;
		for (size_t i = 0; i < ARRAY_SIZE(header.reserved); i++)
			if (header.reserved[i])
				return -EFAULT;
	}
	header.features &= features & fpu_features;
	memcpy(image + XSAVE_HEADER, &header, sizeof(header));
	return 0;
}

/* The slow way to load an image: through the save area, where it can be put right. */
static int get_fpu_checked(const u8 __user *ufpu, u64 size, u64 features)
{
	struct fpu *fpu = current_arch()->fpu;
	int err;

	current_arch()->fpu_is_edited = true;
	arch_fpu_init(fpu);
	err = copy_from_user(fpu, ufpu, size);
	if (!err)
		err = fpu_sanitise(fpu, size, features);
	if (err) {
		arch_fpu_init(fpu);
		(void)arch_fpu_commit();
		return err;
	}
	return arch_fpu_commit();
}

static int get_fpu(const u8 __user *ufpu)
{
	u64 size, features;

	if (!ufpu) {
		current_arch()->fpu_is_edited = true;
		arch_fpu_init(current_arch()->fpu);
		return arch_fpu_commit();
	}
	if (fpu_extent(ufpu, &size, &features))
		return -EFAULT;
	/* A whole image, as frames hold it, is checked by the CPU itself. */
	if (size == fpu_size && !(fpu_features & ~features) && !fpu_load_user(ufpu))
		return 0;
	return get_fpu_checked(ufpu, size, features);
}

/* strict_ss: the frame's maker knew of ss, which frames did not always have. */
static int take_sigcontext(struct regs *regs, const struct sigcontext *sc, bool strict_ss)
{
	u64 other_flags = regs->rflags & ~(u64)FLAGS_FROM_USER;

	if (sc->rip >> 47 || (sc->cs | 3) != USER_CS || (strict_ss && (sc->ss | 3) != USER_DS))
		return -EFAULT;
	*regs = (struct regs){
		.r8 = sc->r8,
		.r9 = sc->r9,
		.r10 = sc->r10,
		.r11 = sc->r11,
		.r12 = sc->r12,
		.r13 = sc->r13,
		.r14 = sc->r14,
		.r15 = sc->r15,
		.rdi = sc->rdi,
		.rsi = sc->rsi,
		.rbp = sc->rbp,
		.rbx = sc->rbx,
		.rdx = sc->rdx,
		.rax = sc->rax,
		.rcx = sc->rcx,
		.rsp = sc->rsp,
		.rip = sc->rip,
		.rflags = other_flags | (sc->eflags & FLAGS_FROM_USER),
		.cs = USER_CS,
		.ss = USER_DS,
		.orig_rax = ~0ull,
	};
	return 0;
}

int sigframe_restore(struct regs *regs, u64 *mask, stack_t *altstack)
{
	/* The restorer's return popped return_to. */
	const struct rt_sigframe __user *uframe =
		(const struct rt_sigframe __user *)(regs->rsp - sizeof(u64));
	struct ucontext uc __uninitialized;

	if (copy_from_user(&uc, &uframe->uc, sizeof(uc)))
		return -EFAULT;
	if (take_sigcontext(regs, &uc.uc_mcontext, uc.uc_flags & UC_STRICT_RESTORE_SS))
		return -EFAULT;
	if (get_fpu((const u8 __user *)uc.uc_mcontext.fpstate))
		return -EFAULT;
	*mask = uc.uc_sigmask;
	*altstack = uc.uc_stack;
	return 0;
}
