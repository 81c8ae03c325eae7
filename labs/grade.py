#!/usr/bin/env python3
"""Grades a lab: builds the tree, boots it, runs the lab's tests, explains what failed.

    grade.py [LAB] [--out DIR] [--filter TEXT] [-v]         this tree as it is
    grade.py LAB --submission TREE [--hidden DIR]           a student's tree, by a teacher's

With --submission only the folders that the lab lets students change are taken from there; tests,
tools, init and Makefile are this tree's. --hidden adds DIR/*.c, worth what DIR/points.toml says.
Guests run on QEMU's instruction clock, so the time a test may take is counted in the guest's own
ticks (1 ms), however busy this machine is. A test that brings the guest down fails alone: the
next boot goes on behind it. The exit status is 0 if and only if the score is full.
"""
import argparse
import collections
import filecmp
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests/boot"), os.path.join(ROOT, "tools"), os.path.join(ROOT, "labs")]
import mkcpio  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402

# An instruction takes 8 ns, and sleep takes none. Only programs that a lab calls racers run freely.
CLOCK = ["--accel=tcg,thread=single", "--qemu=-icount shift=3,sleep=off"]
MOST_OUTPUT = 32 << 20
# What the make that called us was told, which is not for those that we call.
MAKE_TOLD = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "LAB", "LABS", "TESTS", "OUT", "FILTER", "V", "CONFIG", "CONFIG_PIDFS", "LIBC")
STAMP = re.compile(r"^.*?\[ *\d+\.\d+\] ")  # of a line of the kernel's
NOISE = re.compile(r"---|backtrace:|CPU \d+, thread|(rip|cs|r\w+|r\d+) +[0-9a-f]{16}")
STEPS = re.compile(r"^(arch_switch|switch_|sched|thread_|block|wait_|lock_waiter|backtrace_)")


def forget_make():
    for word in MAKE_TOLD:
        os.environ.pop(word, None)


def files_of(tree, part):
    """The files of a folder, or the one; links are followed nowhere."""
    top = os.path.join(tree, part)
    if os.path.isdir(top) and not os.path.islink(top):
        return [os.path.relpath(os.path.join(folder, name), tree) for folder, _, names in os.walk(top) for name in names]
    return [part]


def from_first_error(text):
    """What make has printed, from where it says so."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = next((i for i, line in enumerate(lines) if re.search(r"error:|undefined reference|\*\*\*", line)), 0)
    return lines[first:]


class Test(report.Result):
    """One function of a test program, and what has become of it."""

    def __init__(self, name, worth):
        super().__init__(name, worth)
        self.program, self.function = name.split(".")
        self.is_begun, self.start = False, 0

    def end(self, is_good, now):
        self.ticks = now - self.start
        if self.state or not self.is_begun:
            is_good = False  # said twice, or without having begun
            self.output.append("reported out of turn")
        self.state = "ok" if is_good else "fail"

    def crash(self, why, lines=()):
        self.state = "fail"
        self.output = [*self.output[:5], why, *lines]


class Boot:
    """One boot of the guest: reads the lines that init vouches for."""

    def __init__(self, grader, queue, is_free):
        self.grader, self.queue, self.is_free, self.nonce = grader, queue, is_free, secrets.token_hex(16)
        self.mark = re.compile(rf"### {self.nonce} (begin|says|late|stack|end|done) ?(.*)")
        self.program, self.now, self.is_done = None, None, False  # now: the Test that runs
        self.again, self.waiters, self.guest, self.panic, self.is_cut = [], [], None, [], False
        self.before = collections.deque(maxlen=8)  # what the kernel has said since the last mark
        self.start, self.boot_seconds = time.monotonic(), None
        self.last, self.size = None, 0  # the Test that reported last; characters printed

    def on_line(self, line):
        mark = self.mark.fullmatch(line)
        self.size += len(line) + 1
        if self.is_cut:
            return
        if self.size > MOST_OUTPUT:
            self.cut(f"the guest printed more than {MOST_OUTPUT >> 20} MB")
        elif mark:
            self.before.clear()
            getattr(self, "on_" + mark[1])(mark[2])
        elif run.COMPLAINT.search(line) or self.panic:
            self.on_complaint(STAMP.sub("", line).strip())
        elif STAMP.match(line):
            self.before.append(STAMP.sub("", line).strip())

    def on_complaint(self, text):
        """The first one, what was said before it (the lock checker names both places), the backtrace."""
        if text and not NOISE.match(text):
            before = () if self.panic else [line for line in self.before if line not in text]
            self.panic += [self.place(text), *before]
        if len(self.panic) > 30:
            self.guest.stop()

    def place(self, text):
        """A line of a backtrace, with the place in the source."""
        frame = re.match(r"\[([0-9a-f]{16})\] (\w+)", text)
        if not frame:
            return text
        return f"  in {self.source(int(frame[1], 16) - 1)}"  # before the return address

    def source(self, pc):
        """Function and line, as the tree calls the file."""
        where = subprocess.run(["addr2line", "-f", "-s", "-p", "-e", self.kernel, f"{pc:x}"], capture_output=True, text=True)
        return where.stdout.split(" (")[0].strip()

    def on_begin(self, name):
        if self.boot_seconds is None:
            self.boot_seconds = time.monotonic() - self.start
        if self.panic:
            self.cut()
            return
        self.program, self.now, self.waiters = name.split(":")[0], None, []
        self.queue.remove(name)

    def on_says(self, text):
        ticks, text = text.split(" ", 1)
        begin = re.fullmatch(r"# begin (\w+)", text)
        tap = re.fullmatch(r"(not )?ok \d+ - (\w+)( # SKIP.*)?", text)
        if self.panic and (begin or tap):  # it lives on, but nobody knows how well
            self.cut()
        elif begin:
            self.now = self.grader.test(self.program, begin[1])
            self.now.is_begun, self.now.start = True, int(ticks)
        elif tap:
            self.last = self.grader.test(self.program, tap[2])
            self.last.end(not tap[1] and not tap[3], int(ticks))
            self.now = None
        elif self.now and text.strip():
            self.now.output.append(re.sub(r"^# ", "", text))

    def on_late(self, stat):
        word = re.match(r"(\d+) \((.*)\) (\w)", stat)
        if word:
            self.waiters.append([f"{word[2]} ({word[1]}, {word[3]})"])

    def on_stack(self, line):
        name = re.search(r"\] (\w+)", line)
        if name and self.waiters and not STEPS.match(name[1]):
            self.waiters[-1].append(name[1])

    def on_end(self, text):
        name, how, number, _ = text.split()
        if self.now:
            why = {"timeout": f"not done after {number} s of the guest's clock",
                   "signal": f"the test program died of signal {number}"}.get(how, f"it ended with {number}")
            self.stop_at(why, [w[0] + " is in " + " < ".join(w[1:6]) for w in self.waiters if w[1:]])
        elif how != "exit":  # between two tests: who knows who spoke for it
            self.grader.blame(name.split(":")[0], f"ended by {how} {number}", is_all=True)
        self.program = None
        if self.panic:
            self.cut()

    def on_done(self, _):
        self.is_done = True

    def cut(self, why="the kernel complains"):
        """No more of this guest: nobody knows how well it is."""
        self.blame(why, self.panic[:14])
        self.is_cut = True
        self.guest.stop()

    def blame(self, why, lines):
        """It is the fault of the test that runs, or ran last."""
        last = self.last
        if self.now:
            self.stop_at(why, lines)
        elif last and self.program in (None, last.program):
            last.crash(f"after this test: {why}", lines)
            if self.program:
                self.again.append(f"{last.program}:{last.function}")
        elif self.program:
            self.grader.blame(self.program, why, *lines)
        else:
            self.queue.clear()
            self.grader.complaints += [f"outside of all tests: {why}", *lines]

    def stop_at(self, why, lines=()):
        self.now.crash(why, lines)
        self.again.append(f"{self.program}:{self.now.function}")
        self.now = None

    def run(self, kernel, initrd, silence):
        """Boots; whatever is still to run afterwards is returned."""
        self.kernel = kernel
        scratch = tempfile.mkdtemp(prefix="grade-")
        args = run.parse_args(["--kernel", kernel, "--initrd", os.path.join(scratch, "initrd"), *([] if self.is_free else CLOCK),
                               "--cpus=2", "--limit=3000", f"--silence={silence}",
                               *(["-v"] if self.grader.args.verbose else [])])
        socket_path = os.path.join(scratch, "monitor")
        args.qemu += f" -monitor unix:{socket_path},server=on,wait=off"
        with open(initrd, "rb") as base, open(args.initrd, "wb") as out:
            out.write(base.read() + mkcpio.entry(1, "/nonce", 0o100400, self.nonce.encode())
                      + mkcpio.entry(0, "TRAILER!!!", 0))
        words = ["console=ttyS0 panic=-1 loglevel=4", f"TESTS={','.join(self.queue)}",
                 f"TEST_SECONDS={60 if self.is_free else self.grader.lab.get('seconds', 25)}", *self.grader.lab.get("env", [])]
        self.guest = run.Guest(run.qemu_command(args, " ".join(words), scratch), args)
        self.guest.log = open(os.path.join(self.grader.args.out, "guest.log"), "ab")  # of all boots
        self.guest.stop = lambda stop=self.guest.stop: (self.look(socket_path), stop())
        reason = self.guest.run(self.on_line)
        shutil.rmtree(scratch)
        self.close(reason)
        self.grader.boots.append(self.boot_seconds or 0)
        return self.again + self.queue

    def close(self, reason):
        """The guest has ended."""
        if not self.is_cut and (self.panic or not self.is_done):
            lines = [line for line in self.panic or [reason or "the guest ended by itself"] if line]
            self.blame("the kernel complains" if self.is_done else "the guest went down", lines[:14])

    def look(self, path):
        """A guest that says nothing: where are its CPUs?"""
        if self.is_done or self.panic or self.guest.process.poll() is not None:
            return
        try:
            with socket.socket(socket.AF_UNIX) as monitor:
                monitor.settimeout(5)
                monitor.connect(path)
                monitor.sendall(b"info registers -a\n")
                time.sleep(2)
                text = monitor.recv(1 << 16).decode("ascii", "replace")
        except OSError:
            return
        pcs = re.findall(r"RIP=([0-9a-f]+) RFL=([0-9a-f]+)", text)
        self.panic = ["no sign of life; the CPUs are at:"]
        for pc, flags in pcs:
            masked = "" if int(flags, 16) & 0x200 else ", with interrupts off"
            self.panic.append(f"  in {self.source(int(pc, 16))}{masked}")


class Grader:
    """The tests of one lab, and their scores."""

    def __init__(self, args):
        self.args, self.tree, self.scratch = args, ROOT, None
        with open(f"{ROOT}/labs/{args.lab}/points.toml", "rb") as file:
            self.lab = tomllib.load(file)
        with open(f"{ROOT}/labs/hints.toml", "rb") as file:
            self.hints = tomllib.load(file)["hint"]
        points = dict(self.lab["points"])
        if args.hidden:
            with open(os.path.join(args.hidden, "points.toml"), "rb") as file:
                points |= tomllib.load(file)["points"]
        self.tests = [Test(name, worth) for name, worth in points.items()
                      if args.filter.lower() in name.lower()]
        self.unlisted, self.complaints, self.boots = {}, [], []

    def test(self, program, function):
        for test in self.tests:
            if (test.program, test.function) == (program, function):
                return test
        return self.unlisted.setdefault((program, function), Test(f"{program}.{function}", 0))

    def blame(self, program, *lines, is_all=False):
        """The program failed as a whole: those of its tests that did not report, or all."""
        for test in self.tests:
            if test.program == program and (is_all or not test.state):
                test.crash(f"{program} did not get to it", lines)

    def lay_over(self):
        """A copy of this tree with the student's folders in place of ours."""
        self.scratch = self.tree = tempfile.mkdtemp(prefix="grade-tree-")
        skip = {".git"} if os.path.exists(f"{ROOT}/build") else {".git", "build"}
        shutil.copytree(ROOT, self.tree, dirs_exist_ok=True, symlinks=True,
                        ignore=lambda d, names: skip & set(names) if d == ROOT else ())
        if self.args.hidden:
            shutil.copytree(self.args.hidden, f"{self.tree}/labs/{self.args.lab}/tests", dirs_exist_ok=True)
        for part in self.lab.get("submit", ["fs", "kernel"]) if self.args.submission else ():
            for name in {*files_of(self.tree, part), *files_of(self.args.submission, part)}:
                self.take(os.path.join(self.args.submission, name), os.path.join(self.tree, name))

    def take(self, source, target):
        """One file of the submission. Where it has none ours goes, and what was made of it: that is the
        solution. What is the same keeps its age, so that it need not be compiled."""
        if os.path.islink(source) or not os.path.isfile(source):
            if os.path.isfile(target):
                os.unlink(target)
                shutil.rmtree(f"{self.tree}/build", ignore_errors=True)
        elif not os.path.isfile(target) or not filecmp.cmp(source, target, shallow=False):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)

    def build(self):
        """Returns kernel and ramdisk; a build that fails is every test's failure."""
        config = self.lab.get("config", "debug")
        kernel, initrd = f"build/{config}/pipit.elf", f"build/lab{self.args.lab}.cpio"
        done = subprocess.run(["make", "-s", f"LAB={self.args.lab}", kernel, initrd], cwd=self.tree,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=dict(os.environ, MAKEFLAGS=f"-j{os.cpu_count()}"))
        if done.returncode == 0:
            return os.path.join(self.tree, kernel), os.path.join(self.tree, initrd)
        for test in self.tests:
            test.crash("it does not build", from_first_error(done.stdout)[:8])
        return None, None

    def grade(self):
        start = time.monotonic()
        if self.args.submission or self.args.hidden:
            self.lay_over()
        kernel, initrd = self.build()
        self.build_seconds, self.build_cpu = time.monotonic() - start, sum(os.times()[2:4])
        programs = list(dict.fromkeys(test.program for test in self.tests)) if kernel else []
        racers = self.lab.get("racers", [])
        for is_free in False, True:
            queue = [p for p in programs if (p in racers) == is_free]
            while queue:
                queue = Boot(self, queue, is_free).run(kernel, initrd, self.args.silence)
        for test in self.tests:
            if not test.state:
                test.crash("never reported", self.complaints[:8])
            test.explain(self.lab.get("hint", []), self.hints)
        self.run_seconds = time.monotonic() - start - self.build_seconds
        if self.scratch:
            shutil.rmtree(self.scratch)


def main():
    current = os.path.join(ROOT, "labs/current")
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("lab", nargs="?", default=open(current, encoding="utf-8").read().strip()
                   if os.path.exists(current) else None)
    p.add_argument("--out", help="where results go (default: build/grade)")
    p.add_argument("--filter", default="", help="only tests whose name contains this")
    p.add_argument("--submission", help="a student's tree")
    p.add_argument("--hidden", help="a folder of further tests, with points.toml")
    p.add_argument("--silence", type=int, default=180, help="seconds without a word from the guest")
    p.add_argument("-v", "--verbose", action="store_true", help="show the guest's output, and what took how long")
    args = p.parse_args()
    if not args.lab or not os.path.exists(f"{ROOT}/labs/{args.lab}/points.toml"):
        p.error("which lab? make grade LAB=n")
    args.out = args.out or os.path.join(ROOT, "build/grade")
    os.makedirs(args.out, exist_ok=True)
    log = os.path.join(args.out, "guest.log")
    open(log, "wb").close()
    grader = Grader(args)
    grader.grade()
    status = report.write(f"lab {args.lab}", grader.tests, args.out,
                          f"{grader.build_seconds:.0f} s to build, {grader.run_seconds:.0f} s to run")
    if status:
        print(f"All that the guest has printed: {log}")
    if args.verbose:
        boots, cpu = sum(grader.boots), sum(os.times()[2:4]) - grader.build_cpu
        print(f"Time: {grader.build_seconds:.1f} s to build ({grader.build_cpu:.1f} s of CPU time), {boots:.1f} s in "
              f"{len(grader.boots)} boots, {grader.run_seconds - boots:.1f} s in tests ({cpu:.1f} s of CPU time)")
    return status


if __name__ == "__main__":
    sys.exit(main())
