#!/bin/sh
# Makes an ISO that boots under BIOS and UEFI through GRUB.
#
#	tools/mkiso.sh OUT.iso KERNEL INITRD [COMMAND LINE]
#
# With a command line the menu is left out and that is booted at once.
set -eu

out=$1 kernel=$2 initrd=$3 cmdline=${4-}
tools=$(dirname "$0")
stage=$(mktemp -d)
log=$stage.log # beside the stage: what grows while it is copied fails the copy
trap 'rm -rf "$stage" "$log"' EXIT

mkdir -p "$stage/boot/grub"
cp "$kernel" "$stage/boot/pipit.elf"
cp "$initrd" "$stage/boot/initramfs"
if [ -n "$cmdline" ]; then
	sed -e 's/^set timeout=.*/set timeout=0/' -e "s|@CMDLINE@|$cmdline|" \
		"$tools/../boot/grub.cfg" >"$stage/boot/grub/grub.cfg"
else
	sed 's| *@CMDLINE@||' "$tools/../boot/grub.cfg" >"$stage/boot/grub/grub.cfg"
fi
grub-mkrescue -o "$out" "$stage" >"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
