/*
 * newc cpio archives.
 *
 * A record is a header of 6 + 13 * 8 ASCII characters, the name with its zero, and the data; name
 * and data are each padded to four bytes. "TRAILER!!!" ends an archive; more may follow it.
 * Nothing in the image is trusted: every length is checked against what is left before it is used.
 * Follows: cpio(5), Linux 7.3 Documentation/driver-api/early-userspace/buffer-format.rst
 */
#include "lib/cpio.h"

#include <linux/errno.h>

#include "lib/string.h"

#define HEADER_SIZE  110u
#define NAME_MAX_LEN 4096u

enum cpio_field {
	CPIO_INO,
	CPIO_MODE,
	CPIO_UID,
	CPIO_GID,
	CPIO_NLINK,
	CPIO_MTIME,
	CPIO_FILESIZE,
	CPIO_DEV_MAJOR,
	CPIO_DEV_MINOR,
	CPIO_RDEV_MAJOR,
	CPIO_RDEV_MINOR,
	CPIO_NAMESIZE,
	CPIO_CHECK,
	CPIO_FIELDS
};
static_assert(HEADER_SIZE == 6 + CPIO_FIELDS * 8, "newc header");

static bool parse_hex(const u8 *text, u32 *out)
{
	u32 v = 0;

	for (int i = 0; i < 8; i++) {
		u8 c = text[i];

		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (u8)((c | 0x20) - 'a' + 10);
		else
			return false;
		v = v << 4 | c;
	}
	*out = v;
	return true;
}

static bool parse_header(const u8 *header, u32 *field)
{
	if (memcmp(header, "070701", 6) != 0 && memcmp(header, "070702", 6) != 0)
		return false;
	for (int i = 0; i < CPIO_FIELDS; i++)
		if (!parse_hex(header + 6 + i * 8, &field[i]))
			return false;
	return true;
}

/* Format 070702 has the sum of the data's bytes in its last field; 070701 has zero. */
static bool sum_matches(const u8 *header, const u8 *data, u32 size, u32 check)
{
	u32 sum = 0;

	if (header[5] != '2' || size == 0)
		return true;
	for (u32 i = 0; i < size; i++)
		sum += data[i];
	return sum == check;
}

int cpio_next(struct cpio_reader *r, struct cpio_entry *entry)
{
	const u8 *header = r->image + r->pos;
	size_t left = r->size - r->pos;
	u32 f[CPIO_FIELDS];
	size_t data_at, end;

	if (left == 0)
		return 0;
	if (left < HEADER_SIZE || !parse_header(header, f))
		return -EINVAL;
	if (f[CPIO_NAMESIZE] == 0 || f[CPIO_NAMESIZE] > NAME_MAX_LEN)
		return -EINVAL;
	data_at = ALIGN_UP((size_t)HEADER_SIZE + f[CPIO_NAMESIZE], 4);
	if (data_at > left || f[CPIO_FILESIZE] > left - data_at)
		return -EINVAL;
	if (strnlen((const char *)header + HEADER_SIZE, f[CPIO_NAMESIZE]) != f[CPIO_NAMESIZE] - 1)
		return -EINVAL;
	if (!sum_matches(header, header + data_at, f[CPIO_FILESIZE], f[CPIO_CHECK]))
		return -EINVAL;

	end = ALIGN_UP(data_at + f[CPIO_FILESIZE], 4);
	r->pos += MIN(end, left); /* the last padding may be cut off */
	*entry = (struct cpio_entry){
		.name = (const char *)header + HEADER_SIZE,
		.name_len = f[CPIO_NAMESIZE] - 1,
		.data = header + data_at,
		.size = f[CPIO_FILESIZE],
		.ino = f[CPIO_INO],
		.mode = f[CPIO_MODE],
		.uid = f[CPIO_UID],
		.gid = f[CPIO_GID],
		.nlink = f[CPIO_NLINK],
		.mtime = f[CPIO_MTIME],
		.dev_major = f[CPIO_DEV_MAJOR],
		.dev_minor = f[CPIO_DEV_MINOR],
		.rdev_major = f[CPIO_RDEV_MAJOR],
		.rdev_minor = f[CPIO_RDEV_MINOR],
	};
	return strcmp(entry->name, "TRAILER!!!") == 0 ? 0 : 1;
}

bool cpio_skip_padding(struct cpio_reader *r)
{
	while (r->pos < r->size && r->image[r->pos] == 0)
		r->pos++;
	return r->pos < r->size;
}
