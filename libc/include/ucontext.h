/* The machine state a signal handler is shown. */
#pragma once

#include <sys/ucontext.h>
