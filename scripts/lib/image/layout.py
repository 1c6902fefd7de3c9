# SPDX-License-Identifier: GPL-2.0-only
"""The format, el2-objs/abi/hypsec_image.h, and an image taken apart."""

import hashlib
import struct

import sharing
from keys import signature_ok
from tool import Refused, read

PAGE = 4096
ALIGN_KERNEL = 2 << 20
IMAGE_MAGIC = 0x474D494345535948
MANIFEST_MAGIC = 0x4E414D4345535948
MANIFEST_VERSION = 1
MANIFEST_SIZE = 512
SIGNED_SIZE = 448
IMAGE_MAX = 256 << 20
ARM64_MAGIC = 0x644D5241
ARM64_HEADER = struct.Struct("<II6QII")
HEAD = struct.Struct("<QIIQQQQ8sQ")
PART = struct.Struct("<QQ64s")
PARTS = ("stub", "kernel", "initrd", "cmdline")
STUB, KERNEL, INITRD, CMDLINE = range(4)
FLAGS = {"debug": 1, "smp": 2, "share": 4, "console": 8, "pci": 16, "rsi": 32, "clock": 64}
# By which the host can look into a VM, or type into it: it has other sealing keys.
SEALING_FLAGS = FLAGS["debug"] | FLAGS["console"] | FLAGS["pci"]


def up(n, align=PAGE):
    return (n + align - 1) // align * align


def padded(data):
    return data + bytes(up(len(data)) - len(data))


class Image:
    """A file taken apart; raises Refused where it is no image at all."""

    def __init__(self, name):
        self.data = data = read(name)
        if len(data) < ARM64_HEADER.size:
            raise Refused(f"{name}: too short")
        h = ARM64_HEADER.unpack_from(data)
        if h[8] != ARM64_MAGIC or h[5] != IMAGE_MAGIC:
            raise Refused(f"{name}: not a HypSec image")
        self.image_size, self.at = h[3], h[6]
        if self.at % PAGE or self.at > len(data) - PAGE:
            raise Refused(f"{name}: manifest outside the file")
        m = data[self.at:self.at + MANIFEST_SIZE]
        (self.magic, self.version, self.flags, self.security_version,
         self.mem_size, self.entry, self.share_size, self.virtio,
         self.signed_at) = HEAD.unpack_from(m)
        self.parts = [PART.unpack_from(m, HEAD.size + i * PART.size)
                      for i in range(len(PARTS))]
        self.signed, self.signature = m[:SIGNED_SIZE], m[SIGNED_SIZE:]
        self.signer, self.family = m[384:416], m[416:448]
        self.reserved_zero = \
            not any(data[self.at + MANIFEST_SIZE:self.at + PAGE])

    def part(self, i):
        """With its padding, as it is signed."""
        at, size, _ = self.parts[i]
        return self.data[at:at + up(size)]

    def problems(self):
        """What is wrong with it; the core's checks, in its order."""
        if self.magic != MANIFEST_MAGIC or self.version != MANIFEST_VERSION:
            yield "unknown manifest magic or version"
            return
        if self.flags & ~sum(FLAGS.values()):
            yield f"unknown flags {self.flags:#x}"
        if not self.reserved_zero:
            yield "reserved fields are not zero"
        if bool(self.signed_at) != bool(self.flags & FLAGS["clock"]):
            yield "a clock without a time of signing, or such a time without a clock"
        yield from sharing.problems(self.flags & FLAGS["share"], self.share_size, self.virtio,
                                    self.flags & FLAGS["pci"], self.flags & FLAGS["rsi"])
        if not 0 < self.mem_size <= IMAGE_MAX or self.mem_size % PAGE:
            yield f"bad mem_size {self.mem_size:#x}"
        if self.image_size != self.mem_size:
            yield "Image header and manifest disagree about the size"
        used = [(self.at, self.at + PAGE, "manifest")]
        for i, (at, size, digest) in enumerate(self.parts):
            name = PARTS[i]
            if not size:
                if i in (STUB, KERNEL) or at or any(digest):
                    yield f"{name}: empty"
                continue
            if at % (ALIGN_KERNEL if i == KERNEL else PAGE) or (i == STUB and at):
                yield f"{name}: bad offset {at:#x}"
            if at + up(size) > min(self.mem_size, len(self.data)):
                yield f"{name}: outside the image"
                continue
            for start, end, other in used:
                if at < end and start < at + up(size):
                    yield f"{name}: overlaps {other}"
            used.append((at, at + up(size), name))
            if hashlib.sha512(self.part(i)).digest() != digest:
                yield f"{name}: digest differs"
        if self.entry % 4 or not 64 <= self.entry <= self.parts[STUB][1] - 4:
            yield f"entry {self.entry:#x} outside the stub"
        for i in range(0, len(self.data), PAGE):
            if not any(s <= i < e for s, e, _ in used) and any(self.data[i:i + PAGE]):
                yield f"data outside every part at {i:#x}"
                break
        if not any(self.signature):
            yield "unsigned"
        elif not signature_ok(self.signer, self.signed, self.signature):
            yield "signature does not verify"
