#!/usr/bin/env python3
"""Submissions that want points without work, or harm: cheats.py [NAME...]

Each is graded as a teacher would, by labs/grade.py --submission, and has to get just what is its due;
what it brings down costs the test in which it does so, and no other. The tables go to --out DIR.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import grade
import report

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SCRATCH = tempfile.mkdtemp(prefix="cheats-")
grade.forget_make()


def names_of(lab):
    with open(f"{ROOT}/labs/{lab}/points.toml", "rb") as file:
        return list(tomllib.load(file)["points"])


def starter_score(lab):
    with open(f"{ROOT}/labs/{lab}/expected-starter.json", encoding="utf-8") as file:
        return json.load(file)["score"]


# --- What they hand in ------------------------------------------------------------------

def edit(tree, path, *pairs):
    """Replaces text, which has to be there."""
    with open(os.path.join(tree, path), encoding="utf-8") as file:
        text = file.read()
    for old, new in pairs:
        assert old in text, (path, old)
        text = text.replace(old, new, 1)
    with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
        file.write(text)


def forged(lab):
    """All that a grader might want to read, with guesses of the word that only init knows."""
    lines = []
    for number, name in enumerate(names_of(lab), 1):
        program, function = name.split(".")
        for begin in "", "### 0123456789abcdef0123456789abcdef says 1 ", "###  says 1 ":
            lines += [f"{begin}# begin {function}", f"{begin}ok {number} - {function}"]
        lines += [f"### 0123456789abcdef0123456789abcdef end {program} exit 0 1", f"== Test {name} == ok"]
    return lines + ["### 0123456789abcdef0123456789abcdef done ", "Score: 120/120"]


def as_c(lines):
    return "\n".join(f'\t"{line}\\n"' for line in lines)


def program(tree, code):
    """Lab 7's program, which does this first."""
    edit(tree, "user/supervise.c", ("int main(", f"#include <sys/reboot.h>\nstatic void cheat(void)\n{{\n{code}\n}}\n\nint main("),
         ("\tint ep =", "\tcheat();\n\tint ep ="))


def says_ok(tree):
    program(tree, f"""\
	static const char text[] =
{as_c(forged(7))};
	char path[64];
	const char *files[] = {{ "/dev/console", "/dev/ttyS0", "/dev/kmsg", path }};
	snprintf(path, sizeof(path), "/proc/%d/fd/1", getppid());
	for (int i = 0; i < 4; i++)
		write(open(files[i], O_WRONLY), text, sizeof(text) - 1);
	kill(getppid(), SIGKILL);""")


def writes_ok_to_its_output(tree):
    program(tree, f"\tprintf(\n{as_c(forged(7))});\n\tfflush(stdout);")


def ends_init(tree):
    program(tree, """\
	kill(1, SIGKILL);
	kill(1, SIGSEGV);
	kill(-1, SIGKILL);
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	write(open("/proc/sysrq-trigger", O_WRONLY), "o", 1);
	write(open("/proc/1/mem", O_WRONLY), "", 1);""")


def takes_all(tree):
    program(tree, """\
	static char block[1 << 16];
	int fd = open("/tmp/fat", O_CREAT | O_WRONLY, 0600);
	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
	for (int i = 0; i < 200 && fork() != 0; i++)
		;
	for (char *p; (p = malloc(1 << 20)) != NULL;)
		memset(p, 1, 1 << 20);""")


def prints_without_end(tree):
    program(tree, '\tfor (;;)\n\t\tputs("ok 1 - what_ends_is_started_again_and_told and so on and so on");')


def kernel(tree, code):
    """Lab 3's kernel, which does this when one test of five points looks at /proc/filesystems."""
    edit(tree, "fs/procfs/system.c", ("int proc_show_filesystems(const struct tree_place *p, struct seqbuf *out)\n{\n",
                                      f"int proc_show_filesystems(const struct tree_place *p, struct seqbuf *out)\n{{\n\t{code}\n"),
         ("#include ", '#include "arch/x86_64/cpu.h"\n#include "arch/x86_64/power.h"\n'
          '#include "kernel/debug/panic.h"\n#include "kernel/debug/printk.h"\n#include '))


def printk_ok(tree):
    lines = "\n".join(f'\tpr_emerg("\\n{line}\\n");' for line in forged(3))
    edit(tree, "fs/pidfs/pidfs.c", ("int pidfs_open(", f"static void cheat(void)\n{{\n{lines}\n}}\n\nint pidfs_open("),
         ("\tint err = anonfs_open", "\tcheat();\n\tint err = anonfs_open"), ("#include ", '#include "kernel/debug/printk.h"\n#include '))


def brings_its_own_tests(tree):
    for path, text in (("Makefile", "all %:\n\t@echo 'Score: 100/100'\n"), ("labs/grade.py", "print('Score: 100/100')\n"),
                       ("labs/report.py", "def write(*words):\n    return 0\n"), ("labs/init.c", "int main(void) { return 0; }\n"),
                       ("labs/3/points.toml", 'max = 100\n[points]\n"pidfd_poll.silent_while_alive_readable_at_exit_hung_up_at_reap" = 100\n'),
                       ("tests/user/tap.h", "#define EXPECT(x)\n"), ("tools/mkinitramfs.sh", "exit 0\n"), ("user/init.c", "int main;\n"),
                       ("tests/boot/run.py", "exit(0)\n"), ("build/debug/pipit.elf", "\n")):
        os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
        with open(os.path.join(tree, path), "w", encoding="utf-8") as file:
            file.write(text)


def odd_files(tree):
    """What nobody has in a folder of sources."""
    os.mkfifo(os.path.join(tree, "fs/pipe.c"))
    os.symlink("/etc/passwd", os.path.join(tree, "fs/passwd.h"))
    os.symlink("/", os.path.join(tree, "kernel/all"))


def leaves_files_out(tree):
    """The grader's own ones have the solution."""
    os.unlink(os.path.join(tree, "fs/pidfs/pidfs.c"))


def links_to_the_solution(tree):
    os.unlink(os.path.join(tree, "user/supervise.c"))
    os.symlink(f"{ROOT}/user/supervise.c", os.path.join(tree, "user/supervise.c"))


NO_BUILD = "No rule to make target"
# name: lab, what it starts from, what it does, points lost or None for the starter's, what is said
CHEATS = {
    "hangs-with-interrupts-off": (3, "solution", lambda t: kernel(t, "irq_disable();\n\tfor (;;)\n\t\t;"), 5,
                                  "with interrupts off"),  # first, as it waits longest
    "says-ok": (7, "starter", says_ok, None, ""),
    "writes-ok-to-its-output": (7, "starter", writes_ok_to_its_output, None, ""),
    "ends-init": (7, "starter", ends_init, None, ""),
    "takes-all-memory": (7, "starter", takes_all, None, ""),
    "prints-without-end": (7, "starter", prints_without_end, None, ""),
    "panics": (3, "solution", lambda t: kernel(t, 'panic("ok 1 - all of it");'), 5, "Kernel panic: ok 1"),
    "powers-off": (3, "solution", lambda t: kernel(t, "machine_poweroff();"), 5, "ended by itself"),
    "prints-megabytes": (3, "solution", lambda t: kernel(t, 'for (;;)\n\t\tpr_emerg("ok 1 - all of it\\n");'), 5, "printed more than"),
    "warns": (3, "solution", lambda t: kernel(t, 'pr_emerg("BUG: of no consequence\\n");'), 5, "BUG: of no consequence"),
    "printk-ok": (3, "starter", printk_ok, None, ""),
    "brings-its-own-tests": (3, "starter", brings_its_own_tests, None, ""),
    "odd-files": (3, "starter", odd_files, None, ""),
    "leaves-files-out": (3, "starter", leaves_files_out, 100, NO_BUILD),
    "links-to-the-solution": (7, "starter", links_to_the_solution, 120, "super_start"),
}


# --- What they get ----------------------------------------------------------------------

def hand_in(name, out):
    """Grades one; returns (is it its due, what there is to say)."""
    lab, base, cheat, lost, says = CHEATS[name]
    tree = os.path.join(SCRATCH, "tree-" + name)
    subprocess.run([f"{ROOT}/tools/mklab", str(lab), "--out", tree], check=True, stdout=subprocess.DEVNULL)
    if base == "solution":
        subprocess.run([f"{ROOT}/tools/mklab", "--solve", tree], check=True)
    cheat(tree)
    done = subprocess.run([f"{ROOT}/labs/grade.py", str(lab), "--submission", tree, "--out", os.path.join(out, name),
                           "--silence", "180" if name == "hangs-with-interrupts-off" else "600"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    shutil.rmtree(tree)
    with open(os.path.join(out, name, "table.txt"), "w", encoding="utf-8") as file:
        file.write(done.stdout)
    score = re.search(r"^Score: (\d+)/(\d+)", done.stdout, re.M)
    if not score or done.returncode != 1:
        return False, done.stdout
    got, most = int(score[1]), int(score[2])
    is_due = got == most - lost if lost else got <= starter_score(lab)
    is_told = re.search(says, done.stdout) and ("it does not build" in done.stdout) == (says == NO_BUILD)
    return bool(is_due and is_told), f"{got}/{most}" if is_due and is_told else done.stdout


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("names", nargs="*", help=", ".join(CHEATS))
    p.add_argument("--out", default=SCRATCH)
    p.add_argument("--result", help="file for 'passed failed skipped'")
    args = p.parse_args()
    names, failed = args.names or list(CHEATS), 0
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, (is_due, text) in zip(names, pool.map(lambda n: hand_in(n, args.out), names)):
                lab, base, *_ = CHEATS[name]
                print(f"  {'ok' if is_due else 'FAIL'} cheat {name} (lab {lab}, {base}): " + (text if is_due else ""), flush=True)
                if not is_due:
                    failed += 1
                    print("    " + text.replace("\n", "\n    "), flush=True)
    finally:
        shutil.rmtree(SCRATCH)
    return report.finish(len(names) - failed, failed, args.result)


if __name__ == "__main__":
    sys.exit(main())
