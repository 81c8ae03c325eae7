/* Properties of the calling thread and process. */
#pragma once

#include <linux/prctl.h>

int prctl(int option, ...);
