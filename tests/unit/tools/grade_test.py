#!/usr/bin/python3
"""What labs/grade.py makes of the lines that a guest prints: whom it believes, whom it blames. TAP."""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../labs"))
sys.dont_write_bytecode = True
import grade  # noqa: E402

count = failed = 0


class Guest:
    def stop(self):
        pass


def boot(lines, queue=("a", "b")):
    """One boot that prints this, WORD being the nonce; returns the scores of a.one, a.two, b.three, and what is left to run."""
    grader = grade.Grader(argparse.Namespace(lab=1, hidden=None, filter=""))
    grader.tests = [grade.Test(name, 1) for name in ("a.one", "a.two", "b.three")]
    one = grade.Boot(grader, list(queue), False)
    one.guest, one.kernel = Guest(), "/dev/null"
    for line in lines:
        one.on_line(line.replace("WORD", one.nonce))
    one.close("the guest ended by itself")
    return "".join({"ok": "1", "fail": "0", None: "-"}[test.state] for test in grader.tests), one.again + one.queue


def says(*texts):
    return [f"### WORD says 7 {text}" for text in texts]


def test(name, lines, scores, left=()):
    global count, failed
    got = boot(lines)
    is_good = got == (scores, list(left))
    count, failed = count + 1, failed + (not is_good)
    print(("" if is_good else f"# {got}\nnot ") + f"ok {count} - {name}")


A, B, DONE = "### WORD begin a", "### WORD begin b", "### WORD done "
A_ENDS, B_ENDS = "### WORD end a exit 0 9", "### WORD end b exit 0 9"
ONE, TWO, THREE = says("# begin one", "ok 1 - one"), says("# begin two", "ok 2 - two"), says("# begin three", "ok 1 - three")
ALL = [A, *ONE, *TWO, A_ENDS, B, *THREE, B_ENDS]
PANIC = "[ 1.0] Kernel panic: in the test"
test("all is well", [*ALL, DONE], "111")
test("lines without the word, or with another, are nobody's", [line.replace("WORD", w) for w in ("", "0" * 32) for line in [*ALL, DONE]],
     "---")
test("what was not begun is not believed", [A, *says("ok 1 - one"), *TWO, A_ENDS, B, *THREE, B_ENDS, DONE], "011")
test("what is said twice is not believed", [A, *ONE, *says("ok 2 - one"), *TWO, A_ENDS, B, *THREE, B_ENDS, DONE], "011")
test("what is skipped is not passed", [A, *says("# begin one", "ok 1 - one # SKIP no"), *TWO, A_ENDS, B, *THREE, B_ENDS, DONE], "011")
test("who dies between two tests is not believed in any", [A, *ONE, *TWO, "### WORD end a signal 9 9", B, *THREE, B_ENDS, DONE], "001")
test("who dies in a test loses that one", [A, *ONE, *says("# begin two"), "### WORD end a signal 11 9", B, *THREE, B_ENDS, DONE], "101", ["a:two"])
test("a panic in a test costs that one", [A, *says("# begin one"), PANIC], "0--", ["a:one", "b"])
test("a panic between two tests costs the one before", [A, *ONE, PANIC], "0--", ["a:one", "b"])
test("a panic after the last test costs it", [*ALL, PANIC], "110")
test("a complaint after a test costs it, and is the end of that boot", [A, *ONE, "[ 1.0] BUG: of some kind", *TWO, A_ENDS], "0--", ["a:one", "b"])
test("a complaint at the end of a program costs its last test", [A, *ONE, *TWO, "WARNING: late", A_ENDS, B, *THREE], "10-", ["b"])
test("a complaint between two programs costs the test before", [A, *ONE, *TWO, A_ENDS, "BUG: late", B, *THREE], "10-", ["b"])
test("a kernel that complains before all tests runs none", ["BUG: early", A, *ONE], "---")
test("a guest that ends in silence costs the test that runs", [A, *ONE, *says("# begin two")], "10-", ["a:two", "b"])
test("a kernel that does not come up runs nothing", [PANIC], "---")
test("a flood is cut", [A, *says("# begin one"), *["x" * (1 << 20)] * 40, *says("ok 1 - one")], "0--", ["a:one", "b"])
print(f"1..{count}")
sys.exit(failed != 0)
