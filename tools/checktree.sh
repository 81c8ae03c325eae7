#!/bin/sh
# Small checks of the whole tree.
#
#	tools/checktree.sh OBJECT...	the Makefile's list of kernel objects
set -u
cd "$(dirname "$0")/.." || exit 1
failed=0
fail() {
	echo "$*"
	failed=1
}

# Every kernel source is in the Makefile's lists.
objects=" $* "
for file in $(find lib arch boot kernel fs drivers \( -name '*.c' -o -name '*.asm' \)); do
	case $file in
	arch/x86_64/offsets.c | uapi/layout.c | */lib/fmt_float.c | lib/fmt_float.c) continue ;;
	esac
	case $objects in
	*" ${file%.*}.o "*) ;;
	*) fail "$file: is in no list of the Makefile" ;;
	esac
done

# An anchor ("DOC: name") that a document cites is in the code.
for anchor in $(grep -hoE 'DOC: [a-z0-9-]+' README.md docs/*.md 2>/dev/null | cut -d' ' -f2 | sort -u); do
	grep -qrE "DOC: $anchor\b" --include='*.[ch]' --include='*.asm' \
		lib arch boot kernel fs drivers || fail "docs: nothing in the code is called DOC: $anchor"
done

# The order of locks in the docs names the ranks that exist.
if [ -f docs/locking.md ]; then
	for rank in $(grep -oE '\bRANK_[A-Z_]+' docs/locking.md | sort -u); do
		grep -q "\b$rank\b" kernel/sync/lockrank.h || fail "docs/locking.md: no $rank"
	done
fi

# Files and tests that the documents name exist.
for doc in README.md docs/*.md; do
	[ -f "$doc" ] || continue
	for path in $(grep -oE '`(arch|boot|docs|drivers|fs|kernel|lib|libc|tests|tools|uapi|user)/[A-Za-z0-9_./-]+`' "$doc" | tr -d '`' | sort -u); do
		[ -e "$path" ] || fail "$doc: no $path"
	done
done

# Every system call is made by a test: by its shape, or where it has none by another one.
for call in $(awk '!/^#/ && NF { print $2 }' kernel/syscall/table.tbl); do
	awk -v call="$call" '$1 ~ "^" call "(/|$)" && $2 != "-" { found = 1 } END { exit !found }' \
		tests/user/shapes.tbl || grep -qwE "(SYS_)?$call" tests/user/*.c ||
		fail "kernel/syscall/table.tbl: no test calls $call"
done

# No notes to self.
if grep -rnE --include='*.[ch]' --include='*.asm' '\b(TODO|FIXME|XXX)\b' \
	lib arch boot kernel fs drivers libc user uapi; then
	failed=1
fi
exit $failed
