/* Follows Linux 7.3 include/linux/kdev_t.h (new_encode_dev) */
#pragma once

/*
 * A device number as user space sees it: 12 bits of major at bit 8; the minor's low 8 bits at
 * bit 0 and its high 12 at bit 20.
 */
static inline unsigned long makedev(unsigned int major, unsigned int minor)
{
	return (minor & 0xff) | ((unsigned long)(major & 0xfff) << 8) |
	       ((unsigned long)(minor & ~0xffU) << 12);
}

static inline unsigned int major(unsigned long dev)
{
	return (unsigned int)(dev >> 8) & 0xfff;
}

static inline unsigned int minor(unsigned long dev)
{
	return (unsigned int)((dev & 0xff) | ((dev >> 12) & ~0xffUL));
}
