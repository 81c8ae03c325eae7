#!/bin/sh
# Installs the Debian packages that a make target needs and the machine lacks.
#
#	tools/deps.sh GROUP...		build run iso test check debug draw labs
#
# The one list of packages is here. Where nothing is missing this costs one
# dpkg-query. As a user other than root it goes through sudo; on a system that
# is not Debian's it prints what to install and stops.
set -eu

build="gcc binutils make nasm python3 gzip busybox-static musl-tools"
run="qemu-system-x86"
iso="grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools"
test="libc6-dev ovmf gdb perl python3-tap python3-junitparser python3-jsonschema"
check="clang clang-format clang-tidy sparse universal-ctags cppcheck"
debug="gdb"
draw="graphviz pandoc"
labs="git patch"

packages=
for group; do
	case $group in
	build | run | iso | test | check | debug | draw | labs) ;;
	*) echo "deps.sh: no group '$group'" >&2; exit 2 ;;
	esac
	eval "packages=\"\$packages \$$group\""
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	# Not Debian: be content where the programs themselves are there.
	missing=
	for tool in gcc ld nasm python3 gzip musl-gcc busybox; do
		command -v $tool >/dev/null || missing="$missing $tool"
	done
	case $packages in *qemu*)
		command -v qemu-system-x86_64 >/dev/null || missing="$missing qemu" ;;
	esac
	[ -z "$missing" ] && exit 0
	echo "Pipit's build installs what it needs on Debian and its derivatives." >&2
	echo "Here, please install yourself:$missing" >&2
	echo "(Debian's names for all of it:$packages)" >&2
	exit 1
fi

# shellcheck disable=SC2086 # the list is meant to be split
have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
	sed -n 's/^installed //p') || true
missing=
for package in $packages; do
	case "
$have
" in *"
$package
"*) ;; *) missing="$missing $package" ;; esac
done
[ -z "$missing" ] && exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "Please run as root: apt-get install$missing" >&2
		exit 1
	}
	as_root=sudo
fi
echo "Installing Debian packages:$missing" >&2
install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
# shellcheck disable=SC2086
$install $missing >&2 || {
	$as_root apt-get update -q >&2
	$install $missing >&2
}
