#!/usr/bin/python3
"""What labs/report.py writes, read by those who will: prove and tappy, junitparser, and the shapes
of Gradescope's, GitHub Classroom's and gradelib's files (schemas.json). TAP. As an argument: a
folder that `make grade OUT=folder` has written, instead of results made up here.
"""
import base64
import contextlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../labs"))
sys.dont_write_bytecode = True
import hunt  # noqa: E402
import report  # noqa: E402

count = failed = 0


def test(name, is_good, needs=None):
    """Without the reader there is nothing to say."""
    global count, failed
    is_there = needs is None or (shutil.which(needs) or importlib.util.find_spec(needs))
    verdict = bool(is_good()) if is_there else True
    count, failed = count + 1, failed + (not verdict)
    print(f"{'' if verdict else 'not '}ok {count} - {name}" + ("" if is_there else f" # SKIP no {needs}"))


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return file.read()


# --- The readers ------------------------------------------------------------------------

def prove(folder, name):
    """(tests passed, tests failed, does the whole pass) as prove sees it."""
    code = 'use TAP::Parser; local $/; my $p = TAP::Parser->new({tap => <>}); $p->run; ' \
           'print join " ", scalar $p->passed, scalar $p->failed, scalar $p->parse_errors, $p->tests_planned'
    path = os.path.join(folder, name)
    words = subprocess.run(["perl", "-e", code, path], capture_output=True, text=True, check=True).stdout.split()
    passed, bad, errors, planned = map(int, words)
    whole = subprocess.run(["prove", "-Q", "-e", "cat", path], capture_output=True, check=False).returncode == 0
    return passed, bad, whole and errors == 0 and planned == passed + bad


def tappy(folder):
    from tap.loader import Loader
    suite, result = Loader().load_suite_from_file(os.path.join(folder, "results.tap")), unittest.TestResult()
    suite.run(result)
    return result.testsRun - len(result.failures), len(result.failures), not result.errors and result.wasSuccessful()


def junit(folder):
    import junitparser
    cases = [case for suite in junitparser.JUnitXml.fromfile(os.path.join(folder, "junit.xml")) for case in suite]
    bad = [case for case in cases if any(isinstance(r, junitparser.Failure) and r.message for r in case.result)]
    names = [f"{case.classname}.{case.name}" for case in cases]
    assert names == list(json.loads(read(folder, "results.json"))) and all(case.time >= 0 for case in cases)
    return len(cases) - len(bad), len(bad), not bad


def is_of_shape(kind, value):
    import jsonschema
    schema = json.loads(read(HERE, "schemas.json"))[kind]
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(value))
    for error in errors[:5]:
        print("#", error.message)
    return not errors


# --- The results ------------------------------------------------------------------------

def check(folder, name):
    scores = json.loads(read(folder, "results.json"))
    gradescope = json.loads(read(folder, "gradescope.json"))
    classroom = json.loads(base64.b64decode(read(folder, "classroom.b64"), validate=False))
    good = sum(t["status"] == "passed" for t in gradescope["tests"])
    bad, most = len(scores) - good, sum(t["max_score"] for t in gradescope["tests"])
    wanted, is_full = (good, bad, bad == 0), sum(scores.values()) == most
    test(f"{name}: prove counts {good} and {bad}", lambda: prove(folder, "results.tap") == wanted, "prove")
    test(f"{name}: prove counts the same in KTAP", lambda: prove(folder, "results.ktap") == wanted, "prove")
    test(f"{name}: tappy counts the same", lambda: tappy(folder) == wanted, "tap")
    test(f"{name}: junitparser counts the same", lambda: junit(folder) == wanted, "junitparser")
    test(f"{name}: gradelib's file is numbers by name", lambda: is_of_shape("gradelib", scores), "jsonschema")
    test(f"{name}: gradescope.json has Gradescope's shape", lambda: is_of_shape("gradescope", gradescope), "jsonschema")
    test(f"{name}: classroom.b64 has the reporter's shape", lambda: is_of_shape("classroom", classroom), "jsonschema")
    test(f"{name}: all give the same score", lambda: {sum(t["score"] for t in tests) for tests in
                                                     (gradescope["tests"], classroom["tests"])} == {sum(scores.values())})
    test(f"{name}: pass means full", lambda: (classroom["status"] == "pass") == is_full and classroom["max_score"] == most)
    test(f"{name}: the summary has the score", lambda: f": {sum(scores.values())}/{most}\n" in read(folder, "summary.md"))


def result(name, worth, state, *output):
    one = report.Result(name, worth)
    one.state, one.output, one.ticks = state, list(output), 412
    one.explain([], [{"symptom": "want", "say": "look at `x < y`, a|b & \"c\""}])
    return one


def hint(*output):
    """What rules say of a test, each of which would have something to say."""
    one = report.Result("a.fault_of_a_name", 1)
    one.state, one.output = "fail", output
    one.explain([{"symptom": "name", "say": "name"}, {"symptom": "want", "say": "output"}], [{"symptom": "fault", "say": "panic"}])
    return one.hint


NASTY = ("want 3\rok 2 - forged", "]]> <b>&amp; | # SKIP", "\x1b[2J\x00\x07 \x85\u2028\ufffe\u202e ok 1", "ok 3 b.two # SKIP", "1..7",
         "Bail out! now", "x" * 5000)
GOOD, BAD = result("a.one", 10, "ok"), result("b.two", 5, "fail", *NASTY)
CASES = {
    "full": [GOOD, result("b.two", 5, "ok", *NASTY)],
    "mixed": [GOOD, BAD, result("b.three", 0, "ok")],
    "nothing": [BAD, result("a.never", 7, None), result("a.crash", 3, "fail", *["panic <here>"] * 40)],
}

test("a panic speaks first", lambda: hint("want 3", "Kernel panic: page fault") == "panic")
test("then the output", lambda: hint("want 3") == "output")
test("then the name, and its own lab's rule", lambda: hint("page fault") == "name")

if len(sys.argv) > 1:
    check(sys.argv[1], os.path.basename(os.path.normpath(sys.argv[1])))
else:
    for case, results in CASES.items():
        scratch = tempfile.mkdtemp(prefix="report-")
        with contextlib.redirect_stdout(io.StringIO()):
            status = report.write(f"lab {case}", results, scratch, "1 s to build")
        test(f"{case}: the exit status is that of the score", lambda: (status == 0) == (case == "full"))
        check(scratch, case)
        clean = all(c.isprintable() or c in "\n\t" for n in os.listdir(scratch) for c in read(scratch, n))
        test(f"{case}: nothing unprintable is in any file", lambda: clean)
        shutil.rmtree(scratch)
    scratch = tempfile.mkdtemp(prefix="report-")
    with contextlib.redirect_stdout(io.StringIO()):
        full = hunt.write(scratch, {"M1": {"a": "one: not ok", "b": None}, "M2": {"a": None, "b": None}}, [("M1", 1), ("M2", 2)],
                          {"a": None, "b": None, "c": "does not build"})
    hunted = json.loads(read(scratch, "hunt.json"))
    test("hunt: half of the wrong kernels are half of the points", lambda: hunted["score"] == 15 and not full)
    test("hunt: hunt.json has Gradescope's shape", lambda: is_of_shape("gradescope", hunted), "jsonschema")
    test("hunt: the matrix is text", lambda: "   1 M1           x . -   told\n   2 M2           . . -   nobody notices\n" in
         read(scratch, "hunt.txt"))
    shutil.rmtree(scratch)
print(f"1..{count}")
sys.exit(failed != 0)
