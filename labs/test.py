#!/usr/bin/env python3
"""Proves the labs: make labs-test [LABS="3 4"]; a part of make test.

    test.py [--mutants | --record] [--result FILE] LAB...

With --mutants only the wrong solutions, with --record expected-starter.json is written instead.

For each lab: its starter builds without a warning, boots to a shell, and gives exactly the score
and the failures of expected-starter.json, while other tests pass; with the solution filled in it
has the full score; each mutant (labs/N/mutants/*.patch, on this tree) fails at least one test, and
what the sheet promises is said. As many jobs run at once as there are CPUs, each with one guest.
"""
import argparse
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

import grade as grader  # it knows the way to tests/boot
import report

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SCRATCH = tempfile.mkdtemp(prefix="pipit-labs-")
grader.forget_make()
SILENCE = 600  # seconds that a guest of a slow machine may say nothing


def sh(words, where, **options):
    return subprocess.run(words, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def grade(tree, lab, name, silence):
    """Returns (scores by test, what was printed, what was said on standard error)."""
    out = os.path.join(SCRATCH, name)
    done = subprocess.run(["make", "-s", "grade", f"LAB={lab}", f"OUT={out}", f"SILENCE={silence}"], cwd=tree,
                          capture_output=True, text=True)
    with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
        return json.load(file), done.stdout, done.stderr


def with_build(tree, config):
    """Our objects are as good for what is the same there; make tells by the ages of the files."""
    for part in config, "user", "gen", "foreign":
        shutil.copytree(f"{ROOT}/build/{part}", f"{tree}/build/{part}", symlinks=True)
    for part in "tests.cpio", "initramfs.cpio.gz", "tests.cpio.list", "initramfs.cpio.gz.list":
        shutil.copy2(f"{ROOT}/build/{part}", f"{tree}/build/{part}")


class Lab:
    """One lab; each part of its proof yields (is it so, what, what was printed)."""

    def __init__(self, number):
        self.number, self.name = number, f"lab {number}: "
        with open(f"{ROOT}/labs/{number}/points.toml", "rb") as file:
            self.points = tomllib.load(file)
        self.config = self.points.get("config", "debug")
        self.mutants = sorted(glob.glob(f"{ROOT}/labs/{number}/mutants/*.patch"))

    def starter(self, is_to_record):
        tree, kernel = os.path.join(SCRATCH, f"starter-{self.number}"), f"build/{self.config}/pipit.elf"
        made = sh(["tools/mklab", self.number, "--out", tree], ROOT)
        yield made.returncode == 0, self.name + "a starter tree, clean of the solution", made.stdout
        with_build(tree, self.config)
        built = sh(["make", "-s", kernel, "build/tests.cpio", "build/initramfs.cpio.gz"], tree)
        yield built.returncode == 0 and "warning" not in built.stdout, self.name + "builds without a warning", built.stdout[-2000:]
        import extra
        shell = extra.Shell(os.path.join(tree, kernel), os.path.join(tree, "build/initramfs.cpio.gz"), patience=SILENCE)
        shell.ask("echo $((6 * 7))\n", r"^42$", SILENCE)
        yield shell.end(), self.name + "boots to a shell", ""
        yield self.starter_score(tree, is_to_record)
        others = self.points["others"]
        done = sh(["tests/boot/run.py", "--kernel", kernel, "--initrd", "build/tests.cpio", "--cpus", "2",
                   f"--silence={SILENCE}", "--limit=3000", "--tests", others], tree)
        yield done.returncode == 0, self.name + f"{others} pass all the same", done.stdout[-2000:]
        solved = sh(["tools/mklab", "--solve", tree], ROOT)
        yield solved.returncode == 0, self.name + "the solution fits in", solved.stdout
        scores, text, errors = grade(tree, self.number, f"solved-out-{self.number}", SILENCE)
        most = self.points["max"]
        yield sum(scores.values()) == most and not errors, self.name + f"with it the score is {most}/{most}, and stderr is silent", text + errors
        shutil.rmtree(tree)

    def starter_score(self, tree, is_to_record):
        scores, text, _ = grade(tree, self.number, f"starter-out-{self.number}", SILENCE)
        got = {"score": sum(scores.values()), "max": self.points["max"], "failed": [t for t in scores if not scores[t]]}
        path = os.path.join(ROOT, f"labs/{self.number}/expected-starter.json")
        if is_to_record:
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(got, indent=1) + "\n")
        with open(path, encoding="utf-8") as file:
            wanted = json.load(file)
        return got == wanted, self.name + f"the starter's score is {wanted['score']}/{wanted['max']}, with the failures on record", text

    def mutant(self, patch):
        """Its patch applies, it builds, a test fails, and the output has what the sheet promises."""
        name = os.path.basename(patch)[:-6]
        tree = os.path.join(SCRATCH, f"mutant-{name}")
        with open(patch, encoding="utf-8") as file:
            says = re.search(r"^Says: (.*)$", file.read(), re.M)[1]
        shutil.copytree(ROOT, tree, symlinks=True, ignore=lambda d, names: {".git", "build"} & set(names) if d == ROOT else ())
        with_build(tree, self.config)
        applied = sh(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-i", patch], tree)
        scores, text, _ = grade(tree, self.number, f"mutant-out-{name}", 180) if not applied.returncode else ({}, applied.stdout, "")
        shutil.rmtree(tree)
        killers = [t for t in scores if not scores[t]]
        is_dead = killers and "it does not build" not in text and re.search(says, text)
        yield bool(is_dead), self.name + f"mutant {name}: {len(killers)} tests tell", f"it should say: {says}\n{text}"


class Proof:
    """All jobs of a run, and what came of them."""

    def __init__(self, numbers, args):
        self.labs = [Lab(number) for number in numbers]
        self.passed, self.failed, self.killed, self.bad_labs = 0, 0, 0, set()
        self.starters = [] if args.mutants else [(lab, lab.starter, args.record) for lab in self.labs]
        self.mutants = [] if args.record else [
            (lab, lab.mutant, patch) for lab in self.labs for patch in lab.mutants]

    def work(self, job):
        """What one job yields; it ends with the first thing that is not so."""
        lab, part, word = job
        start, results = time.monotonic(), []
        try:
            for result in part(word):
                results.append(result)
                if not result[0]:
                    break
        except Exception as error:  # whatever it is, the lab is not proved
            results.append((False, lab.name + f"{part.__name__} {word}", repr(error)))
        return lab, part.__name__ == "mutant", results, time.monotonic() - start

    def run(self):
        configs = sorted({lab.config for lab in self.labs})
        sh(["make", "-s", f"-j{os.cpu_count()}", *[f"build/{c}/pipit.elf" for c in configs], "build/tests.cpio",
            "build/initramfs.cpio.gz"], ROOT, check=True)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for done in concurrent.futures.as_completed([pool.submit(self.work, job) for job in self.starters + self.mutants]):
                self.tell(*done.result())

    def tell(self, lab, is_mutant, results, seconds):
        for is_good, what, detail in results:
            print(f"  {'ok' if is_good else 'FAIL'} {what}" + (f" ({seconds:.0f} s)" if what == results[-1][1] else ""), flush=True)
            self.passed, self.failed = self.passed + is_good, self.failed + (not is_good)
            self.killed += is_mutant and is_good
            if not is_good:
                self.bad_labs.add(lab.number)
                print("    " + detail.replace("\n", "\n    "), flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("labs", nargs="*")
    for option in "--mutants", "--record":
        p.add_argument(option, action="store_true")
    p.add_argument("--result", help="file for 'passed failed skipped'")
    args = p.parse_args()
    os.chdir(ROOT)
    start, proof = time.monotonic(), Proof(args.labs, args)
    try:
        proof.run()
    finally:
        shutil.rmtree(SCRATCH)
    print(f"labs {' '.join(args.labs)}: {len(args.labs) - len(proof.bad_labs)} of {len(args.labs)} hold; {proof.killed} of "
          f"{len(proof.mutants)} mutants killed; {(time.monotonic() - start) / 60:.1f} minutes")
    return report.finish(proof.passed, proof.failed, args.result)


if __name__ == "__main__":
    sys.exit(main())
