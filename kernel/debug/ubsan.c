/*
 * Undefined behaviour, reported by code that gcc's -fsanitize=undefined adds (debug kernels).
 *
 * The compiler fixes the names and arguments of the handlers, and the layout of what they get: a
 * struct of constants that begins with the source location, except where said.
 */
#include <stdatomic.h>

#include "lib/base.h"

#include "kernel/debug/panic.h"
#include "kernel/debug/printk.h"
#include "kernel/debug/ubsan.h"

struct location {
	const char *file;
	u32 line, column;
};

struct type {
	u16 kind; /* 0: integer */
	u16 info; /* integers: bit 0 signed, above it log2 of the width in bits */
	char name[];
};

struct typed {
	struct location where;
	const struct type *type;
};

struct shift {
	struct location where;
	const struct type *left, *right;
};

struct bounds {
	struct location where;
	const struct type *array, *index;
};

struct mismatch {
	struct location where;
	const struct type *type;
	u8 log_align;
	u8 kind;
};

_Atomic u32 ubsan_reports;
bool ubsan_is_fatal = true;

static void __printf(2, 3) report(const struct location *where, const char *fmt, ...)
{
	va_list args;

	atomic_fetch_add(&ubsan_reports, 1);
	va_start(args, fmt);
	vprintk(LOG_EMERG, fmt, args);
	va_end(args);
	if (ubsan_is_fatal && !panic_in_progress)
		panic("undefined behaviour at %s:%u:%u", where->file, where->line, where->column);
	pr_emerg("  at %s:%u:%u", where->file, where->line, where->column);
	print_backtrace(0);
}

/* Values of up to 64 bits come as they are, wider ones by address. */
static s64 signed_value(const struct type *type, u64 value)
{
	unsigned int bits = 1u << (type->info >> 1);

	if (type->kind != 0 || !(type->info & 1) || bits >= 64)
		return (s64)value;
	return (s64)(value << (64 - bits)) >> (64 - bits);
}

static void report_overflow(const struct typed *data, u64 a, const char *op, u64 b)
{
	report(&data->where, "ubsan: %lld %s %lld overflows %s",
	       (long long)signed_value(data->type, a), op, (long long)signed_value(data->type, b),
	       data->type->name);
}

void __ubsan_handle_add_overflow(const struct typed *data, u64 a, u64 b)
{
	report_overflow(data, a, "+", b);
}

void __ubsan_handle_sub_overflow(const struct typed *data, u64 a, u64 b)
{
	report_overflow(data, a, "-", b);
}

void __ubsan_handle_mul_overflow(const struct typed *data, u64 a, u64 b)
{
	report_overflow(data, a, "*", b);
}

void __ubsan_handle_divrem_overflow(const struct typed *data, u64 a, u64 b)
{
	report_overflow(data, a, "/", b);
}

void __ubsan_handle_negate_overflow(const struct typed *data, u64 a)
{
	report_overflow(data, 0, "-", a);
}

void __ubsan_handle_shift_out_of_bounds(const struct shift *data, u64 a, u64 b)
{
	report(&data->where, "ubsan: shift of %lld (%s) by %lld",
	       (long long)signed_value(data->left, a), data->left->name,
	       (long long)signed_value(data->right, b));
}

void __ubsan_handle_out_of_bounds(const struct bounds *data, u64 index)
{
	report(&data->where, "ubsan: index %lld outside %s",
	       (long long)signed_value(data->index, index), data->array->name);
}

void __ubsan_handle_type_mismatch_v1(const struct mismatch *data, u64 pointer)
{
	u64 align = 1ull << data->log_align;

	if (!pointer)
		report(&data->where, "ubsan: null pointer used as %s", data->type->name);
	else if (pointer & (align - 1))
		report(&data->where, "ubsan: %#lx is not aligned to %lu for %s", pointer, align,
		       data->type->name);
	else
		report(&data->where, "ubsan: no room at %#lx for %s", pointer, data->type->name);
}

void __ubsan_handle_load_invalid_value(const struct typed *data, u64 value)
{
	report(&data->where, "ubsan: %#lx is no value of %s", value, data->type->name);
}

void __ubsan_handle_pointer_overflow(const struct location *where, u64 base, u64 result)
{
	report(where, "ubsan: pointer %#lx became %#lx", base, result);
}

void __ubsan_handle_vla_bound_not_positive(const struct typed *data, u64 bound)
{
	report(&data->where, "ubsan: array of %lld elements",
	       (long long)signed_value(data->type, bound));
}

void __ubsan_handle_nonnull_arg(const struct location *where)
{
	report(where, "ubsan: null argument where none may be");
}

void __ubsan_handle_nonnull_return_v1(const void *data, const struct location *where)
{
	report(where, "ubsan: null returned where none may be");
}

void __ubsan_handle_invalid_builtin(const struct location *where)
{
	report(where, "ubsan: bit count of zero");
}

void __ubsan_handle_builtin_unreachable(const struct location *where)
{
	report(where, "ubsan: reached the unreachable");
	panic("no way on");
}

void __ubsan_handle_missing_return(const struct location *where)
{
	report(where, "ubsan: function ends without a value");
	panic("no way on");
}
