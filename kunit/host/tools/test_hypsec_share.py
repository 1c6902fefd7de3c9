#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/hypsec-image: what an image shares with its host (TAP)."""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/tools"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from image_tool import (STUB, TOP, bad, build, get, good, main, manifest_at,  # noqa: E402
                        prepare, put, ssl, test, tool)


@test
def a_key():
    good("keygen", "-o", "key")
    good(*build())
    STUB[:] = ["--stub", os.path.join(os.environ.get("HYPSEC_BUILD", TOP + "/build"),
                                      "stub/stub.bin")]


@test
def sharing_is_signed():
    """Bytes as abi/hypsec_image.h has them; the host is told nothing that is not in there."""
    for options, flags, size, virtio, words in (
            ({}, 2, 0, (), "none"),
            ({"share": "0"}, 6, 0, (), "none"),
            ({"share": "2M"}, 6, 2 << 20, (), "2 MiB"),
            ({"share": "2048K"}, 6, 2 << 20, (), "2 MiB"),
            ({"share": "1G"}, 6, 1 << 30, (), "1024 MiB"),
            ({"share": "67108864", "virtio_mmio": "blk"}, 6, 64 << 20, (2,), "64 MiB"),
            ({"share": "64M", "console": "",
              "virtio_mmio": "blk,net,rng,console,vsock,fs,net,blk"}, 14, 64 << 20,
             (2, 1, 4, 3, 19, 26, 1, 2), "64 MiB")):
        text = good(*build(out="s.img", **options))
        assert text == "", text
        data = get("s.img")
        at = manifest_at(data)
        assert struct.unpack_from("<I", data, at + 12)[0] == flags, options
        assert struct.unpack_from("<Q8sQ", data, at + 40) == \
            (size, bytes(virtio).ljust(8, b"\0"), 0), options
        text = good("inspect", "s.img")
        assert re.search(rf"^shared            {words}$", text, re.M), text
        names = options.get("virtio_mmio", "none").replace(",", " ")
        assert re.search(rf"^virtio-mmio       {names}$", text, re.M), text
        text = good("verify", "--any", "s.img")
        assert ("share" in text) == bool(flags & 4), text
        assert (f"shares {size >> 20} MiB" in text) == bool(size), text
        assert (names in text) == bool(virtio), text
    assert struct.unpack_from("<Q", get("s.img"), manifest_at(get("s.img")) + 40)[0] == 64 << 20
    # A device needs memory: so much, and that is said.
    assert "--share 64M" in good(*build(out="s.img", virtio_mmio="net"))
    assert struct.unpack_from("<Q", get("s.img"), manifest_at(get("s.img")) + 40)[0] == 64 << 20
    good(*prepare(out="s.unsigned", tbs="s.tbs", share="4M", virtio_mmio="net,blk"))
    assert get("s.tbs")[40:64] == struct.pack("<Q8sQ", 4 << 20, b"\1\2", 0)


@test
def devices_on_a_bus_are_signed():
    for options, flags, virtio, beside, bus in (
            ({"pci": "blk"}, 22, b"\x82", "", "blk"),
            ({"pci": "blk,net,rng", "console": ""}, 30, b"\x82\x81\x84", "", "blk net rng"),
            ({"pci": "net,console", "virtio_mmio": "rng,blk", "console": ""}, 30,
             b"\4\2\x81\x83", "rng blk", "net console"),
            ({"pci": "fs,vsock,blk,blk", "virtio_mmio": "blk,blk,net,net"}, 22,
             b"\2\2\1\1\x9a\x93\x82\x82", "blk blk net net", "fs vsock blk blk")):
        text = good(*build(out="s.img", share="4M", **options))
        early = [n for n in ("console", "fs") if n in options["pci"]]
        assert ("before the module" in text) == bool(text) == bool(early), text
        assert all(n in text for n in early), text
        data = get("s.img")
        at = manifest_at(data)
        assert struct.unpack_from("<I", data, at + 12)[0] == flags
        assert struct.unpack_from("<Q8s", data, at + 40) == (4 << 20, virtio.ljust(8, b"\0"))
        text = good("inspect", "s.img")
        assert "pci (0x" in text
        assert f"\nvirtio-mmio       {beside or 'none'}\n" in text, text
        assert f"\nvirtio-pci        {bus}\n" in text, text
        assert "; shares 4 MiB with its host" + f", for {beside}" * bool(beside) + \
            f", for {bus} on a PCIe bus, where the host may have more" in \
            good("verify", "--any", "s.img")
    assert "--pci needs" in good(*build(out="s.img", pci="net"))
    assert struct.unpack_from("<Q", get("s.img"), manifest_at(get("s.img")) + 40)[0] == 64 << 20
    good(*prepare(out="s.unsigned", tbs="s.tbs", share="4M", pci="net,blk"))
    assert get("s.tbs")[40:64] == struct.pack("<Q8sQ", 4 << 20, b"\x81\x82", 0)


@test
def a_realm():
    """What it shares is a BAR that covers its RAM; the line that starts it is printed."""
    for options, size, virtio, slots, memory in (
            ({"share": "256M", "virtio_mmio": "blk,net,rng"}, 256 << 20, (2, 1, 4), 8192, 256),
            ({"share": "4G", "virtio_mmio": "blk"}, 4 << 30, (2,), 32768, 3072),
            ({"share": "64G", "virtio_mmio": "vsock"}, 64 << 30, (19,), 32768, 64512),
            ({"virtio_mmio": "net"}, 1 << 30, (1,), 32768, 1024),
            ({"share": "512M"}, 512 << 20, (), None, 512), ({"share": "0"}, 0, (), None, 1024)):
        text = good(*build(out="s.img", rsi="", **options))
        assert ("--share 1024M" in text) == ("share" not in options), text
        data = get("s.img")
        at = manifest_at(data)
        assert struct.unpack_from("<I", data, at + 12)[0] == 2 | 4 | 32
        assert struct.unpack_from("<Q8s", data, at + 40) == \
            (size, bytes(virtio).ljust(8, b"\0")), options
        said = good("inspect", "s.img")
        assert re.search(r"^flags .*\brsi\b", said, re.M), said
        assert re.findall(r"swiotlb=(\d+)", said) == ([str(slots)] if slots else []), said
        assert "as a Realm" in good("verify", "--any", "s.img")
        words = text.replace("\\\n", " ").split()
        assert f"{memory}M" == words[words.index("-m") + 1], text
        assert (f"memory-backend-ram,id=shared,size={size >> 20}M" in words) == bool(size), text
        assert ("ivshmem-plain,memdev=shared" in words) == bool(size), text
        assert text.count("iommu_platform=on") == len(virtio), text
    # What its signer says of buffers stands; with no defaults there is none.
    for options, want in (({"cmdline": "swiotlb=99"}, ["99"]), ({"no_cmdline_defaults": ""}, [])):
        good(*build(out="s.img", rsi="", virtio_mmio="blk", **options))
        assert re.findall(r"swiotlb=(\d+)", good("inspect", "s.img")) == want
    good(*build(out="s.img", share="64M", virtio_mmio="blk"))
    assert "swiotlb" not in good("inspect", "s.img")
    # Signed elsewhere
    good(*prepare(out="s.unsigned", tbs="s.tbs", rsi="", share="2M", virtio_mmio="net"))
    ssl("pkeyutl", "-sign", "-inkey", "key", "-rawin", "-in", "s.tbs", "-out", "s.sig")
    assert "ivshmem-plain" in good("attach", "--signature", "s.sig", "--public", "key.pub",
                                   "-o", "s.img", "s.unsigned")


@test
def a_realm_that_makes_no_sense():
    for size in ("6M", "3G", "48M"):
        bad("a power of 2", *build(out="no.img", rsi="", share=size))
    bad("no PCIe bus", *build(out="no.img", rsi="", pci="blk", share="64M"))
    bad("need memory", *build(out="no.img", rsi="", share="0", virtio_mmio="blk"))
    for size in ("128G", "66M", "64M"):
        status, text = tool(*build(out="no.img", rsi="", share=size))
        assert (status == 0) == (size == "64M"), text
    os.unlink("no.img")
    bad("a size is", *build(out="no.img", share="2G"))


@test
def sharing_that_makes_no_sense():
    for size in ("", "1", "1M", "3M", "2049K", "1026M", "2G", "-2M", "64m", "64MB", "0x200000",
                 "1e9", "9999999999999", "\u0662M", "64 M", "inf"):
        bad("a size is", *build(out="no.img"), "--share=" + size)
    for names, want in (("", "is none of"), ("2", "name the"), ("blk,2", "name the"),
                        ("disk", "is none of"), ("blk,balloon", "hypsec-report.ko"),
                        ("9p", "no kernel"), ("blk,", "is none of"), ("blk net", "is none of"),
                        ("BLK", "is none of"), ("\u0662", "name the"), (",".join(["blk"] * 9),
                                                                      "at most 8")):
        bad(want, *build(out="no.img"), "--virtio-mmio=" + names)
        bad(want, *build(out="no.img"), "--pci=" + names)
    bad("expected one argument", *build(out="no.img"), "--pci")
    bad("at most 8", *build(out="no.img", share="2M", virtio_mmio="blk,blk,blk,blk",
                            pci="net,net,net,net,net"))
    bad("need memory", *build(out="no.img", share="0", virtio_mmio="blk"))
    bad("need memory", *build(out="no.img", share="0", pci="blk"))
    bad("--console", *build(out="no.img", share="2M", virtio_mmio="blk,console"))
    bad("--console", *build(out="no.img", share="2M", pci="blk,console"))
    assert not os.path.exists("no.img")


@test
def sharing_is_verified():
    """As the core's test_manifest.c has it, on a manifest that is signed."""
    good(*build(out="s.img", share="4M", virtio_mmio="blk,net"))
    data = get("s.img")
    at = manifest_at(data)
    for off, value, want in ((40, bytes(8), "no memory"), (40, b"\0\x10", "share_size"),
                             (43, b"\x40", "share_size"), (12, b"\2", "share_size"),
                             (47, b"\x80", "share_size"), (48, b"\0", "gap"),
                             (49, b"\0\2", "gap"), (55, b"\1", "gap"),
                             (49, b"\x81", "without the bus"), (12, b"\x16", "without a device"),
                             (48, b"\x82", "before others"), (49, b"\x80", "no number"), (56, b"\1", "such a time without")):
        d = bytearray(data)
        d[at + off:at + off + len(value)] = value
        put("signed", d[at:at + 448])
        ssl("pkeyutl", "-sign", "-inkey", "key", "-rawin", "-in", "signed", "-out", "sig")
        d[at + 448:at + 512] = get("sig")
        status, text = tool("verify", "--any", put("t.img", d))
        assert status == 1 and want in text and "signature" not in text, (off, value, text)
    good(*build(out="s.img", share="4M", pci="net"))
    d = bytearray(get("s.img"))
    at = manifest_at(d)
    d[at + 40:at + 48] = bytes(8)
    assert "no memory" in tool("verify", "--any", put("t.img", d))[1]


if __name__ == "__main__":
    main()
