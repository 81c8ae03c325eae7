// sources: fs/inode.c fs/protect.c fs/dentry.c fs/super.c fs/libfs.c fs/file.c fs/fdtable.c fs/path.c fs/dpath.c fs/mount.c fs/propagate.c fs/mountops.c fs/mnt_ns.c fs/fs_ctx.c fs/open.c fs/namei.c fs/stat.c fs/rw.c fs/readdir.c fs/uio.c fs/xattr.c lib/rbtree.c fs/pagecache.c fs/chrdev.c fs/tmpfs/tmpfs.c fs/tmpfs/mount.c kernel/id/pid.c kernel/id/cred.c kernel/id/userns.c kernel/id/ns.c kernel/id/nscount.c kernel/id/uts.c kernel/id/pidns.c kernel/sync/wait.c kernel/sync/mutex.c kernel/sync/rwsem.c kernel/sync/refcount.c lib/bitmap.c lib/seqbuf.c lib/fmt.c tests/unit/shim/slab.c tests/unit/shim/page.c tests/unit/shim/thread.c tests/unit/shim/vfs.c
// tsan
/*
 * The table of inodes by number: one live inode per number, whoever comes when.
 */
#include "test.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <pthread.h>
#include <unistd.h>

#include "thread.h"
#include "slab.h"
#include "vfs.h"

#include "arch/x86_64/percpu.h"
#include "kernel/id/cred.h"
#include "kernel/mm/slab.h"
#include "fs/inode.h"
#include "fs/internal.h"

static _Atomic int nr_evicted, nr_filled;
static struct super *sb;

static void evict(struct inode *inode)
{
	if (inode->private != (void *)(inode->ino + 1))
		abort();
	inode->private = NULL;
	nr_evicted++;
}

static const struct fs_type type = { .name = "test" };
static const struct super_ops ops = { .evict = evict };

static void setup(void)
{
	host_vfs_init();
	nr_evicted = nr_filled = 0;
	CHECK(super_new(&type, &ops, 0x1234, SB_NOCACHE, &sb) == 0);
}

static void teardown(void)
{
	CHECK(sb->icache_count == 0);
	super_put(sb);
	CHECK(inode_count() == 0);
	CHECK(host_live() == 0);
}

static void fill(struct inode *inode)
{
	inode->private = (void *)(inode->ino + 1);
	nr_filled++;
	inode_unlock_new(inode);
}

static struct inode *get(u64 ino)
{
	struct inode *inode = inode_get_locked(sb, ino);

	if (inode && inode_is_new(inode))
		fill(inode);
	return inode;
}

TEST(inode_is_the_only_one_of_its_number)
{
	struct inode *a, *b, *c;

	setup();
	a = inode_get_locked(sb, 5);
	CHECK(inode_is_new(a) && a->ino == 5 && refcount_read(&a->refs) == 1);
	fill(a);
	b = get(5);
	c = get(6);
	CHECK(a == b && a != c && refcount_read(&a->refs) == 2 && nr_filled == 2);
	inode_put(a);
	CHECK(nr_evicted == 0 && get(5) == b);
	inode_put(b);
	inode_put(b);
	CHECK(nr_evicted == 1);
	a = get(5);
	CHECK(nr_filled == 3);
	inode_put(a);
	inode_put(c);
	inode_put(NULL);
	CHECK(nr_evicted == 3);
	teardown();
}

TEST(inode_table_grows)
{
	enum { N = 5000 };
	static struct inode *inodes[N];

	setup();
	for (u64 i = 0; i < N; i++)
		inodes[i] = get(i * 64);
	for (u64 i = 0; i < N; i++) {
		CHECK(get(i * 64) == inodes[i]);
		inode_put(inodes[i]);
	}
	CHECK(sb->icache_count == N && sb->icache_bits > 6);
	for (u64 i = 0; i < N; i++)
		inode_put(inodes[(i * 7919) % N]);
	CHECK(nr_evicted == N);
	teardown();
}

TEST(inode_dying_is_not_revived)
{
	struct inode *dying, *fresh;

	setup();
	dying = get(9);
	/* As if the last holder had just got the count down to zero. */
	refcount_init(&dying->refs, 0);
	fresh = get(9);
	CHECK(fresh != dying && nr_filled == 2);
	CHECK(get(9) == fresh);
	inode_put(fresh);
	/* And now he goes on. */
	refcount_init(&dying->refs, 1);
	inode_put(dying);
	CHECK(nr_evicted == 1 && get(9) == fresh);
	inode_put(fresh);
	inode_put(fresh);
	teardown();
}

TEST(inode_get_survives_want_of_memory)
{
	struct inode *inode, *many[200];

	setup();
	for (unsigned n = 1; n <= 2; n++) {
		slab_fail_nth(n);
		CHECK(inode_get_locked(sb, 1) == NULL);
	}
	slab_fail_nth(0);
	inode = get(1);
	CHECK(inode != NULL);
	slab_fail_nth(1);
	CHECK(inode_get_locked(sb, 2) == NULL && get(1) == inode);
	slab_fail_nth(0);
	inode_put(inode);
	inode_put(inode);
	/* The table cannot grow: chains get longer. The inode itself may come before or after that. */
	for (u64 i = 0; i < 200; i++) {
		bool is_full = sb->icache_count == 128;

		if (is_full)
			slab_fail_nth(1);
		many[i] = get(i);
		if (is_full && !many[i]) {
			slab_fail_nth(2);
			many[i] = get(i);
		}
		CHECK(many[i] != NULL);
		slab_fail_nth(0);
	}
	for (u64 i = 0; i < 200; i++) {
		CHECK(get(i) == many[i]);
		inode_put(many[i]);
		inode_put(many[i]);
	}
	teardown();
}

static struct inode *_Atomic found;

static void *finder(void *arg)
{
	struct inode *inode = inode_get_locked(sb, 3);

	if (inode_is_new(inode)) {
		fill(inode);
		nr_filled += 100;
	}
	found = inode;
	return NULL;
}

static pthread_t start_finder(void)
{
	pthread_t thread;

	found = NULL;
	pthread_create(&thread, NULL, finder, NULL);
	usleep(30000);
	CHECK(!found); /* it waits */
	return thread;
}

TEST(inode_second_finder_waits_for_the_first)
{
	struct inode *inode;
	pthread_t thread;

	setup();
	inode = inode_get_locked(sb, 3);
	thread = start_finder();
	fill(inode);
	pthread_join(thread, NULL);
	CHECK(found == inode && nr_filled == 1 && refcount_read(&inode->refs) == 2);
	inode_put(inode);
	inode_put(inode);
	teardown();
}

TEST(inode_second_finder_takes_over_when_the_first_fails)
{
	struct inode *inode;
	pthread_t thread;

	setup();
	inode = inode_get_locked(sb, 3);
	thread = start_finder();
	inode_fail_new(inode);
	pthread_join(thread, NULL);
	CHECK(found && found->ino == 3 && nr_filled == 101 && nr_evicted == 0);
	CHECK(get(3) == found);
	inode_put(found);
	inode_put(found);
	CHECK(nr_evicted == 1);
	teardown();
}

static void *opener(void *arg)
{
	u32 seed = (u32)(long)arg * 77 + 1;

	for (int i = 0; i < 4000; i++) {
		struct inode *inode;

		seed = seed * 1103515245 + 12345;
		inode = inode_get_locked(sb, seed >> 16 & 3);
		if (inode_is_new(inode)) {
			if ((seed >> 20) % 8 == 0) {
				inode_fail_new(inode);
				continue;
			}
			fill(inode);
		}
		if (inode->private != (void *)(inode->ino + 1))
			return (void *)1l;
		inode_put(inode);
	}
	return NULL;
}

TEST(inode_openers_and_closers_race)
{
	pthread_t threads[6];
	void *result;

	setup();
	for (long i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, opener, (void *)i);
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], &result);
		CHECK(result == NULL);
	}
	CHECK(nr_evicted == nr_filled && nr_filled > 0);
	teardown();
}

/* path_resolution(7), "Permissions", written down once more in another way. */
static bool may(u32 mode, u32 mask, bool is_owner, bool is_group, bool dac_override, bool dac_search)
{
	u32 bits = is_owner ? mode >> 6 : is_group ? mode >> 3 : mode;

	if ((bits & mask & 7) == mask)
		return true;
	if (dac_search && (S_ISDIR(mode) ? !(mask & MAY_WRITE) : mask == MAY_READ))
		return true;
	return dac_override && (S_ISDIR(mode) || !(mask & MAY_EXEC) || (mode & 0111));
}

TEST(inode_permission_follows_the_mode_bits)
{
	static u32 group = 42;
	struct cred cred = cred_root;
	struct inode inode = { .ops = &inode_ops_none };
	struct super no_super = { .flags = 0 };

	inode.sb = &no_super;
	cred.fsuid = 7;
	cred.groups = &group;
	cred.nr_groups = 1;
	current->cred = &cred;
	for (u32 i = 0; i < 1 << 16; i++) {
		bool is_dir = i & 512, is_owner = i & 1024, is_group = i & 2048, over = i & 4096, search = i & 8192;

		inode.mode = (i & 0777) | (is_dir ? S_IFDIR : S_IFREG);
		inode.uid = is_owner ? 7 : 8;
		inode.gid = !is_group ? 41 : i & 16384 ? 42 : 0;
		cred.cap_effective = (over ? 1ull << CAP_DAC_OVERRIDE : 0) | (search ? 1ull << CAP_DAC_READ_SEARCH : 0);
		for (u32 mask = 1; mask < 8; mask++) {
			int want = may(inode.mode, mask, is_owner, is_group, over, search) ? 0 : -EACCES;

			if (!CHECK(inode_permission(&inode, mask) == want)) {
				printf("# mode %o mask %u i %x\n", inode.mode, mask, i);
				goto out;
			}
		}
	}
	no_super.flags = SB_RDONLY;
	inode.mode = S_IFREG | 0777;
	CHECK(inode_permission(&inode, MAY_WRITE) == -EROFS && inode_permission(&inode, MAY_READ) == 0);
	inode.mode = S_IFCHR | 0777;
	CHECK(inode_permission(&inode, MAY_WRITE) == 0);
out:
	current->cred = NULL;
}

TEST(inode_owner_comes_from_creator_and_directory)
{
	struct cred cred = cred_root;
	struct inode dir = { .mode = S_IFDIR | S_ISGID | 0777, .gid = 50 }, inode = { 0 };

	cred.fsuid = 7;
	cred.fsgid = 8;
	cred.cap_effective = 0;
	current->cred = &cred;
	inode_init_owner(&inode, NULL, S_IFREG | 02755);
	CHECK(inode.uid == 7 && inode.gid == 8 && inode.mode == (S_IFREG | 02755));
	inode_init_owner(&inode, &dir, S_IFDIR | 0755);
	CHECK(inode.gid == 50 && inode.mode == (S_IFDIR | 02755));
	inode_init_owner(&inode, &dir, S_IFREG | 02755); /* not in the group: no set-gid program for it */
	CHECK(inode.gid == 50 && inode.mode == (S_IFREG | 0755));
	inode_init_owner(&inode, &dir, S_IFREG | 02745);
	CHECK(inode.mode == (S_IFREG | 02745));
	cred.fsgid = 50;
	inode_init_owner(&inode, &dir, S_IFREG | 02755);
	CHECK(inode.mode == (S_IFREG | 02755));
	current->cred = NULL;
}
