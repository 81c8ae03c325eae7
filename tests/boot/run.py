#!/usr/bin/env python3
"""Boots Pipit in QEMU, lets its init run guest tests, and counts their TAP.

    run.py --kernel ELF --initrd CPIO [--iso [--uefi]] [--cpus N] [--mem M]
           [--tests a,b,c] [--env K=V]... [--result FILE] [--log FILE]

init frames each program's output by lines that carry a nonce from the kernel
command line, so that no program can make results up by accident:

    ### NONCE begin NAME
    ...TAP...
    ### NONCE end NAME exit 0 12 ms        or: signal N, timeout
    ### NONCE done

A guest that panics, ends early or falls silent is one failure, shown with the
end of its log; so is any complaint of the kernel's own checkers.
"""
import argparse
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools")
OVMF = ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/ovmf/OVMF.fd",
        "/usr/share/qemu/OVMF.fd", "/usr/share/edk2/x64/OVMF_CODE.fd")
# What the kernel prints when one of its checkers finds a bug in the kernel.
COMPLAINT = re.compile(r"Kernel panic:|panic while panicking|WARNING:|BUG:|UBSAN:|undefined behaviour at")
TAP = re.compile(r"(not )?ok\b *(\d+)?(?: *-)? *(.*)")


def parse_args(argv=None):
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--kernel", required=True)
    p.add_argument("--initrd", required=True)
    p.add_argument("--iso", action="store_true", help="boot through GRUB")
    p.add_argument("--uefi", action="store_true", help="... under OVMF")
    p.add_argument("--cpus", type=int, default=1)
    p.add_argument("--mem", default="512M")
    p.add_argument("--cpu", default="max")
    p.add_argument("--accel", default=os.environ.get("ACCEL", "tcg"))
    p.add_argument("--tests", default="all", help="names, separated by commas")
    p.add_argument("--env", action="append", default=[], help="for the tests")
    p.add_argument("--append", default="", help="more kernel options")
    p.add_argument("--qemu", default="", help="more QEMU options")
    p.add_argument("--silence", type=float, default=120, help="seconds without output")
    p.add_argument("--limit", type=float, default=600, help="seconds in all")
    p.add_argument("--expect", help="pass iff this is in the log (no TAP)")
    p.add_argument("--name", help="what to call this run")
    p.add_argument("--result", help="file for 'passed failed skipped'")
    p.add_argument("--log", help="file for all output of the guest")
    p.add_argument("-v", "--verbose", action="store_true", help="show the guest's output")
    return p.parse_args(argv)


def qemu_command(args, cmdline, scratch):
    """The QEMU command line; makes the ISO where one is asked for."""
    cmd = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
           "-no-reboot", "-machine", "pc", "-cpu", args.cpu, "-smp", str(args.cpus),
           "-m", args.mem, "-serial", "stdio", "-monitor", "none"]
    cmd += ["-accel", args.accel + (",thread=multi" if args.accel == "tcg" else "")]
    cmd += args.qemu.split()
    if not args.iso:
        return cmd + ["-kernel", args.kernel, "-initrd", args.initrd, "-append", cmdline]
    iso = os.path.join(scratch, "test.iso")
    subprocess.run([os.path.join(TOOLS, "mkiso.sh"), iso, args.kernel, args.initrd, cmdline],
                   check=True)
    if args.uefi:
        firmware = next((f for f in OVMF if os.path.exists(f)), None)
        if not firmware:
            sys.exit("run.py: no OVMF firmware found")
        cmd += ["-drive", f"if=pflash,format=raw,readonly=on,file={firmware}"]
    return cmd + ["-cdrom", iso]


class Guest:
    """One boot: a QEMU process and the lines it has printed."""

    def __init__(self, cmd, args):
        self.args, self.lines, self.rest, self.unread = args, [], b"", ""
        self.process = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.log = open(args.log, "wb") if args.log else None

    def feed(self, data):
        """Takes raw output; returns the lines completed by it."""
        if self.log:
            self.log.write(data)
            self.log.flush()
        if self.args.verbose:
            sys.stdout.write(data.decode("utf-8", "replace"))
            sys.stdout.flush()
        *whole, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > 1 << 16:
            whole, self.rest = [*whole, self.rest], b""
        new = [line.decode("utf-8", "replace").rstrip("\r") for line in whole]
        self.lines += new
        return new

    def run(self, on_line):
        """Reads until the guest ends, or is given up; returns why, or None."""
        out = self.process.stdout.fileno()
        start = last = time.monotonic()
        try:
            while True:
                now = time.monotonic()
                if now - start > self.args.limit:
                    return f"over the limit of {self.args.limit:.0f} s"
                if now - last > self.args.silence:
                    return f"silent for {self.args.silence:.0f} s"
                if not select.select([out], [], [], 1)[0]:
                    continue
                data = os.read(out, 65536)
                if not data:
                    break
                last = time.monotonic()
                for line in self.feed(data):
                    on_line(line)
            if self.rest:
                for line in self.feed(b"\n"):
                    on_line(line)
            return None
        finally:
            self.stop()

    def wait_for(self, pattern, seconds):
        """Reads until "pattern" has been printed since the last call; true if it was."""
        out, end = self.process.stdout.fileno(), time.monotonic() + seconds
        while not (found := re.search(pattern, self.unread, re.M)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                return False
            data = os.read(out, 65536)
            if not data:
                return False
            self.feed(data)
            text = self.unread + data.decode("utf-8", "replace").replace("\r", "")
            self.unread = text.replace("\x1b[6n", "")  # a shell asking where the cursor is
        self.unread = self.unread[found.end():]
        return True

    def send(self, text):
        """Types at the guest's serial console."""
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def stop(self):
        """Ends QEMU, which may have ended already."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Results:
    """Counts TAP lines between init's nonce-carrying marks."""

    def __init__(self, nonce, label):
        self.mark = re.compile(rf"### {nonce} (begin|end|done)\b ?(\S*) ?(.*)")
        self.label = label
        self.passed = self.failed = self.skipped = 0
        self.program, self.done, self.failures = None, False, []
        self.seen, self.bad, self.plan, self.times = 0, 0, None, []

    def fail(self, what):
        self.failed += 1
        self.bad += 1
        self.failures.append(what)
        print(f"  FAIL {self.label}: {what}", flush=True)

    def on_line(self, line):
        mark = self.mark.search(line)
        if mark:
            self.on_mark(*mark.groups())
        elif COMPLAINT.search(line):
            self.fail(f"{self.program or 'kernel'}: the kernel says: {line.strip()}")
        elif self.program:
            self.on_tap(line)

    def on_mark(self, kind, name, how):
        if kind == "begin":
            self.program, self.seen, self.bad, self.plan = name, 0, 0, None
        elif kind == "end":
            self.on_end(name, how)
        else:
            self.done = True

    def on_tap(self, line):
        if re.fullmatch(r"1\.\.\d+( *# *[sS][kK][iI][pP].*)?", line):
            self.plan = int(re.match(r"1\.\.(\d+)", line).group(1))
            if self.plan == 0:
                self.skipped += 1
            return
        tap = TAP.fullmatch(line)
        if not tap:
            return
        self.seen += 1
        if re.search(r"# *skip", tap.group(3), re.I):
            self.skipped += 1
        elif tap.group(1):
            self.fail(f"{self.program}: {tap.group(3)}")
        else:
            self.passed += 1

    def on_end(self, name, how):
        word = how.split()
        self.times.append((int(word[2]) if len(word) > 2 else 0, name))
        clean = word[:2] == ["exit", "0"]
        if self.plan is None:
            self.fail(f"{name}: no plan, {' '.join(word[:2])}")
        elif self.seen != self.plan:
            self.fail(f"{name}: planned {self.plan} tests, ran {self.seen}, {' '.join(word[:2])}")
        elif not clean and not self.bad:
            self.fail(f"{name}: ended by {' '.join(word[:2])}")
        self.program = None


def boot(args, nonce, on_line):
    """One whole boot; returns (why it was given up or None, its lines, QEMU's status)."""
    words = ["console=ttyS0", "panic=-1", "loglevel=4", args.append]
    if not args.expect:
        words += [f"TESTS={args.tests}", f"NONCE={nonce}", *args.env]
    scratch = tempfile.mkdtemp(prefix="pipit-")
    try:
        guest = Guest(qemu_command(args, " ".join(filter(None, words)), scratch), args)
        reason = guest.run(on_line)
        return reason, guest.lines, guest.process.returncode
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    args = parse_args()
    label = args.name or f"{os.path.basename(os.path.dirname(args.kernel))}/{args.cpus}cpu"
    nonce, start = secrets.token_hex(6), time.monotonic()
    results = Results(nonce, label)
    on_line = (lambda line: None) if args.expect else results.on_line
    reason, lines, status = boot(args, nonce, on_line)
    if args.expect:
        if any(re.search(args.expect, line) for line in lines):
            results.passed += 1
        else:
            results.fail(f"'{args.expect}' never printed{', ' + reason if reason else ''}")
    elif not results.done:
        where = f" during {results.program}" if results.program else ""
        results.fail(f"the guest {reason or f'ended early (QEMU {status})'}{where}")
    if results.failed and (not results.done or args.expect):
        print("    " + "\n    ".join(lines[-40:]))
    slow = ", ".join(f"{n} {t / 1000:.0f} s" for t, n in sorted(results.times)[-3:] if t >= 2000)
    print(f"  {label}: {results.passed} passed, {results.failed} failed, "
          f"{results.skipped} skipped in {time.monotonic() - start:.0f} s"
          + (f" (longest: {slow})" if slow else ""), flush=True)
    if args.result:
        with open(args.result, "w", encoding="utf-8") as file:
            file.write(f"{results.passed} {results.failed} {results.skipped}\n")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
