# SPDX-License-Identifier: GPL-2.0-only
"""A root file system, as its owner has made it, and the disk that it is shipped on."""

import hashlib
import os
import re
import shutil
import stat
import subprocess

from tool import Refused

MIB = 1 << 20
HEAD = 2 * MIB                  # two slots for the header, zero until the first boot
NETWORK = ("etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
           "etc/systemd/system/multi-user.target.wants/NetworkManager.service",
           "etc/systemd/system/multi-user.target.wants/networking.service")


def run(*args, **more):
    try:
        p = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, check=False, **more)
    except FileNotFoundError:
        raise Refused(f"no {args[0]} program") from None
    if p.returncode:
        text = p.stderr.decode(errors="replace").strip()
        raise Refused(f"{args[0]}: {text.splitlines()[-1] if text else p.returncode}")


class Root:
    """A DIR, or a TAR that is unpacked into @work."""

    def __init__(self, name, work):
        self.name = name
        self.folder = name
        if not os.path.isdir(name):
            self.folder = os.path.join(work, "root")
            os.mkdir(self.folder, 0o700)
            run("tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf",
                os.path.abspath(name), "-C", self.folder)
            # The archive's "." says otherwise, if it has one.
            os.chmod(self.folder, 0o755)

    def at(self, path):
        """In the root, and not by an absolute link in the workstation's."""
        full = os.path.join(self.folder, path)
        real, top = os.path.realpath(full), os.path.realpath(self.folder)
        if os.path.commonpath((real, top)) != top:
            raise Refused(f"{self.name}: {path} leads out of it; name the file by an option")
        return full

    def has(self, path):
        """Links of a root are good in it, wherever they lead here."""
        return os.path.lexists(os.path.join(self.folder, path))

    def modules(self, release=None):
        """lib/modules/RELEASE: of @release, or the newest."""
        for top in ("usr/lib/modules", "lib/modules"):
            if os.path.isdir(os.path.join(self.folder, top)):
                there = [r for r in os.listdir(self.at(top))
                         if os.path.exists(os.path.join(self.folder, top, r, "modules.dep"))]
                if release in there or (there and release is None):
                    return self.at(os.path.join(top, release or max(there, key=order)))
        return None

    def kernel(self, release):
        path = f"boot/vmlinuz-{release}"
        return self.at(path) if self.has(path) else None

    def network(self):
        return "root" if any(self.has(p) for p in NETWORK) else "dhcp"


def order(release):
    """Versions as people count: 6.12 is after 6.9."""
    return [(int(n), t) for t, n in re.findall(r"(\D*)(\d+)", release)]


def size_of(folder):
    """Bytes of blocks, and the number of files."""
    total = files = 0
    for top, dirs, names in os.walk(folder):
        for n in dirs + names:
            s = os.lstat(os.path.join(top, n))
            files += 1
            if stat.S_ISREG(s.st_mode) or stat.S_ISDIR(s.st_mode):
                total += (s.st_size + 4095) // 4096 * 4096
    return total, files


def room_for(folder):
    """The size of the file system that is shipped, in whole MiB: it grows in the VM."""
    total, files = size_of(folder)
    return (total + total // 12 + files * 512 + 12 * MIB + MIB - 1) // MIB * MIB


def file_system(folder, name, at, size):
    """An ext4 of @folder in the file @name, from @at on."""
    environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "1", "-J", "size=4", "-i", "16384",
        "-N", str(size_of(folder)[1] + size // 32768 + 64), "-d", folder,
        "-E", f"offset={at},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
        name, f"{size >> 10}k", env=environment)


def make_disk(root, name, size):
    """The disk as the first boot finds it; returns the size and hash of the root in it."""
    if os.geteuid():
        raise Refused("only root reads all of a root file system and keeps its owners: "
                      "run this as root, or under fakeroot")
    room = room_for(root.folder)
    least = HEAD + 2 * room + 32 * MIB
    if size is None:
        size = least + 1024 * MIB
    if size < least:
        raise Refused(f"--size: at least {least // MIB}M for this root")
    new = name + ".new"
    with open(new, "wb") as f:
        f.truncate(size // MIB * MIB)
    try:
        file_system(root.folder, new, HEAD, room)
        h = hashlib.sha512()
        with open(new, "rb") as f:
            f.seek(HEAD)
            for _ in range(room // MIB):
                h.update(f.read(MIB))
        if os.path.getsize(new) != size // MIB * MIB:
            raise Refused("mke2fs has changed the size of the disk")
        os.rename(new, name)
    except BaseException:
        os.unlink(new)
        raise
    return room, h.hexdigest()


def free_name(name):
    """A disk holds somebody's data once it has been booted: never overwritten."""
    if os.path.exists(name):
        raise Refused(f"{name} exists; not overwritten")
    if not shutil.which("mke2fs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
        raise Refused("no mke2fs program (Debian package e2fsprogs)")
