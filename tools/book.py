#!/usr/bin/env python3
"""Makes the book of docs/book: one HTML page, by pandoc, with pictures by graphviz.

    book.py OUT.html          build/book.html
    book.py --check           do all citations name what is there?

In a chapter a line "    source: FILE NAME" becomes the text of that function, struct or constant,
so that the book shows the code as it is; a block of "```dot TITLE" becomes a picture. Words in
backquotes that look like files of the tree must be files of the tree.
"""
import glob
import os
import re
import subprocess
import sys

CITATION = re.compile(r"^    source: (\S+) (\w+)$", re.M)
PICTURE = re.compile(r"^```dot ([^\n]+)\n(.*?)^```$", re.M | re.S)
FILE_WORD = re.compile(r"`((?:arch|boot|docs|drivers|fs|kernel|lib|libc|tests|tools|uapi|user)"
                       r"/[\w./-]+\.(?:c|h|asm|md|py|sh|tbl|awk|txt))`")


def lines_of(path, name):
    """(first line number, text) of what is called name at the left margin of a C file."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for start, line in enumerate(lines):
        if not re.match(rf"(?:[a-z][^;=]*\b{name}\(|(?:struct|enum) {name} {{|"
                        rf"(?:static |const )*[a-z][^;(]*\b{name}(?:\[\w*\])? =)", line):
            continue
        end = start
        while end < len(lines) and not re.match(r"[)}]+;?$", lines[end]):
            if lines[end].endswith(";") and not lines[end].startswith(("\t", " ")):
                break
            end += 1
        if lines[end].endswith(";") and "{" not in "".join(lines[start:end + 1]):
            continue  # a prototype
        while start and lines[start - 1].startswith((" *", "/*")):
            start -= 1
        text = [line for line in lines[start:end + 1] if not re.match(r"\s*/\* LAB [\d ]+(BEGIN|END)", line)]
        return start + 1, "\n".join(text)
    raise KeyError(f"{path} has no {name}")


def problems(chapter, text):
    for path, name in CITATION.findall(text):
        try:
            lines_of(path, name)
        except (OSError, KeyError) as error:
            yield f"{chapter}: {error}"
    for path in FILE_WORD.findall(text):
        if not os.path.exists(path):
            yield f"{chapter}: there is no {path}"


def cite(match):
    path, name = match.groups()
    number, text = lines_of(path, name)
    return f"```{{.c .numberLines startFrom={number}}}\n{text}\n```\n\n: `{path}` {{.cite}}\n"


def draw(match):
    title, graph = match.groups()
    style = ('rankdir=LR; node [shape=box fontname="monospace" fontsize=11]; '
             'edge [fontname="sans" fontsize=10];')
    svg = subprocess.run(["dot", "-Tsvg"], input=f"digraph {{ {style}\n{graph} }}".encode(),
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    svg = svg[svg.index("<svg"):]
    return f"<figure>\n{svg}\n<figcaption>{title}</figcaption>\n</figure>\n"


CSS = """
body { max-width: 52em; margin: 2em auto; padding: 0 1em; font: 17px/1.5 Georgia, serif; }
code, pre { font: 13.5px/1.4 monospace; } pre { background: #f5f5f2; padding: .7em; overflow: auto; }
nav { font-size: 90%; } h1 { margin-top: 2.5em; } figure { margin: 1.5em 0; overflow: auto; }
figcaption, .cite { font-size: 85%; color: #555; } table { border-collapse: collapse; }
td, th { border: 1px solid #ccc; padding: .2em .6em; text-align: left; vertical-align: top; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; }
 pre { background: #262626; } svg { background: #eee; } a { color: #8bf; } }
"""


def make(out, chapters):
    text = "\n\n".join(chapters.values())
    text = PICTURE.sub(draw, CITATION.sub(cite, text))
    text = re.sub(r"^: (`\S+`) \{\.cite\}$", r"[from \1]{.cite}", text, flags=re.M)
    with open(out + ".css", "w", encoding="utf-8") as file:
        file.write(f"<style>{CSS}</style>")
    subprocess.run(["pandoc", "--from=markdown", "--to=html5", "--standalone", "--toc",
                    "--toc-depth=1", "--number-sections", "--metadata=title:Processes as files",
                    f"--include-in-header={out}.css", "-o", out], input=text.encode(), check=True)
    os.remove(out + ".css")
    print(out)


def main():
    chapters = {}
    for path in sorted(glob.glob("docs/book/*.md")):
        with open(path, encoding="utf-8") as file:
            chapters[path] = file.read()
    found = [p for path, text in chapters.items() for p in problems(path, text)]
    if found or not chapters:
        sys.exit("\n".join(found or ["book.py: no chapters"]))
    if sys.argv[1:] != ["--check"]:
        make(sys.argv[1], chapters)


if __name__ == "__main__":
    main()
