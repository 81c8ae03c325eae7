/* Pseudo-random numbers: the upper bits of a linear congruence modulo 2^64. */
#include <stdlib.h>

static unsigned long state = 1;

static unsigned long step(unsigned long x)
{
	return x * 6364136223846793005UL + 1442695040888963407UL;
}

void srand(unsigned int seed)
{
	state = seed;
}

int rand(void)
{
	state = step(state);
	return (int)(state >> 33);
}

int rand_r(unsigned int *seed)
{
	unsigned long next = step(step(*seed));

	*seed = (unsigned int)(next >> 32);
	return (int)(next >> 33);
}

long random(void)
{
	return rand();
}

void srandom(unsigned int seed)
{
	srand(seed);
}
