/* Execution domains. */
#pragma once

#include <linux/personality.h>

int personality(unsigned long persona);
