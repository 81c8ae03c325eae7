#!/usr/bin/env python3
"""Types commands of Debian's programs at a guest's bash and looks at what they print.

    debian.py --kernel ELF [--cpus N] [--result FILE] [--doc FILE] SET...

A SET is a file of tests/debian, one boot of a ramdisk that tools/image.py makes:

    packages: bash python3        what of Debian is in the ramdisk
    programs: build/hello         what else, where it could be built
    seconds: 600                  how long a command may take; 180 if not said
    ## heading                    of what follows, in the document too
    ? program                     without it the rest under this heading is skipped
    $ command                     is typed; it must end with status 0
    = 143                         or with this one
    ~ pattern                     and print this (a regular expression, CPUS: how many)
    > keys\\n                      are typed as they are (^C, \\e, \\t); ~ is waited for
    // comment

--doc writes each command with what it printed: docs/programs.md.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import run  # noqa: E402

IMAGE = os.path.join(HERE, "../../tools/image.py")
ESCAPES = re.compile(r"\x1b(\[[0-9;?>]*[A-Za-z]|[()][A-Z0-9]|[=>78M])|[\x00-\x08\x0e-\x1f]")
MOST_LINES, MOST_COLUMNS = 12, 110


class Case:
    """A command, or keys; with what must come of it."""

    def __init__(self, kind, text):
        self.kind, self.text, self.patterns, self.status = kind, text, [], 0


class Set:
    """A file of cases."""

    def __init__(self, path):
        self.packages, self.programs, self.seconds, self.items = "", "", 180, []
        with open(path, encoding="utf-8") as file:
            for line in filter(None, map(str.rstrip, file)):
                self.add(line, path)

    def add(self, line, path):
        mark, _, rest = line.partition(" ")
        if mark in ("packages:", "programs:"):
            setattr(self, mark[:-1], rest)
        elif mark == "seconds:":
            self.seconds = int(rest)
        elif mark in ("$", ">"):
            self.items.append(Case(mark, rest))
        elif mark in ("##", "?"):
            self.items.append((mark, rest))
        elif mark == "~":
            self.items[-1].patterns.append(rest)
        elif mark == "=":
            self.items[-1].status = int(rest)
        elif mark != "//":
            sys.exit(f"{path}: {line}: begins with no mark")


class Bash:
    """The guest's bash at the serial console."""

    def __init__(self, kernel, initrd, mem, cpus, log, seconds=180):
        args = run.parse_args(["--kernel", kernel, "--initrd", initrd, "--cpus", cpus,
                               "--mem", mem, "--log", log])
        with tempfile.TemporaryDirectory() as scratch:
            command = run.qemu_command(args, "console=ttyS0 panic=-1 quiet", scratch)
        self.guest, self.seconds = run.Guest(command, args), seconds
        self.alive = self.guest.wait_for(r"# $", 180)
        for text in ("stty cols 2000; TERM=dumb exec bash --norc\n", "PS1='@ '\n"):
            self.guest.send(text)
            self.alive = self.alive and self.guest.wait_for(r"[#@] $", 180)

    def ask(self, command):
        """(output, exit status), or (what came so far, None) when no end is seen."""
        first = len(self.guest.lines)
        self.guest.send(command + "; echo status=$?\n")
        self.alive = self.guest.wait_for(r"status=\d+\n(.|\n)*@ $", self.seconds)
        text = "\n".join(self.guest.lines[first + 1:])
        found = re.search(r"status=(\d+)$", text, re.M)
        return (text[:found.start()], int(found.group(1))) if found else (text, None)

    def type(self, keys, patterns):
        """(what came since, whether all patterns did)"""
        first = len(self.guest.lines)
        keys = re.sub(r"\^([A-Z\[])", lambda m: chr(ord(m.group(1)) & 31), keys)
        for name, key in (("\\n", "\r"), ("\\t", "\t"), ("\\e", "\x1b")):
            keys = keys.replace(name, key)
        time.sleep(1)  # who waits for keys has begun to
        self.guest.send(keys)
        for pattern in patterns:
            self.alive = self.alive and self.guest.wait_for(pattern, self.seconds)
        return "\n".join(self.guest.lines[first:]), self.alive

    def end(self):
        if self.alive:
            self.guest.send("poweroff\n")
            self.guest.run(lambda line: None)
        else:
            self.guest.stop()


class Report:
    """Counts, and the document."""

    def __init__(self):
        self.ok = self.failed = self.skipped = 0
        self.doc = []

    def count(self, how, what, why=""):
        self.ok += how == "ok"
        self.failed += how == "FAIL"
        self.skipped += how == "skip"
        print(f"  {how:4} {what[:100]}" + (f"\n       {why}" if why else ""), flush=True)

    def show(self, case, text):
        """The command and what it printed, shortened."""
        lines = [ESCAPES.sub("", x).rstrip() for x in text.rstrip("\n").split("\n")]
        if case.kind == ">":
            self.doc.append(f"    > {case.text}" + ("    (draws its screen)" if "\x1b" in text else ""))
            lines = [] if "\x1b" in text else lines[1:]
        else:
            self.doc.append(f"    $ {case.text}")
        if len(lines) > MOST_LINES:
            lines[MOST_LINES - 2:] = [f"... {len(lines) - MOST_LINES + 2} more lines"]
        for line in lines if any(lines) else []:
            more = len(line) - MOST_COLUMNS
            self.doc.append("    " + (line[:MOST_COLUMNS] + " ..." if more > 4 else line))
        if case.kind == "$" and case.status:
            self.doc.append(f"    [status {case.status}]")


def make_image(config, out):
    programs = " ".join(x for x in config.programs.split() if os.path.exists(x))
    subprocess.run([IMAGE, out, "--base", "build/initramfs.cpio.gz.list", "--packages",
                    config.packages, "--programs", programs], check=True)
    with open(out + ".mem", encoding="utf-8") as file:
        return file.read().strip()


def check(bash, cpus, case, report):
    patterns = [x.replace("CPUS", cpus) for x in case.patterns]
    if not bash.alive:
        report.count("FAIL", case.text, "the guest does not answer")
    elif case.kind == "$":
        text, got = bash.ask(case.text)
        report.show(case, text)
        missing = [x for x in patterns if not re.search(x, text, re.M)]
        good = got == case.status and not missing
        report.count("ok" if good else "FAIL", case.text,
                     "" if good else f"status {got}, printed {text[-600:]!r} without {missing}")
    else:
        text, good = bash.type(case.text, patterns)
        report.show(case, text)
        report.count("ok" if good else "FAIL", "keys: " + case.text,
                     "" if good else f"came: {bash.guest.unread[-300:]!r}, not {patterns}")


def run_set(path, args, report):
    config, name = Set(path), os.path.splitext(os.path.basename(path))[0]
    image, log = f"build/image-{name}.cpio", f"build/debian-{name}.log"
    mem = make_image(config, image)
    report.doc.append(f"\n# make run PACKAGES=\"{config.packages}\"")
    bash, skips = Bash(args.kernel, image, mem, args.cpus, log, config.seconds), False
    try:
        for item in config.items:
            if isinstance(item, Case):
                if skips:
                    report.count("skip", item.text)
                else:
                    check(bash, args.cpus, item, report)
            elif item[0] == "##":
                skips = False
                report.doc.append(f"\n## {item[1]}\n")
            else:
                skips = bash.ask(f"type {shlex.quote(item[1])}")[1] != 0
    finally:
        bash.end()
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in filter(run.COMPLAINT.search, file):
            report.count("FAIL", f"the kernel says: {line.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--cpus", default="2")
    parser.add_argument("--result")
    parser.add_argument("--doc")
    parser.add_argument("sets", nargs="+")
    args = parser.parse_args()
    report, start = Report(), time.monotonic()
    for path in args.sets:
        run_set(path, args, report)
    print(f"  {len(args.sets)} boots, {time.monotonic() - start:.0f} s")
    if args.doc:
        with open(args.doc, "w", encoding="utf-8") as file:
            file.write("\n".join(report.doc) + "\n")
    if args.result:
        with open(args.result, "w", encoding="utf-8") as file:
            file.write(f"{report.ok} {report.failed} {report.skipped}\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
