#!/usr/bin/env python3
"""Boots that are not a list of guest tests: machines of other sizes, hostile
initial ramdisks, kernel options, planted bugs, and a shell typed at.

    extra.py RESULT-FILE [NAME...]

Each case is one test of "N passed, N failed".
"""
import gzip
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "tools"))
import mkcpio  # noqa: E402
import run  # noqa: E402

DEBUG, RELEASE = "build/debug/pipit.elf", "build/release/pipit.elf"
TESTS, USER = "build/tests.cpio", "build/initramfs.cpio.gz"
SCRATCH = tempfile.mkdtemp(prefix="pipit-extra-")
CASES = []


def case(function):
    """Registers a case; its first docstring line is its name."""
    CASES.append(function)
    return function


def guest_tests(kernel, tests, initrd=TESTS, **options):
    """Runs guest tests; true if all passed."""
    argv = ["--kernel", kernel, "--initrd", initrd, "--tests", tests]
    for key, value in options.items():
        argv += [f"--{key}={value}"]
    args = run.parse_args(argv)
    results = run.Results("extra", "boot")
    reason, lines, _ = run.boot(args, "extra", results.on_line)
    good = results.done and not results.failed and results.passed
    if not good:
        print(f"    {reason or ''} passed {results.passed} failed {results.failed}")
        print("    " + "\n    ".join(lines[-15:]))
    return bool(good)


def prints(expect, kernel=DEBUG, initrd=TESTS, **options):
    """Boots without tests; true if "expect" is printed and QEMU ends by itself."""
    argv = ["--kernel", kernel, "--initrd", initrd, "--expect", expect,
            "--silence", "40", "--limit", "90"]
    for key, value in options.items():
        argv += [f"--{key}={value}"]
    args = run.parse_args(argv)
    reason, lines, _ = run.boot(args, "", lambda line: None)
    good = not reason and any(run.re.search(expect, line) for line in lines)
    if not good:
        print(f"    {reason or 'never printed'}: {expect}")
        print("    " + "\n    ".join(lines[-15:]))
    return good


def script_initrd(name, script):
    """An initial ramdisk whose /init is this shell script."""
    init, out = os.path.join(SCRATCH, name), os.path.join(SCRATCH, name + ".cpio")
    with open(init, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + script)
    listing = ("dir /bin 755\ndir /dev 755\nnod /dev/console 600 c 5 1\n"
               f"file /init 755 {init}\nfile /bin/busybox 755 /bin/busybox\n"
               "slink /bin/sh busybox\n")
    with open(out, "wb") as file:
        file.write(mkcpio.archive(io.StringIO(listing)))
    return out


def write(name, data):
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


# --- Machines -----------------------------------------------------------------

@case
def memory_64m():
    return guest_tests(RELEASE, "pidfs_identity,process", mem="64M", cpus=2)


@case
def memory_4g():
    return guest_tests(RELEASE, "pidfs_identity,memory", mem="4G", cpus=4)


@case
def memory_16g():
    return guest_tests(RELEASE, "pidfs_identity", mem="16G")


@case
def processor_qemu64():
    return guest_tests(DEBUG, "pidfs_identity,signals", cpu="qemu64", cpus=2)


@case
def instruction_counting():
    return guest_tests(RELEASE, "pidfs_identity,clocks", cpu="qemu64", accel="tcg,thread=single",
                       qemu="-icount shift=0,sleep=off")


@case
def processors_8():
    return guest_tests(DEBUG, "pidfd_poll,threads", cpus=8)


@case
def maxcpus_option():
    return prints("^cpus: 1$", RELEASE, script_initrd(
        "maxcpus", "mkdir /proc; busybox mount -t proc p /proc\n"
        "echo cpus: $(busybox grep -c ^processor /proc/cpuinfo)\nbusybox poweroff -f\n"),
        cpus=4, append="maxcpus=1")


# --- Kernel options and init ----------------------------------------------------

@case
def options_reach_init():
    return prints(r"^\[bar\]\[word -x arg\]$", RELEASE, script_initrd(
        "options", 'echo "[$FOO][$*]"\nbusybox poweroff -f\n'),
        append="FOO=bar word -- -x arg")


@case
def rdinit_option():
    return prints("^other init$", RELEASE, script_initrd(
        "rdinit", 'if [ "$1" = again ]; then echo other init; busybox poweroff -f; fi\n'),
        append="rdinit=/bin/sh -- /init again")


@case
def gzip_initrd():
    with open(TESTS, "rb") as file:
        data = gzip.compress(file.read(), 1)
    return guest_tests(RELEASE, "pidfs_identity", initrd=write("tests.gz", data))


@case
def two_archives_in_one():
    with open(TESTS, "rb") as file:
        data = file.read()
    extra = mkcpio.entry(1, "/second", 0o100644, b"x") + mkcpio.entry(0, "TRAILER!!!", 0)
    return guest_tests(RELEASE, "pidfs_identity", initrd=write("two", data + extra))


@case
def glibc_static_init():
    source = write("init.c", b'#include <stdio.h>\n#include <sys/reboot.h>\n#include <unistd.h>\n'
                   b'int main(void) { printf("hello from glibc, process %d\\n", getpid());'
                   b' fflush(stdout); reboot(RB_POWER_OFF); return 1; }\n')
    binary = os.path.join(SCRATCH, "glibc-init")
    subprocess.run(["gcc", "-static", "-o", binary, source], check=True)
    out = io.StringIO(f"dir /dev 755\nnod /dev/console 600 c 5 1\nfile /init 755 {binary}\n")
    return prints("^hello from glibc, process 1$", RELEASE, write("g.cpio", mkcpio.archive(out)))


@case
def restart_ends_qemu():
    return prints("^restarting$", RELEASE,
                  script_initrd("restart", "echo restarting\nbusybox reboot -f\n"))


# --- What must end in a panic, told clearly, with QEMU ended by panic=-1 ------------

@case
def end_of_init():
    return prints("Kernel panic: .*init", RELEASE, script_initrd("end", "exit 3\n"))


@case
def no_init():
    data = mkcpio.archive(io.StringIO("dir /dev 755\n"))
    return prints("Kernel panic: .*init", RELEASE, write("none.cpio", data))


@case
def empty_initrd():
    return prints("Kernel panic", RELEASE, write("empty", b"\0" * 512))


@case
def truncated_archives():
    with open(TESTS, "rb") as file:
        data = file.read()
    return all(prints("Kernel panic|cpio|initramfs|###|init", DEBUG,
                      write("cut", data[:size])) for size in (50, 700, 5000))


@case
def corrupt_archives():
    """Random damage to headers: any end is good but a hang or a wild fault."""
    good, rng = mkcpio.archive(io.StringIO("dir /dev 755\ndir /a 755\nslink /a/b c\n")), random.Random(7)
    for number in range(6):
        data = bytearray(good)
        for _ in range(6):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if not prints("Kernel panic: .*(init|root|initramfs|cpio)", DEBUG,
                      write(f"bad{number}", bytes(data))):
            return False
    return True


@case
def absurd_sizes_in_an_archive():
    head = mkcpio.entry(1, "/big", 0o100644, b"x")
    for field in (6, 11):  # file size, name size
        at = 6 + 8 * field
        data = head[:at] + b"ffffffff" + head[at + 8:] + b"\0" * 512
        if not prints("Kernel panic", DEBUG, write("absurd", data)):
            return False
    return True


@case
def corrupt_gzip():
    data = bytearray(gzip.compress(mkcpio.archive(io.StringIO("dir /dev 755\n"))))
    data[len(data) // 2] ^= 0x55
    return prints("Kernel panic", DEBUG, write("bad.gz", bytes(data)))


@case
def planted_lock_inversion():
    return prints("Kernel panic: .*(PIDNS|SIG|order|rank)", append="ktest=lockorder")


@case
def planted_sleep_under_spinlock():
    return prints("Kernel panic", append="ktest=locksleep")


@case
def planted_double_free():
    return prints("Kernel panic: .*double free", append="ktest=doublefree")


@case
def planted_overrun():
    return prints("Kernel panic: .*past its end", append="ktest=overrun")


@case
def planted_stack_overflow():
    return prints("Kernel panic", append="ktest=stackoverflow")


@case
def panic_names_functions():
    return prints(r"\[[0-9a-f]+\] \w*selftest\w*\+|selftest_run|plain_panic", append="ktest=panic")


# --- A shell at the serial console --------------------------------------------------

class Shell:
    """Types at the guest's shell and reads its answers."""

    def __init__(self, kernel=RELEASE, initrd=USER, cpus="2", mem="512M", qemu="", patience=60, append="",
                 menu=None):
        """menu: boots through GRUB, waits for each of these entries, and takes the last one."""
        args = run.parse_args(["--kernel", kernel, "--initrd", initrd, "--cpus", cpus, "--mem", mem,
                               f"--qemu={qemu}"] + (["--iso"] if menu else []))
        cmdline = "" if menu else f"console=ttyS0 panic=-1 quiet {append}"
        self.guest, self.good = run.Guest(run.qemu_command(args, cmdline, SCRATCH), args), True
        for number, entry in enumerate(menu or []):
            self.ask("\x0e" if number else "", run.re.escape(entry), 60)  # down
        self.ask("\r" if menu else "", r"# $", patience)

    def ask(self, text, expect, seconds=20, pause=0.0):
        """Types, after a pause for what was typed before to have started."""
        if not self.good:
            return
        time.sleep(pause)
        self.guest.send(text)
        self.good = self.guest.wait_for(expect, seconds)
        if not self.good:
            print(f"    after {text!r}: no {expect!r} in {self.guest.unread[-400:]!r}")

    def end(self):
        if self.good:
            self.guest.send("poweroff\n")
            self.guest.run(lambda line: None)
        else:
            self.guest.stop()
        return self.good


@case
def a_shell_answers():
    shell = Shell()
    shell.ask("echo $((6 * 7))\n", r"^42$")
    shell.ask("ls /bin | grep -c busybox\n", r"^1$")
    shell.ask("cat /proc/self/comm\n", r"^cat$")
    shell.ask("tty; stty | head -n 1\n", r"^/dev/\w+\n.*speed")
    return shell.end()


@case
def what_is_typed_while_the_speed_is_set_stays_as_it_is():
    """All in one line: the shell's own changes of mode do not mix with those of the loop."""
    shell = Shell(cpus="4")
    shell.ask("stty -echo; (trap '' TTOU; while :; do stty 9600; stty 115200; done) </dev/ttyS0 >/dev/null 2>&1 &"
              " echo ready $((6 * 7)); tr -d 'x\\n' | wc -c; kill $!\n", r"^ready 42$")
    for _ in range(40):
        shell.ask(("x" * 60 + "\n") * 5, "", pause=0.05)
    shell.ask("\n\x04", r"^0\n", 120, pause=3)  # an end only where a line begins
    shell.ask("echo gone $((6 * 7))\n", r"gone 42$", 60)
    return shell.end()


@case
def job_control_at_the_console():
    shell = Shell()
    shell.ask("sleep 100\n", r"sleep 100\n")
    shell.ask("\x03", r"# $", pause=1)
    shell.ask("sleep 101\n", r"sleep 101\n")
    shell.ask("\x1a", pause=1, expect=r"Stopped.*\n(.*\n)*?.*# $")
    shell.ask("jobs\n", r"\[1\].*Stopped.*sleep 101")
    shell.ask("bg\n", r"sleep 101")
    shell.ask("kill %1; wait; echo gone\n", r"^gone$")
    shell.ask("cat\n", r"cat\n")
    shell.ask("typed\n", r"typed\ntyped\n", pause=1)
    shell.ask("\x04", r"# $")
    return shell.end()


@case
def line_editing_and_vi():
    shell = Shell()
    shell.ask("echo abX\x7fc\n", r"^abc$")
    shell.ask("vi /tmp/v\n", r"- /tmp/v 1/1")  # its status line: from here on it reads keys
    shell.ask("ihello from vi", r"\x1b\[1;14H$")  # the cursor after 13 letters
    shell.ask("\x1b", r"- /tmp/v \[Modified\]")  # an escape alone, or what follows belongs to it
    shell.ask(":wq\n", r"# $", pause=1)
    shell.ask("cat /tmp/v\n", r"^hello from vi$")
    return shell.end()


@case
def pidfds_at_the_shell():
    shell = Shell()
    shell.ask("pidfs-demo\n", r"the same process(.*\n)*?.*two processes", 60)
    shell.ask("", r"ended \(")
    shell.ask("", r"status 143")
    shell.ask("", r"No such process")
    shell.ask("", r"exited with 3(.*\n)*?.*exited with 3", 60)
    return shell.end()


KINDS = {  # of pidfds: the entry of GRUB's menu; is the shell itself, is it init; reused numbers of 40
    "pidfs": ("Pipit (pidfs)", "the same process", "two processes", 0),
    "anon": ("Pipit (anonymous inode, as before Linux 6.9)", "the same process", "the same process", 39),
    "fresh": ("Pipit (fresh inode per open)", "two processes", "two processes", 0),
}


def is_of_kind(shell, kind):
    _, itself, init, reused = KINDS[kind]
    shell.ask("pidsame $$ $$; pidsame $$ 1\n", rf"{itself}\n.* {init}$")
    shell.ask("lab 4 demo\n", rf"one after the other: {reused} had", 60)
    shell.ask("", rf'of the kind "{kind}"(.*\n)*?  > {kind} ')
    return shell.end()


@case
def three_kinds_of_pidfd_by_option():
    return all(is_of_kind(Shell(append=f"pidfs={kind}"), kind) for kind in KINDS)


@case
def an_unknown_kind_of_pidfd_is_named():
    shell = Shell(append="pidfs=inode")
    shell.ask("dmesg | grep pidfs=\n", r"pidfs=inode is neither anon nor fresh: it is pidfs")
    return is_of_kind(shell, "pidfs")


@case
def a_kernel_without_pidfs_has_the_other_kinds():
    shell = Shell("build/debug-nopidfs/pipit.elf", append="pidfs=pidfs")
    shell.ask("dmesg | grep pidfs=\n", r"pidfs=pidfs is neither anon nor fresh: it is anon")
    return is_of_kind(shell, "anon") and is_of_kind(
        Shell("build/debug-nopidfs/pipit.elf", append="pidfs=fresh"), "fresh")


@case
def guest_tests_of_pidfds_with_the_option_anon():
    return guest_tests(DEBUG, "clone_pidfd,objgraph,pidfd_handle,pidfd_metadata,pidfs_counts,pidfs_identity,unix_pidfd",
                       append="pidfs=anon", env="PIDFS=0", cpus=2)


@case
def the_menu_of_grub_has_all_kinds():
    entries = [words[0] for words in KINDS.values()]
    return all(is_of_kind(Shell(menu=entries[:entries.index(KINDS[kind][0]) + 1]), kind)
               for kind in ("anon", "fresh"))


@case
def the_labs_in_the_guest():
    shell = Shell()
    shell.ask("lab\n", r"Lab 1: The wrong process dies\n(.*\n){6}.*Lab 8: Kill on last close")
    for lab in range(1, 9):
        shell.ask(f"lab {lab} >/tmp/s; lab {lab} demo >/tmp/d; awk 'length > 80' /tmp/[sd] | wc -l; "
                  "grep -c ^Predict /tmp/s; grep 'kind \"' /tmp/d\n", r'^0\n1\n.*"pidfs"', 120)
    shell.ask("lab 9\n", r"^usage: lab")
    shell.ask("lab 2 demo\n", r"by number.*\n.* is dead\.\n.*by pidfd .*\n.*No such process\..* lives\.", 60)
    return shell.end()


@case
def gdb_sees_the_same_objects():
    socket = os.path.join(SCRATCH, "gdb")
    shell = Shell(DEBUG, qemu=f"-gdb unix:{socket},server=on,wait=off")
    shell.ask("supervise sleep 1000 & sleep 1; pidwait $(pidof sleep) & sleep 1\n", r"# $", 60)
    shell.ask("grep -c private /proc/objgraph; echo told\n", r"^2\n(.*\n)*?told$", 60)
    gdb = ["gdb", "-q", "-batch", DEBUG, "-ex", f"target remote {socket}",
           "-ex", "source tools/pipit.py"]
    for command in ("graph", "ps", "pids", "locks", "bt 1"):
        gdb += ["-ex", f"pipit {command}"]
    said = subprocess.run(gdb, capture_output=True, text=True, timeout=200, check=False).stdout
    shell.good = (shell.good and said.count(" private") == 2
                  and bool(run.re.search(r"pidwait .*\(fs/poll\.c", said))
                  and bool(run.re.search(r"^#\d+ .* sys_wait4 \(", said, run.re.M)))
    if not shell.good:
        print(said)
    return shell.end()


@case
def a_trace_names_calls_functions_and_wake_ups():
    """Chrome's JSON: it parses, B and E nest in each thread, and arrows have two ends."""
    shell = Shell("build/trace/pipit.elf")
    shell.ask("trace pidinfo 1 | grep -c 'pidfd_open(1, 0.*= [0-9]'\n", r"^1$", 60)
    shell.ask("trace -g pidinfo 1 | grep -c ' pidfs_hold();'\n", r"^1$", 60)
    shell.ask("trace -j /tmp/j supervise -n 1 true; echo told\n", r"^told$", 60)
    first = len(shell.guest.lines)
    shell.ask("cat /tmp/j; echo all\n", r"^all$", 60)
    if shell.good:
        text = "\n".join(shell.guest.lines[first:])
        events = json.loads(text[text.index('{"trace'):text.rindex("}") + 1])["traceEvents"]
        depth, ends = {}, {"s": 0, "f": 0}
        for event in events:
            kind, tid = event["ph"], event["tid"]
            depth[tid] = depth.get(tid, 0) + (kind == "B") - (kind == "E")
            shell.good = shell.good and depth[tid] >= 0
            ends[kind] = ends.get(kind, 0) + 1
        shell.good = shell.good and len(depth) >= 2 and ends["s"] == ends["f"] > 2
    return shell.end()


@case
def a_fork_bomb_of_root_ends_in_refusals():
    """The shell spares itself from being killed for memory, and forks nothing while there is none."""
    shell = Shell(cpus="4", mem="64M")
    shell.ask("echo -1000 > /proc/$$/oom_score_adj; echo spared $((6 * 7))\n", r"^spared 42$")
    shell.ask("sh -c 'echo 0 > /proc/self/oom_score_adj; b() { b | b & }; b'; read -t 12 x;"
              " echo still $((6 * 7))\n", r"^still 42$", 400)
    shell.ask("kill -9 -1; kill -9 -1; echo alive $((6 * 7))\n", r"^alive 42$", 200)
    return shell.end()


def main():
    os.chdir(ROOT)
    wanted, passed, failed = sys.argv[2:], 0, 0
    for function in CASES:
        name = function.__name__
        if wanted and name not in wanted:
            continue
        try:
            good = function()
        except (OSError, subprocess.SubprocessError) as error:
            print(f"    {error}")
            good = False
        passed, failed = passed + good, failed + (not good)
        print(f"  {'ok' if good else 'FAIL'} boot: {name}", flush=True)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(f"{passed} {failed} 0\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
