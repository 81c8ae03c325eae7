/* The signal mask of sigsetjmp and siglongjmp; see setjmp.asm for the words. */
#include <setjmp.h>
#include <signal.h>

int libc_save_mask(sigjmp_buf env); /* called from setjmp.asm */

enum { WAS_SAVED = 8, MASK = 9 };

/* The tail of sigsetjmp: its return value is ours. */
int libc_save_mask(sigjmp_buf env)
{
	sigprocmask(SIG_BLOCK, NULL, &env[MASK]);
	return 0;
}

void siglongjmp(sigjmp_buf env, int value)
{
	if (env[WAS_SAVED])
		sigprocmask(SIG_SETMASK, &env[MASK], NULL);
	longjmp(env, value);
}
