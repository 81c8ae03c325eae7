/* Limits that a program may ask for while it runs. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static long pages(int is_free)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return -1;
	return (long)((is_free ? info.freeram : info.totalram) * info.mem_unit / 4096);
}

static long limit(int resource)
{
	struct rlimit now;

	if (getrlimit(resource, &now) < 0 || now.rlim_cur == RLIM_INFINITY)
		return -1;
	return (long)now.rlim_cur;
}

long sysconf(int name)
{
	switch (name) {
	case _SC_ARG_MAX:
		return ARG_MAX;
	case _SC_CHILD_MAX:
		return limit(RLIMIT_NPROC);
	case _SC_CLK_TCK:
		return 100;
	case _SC_NGROUPS_MAX:
		return NGROUPS_MAX;
	case _SC_OPEN_MAX:
		return limit(RLIMIT_NOFILE);
	case _SC_PAGESIZE:
		return 4096;
	case _SC_IOV_MAX:
		return IOV_MAX;
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN:
		return get_nprocs();
	case _SC_PHYS_PAGES:
		return pages(0);
	case _SC_AVPHYS_PAGES:
		return pages(1);
	}
	errno = EINVAL;
	return -1;
}

int getpagesize(void)
{
	return 4096;
}

/* As many as the caller may run on. */
int get_nprocs(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return CPU_COUNT(&set);
}

int get_nprocs_conf(void)
{
	return get_nprocs();
}
