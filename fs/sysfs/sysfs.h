/*
 * sysfs: /sys, as far as programs look there for what the machine is.
 */
#pragma once

void sysfs_init(void); /* registers the type "sysfs" */
