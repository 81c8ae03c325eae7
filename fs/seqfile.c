/*
 * seqfile: text that is made whole, then read in parts.
 *
 * Owns: the text of each open file: made at the first read, and anew by every read at position 0. It
 *   is kept until a read finds its end, or made anew each time when the files' texts together are
 *   too much: they are memory of no process that could be ended for it.
 * Locks: none. A reader takes the text out of the file for as long as it copies from it, and puts
 *   it back; a second reader at the same moment finds none and makes its own, and one of the two
 *   texts is dropped.
 */
#include "fs/seqfile.h"

#include <linux/errno.h>
#include <linux/fs.h>

#include "kernel/mm/slab.h"
#include "fs/rw.h"

#define TEXT_MIN 1024 /* of the first attempt, this struct included */
#define TEXT_MAX (4u << 20) /* then -ENOMEM */
#define KEPT_MAX (8u << 20) /* of all files */

struct seqtext {
	size_t size; /* this struct included */
	size_t len;
	char text[];
};

struct seqfile {
	seqfile_show show;
	struct seqtext *_Atomic text; /* NULL: none yet, or in use */
};

static _Atomic size_t kept;

/* Puts t there, or nothing; what was there is the caller's. */
static struct seqtext *text_swap(struct seqfile *sf, struct seqtext *t)
{
	struct seqtext *old = atomic_exchange_explicit(&sf->text, t, memory_order_acq_rel);

	if (old)
		atomic_fetch_sub_explicit(&kept, old->size, memory_order_relaxed);
	return old;
}

static void text_keep(struct seqfile *sf, struct seqtext *t)
{
	size_t others = atomic_fetch_add_explicit(&kept, t->size, memory_order_relaxed);

	if (likely(others + t->size <= KEPT_MAX)) {
		kfree(text_swap(sf, t));
		return;
	}
	atomic_fetch_sub_explicit(&kept, t->size, memory_order_relaxed);
	kfree(t);
}

int seqfile_open(struct file *file, seqfile_show show)
{
	struct seqfile *sf = kmalloc(sizeof(*sf));

	if (!sf)
		return -ENOMEM;
	sf->show = show;
	atomic_init(&sf->text, NULL);
	file->private = sf;
	return 0;
}

void seqfile_release(struct file *file)
{
	struct seqfile *sf = file->private;

	kfree(text_swap(sf, NULL));
	kfree(sf);
}

static int text_make(struct file *file, struct seqfile *sf, struct seqtext **out)
{
	struct seqtext *t;
	struct seqbuf s;
	int err;

	for (size_t size = TEXT_MIN; size <= TEXT_MAX; size *= 2) {
		t = kmalloc(size);
		if (!t)
			return -ENOMEM;
		seqbuf_init(&s, t->text, size - sizeof(*t));
		err = sf->show(file, &s);
		if (!err && !s.overflow) {
			t->size = size;
			t->len = s.len;
			*out = t;
			return 0;
		}
		kfree(t);
		if (err)
			return err;
	}
	return -ENOMEM;
}

long seqfile_read(struct file *file, struct uio *uio, u64 *pos)
{
	struct seqfile *sf = file->private;
	struct seqtext *t = text_swap(sf, NULL);
	long n = 0;
	int err;

	if (!t || !*pos) {
		kfree(t);
		err = text_make(file, sf, &t);
		if (err)
			return err;
	}
	if (*pos < t->len) {
		size_t want = MIN(uio->resid, t->len - *pos);

		n = uio_copy_out(uio, t->text + *pos, want);
		*pos += n;
		if (!n && want)
			n = -EFAULT;
		text_keep(sf, t);
	} else {
		kfree(t);
	}
	return n;
}

s64 seqfile_seek(struct file *file, s64 offset, int whence)
{
	if (whence == SEEK_END)
		return -EINVAL;
	return file_seek_within(file, offset, whence, 0, INT64_MAX);
}
