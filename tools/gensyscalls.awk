# Reads kernel/syscall/linux.tbl and table.tbl and prints what is made from them.
#
#	awk -v what=WHAT -f tools/gensyscalls.awk kernel/syscall/{linux,table}.tbl
#
#	what=unistd	<asm/unistd_64.h>: __NR_name
#	what=sysnames	SYS_name for libc's <sys/syscall.h>
#	what=table	the dispatch tables in C
#	what=doc	docs/syscalls.md: Linux's whole list, and what is here of it
#	what=totals	the line of README.md about it

function bad(text) {
	print FILENAME ":" FNR ": " text > "/dev/stderr"
	failed = 1
	exit 1
}

/^[ \t]*(#|$)/ { next }

FILENAME ~ /linux\.tbl$/ {
	nr = $1 + 0
	linux_name[nr] = $2
	linux_order[++linux_rows] = nr
	is_none[nr] = $3 == "none"
	next
}

{
	if (NF < 5 || $1 !~ /^[0-9]+$/)
		bad("want: nr name handler flags state")
	if ($4 !~ /^(-|F)$/)
		bad("unknown flags '" $4 "'")
	if ($5 != "full" && $5 != "partial:")
		bad("state is 'full' or 'partial: ...'")
	nr = $1 + 0
	if (rows && nr <= last)
		bad("numbers must rise")
	if (linux_name[nr] != $2)
		bad("linux.tbl calls " nr " '" linux_name[nr] "'")
	last = nr
	rows++
	name[nr] = $2
	handler[nr] = $3
	full_frame[nr] = $4 == "F"
	state[nr] = $5
	for (i = 6; i <= NF; i++)
		state[nr] = state[nr] " " $i
	order[rows] = nr
}

END {
	if (failed)
		exit 1
	if (what == "unistd" || what == "sysnames")
		print_numbers(what == "unistd" ? "__NR_" : "SYS_")
	else if (what == "table")
		print_table()
	else if (what == "doc")
		print_doc()
	else if (what == "totals")
		print totals()
	else
		exit 2
}

function print_numbers(prefix,    i) {
	print "/* Made from kernel/syscall/table.tbl; do not edit. */"
	print "#pragma once\n"
	for (i = 1; i <= rows; i++)
		printf "#define %s%s %d\n", prefix, name[order[i]], order[i]
}

function print_table(    i, nr, seen) {
	print "/* Made from kernel/syscall/table.tbl; do not edit. */"
	print "#include \"lib/base.h\"\n"
	print "void sys_unknown(void);"
	for (i = 1; i <= rows; i++) {
		nr = order[i]
		if (!(handler[nr] in seen))
			printf "void %s(void);\n", handler[nr]
		seen[handler[nr]] = 1
	}
	print "\nextern void *const syscall_table[];"
	print "extern const u8 syscall_full_frame[];"
	print "extern const char *const syscall_names[];"
	print "extern const u32 syscall_count;"
	print "\nvoid *const syscall_table[] = {"
	for (nr = 0; nr <= last; nr++)
		printf "\t(void *)%s,\n", nr in handler ? handler[nr] : "sys_unknown"
	if (!rows)
		print "\t(void *)sys_unknown,"
	print "};\n\nconst u8 syscall_full_frame[] = {"
	for (nr = 0; nr <= last; nr++)
		printf "\t%d,\n", nr in handler && full_frame[nr]
	print "\t0,\n};\n\nconst char *const syscall_names[] = {"
	for (nr = 0; nr <= last; nr++)
		printf "\t%s,\n", nr in name ? "\"" name[nr] "\"" : "(void *)0"
	print "\t(void *)0,\n};\n"
	printf "const u32 syscall_count = %d;\n", rows ? last + 1 : 0
}

function totals(    i, full, none) {
	for (i = 1; i <= rows; i++)
		full += state[order[i]] == "full"
	for (i = 1; i <= linux_rows; i++)
		none += is_none[linux_order[i]]
	return sprintf("Of Linux's %d system calls %d are here in full, %d in part and %d not; " \
		"%d more numbers are empty on Linux too.", linux_rows - none, full, rows - full,
		linux_rows - none - rows, none)
}

function print_doc(    i, nr) {
	print "# System calls\n"
	print "Made from kernel/syscall/table.tbl and linux.tbl by `make docs`; do not edit.\n"
	print totals()
	print "What is absent answers ENOSYS.\n"
	print "| nr | name | state |\n|--:|---|---|"
	for (i = 1; i <= linux_rows; i++) {
		nr = linux_order[i]
		printf "| %d | %s | %s |\n", nr, linux_name[nr],
			(nr in state) ? state[nr] : (is_none[nr] ? "absent, on Linux too" : "absent")
	}
}
