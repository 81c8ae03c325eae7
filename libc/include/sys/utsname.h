/* The names of the system. */
#pragma once

#include <linux/utsname.h>

int uname(struct utsname *out);
