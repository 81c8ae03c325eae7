/* Memory and load of the system. */
#pragma once

#include <linux/sysinfo.h>

int sysinfo(struct sysinfo *out);
int get_nprocs(void);
int get_nprocs_conf(void);
