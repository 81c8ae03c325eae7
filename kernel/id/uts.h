/*
 * The system's name, shared by uname(2) and /proc/sys/kernel.
 */
#pragma once

#include <linux/utsname.h>

#include "lib/base.h"

#define PIPIT_RELEASE "7.3.0-pipit" /* programs compare it: the Linux whose ABI this is */

/* sysname, release, version, machine never change: they may be read in place. */
extern struct utsname uts;
void uts_get(struct utsname *out); /* all of it at one moment; may sleep */
/* Replaces a field of uts (nodename, domainname); longer text is cut. May sleep. */
void uts_set(char *field, const char *text, size_t len);
