# Reads kernel/syscall/table.tbl and prints what is made from it.
#
#	awk -v what=WHAT -f tools/gensyscalls.awk kernel/syscall/table.tbl
#
#	what=unistd	<asm/unistd_64.h>: __NR_name
#	what=sysnames	SYS_name for libc's <sys/syscall.h>
#	what=table	the dispatch tables in C
#	what=doc	docs/syscalls.md

function bad(text) {
	print FILENAME ":" FNR ": " text > "/dev/stderr"
	failed = 1
	exit 1
}

/^[ \t]*(#|$)/ { next }

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

function print_doc(    i, nr, full) {
	for (i = 1; i <= rows; i++)
		full += state[order[i]] == "full"
	print "# System calls\n"
	print "Made from kernel/syscall/table.tbl by `make docs`; do not edit. All other"
	print "numbers answer ENOSYS.\n"
	printf "%d calls, %d of them complete.\n\n", rows, full
	print "| nr | name | state |\n|--:|---|---|"
	for (i = 1; i <= rows; i++) {
		nr = order[i]
		printf "| %d | %s | %s |\n", nr, name[nr], state[nr]
	}
}
