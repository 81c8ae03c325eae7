/*
 * Self-tests inside the kernel: "ktest=NAME" on the command line runs one before init.
 */
#pragma once

/* name NULL: nothing. Unknown: a message. Some, by design, end in a panic. */
void selftest_run(const char *name);
