/*
 * uts namespaces: the system's name, shared by uname(2) and /proc/sys/kernel.
 */
#pragma once

#include <linux/utsname.h>

#include "lib/base.h"
#include "kernel/id/ns.h"

#define PIPIT_RELEASE "7.3.0-pipit" /* programs compare it: the Linux whose ABI this is */

/* Only nodename and domainname ever change, or differ: the others may be read in place. */
struct uts_ns {
	struct ns_common ns;
	struct utsname name;
};

extern struct uts_ns uts_initial;

struct uts_ns *uts_current(void); /* the current thread's */
void uts_get(struct utsname *out); /* all of it at one moment; may sleep */
/* Replaces a field (nodename, domainname) of a uts_ns; longer text is cut. May sleep. */
void uts_set(char *field, const char *text, size_t len);
