#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""scripts/hypsec-image: what it makes, what it refuses, what it notices (TAP)."""

import gzip
import os
import random
import stat
import struct
import subprocess
import sys
import tempfile

TOP = os.environ["HYPSEC_TOP"]
TOOL = os.path.join(TOP, "scripts/hypsec-image")
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def tool(*args):
    p = subprocess.run((TOOL,) + args, capture_output=True, text=True, check=False)
    return p.returncode, p.stdout + p.stderr


def good(*args):
    status, text = tool(*args)
    assert status == 0, text
    return text


def bad(want, *args):
    status, text = tool(*args)
    assert status == 2 and want in text, (status, text)


def put(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


def get(name):
    with open(name, "rb") as f:
        return f.read()


def kernel(size=300000, image_size=400000, text_offset=0, flags=0xA, res2=0,
           magic=0x644D5241):
    head = struct.pack("<II6QII", 0x14000010, 0, text_offset, image_size, flags,
                       res2, 0, 0, magic, 0)
    return head + random.Random(1).randbytes(size - len(head))


def build(out="vm.img", key="key", **kw):
    args = ["build", "--kernel", "Image", "--initrd", "initrd", "--cmdline",
            "console=ttyAMA0", "--key", key, "-o", out]
    for name, value in kw.items():
        if name in ("kernel", "initrd", "cmdline"):
            args[args.index("--" + name) + 1] = value
        else:
            args += ["--" + name.replace("_", "-")] + ([value] if value else [])
    return args


@test
def keygen_makes_a_private_key():
    text = good("keygen", "-o", "key").strip()
    assert len(text) == 64
    assert stat.S_IMODE(os.stat("key").st_mode) == 0o600
    assert b"PUBLIC" in get("key.pub") and b"PRIVATE" not in get("key.pub")


@test
def keygen_never_overwrites():
    before = get("key")
    bad("exists", "keygen", "-o", "key")
    assert get("key") == before


@test
def build_verify_inspect():
    good(*build())
    assert "good" in good("verify", "vm.img")
    good("verify", "--signer", "key.pub", "vm.img")
    good("verify", "--signer", "key", "vm.img")
    text = good("inspect", "vm.img")
    assert "flags             smp (0x2)" in text
    assert "command line      console=ttyAMA0" in text


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


@test
def gzip_kernel_is_the_same_image():
    put("Image.gz", gzip.compress(get("Image")))
    good(*build(out="gz.img", kernel="Image.gz"))
    assert get("gz.img") == get("vm.img")


@test
def zboot_kernel_is_the_same_image():
    z = gzip.compress(get("Image"))
    head = b"MZ\0\0zimg" + struct.pack("<II8x", 64, len(z)) + b"gzip\0"
    put("zboot", head.ljust(64, b"\0") + z)
    good(*build(out="z.img", kernel="zboot"))
    assert get("z.img") == get("vm.img")


@test
def options_are_signed():
    good(*build(out="o.img", no_smp="", debug="", share="", security_version="7"))
    text = good("inspect", "o.img")
    assert "debug share (0x5)" in text and "security version  7" in text
    assert "good" in good("verify", "o.img")


@test
def no_initrd_no_cmdline():
    put("empty", b"")
    good(*build(out="e.img", initrd="empty", cmdline=""))
    assert "initrd            none" in good("inspect", "e.img")
    assert "good" in good("verify", "e.img")


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
        status, _ = tool("verify", "t.img")
        assert status in (1, 2), f"offset {spot:#x}"


@test
def truncation_is_noticed():
    data = get("vm.img")
    for size in (0, 63, 64, 4096, len(data) // 2, len(data) - 1):
        put("t.img", data[:size])
        status, text = tool("verify", "t.img")
        assert status in (1, 2) and "Traceback" not in text, (size, text)


@test
def other_signer_is_noticed():
    good("keygen", "-o", "key2")
    good(*build(out="k2.img", key="key2"))
    good("verify", "k2.img")
    status, text = tool("verify", "--signer", "key.pub", "k2.img")
    assert status == 1 and "another key" in text


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
                        "zstd22")):
        bad(want, *build(out="no.img", kernel=put("k", data)))
    assert not os.path.exists("no.img")


@test
def refuses_bad_command_lines():
    bad("command line", *build(out="no.img", cmdline="x" * 2048))
    assert not os.path.exists("no.img")


@test
def refuses_bad_keys():
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:2048", "-out", "rsa"], check=True,
                   capture_output=True)
    bad("not an Ed25519 key", *build(out="no.img", key="rsa"))
    bad("not a key", *build(out="no.img", key="Image"))
    bad("", *build(out="no.img", key="key.pub"))
    assert not os.path.exists("no.img")


def main():
    os.chdir(sys.argv[1])
    put("Image", kernel())
    put("initrd", random.Random(3).randbytes(70001))
    print(f"1..{len(TESTS)}")
    failed = 0
    for n, f in enumerate(TESTS, 1):
        try:
            f()
            print(f"ok {n} - {f.__name__}")
        except Exception as e:      # any exception is this test's failure
            failed = 1
            print(f"not ok {n} - {f.__name__}")
            print(f"# {type(e).__name__}: {e}")
    return failed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        sys.argv[1:] = [tmp]
        sys.exit(main())
