#!/usr/bin/env python3
"""Makes an initial ramdisk that holds Debian packages on top of Pipit's own.

    image.py OUT.cpio --base LIST [--packages "A B"] [--programs "PATH PATH"] [--mem SIZE]

Packages come with what they depend on (tools/packages.py); they are kept in
build/packages, so that a second image needs no network. Programs are copied
from this machine with the libraries they name. LIST is the list of Pipit's
ramdisk (tools/mkcpio.py); its files stay, its busybox links give way.

The archive is not compressed: that builds, loads and unpacks fastest. Memory
that suits it is written to OUT.mem. The same packages always give the same bytes.
"""
import argparse
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys

import mkcpio
from packages import Failure, alternatives, fetch, unpack

MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
FILES = {
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"
                         "protocols: files\nservices: files\n",
    "etc/hosts": "127.0.0.1 localhost pipit\n::1 localhost\n",
}
MIB = 1 << 20


def output(*argv, **options):
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True, **options).stdout


# --- Programs of this machine ---------------------------------------------------

def host_libraries():
    """{name: path} of the 64-bit libraries that this machine's linker knows."""
    text = output("/sbin/ldconfig", "-p").decode()
    return dict(reversed(re.findall(r"^\s*(\S+) \(libc6,x86-64.*\) => (\S+)$", text, re.M)))


def needs_of(path):
    """(interpreter or None, libraries, where they are looked for first) of an ELF file."""
    text = output("readelf", "-ldW", path, stderr=subprocess.DEVNULL).decode()
    interpreter = re.search(r"program interpreter: (\S+)\]", text)
    where = ":".join(re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", text))
    where = re.sub(r"\$\{?ORIGIN\}?", os.path.dirname(os.path.realpath(path)), where)
    return (interpreter and interpreter.group(1),
            re.findall(r"\(NEEDED\).*\[(.*)\]", text), [x for x in where.split(":") if x])


def copy(root, source, target):
    if not os.path.lexists(root + target):
        os.makedirs(os.path.dirname(root + target), exist_ok=True)
        shutil.copy2(source, root + target)


def copy_program(root, program, known):
    """A program as /usr/bin/NAME, and by their own paths the libraries it names, and theirs."""
    if not os.path.isfile(program):
        raise Failure(f"{program}: no such file")
    copy(root, program, "/usr/bin/" + os.path.basename(program))
    with open(program, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return
    todo, seen, first = [program], set(), None
    while todo:
        path = todo.pop()
        interpreter, libraries, where = needs_of(path)
        first = first or interpreter
        if interpreter:
            copy(root, interpreter, interpreter)
        beside = [os.path.dirname(os.path.realpath(first))] if first else []
        for name in set(libraries) - seen:
            seen.add(name)
            found = [p for d in where + beside if os.path.isfile(p := os.path.join(d, name))]
            found = found or [p for p in [known.get(name)] if p]
            if not found:
                raise Failure(f"{path}: needs {name}, which is not on this machine")
            copy(root, found[0], found[0])
            todo.append(found[0])


# --- The archive ------------------------------------------------------------------

def merged(path):
    path = path.strip("/")
    return "usr/" + path if path.split("/")[0] in MERGED else path


def add_base(list_file, entries):
    """Pipit's own ramdisk: its files stay, its busybox links give way to packages' programs."""
    shadowed = []
    with open(list_file, encoding="utf-8") as file:
        for line in file:
            kind, path, *rest = line.split()
            path, mode = merged(path), 0 if kind == "slink" else int(rest[0], 8)
            name = os.path.basename(path)
            if kind == "slink":
                if any(f"usr/{d}/{name}" in entries for d in ("bin", "sbin")):
                    shadowed.append(name)
                else:
                    entries[path] = (stat.S_IFLNK | 0o777, rest[0].encode())
            elif kind == "dir":
                entries[path] = (stat.S_IFDIR | mode, None)
            elif kind == "nod":
                entries[path] = (stat.S_IFCHR | mode, (int(rest[2]), int(rest[3])))
            else:
                with open(rest[1], "rb") as source:
                    entries[path] = (stat.S_IFREG | mode, source.read())
    # busybox's shell prefers its applets; an alias says otherwise.
    mode, text = entries["etc/profile"]
    for name in shadowed:
        folder = "bin" if f"usr/bin/{name}" in entries else "sbin"
        text += f"alias {name}=/usr/{folder}/{name}\n".encode()
    entries["etc/profile"] = (mode, text)


def collect(root):
    entries = {}
    for folder, dirs, files in os.walk(root):
        for name in dirs + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            data = path if stat.S_ISREG(info.st_mode) else None
            if stat.S_ISLNK(info.st_mode):
                data = os.readlink(path).encode()
            entries[os.path.relpath(path, root)] = (info.st_mode, data)
    return entries


def write_archive(out, entries):
    """Each file once, however many names it has; returns the size."""
    names, numbers = {}, {}
    for path, (_, data) in entries.items():
        if isinstance(data, str):
            info = os.stat(data)
            names.setdefault((info.st_dev, info.st_ino), []).append(path)
    with open(out + ".new", "wb") as file:
        for number, (path, (mode, data)) in enumerate(sorted(entries.items()), 1):
            if isinstance(data, str):
                info = os.stat(data)
                key = info.st_dev, info.st_ino
                ino = numbers.setdefault(key, number)
                with open(data, "rb") as source:
                    content = source.read() if ino == number else b""
                file.write(mkcpio.entry(ino, path, mode, content, nlink=len(names[key]),
                                        mtime=int(info.st_mtime)))
            elif isinstance(data, tuple):
                file.write(mkcpio.entry(number, path, mode, rdev=data))
            else:
                file.write(mkcpio.entry(number, path, mode, data or b""))
        file.write(mkcpio.entry(0, "TRAILER!!!", 0) + b"\0" * 512)
        size = file.tell()
    os.rename(out + ".new", out)
    return size


def memory_for(size):
    """MiB, in steps of 256: the root file system takes half of what the archive leaves."""
    return max(512, -(-(3 * size // MIB + 256) // 256) * 256)


def megabytes(text):
    found = re.fullmatch(r"(\d+)([MG]?)", text)
    if not found:
        raise Failure(f"MEM={text}: say it like 512M or 2G")
    return int(found.group(1)) * (1024 if found.group(2) == "G" else 1)


# --- All of it ----------------------------------------------------------------------

def key_of(args, paths):
    """What the image depends on; the same key, the same image."""
    h = hashlib.sha256(repr((args.packages, args.programs)).encode())
    with open(args.base, encoding="utf-8") as file:
        inputs = [line.split()[3] for line in file if line.startswith("file")]
    for path in [__file__, *inputs, *paths, *args.programs.split()]:
        if not os.path.exists(path):
            raise Failure(f"{path}: no such file")
        info = os.stat(path)
        h.update(repr((path, info.st_size, info.st_mtime_ns)).encode())
    return h.hexdigest()


def make(args):
    cache = os.path.abspath(os.path.join(os.path.dirname(args.out), "packages"))
    # Hidden: etc/profile.d looks like what make includes.
    root = os.path.join(os.path.dirname(cache), f".{os.path.basename(args.out)}.root")
    key_file = args.out + ".key"
    packages, debs = args.packages.split(), []
    if packages:
        if not shutil.which("apt-get"):
            raise Failure("PACKAGES= needs Debian's apt-get; PROGRAMS= does without")
        debs = fetch(cache, packages)
    key = key_of(args, debs)
    if not os.path.exists(key_file) or open(key_file, encoding="utf-8").read() != key:
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(f"{root}/etc")
        for top in MERGED:
            os.makedirs(f"{root}/usr/{top}")
            os.symlink(f"usr/{top}", f"{root}/{top}")
        for deb in debs:
            unpack(root, deb)
        alternatives(root, debs)
        if "dash" not in packages and os.path.lexists(f"{root}/usr/bin/sh"):
            os.remove(f"{root}/usr/bin/sh")
        known = host_libraries() if args.programs else {}
        for program in args.programs.split():
            copy_program(root, program, known)
        subprocess.run(["/sbin/ldconfig", "-X", "-r", root], check=False)
        os.utime(f"{root}/etc/ld.so.cache", (0, 0))
        shutil.rmtree(f"{root}/var/cache/ldconfig", ignore_errors=True)
        entries = collect(root)
        for name, text in FILES.items():
            entries.setdefault(name, (stat.S_IFREG | 0o644, text.encode()))
        add_base(args.base, entries)
        size = write_archive(args.out, entries)
        shutil.rmtree(root)
        for name, text in ((".mem", f"{memory_for(size)}M\n"), (".key", key)):
            with open(args.out + name, "w", encoding="utf-8") as file:
                file.write(text)
        print(f"  CPIO    {args.out}: {size // MIB} MiB, {len(debs)} packages")
    size = os.path.getsize(args.out)
    if args.mem and megabytes(args.mem) < 3 * size // MIB + 64:
        raise Failure(f"{size // MIB} MiB are too much for MEM={args.mem}: "
                      f"say MEM={memory_for(size)}M, or leave MEM out")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out")
    parser.add_argument("--base", required=True)
    parser.add_argument("--packages", default="")
    parser.add_argument("--programs", default="")
    parser.add_argument("--mem", default="")
    try:
        make(parser.parse_args())
    except Failure as failure:
        sys.exit(f"image: {failure}")


if __name__ == "__main__":
    main()
