# SPDX-License-Identifier: GPL-2.0-only
"""An image put together, but for its signature."""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time

import bootline
import sharing
from kernels import load_kernel
from keys import family
from layout import (ALIGN_KERNEL, ARM64_HEADER, ARM64_MAGIC, FLAGS, HEAD, IMAGE_MAGIC, IMAGE_MAX,
                    MANIFEST_MAGIC, MANIFEST_VERSION, PAGE, PART, SIGNED_SIZE, padded, up)
from tool import Refused, read

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
STUB_SCRATCH = 0x10000            # scripts/stub/main.c
CMDLINE_MAX = 2047                # arm64 COMMAND_LINE_SIZE, less the NUL


def load_stub(name):
    if name is None:
        out = os.environ.get("HYPSEC_BUILD", os.path.join(TOP, "build"))
        name = os.path.join(out, "stub", "stub.bin")
        os.makedirs(out, exist_ok=True)
        with open(os.path.join(out, "stub.lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)    # one make at a time
            p = subprocess.run(["make", "-s", "-C",
                                os.path.join(TOP, "scripts/stub"),
                                "OUT=" + os.path.dirname(name)], check=False,
                               stdout=sys.stderr)
        if p.returncode:
            raise Refused("the boot stub does not build")
    data = read(name)
    header = ARM64_HEADER.unpack_from(data) if len(data) >= 64 else None
    if not header or header[8] != ARM64_MAGIC or not 64 <= header[1] < len(data):
        raise Refused(f"{name}: not the boot stub")
    return data, header[1]


def signing_time():
    """Seconds since 1970: now, or what a reproducible build says."""
    text = os.environ.get("SOURCE_DATE_EPOCH") or str(int(time.time()))
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text, re.ASCII):
        raise Refused(f"SOURCE_DATE_EPOCH={text}: not a number of seconds")
    return int(text)


def pack(args, signer):
    """An unsigned image, and where its manifest is."""
    kernel, kernel_size = load_kernel(args.kernel)
    initrd = read(args.initrd) if args.initrd else b""
    share, share_size, virtio, note = sharing.wanted(args)
    cmdline = args.cmdline
    if args.cmdline_defaults:
        cmdline = bootline.complete(cmdline, share_size if args.rsi and any(virtio) else 0)
    cmdline = cmdline.encode()
    if len(cmdline) > CMDLINE_MAX or b"\0" in cmdline:
        raise Refused(f"command line: over {CMDLINE_MAX} bytes with what build adds, "
                      "or holds a NUL")
    if note:
        print(note, file=sys.stderr)
    stub, entry = load_stub(args.stub)

    # stub, manifest, command line, initrd, kernel, its bss, scratch
    manifest_at = up(len(stub))
    cmdline_at = manifest_at + PAGE
    initrd_at = cmdline_at + up(len(cmdline))
    kernel_at = up(initrd_at + len(initrd), ALIGN_KERNEL)
    mem_size = up(kernel_at + kernel_size) + STUB_SCRATCH
    if mem_size > IMAGE_MAX:
        raise Refused(f"image would cover {mem_size >> 20} MiB of guest memory; "
                      f"at most {IMAGE_MAX >> 20}")

    header = list(ARM64_HEADER.unpack_from(stub))
    header[3], header[5], header[6] = mem_size, IMAGE_MAGIC, manifest_at
    stub = ARM64_HEADER.pack(*header) + stub[ARM64_HEADER.size:]

    flags = sum(FLAGS[f] for f in FLAGS if f != "share" and getattr(args, f))
    flags |= FLAGS["share"] * share
    parts = b""
    out = bytearray(kernel_at + up(len(kernel)))
    for at, data in ((0, stub), (kernel_at, kernel), (initrd_at, initrd),
                     (cmdline_at, cmdline)):
        if not data:
            parts += bytes(PART.size)
            continue
        # Whole pages are signed: the host has no say in what follows a part.
        parts += PART.pack(at, len(data), hashlib.sha512(padded(data)).digest())
        out[at:at + len(data)] = data
    m = HEAD.pack(MANIFEST_MAGIC, MANIFEST_VERSION, flags, args.security_version,
                  mem_size, entry, share_size, virtio, signing_time() if args.clock else 0)
    m += parts + signer + family(args.family)
    assert len(m) == SIGNED_SIZE
    out[manifest_at:manifest_at + SIGNED_SIZE] = m
    return out, manifest_at


def to_sign(out, at):
    return bytes(out[at:at + SIGNED_SIZE])
