/* Jumps out of nested calls. Only the sig forms keep the signal mask. */
#pragma once

/* rbx rbp r12-r15 rsp rip, whether a mask was saved, the mask. */
typedef unsigned long jmp_buf[10];
typedef unsigned long sigjmp_buf[10];

int setjmp(jmp_buf env) __attribute__((returns_twice));
int _setjmp(jmp_buf env) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf env, int value);
_Noreturn void _longjmp(jmp_buf env, int value);
int sigsetjmp(sigjmp_buf env, int save_mask) __attribute__((returns_twice));
_Noreturn void siglongjmp(sigjmp_buf env, int value);
