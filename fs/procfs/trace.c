/*
 * /proc/trace, of kernels built with CONFIG=trace: write 1 to trace oneself and one's children
 * from here on, 0 to stop; read it as an array of struct trace_event.
 */
#include <linux/errno.h>

#include "kernel/sched/trace.h"
#include "fs/procfs/internal.h"
#include "fs/rw.h"
#include "fs/uio.h"

static long trace_read(struct file *file, struct uio *uio, u64 *pos)
{
	size_t count, n;
	const struct trace_event *events = trace_events(&count);

	count *= sizeof(*events);
	if (*pos >= count)
		return 0;
	n = uio_copy_out(uio, (const char *)events + *pos, MIN(uio->resid, count - *pos));
	*pos += n;
	return n ? (long)n : -EFAULT;
}

static long trace_write(struct file *file, struct uio *uio, u64 *pos)
{
	size_t n = uio->resid;
	char what;

	if (!n || uio_copy_in(uio, &what, 1) != 1)
		return n ? -EFAULT : 0;
	if (what != '0' && what != '1')
		return -EINVAL;
	if (what == '1')
		trace_start();
	else
		trace_stop();
	return n;
}

const struct file_ops proc_trace_ops = { .read = trace_read, .write = trace_write };
