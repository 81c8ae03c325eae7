/*
 * devtmpfs: /dev as the drivers know it.
 */
#pragma once

/* Registers the type "devtmpfs". */
void devfs_init(void);
