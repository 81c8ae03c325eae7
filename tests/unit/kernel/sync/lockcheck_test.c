// sources: lib/fmt.c
/*
 * The lock checker itself: each rule is broken once, and each near miss is not reported.
 */
#include "test.h"

#define LOCKCHECK_UNDER_TEST
#include "kernel/debug/panic.h"
#undef panic
#define panic(...) abort()
bool panic_in_progress;
static void print_backtrace(unsigned long rbp)
{
}
#include "kernel/sync/lockcheck.c"

_Thread_local struct thread *host_current;

struct a_lock {
	struct lockcheck_lock check;
};

#define LOCK(r)                              \
	{                                    \
		.check = { .rank = (r) }     \
	}

static struct a_lock mount = LOCK(RANK_MOUNT), dir = LOCK(RANK_DIR), dir2 = LOCK(RANK_DIR);
static struct a_lock mm = LOCK(RANK_MM), files = LOCK(RANK_FILES), tasks = LOCK(RANK_TASKS);
static struct a_lock waitq = LOCK(RANK_WAITQ), runq = LOCK(RANK_RUNQ), no_rank = LOCK(0);

static struct lockcheck_thread this_thread;

struct lockcheck_thread *lockcheck_current(void)
{
	return &this_thread;
}

const char *ksyms_describe(u64 address, char *buf, size_t size)
{
	return "?";
}

static void sleep_lock(struct a_lock *lock, unsigned int flags)
{
	lockcheck_sleep_acquire(&lock->check, lock, flags, 1);
}
static void sleep_unlock(struct a_lock *lock)
{
	lockcheck_sleep_release(&lock->check, lock);
}
static void spin(struct a_lock *lock, unsigned int flags)
{
	lockcheck_spin_acquire(&lock->check, lock, flags, 1);
}
static void unspin(struct a_lock *lock)
{
	lockcheck_spin_release(&lock->check, lock);
}

/* Violations since the last call. */
static u32 reports(void)
{
	lockcheck_is_fatal = false;
	return atomic_exchange(&lockcheck_reports, 0);
}

TEST(right_order_is_fine)
{
	reports();
	sleep_lock(&mount, 0);
	sleep_lock(&dir, 0);
	sleep_lock(&dir2, LOCKCHECK_NESTED);
	spin(&tasks, 0);
	spin(&files, 0);
	CHECK(lockcheck_spin_is_held(&files) && !lockcheck_spin_is_held(&runq));
	unspin(&tasks);
	unspin(&files);
	lockcheck_might_sleep();
	lockcheck_user_copy();
	sleep_unlock(&dir);
	CHECK(lockcheck_sleep_is_held(&dir2));
	sleep_unlock(&dir2);
	sleep_unlock(&mount);
	lockcheck_return_to_user();
	CHECK(reports() == 0);
}

TEST(wrong_order_is_reported)
{
	sleep_lock(&dir, 0);
	sleep_lock(&mount, 0);
	CHECK(reports() == 1);
	sleep_unlock(&mount);
	sleep_lock(&mount, LOCKCHECK_TRY);
	CHECK(reports() == 0);
	sleep_unlock(&mount);
	sleep_lock(&dir2, 0);
	CHECK(reports() == 1);
	sleep_unlock(&dir2);
	sleep_lock(&dir, 0);
	CHECK(reports() == 1);
	sleep_unlock(&dir);
	sleep_unlock(&dir);
	spin(&files, 0);
	spin(&tasks, 0);
	CHECK(reports() == 1);
	unspin(&tasks);
	unspin(&files);
	spin(&no_rank, 0);
	CHECK(reports() >= 1);
	unspin(&no_rank);
}

TEST(sleeping_in_the_wrong_place_is_reported)
{
	spin(&files, 0);
	sleep_lock(&dir, 0);
	CHECK(reports() == 2); /* sleeps, and below a held rank */
	sleep_unlock(&dir);
	unspin(&files);
	irq_disable();
	lockcheck_might_sleep();
	CHECK(reports() == 1);
	irq_enable();
	host_in_interrupt = true;
	lockcheck_might_sleep();
	CHECK(reports() == 1);
	host_in_interrupt = false;
}

TEST(user_copies_and_returns_are_checked)
{
	sleep_lock(&mm, 0);
	lockcheck_user_copy();
	CHECK(reports() == 1);
	lockcheck_return_to_user();
	CHECK(reports() == 1);
	sleep_unlock(&mm);
	sleep_unlock(&mm);
	CHECK(reports() == 1);
	unspin(&runq);
	CHECK(reports() == 1);
	lockcheck_assert_held(lockcheck_spin_is_held(&runq), &runq, 1);
	CHECK(reports() == 1);
}

TEST(interrupt_unsafe_use_is_reported)
{
	irq_disable();
	spin(&waitq, 0);
	spin(&runq, 0);
	unspin(&runq);
	unspin(&waitq);
	host_in_interrupt = true;
	spin(&waitq, 0);
	unspin(&waitq);
	host_in_interrupt = false;
	irq_enable();
	CHECK(reports() == 0);
	spin(&waitq, 0);
	unspin(&waitq);
	CHECK(reports() == 1);
}

TEST(an_interrupt_may_nest_above_what_is_held)
{
	sleep_lock(&mm, 0);
	spin(&tasks, 0);
	irq_disable();
	host_in_interrupt = true;
	spin(&runq, 0);
	unspin(&runq);
	host_in_interrupt = false;
	irq_enable();
	unspin(&tasks);
	sleep_unlock(&mm);
	CHECK(reports() == 0);
}
