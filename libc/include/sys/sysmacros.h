/* Device numbers. */
#pragma once

#include <linux/kdev_t.h>
