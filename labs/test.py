#!/usr/bin/env python3
"""Proves the labs: make labs-test [LABS="3 4"], or, with --mutants, that part alone.

For each lab: its starter builds without a warning, boots to a shell, and gives exactly the score
and the failures of expected-starter.json, while other tests pass; with the solution filled in it
has the full score; each mutant (labs/N/mutants/*.patch, on this tree) fails at least one test, and
what the sheet promises is said. With --record expected-starter.json is written instead.
"""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests/boot"))
SCRATCH = tempfile.mkdtemp(prefix="pipit-labs-")
failures = []


def say(is_good, what, detail=""):
    print(f"  {'ok' if is_good else 'FAIL'} {what}", flush=True)
    if not is_good:
        failures.append(what)
        print("    " + detail.replace("\n", "\n    "), flush=True)


def sh(words, where, **options):
    return subprocess.run(words, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def grade(tree, lab, name):
    """Returns (scores by test, all that was printed)."""
    out = os.path.join(SCRATCH, name)
    done = subprocess.run(["make", "-s", "grade", f"LAB={lab}", f"OUT={out}"], cwd=tree, capture_output=True, text=True)
    with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
        return json.load(file), done.stdout, done.stderr


def with_build(tree):
    """Our objects are as good for what is the same there; make tells by the ages of the files."""
    shutil.copytree(f"{ROOT}/build", f"{tree}/build", symlinks=True, dirs_exist_ok=True,
                    ignore=lambda d, names: set(names) - {"debug", "debug-nopidfs", "release", "user", "gen", "foreign",
                                                          "tests.cpio", "initramfs.cpio.gz"} if d == f"{ROOT}/build" else ())


def check_starter(lab, points, record):
    tree, name = os.path.join(SCRATCH, f"starter-{lab}"), f"lab {lab}: "
    made = sh(["tools/mklab", str(lab), "--out", tree], ROOT)
    say(made.returncode == 0, name + "a starter tree, clean of the solution", made.stdout)
    with_build(tree)
    config = points.get("config", "debug")
    kernel = f"build/{config}/pipit.elf"
    built = sh(["make", "-s", "-j2", kernel, "build/tests.cpio", "build/initramfs.cpio.gz"], tree)
    say(built.returncode == 0 and "warning" not in built.stdout, name + "builds without a warning", built.stdout[-2000:])
    import extra
    os.chdir(ROOT)
    shell = extra.Shell(os.path.join(tree, kernel), os.path.join(tree, "build/initramfs.cpio.gz"))
    shell.ask("echo $((6 * 7))\n", r"^42$", 60)
    say(shell.end(), name + "boots to a shell")
    scores, text, errors = grade(tree, lab, f"starter-out-{lab}")
    got = {"score": sum(scores.values()), "max": points["max"], "failed": [t for t in scores if not scores[t]]}
    path = os.path.join(ROOT, f"labs/{lab}/expected-starter.json")
    if record:
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(got, indent=1) + "\n")
    with open(path, encoding="utf-8") as file:
        wanted = json.load(file)
    say(got == wanted, name + f"the starter's score is {wanted['score']}/{wanted['max']}, with the failures on record", text)
    others = sh(["tests/boot/run.py", "--kernel", kernel, "--initrd", "build/tests.cpio", "--cpus", "2", "--silence", "300",
                 "--tests", points["others"]], tree)
    say(others.returncode == 0, name + f"{points['others']} pass all the same", others.stdout[-2000:])
    solved = sh(["tools/mklab", "--solve", tree], ROOT)
    say(solved.returncode == 0, name + "the solution fits in", solved.stdout)
    scores, text, errors = grade(tree, lab, f"solved-out-{lab}")
    say(sum(scores.values()) == points["max"] and not errors, name + f"with it the score is {points['max']}/{points['max']}, and stderr is silent",
        text + errors)
    shutil.rmtree(tree)


def check_mutant(lab, patch):
    """Its patch applies, it builds, a test fails, and the output has what the sheet promises."""
    name = os.path.basename(patch)[:-6]
    tree = os.path.join(SCRATCH, f"mutant-{lab}-{name}")
    with open(patch, encoding="utf-8") as file:
        says = re.search(r"^Says: (.*)$", file.read(), re.M)[1]
    files = sh(["git", "ls-files", "-co", "--exclude-standard"], ROOT).stdout.split("\n")
    for file in filter(os.path.isfile, files):
        os.makedirs(os.path.dirname(os.path.join(tree, file)), exist_ok=True)
        shutil.copy2(file, os.path.join(tree, file))
    with_build(tree)
    applied = sh(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-i", patch], tree)
    if applied.returncode:
        return name, False, applied.stdout
    scores, text, errors = grade(tree, lab, f"mutant-out-{lab}-{name}")
    shutil.rmtree(tree)
    killers = [t for t in scores if not scores[t]]
    if "it does not build" in text or not killers or not re.search(says, text):
        return name, False, f"killed by {len(killers)} tests; it should say: {says}\n{text}"
    return f"{name}: {len(killers)} tests tell", True, ""


def check_mutants(lab):
    os.chdir(ROOT)
    patches = sorted(glob.glob(f"{ROOT}/labs/{lab}/mutants/*.patch"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, is_good, detail in pool.map(lambda p: check_mutant(lab, p), patches):
            say(is_good, f"lab {lab}: mutant {name}", detail)
    return len(patches)


def main():
    words = sys.argv[1:]
    only_mutants, record = "--mutants" in words, "--record" in words
    start, mutants, labs = time.monotonic(), 0, [w for w in words if w.isdigit()]
    try:
        sh(["make", "-s", "-j2", "build/debug/pipit.elf", "build/debug-nopidfs/pipit.elf", "build/tests.cpio",
            "build/initramfs.cpio.gz"], ROOT, check=True)
        for lab in labs:
            with open(f"{ROOT}/labs/{lab}/points.toml", "rb") as file:
                points = tomllib.load(file)
            if not only_mutants:
                check_starter(lab, points, record)
            if not record:
                mutants += check_mutants(lab)
    finally:
        shutil.rmtree(SCRATCH)
    print(f"labs {' '.join(labs)}: {len(failures)} failed; {mutants} mutants; {(time.monotonic() - start) / 60:.1f} minutes")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
