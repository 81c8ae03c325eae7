#!/usr/bin/env python3
"""Proves labs/hunt.py as a student has it: a kit of lab 4's wrong kernels, in a starter tree of lab 8,
with the tests of labs/hunt/tests, of which only good.c is worth something.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import grade
import report

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TOLD = {"M9-never-published", "M10-never-looks", "M10b-dead-in-table", "M11-recycled"}
# What is said of each test, and which wrong kernels it tells.
WANTED = {
    "good": (None, TOLD),
    "empty": (None, set()),
    "crash": (None, {"M9-never-published"}),  # it would power off for two numbers of inodes, and there the kernel panics
    "always": ("it fails on a good kernel .good.: no_kernel_is_good", set()),
    "looks": ("it fails on a good kernel .D1-looks-different.: numbers_are_small", set()),
    "broken": ("does not build: broken.c:6: .*tap_dome", set()),
}
grade.forget_make()
passed = failed = 0


def say(is_good, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(is_good), failed + (not is_good)
    print(f"  {'ok' if is_good else 'FAIL'} {what}" + ("" if is_good else "\n    " + detail.replace("\n", "\n    ")), flush=True)


def sh(words, where=ROOT):
    return subprocess.run(words, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--result", help="file for 'passed failed skipped'")
    args = p.parse_args()
    scratch = tempfile.mkdtemp(prefix="hunt-test-")
    kit, tree, out = (os.path.join(scratch, name) for name in ("kit", "tree", "out"))
    hunt = ["make", "-s", "hunt", f"TESTS={ROOT}/labs/hunt/tests", f"OUT={out}"]
    try:
        made = sh(["make", "-s", "hunt-kit", f"OUT={kit}", "LABS=4"])
        say(made.returncode == 0 and len(os.listdir(kit)) == 12, "hunt: a kit of ten kernels", made.stdout)
        made = sh(["tools/mklab", "8", "--out", tree])
        say(made.returncode == 0 and not os.path.exists(f"{tree}/labs/hunt"), "hunt: the starter has no wrong kernels", made.stdout)
        done = sh(hunt, tree)
        say(done.returncode != 0 and "a kit from your teacher" in done.stdout, "hunt: without a kit it says what is missing", done.stdout)
        done = sh([*hunt, f"KIT={kit}"], tree)
        say("Score: 15/30    (4 of 8 wrong kernels told)" in done.stdout, "hunt: with it the score is 15/30", done.stdout)
        with open(os.path.join(out, "hunt.json"), encoding="utf-8") as file:
            result = json.load(file)["extra_data"]
        for name, (note, tells) in WANTED.items():
            got = {kernel for kernel, row in result["matrix"].items() if row.get(name)}
            said = result["tests"].get(name)
            say(got == tells and (said is None if note is None else re.match(note, said or "")),
                f"hunt: {name}.c " + ("scores nothing, and is told why" if note else f"tells {len(tells)}"), f"{said}\n{done.stdout}")
    finally:
        shutil.rmtree(scratch)
    return report.finish(passed, failed, args.result)


if __name__ == "__main__":
    sys.exit(main())
