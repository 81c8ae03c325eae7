// sources: fs/fdtable.c lib/bitmap.c kernel/sync/refcount.c kernel/sync/wait.c tests/unit/shim/slab.c tests/unit/shim/page.c tests/unit/shim/thread.c
// tsan
/*
 * Descriptor tables against a model: an array that says of each number what it is.
 */
#include "test.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <pthread.h>

#include "thread.h"

#include "arch/x86_64/percpu.h"
#include "kernel/mm/slab.h"
#include "fs/fdtable.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "slab.h"

#define FILES 8
#define NUMBERS 1200 /* numbers the model has */

static struct inode inode;
static struct file files_made[FILES];
static u64 limit = 1024;
static _Atomic int nr_flushed;

u64 upcall_rlimit_nofile(void)
{
	return limit;
}

void cond_resched(void)
{
}

void flock_close(struct file *file, struct files *files)
{
	abort();
}

/* The test holds one reference on each file, so none is ever the last. */
void file_release(struct file *f)
{
	abort();
}

static int count_flush(struct file *file)
{
	nr_flushed++;
	return -EIO;
}

static const struct file_ops counting_ops = { .flush = count_flush };
static const struct file_ops plain_ops;

static void make_files(void)
{
	static bool is_done;

	if (!is_done)
		files_init_cache();
	is_done = true;
	for (int i = 0; i < FILES; i++) {
		files_made[i] = (struct file){ .inode = &inode, .ops = &plain_ops };
		files_made[i].mode = i == FILES - 1 ? FILE_PATH : FILE_READ;
		refcount_init(&files_made[i].refs, 1);
	}
	files_made[0].ops = &counting_ops;
}

enum { EMPTY, RESERVED, FULL };
struct slot {
	int state, file;
	bool is_cloexec;
};
static struct slot model[NUMBERS];

static int model_free(int min)
{
	while (min < NUMBERS && model[min].state != EMPTY)
		min++;
	return min < (int)limit ? min : -EMFILE;
}

static bool model_full(int fd)
{
	return fd >= 0 && fd < NUMBERS && model[fd].state == FULL;
}

/* The model's references, and the test's own. */
static void check_counts(void)
{
	u32 n[FILES] = { 0 };

	for (int fd = 0; fd < NUMBERS; fd++)
		if (model[fd].state == FULL)
			n[model[fd].file]++;
	for (int i = 0; i < FILES; i++)
		CHECK(refcount_read(&files_made[i].refs) == n[i] + 1);
}

static void check_table(struct files *files)
{
	struct file *file;
	int fd = 0;

	for (int i = 0; i < NUMBERS; i++) {
		if (model[i].state != FULL) {
			CHECK(fd_get_cloexec(files, i) == -EBADF);
			continue;
		}
		fd = fd_next(files, fd, &file);
		CHECK(fd == i && file == &files_made[model[i].file]);
		if (fd != i)
			return;
		file_put(file);
		CHECK(fd_get_cloexec(files, i) == model[i].is_cloexec);
		fd++;
	}
	CHECK(fd_next(files, fd, &file) == -1);
}

static int some_fd(void)
{
	switch (test_random() % 16) {
	case 0:
		return -1;
	case 1:
		return (int)limit - 1 + (int)(test_random() % 3);
	case 2:
		return (int)(test_random() % limit);
	default:
		return (int)(test_random() % 140);
	}
}

static void op_reserve(struct files *files)
{
	u32 flags = test_random() % 2 ? O_CLOEXEC : 0;
	int min = test_random() % 4 ? 0 : abs(some_fd()), want = model_free(min), fd = -1;
	int i = (int)(test_random() % FILES), err;

	if (test_random() % 2) {
		err = min ? fd_reserve_from(files, min, flags, &fd) : fd_reserve(files, flags, &fd);
		CHECK(err == MIN(want, 0) && (err || fd == want));
		if (!err)
			model[fd] = (struct slot){ RESERVED, 0, flags != 0 };
		return;
	}
	want = model_free(0);
	fd = fd_publish(files, file_get(&files_made[i]), flags);
	if (CHECK(fd == want) && fd >= 0)
		model[fd] = (struct slot){ FULL, i, flags != 0 };
}

static void op_settle(struct files *files)
{
	int fd = 0, i = (int)(test_random() % FILES);

	while (fd < NUMBERS && model[fd].state != RESERVED)
		fd++;
	if (fd == NUMBERS)
		return;
	if (test_random() % 2) {
		fd_unreserve(files, fd);
		model[fd].state = EMPTY;
	} else {
		fd_install(files, fd, file_get(&files_made[i]));
		model[fd].state = FULL;
		model[fd].file = i;
	}
}

static void op_close(struct files *files)
{
	int fd = some_fd(), flushed = nr_flushed;
	bool is_first = model_full(fd) && model[fd].file == 0;

	CHECK(fd_close(files, fd) == (!model_full(fd) ? -EBADF : is_first ? -EIO : 0));
	CHECK(nr_flushed == flushed + is_first);
	if (model_full(fd))
		model[fd].state = EMPTY;
}

static void op_dup_to(struct files *files)
{
	int fd = some_fd(), to = some_fd(), want = to;
	u32 flags = test_random() % 2 ? O_CLOEXEC : 0;

	if (fd == to)
		return;
	if (to < 0 || to >= (int)limit || !model_full(fd))
		want = -EBADF;
	else if (model[to].state == RESERVED)
		want = -EBUSY;
	if (CHECK(fd_dup_to(files, fd, to, flags) == want) && want >= 0)
		model[to] = (struct slot){ FULL, model[fd].file, flags != 0 };
}

static void op_dup_from(struct files *files)
{
	int fd = some_fd(), min = some_fd(), want;
	u32 flags = test_random() % 2 ? O_CLOEXEC : 0;

	if (min < 0 || min >= (int)limit)
		want = -EINVAL;
	else if (!model_full(fd))
		want = -EBADF;
	else
		want = model_free(min);
	if (CHECK(fd_dup_from(files, fd, min, flags) == want) && want >= 0)
		model[want] = (struct slot){ FULL, model[fd].file, flags != 0 };
}

static void op_get(struct files *files)
{
	int fd = some_fd();
	struct file *file = fd_get_any(files, fd);
	struct fdref r;
	bool is_path = model_full(fd) && model[fd].file == FILES - 1;

	CHECK(file == (model_full(fd) ? &files_made[model[fd].file] : NULL));
	current->files = files;
	r = fdref_get_any(fd);
	CHECK(r.file == file && !r.is_counted);
	fdref_put(r);
	files_get(files);
	r = fdref_get(fd);
	CHECK(r.file == (is_path ? NULL : file) && r.is_counted == (r.file != NULL));
	fdref_put(r);
	files_put(files);
	current->files = NULL;
	if (file)
		file_put(file);
	file = fd_get(files, fd);
	CHECK((file != NULL) == (model_full(fd) && !is_path));
	if (file)
		file_put(file);
}

static void op_cloexec(struct files *files)
{
	int fd = some_fd();
	bool on = test_random() % 2;

	CHECK(fd_set_cloexec(files, fd, on) == (model_full(fd) ? 0 : -EBADF));
	if (model_full(fd))
		model[fd].is_cloexec = on;
}

static void op_close_range(struct files *files)
{
	u32 first = test_random() % 150, last = test_random() % 8 ? first + test_random() % 20 : ~0u;
	bool set_cloexec = test_random() % 2;

	if (last == ~0u)
		first += 60;
	CHECK(fd_close_range(files, first + 1, first, set_cloexec) == -EINVAL);
	CHECK(fd_close_range(files, first, last, set_cloexec) == 0);
	for (u32 fd = first; fd < NUMBERS && fd <= last; fd++) {
		if (model[fd].state != FULL)
			continue;
		if (set_cloexec)
			model[fd].is_cloexec = true;
		else
			model[fd].state = EMPTY;
	}
}

static void op_copy(struct files *files)
{
	struct files *copy;

	if (!CHECK(files_copy(files, &copy) == 0))
		return;
	check_table(copy);
	/* What is only reserved here is free there. */
	for (int fd = 0; fd < NUMBERS; fd++) {
		int got;

		if (model[fd].state == FULL)
			continue;
		if (fd < (int)limit && CHECK(fd_reserve(copy, 0, &got) == 0 && got == fd))
			fd_unreserve(copy, got);
		break;
	}
	files_put(copy);
	check_counts();
}

static void op_exec(struct files *files)
{
	files_close_on_exec(files);
	for (int fd = 0; fd < NUMBERS; fd++)
		if (model[fd].state == FULL && model[fd].is_cloexec)
			model[fd].state = EMPTY;
}

static void random_ops(int rounds)
{
	static void (*const common[])(struct files *) = { op_reserve, op_reserve, op_reserve, op_settle, op_settle,
							  op_close,   op_close,	  op_get,     op_dup_to, op_dup_from,
							  op_cloexec };
	static void (*const rare[])(struct files *) = { op_close_range, op_copy, op_exec };
	struct files *files;
	u32 capacity = 0;

	make_files();
	memset(model, 0, sizeof(model));
	CHECK(files_new(&files) == 0);
	for (int i = 0; i < rounds && !test_failures; i++) {
		if (test_random() % 100 == 0)
			rare[test_random() % ARRAY_SIZE(rare)](files);
		else
			common[test_random() % ARRAY_SIZE(common)](files);
		if (i % 64 == 0) {
			check_table(files);
			check_counts();
		}
		capacity = MAX(capacity, files_max_fd(files));
	}
	CHECK(capacity == 64 || capacity <= 2 * limit);
	files_put(files);
	memset(model, 0, sizeof(model));
	check_counts();
}

TEST(fdtable_agrees_with_a_model)
{
	limit = 1024;
	random_ops(20000);
}

TEST(fdtable_agrees_with_a_model_when_numbers_are_few)
{
	limit = 96;
	random_ops(20000);
	limit = 1;
	random_ops(500);
}

TEST(fdtable_grows_to_the_limit_and_gives_all_back)
{
	long before = host_live();
	struct files *files, *copy;
	int fd = -1;

	make_files();
	limit = 70000;
	CHECK(files_new(&files) == 0);
	for (int i = 0; i < 70000; i++)
		if (!CHECK(fd_publish(files, file_get(&files_made[1]), 0) == i))
			break;
	CHECK(fd_reserve(files, 0, &fd) == -EMFILE);
	CHECK(fd_close(files, 12345) == 0 && fd_close(files, 69999) == 0);
	CHECK(fd_reserve(files, 0, &fd) == 0 && fd == 12345);
	CHECK(files_copy(files, &copy) == 0);
	CHECK(fd_get(copy, 12345) == NULL);
	files_put(copy);
	fd_unreserve(files, fd);
	files_put(files);
	CHECK(refcount_read(&files_made[1].refs) == 1);
	CHECK(host_live() == before);
	limit = 1024;
}

TEST(fdtable_survives_want_of_memory)
{
	struct files *files, *copy;
	long before = host_live();
	int fd;

	make_files();
	slab_fail_nth(1);
	CHECK(files_new(&files) == -ENOMEM);
	CHECK(files_new(&files) == 0);
	for (int i = 0; i < 64; i++)
		CHECK(fd_publish(files, file_get(&files_made[1]), 0) == i);
	slab_fail_nth(1);
	CHECK(fd_publish(files, file_get(&files_made[1]), 0) == -ENOMEM);
	slab_fail_nth(1);
	CHECK(fd_dup_to(files, 0, 300, 0) == -ENOMEM);
	slab_fail_nth(1);
	CHECK(fd_dup_from(files, 0, 0, 0) == -ENOMEM);
	slab_fail_nth(1);
	CHECK(fd_reserve_from(files, 900, 0, &fd) == -ENOMEM);
	CHECK(fd_dup_to(files, 0, 300, 0) == 300);
	for (unsigned n = 1; n <= 2; n++) {
		slab_fail_nth(n);
		CHECK(files_copy(files, &copy) == -ENOMEM);
	}
	slab_fail_nth(0);
	files_put(files);
	CHECK(refcount_read(&files_made[1].refs) == 1);
	CHECK(host_live() == before);
}

static struct files *shared;

static void *share_worker(void *arg)
{
	unsigned seed = (unsigned)(long)arg;

	for (int i = 0; i < 3000; i++) {
		struct file *file;
		int fd;

		seed = seed * 1103515245 + 12345;
		fd = fd_publish(shared, file_get(&files_made[1 + seed / 65536 % 3]), 0);
		if (fd < 0)
			return (void *)1l;
		file = fd_get(shared, (int)(seed >> 16) % 200);
		if (file)
			file_put(file);
		if (i % 3)
			fd_dup_to(shared, fd, (int)(seed >> 20) % 700, O_CLOEXEC);
		if (i % 4)
			fd_close(shared, (int)(seed >> 18) % 500);
		if (i % 128 == 0) {
			struct files *copy;

			if (!files_copy(shared, &copy))
				files_put(copy);
			fd_close_range(shared, 400, ~0u, i % 256 == 0);
		}
		fd_close(shared, fd);
	}
	return NULL;
}

TEST(fdtable_is_shared_by_threads)
{
	pthread_t threads[4];
	void *result;

	make_files();
	limit = 1024;
	CHECK(files_new(&shared) == 0);
	for (long i = 0; i < 4; i++) {
		files_get(shared); /* each thread's own, or it would be alone with the table */
		pthread_create(&threads[i], NULL, share_worker, (void *)i);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &result);
		CHECK(result == NULL);
		files_put(shared);
	}
	files_put(shared);
	for (int i = 0; i < FILES; i++)
		CHECK(refcount_read(&files_made[i].refs) == 1);
}
