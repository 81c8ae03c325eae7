#!/bin/sh
# Makes an initial ramdisk: /init, Debian's busybox with a link for each of its
# applets, Pipit's own tools in /bin, and, where given, test programs.
#
#	tools/mkinitramfs.sh OUT.cpio[.gz] INIT [--bin FILE...] [--tests FILE...]
#			     [--samples FILE...]
set -eu

out=$1 init=$2
shift 2
tools=$(dirname "$0")
etc=$tools/../user/etc
busybox=$(command -v busybox)
case $(readlink -f "$busybox") in
*/busybox) ;;
*) echo "mkinitramfs.sh: '$busybox' is not busybox-static's" >&2; exit 1 ;;
esac

list() {
	for dir in bin sbin dev etc proc root run sys tmp tests usr usr/bin usr/sbin usr/share; do
		case $dir in
		tmp) echo "dir /$dir 1777" ;;
		*) echo "dir /$dir 755" ;;
		esac
	done
	echo "nod /dev/console 600 c 5 1"
	echo "file /init 755 $init"
	echo "file /bin/busybox 755 $busybox"
	"$busybox" --list-full | while read -r applet; do
		[ "${applet##*/}" = busybox ] || echo "slink /$applet /bin/busybox"
	done
	for file in "$etc"/*; do
		echo "file /etc/${file##*/} 644 $file"
	done
	echo "file /usr/share/labs 644 $tools/../labs/worksheet.md"
	dir=/bin mode=755
	for file; do
		case $file in
		--bin) dir=/bin mode=755 ;;
		--tests) dir=/tests mode=755 ;;
		--samples) dir=/tests/samples mode=755; echo "dir /tests/samples 755" ;;
		*) name=${file##*/}; echo "file $dir/${name%.sh} $mode $file" ;;
		esac
	done
}

list "$@" >"$out.list"
python3 "$tools/mkcpio.py" "$out" <"$out.list"
