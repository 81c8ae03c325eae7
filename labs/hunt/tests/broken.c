/* Does not build. */
#include "tests/user/tap.h"

int main(void)
{
	return tap_dome();
}
