#!/usr/bin/env python3
"""Runs pidbench on the release kernel and prints each row beside goal and Linux.

    bench.py KERNEL PIDBENCH [GROUP]

QEMU counts instructions (-icount shift=0, one CPU), so that a figure is the
number of guest instructions, user and kernel, and the same on every host.
pidbench itself is /init, by way of a two-line script where a group is asked.
"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MKCPIO = os.path.join(HERE, "../../tools/mkcpio.py")
BUSYBOX = "/bin/busybox"
QEMU = ("qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -machine pc "
        "-cpu qemu64,+rdrand -accel tcg -smp 1 -m 1024 -icount shift=0,align=off,sleep=off "
        "-rtc base=2025-01-01T00:00:00,clock=vm -seed 1").split()


def goals():
    """name -> (goal, Linux 7.3)"""
    table = {}
    with open(os.path.join(HERE, "goals.txt"), encoding="utf-8") as file:
        for line in file:
            word = line.split()
            if len(word) == 3 and not line.startswith("#"):
                table[word[0]] = (int(word[1]), int(word[2]))
    return table


def make_initrd(folder, pidbench, group):
    """busybox, pidbench, and an /init that runs it and powers off."""
    init = os.path.join(folder, "init")
    with open(init, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n/bin/busybox mount -t proc proc /proc\n"
                   f"/bin/pidbench {group}\n/bin/busybox poweroff -f\n")
    listing = ("dir /bin 755\ndir /tmp 1777\ndir /proc 755\ndir /dev 755\n"
               "nod /dev/console 600 c 5 1\n"
               f"file /init 755 {init}\nfile /bin/busybox 755 {BUSYBOX}\n"
               f"slink /bin/sh busybox\nfile /bin/pidbench 755 {pidbench}\n")
    initrd = os.path.join(folder, "bench.cpio")
    subprocess.run([sys.executable, MKCPIO, initrd], input=listing.encode(), check=True)
    return initrd


def main():
    kernel, pidbench = sys.argv[1:3]
    group = sys.argv[3] if len(sys.argv) > 3 else ""
    table, missed, seen = goals(), 0, 0
    with tempfile.TemporaryDirectory(prefix="pipit-bench-") as folder:
        initrd = make_initrd(folder, os.path.abspath(pidbench), group)
        cmd = QEMU + ["-serial", "stdio", "-monitor", "none", "-kernel", kernel,
                      "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1"]
        print(f"{'benchmark':38}{'pipit':>10}{'median':>10}{'goal':>10}{'linux 7.3':>11}  ratio")
        with subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, errors="replace") as qemu:
            done = False
            for line in qemu.stdout:
                row = re.match(r"BENCH (\S+) (\d+) (-?\d+) (-?\d+) (\S+)", line)
                if row:
                    name, least, median = row[1], int(row[3]), int(row[4])
                    goal, linux = table.get(name, (None, None))
                    mark = "" if goal is None else " *" if least > goal else ""
                    missed += bool(mark)
                    seen += goal is not None
                    ratio = f"{least / linux:.2f}" if linux else ""
                    print(f"{name:38}{least:>10}{median:>10}{goal or '':>10}{linux or '':>11}"
                          f"  {ratio}{mark}", flush=True)
                elif "BENCH done" in line:
                    done = True
                elif line.strip():
                    print("  " + line.rstrip())
    print(f"{seen} of {len(table)} rows measured, {missed} above their goal (*)")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
