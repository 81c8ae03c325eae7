#!/bin/sh
# Ceilings: files of 600 lines, functions of 60 (100 refused), and the files
# that must stay small enough to read at a sitting.
#
# To raise one is a reviewed change of this table.
set -eu
cd "$(dirname "$0")/.."

failed=0
fail() {
	echo "$*"
	failed=1
}

# FILE MAXIMUM: smaller than the general ceiling.
while read -r file most; do
	[ -f "$file" ] || continue
	lines=$(wc -l <"$file")
	[ "$lines" -le "$most" ] || fail "$file: $lines lines, at most $most"
done <<TABLE
fs/pidfs/pidfs.c 400
fs/pidfs/pidfs.h 60
fs/pidfs/pidfd.c 300
user/init.c 300
Makefile 280
README.md 300
TABLE

find lib arch boot kernel fs drivers libc user tests/user \( -name '*.[ch]' -o -name '*.asm' \) |
while read -r file; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 600 ] || echo "$file: $lines lines, at most 600"
done >/tmp/checksize.$$
sed '' /tmp/checksize.$$
[ ! -s /tmp/checksize.$$ ] || failed=1
rm -f /tmp/checksize.$$

if command -v ctags >/dev/null; then
	find lib arch boot kernel fs drivers libc user -name '*.[ch]' |
	ctags -L - --languages=C --kinds-C=f --fields=+ne -o - 2>/dev/null |
	awk -F'\t' '{
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) line = substr($i, 6) + 0
			if ($i ~ /^end:/) end = substr($i, 5) + 0
		}
		if (end - line + 1 > 100) {
			print $2 ":" line ": " $1 "() has " end - line + 1 " lines, at most 100"
			bad = 1
		}
	} END { exit bad }' || failed=1
fi
exit $failed
