/*
 * The kinds of arguments in tests/user/shapes.tbl: what each is when good, and the
 * values that are bad for it. A value has a name, by which expectations know it.
 */
#pragma once

#include "world.h"

enum kind {
	K_fd,
	K_dirfd,
	K_path,
	K_str,
	K_in,
	K_out,
	K_time,
	K_iov,
	K_len,
	K_flags,
	K_enum,
	K_num,
	K_off,
	K_pid,
	K_sig,
	K_mode,
	K_id,
	K_addr,
	K_timer,
	K_ms,
	K_val,
	NR_KINDS
};

struct arg {
	enum kind kind;
	long good, more;
};

struct shape {
	const char *name;
	int nr;
	const char *how;
	int nr_args;
	struct arg arg[6];
};

struct value {
	char name[24];
	long value;
};

enum { ORDINARY_USER = 54321, NEVER_USED = 1 << 23 };
enum path { path_file, path_dir, path_link, path_new, path_script };
enum pids { pid_self, pid_child };
enum addr { addr_area = 1 };

static const char *const path_names[] = { "file", "dir", "link", "new", "script" };
static pid_t world_child;
static int world_timer;

/* --- Contents of memory that is read ----------------------------------------------- */

enum preset {
	in_bytes,
	in_word,
	in_sigset,
	in_action,
	in_rlimit,
	in_event,
	in_poll,
	in_fdset,
	in_how,
	in_clone,
	in_flock,
	in_sigevent,
	in_caps,
	in_capdata,
	in_info,
	in_argv,
	in_stack,
	in_off,
	in_maskarg,
	in_cpus,
	in_groups,
	in_timex,
	in_schedattr,
	in_futexv,
	in_sockaddr,
	in_len16,
	in_msghdr,
	in_msghdrs,
	in_mntreq
};
enum time {
	time_timespec,
	time_timespecs,
	time_timeval,
	time_timevals,
	time_itimerspec,
	time_itimerval
};

static const struct preset_data {
	size_t size;
	struct {
		size_t at;
		unsigned long value;
	} word[6]; /* of 64 bits; what is left is zero */
} presets[] = {
	[in_bytes] = { 64, { { 0, 0x7878787878787878 }, { 8, 0x7878787878787878 } } },
	[in_word] = { 4, { { 0, 0 } } },
	[in_sigset] = { 8, { { 0, 0 } } },
	[in_action] = { 32, { { 0, 0 } } },
	[in_rlimit] = { 16, { { 0, MAX_FDS }, { 8, MAX_FDS } } },
	[in_event] = { 12, { { 0, POLLIN } } },
	[in_poll] = { 16, { { 0, (FIRST_FD + fd_pipe) | 1UL << 32 }, { 8, CLOSED | 4UL << 32 } } },
	[in_fdset] = { 128, { { 0, 1UL << (FIRST_FD + fd_pipe) } } },
	[in_how] = { 24, { { 0, 0 } } },
	[in_clone] = { 88, { { 32, SIGCHLD } } },
	[in_flock] = { 32, { { 0, 0 } } },
	[in_sigevent] = { 64, { { 8, 1UL << 32 } } }, /* SIGEV_NONE */
	[in_caps] = { 8, { { 0, 0x20080522 } } },
	[in_capdata] = { 24, { { 0, 0 } } },
	[in_info] = { 128, { { 8, 0xffffffff } } }, /* SI_QUEUE */
	[in_argv] = { 16, { { 0, ARENA } } },
	[in_stack] = { 24, { { 0, AREA }, { 16, 8192 } } },
	[in_off] = { 8, { { 0, 0 } } },
	[in_maskarg] = { 16, { { 0, AREA }, { 8, 8 } } },
	[in_cpus] = { 128, { { 0, 1 } } },
	[in_groups] = { 8, { { 0, 1UL << 32 | 2 } } },
	[in_timex] = { 208, { { 0, 0 } } },
	[in_schedattr] = { 56, { { 0, 56 } } },
	[in_futexv] = { 48,
			{ { 0, 1 },
			  { 8, AREA },
			  { 16, 2 },
			  { 24, 1 },
			  { 32, AREA + 4 },
			  { 40, 2 } } },
	[in_sockaddr] = { 16, { { 0, 0x77656e0001 } } }, /* AF_UNIX, "new" */
	[in_len16] = { 4, { { 0, 16 } } },
	[in_msghdr] = { 56, { { 16, READ_ONLY }, { 24, 1 } } },
	[in_msghdrs] = { 64, { { 16, READ_ONLY }, { 24, 1 } } },
	[in_mntreq] = { 24, { { 0, 24 }, { 8, 0xffffffffffffffff } } }, /* LSMT_ROOT */
};

/* The two numbers of a time are at "first"; nanoseconds or microseconds. */
static const struct time_data {
	size_t size, first;
	long unit;
} times[] = {
	[time_timespec] = { 16, 0, 1000000000 },    [time_timespecs] = { 32, 0, 1000000000 },
	[time_timeval] = { 16, 0, 1000000 },        [time_timevals] = { 32, 0, 1000000 },
	[time_itimerspec] = { 32, 16, 1000000000 }, [time_itimerval] = { 32, 16, 1000000 },
};

static inline size_t arg_size(const struct arg *a)
{
	switch (a->kind) {
	case K_in:
		return presets[a->good].size;
	case K_time:
		return times[a->good].size;
	case K_iov:
		return 32;
	case K_out:
		return a->good;
	default:
		return 0;
	}
}

/* Writes what is good for this argument at "at", which has room. */
static inline void arg_fill(const struct arg *a, int i, char *at)
{
	unsigned long word;

	memset(at, 0, 256);
	if (a->kind == K_in && a->good == in_bytes)
		memset(at, 'x', 64);
	else if (a->kind == K_in)
		for (int k = 0; k < 6; k++) {
			word = presets[a->good].word[k].value;
			if (word)
				memcpy(at + presets[a->good].word[k].at, &word, 8);
		}
	if (a->kind == K_time)
		at[times[a->good].first + 8] = 1;
	if (a->kind == K_iov)
		for (int k = 0; k < 2; k++) {
			memcpy(at + k * 16, &(unsigned long){ SLOT(i) + 4096 + k * 8 }, 8);
			at[k * 16 + 8] = 8;
		}
	if (a->kind == K_path)
		snprintf(at, 256, "%s", path_names[a->good]);
	if (a->kind == K_str)
		snprintf(at, 256, "%s", (const char *)a->good);
}

/* The good value, with its memory made good. */
static inline long arg_good(const struct arg *a, int i)
{
	switch (a->kind) {
	case K_fd:
		return FIRST_FD + a->good;
	case K_dirfd:
		return AT_FDCWD;
	case K_path:
	case K_str:
	case K_in:
	case K_out:
	case K_time:
	case K_iov:
		arg_fill(a, i, (char *)SLOT(i));
		return SLOT(i);
	case K_pid:
		return a->good == pid_child ? world_child : getpid();
	case K_addr:
		return a->good == addr_area ? AREA : 0;
	case K_timer:
		return world_timer;
	default:
		return a->good;
	}
}

/* --- Bad values: each returns 0 when there is no n-th --------------------------------- */

static inline int pick(const struct value *list, size_t nr, int n, struct value *v)
{
	if ((size_t)n >= nr)
		return 0;
	*v = list[n];
	return 1;
}
#define PICK(list, n, v) pick(list, sizeof(list) / sizeof(*(list)), n, v)

static inline int bad_fd(int n, struct value *v)
{
	static const struct value list[] = { { "-1", -1 },
					     { "cwd", AT_FDCWD },
					     { "closed", CLOSED },
					     { "huge", 1 << 20 },
					     { "min", 0x80000000 },
					     { "max", 0x7fffffff },
					     { "bit32", 1L << 32 | CLOSED } };
	int nr = sizeof(list) / sizeof(*list);

	if (PICK(list, n, v))
		return 1;
	if (n - nr >= NR_FDS)
		return 0;
	snprintf(v->name, sizeof(v->name), "%s", world_fd_names[n - nr]);
	v->value = FIRST_FD + n - nr;
	return 1;
}

/* Memory for argument i. "straddle" has its first bytes, "fits" ends where memory ends. */
static inline int bad_pointer(const struct arg *a, int i, int n, struct value *v)
{
	static const struct value list[] = {
		{ "null", 0 },
		{ "one", 1 },
		{ "kernel", (long)0xffffffff80100000 },
		{ "direct", (long)0xffff888000000000 },
		{ "odd", (long)0x0000900000000000 },
		{ "last", 0x7fffffffefff },
		{ "top", 0x7fffffffffff },
		{ "-1", -1 },
		{ "none", NO_ACCESS },
		{ "ropage", READ_ONLY },
	};
	size_t size = arg_size(a);
	char *end = (char *)SLOT(i) + SLOT_SIZE;

	if (PICK(list, n, v))
		return 1;
	n -= sizeof(list) / sizeof(*list);
	if (n > 1 || !size)
		return 0;
	arg_fill(a, i, (char *)SLOT(i));
	size = n ? size : 3;
	memmove(end - size, (char *)SLOT(i), size);
	*v = (struct value){ "straddle", (long)(end - size) };
	if (n)
		memcpy(v->name, "fits", 5);
	return 1;
}

static inline int bad_text(const struct arg *a, int i, int n, struct value *v)
{
	static const char *const names[] = { "",         ".",         "file",     "file/", "file/x",
					     "missing",  "missing/x", "dir",      "dir/",  "dir/..",
					     "link",     "link/",     "dangling", "loop",  "fifo",
					     "locked/x", "readonly",  "script" };
	int nr = a->kind == K_path ? sizeof(names) / sizeof(*names) : 1;
	char *slot = (char *)SLOT(i), *end = slot + SLOT_SIZE;
	struct arg none = { K_val, 0, 0 };

	if (bad_pointer(&none, i, n, v))
		return 1;
	n -= 10;
	if (n < 3) {
		static const struct value longs[] = { { "unending", 0 },
						      { "256", 256 },
						      { "4096", 4096 } };

		*v = longs[n];
		memset(end - 100, 'n', 100);
		memset(slot, 'n', v->value);
		slot[v->value] = '\0';
		v->value = n ? (long)slot : (long)(end - 100);
		return 1;
	}
	n -= 3;
	if (n >= nr)
		return 0;
	snprintf(v->name, sizeof(v->name), "%s", *names[n] ? names[n] : "empty");
	snprintf(slot, 256, "%s", names[n]);
	v->value = (long)slot;
	return 1;
}

static inline int bad_time(const struct arg *a, int i, int n, struct value *v)
{
	const struct time_data *t = &times[a->good];
	const struct value list[] = { { "neg", -1 }, { "unit", t->unit }, { "negsec", -1 } };
	int nr = sizeof(list) / sizeof(*list);

	if (n >= nr)
		return bad_pointer(a, i, n - nr, v);
	*v = list[n];
	arg_fill(a, i, (char *)SLOT(i));
	memcpy((char *)SLOT(i) + t->first + (n < 2 ? 8 : 0), &list[n].value, 8);
	v->value = SLOT(i);
	return 1;
}

static inline int bad_iov(const struct arg *a, int i, int n, struct value *v)
{
	static const struct {
		struct value base;
		size_t at;
	} list[] = { { { "base1", 1 }, 0 },
		     { { "basekernel", (long)0xffffffff80100000 }, 0 },
		     { { "base2", NO_ACCESS }, 16 },
		     { { "neglen", -1 }, 8 },
		     { { "hugelen", 0x7fffffffffffffff }, 24 },
		     { { "2G", 0x7fffffff }, 24 } };
	int nr = sizeof(list) / sizeof(*list);

	if (n >= nr)
		return bad_pointer(a, i, n - nr, v);
	*v = list[n].base;
	arg_fill(a, i, (char *)SLOT(i));
	memcpy((char *)SLOT(i) + list[n].at, &v->value, 8);
	v->value = SLOT(i);
	return 1;
}

static inline int bad_flags(const struct arg *a, int n, struct value *v)
{
	int bit = 0;

	for (; bit < 32; bit++)
		if ((a->more >> bit & 1) && !(a->good >> bit & 1) && !n--)
			break;
	if (bit == 32 && n > 1)
		return 0;
	snprintf(v->name, sizeof(v->name), "%s", n == 0 ? "bit40" : "all");
	if (bit < 32)
		snprintf(v->name, sizeof(v->name), "bit%d", bit);
	v->value = bit < 32 ? a->good | 1L << bit : n == 0 ? a->good | 1L << 40 : a->more;
	return 1;
}

static inline int bad_enum(int n, struct value *v)
{
	static const long list[] = { -1, 64, 99, 1000, 0x7fffffff, -0x80000000L, 1L << 32 };

	if (n >= 16 + (int)(sizeof(list) / sizeof(*list)))
		return 0;
	v->value = n < 16 ? n : list[n - 16];
	snprintf(v->name, sizeof(v->name), "%ld", v->value);
	return 1;
}

static inline int bad_pid(int n, struct value *v)
{
	const struct value list[] = { { "0", 0 },
				      { "-1", -1 },
				      { "init", 1 },
				      { "self", getpid() },
				      { "child", world_child },
				      { "unused", NEVER_USED },
				      { "-unused", -NEVER_USED },
				      { "max", 0x7fffffff },
				      { "min", -0x80000000L },
				      { "bit32", 1L << 32 } };

	return PICK(list, n, v);
}

static inline int bad_addr(int n, struct value *v)
{
	static const struct value list[] = { { "null", 0 },
					     { "one", 1 },
					     { "area", AREA },
					     { "middle", AREA + 4096 },
					     { "odd", AREA + 1 },
					     { "end", AREA + 3 * 4096 },
					     { "hole", HOLE },
					     { "ropage", READ_ONLY },
					     { "none", NO_ACCESS },
					     { "kernel", (long)0xffffffff80100000 },
					     { "noncanon", (long)0x0000900000000000 },
					     { "top", 0x7ffffffff000 },
					     { "-4096", -4096 } };

	return PICK(list, n, v);
}

#define NUMBERS(...)                                                                               \
	do {                                                                                       \
		static const long numbers_[] = { __VA_ARGS__ };                                    \
		if (n >= (int)(sizeof(numbers_) / sizeof(*numbers_)))                              \
			return 0;                                                                  \
		v->value = numbers_[n];                                                            \
		snprintf(v->name, sizeof(v->name), "%ld", v->value);                               \
		return 1;                                                                          \
	} while (0)
#define INT_RANGE 0x7fffffff, -0x80000000L

static inline int bad_number(enum kind kind, int n, struct value *v)
{
	switch (kind) {
	case K_len:
		NUMBERS(0, 1, 4, 16, 4095, -1, 0x7fffffff, 0x80000000, 1L << 32, 1L << 62);
	case K_num:
		NUMBERS(-1, 0, 1, 2, 3, 1000, 1025, INT_RANGE, 1L << 40);
	case K_off:
		NUMBERS(-1, 1, 4096, 1L << 40, 0x7fffffffffffffff, -0x7fffffffffffffff - 1);
	case K_sig:
		NUMBERS(-1, 0, 64, 65, 128, 1000, INT_RANGE, 1L << 32);
	case K_mode:
		NUMBERS(0, 07777, 0177777, 0200000, -1);
	case K_id:
		NUMBERS(-1, 0, ORDINARY_USER, 1, INT_RANGE, 1L << 32);
	case K_timer:
		NUMBERS(-1, 99, INT_RANGE);
	case K_ms:
		NUMBERS(-1, 0x7fffffff, -0x80000000L);
	default:
		return 0;
	}
}

/* The n-th bad value of argument i; fills its memory where that is what is bad. */
static inline int arg_bad(const struct arg *a, int i, int n, struct value *v)
{
	switch (a->kind) {
	case K_fd:
	case K_dirfd:
		return bad_fd(n, v);
	case K_path:
	case K_str:
		return bad_text(a, i, n, v);
	case K_in:
	case K_out:
		return bad_pointer(a, i, n, v);
	case K_time:
		return bad_time(a, i, n, v);
	case K_iov:
		return bad_iov(a, i, n, v);
	case K_flags:
		return bad_flags(a, n, v);
	case K_enum:
		return bad_enum(n, v);
	case K_pid:
		return bad_pid(n, v);
	case K_addr:
		return bad_addr(n, v);
	default:
		return bad_number(a->kind, n, v);
	}
}
