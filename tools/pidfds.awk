# The tables of docs/pidfds.md and docs/races.md against the tests they name.
#
#	awk -v what=check -f tools/pidfds.awk tests/user/*.c docs/pidfds.md docs/races.md
#	awk -v what=fill  -f tools/pidfds.awk oracle.tap docs/pidfds.md	the table anew, to stdout
#
# A row's last column, "shown by", names test cases as `file:case`. Each must exist, and each case
# of a file about pidfds must stand in a row. The column "Linux host" says what the host of the
# last recorded `make oracle` made of these cases; a remark in brackets after it is kept.

function complain(text) {
	print FILENAME ":" FNR ": " text
	failed = 1
}

# --- The cases there are -------------------------------------------------------------------

FILENAME ~ /\.c$/ && match($0, /^\tRUN(_SHARED)?\([a-z_0-9]+\)/) {
	name = substr($0, RSTART, RLENGTH)
	gsub(/.*\(|\)/, "", name)
	file = FILENAME
	gsub(/.*\/|\.c$/, "", file)
	cases[file ":" name] = FILENAME
}

# --- What the host said: "PROGRAM ok 3 - case # SKIP why" -------------------------------------

FILENAME ~ /\.tap$/ {
	name = $0
	sub(/^[^ ]* (not )?ok [0-9]* - /, "", name)
	why = name
	sub(/ #.*/, "", name)
	if (!sub(/.*# SKIP /, "", why))
		why = ""
	verdict[$1 ":" name] = $2 == "not" ? "FAILS" : why ~ /older than|needs Linux/ ? "newer" : \
		why ? "Pipit only" : "pass"
}

# --- The rows ---------------------------------------------------------------------------------

FILENAME !~ /\.md$/ {
	next
}

/^\|/ && !in_table {
	in_table = 1
	n = split($0, cell, "|")
	host = 0
	has_tests = cell[n - 1] ~ /shown by/
	for (i = 1; i < n; i++)
		if (cell[i] ~ /Linux host/)
			host = i
}

!/^\|/ {
	in_table = 0
}

in_table && has_tests && !/^\|[-: |]*$/ && !/\| shown by \|$/ {
	n = split($0, cell, "|")
	rest = cell[n - 1]
	worst = ""
	nr = 0
	while (match(rest, /`[a-z_0-9]+:[a-z_0-9]+`/)) {
		name = substr(rest, RSTART + 1, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
		nr++
		shown[name] = 1
		if (what == "check" && !(name in cases))
			complain("no test case " name)
		v = name in verdict ? verdict[name] : "?"
		worst = worst == "" || worst == "pass" ? v : worst
	}
	if (host && !nr)
		complain("a row without a test")
	if (what == "check" && host && cell[host] !~ /^ (pass|newer|Pipit only)( \(.*\))? $/)
		complain("not what `make docs-pidfds` writes: " cell[host])
	if (what == "fill" && host) {
		note = match(cell[host], /\(.*\)/) ? " " substr(cell[host], RSTART, RLENGTH) : ""
		cell[host] = " " worst note " "
		line = ""
		for (i = 2; i < n; i++)
			line = line "|" cell[i]
		$0 = line "|"
	}
}

what == "fill" {
	print
}

END {
	if (what == "check")
		for (name in cases)
			if (cases[name] ~ /pidf|pid_wrap|ns_nested/ && !(name in shown)) {
				print cases[name] ": " name " stands in no row of docs/pidfds.md or docs/races.md"
				failed = 1
			}
	exit failed
}
