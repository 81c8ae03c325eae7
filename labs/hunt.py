#!/usr/bin/env python3
"""The mutant hunt: scores tests of one's own by the wrong kernels that they tell from the right one.

    hunt.py TESTS [--kit DIR] [--out DIR]       TESTS is a folder of programs, such as labs/4/tests
    hunt.py --make-kit DIR [--labs "3 4"]       all the kernels, ready to boot, for trees without mutants

A test is a program, TESTS/*.c. It has to pass on the good kernel, and on kernels that are as good
and look different (labs/hunt/decoys): so one that knows the good one by its looks is worth nothing.
Then it counts on how many of the wrong ones (labs/*/mutants) it fails, in whichever way.
All programs of one kernel run in one boot, in the order of their names, and each function has 25 s
of the guest's clock, which counts instructions; that of programs named race* is the real one.
Results: hunt.txt, and hunt.json, which Gradescope takes as its results.json.
"""
import argparse
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "labs"), os.path.join(ROOT, "tools")]
import grade  # noqa: E402
import mkcpio  # noqa: E402

POINTS = 30
KERNEL, SUPERVISE = "build/debug/pipit.elf", "build/user/user/supervise"
SHARED = {"debug", "user", "gen"}  # folders of build/ that are the same for most mutants


def make(tree, *words):
    env = {name: value for name, value in os.environ.items() if name not in grade.MAKE_TOLD} | {"MAKEFLAGS": "-j2"}
    return subprocess.run(["make", "-s", *words], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)


def bad(text):
    sys.exit(f"hunt.py: {text}")


# --- The kernels ------------------------------------------------------------------------

def patches():
    """(name, lab, path) of each kernel but the good one; lab 0: a decoy."""
    decoys = [(path, 0) for path in sorted(glob.glob(f"{ROOT}/labs/hunt/decoys/*.patch"))]
    mutants = [(path, int(path.split("/")[-3])) for path in glob.glob(f"{ROOT}/labs/[0-9]*/mutants/*.patch")]
    by_number = sorted(mutants, key=lambda m: (m[1], int(re.search(r"\d+", os.path.basename(m[0]))[0]), m[0]))
    return [(os.path.basename(path)[:-6], lab, path) for path, lab in decoys + by_number]


def source_key():
    """Says of which sources a kit was made."""
    key = hashlib.sha256()
    for top in "Makefile", "linker.ld", "arch", "boot", "drivers", "fs", "kernel", "lib", "libc", "tools", "uapi", "user", "labs":
        for name in sorted(grade.files_of(ROOT, top)):
            if top != "labs" or name.endswith(".patch"):
                with open(os.path.join(ROOT, name), "rb") as file:
                    key.update(name.encode() + b"\0" + hashlib.sha256(file.read()).digest())
    return key.hexdigest()


def build_one(tree, patch, target):
    """Builds what this patch is about, and leaves the tree as it was."""
    with open(patch, encoding="utf-8") as file:
        touched = re.findall(r"^\+\+\+ b/(\S+)", file.read(), re.M)
    program = SUPERVISE if touched[0].startswith("user/") else KERNEL
    done = subprocess.run(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-i", patch], cwd=tree, capture_output=True, text=True)
    if done.returncode:
        bad(f"{patch}: {done.stdout}")
    done = make(tree, program)
    if done.returncode:
        bad(f"{patch}: {done.stdout}")
    keep(tree, program, target)
    for name in touched:  # newer than its object, so it is compiled again
        shutil.copyfile(os.path.join(ROOT, name), os.path.join(tree, name))


def keep(tree, program, target):
    target += ".elf" if program == KERNEL else ".supervise"
    subprocess.run(["strip", "-g", "-o", target, os.path.join(tree, program)], check=True)


def build_kit(kit, labs):
    """All kernels into this folder, unless they are there. They are built in one tree, one after the other."""
    kernels = [p for p in patches() if not labs or p[1] in (0, *labs)]
    key = source_key()
    index = os.path.join(kit, "index.json")
    wanted = {"key": key, "kernels": [["good", 0]] + [[name, lab] for name, lab, _ in kernels]}
    if os.path.exists(index) and json.load(open(index, encoding="utf-8")) == wanted:
        return
    print(f"building {len(kernels)} kernels in {os.path.relpath(kit)}", flush=True)
    shutil.rmtree(kit, ignore_errors=True)
    os.makedirs(kit)
    tree = tempfile.mkdtemp(prefix="hunt-")
    try:
        shutil.copytree(ROOT, tree, symlinks=True, dirs_exist_ok=True,
                        ignore=lambda d, names: {".git", "build"} & set(names) if d == ROOT else ())
        for folder in SHARED & set(os.listdir(f"{ROOT}/build") if os.path.isdir(f"{ROOT}/build") else ()):
            shutil.copytree(f"{ROOT}/build/{folder}", f"{tree}/build/{folder}", symlinks=True)
        done = make(tree, KERNEL, SUPERVISE)
        if done.returncode:
            bad(done.stdout)
        for program in KERNEL, SUPERVISE:
            keep(tree, program, os.path.join(kit, "good"))
        for name, _, path in kernels:
            build_one(tree, path, os.path.join(kit, name))
    finally:
        shutil.rmtree(tree)
    with open(index, "w", encoding="utf-8") as file:
        json.dump(wanted, file)


# --- The tests --------------------------------------------------------------------------

def build_tests(folder, notes):
    """Compiles each; returns the names of those that a guest can run, and a ramdisk with them."""
    shutil.rmtree(f"{ROOT}/build/hunt", ignore_errors=True)
    shutil.rmtree(f"{ROOT}/build/user/build/hunt", ignore_errors=True)
    os.makedirs(f"{ROOT}/build/hunt/tests")
    for path in glob.glob(os.path.join(folder, "*.[ch]")):
        if os.path.isfile(path):
            shutil.copyfile(path, os.path.join(ROOT, "build/hunt/tests", os.path.basename(path)))
    good, initrd = [], "build/hunt/tests.cpio"
    for path in sorted(glob.glob(f"{ROOT}/build/hunt/tests/*.c")):
        name = os.path.basename(path)[:-2]
        notes[name] = None
        if not re.fullmatch(r"[A-Za-z]\w{0,39}", name):
            notes[name] = "its name has to be letters, digits and _, 40 at most"
            continue
        done = make(ROOT, f"build/user/build/hunt/tests/{name}")
        if done.returncode == 0:
            good.append(name)
            continue
        first = (grade.from_first_error(done.stdout) or ["?"])[0]
        notes[name] = "does not build: " + first.replace(f"{ROOT}/build/hunt/tests/", "").replace("build/hunt/tests/", "")
    done = make(ROOT, initrd, "HUNTED=" + " ".join(f"build/user/build/hunt/tests/{name}" for name in good))
    if done.returncode:
        bad(done.stdout)
    return good, os.path.join(ROOT, initrd)


class Boot(grade.Boot):
    """A program that has failed need not go on; one that fails without TAP has failed as well."""

    def on_end(self, text):
        name, how, number, _ = text.split()
        program = name.split(":")[0]
        super().on_end(text)
        if how == "exit" and number != "0":
            self.grader.blame(program, f"it ended with {number}")
        self.grader.ended.add(program)

    def run(self, *words):
        return [p for p in super().run(*words) if not self.grader.why(p.split(":")[0])]


class Field:
    """One kernel, and what the programs say of it: what a grade.Boot wants of a grader."""

    def __init__(self, kit, name, scratch):
        out = os.path.join(scratch, name)
        os.makedirs(out)
        self.kit, self.name = kit, name
        self.args = argparse.Namespace(out=out, verbose=False)
        self.lab, self.tests, self.whole, self.ended, self.complaints, self.boots = {}, {}, {}, set(), [], []

    def test(self, program, function):
        return self.tests.setdefault((program, function), grade.Test(f"{program}.{function}", 0))

    def blame(self, program, *lines, is_all=False):
        self.whole.setdefault(program, lines[0])

    def why(self, program):
        """In which way the program failed; None if it has not."""
        for test in self.tests.values():
            if test.program == program and test.state == "fail":
                return f"{test.function}: " + " / ".join(test.lines()[:2] or ["not ok"])
        return self.whole.get(program)

    def path(self, kind):
        own = os.path.join(self.kit, f"{self.name}.{kind}")
        return own if os.path.exists(own) else os.path.join(self.kit, f"good.{kind}")

    def run(self, programs, initrd):
        """Returns why each program failed."""
        mine = os.path.join(self.args.out, "initrd")
        with open(initrd, "rb") as base, open(self.path("supervise"), "rb") as supervise, open(mine, "wb") as out:
            out.write(base.read() + mkcpio.entry(1, "/bin/supervise", 0o100755, supervise.read())
                      + mkcpio.entry(0, "TRAILER!!!", 0))
        for is_free in False, True:
            queue = [p for p in programs if p.startswith("race") == is_free]
            while queue:
                queue = Boot(self, queue, is_free).run(self.path("elf"), mine, 180)
        for program in set(programs) - self.ended:
            if not self.why(program):
                self.blame(program, *self.complaints[1:2] or ["it never ran"])
        os.unlink(mine)
        return {program: self.why(program) for program in programs}


def boot_all(kit, names, programs, initrd):
    """Why each program failed, for each kernel; two guests at a time."""
    scratch = tempfile.mkdtemp(prefix="hunt-")
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            fields = [Field(kit, name, scratch) for name in names]
            return dict(zip(names, pool.map(lambda field: field.run(programs, initrd), fields)))
    finally:
        shutil.rmtree(scratch)


# --- The result -------------------------------------------------------------------------

def as_text(matrix, mutants, notes):
    """Readable without colour, and aloud: a letter for each test, a line for each kernel."""
    letter = {program: chr(ord("a") + i % 26) for i, program in enumerate(notes)}
    width = max([len(name) for name, _ in mutants] + [12])
    out = []
    for program, note in notes.items():
        tells = sum(bool(row.get(program)) for row in matrix.values())
        out.append(f"  {letter[program]}  {program}: " + (f"scores nothing, {note}" if note else f"tells {tells}"))
    out += ["", f"{'lab':>4} {'wrong kernel':{width}} {' '.join(letter.values())}   x: the test fails there"]
    for name, lab in mutants:
        row = matrix[name]
        cells = " ".join("-" if notes[p] else "x" if row[p] else "." for p in notes)
        out.append(f"{lab:4} {name:{width}} {cells}   {'told' if any(row.values()) else 'nobody notices'}")
    return "\n".join(out) + "\n"


def write(folder, matrix, mutants, notes):
    """Prints and writes the matrix; returns whether the score is full."""
    told = [name for name, _ in mutants if any(matrix[name].values())]
    score = POINTS * len(told) // len(mutants)
    text = as_text(matrix, mutants, notes) + f"Score: {score}/{POINTS}    ({len(told)} of {len(mutants)} wrong kernels told)\n"
    print(text, end="")
    tests = [{"name": f"lab {lab}: {name}", "status": "passed" if name in told else "failed",
              "output": "\n".join(f"{p} fails: {why}" for p, why in matrix[name].items() if why) or "no test fails",
              "output_format": "text"} for name, lab in mutants]
    result = {"score": score, "output": text, "output_format": "text", "stdout_visibility": "hidden", "tests": tests,
              "extra_data": {"max_score": POINTS, "matrix": matrix, "tests": notes}}
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "hunt.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(result, indent=1) + "\n")
    with open(os.path.join(folder, "hunt.txt"), "w", encoding="utf-8") as file:
        file.write(text)
    return score == POINTS


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("tests", nargs="?", help="a folder of test programs")
    p.add_argument("--kit", help="a folder that --make-kit has made (default: made of this tree, in build/kit)")
    p.add_argument("--make-kit", metavar="DIR", help="make one, and no more")
    p.add_argument("--labs", default="", help="the wrong kernels of these alone")
    p.add_argument("--out", default=os.path.join(ROOT, "build/grade"), help="where results go (default: build/grade)")
    args = p.parse_args()
    labs = [int(lab) for lab in args.labs.split()]
    kit = args.kit or args.make_kit or os.path.join(ROOT, "build/kit")
    if not args.make_kit and not os.path.isdir(args.tests or ""):
        bad("which tests? make hunt TESTS=folder")
    if not args.kit:
        if not patches():
            bad("this tree has no wrong kernels: make hunt TESTS=folder KIT=folder, with a kit from your teacher")
        build_kit(kit, labs)
    if args.make_kit:
        return 0
    with open(os.path.join(kit, "index.json"), encoding="utf-8") as file:
        kernels = json.load(file)["kernels"]
    good = [name for name, lab in kernels if not lab]
    mutants = [(name, lab) for name, lab in kernels if lab and (not labs or lab in labs)]
    notes = {}
    programs, initrd = build_tests(args.tests, notes)
    for name, row in boot_all(kit, good if programs else (), programs, initrd).items():
        for program, why in row.items():
            if why and not notes[program]:
                notes[program] = f"it fails on a good kernel ({name}): {why}"
    programs = [p for p in programs if not notes[p]]
    matrix = boot_all(kit, [m[0] for m in mutants], programs, initrd)
    return 0 if write(args.out, matrix, mutants, notes) else 1


if __name__ == "__main__":
    sys.exit(main())
