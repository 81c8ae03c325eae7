/*
 * What fits nowhere else: the system's name and numbers, prctl, randomness, power.
 *
 *                                Follows: uname(2), sysinfo(2), prctl(2), getrandom(2), reboot(2),
 * syslog(2)
 */
#include "kernel/syscall/user.h"

#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/membarrier.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/securebits.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "lib/string.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/power.h"
#include "arch/x86_64/apic.h"
#include "kernel/debug/printk.h"
#include "kernel/id/cred.h"
#include "kernel/id/pidns.h"
#include "kernel/id/uts.h"
#include "kernel/mm/mmap.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sched/sched.h"
#include "kernel/task/sigqueue.h"
#include "drivers/drivers.h"
#include "drivers/kmsg.h"
#include "drivers/mem.h"

SYSCALL(uname, struct utsname __user *uout)
{
	struct utsname copy;

	uts_get(&copy);
	if ((task_current()->personality & PER_MASK) == PER_LINUX32)
		strlcpy(copy.machine, "i686", sizeof(copy.machine));
	return copy_to_user(uout, &copy, sizeof(copy));
}

static long set_uts_field(struct uts_ns *uts, char *field, const char __user *utext, int len)
{
	char text[sizeof(uts->name.nodename)];

	if (!ns_capable(uts->ns.owner, CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > (int)sizeof(text) - 1)
		return -EINVAL;
	if (copy_from_user(text, utext, len))
		return -EFAULT;
	uts_set(field, text, len);
	return 0;
}

SYSCALL(sethostname, const char __user *utext, int len)
{
	return set_uts_field(uts_current(), uts_current()->name.nodename, utext, len);
}

SYSCALL(setdomainname, const char __user *utext, int len)
{
	return set_uts_field(uts_current(), uts_current()->name.domainname, utext, len);
}

SYSCALL(sysinfo, struct sysinfo __user *uout)
{
	struct sysinfo info = { 0 };
	struct mem_stats mem;
	u64 load[3];

	mem_stats(&mem);
	sched_load_average(load);
	info.uptime = DIV_ROUND_UP(clock_ns(), NS_PER_SEC);
	for (int i = 0; i < 3; i++)
		info.loads[i] = load[i] << (SI_LOAD_SHIFT - 10);
	info.totalram = mem.total_pages * PAGE_SIZE;
	info.freeram = mem.free_pages * PAGE_SIZE;
	info.sharedram = mem.cache_pages * PAGE_SIZE;
	info.procs = thread_count();
	info.mem_unit = 1;
	return copy_to_user(uout, &info, sizeof(info));
}

SYSCALL(getrandom, char __user *ubuf, size_t n, u32 flags)
{
	u8 chunk[256];
	size_t done = 0;

	if (flags & ~(u32)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	n = MIN(n, (size_t)INT32_MAX);
	if (!user_range_ok(ubuf, n))
		return -EFAULT;
	while (done < n) {
		size_t step = MIN(n - done, sizeof(chunk)), copied;

		random_bytes(chunk, step);
		copied = copy_to_user_partial(ubuf + done, chunk, step);
		done += copied;
		if (copied < step)
			return done ? (long)done : -EFAULT;
		if (done < n && fatal_signal_pending_current())
			break;
		cond_resched();
	}
	return done;
}

SYSCALL(getcpu, u32 __user *ucpu, u32 __user *unode, void __user *unused)
{
	if (ucpu && put_user((u32)cpu_id(), ucpu))
		return -EFAULT;
	return unode ? put_user(0u, unode) : 0;
}

SYSCALL(personality, u32 persona)
{
	u64 old = task_current()->personality;

	if (persona != 0xffffffff)
		task_current()->personality = persona;
	return (u32)old;
}

/* ---- prctl */

static struct cred *cred_edit(void)
{
	return cred_copy(cred_current());
}

static long prctl_bounding_drop(u64 cap)
{
	struct cred *c;

	if (!capable_own(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	c = cred_edit();
	if (!c)
		return -ENOMEM;
	c->cap_bounding &= ~(1ull << cap);
	thread_set_cred(c);
	return 0;
}

static long prctl_securebits(u64 bits)
{
	const struct cred *old = cred_current();
	struct cred *c;
	/* A locked bit, which is the one above each, keeps its neighbour as it is. */
	u32 locked = (old->securebits & 0xaaa) | (old->securebits & 0xaaa) >> 1;

	if ((bits & ~0xfffull) || ((bits ^ old->securebits) & locked))
		return -EPERM;
	/* The bits from 8 on only tell interpreters what not to run: anybody's to set. */
	if ((bits == old->securebits || ((bits ^ old->securebits) & 0xff)) &&
	    !capable_own(CAP_SETPCAP))
		return -EPERM;
	c = cred_edit();
	if (!c)
		return -ENOMEM;
	c->securebits = bits;
	thread_set_cred(c);
	return 0;
}

static long prctl_keepcaps(u64 on)
{
	struct cred *c;

	if (on > 1)
		return -EINVAL;
	if (cred_current()->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c = cred_edit();
	if (!c)
		return -ENOMEM;
	c->securebits = (c->securebits & ~(u32)SECBIT_KEEP_CAPS) | (on ? SECBIT_KEEP_CAPS : 0);
	thread_set_cred(c);
	return 0;
}

static long prctl_ambient(u64 op, u64 cap)
{
	const struct cred *old = cred_current();
	struct cred *c;

	if (op == PR_CAP_AMBIENT_CLEAR_ALL ? cap != 0 : cap > CAP_LAST_CAP)
		return -EINVAL;
	if (op == PR_CAP_AMBIENT_IS_SET)
		return old->cap_ambient >> cap & 1;
	if (op != PR_CAP_AMBIENT_RAISE && op != PR_CAP_AMBIENT_LOWER &&
	    op != PR_CAP_AMBIENT_CLEAR_ALL)
		return -EINVAL;
	if (op == PR_CAP_AMBIENT_RAISE &&
	    (!((old->cap_permitted & old->cap_inheritable) >> cap & 1) ||
	     (old->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)))
		return -EPERM;
	c = cred_edit();
	if (!c)
		return -ENOMEM;
	if (op == PR_CAP_AMBIENT_RAISE)
		c->cap_ambient |= 1ull << cap;
	else
		c->cap_ambient &= op == PR_CAP_AMBIENT_LOWER ? ~(1ull << cap) : 0;
	thread_set_cred(c);
	return 0;
}

static long prctl_no_new_privs(u64 on, u64 b, u64 c3, u64 d)
{
	struct cred *c;

	if (on != 1 || b || c3 || d)
		return -EINVAL;
	c = cred_edit();
	if (!c)
		return -ENOMEM;
	c->no_new_privs = true;
	thread_set_cred(c);
	return 0;
}

static long prctl_set_name(const char __user *uname)
{
	char name[COMM_LEN] = "";
	u64 flags;
	long len = strncpy_from_user(name, uname, COMM_LEN - 1);

	if (len < 0)
		return len;
	name[COMM_LEN - 1] = 0;
	flags = spin_lock_irqsave(&task_current()->sig_lock);
	memcpy(current->comm, name, COMM_LEN);
	spin_unlock_irqrestore(&task_current()->sig_lock, flags);
	return 0;
}

static long prctl_caps(int op, u64 a)
{
	switch (op) {
	case PR_CAPBSET_READ:
		return a > CAP_LAST_CAP ? -EINVAL : (long)(cred_current()->cap_bounding >> a & 1);
	case PR_CAPBSET_DROP:
		return prctl_bounding_drop(a);
	case PR_GET_SECUREBITS:
		return cred_current()->securebits;
	case PR_SET_SECUREBITS:
		return prctl_securebits(a);
	case PR_GET_KEEPCAPS:
		return !!(cred_current()->securebits & SECBIT_KEEP_CAPS);
	default:
		return prctl_keepcaps(a);
	}
}

/* PR_SET_VMA_ANON_NAME: printable, without what would confuse readers of /proc/PID/maps. */
static long prctl_set_vma(u64 addr, u64 len, const char __user *uname)
{
	char name[80] = "";
	const char *interned = "";
	long n = uname ? strncpy_from_user(name, uname, sizeof(name)) : 0;

	if (n < 0)
		return n;
	if (n == sizeof(name))
		return -EINVAL;
	for (const char *p = name; *p; p++)
		if (*p < ' ' || *p > '~' || strchr("\\`$[]", *p))
			return -EINVAL;
	if (uname)
		interned = vma_name_intern(name);
	return interned ? as_set_name(current->as, addr, len, interned) : -ENOMEM;
}

static long prctl_mdwe(int op, u64 bits)
{
	struct as *as = current->as;

	if (op == PR_GET_MDWE)
		return bits ? -EINVAL : as->deny_exec;
	if (bits & ~3ull || bits == PR_MDWE_NO_INHERIT || (as->deny_exec && as->deny_exec != bits))
		return bits & ~3ull || bits == PR_MDWE_NO_INHERIT ? -EINVAL : -EPERM;
	as->deny_exec = bits;
	return 0;
}

/* No mitigation is here to be switched: speculation is as the machine does it. */
static long prctl_speculation(int op, u64 which, u64 c)
{
	if (op == PR_GET_SPECULATION_CTRL && c)
		return -EINVAL;
	if (which > PR_SPEC_L1D_FLUSH)
		return -ENODEV;
	if (op == PR_SET_SPECULATION_CTRL)
		return which == PR_SPEC_L1D_FLUSH ? -EPERM : -ENXIO;
	return which == PR_SPEC_L1D_FLUSH ? PR_SPEC_FORCE_DISABLE : PR_SPEC_ENABLE;
}

static long prctl_get_auxv(void __user *ubuf, u64 size)
{
	struct as *as = current->as;

	return copy_to_user(ubuf, as->auxv, MIN(size, (u64)as->auxv_len)) ? -EFAULT
									  : (long)as->auxv_len;
}

/* There are no huge pages; whoever asks is told what he said. */
static long prctl_thp_disable(u64 on, u64 flags)
{
	if ((flags & ~(u64)PR_THP_DISABLE_EXCEPT_ADVISED) || (flags && !on))
		return -EINVAL;
	task_current()->thp_disable = on ? 1 | flags : 0;
	return 0;
}

/* What concerns memory and the machine; every argument that an option does not have must be 0. */
static long prctl_machine(int op, u64 a, u64 b, u64 c, u64 d)
{
	bool has_extra = b || c || d;

	switch (op) {
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return a == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_TSC:
		return put_user(PR_TSC_ENABLE, (int __user *)a);
	case PR_SET_TSC:
		return a == PR_TSC_ENABLE ? 0 : -EINVAL;
	case PR_GET_SPECULATION_CTRL:
	case PR_SET_SPECULATION_CTRL:
		return prctl_speculation(op, a, c | d | (op == PR_GET_SPECULATION_CTRL ? b : 0));
	case PR_GET_THP_DISABLE:
		return a || has_extra ? -EINVAL : task_current()->thp_disable;
	case PR_SET_THP_DISABLE:
		return c || d ? -EINVAL : prctl_thp_disable(a, b);
	case PR_GET_MDWE:
	case PR_SET_MDWE:
		return has_extra ? -EINVAL : prctl_mdwe(op, a);
	case PR_SET_MM:
		return d || capable(CAP_SYS_RESOURCE) ? -EINVAL : -EPERM;
	case PR_GET_AUXV:
		return c || d ? -EINVAL : prctl_get_auxv((void __user *)a, b);
	case PR_SET_VMA:
		return a == PR_SET_VMA_ANON_NAME ? prctl_set_vma(b, c, (const char __user *)d)
						 : -EINVAL;
	default:
		return -EINVAL;
	}
}

SYSCALL(prctl, int op, u64 a, u64 b, u64 c, u64 d)
{
	struct task *task = task_current();

	switch (op) {
	case PR_SET_PDEATHSIG:
		if (a > NR_SIGNALS)
			return -EINVAL;
		task->pdeath_signal = a;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user(task->pdeath_signal, (int __user *)a);
	case PR_GET_DUMPABLE:
		return current->as->dumpable;
	case PR_SET_DUMPABLE:
		if (a > 1)
			return -EINVAL;
		current->as->dumpable = a;
		return 0;
	case PR_SET_NAME:
		return prctl_set_name((const char __user *)a);
	case PR_GET_NAME:
		return copy_to_user((char __user *)a, current->comm, COMM_LEN);
	case PR_SET_CHILD_SUBREAPER:
		task->is_subreaper = a;
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((int)task->is_subreaper, (int __user *)a);
	case PR_SET_NO_NEW_PRIVS:
		return prctl_no_new_privs(a, b, c, d);
	case PR_GET_NO_NEW_PRIVS:
		return a || b || c || d ? -EINVAL : (long)cred_current()->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return put_user((u64)current->clear_child_tid, (u64 __user *)a);
	case PR_GET_TIMERSLACK:
		return (long)current->timer_slack_ns;
	case PR_SET_TIMERSLACK:
		current->timer_slack_ns = (s64)a > 0 ? a : current->default_slack_ns;
		return 0;
	case PR_CAPBSET_READ:
	case PR_CAPBSET_DROP:
	case PR_GET_SECUREBITS:
	case PR_SET_SECUREBITS:
	case PR_GET_KEEPCAPS:
	case PR_SET_KEEPCAPS:
		return prctl_caps(op, a);
	case PR_CAP_AMBIENT:
		return c || d ? -EINVAL : prctl_ambient(a, b);
	default:
		return prctl_machine(op, a, b, c, d);
	}
}

SYSCALL(arch_prctl, int op, u64 addr)
{
	arch_save_segments();
	switch (op) {
	case ARCH_SET_FS:
		if (addr >= USER_TOP)
			return -EPERM;
		arch_set_fs_base(addr);
		return 0;
	case ARCH_SET_GS:
		if (addr >= USER_TOP)
			return -EPERM;
		arch_set_gs_base(addr);
		return 0;
	case ARCH_GET_FS:
		return put_user(current->head.arch.fs_base, (u64 __user *)addr);
	case ARCH_GET_GS:
		return put_user(current->head.arch.gs_base, (u64 __user *)addr);
	default:
		return -EINVAL;
	}
}

/* ---- power and the log */

/* pid_namespaces(7): ends the namespace; who waits for its init sees it die of SIGHUP or SIGINT. */
static long pidns_reboot(struct pidns *ns, u32 command)
{
	bool is_restart =
		command == LINUX_REBOOT_CMD_RESTART || command == LINUX_REBOOT_CMD_RESTART2;
	u64 irqflags;

	if (!is_restart && command != LINUX_REBOOT_CMD_POWER_OFF &&
	    command != LINUX_REBOOT_CMD_HALT)
		return -EINVAL;
	rwspin_read_lock(&tasks_lock);
	if (ns->init) {
		irqflags = sig_lock(ns->init);
		if (!ns->init->is_exiting)
			signal_condemn(ns->init, is_restart ? SIGHUP : SIGINT);
		sig_unlock(ns->init, irqflags);
	}
	rwspin_read_unlock(&tasks_lock);
	task_exit_group(0);
}

SYSCALL(reboot, u32 magic1, u32 magic2, u32 command, void __user *arg)
{
	struct pidns *ns = pidns_current();

	if (!ns_capable(ns->ns.owner ? ns->ns.owner : &userns_initial, CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	if (ns != &pidns_initial)
		return pidns_reboot(ns, command);
	drivers_finish();
	switch (command) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		pr_info("reboot: restarting\n");
		machine_restart();
	case LINUX_REBOOT_CMD_POWER_OFF:
		pr_info("reboot: power off\n");
		machine_poweroff();
	case LINUX_REBOOT_CMD_HALT:
		pr_info("reboot: halted\n");
		apic_stop_others();
		machine_halt();
	case LINUX_REBOOT_CMD_CAD_ON: /* no key combination restarts this machine */
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	default:
		return -EINVAL;
	}
}

enum syslog_action {
	SYSLOG_CLOSE,
	SYSLOG_OPEN,
	SYSLOG_READ,
	SYSLOG_READ_ALL,
	SYSLOG_READ_CLEAR,
	SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON,
	SYSLOG_CONSOLE_LEVEL,
	SYSLOG_SIZE_UNREAD,
	SYSLOG_SIZE_BUFFER
};

#define SYSLOG_BUFFER 65536

static _Atomic u64 syslog_cleared; /* records before it were cleared */

/* The newest n bytes of the log, whole records. */
static long syslog_read_all(char __user *ubuf, int n, bool clear)
{
	u64 seq = MAX(log_first_seq(), (u64)syslog_cleared), end = log_next_seq();
	char *buf;
	size_t len = 0, got;
	long ret = 0;

	if (!ubuf || n < 0)
		return -EINVAL;
	n = MIN(n, SYSLOG_BUFFER);
	buf = kmalloc(SYSLOG_BUFFER);
	if (!buf)
		return -ENOMEM;
	while ((got = log_read(&seq, buf + len, SYSLOG_BUFFER - len)))
		len += got;
	if (len > (size_t)n) {
		memmove(buf, buf + len - n, n);
		len = n;
	}
	ret = copy_to_user(ubuf, buf, len) ? -EFAULT : (long)len;
	kfree(buf);
	if (clear && ret >= 0)
		syslog_cleared = end;
	return ret;
}

SYSCALL(syslog, int action, char __user *ubuf, int n)
{
	struct uio uio;

	if ((dmesg_restrict || (action != SYSLOG_READ_ALL && action != SYSLOG_SIZE_BUFFER)) &&
	    !capable(CAP_SYSLOG))
		return -EPERM;
	switch (action) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
		if (!ubuf || n < 0)
			return -EINVAL;
		if (!user_range_ok(ubuf, (size_t)n))
			return -EFAULT;
		uio_init_user(&uio, ubuf, (size_t)n);
		return syslog_read(&uio, false);
	case SYSLOG_SIZE_UNREAD:
		return (long)syslog_unread();
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return syslog_read_all(ubuf, n, action == SYSLOG_READ_CLEAR);
	case SYSLOG_CLEAR:
		syslog_cleared = log_next_seq();
		return 0;
	case SYSLOG_CONSOLE_OFF:
		console_loglevel = LOG_ALERT;
		return 0;
	case SYSLOG_CONSOLE_ON:
		console_loglevel = LOG_DEBUG;
		return 0;
	case SYSLOG_CONSOLE_LEVEL:
		if (n < 1 || n > 8)
			return -EINVAL;
		console_loglevel = n;
		return 0;
	case SYSLOG_SIZE_BUFFER:
		return SYSLOG_BUFFER;
	default:
		return -EINVAL;
	}
}
