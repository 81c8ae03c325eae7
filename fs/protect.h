/*
 * What is refused in directories where everybody may make files, and links to other people's files:
 * /proc/sys/fs/protected_*.
 */
#pragma once

#include "lib/base.h"

struct inode;

/* 0: nothing. protected_fifos and _regular: 1 in directories that everybody may write to, 2 also
 * in those that the group may. */
extern int protected_hardlinks, protected_symlinks, protected_fifos, protected_regular;

/* May the caller make another name for inode? 0, -EPERM. */
int protect_hardlink(struct inode *inode) __must_check;
/* May it follow link, found in dir? 0, -EACCES. */
int protect_symlink(const struct inode *dir, const struct inode *link) __must_check;
/* May it open inode, which was there already in dir, with O_CREAT? 0, -EACCES. */
int protect_creation(const struct inode *dir, const struct inode *inode) __must_check;
