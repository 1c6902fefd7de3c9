# SPDX-License-Identifier: GPL-2.0-only
"""A raw arm64 Image, out of the forms in which kernels are packaged."""

import lzma
import struct
import subprocess
import tempfile
import zlib

from layout import ARM64_HEADER, ARM64_MAGIC, IMAGE_MAGIC, IMAGE_MAX
from tool import Refused, read

# What a decompressor of xz may use; kernels are packed with a dictionary of up to 128 MiB.
XZ_MEMORY = 256 << 20


class Wrong(Exception):
    """What is wrong with compressed data."""


def bounded(chunks):
    """The data, unless it is more than any image may cover: a few bytes can become that."""
    out = bytearray()
    for chunk in chunks:
        out += chunk
        if len(out) > IMAGE_MAX:
            raise Wrong(f"unpacks to more than the {IMAGE_MAX >> 20} MiB an image may cover")
    return bytes(out)


def members(data, new):
    """One compressed stream after the other; zeros may follow, as padding."""
    view, at = memoryview(data), 0
    while at < len(view):
        d = new()
        while not d.eof:
            # lzma keeps what it has not used yet, zlib gives it back.
            piece = view[at:at + (64 << 10)] if getattr(d, "needs_input", True) else b""
            chunk = d.decompress(piece, 1 << 20)
            left = d.unused_data if d.eof else getattr(d, "unconsumed_tail", b"")
            at += len(piece) - len(left)
            if not piece and not chunk and not d.eof:
                raise Wrong("its end is missing")
            yield chunk
        while at < len(view) and not view[at]:
            at += 1


def unpack_gzip(data):
    return members(data, lambda: zlib.decompressobj(31))


def unpack_xz(data):
    return members(data, lambda: lzma.LZMADecompressor(lzma.FORMAT_AUTO, XZ_MEMORY))


def unpack_zstd(data):
    """By the zstd program, which has a limit of 128 MiB for what it needs itself."""
    with tempfile.TemporaryFile() as packed:
        packed.write(data)
        packed.seek(0)
        try:
            p = subprocess.Popen(["zstd", "-dcq"], stdin=packed, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        except FileNotFoundError:
            raise Wrong("compressed by zstd, and there is no zstd program "
                        "(Debian package zstd)") from None
        with p:
            try:
                while chunk := p.stdout.read(1 << 20):
                    yield chunk
                # A few lines, which its pipe holds: nobody had to read them meanwhile.
                said = p.stderr.read().decode(errors="replace").splitlines()
                if p.wait():
                    raise Wrong(said[0] if said else "zstd refuses it")
            finally:
                p.kill()


# How each begins, its names in the header of an EFI zboot image, and who unpacks it.
FORMS = (
    (b"\x1f\x8b", ("gzip",), unpack_gzip),
    (b"\xfd7zXZ\0", ("xzkern", "xz"), unpack_xz),
    (b"\x5d\0\0", ("lzma",), unpack_xz),
    (b"\x28\xb5\x2f\xfd", ("zstd", "zstd22"), unpack_zstd),
)


def payload(name, data):
    """What is packed in an EFI zboot image (Linux, libstub/zboot-header.S)."""
    if len(data) < 56:
        raise Refused(f"{name}: too short for an EFI zboot image")
    at, size = struct.unpack_from("<II", data, 8)
    kind = data[24:56].split(b"\0")[0].decode(errors="replace")
    if at > len(data) or size > len(data) - at:
        raise Refused(f"{name}: its EFI zboot header points outside the file")
    data = data[at:at + size]
    if not any(kind in kinds for _, kinds, _ in FORMS):
        raise Refused(f"{name}: EFI zboot image with {kind!r} compression; unpack the {size} "
                      f"bytes from {at} on, and give that file")
    if not any(kind in kinds and data.startswith(magic) for magic, kinds, _ in FORMS):
        raise Refused(f"{name}: EFI zboot image of which the payload is not {kind}")
    return data


def load_kernel(name):
    """Raw, compressed, or compressed in an EFI zboot image."""
    data = read(name)
    if data[:2] == b"MZ" and data[4:8] == b"zimg":
        data = payload(name, data)
    for magic, _, unpack in FORMS:
        if data.startswith(magic):
            try:
                data = bounded(unpack(data))
            except (Wrong, zlib.error, lzma.LZMAError) as e:
                raise Refused(f"{name}: {e}") from None
            break
    if len(data) < ARM64_HEADER.size:
        raise Refused(f"{name}: too short for an arm64 Image")
    header = ARM64_HEADER.unpack_from(data)
    text_offset, image_size, flags, magic = header[2], header[3], header[4], header[8]
    if magic != ARM64_MAGIC:
        raise Refused(f"{name}: not an arm64 Image (a uImage, a unified kernel image, or "
                      "compression other than gzip, xz and zstd?)")
    if text_offset:
        raise Refused(f"{name}: text_offset {text_offset:#x}; a kernel from "
                      "5.8 on is needed")
    if flags & 1:
        raise Refused(f"{name}: big-endian kernel")
    if image_size < len(data):
        raise Refused(f"{name}: image_size is smaller than the file")
    if header[5] == IMAGE_MAGIC:
        raise Refused(f"{name}: already a HypSec image")
    return data, image_size
