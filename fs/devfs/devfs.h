/*
 * devtmpfs: /dev as the drivers know it; devpts: the pseudo terminals in /dev/pts.
 */
#pragma once

/* Registers the types "devtmpfs" and "devpts". */
void devfs_init(void);
void devpts_init(void); /* by devfs_init */
