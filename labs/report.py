"""The results of a graded lab in every form that somebody reads: a table on the terminal, and
results.ktap, results.tap, results.json (as gradelib writes it), junit.xml, gradescope.json,
classroom.b64 (GitHub Classroom) and summary.md in a folder.
"""
import base64
import json
import os
import re
import sys
from xml.sax.saxutils import quoteattr


class Result:
    """One test: its worth, whether it passed, what there is to say."""

    def __init__(self, name, worth):
        self.name, self.worth, self.state, self.output, self.ticks, self.hint = name, worth, None, [], 0, None

    @property
    def is_good(self):
        return self.state == "ok"

    @property
    def score(self):
        return self.worth if self.is_good else 0

    def explain(self, own, common):
        """The first rule whose symptom is found gives its hint: in what the kernel died of, then in the
        output, last in the name of the test; the lab's own rules before those for all."""
        if self.is_good:
            return
        output = "\n".join(self.output)
        end = output[at:] if (at := output.find("Kernel panic:")) >= 0 else ""
        looks = [(own, end), (common, end), (own, output), (own, self.name), (common, output)]
        self.hint = next((h["say"] for hints, text in looks for h in hints if re.search(h["symptom"], text)), None)

    def lines(self):
        return [clean(line) for line in self.output[:16]] + ([f"hint: {self.hint}"] if self.hint else [])


def clean(line):
    """What a program under test has printed: nothing that moves a cursor, ends a line, or is not XML."""
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in line[:400])


def paint(text, is_good):
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{32 if is_good else 31}m{text}\033[0m"


def as_text(tests):
    for t in tests:
        verdict = "ok" if t.is_good else "FAIL"
        print(f"== Test {t.name} == {paint(verdict, t.is_good)}  ({t.score}/{t.worth})  {t.ticks} ticks")
        for line in [] if t.is_good else t.lines():
            print(f"     {line}")


def tap(tests, *version):
    out = [*version, f"1..{len(tests)}"]
    for number, t in enumerate(tests, 1):
        out += [f"# {line}" for line in ([] if t.is_good else t.lines())]
        out.append(f"{'ok' if t.is_good else 'not ok'} {number} {t.name} # points={t.score}/{t.worth} ticks={t.ticks}")
    good = sum(t.is_good for t in tests)
    return "\n".join(out + [f"# {good} passed, {len(tests) - good} failed"]) + "\n"


def junit(title, tests):
    failed = sum(not t.is_good for t in tests)
    out = ['<?xml version="1.0" encoding="UTF-8"?>',
           f'<testsuites><testsuite name={quoteattr(title)} tests="{len(tests)}" failures="{failed}" errors="0">']
    for t in tests:
        program, function = t.name.split(".")
        out.append(f'<testcase classname={quoteattr(program)} name={quoteattr(function)} time="{t.ticks / 1000:.3f}"')
        if t.is_good:
            out[-1] += "/>"
        else:
            text = "\n".join(t.lines())
            text = text.replace("]]>", "]] >")
            out[-1] += f"><failure message={quoteattr((t.lines() or ['failed'])[0])}><![CDATA[{text}]]></failure></testcase>"
    return "\n".join(out + ["</testsuite></testsuites>"]) + "\n"


def gradescope(tests, note):
    return {"output": note, "stdout_visibility": "hidden", "tests": [
        {"name": t.name, "number": str(number), "score": t.score, "max_score": t.worth,
         "status": "passed" if t.is_good else "failed", "output": "\n".join(t.lines()),
         "output_format": "text"} for number, t in enumerate(tests, 1)]}


def classroom(tests):
    good = all(t.is_good for t in tests)
    return {"version": 1, "status": "pass" if good else "fail", "max_score": sum(t.worth for t in tests),
            "tests": [{"name": t.name, "status": "pass" if t.is_good else "fail", "score": t.score,
                       "message": "\n".join(t.lines()), "test_code": t.name, "filename": "", "line_no": 0,
                       "duration": t.ticks} for t in tests]}


def summary(title, tests, note):
    out = [f"# {title}: {sum(t.score for t in tests)}/{sum(t.worth for t in tests)}", "", note, "",
           "| test | points | |", "|---|--:|---|"]
    for t in tests:
        first = "" if t.is_good else " / ".join(t.lines()[:1] + t.lines()[-1:] if t.hint else t.lines()[:1])
        out.append(f"| {t.name} | {t.score}/{t.worth} | {first.replace('|', chr(92) + '|').replace('<', '&lt;')} |")
    return "\n".join(out) + "\n"


def finish(passed, failed, path):
    """The last line of a run of checks, and its counts in a file, if path is one; the exit status."""
    print(f"{passed} passed, {failed} failed")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{passed} {failed} 0\n")
    return 1 if failed else 0


def write(title, tests, folder, note):
    """Prints the table, writes all files; returns 0 if the score is full."""
    score, most = sum(t.score for t in tests), sum(t.worth for t in tests)
    as_text(tests)
    print(f"Score: {score}/{most}    ({note})")
    payload = json.dumps(classroom(tests)).encode()
    files = {"results.ktap": tap(tests, "KTAP version 1"), "results.tap": tap(tests), "junit.xml": junit(title, tests),
             "results.json": json.dumps({t.name: t.score for t in tests}, indent=1) + "\n",
             "gradescope.json": json.dumps(gradescope(tests, note), indent=1) + "\n",
             "classroom.b64": base64.b64encode(payload).decode() + "\n",
             "summary.md": summary(title, tests, note)}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return 0 if score == most else 1
