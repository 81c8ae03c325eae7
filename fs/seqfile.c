/*
 * seqfile: text that is made whole, then read in parts.
 *
 * Owns: the text of each open file: made at the first read, and anew by every read at position 0.
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

struct seqtext {
	size_t len;
	char text[];
};

struct seqfile {
	seqfile_show show;
	struct seqtext *_Atomic text; /* NULL: none yet, or in use */
};

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

	kfree(atomic_load_explicit(&sf->text, memory_order_relaxed));
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
	struct seqtext *t = atomic_exchange_explicit(&sf->text, NULL, memory_order_acq_rel);
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
	}
	kfree(atomic_exchange_explicit(&sf->text, t, memory_order_acq_rel));
	return n;
}

s64 seqfile_seek(struct file *file, s64 offset, int whence)
{
	if (whence == SEEK_END)
		return -EINVAL;
	return file_seek_within(file, offset, whence, 0, INT64_MAX);
}
