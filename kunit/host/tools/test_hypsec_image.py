#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/hypsec-image: what it makes, what it refuses, what it notices (TAP)."""

import gzip
import lzma
import os
import random
import re
import resource
import shutil
import stat
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/tools"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from image_tool import (CLOSED, STUB, TOOL, TOP, attach, bad, build, get, good,  # noqa: E402
                        half_sha512, kernel, main, manifest_at, prepare, put, ssl, test, tool)


@test
def keygen_makes_a_private_key():
    text = good("keygen", "-o", "key").strip()
    assert text == good("key-hash", "key.pub").split()[0]
    assert stat.S_IMODE(os.stat("key").st_mode) == 0o600
    assert stat.S_IMODE(os.stat("key.pub").st_mode) == 0o644
    assert b"PUBLIC" in get("key.pub") and b"PRIVATE" not in get("key.pub")


@test
def keygen_never_overwrites():
    before = get("key")
    bad("exists", "keygen", "-o", "key")
    assert get("key") == before


@test
def build_verify_inspect():
    good(*build())
    STUB[:] = ["--stub", os.path.join(os.environ.get("HYPSEC_BUILD", TOP + "/build"),
                                      "stub/stub.bin")]
    assert "good" in good("verify", "--any", "vm.img")
    good("verify", "--signer", "key.pub", "vm.img")
    good("verify", "--signer", "key", "vm.img")
    text = good("inspect", "vm.img")
    assert "flags             smp (0x2)" in text
    assert f"command line      {CLOSED} console=ttyAMA0\n" in text


@test
def names_by_openssl():
    """Key hash, identity, digests and signature, without a line of ours."""
    put("raw", ssl("pkey", "-in", "key", "-pubout", "-outform", "DER")[-32:])
    assert good("key-hash", "key.pub", "key").split() == \
        [half_sha512("raw"), "key.pub", half_sha512("raw"), "key"]
    data = get("vm.img")
    at = manifest_at(data)
    put("signed", data[at:at + 448])
    put("sig", data[at + 448:at + 512])
    ssl("pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin", "-in", "signed",
        "-sigfile", "sig")
    text = good("inspect", "vm.img")
    assert f"identity          {half_sha512('signed')}\n" in text
    assert f"signer's hash     {half_sha512('raw')}\n" in text
    assert f"signer            {get('raw').hex()}\n" in text
    for i, name in enumerate(("stub", "kernel", "initrd", "cmdline")):
        off, size = struct.unpack_from("<QQ", data, at + 64 + 80 * i)
        part = data[off:off + (size + 4095) // 4096 * 4096]
        put("part", part + bytes(-len(part) % 4096))
        digest = ssl("dgst", "-sha512", "-r", "part").decode().split()[0]
        assert data[at + 80 + 80 * i:at + 144 + 80 * i].hex() == digest, name
        assert digest in text


@test
def manifest_is_as_documented():
    """Byte by byte: the table at the head of abi/hypsec_image.h."""
    data = get("vm.img")
    m = data[manifest_at(data):][:4096]
    assert m[0:8] == b"HYSECMAN" and m[8:16] == bytes((1, 0, 0, 0, 2, 0, 0, 0))
    assert m[16:24] == bytes(8)
    assert m[24:32] == data[16:24]
    assert int.from_bytes(m[32:40], "little") % 4 == 0
    assert not any(m[40:64]) and not any(m[64:72]) and not any(m[416:448])
    assert int.from_bytes(m[144:152], "little") % (2 << 20) == 0
    assert int.from_bytes(m[152:160], "little") == 300000
    assert int.from_bytes(m[232:240], "little") == 70001
    assert int.from_bytes(m[312:320], "little") == len(CLOSED + " console=ttyAMA0")
    assert m[384:416] == ssl("pkey", "-in", "key", "-pubout", "-outform", "DER")[-32:]
    assert any(m[448:512]) and not any(m[512:])


@test
def the_table_has_no_gap():
    """Each byte of the manifest's page is in the documentation once."""
    text = get(os.path.join(TOP, "el2-objs/abi/hypsec_image.h")).decode()
    table = [tuple(map(int, row)) for row in
             re.findall(r"^ \*\s+(\d+)\s+(\d+)\t", text, re.M)]
    assert len(table) == 17, table
    end = 0
    for offset, size in table:
        assert offset == end, (offset, end)
        end += size
    assert end == 4096


@test
def signed_elsewhere():
    """prepare, OpenSSL, attach: the same file as with the key at hand."""
    good(*prepare())
    assert len(get("vm.tbs")) == 448
    ssl("pkeyutl", "-sign", "-inkey", "key", "-rawin", "-in", "vm.tbs", "-out", "vm.sig")
    good(*attach())
    assert get("vm2.img") == get("vm.img")
    assert f"identity          {half_sha512('vm.tbs')}\n" in good("inspect", "vm2.img")
    # Options end up in what is signed.
    good(*prepare(tbs="o.tbs", out="o.unsigned", security_version="9", no_smp=""))
    assert get("o.tbs") != get("vm.tbs")
    assert get("o.tbs")[16] == 9 and get("o.tbs")[12] == 0


@test
def a_key_of_openssl_will_do():
    ssl("genpkey", "-algorithm", "ed25519", "-out", "okey")
    ssl("pkey", "-in", "okey", "-pubout", "-out", "okey.pub")
    good(*build(out="okey.img", key="okey"))
    good("verify", "--signer", "okey.pub", "okey.img")
    # The public half as DER, as an HSM may give it
    ssl("pkey", "-in", "okey", "-pubout", "-outform", "DER", "-out", "okey.der")
    assert good("key-hash", "okey.der").split()[0] == good("key-hash", "okey").split()[0]


@test
def unsigned_is_said():
    status, text = tool("verify", "--any", "vm.unsigned")
    assert status == 1 and text == "vm.unsigned: unsigned\n", text
    assert "signature         none" in good("inspect", "vm.unsigned")


@test
def attach_refuses():
    sig = get("vm.sig")
    ssl("genpkey", "-algorithm", "ed25519", "-out", "akey")
    ssl("pkey", "-in", "akey", "-pubout", "-out", "akey.pub")
    ssl("pkeyutl", "-sign", "-inkey", "akey", "-rawin", "-in", "vm.tbs", "-out", "a.sig")
    ssl("pkeyutl", "-sign", "-inkey", "key", "-rawin", "-in", "o.tbs", "-out", "o.sig")
    no = {"out": "no.img"}
    bad("does not verify", *attach(signature="a.sig", **no))
    bad("does not verify", *attach(signature="o.sig", **no))
    bad("another key", *attach(signature="a.sig", public="akey.pub", **no))
    bad("another key", *attach(public="akey.pub", **no))
    for data in (b"", sig[:63], sig + b"\n", sig.hex().encode()):
        bad("64 bytes", *attach(signature=put("x.sig", data), **no))
    bad("unsigned", *attach(signature=put("x.sig", bytes(64)), **no))
    flipped = bytearray(sig)
    flipped[40] ^= 1
    bad("does not verify", *attach(signature=put("x.sig", flipped), **no))
    bad("signed already", *attach(image="vm.img", **no))
    bad("not a HypSec image", *attach(image="Image", **no))
    bad("too short", *attach(image=put("x", b"x" * 63), **no))
    # What was changed since it was prepared is not made to look signed.
    changed = bytearray(get("vm.unsigned"))
    changed[-100] ^= 1
    bad("kernel: digest differs", *attach(image=put("x.unsigned", changed), **no))
    changed = get("vm.unsigned")[:-5000]
    bad("kernel: outside", *attach(image=put("x.unsigned", changed), **no))
    assert not os.path.exists("no.img")


@test
def versions():
    good(*build(out="max.img", security_version=str(2 ** 64 - 1)))
    assert f"security version  {2 ** 64 - 1}" in good("inspect", "max.img")
    good("verify", "--any", "--min-version", str(2 ** 64 - 1), "max.img")
    status, text = tool("verify", "--any", "--min-version", "1", "vm.img")
    assert status == 1 and "older than 1" in text
    for wrong in ("-1", str(2 ** 64), "x", "1.5", ""):
        bad("security version", *build(out="no.img", security_version=wrong or " "))
    assert not os.path.exists("no.img")


@test
def it_is_an_arm64_image():
    data = get("vm.img")
    h = struct.unpack_from("<II6QII", data)
    assert h[8] == 0x644D5241 and h[2] == 0 and h[3] >= len(data)
    assert h[3] % 4096 == 0


@test
def kernel_and_scratch_fit():
    """The kernel's bss is inside mem_size, at 2 MiB, and nothing is behind it."""
    data = get("vm.img")
    mem_size = struct.unpack_from("<Q", data, 16)[0]
    at = struct.unpack_from("<Q", data, 40)[0]
    off, size = struct.unpack_from("<QQ", data, at + 64 + 80)
    assert off % (2 << 20) == 0 and data[off:off + size] == get("Image")
    assert off + 400000 + 0x10000 <= mem_size
    assert len(data) <= off + 400000


@test
def same_inputs_same_bytes():
    good(*build(out="again.img"))
    assert get("again.img") == get("vm.img")


def zstd(data, *options):
    return subprocess.run(["zstd", "-qc", *options], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def zboot(kind, packed, at=64, size=None):
    """As Linux' libstub/zboot-header.S has it; behind the payload is what is no part of it."""
    head = b"MZ\0\0zimg" + struct.pack("<II8x", at, len(packed) if size is None else size)
    return (head + kind.encode()).ljust(64, b"\0") + packed + struct.pack("<I", 300000)


def packed():
    """The kernel in every form: name, bytes."""
    data = get("Image")
    forms = {"gzip": gzip.compress(data), "xz": lzma.compress(data),
             "lzma": lzma.compress(data, lzma.FORMAT_ALONE), "zstd": zstd(data)}
    # xzkern: how the kernel's own scripts/xz_wrap.sh asks for it; zstd22: likewise
    forms["xzkern"] = lzma.compress(data, check=lzma.CHECK_CRC32)
    forms["zstd22"] = zstd(data, "-22", "--ultra")
    for kind, z in forms.items():
        yield kind, z
    for kind, z in forms.items():
        yield kind + " zboot", zboot(kind, z)
    half = len(data) // 2
    yield "two members", gzip.compress(data[:half]) + gzip.compress(data[half:])
    yield "two streams", lzma.compress(data[:half]) + bytes(8) + lzma.compress(data[half:])
    yield "two frames", zstd(data[:half]) + zstd(data[half:])
    yield "padding", gzip.compress(data) + bytes(500)


@test
def packed_kernels_are_the_same_image():
    for name, data in packed():
        good(*build(out="p.img", kernel=put("p", data)))
        assert get("p.img") == get("vm.img"), name


@test
def damaged_kernels_are_refused():
    """Cut off, or with a byte changed: never taken for a kernel, and said without a traceback."""
    rng = random.Random(4)
    for name, data in packed():
        cut = data[:len(data) // 3]
        bad("p: ", *build(out="no.img", kernel=put("p", cut)))
        if "lzma" in name or "zstd" in name:
            continue                    # these have no check of what is in them
        changed = bytearray(data)
        changed[rng.randrange(100, len(data) // 2)] ^= 0x55
        status, text = tool(*build(out="no.img", kernel=put("p", changed)))
        assert status == 2 and "p: " in text and "Traceback" not in text, (name, text)
    for data, want in ((zboot("lzo", b"x" * 90), "'lzo' compression"),
                       (zboot("zstd", gzip.compress(b"x")), "not zstd"),
                       (zboot("gzip", b"", size=2 ** 32 - 1), "outside the file"),
                       (zboot("gzip", b"", at=2 ** 32 - 1), "outside the file"),
                       (b"MZ\0\0zimg", "too short"), (zstd(bytes(90)), "not an arm64 Image"),
                       (zstd(b""), "too short"), (gzip.compress(b""), "too short")):
        bad(want, *build(out="no.img", kernel=put("p", data)))
    assert not os.path.exists("no.img")


@test
def bombs_are_refused():
    """A few kilobytes that become gigabytes do not get the memory."""
    mib = bytes(32 << 20)
    for z in (gzip.compress(mib), lzma.compress(mib, preset=0), zstd(mib, "-1")):
        assert len(z) < 200000
        args = [sys.executable, TOOL] + build(out="no.img", kernel=put("p", z * 64))
        p = subprocess.run(args, capture_output=True, text=True, check=False,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS,
                                                                 (2 << 30, 2 << 30)))
        assert p.returncode == 2 and "more than the 256 MiB" in p.stderr, p
    # Nor does what says of itself that it needs more than a kernel does.
    bad("p: ", *build(out="no.img", kernel=put("p", zstd(b"x" * 100, "--ultra", "--long=31",
                                                         "--no-check", "-22"))))
    assert not os.path.exists("no.img")


@test
def what_is_missing_is_said():
    os.makedirs("bin", exist_ok=True)
    if not os.path.lexists("bin/openssl"):
        os.symlink(shutil.which("openssl"), "bin/openssl")
    args = [sys.executable, TOOL] + build(out="no.img", kernel=put("p", zstd(get("Image"))))
    p = subprocess.run(args, capture_output=True, text=True, check=False,
                       env={**os.environ, "PATH": os.path.abspath("bin")})
    assert p.returncode == 2 and "Debian package zstd" in p.stderr, p


@test
def verify_says_whose():
    """Anybody can sign an image: that alone is no reason to trust it."""
    bad("--signer", "verify", "vm.img")
    bad("--any", "verify", "vm.img")
    bad("--any", "verify", "--min-version", "0", "vm.img")
    bad("--any", "verify", "--any", "--signer", "key.pub", "vm.img")
    assert "good" not in tool("verify", "vm.img")[1]
    assert "good, by anybody" in good("verify", "--any", "vm.img")
    assert "anybody" not in good("verify", "--signer", "key.pub", "vm.img")


@test
def options_are_signed():
    good(*build(out="o.img", no_smp="", debug="", share="0", security_version="7"))
    text = good("inspect", "o.img")
    assert "debug share (0x5)" in text and "security version  7" in text
    assert "good" in good("verify", "--any", "o.img")
    good(*build(out="o.img", console=""))
    assert "smp console (0xa)" in good("inspect", "o.img")
    assert "good" in good("verify", "--any", "o.img")


def command_line(given, *options):
    good("build", "--kernel", "Image", "--cmdline", given, "--key", "key", "-o", "c.img", *STUB,
         *options)
    text = re.findall(r"^command line      (.*)$", good("inspect", "c.img"), re.M)
    return text[0] if text else ""


@test
def shells_are_closed_unless_said_otherwise():
    assert command_line("") == CLOSED
    assert command_line("quiet root=/dev/vda") == CLOSED + " quiet root=/dev/vda"
    # A value of the user's own, also an odd one, is the user's.
    for own in ("panic=-1", "panic=", "panic", "rd.shell=1", "rdshell", "rd.emergency=halt",
                "sysctl.kernel.sysrq=1", "sysctl.kernel/sysrq=1", "sysctl/kernel.sysrq=1",
                '"panic=30"'):
        have = command_line("a=b " + own + " c")
        name = own.strip('"').split("=")[0].replace("/", ".").replace("rdshell", "rd.shell")
        want = [d for d in CLOSED.split() if d.split("=")[0] != name]
        assert len(want) == 3 and have == " ".join(want + ["a=b", own, "c"]), (own, have)
    # What only looks like one: another name, text in quotes, arguments for init.
    for other in ("xpanic=1", "panic_print=1", 'x="y panic=0 z"', "quiet -- panic=0"):
        assert command_line(other) == CLOSED + " " + other
    assert command_line(CLOSED) == CLOSED
    assert command_line("quiet", "--no-cmdline-defaults") == "quiet"
    assert command_line("", "--no-cmdline-defaults") == ""


@test
def no_initrd_no_cmdline():
    put("empty", b"")
    good(*build(out="e.img", initrd="empty", cmdline="", no_cmdline_defaults=""))
    assert "cmdline           none" in good("inspect", "e.img")
    assert "initrd            none" in good("inspect", "e.img")
    assert "good" in good("verify", "--any", "e.img")


@test
def every_change_is_noticed():
    data = get("vm.img")
    rng = random.Random(2)
    at = struct.unpack_from("<Q", data, 40)[0]
    spots = [rng.randrange(len(data)) for _ in range(25)]
    spots += [rng.randrange(at, at + 512) for _ in range(25)]
    spots += [rng.randrange(at + 512, at + 4096), len(data) - 1, 16, 70]
    for spot in spots:
        d = bytearray(data)
        d[spot] ^= 1 << rng.randrange(8)
        put("t.img", bytes(d))
        status, text = tool("verify", "--any", "t.img")
        assert status in (1, 2) and "t.img: " in text, (f"offset {spot:#x}", text)


@test
def truncation_is_noticed():
    data = get("vm.img")
    for size in (0, 63, 64, 4096, len(data) // 2, len(data) - 1):
        put("t.img", data[:size])
        status, text = tool("verify", "--any", "t.img")
        assert status in (1, 2) and "t.img: " in text and "Traceback" not in text, (size, text)


@test
def other_signer_is_noticed():
    good("keygen", "-o", "key2")
    good(*build(out="k2.img", key="key2"))
    good("verify", "--any", "k2.img")
    status, text = tool("verify", "--signer", "key.pub", "k2.img")
    assert status == 1 and "another key" in text


@test
def each_field_is_checked():
    """A signed manifest with one wrong field: as test_manifest.c has them."""
    data = get("vm.img")
    at = manifest_at(data)
    for off, size, value, want in (
            (0, 8, 0, "magic or version"), (8, 4, 2, "magic or version"),
            (12, 4, 128, "unknown flags"), (12, 4, 48, "a Realm with a PCIe bus"),
            (56, 8, 1, "such a time without"), (63, 1, 128, "such a time without"),
            (12, 4, 66, "a clock without"),
            (40, 8, 1, "share_size"), (40, 8, 2 << 20, "share_size"), (48, 1, 2, "devices"),
            (512, 1, 1, "reserved"), (24, 8, 0, "mem_size"), (24, 8, 2 ** 64 - 4096, "mem_size"),
            (32, 8, 2, "entry"), (32, 8, 2 ** 64 - 4, "entry"),
            (152, 8, 2 ** 64 - 4096, "kernel: outside"), (152, 8, 0, "kernel: empty"),
            (144, 8, 2 ** 64 - (2 << 20), "kernel: outside"),
            (224, 8, 1, "initrd: bad offset"), (224, 8, 2 ** 64 - 4096, "initrd: outside"),
            (224, 8, at, "initrd: overlaps manifest"), (304, 8, 0, "cmdline: overlaps stub")):
        d = bytearray(data)
        d[at + off:at + off + size] = value.to_bytes(size, "little")
        put("signed", d[at:at + 448])
        ssl("pkeyutl", "-sign", "-inkey", "key", "-rawin", "-in", "signed", "-out", "sig")
        d[at + 448:at + 512] = get("sig")
        status, text = tool("verify", "--any", put("t.img", d))
        assert status == 1 and want in text, (off, value, text)
        assert "signature" not in text


@test
def refuses_bad_kernels():
    for data, want in ((kernel(text_offset=0x80000), "text_offset"),
                       (kernel(flags=0xB), "big-endian"),
                       (kernel(image_size=1000), "image_size"),
                       (kernel(magic=0), "not an arm64 Image"),
                       (kernel(image_size=256 << 20), "at most"),
                       (get("vm.img"), "already"),
                       (b"MZ", "too short"),
                       (b"\x1f\x8b\x08" + bytes(20), "k:"),
                       (b"MZ\0\0zimg" + bytes(16) + b"zstd22".ljust(40, b"\0"),
                        "not zstd22")):
        bad(want, *build(out="no.img", kernel=put("k", data)))
    assert not os.path.exists("no.img")


@test
def refuses_bad_command_lines():
    bad("command line", *build(out="no.img", cmdline="x" * 2048))
    bad("command line", *build(out="no.img", cmdline="x" * 2047))
    good(*build(out="long.img", cmdline="x" * (2046 - len(CLOSED))))
    good(*build(out="long.img", cmdline="x" * 2047, no_cmdline_defaults=""))
    assert not os.path.exists("no.img")


@test
def refuses_bad_keys():
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048", "-out", "rsa"], check=True,
                   capture_output=True)
    bad("not an Ed25519 key", *build(out="no.img", key="rsa"))
    bad("not a key", *build(out="no.img", key="Image"))
    bad("", *build(out="no.img", key="key.pub"))
    bad("not an Ed25519 key", "key-hash", "rsa")
    bad("not an Ed25519 key", *prepare(out="no.img", public="rsa"))
    assert not os.path.exists("no.img")


if __name__ == "__main__":
    main()
