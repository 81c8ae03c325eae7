/* Fails everywhere, on the good kernel too. */
#include "tests/user/tap.h"

static void no_kernel_is_good(void)
{
	EXPECT(getpid() < 0);
}

int main(void)
{
	RUN(no_kernel_is_good);
	return tap_done();
}
