/* What the kernel told the program at its start. */
#pragma once

#include <linux/auxvec.h>

unsigned long getauxval(unsigned long type);
