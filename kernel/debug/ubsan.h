/*
 * Reports of undefined behaviour: the handlers compiler-made code calls.
 */
#pragma once

#include "lib/base.h"

extern _Atomic u32 ubsan_reports;
extern bool ubsan_is_fatal; /* panic on a report (true); self-tests turn it off */

struct location;
struct typed;
struct shift;
struct bounds;
struct mismatch;

void __ubsan_handle_add_overflow(const struct typed *data, u64 a, u64 b);
void __ubsan_handle_sub_overflow(const struct typed *data, u64 a, u64 b);
void __ubsan_handle_mul_overflow(const struct typed *data, u64 a, u64 b);
void __ubsan_handle_divrem_overflow(const struct typed *data, u64 a, u64 b);
void __ubsan_handle_negate_overflow(const struct typed *data, u64 a);
void __ubsan_handle_shift_out_of_bounds(const struct shift *data, u64 a, u64 b);
void __ubsan_handle_out_of_bounds(const struct bounds *data, u64 index);
void __ubsan_handle_type_mismatch_v1(const struct mismatch *data, u64 pointer);
void __ubsan_handle_load_invalid_value(const struct typed *data, u64 value);
void __ubsan_handle_pointer_overflow(const struct location *where, u64 base, u64 result);
void __ubsan_handle_vla_bound_not_positive(const struct typed *data, u64 bound);
void __ubsan_handle_nonnull_arg(const struct location *where);
void __ubsan_handle_nonnull_return_v1(const void *data, const struct location *where);
void __ubsan_handle_invalid_builtin(const struct location *where);
__noreturn void __ubsan_handle_builtin_unreachable(const struct location *where);
__noreturn void __ubsan_handle_missing_return(const struct location *where);
