/*
 * fscontext: what fsopen(2) and fspick(2) open.
 *
 * Owns: the options said so far, as one text such as mount(2) would get, and the instance that came
 *   of them. An option is checked when it is said, so that who says it learns of it.
 * Phases: PARAMS -> (create) CREATED -> (mount) RECONFIGURE, where fspick begins; FAILED is for ever.
 *   What comes out of turn is -EBUSY.
 * Locks: lock (RANK_FSCONTEXT) for everything; user memory is copied outside of it.
 *                                      Follows: fsopen(2), fsconfig(2), fsmount(2), fspick(2)
 */
#include "fs/anonfs/fscontext.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>

#include "lib/seqbuf.h"
#include "lib/string.h"
#include "kernel/id/userns.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/sync/mutex.h"
#include "fs/anonfs/anonfs.h"
#include "fs/super.h"

#define MESSAGE_MAX 160

enum phase { PARAMS, CREATED, RECONFIGURE, FAILED };

struct fscontext {
	struct mutex lock;
	const struct fs_type *type; /* [I] */
	enum phase phase;
	struct super *sb; /* counted; NULL while PARAMS */
	bool is_rdonly;
	char *source; /* owned, or NULL */
	struct seqbuf options; /* a page */
	char message[MESSAGE_MAX]; /* what went wrong last, for read(2) */
};

static const struct file_ops fscontext_ops;

static struct fscontext *context_of(const struct file *file)
{
	return file->ops == &fscontext_ops ? file->private : NULL;
}

bool fscontext_is(const struct file *file)
{
	return context_of(file);
}

static void context_free(struct fscontext *c)
{
	super_put(c->sb);
	kfree(c->source);
	kfree(c->options.buf);
	kfree(c);
}

static void fscontext_release(struct file *file)
{
	context_free(file->private);
}

int fscontext_open(const struct fs_type *type, struct super *sb, struct file **out)
{
	struct fscontext *c = kzalloc(sizeof(*c));
	char *page = kmalloc(PAGE_SIZE);
	int err = -ENOMEM;

	if (!c || !page)
		goto out_free;
	mutex_init(&c->lock, RANK_FSCONTEXT);
	c->type = sb ? sb->type : type;
	c->phase = sb ? RECONFIGURE : PARAMS;
	c->is_rdonly = sb && (sb->flags & SB_RDONLY);
	c->sb = sb;
	if (sb)
		super_get(sb);
	seqbuf_init(&c->options, page, PAGE_SIZE);
	err = anonfs_open("[fscontext]", &fscontext_ops, c, O_RDWR, out);
	if (err)
		context_free(c);
	return err;
out_free:
	kfree(page);
	kfree(c);
	return err;
}

static long fscontext_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct fscontext *c = file->private;
	char text[MESSAGE_MAX];
	size_t len;

	mutex_lock(&c->lock);
	len = strlen(c->message);
	if (len <= uio->resid) {
		memcpy(text, c->message, len);
		c->message[0] = 0;
	}
	mutex_unlock(&c->lock);
	if (!len)
		return -ENODATA;
	if (len > uio->resid)
		return -EMSGSIZE;
	return uio_copy_out(uio, text, len) == len ? (long)len : -EFAULT;
}

static int complain(struct fscontext *c, const char *what, const char *about)
{
	struct seqbuf out;

	seqbuf_init(&out, c->message, MESSAGE_MAX);
	seqbuf_printf(&out, "e %s: %s '%.64s'\n", c->type->name, what, about);
	seqbuf_str(&out);
	return -EINVAL;
}

static int set_source(struct fscontext *c, const char *value)
{
	if (!value || c->source)
		return complain(c, value ? "Multiple sources" : "Non-string source", "source");
	c->source = kstrdup(value);
	return c->source ? 0 : -ENOMEM;
}

/* Flags of every super; of those that change nothing here the rest of the world still speaks. */
static bool set_super_flag(struct fscontext *c, const char *key)
{
	static const char *const others[] = { "async",      "dirsync", "lazytime", "mand",
					      "nolazytime", "nomand",  "sync" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(key, others[i]))
			return true;
	if (strcmp(key, "ro") && strcmp(key, "rw"))
		return false;
	c->is_rdonly = key[1] == 'o';
	return true;
}

static int set_option(struct fscontext *c, const char *key, const char *value)
{
	size_t len = c->options.len;

	if (!strcmp(key, "source"))
		return set_source(c, value);
	if (set_super_flag(c, key))
		return 0;
	if (!c->type->check)
		return complain(c, "Unknown parameter", key);
	if (len)
		seqbuf_putc(&c->options, ',');
	seqbuf_puts(&c->options, key);
	if (value) {
		seqbuf_putc(&c->options, '=');
		seqbuf_puts(&c->options, value);
	}
	if (!c->options.overflow && (!value || !strchr(value, ',')) &&
	    !c->type->check(seqbuf_str(&c->options)))
		return 0;
	c->options.len = len;
	c->options.overflow = false;
	return complain(c, "Unknown parameter or bad value for", key);
}

/* NULL: *err says why not. */
static struct fscontext *context_lock(const struct file *file, int *err)
{
	struct fscontext *c = context_of(file);

	*err = c ? mutex_lock_killable(&c->lock) : -EINVAL;
	return *err ? NULL : c;
}

int fscontext_set(struct file *file, const char *key, const char *value)
{
	int err;
	struct fscontext *c = context_lock(file, &err);

	if (!c)
		return err;
	err = c->phase == PARAMS || c->phase == RECONFIGURE ? set_option(c, key, value) : -EBUSY;
	mutex_unlock(&c->lock);
	return err;
}

int fscontext_create(struct file *file)
{
	int err;
	struct fscontext *c = context_lock(file, &err);

	if (!c)
		return err;
	if (c->phase != PARAMS) {
		err = -EBUSY;
	} else if (!(c->type->flags & FS_USERNS) && !capable(CAP_SYS_ADMIN)) {
		err = -EPERM;
	} else {
		err = c->type->mount(c->type, seqbuf_str(&c->options), &c->sb);
		c->phase = err ? FAILED : CREATED;
		if (!err && c->is_rdonly && refcount_read(&c->sb->refs) == 1)
			c->sb->flags |= SB_RDONLY;
	}
	mutex_unlock(&c->lock);
	return err;
}

int fscontext_reconfigure(struct file *file)
{
	int err;
	struct fscontext *c = context_lock(file, &err);

	if (!c)
		return err;
	if (c->phase != RECONFIGURE)
		err = -EBUSY;
	else if (!ns_capable(c->sb->userns, CAP_SYS_ADMIN))
		err = -EPERM;
	else
		err = super_reconfigure(c->sb, c->is_rdonly, seqbuf_str(&c->options));
	if (c->phase == RECONFIGURE)
		c->options.len = 0;
	mutex_unlock(&c->lock);
	return err;
}

int fscontext_mount(struct file *file, u32 mnt_flags, struct file **out)
{
	int err;
	struct fscontext *c = context_lock(file, &err);

	if (!c)
		return err;
	err = -EBUSY;
	if (c->phase == CREATED) {
		super_get(c->sb);
		err = mount_open_super(c->sb, c->source, mnt_flags, out);
		if (!err) {
			c->phase = RECONFIGURE;
			c->options.len = 0;
		}
	}
	mutex_unlock(&c->lock);
	return err;
}

static const struct file_ops fscontext_ops = {
	.read = fscontext_read,
	.release = fscontext_release,
};
