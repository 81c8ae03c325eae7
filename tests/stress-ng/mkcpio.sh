#!/bin/sh
# Makes a ramdisk with Debian's stress-ng, unmodified, and the libraries it asks for:
#
#	tests/stress-ng/mkcpio.sh OUT.cpio INIT
#
# The packages come from Debian's archive, into the folder of OUT, once.
set -eu
out=$1 init=$2
here=$(dirname "$0")
work=$(dirname "$out")/.stress-ng # its names in .d are none of make's
packages="libc6 libapparmor1 libbsd0 libcrypt1 libdrm2 libegl1 libexpat1 libffi8 libgbm1 libgcc-s1
	libgles2 libglvnd0 libipsec-mb1 libjpeg62-turbo libjudydebian1 libkmod2 liblzma5 libmd0
	libsctp1 libssl3 libwayland-server0 libxxhash0 libzstd1 stress-ng zlib1g"

if [ ! -x "$work/usr/bin/stress-ng" ]; then
	mkdir -p "$work"
	(cd "$work" && apt-get -qq download $packages && for deb in *.deb; do
		dpkg-deb -x "$deb" . && rm "$deb"
	done)
fi

# What FILE needs, and what that needs, each once: NAME FILE.
libraries() {
	for name in $(readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'); do
		case " $seen " in *" $name "*) continue ;; esac
		seen="$seen $name"
		file=$(find "$work" -name "$name" | head -n 1)
		file=$(readlink -f "$file")
		echo "$name $file"
		libraries "$file"
	done
}

"$here/../../tools/mkinitramfs.sh" "$out" "$init" --tests "$here/stress_ng.sh"
{
	cat "$out.list"
	for dir in lib lib64 lib/x86_64-linux-gnu var var/tmp; do
		echo "dir /$dir 755"
	done
	echo "file /tests/known.txt 644 $here/known.txt"
	echo "file /usr/bin/stress-ng 755 $work/usr/bin/stress-ng"
	seen=
	libraries "$work/usr/bin/stress-ng" | sort -u | while read -r name file; do
		case $name in
		ld-linux*) echo "file /lib64/$name 755 $file" ;;
		*) echo "file /lib/x86_64-linux-gnu/$name 644 $file" ;;
		esac
	done
} >"$out.list.all"
python3 "$here/../../tools/mkcpio.py" "$out" <"$out.list.all"
