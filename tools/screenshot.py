#!/usr/bin/env python3
"""Boots Pipit with a display, types at its keyboard, and saves the screen as PNG.

    screenshot.py KERNEL INITRD OUT.png [TEXT-TO-TYPE...]
    screenshot.py KERNEL INITRD OUT.png --menu ISO    stays in the menu of GRUB
"""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

KEYS = {" ": "spc", "\n": "ret", "-": "minus", "/": "slash", ".": "dot", ";": "semicolon",
        "$": "shift-4", "!": "shift-1", "&": "shift-7", "|": "shift-backslash", "=": "equal"}


def png(ppm):
    """A binary PPM (P6) as PNG."""
    magic, size, _, pixels = ppm.split(b"\n", 3)
    assert magic == b"P6"
    width, height = map(int, size.split())
    rows = b"".join(b"\0" + pixels[y * width * 3:(y + 1) * width * 3] for y in range(height))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


class Monitor:
    """QEMU's monitor on a UNIX socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(100):
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.1)

    def command(self, text):
        self.socket.sendall(text.encode() + b"\n")
        time.sleep(0.04)

    def type(self, text):
        for key in text:
            name = KEYS.get(key) or ("shift-" + key.lower() if key.isupper() else key)
            self.command("sendkey " + name)


def main():
    kernel, initrd, out, *rest = sys.argv[1:]
    boot = ["-kernel", kernel, "-initrd", initrd, "-append", "console=tty0"]
    is_menu = rest[:1] == ["--menu"]
    if is_menu:
        boot, rest = ["-cdrom", rest[1]], []
    with tempfile.TemporaryDirectory() as folder:
        path, ppm = os.path.join(folder, "monitor"), os.path.join(folder, "screen.ppm")
        cmd = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "256M", "-smp", "2",
               "-display", "none", "-no-reboot", "-serial", "none",
               "-monitor", f"unix:{path},server=on,wait=off", *boot]
        with subprocess.Popen(cmd, stdin=subprocess.DEVNULL) as qemu:
            monitor = Monitor(path)
            for left in range(int(os.environ.get("BOOT_SECONDS", "8")), 0, -1):
                time.sleep(1)
                if is_menu and left > 2:  # a key stops its clock
                    monitor.command("sendkey up")
            for text in rest:
                monitor.type(text + "\n")
                time.sleep(2)
            monitor.command("screendump " + ppm)
            time.sleep(1)
            qemu.kill()
        with open(ppm, "rb") as file:
            picture = png(file.read())
    with open(out, "wb") as file:
        file.write(picture)


if __name__ == "__main__":
    main()
