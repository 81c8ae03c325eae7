/* Constants of BSD. */
#pragma once

#include <limits.h>

#define MAXPATHLEN PATH_MAX
#define NOFILE     256
#ifndef MIN
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif
