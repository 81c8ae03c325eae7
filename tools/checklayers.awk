# Fails on an include that goes up a layer, sideways without leave, or in a
# circle. Also on internal.h headers included from another folder.
#
#	awk -f tools/checklayers.awk tools/layers.txt FILE...

# A file named in the table by itself is a folder of its own.
function folder_of(file,    base) {
	base = file
	sub(/\.[ch]$/, "", base)
	if (base in layer)
		return base
	sub(/\/[^\/]*$/, "", file)
	return file
}

function complain(text) {
	print FILENAME ":" FNR ": " text
	failed = 1
}

FILENAME == ARGV[1] {
	if ($1 == "allow")
		allowed[$2, $3] = 1
	else if ($1 ~ /^[0-9]+$/)
		layer[$2] = $1
	next
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	target = part[2]
	from = folder_of(FILENAME)
	to = folder_of(target)
	if (!(from in layer)) {
		complain("folder '" from "' is not in tools/layers.txt")
		next
	}
	if (target !~ /\//) {
		complain("'" target "': name headers from the root of the tree")
		next
	}
	if (!(to in layer)) {
		complain("'" target "' is in no layer")
		next
	}
	edges[FILENAME] = edges[FILENAME] " " target
	if (from == to)
		next
	if (target ~ /internal\.h$/)
		complain("'" target "' is private to " to)
	if (layer[to] + 0 > layer[from] + 0)
		complain(from " (layer " layer[from] ") includes '" target "' of layer " layer[to])
	else if (layer[to] == layer[from] && !((from, to) in allowed))
		complain(from " and " to " share layer " layer[to] ", and tools/layers.txt allows no edge")
}

# Depth-first over headers: one met again on the way down is a circle.
function visit(file,    target, n, i, list) {
	state[file] = 1
	n = split(edges[file], list, " ")
	for (i = 1; i <= n; i++) {
		target = list[i]
		if (state[target] == 1) {
			print file ": '" target "' includes it in turn: a circle"
			failed = 1
		} else if (!(target in state))
			visit(target)
	}
	state[file] = 2
}

END {
	for (file in edges)
		if (!(file in state))
			visit(file)
	exit failed
}
