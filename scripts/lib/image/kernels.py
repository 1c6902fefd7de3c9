# SPDX-License-Identifier: GPL-2.0-only
"""A raw arm64 Image, out of the forms in which kernels are packaged."""

import gzip
import struct
import zlib

from layout import ARM64_HEADER, ARM64_MAGIC, IMAGE_MAGIC
from tool import Refused, read


def load_kernel(name):
    """A raw arm64 Image, from a raw, gzip or gzip EFI zboot file."""
    data = read(name)
    if data[:2] == b"MZ" and data[4:8] == b"zimg":
        at, size = struct.unpack_from("<II", data, 8)
        kind = data[24:56].split(b"\0")[0].decode(errors="replace")
        if kind != "gzip":
            raise Refused(f"{name}: EFI zboot image with {kind} compression; "
                          "unpack it first")
        data = data[at:at + size]
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as e:
            raise Refused(f"{name}: {e}") from None
    if len(data) < ARM64_HEADER.size:
        raise Refused(f"{name}: too short for an arm64 Image")
    header = ARM64_HEADER.unpack_from(data)
    text_offset, image_size, flags, magic = header[2], header[3], header[4], header[8]
    if magic != ARM64_MAGIC:
        raise Refused(f"{name}: not an arm64 Image (an EFI or uImage wrapper?)")
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
