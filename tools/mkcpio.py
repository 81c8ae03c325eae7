#!/usr/bin/env python3
"""Writes a newc cpio archive (an initial ramdisk) from a list of entries.

    mkcpio.py OUT < LIST        gzips where OUT ends in .gz

LIST has one entry a line, so that no root, no device node and no staging
folder is needed, and the same list always gives the same bytes:

    dir   /path mode
    file  /path mode source-file
    slink /path target
    nod   /path mode c|b major minor
"""
import gzip
import sys

S_IFDIR, S_IFREG, S_IFLNK, S_IFCHR, S_IFBLK = (
    0o040000, 0o100000, 0o120000, 0o020000, 0o060000)


def entry(ino, name, mode, data=b"", rdev=(0, 0), nlink=1, mtime=0):
    """One archive member: header, name and data, each padded to 4 bytes."""
    name = name.lstrip("/").encode() + b"\0"
    fields = (ino, mode, 0, 0, nlink, mtime, len(data), 0, 0, *rdev, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def archive(lines):
    """The whole archive, trailer included."""
    out, ino = [], 1
    for number, line in enumerate(lines, 1):
        word = line.split()
        if not word or word[0].startswith("#"):
            continue
        ino += 1
        kind, path, rest = word[0], word[1], word[2:]
        if kind == "dir":
            out.append(entry(ino, path, S_IFDIR | int(rest[0], 8), nlink=2))
        elif kind == "file":
            with open(rest[1], "rb") as source:
                out.append(entry(ino, path, S_IFREG | int(rest[0], 8), source.read()))
        elif kind == "slink":
            out.append(entry(ino, path, S_IFLNK | 0o777, rest[0].encode()))
        elif kind == "nod":
            node = S_IFCHR if rest[1] == "c" else S_IFBLK
            out.append(entry(ino, path, node | int(rest[0], 8),
                             rdev=(int(rest[2]), int(rest[3]))))
        else:
            sys.exit(f"mkcpio.py: line {number}: unknown kind '{kind}'")
    out.append(entry(0, "TRAILER!!!", 0))
    data = b"".join(out)
    return data + b"\0" * (-len(data) % 512)


def main():
    out = sys.argv[1]
    data = archive(sys.stdin)
    if out.endswith(".gz"):
        data = gzip.compress(data, 9, mtime=0)
    with open(out, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
