/*
 * Off and again.
 */
#pragma once

#include "lib/base.h"

__noreturn void machine_poweroff(void); /* ACPI S5; halts if the machine stays on */
__noreturn void machine_restart(void); /* ACPI reset, keyboard controller, triple fault */
__noreturn void machine_halt(void);
