#!/usr/bin/env python3
"""Boots Pipit, types commands at its shell, and draws who holds which pidfd then.

    graph.py KERNEL INITRD OUT.svg COMMAND...
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests/boot"))
import run  # noqa: E402


def main():
    kernel, initrd, out, *commands = sys.argv[1:]
    args = run.parse_args(["--kernel", kernel, "--initrd", initrd])
    with tempfile.TemporaryDirectory(prefix="pipit-graph-") as folder:
        guest = run.Guest(run.qemu_command(args, "console=ttyS0 quiet", folder), args)
        good = guest.wait_for(r"# $", 60)
        for command in commands + ["sleep 1; pidgraph --dot"]:
            guest.send(command + "\n")
            good = good and guest.wait_for(r"# $", 60)
        guest.stop()
    said = "\n".join(guest.lines)
    dots = re.findall(r"^digraph .*?^}$", said, re.M | re.S)
    if not good or not dots:
        sys.exit("graph.py: the guest did not answer:\n" + said[-500:])
    subprocess.run(["dot", "-Tsvg", "-o", out], input=dots[-1].encode(), check=True)
    print(out)


if __name__ == "__main__":
    main()
