#!/usr/bin/env python3
"""Types commands of Debian's programs at a guest's bash and looks at what they print.

    debian.py RESULT-FILE KERNEL INITRD MEM CPUS LOG

A line of TABLE: program, command, a pattern its output must match, and the exit
status. A program that the ramdisk does not have (built only where its compiler is)
is skipped. The table in docs/programs.md says the same in words.
"""
import os
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import run  # noqa: E402

THREADS = ("import threading as t; r=[];"
           " x=[t.Thread(target=r.append,args=(i,)) for i in range(20)];"
           " [a.start() for a in x]; [a.join() for a in x]; print(sum(r))")
SUBPROCESS = ("import subprocess as s;"
              " print(s.run(['sort','-r'],input=b'a\\nb\\n',capture_output=True).stdout)")
PIDFD = ("import os,select; p=os.fork() or os._exit(7); f=os.pidfd_open(p);"
         " print(select.select([f],[],[],60)[0]==[f],"
         " os.waitid(os.P_PIDFD,f,os.WEXITED).si_status)")
SIGNAL = ("import os,signal; p=os.fork() or os.execvp('sleep',['sleep','99']); f=os.pidfd_open(p);"
          " signal.pidfd_send_signal(f,15); print(os.waitstatus_to_exitcode(os.waitpid(p,0)[1]))")
ASYNCIO = ("import asyncio as a; a.set_child_watcher(a.PidfdChildWatcher());"
           " m=lambda n: a.create_subprocess_exec('sh','-c','exit %d'%n);"
           " exec('async def one(n): return await (await m(n)).wait()\\n"
           "async def all(): return await a.gather(*map(one,range(8)))');"
           " print(type(a.get_child_watcher()).__name__, a.run(all()))")

TABLE = [
    ("bash", "bash --version", r"^GNU bash, version 5", 0),
    ("bash", "sleep 90 & jobs; kill %1; wait %1; echo was $?",
     r"Running +sleep 90(.|\n)*^was 143$", 0),
    ("bash", "set -o pipefail; false | true; echo ${PIPESTATUS[*]}; set +o pipefail", r"^1 0$", 0),
    ("bash", "sort <(echo b; echo a)", r"^a\nb$", 0),
    ("python3", "python3 --version", r"^Python 3", 0),
    ("python3", f'python3 -c "{THREADS}"', r"^190$", 0),
    ("python3", f'python3 -c "{SUBPROCESS}"', r"^b'b\\na\\n'$", 0),
    ("python3", f'python3 -c "{PIDFD}"', r"^True 7$", 0),
    ("python3", f'python3 -c "{SIGNAL}"', r"^-15$", 0),
    ("python3", f'python3 -c "{ASYNCIO}"', r"^PidfdChildWatcher \[0, 1, 2, 3, 4, 5, 6, 7\]$", 0),
    ("ps", "ps aux", r"^USER +PID.*\nroot +1 .* /init$(.|\n)* ps aux$", 0),
    ("free", "free", r"^Mem: +\d{6,}", 0),
    ("top", "top -b -n 1", r"^Tasks:.* 1 running(.|\n)* top$", 0),
    ("pgrep", "sleep 91 & pgrep -x sleep | grep -c $!; pkill -x sleep; wait", r"^1$", 0),
    ("pmap", "pmap -x $$", r"libc\.so\.6(.|\n)*^total kB", 0),
    ("pstree", "pstree", r"^init---bash---pstree$", 0),
    ("killall", "sleep 92 & killall -v sleep; wait $!; echo was $?", r"^was 143$", 0),
    ("setpriv", "setpriv --dump", r"^uid: 0$(.|\n)*^no_new_privs: 0$", 0),
    ("setpriv", "setpriv --reuid 65534 --regid 65534 --clear-groups id -u", r"^65534$", 0),
    ("lscpu", "lscpu", r"^Architecture: +x86_64(.|\n)*^CPU\(s\): +CPUS$", 0),
    ("lsns", "lsns", r" pid +\d+ +1 root /init$", 0),
    ("unshare", "unshare --pid --fork --mount-proc ps ax", r"^ +1 \S+ +\S+ +\S+ ps ax$", 0),
    ("flock", "flock /tmp/lock echo locked", r"^locked$", 0),
    ("taskset", "taskset -c 0 nproc", r"^1$", 0),
    ("prlimit", "prlimit --nofile=64 sh -c 'ulimit -n'", r"^64$", 0),
    ("findmnt", "findmnt /proc", r"^/proc +proc +proc", 0),
    ("nproc", "nproc", r"^CPUS$", 0),
    ("sort", "seq 50000 | sort -R | sort -n --parallel=2 | cmp - <(seq 50000) && echo same",
     r"^same$", 0),
    ("ls", "ls -l /proc/self/fd/0", r" /proc/self/fd/0 -> /dev/console$", 0),
    ("stat", "stat -c '%F %a' /tmp", r"^directory 1777$", 0),
    ("df", "df /", r"^rootfs +\d+ +\d+", 0),
    ("timeout", "timeout 1 sleep 60", r"", 124),
    ("hello-go", "hello-go", r"^go CPUS cpus 499500000 Linux$", 0),
    ("hello-rust", "hello-rust", r"^rust CPUS cpus 13986000 Linux$", 0),
]


class Bash:
    """The guest's bash at the serial console."""

    def __init__(self, kernel, initrd, mem, cpus, log):
        args = run.parse_args(["--kernel", kernel, "--initrd", initrd, "--cpus", cpus,
                               "--mem", mem, "--log", log])
        with tempfile.TemporaryDirectory() as scratch:
            command = run.qemu_command(args, "console=ttyS0 panic=-1 quiet", scratch)
        self.guest = run.Guest(command, args)
        self.alive = self.guest.wait_for(r"# $", 180)
        for text in ("stty cols 2000; TERM=dumb exec bash --norc\n", "PS1='@ '\n"):
            self.guest.send(text)
            self.alive = self.alive and self.guest.wait_for(r"[#@] $", 180)

    def ask(self, command):
        """(output, exit status), or (what came so far, None) when no end is seen."""
        first = len(self.guest.lines)
        self.guest.send(command + "; echo status=$?\n")
        self.alive = self.guest.wait_for(r"status=\d+\n(.|\n)*@ $", 180)
        text = "\n".join(self.guest.lines[first + 1:])
        found = re.search(r"status=(\d+)$", text, re.M)
        return (text[:found.start()], int(found.group(1))) if found else (text, None)

    def job_control(self):
        """Stops a job by Ctrl-Z, has it go on in the foreground, ends it by Ctrl-C."""
        keys = (("sleep 93\n", r"sleep 93\n"), ("\x1a", r"Stopped +sleep 93\n(.|\n)*@ $"),
                ("jobs\n", r"\[1\]\+ +Stopped +sleep 93\n(.|\n)*@ $"), ("fg\n", r"fg\nsleep 93\n"),
                ("\x03", r"@ $"), ("echo was $?\n", r"^was 130\n(.|\n)*@ $"))
        for text, expect in keys:
            self.guest.send(text)
            self.alive = self.alive and self.guest.wait_for(expect, 180)
            time.sleep(1)  # what was typed has started
        return self.alive

    def end(self):
        if self.alive:
            self.guest.send("poweroff\n")
            self.guest.run(lambda line: None)
        else:
            self.guest.stop()


def check(bash, cpus, program, command, pattern, status):
    """'ok', 'FAIL' or 'skip' of one line of the table."""
    if not bash.alive:
        return "FAIL", "the guest does not answer"
    if bash.ask(f"type {program}")[1] == 1:
        return "skip", "not in the ramdisk"
    text, got = bash.ask(command)
    good = got == status and re.search(pattern.replace("CPUS", cpus), text, re.M)
    return ("ok", "") if good else ("FAIL", f"status {got}, printed {text[-400:]!r}")


def main():
    result, kernel, initrd, mem, cpus, log = sys.argv[1:]
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    bash = Bash(kernel, initrd, mem, cpus, log)
    try:
        for line in TABLE:
            how, why = check(bash, cpus, *line)
            counts[how] += 1
            print(f"  {how:4} {line[0]}: {line[1][:70]}", flush=True)
            if why:
                print(f"       {why}")
        how = "ok" if bash.alive and bash.job_control() else "FAIL"
        counts[how] += 1
        print(f"  {how:4} bash: sleep 93, Ctrl-Z, jobs, fg, Ctrl-C", flush=True)
    finally:
        bash.end()
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in filter(run.COMPLAINT.search, file):
            counts["FAIL"] += 1
            print(f"  FAIL the kernel says: {line.strip()}")
    with open(result, "w", encoding="utf-8") as file:
        file.write(f"{counts['ok']} {counts['FAIL']} {counts['skip']}\n")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
