/* Tells nothing. */
#include "tests/user/tap.h"

int main(void)
{
	return tap_done();
}
