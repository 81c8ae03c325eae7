"""Debian packages with what they depend on, unpacked into a folder; for tools/image.py.

apt resolves and fetches, as if nothing were installed but SETUP_ONLY. Nothing of
a package runs on this machine: of its set-up scripts only the alternatives are read.
"""
import os
import re
import subprocess

# What only the set-up of packages needs; passed off as installed.
SETUP_ONLY = "dpkg debconf install-info ucf init-system-helpers adduser sensible-utils"
# What Debian always has, so that packages which need it do not say so.
ALWAYS_THERE = ["libc-bin", "ncurses-base"]
# What nothing reads at run time.
LEFT_OUT = ["usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale",
            "usr/share/lintian", "usr/share/doc-base", "usr/share/bug", "usr/share/icons"]


class Failure(Exception):
    """Something to tell the user; no fault of this program."""


def apt(cache, *words):
    """apt-get's output, with SETUP_ONLY as all that is installed."""
    os.makedirs(os.path.join(cache, "partial"), exist_ok=True)
    status = os.path.join(cache, "status")
    with open(status, "w", encoding="utf-8") as file:
        for name in SETUP_ONLY.split():
            file.write(f"Package: {name}\nStatus: install ok installed\nVersion: 99:1\n"
                       "Architecture: all\nMulti-Arch: foreign\nMaintainer: x\nDescription: x\n\n")
    run = subprocess.run(
        ["apt-get", "-q", "-y", "--no-install-recommends", "-o", f"Dir::State::status={status}",
         "-o", f"Dir::Cache::archives={cache}/", "-o", "Debug::NoLocking=1",
         "-o", "APT::Sandbox::User=root", *words], capture_output=True, text=True,
        env={**os.environ, "LC_ALL": "C"}, check=False)
    if not run.returncode:
        return run.stdout
    said = "\n".join(x for x in run.stderr.splitlines() if x[:2] == "E:") or run.stderr
    if "resolving" in said or "onnect" in said:
        said += "\nThere is no network, and build/packages lacks some of these packages."
    elif "Unable to locate" in said:
        said += "\nIs it a package of this Debian? A fresh list: apt-get update"
    raise Failure(said)


def closure(cache, packages):
    """The .deb files of the packages and of what they depend on."""
    text = apt(cache, "--simulate", "install", *packages, *ALWAYS_THERE)
    found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\w+)\]\)", text, re.M)
    return sorted(os.path.join(cache, f"{name}_{version.replace(':', '%3a')}_{arch}.deb")
                  for name, version, arch in found)


def fetch(cache, packages):
    """The same, once they are there."""
    debs = closure(cache, packages)
    if not all(map(os.path.exists, debs)):
        print(f"  APT     {len(debs)} packages", flush=True)
        apt(cache, "--download-only", "install", *packages, *ALWAYS_THERE)
    return debs


def unpack(root, deb):
    """The files of a package, with /bin and the like merged into /usr."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
        subprocess.run(["tar", "-x", "-p", "-C", root, "--keep-directory-symlink",
                        *(f"--exclude=./{x}/*" for x in LEFT_OUT)], stdin=tar.stdout, check=True)
    if tar.returncode:
        os.remove(deb)
        raise Failure(f"{deb} was damaged and is removed; try again")


def alternatives(root, debs):
    """Links such as /usr/bin/awk, which packages agree on in their set-up."""
    best = {}
    for deb in debs:
        script = subprocess.run(["dpkg-deb", "-I", deb, "postinst"], capture_output=True,
                                check=False).stdout.decode("utf-8", "replace")
        for line in script.replace("\\\n", " ").splitlines():
            main = re.search(r"update-alternatives.*--install\s+(\S+)\s+\S+\s+(\S+)\s+(\d+)", line)
            if not main or "$" in line:
                continue
            links = [main.groups()[:2]] + re.findall(r"--slave\s+(\S+)\s+\S+\s+(\S+)", line)
            for link, target in links:
                if os.path.exists(root + target):
                    best[link] = max(best.get(link, (0, "")), (int(main.group(3)), target))
    for link, (_, target) in sorted(best.items()):
        os.makedirs(os.path.dirname(root + link), exist_ok=True)
        if not os.path.lexists(root + link):
            os.symlink(target, root + link)
