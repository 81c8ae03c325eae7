#!/bin/sh
# Lines of each folder, and of the whole kernel.
cd "$(dirname "$0")/.." || exit 1
count() {
	find "$@" \( -name '*.[ch]' -o -name '*.asm' -o -name '*.tbl' \) -exec cat {} + 2>/dev/null | wc -l
}
total=0
for folder in uapi lib arch/x86_64 boot kernel/debug kernel/sync kernel/mm kernel/time \
	kernel/sched kernel/id kernel/task kernel/syscall fs drivers libc user tests; do
	n=$(count $folder)
	printf '%7d  %s\n' "$n" "$folder"
done
printf '%7d  kernel sources in all\n' "$(count lib arch boot kernel fs drivers)"
printf '%7d  fs/pidfs/pidfs.c\n' "$(wc -l <fs/pidfs/pidfs.c)"
