/* Registers of a stopped thread. */
#pragma once

#include <asm/ptrace.h>
