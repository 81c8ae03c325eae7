#!/usr/bin/env python3
"""mklab on trees of its own: what it cuts, what it refuses. TAP."""
import atexit
import os
import shutil
import subprocess
import sys
import tempfile

MKLAB = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../../tools/mklab")
GOOD = """int before;
/* LAB 1 BEGIN sum */
int sum(int a, int b) { return a + b; /* the answer, to be kept */ }
/* LAB 2 BEGIN inner */
int inner(void) { return 42; /* this is the secret of lab two */ }
/* LAB 2 END */
/* LAB 1 END */
int after;
"""
BASE = tempfile.mkdtemp(prefix="mklab-")
atexit.register(shutil.rmtree, BASE)
count = failed = 0


def tree(code=GOOD, **more):
    """A repository with two labs around this code."""
    root = tempfile.mkdtemp(dir=BASE)
    files = {"fs/a.c": code, "README.md": "about\n", "tests/user/t.c": "RUN(one);\nRUN(two);\n"}
    for lab, hole in (1, "sum"), (2, "inner"):
        files |= {f"labs/{lab}/stubs/{hole}.c": f"/* yours {lab} */\n", f"labs/{lab}/sheet.md": "<!-- holes -->\nsay `this`\n",
                  f"labs/{lab}/mutants/M1.patch": "wrong\nSays: this\n",
                  f"labs/{lab}/points.toml": 'max = 3\n[points]\n"t.one" = 1\n"t.two" = 2\n'}
    for name, text in (files | more).items():
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        with open(os.path.join(root, name), "w", encoding="utf-8") as file:
            file.write(text)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run(git + ["init", "-q"], cwd=root, check=True)
    subprocess.run(git + ["add", "-A"], cwd=root, check=True)
    subprocess.run(git + ["commit", "-q", "-m", "t"], cwd=root, check=True)
    return root


def mklab(root, *words):
    done = subprocess.run([MKLAB, *words], env=dict(os.environ, MKLAB_ROOT=root), capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def test(name, is_good):
    global count, failed
    count, failed = count + 1, failed + (not is_good)
    print(f"{'' if is_good else 'not '}ok {count} - {name}")


def refuses(name, why, code=GOOD, **more):
    status, text = mklab(tree(code, **more), "--check")
    test(f"check refuses {name}", status != 0 and why in text)


root = tree()
test("check accepts a good tree", mklab(root, "--check") == (0, ""))
test("list names the holes", "| 1 | sum | `fs/a.c` | 4 |" in mklab(root, "--list")[1])
one, two = (os.path.join(root, f"../{os.path.basename(root)}-{n}") for n in "12")
test("a starter is written", mklab(root, "1", "--out", one)[0] == 0 and mklab(root, "2", "--out", two)[0] == 0)
text = read(one, "fs/a.c")
test("the stub stands for the hole", "yours 1" in text and "answer" not in text and "secret" not in text)
test("the rest stays, markers go", text.startswith("int before;\n") and text.endswith("int after;\n") and "LAB" not in text)
test("holes of other labs are filled", "answer" in read(two, "fs/a.c") and "yours 2" in read(two, "fs/a.c"))
test("one lab, no stubs, no mutants", sorted(os.listdir(os.path.join(one, "labs"))) == ["1", "current"]
     and sorted(os.listdir(os.path.join(one, "labs/1"))) == ["points.toml", "sheet.md"])
test("the sheet lists the holes", "| 1 | sum |" in read(one, "labs/1/sheet.md"))
log = [subprocess.run(["git", "log", "--format=%H"], cwd=d, capture_output=True, text=True).stdout for d in (one,)]
again = one + "-again"
mklab(root, "1", "--out", again)
log.append(subprocess.run(["git", "log", "--format=%H"], cwd=again, capture_output=True, text=True).stdout)
test("one commit, the same each time", log[0] == log[1] and log[0].count("\n") == 1)
test("a clean starter is clean", mklab(root, "--verify-clean", one)[0] == 0)
with open(os.path.join(one, "leak.txt"), "w", encoding="utf-8") as leak:
    leak.write("int sum(int a, int b) { return a + b; /* the answer, to be kept */ }\n")
status, text = mklab(root, "--verify-clean", one)
test("a line of the solution is found", status != 0 and "leak.txt:1" in text)
test("solve fills the holes", mklab(root, "--solve", again)[0] == 0 and "answer" in read(again, "fs/a.c"))
test("an existing folder is not touched", mklab(root, "1", "--out", one)[0] != 0)
refuses("END without BEGIN", "END without BEGIN", "/* LAB 1 END */\n")
refuses("a hole without END", "has no END", "/* LAB 1 BEGIN sum */\n")
refuses("holes of one lab in each other", "inside a hole", GOOD.replace("LAB 2", "LAB 1"))
refuses("a lab that does not exist", "no lab 7", GOOD + "/* LAB 7 BEGIN x */\n/* LAB 7 END */\n")
refuses("a hole twice", "another hole", GOOD + "/* LAB 1 BEGIN sum */\n/* LAB 1 END */\n")
refuses("a hole without a stub", "missing", GOOD + "/* LAB 1 BEGIN none */\n/* LAB 1 END */\n")
refuses("a stub without a hole", "no such hole", **{"labs/1/stubs/none.c": "x\n"})
refuses("half a marker", "not a whole marker", "int a; /* LAB 1 BEGIN sum */\n")
refuses("markers in other kinds of files", "files of this kind", **{"x.json": "# LAB 1 BEGIN sum\n# LAB 1 END\n"})
refuses("too large a hole", "at most", GOOD.replace("int sum", "int x;\n" * 151 + "int sum"))
refuses("points that do not add up", "sum up to", **{"labs/1/points.toml": 'max = 4\n[points]\n"t.one" = 1\n'})
refuses("points for no test", "no test t.three", **{"labs/1/points.toml": 'max = 1\n[points]\n"t.three" = 1\n'})
refuses("a mutant that the sheet does not know", "not in the sheet", **{"labs/1/mutants/M2.patch": "Says: that\n"})
print(f"1..{count}")
sys.exit(failed != 0)
