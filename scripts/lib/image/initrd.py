# SPDX-License-Identifier: GPL-2.0-only
"""The initrd of an image with an encrypted root: scripts/root, its tools, the kernel's modules."""

import gzip
import lzma
import os
import re
import stat
import subprocess
import zlib

from kernels import FORMS, Wrong, bounded
from packing import TOP
from tool import Refused, read

# Loaded in this order, what they need before them. The second list's are for one processor or
# kernel and not for another; without them something slower does, or the kernel has it built in.
REQUIRED = ("dm_mod", "dm_crypt", "dm_integrity", "authenc", "xts", "ext4", "virtio_blk")
OPTIONAL = ("cryptomgr", "aes_generic", "sha256_generic", "hmac", "ecb", "cbc", "crc32c_generic",
            "sha256_arm64", "sha2_ce", "aes_neon_bs", "aes_ce_blk", "algif_skcipher",
            "virtio_net", "virtio_rng")
DMA_MODULE = "hypsec_dma"


def module_name(path):
    return os.path.basename(path).split(".ko")[0].replace("-", "_")


class Modules:
    """A lib/modules/RELEASE folder."""

    def __init__(self, folder):
        self.folder = folder
        self.release = os.path.basename(os.path.realpath(folder))
        try:
            dep = read(os.path.join(folder, "modules.dep")).decode()
            builtin = read(os.path.join(folder, "modules.builtin")).decode()
        except FileNotFoundError as e:
            raise Refused(f"{e.filename}: missing; run depmod for {self.release}") from None
        self.needs = {}
        self.path = {}
        for line in dep.splitlines():
            path, _, needs = line.partition(":")
            self.path[module_name(path)] = path
            self.needs[path] = needs.split()
        self.builtin = {module_name(p) for p in builtin.split()}

    def load_order(self, names):
        """The files of @names and of what they need, each after what it needs."""
        for name in names:
            path = self.path[name]
            # depmod lists what is needed such that the last has to be loaded first.
            yield from reversed(self.needs[path])
            yield path

    def plan(self, transport):
        """What to load, in order, as (path, whether it has to load)."""
        required = REQUIRED[:-1] + (transport,) + REQUIRED[-1:]
        missing = [m for m in required if m not in self.path and m not in self.builtin]
        if missing:
            raise Refused(f"{self.folder}: neither module nor built in: {', '.join(missing)}")
        must = dict.fromkeys(self.load_order(m for m in required if m in self.path))
        may = dict.fromkeys(self.load_order(m for m in OPTIONAL if m in self.path))
        # The disk comes after what opens it; what else is virtio after the disk.
        first = [(p, p in must) for p in may if "virtio" not in p]
        return first + [(p, True) for p in must if p not in may] + \
            [(p, p in must) for p in may if "virtio" in p]

    def data(self, path):
        return module_data(os.path.join(self.folder, path))


def module_data(name):
    data = read(name)
    for magic, _, unpack in FORMS:
        if data.startswith(magic):
            try:
                data = bounded(unpack(data))
            except (Wrong, zlib.error, lzma.LZMAError) as e:
                raise Refused(f"{name}: {e}") from None
    if data[:4] != b"\x7fELF":
        raise Refused(f"{name}: not a kernel module")
    return data


def release_of(module):
    """The kernel release that a module was built for."""
    m = re.search(rb"\0vermagic=([^ \0]+) ", module)
    return m[1].decode() if m else None


class Archive:
    """A cpio archive (newc) as the kernel unpacks it; all of it is root's."""

    def __init__(self):
        self.out = bytearray()
        self.seen = {""}

    def entry(self, name, mode, data=b"", rdev=(0, 0)):
        head = (len(self.seen), mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        self.out += b"070701" + b"".join(b"%08x" % v for v in head) + name.encode() + b"\0"
        self.out += bytes(-len(self.out) % 4) + data
        self.out += bytes(-len(self.out) % 4)
        self.seen.add(name)

    def parents(self, name):
        at = os.path.dirname(name)
        if at not in self.seen:
            self.parents(at)
            self.entry(at, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self.parents(name)
        self.entry(name, stat.S_IFREG | mode, data)

    def folder(self, name):
        self.parents(name + "/x")

    def end(self):
        self.entry("TRAILER!!!", 0)
        return bytes(self.out)


def tools_folder(name):
    if name is None:
        p = subprocess.run([os.path.join(TOP, "scripts/root/tools")], check=False,
                           stdout=subprocess.PIPE)
        if p.returncode:
            raise Refused("the tools of the initrd cannot be had: see above")
        name = p.stdout.decode().strip()
    return name


def make_initrd(modules, tools, conf, dma_module=None, transport="virtio_mmio"):
    """The archive, packed; @conf: what init reads, @dma_module: hypsec-dma.ko's contents."""
    a = Archive()
    for d in ("dev", "proc", "sys", "run", "tmp", "newroot", "bin", "lib", "sbin"):
        a.folder(d)
    a.entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))
    own = os.path.join(TOP, "scripts/root")
    a.file("init", read(os.path.join(own, "init")), 0o755)
    a.file("hypsec/disk.sh", read(os.path.join(own, "disk.sh")))
    a.file("hypsec/dhcp", read(os.path.join(own, "dhcp")), 0o755)
    a.file("hypsec/conf", "".join(f"{k}='{v}'\n" for k, v in conf.items()).encode())
    for sub in ("bin", "lib"):
        for f in sorted(os.listdir(os.path.join(tools, sub))):
            a.file(f"{sub}/{f}", read(os.path.join(tools, sub, f)), 0o755)
    lines = []
    if dma_module:
        a.file(f"modules/{DMA_MODULE}.ko", dma_module)
        lines.append(f"/modules/{DMA_MODULE}.ko")
    for path, must in modules.plan(transport):
        name = f"modules/{module_name(path)}.ko"
        a.file(name, modules.data(path))
        lines.append("?" * (not must) + "/" + name)
    a.file("hypsec/modules", "".join(line + "\n" for line in lines).encode())
    return gzip.compress(a.end(), 6, mtime=0)
