/*
 * Times are the C library's, which have the same layout.
 */
#pragma once

#include <sys/time.h>
#include <time.h>
