/*
 * Read-only trees of directories from constant tables: what procfs is made of.
 *
 * A directory is a table of entries (static children), and may have a callback for children that
 * come and go (pids, descriptors). Entries are about an object, e.g. a struct pid: a static child
 * is about its directory's object, a dynamic one about its own. Nothing is cached: a name is looked
 * up anew unless somebody holds it, and then tree_fs.is_valid is asked.
 */
#pragma once

#include "fs/ops.h"
#include "fs/super.h"

struct path;
struct tree_entry;
struct tree_fs;

/* Where we are: kept in inode->private. */
struct tree_place {
	const struct tree_entry *entry;
	const struct tree_fs *fs;
	void *instance; /* tree_fs.instance_get()'s, of this mount */
	void *object; /* counted by fs->object_get/put; NULL in the static part */
	u64 index; /* of a dynamic child (fd number, tid ...), else the directory's */
};

/* A dynamic child. */
struct tree_child {
	const struct tree_entry *entry; /* its mode and what it can do; name is ignored */
	void *object; /* lookup: with a reference. next: none */
	u64 index;
};

struct tree_dynamic {
	/* The child called name: 0 and *out, or -ENOENT ... May sleep. */
	int (*lookup)(const struct tree_place *dir, const char *name, u32 len,
		      struct tree_child *out);
	/* The first child whose cookie is >= *cookie: sets *cookie to its own, writes its name and
	 * entry. false: no more. The next call gets *cookie + 1. May sleep. */
	bool (*next)(const struct tree_place *dir, u64 *cookie, char name[32],
		     struct tree_child *out);
};

struct tree_entry {
	const char *name; /* NULL ends a table */
	u32 mode; /* S_IFDIR | 0555, S_IFREG | 0444, S_IFLNK | 0777 */
	/* Directories. */
	const struct tree_entry *children; /* or NULL */
	const struct tree_dynamic *dynamic; /* or NULL; listed after children */
	/* Regular files: either show (and write), or fops of their own. */
	int (*show)(const struct tree_place *p, struct seqbuf *out);
	/* text: kernel copy, zero-ended, without the final newline. 0 or -errno. NULL: mode has no
	 * w bits. */
	int (*write)(const struct tree_place *p, const char *text, size_t len);
	const struct file_ops *fops;
	int (*open)(const struct tree_place *p,
		    struct file *file); /* extra check before show; NULL: none */
	/* Links: text, or the place itself (magic). Both may be given: readlink(2) uses text. */
	long (*readlink)(const struct tree_place *p, char *buf, size_t size);
	int (*follow)(const struct tree_place *p, struct path *out);
	/* NULL: the mode bits. */
	int (*permission)(const struct tree_place *p, u32 mask);
	/* Corrects mode, size, nlink. NULL: nothing. */
	void (*getattr)(const struct tree_place *p, struct kstat *st);
	const void *data; /* theirs: entries that share functions differ by it */
};

struct tree_fs {
	struct fs_type type; /* .name; .mount = tree_mount; registered by tree_register */
	u64 magic;
	struct tree_entry root; /* S_IFDIR */
	/* What one mount of it shows; put when it goes. NULL: all show the same. */
	void *(*instance_get)(void);
	void (*instance_put)(void *instance);
	void (*object_get)(void *object);
	void (*object_put)(void *object);
	bool (*is_valid)(const struct tree_place *p); /* NULL: always */
	void (*owner)(const struct tree_place *p, u32 *uid, u32 *gid); /* NULL: root */
};

/* Registers the type. */
void tree_register(struct tree_fs *fs);
int tree_mount(const struct fs_type *type, const char *options, struct super **out);

struct tree_place *tree_place(const struct inode *inode); /* of an inode of a tree */
/* Entry called name in a table, or NULL. */
const struct tree_entry *tree_find(const struct tree_entry *table, const char *name, u32 len);
