# Reads the system calls, the errors and the shapes of arguments; prints C for tests.
#
#	awk -v what=shapes -f tools/genshapes.awk kernel/syscall/table.tbl \
#		uapi/linux/errno.h tests/user/shapes.tbl
#	awk -v what=expected -f tools/genshapes.awk tests/user/bad_arguments.{expected,exceptions}
#
# Fails where a call has no shape, or a shape is of no call.

/^[ \t]*(#[^d]|#$|$)/ { next }

FILENAME ~ /table\.tbl$/ { nr[$2] = $1; next }
FILENAME ~ /errno\.h$/ {
	if ($1 == "#define" && $3 ~ /^[0-9]+$/)
		errors = errors sprintf("\t[%d] = \"%s\",\n", $3, $2)
	next
}
FILENAME ~ /shapes\.tbl$/ {
	call = $1
	sub("/.*", "", call)
	seen[call] = 1
	if (!(call in nr))
		fail($1 ": table.tbl has no such call")
	else if ($2 != "-")
		rows = rows sprintf("\t{ \"%s\", %d, \"%s\", %d, { %s } },\n", $1, nr[call], $2, NF - 2, arguments())
	next
}
{
	gsub(/["\\]/, "\\\\&")
	lines[FILENAME ~ /expected$/] = lines[FILENAME ~ /expected$/] "\t\"" $0 "\",\n"
}

function fail(text) {
	print FILENAME ":" FNR ": " text > "/dev/stderr"
	failed = 1
}

function arguments(    i, part, n, value, text) {
	for (i = 3; i <= NF; i++) {
		n = split($i, part, ":")
		value = n > 1 ? part[2] : "0"
		if (part[1] == "str")
			value = "(long)\"" value "\""
		else if (value !~ /^-?[0-9]/)
			value = part[1] "_" value
		text = text sprintf("{ K_%s, %s, %s }, ", part[1], value, n > 2 ? part[3] : "0xffffffff")
	}
	return text
}

END {
	print "/* Made by tools/genshapes.awk; do not edit. */"
	if (what == "shapes") {
		for (call in nr)
			if (!(call in seen))
				fail("no shape of the arguments of " call ": add one, as the top of the file says, " \
					"then `make record-arguments`")
		printf "static const char *const error_names[] = {\n%s};\n\n", errors
		printf "static const struct shape shapes[] = {\n%s};\n", rows
	} else {
		printf "static const char *const expected[] = {\n%s\tNULL\n};\n\n", lines[1]
		printf "static const char *const exceptions[] = {\n%s\tNULL\n};\n", lines[0]
	}
	exit failed
}
