// sources: kernel/id/pid.c kernel/id/cred.c kernel/id/userns.c kernel/id/ns.c kernel/id/nscount.c kernel/id/uts.c kernel/id/pidns.c lib/bitmap.c kernel/sync/refcount.c kernel/sync/wait.c kernel/sync/mutex.c tests/unit/shim/slab.c tests/unit/shim/thread.c
// tsan
/*
 * Numbers of processes: cyclic, unique while held, given back; and namespaces in each other.
 */
#include "test.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/poll.h>
#include <pthread.h>

#include "thread.h"

#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "kernel/id/pid.h"
#include "kernel/id/pidns.h"
#include "kernel/id/userns.h"
#include "kernel/mm/slab.h"
#include "slab.h"

#define NUMBERS 5000

static struct pid *held[NUMBERS]; /* the model: who has a number */
static u64 last_ino;

static struct task *const somebody = (struct task *)8; /* only whether there is an init is asked */

static void init(void)
{
	static bool is_done;

	pidns_initial.init = somebody;
	if (!is_done) {
		cred_init();
		pid_init();
	}
	is_done = true;
}

static int number(const struct pid *pid)
{
	return pid_nr_in(pid, &pidns_initial);
}

static struct pid *make(void)
{
	struct pid *pid;

	if (!CHECK(pid_new(&pidns_initial, &pid) == 0))
		exit(1);
	CHECK(pid->ino > last_ino && pid->ino > 1);
	last_ino = pid->ino;
	CHECK(pid_life(pid) == PID_NEW);
	return pid;
}

static void drop(struct pid *pid)
{
	pid_release_numbers(pid);
	pid_put(pid);
}

/* What the next number must be. */
static int model_next(int last)
{
	int lowest = last >= 300 ? 300 : 1;

	for (int nr = last + 1; nr < pid_max; nr++)
		if (!held[nr])
			return nr;
	for (int nr = lowest; nr <= last && nr < pid_max; nr++)
		if (!held[nr])
			return nr;
	return 0;
}

static void check_found(int nr)
{
	struct pid *pid = pid_find_get(&pidns_initial, nr);

	CHECK(pid == (nr > 0 && nr < NUMBERS ? held[nr] : NULL));
	pid_put(pid);
}

/* pid_next() lists exactly the model, in order. */
static void check_list(void)
{
	int nr = 0, found = 0;
	struct pid *pid;

	for (int want = 1; want < NUMBERS; want++) {
		if (!held[want])
			continue;
		pid = pid_next(&pidns_initial, nr, &found);
		if (!CHECK(pid == held[want] && found == want)) {
			pid_put(pid);
			return;
		}
		pid_put(pid);
		nr = found + 1;
	}
	CHECK(!pid_next(&pidns_initial, nr, &found));
}

static void drop_all(void)
{
	for (int nr = 0; nr < NUMBERS; nr++)
		if (held[nr])
			drop(held[nr]);
	memset(held, 0, sizeof(held));
}

TEST(pid_numbers_rise_and_agree_with_a_model)
{
	int last = 0;

	init();
	for (int round = 0; round < 30000 && !test_failures; round++) {
		int nr = 1 + (int)(test_random() % (unsigned)(pid_max - 1)), want = model_next(last);

		if (round % 6000 == 0)
			CHECK(pid_set_max(600 + (int)(test_random() % 2000)) == 0);
		if (round == 0)
			continue;
		want = model_next(last);
		if (want && test_random() % 5 < 3) {
			struct pid *pid = make();

			if (CHECK(number(pid) == want))
				held[want] = pid;
			else
				drop(pid);
			last = want;
		} else if (held[nr]) {
			drop(held[nr]);
			held[nr] = NULL;
		}
		check_found(nr);
		check_found(pid_max);
		if (round % 1000 == 0)
			check_list();
	}
	check_found(0);
	check_found(-1);
	check_found(1 << 30);
	drop_all();
	check_list();
	CHECK(pid_count() == 0);
}

TEST(pid_numbers_run_out_and_come_back)
{
	struct pid *pid = NULL;
	int n = 0;

	init();
	CHECK(pid_set_max(300) == -EINVAL && pid_set_max(4194305) == -EINVAL && pid_set_max(400) == 0);
	while (n++ < 1000 && pid_new(&pidns_initial, &pid) == 0)
		held[number(pid)] = pid;
	CHECK(pid_new(&pidns_initial, &pid) == -EAGAIN);
	/* The cursor had passed 300: what is below is not given out again. */
	for (int nr = 300; nr < 400; nr++)
		CHECK(held[nr] != NULL);
	drop(held[350]);
	held[350] = NULL;
	pid = make();
	CHECK(number(pid) == 350);
	held[350] = pid;
	drop_all();
	CHECK(pid_count() == 0);
}

TEST(pid_number_is_not_soon_given_out_again)
{
	int before, after;
	struct pid *pid;

	init();
	CHECK(pid_set_max(32768) == 0);
	pid = make();
	before = number(pid);
	drop(pid);
	for (int i = 0; i < 2000; i++) {
		pid = make();
		after = number(pid);
		CHECK(after != before);
		drop(pid);
	}
}

TEST(pid_outlives_its_number)
{
	struct pid *pid, *other;
	int nr;

	init();
	pid = make();
	nr = number(pid);
	pid_get(pid);
	drop(pid);
	CHECK(pid_find_get(&pidns_initial, nr) == NULL);
	CHECK(number(pid) == nr);
	CHECK(pid_new_numbered(&pidns_initial, &nr, 1, &other) == 0);
	CHECK(other->ino != pid->ino && number(other) == nr);
	last_ino = other->ino;
	drop(other);
	pid_put(pid);
	pid_put(NULL);
	CHECK(pid_count() == 0);
}

TEST(pid_chosen_numbers_are_checked)
{
	static const int bad[] = { 0, -1, 32768 };
	struct cred *nobody;
	struct pid *pid, *other;
	int nr = 77;

	init();
	CHECK(pid_set_max(32768) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(pid_new_numbered(&pidns_initial, &bad[i], 1, &pid) == -EINVAL);
	CHECK(pid_new_numbered(&pidns_initial, &nr, 2, &pid) == -EINVAL);
	CHECK(pid_new_numbered(&pidns_initial, &nr, 1, &pid) == 0 && number(pid) == 77);
	CHECK(pid_new_numbered(&pidns_initial, &nr, 1, &other) == -EEXIST);
	nobody = cred_copy(&cred_root);
	nobody->cap_effective = 0;
	current->cred = nobody;
	nr = 78;
	CHECK(pid_new_numbered(&pidns_initial, &nr, 1, &other) == -EPERM);
	nobody->cap_effective = 1ull << CAP_CHECKPOINT_RESTORE;
	CHECK(pid_new_numbered(&pidns_initial, &nr, 1, &other) == 0);
	current->cred = NULL;
	cred_put(nobody);
	drop(other);
	drop(pid);
	CHECK(pid_count() == 0);
}

static void ns_begin(struct pidns *ns, struct pidns *parent)
{
	*ns = (struct pidns){ .level = parent->level + 1, .parent = parent, .init = somebody };
	ns->ns.owner = &userns_initial;
	refcount_init(&ns->ns.refs, 1);
	spin_init(&ns->lock, RANK_PIDNS);
	wait_queue_init(&ns->drained);
}

static void ns_end(struct pidns *ns)
{
	CHECK(refcount_read(&ns->ns.refs) == 1);
	CHECK(ns->nr_numbers == 0);
	pidns_free_table(ns);
}

TEST(pid_has_a_number_at_each_level)
{
	struct pidns child, grandchild;
	int want[3] = { 1, 44, 555 };
	struct pid *pid, *other;

	init();
	ns_begin(&child, &pidns_initial);
	ns_begin(&grandchild, &child);
	CHECK(pid_new_numbered(&grandchild, want, 3, &pid) == 0);
	CHECK(pid_nr_in(pid, &grandchild) == 1 && pid_nr_in(pid, &child) == 44 && number(pid) == 555);
	CHECK(refcount_read(&grandchild.ns.refs) == 2 && refcount_read(&child.ns.refs) == 1);
	/* The outermost is taken: the inner ones are given back. */
	want[0] = 2;
	want[1] = 45;
	CHECK(pid_new_numbered(&grandchild, want, 3, &other) == -EEXIST);
	CHECK(refcount_read(&grandchild.ns.refs) == 2 && pid_find_get(&child, 45) == NULL);
	CHECK(pid_new(&child, &other) == 0);
	CHECK(pid_nr_in(other, &child) == 1 && pid_nr_in(other, &grandchild) == 0 && number(other) > 0);
	drop(other);
	other = make();
	CHECK(pid_nr_in(other, &child) == 0 && pid_nr_in(NULL, &child) == 0);
	drop(other);
	drop(pid);
	ns_end(&grandchild);
	ns_end(&child);
	CHECK(pid_count() == 0);
}

TEST(pid_new_survives_want_of_memory)
{
	struct pidns child;
	struct pid *pid;
	unsigned n = 0;
	long before;
	int err;

	init();
	pid = make();
	drop(pid);
	before = host_live();
	do {
		ns_begin(&child, &pidns_initial);
		slab_fail_nth(++n);
		err = pid_new(&child, &pid);
		slab_fail_nth(0);
		CHECK(err == 0 || err == -ENOMEM);
		if (!err)
			drop(pid);
		ns_end(&child);
		CHECK(host_live() <= before + 1); /* the initial namespace may have got a leaf */
	} while (err && n < 20);
	CHECK(n == 4); /* struct pid, the child's table, its leaf, and then all is there */
	CHECK(pid_count() == 0);
}

static bool saw_in;
static bool note_key(struct wait_entry *entry, u32 key)
{
	saw_in = key & POLLIN;
	return true;
}

TEST(pid_life_goes_forward_and_wakes)
{
	struct wait_entry entry;
	struct pid *pid;

	init();
	pid = make();
	wait_entry_init(&entry);
	entry.wake = note_key;
	entry.key = POLLIN;
	wait_add(&pid->exited, &entry);
	pid_advance(pid, PID_LIVE);
	saw_in = false;
	pid->exit.code = 3 << 8;
	pid_advance(pid, PID_EXITED);
	CHECK(saw_in && pid_life(pid) == PID_EXITED);
	saw_in = false;
	pid_advance(pid, PID_REAPED);
	CHECK(saw_in && pid_life(pid) == PID_REAPED);
	wait_remove(&pid->exited, &entry);
	drop(pid);
}

static void *churn(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		struct pid *pid, *found;
		int nr;

		if (pid_new(&pidns_initial, &pid))
			continue;
		nr = number(pid);
		found = pid_find_get(&pidns_initial, nr);
		if (found != pid)
			return (void *)1l;
		pid_put(found);
		pid_put(pid_find_get(&pidns_initial, nr > 1 ? nr - 1 : 1));
		pid_put(pid_next(&pidns_initial, nr - 5, &nr));
		drop(pid);
	}
	return NULL;
}

TEST(pid_is_used_by_threads)
{
	pthread_t threads[4];
	void *result;

	init();
	CHECK(pid_set_max(400) == 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, churn, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		CHECK(result == NULL);
	}
	CHECK(pid_count() == 0);
	CHECK(pid_set_max(32768) == 0);
}

TEST(cred_copies_are_their_own)
{
	struct cred *a, *b;
	long before;

	init();
	before = host_live();
	a = cred_copy(&cred_root);
	a->groups = kmalloc(4 * sizeof(u32));
	memcpy(a->groups, (u32[]){ 3, 9, 27, 81 }, 4 * sizeof(u32));
	a->nr_groups = 4;
	a->fsgid = 5;
	for (unsigned n = 1; n <= 2; n++) {
		slab_fail_nth(n);
		CHECK(cred_copy(a) == NULL);
	}
	slab_fail_nth(0);
	b = cred_copy(a);
	CHECK(b->groups != a->groups);
	for (u32 gid = 0; gid < 100; gid++)
		CHECK(cred_in_group(b, gid) == (gid == 5 || gid == 3 || gid == 9 || gid == 27 || gid == 81));
	cred_put(a);
	CHECK(cred_in_group(b, 81));
	cred_put(b);
	CHECK(host_live() == before);
}

TEST(uid_usage_counts_threads_per_user)
{
	struct uid_usage *a, *b, *root;
	long before = host_live();

	init();
	a = uid_usage_join(uid_usage_of(1000));
	root = uid_usage_join(uid_usage_of(0));
	b = uid_usage_join(uid_usage_of(1000));
	CHECK(a == b && a != root && uid_usage_add(a, USAGE_THREADS, 0) == 2 && uid_usage_add(root, USAGE_THREADS, 0) == 1);
	CHECK(uid_usage_join(uid_usage_get(root)) == root && uid_usage_add(root, USAGE_THREADS, 0) == 2);
	uid_usage_leave(root);
	uid_usage_leave(a);
	uid_usage_leave(root);
	CHECK(uid_usage_add(b, USAGE_THREADS, 0) == 1);
	uid_usage_leave(b);
	CHECK(host_live() == before);
	slab_fail_nth(1);
	a = uid_usage_join(uid_usage_of(7));
	slab_fail_nth(0);
	CHECK(a != NULL);
	uid_usage_leave(a);
	CHECK(host_live() == before);
}
