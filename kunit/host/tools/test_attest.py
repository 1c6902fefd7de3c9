#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""hypsec-image sealing-key and attest-verify, on reports and quotes made here (TAP)."""

import hashlib
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/tools"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import image_tool  # noqa: E402
from image_tool import get, put, started, tool  # noqa: E402

TOP = os.environ["HYPSEC_TOP"]
TESTS = []
RANDOM = random.Random(11)
CORE, IDENTITY, SIGNER, NONCE = (RANDOM.randbytes(n) for n in (32, 32, 32, 64))
CMDLINE = b"console=ttyAMA0 quiet\n"
PCRS = (0, 2, 4, 7, 9, 12, 13, 15)
BOOT = {i: RANDOM.randbytes(32) for i in PCRS if i not in (12, 13, 15)}


def test(f):
    TESTS.append(f)
    return f


def run(*args):
    return subprocess.run(args, capture_output=True, check=True).stdout


def sha256(data):
    return hashlib.sha256(data).digest()


def signed(key, data, *how):
    put("message", data)
    return run("openssl", *how, key, *(("-rawin", "-in") if "pkeyutl" in how else ()), "message")


def raw_public(key):
    return run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")[-32:]


def report(key="platform.key", magic=b"HYSECREP", fmt=1, source=1, version=7, flags=2, core=CORE,
           nonce=NONCE):
    body = magic + struct.pack("<IIQQ", fmt, source, version, flags) + core + IDENTITY + \
        SIGNER + nonce
    put("report", body + signed(key, body, "pkeyutl", "-sign", "-inkey"))


def token(challenge=NONCE, rem=bytes(256), magic=b"HYSECTOK", fmt=1, size=592, nonce=None, **how):
    """A token, with a report of its own by default."""
    head = magic + struct.pack("<II", fmt, size) + challenge + rem
    report(nonce=nonce or hashlib.sha512(head).digest(), **{"fmt": 2, "flags": 32, **how})
    put("token", head + get("report"))


def pcr_digest(values):
    return sha256(b"".join(values[i] for i in sorted(values)))


def values():
    v = dict(BOOT)
    v[12] = sha256(bytes(32) + sha256(CMDLINE))
    v[13] = sha256(bytes(32) + CORE)
    v[15] = sha256(bytes(32) + sha256(b"HypSec: secret taken"))
    return v


def quote(extra=None, magic=0xFF544347, kind=0x8018, alg=0x000B, banks=1, pcrs=None, key="ak.key",
          tail=b""):
    v = values() if pcrs is None else pcrs
    select = sum(1 << i for i in v).to_bytes(3, "little")
    extra = raw_public("platform.key") if extra is None else extra
    msg = struct.pack(">IHH34sH", magic, kind, 34, bytes(34), len(extra)) + extra + bytes(17 + 8)
    msg += struct.pack(">IHB", banks, alg, 3) + select + struct.pack(">H", 32) + pcr_digest(v) + tail
    put("quote", msg)
    put("quote.sig", signed(key, msg, "dgst", "-sha256", "-sign"))


def verify(want, text, *options, endorsed=True, whose=("--identity", IDENTITY.hex()),
           what="report", name=None):
    args = ["attest-verify", f"--{what}", name or what, "--nonce", NONCE.hex(),
            "--platform-key", raw_public("platform.key").hex(), "--core", CORE.hex()]
    if endorsed:
        args += ["--ak", "ak.pub", "--quote", "quote", "--quote-signature", "quote.sig",
                 "--pcrs", "pcrs", "--host-cmdline", "cmdline"]
    status, out = tool(*args, *whose, *options)
    assert status == want and text in out, (status, text, out)
    # Nothing but a success may say so.
    assert (want == 0) == ("\nENDORSED" in out), out


@test
def good():
    report()
    quote()
    verify(0, "ENDORSED")
    verify(0, "ENDORSED", "--identity", IDENTITY.hex(), "--signer-hash", SIGNER.hex(),
           "--min-version", "7")
    verify(3, "UNENDORSED", endorsed=False)
    # As a script runs it
    args = ["attest-verify", "--report", "report", "--nonce", NONCE.hex(), "--any", "--platform-key"]
    assert started(*args, raw_public("platform.key").hex())[0] == 3
    assert started(*args, bytes(32).hex())[0] == 1


@test
def an_ephemeral_secret_is_never_endorsed():
    report(source=0)
    verify(3, "UNENDORSED")
    verify(3, "UNENDORSED", endorsed=False)


@test
def not_what_was_asked_for():
    report()
    verify(1, "another identity", "--identity", CORE.hex())
    verify(1, "another signer", "--signer-hash", CORE.hex())
    verify(1, "is older than 8", "--min-version", "8")
    verify(1, "another core", "--core", IDENTITY.hex())
    verify(1, "the nonce is another", "--nonce", NONCE.hex()[2:] + "00")
    report(nonce=bytes(64))
    verify(1, "the nonce is another")
    report(flags=3)
    verify(1, "may debug")
    verify(0, "ENDORSED", "--allow-debug")
    report(flags=10)
    verify(1, "a VM with a console")
    verify(1, "a VM with a console", "--allow-debug")
    verify(0, "smp console", "--allow-console")
    report(flags=11)
    verify(1, "may debug", "--allow-console")
    report(flags=6)
    verify(0, "smp share")
    report(flags=22)
    verify(1, "a VM with a PCIe bus", "--allow-console", "--allow-debug")
    verify(0, "smp share pci", "--allow-pci")
    report(flags=34)
    verify(0, "smp rsi")
    report(flags=66)
    verify(0, "smp clock")
    report(flags=130)
    verify(1, "not a report of a format known")
    report(core=IDENTITY)
    verify(1, "another core")


@test
def malformed_reports():
    for change in ({"magic": b"HYSECREQ"}, {"fmt": 2}, {"source": 2}, {"flags": 128},
                   {"flags": 1 << 63}):
        report(**change)
        verify(1, "not a report of a format")
    report()
    put("report", get("report")[:-1])
    verify(2, "256 bytes")


@test
def every_byte_of_a_report_counts():
    report()
    data = get("report")
    for at in range(0, len(data), 9):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        put("report", changed)
        verify(1, "not signed by the platform key")
    report(key="other.key")
    verify(1, "not signed by the platform key")


@test
def tokens():
    rem = RANDOM.randbytes(256)
    quote()
    token(rem=rem)
    verify(0, rem[64:128].hex(), what="token")
    verify(0, "flags             rsi", what="token")
    # As what the other is: a guest has any nonce signed, and writes what it likes in front of it.
    verify(2, "256 bytes", name="token")
    verify(2, "592 bytes", what="token", name="report")
    head = get("token")[:336]
    report(fmt=1, flags=32, nonce=hashlib.sha512(head).digest())
    put("token", head + get("report"))
    verify(1, "not a report of a format", what="token")
    report(fmt=2)
    verify(1, "not a report of a format")
    for change, text in (({"magic": b"HYSECTOL"}, "not a token of a format"),
                         ({"size": 591}, "not a token of a format"),
                         ({"nonce": NONCE}, "the nonce is another"),
                         ({"challenge": bytes(64)}, "the challenge is another"),
                         ({"flags": 33}, "may debug")):
        token(**change)
        verify(1, text, what="token")
    token()
    put("token", get("token")[:-1])
    verify(2, "592 bytes", what="token")
    token()
    data = get("token")
    for at in range(0, len(data), 9):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        put("token", changed)
        verify(1, "the nonce is another" if at < 336 else "not signed by", what="token")


@test
def every_byte_of_a_quote_counts():
    report()
    quote()
    data = get("quote")
    for at in range(0, len(data), 9):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        put("quote", changed)
        verify(1, "not signed by this attestation key")
    quote(key="ak2.key")
    verify(1, "not signed by this attestation key")


@test
def quotes_of_something_else():
    report()
    for change, text in (
            ({"extra": raw_public("other.key")}, "another platform key"),
            ({"extra": b""}, "another platform key"),
            ({"magic": 0xFF544348}, "not a quote"), ({"kind": 0x8017}, "not a quote"),
            ({"banks": 2}, "not a quote"), ({"tail": b"\0"}, "not a quote"),
            ({"alg": 4}, "does not cover")):
        quote(**change)
        verify(1, text)
    for i in PCRS:
        v = values()
        del v[i]
        quote(pcrs=v)
        verify(1, "does not cover")
    put("quote", get("quote")[:-40])
    put("quote.sig", signed("ak.key", get("quote"), "dgst", "-sha256", "-sign"))
    verify(1, "not a quote")


@test
def other_boots():
    """What a host could make a TPM quote later, or on another boot."""
    report()
    for i in PCRS:
        v = values()
        v[i] = sha256(v[i] + sha256(b"extended once more"))
        quote(pcrs=v)
        verify(1, "the quoted PCRs are not those")
    v = values()
    v[15] = bytes(32)                       # before the secret was taken
    quote(pcrs=v)
    verify(1, "the quoted PCRs are not those")
    quote()
    verify(1, "the quoted PCRs are not those", "--host-cmdline", "report")


@test
def nothing_is_assumed():
    report()
    quote()
    put("few", b"".join(b"%d %s\n" % (i, v.hex().encode()) for i, v in BOOT.items() if i != 4))
    verify(1, "no value is given for PCR 4", "--pcrs", "few")
    put("bad", b"0 xyz\n")
    verify(2, "not 64 hexadecimal digits", "--pcrs", "bad")
    p = ["attest-verify", "--report", "report", "--nonce", NONCE.hex(), "--platform-key",
         raw_public("platform.key").hex(), "--any", "--ak", "ak.pub"]
    all_four = ["--quote", "quote", "--quote-signature", "quote.sig", "--pcrs", "pcrs"]
    for options, text in (([], "go together"), (all_four, "--core")):
        status, out = tool(*p, *options)
        assert status == 2 and text in out, out


@test
def nobody_is_endorsed_unasked():
    """A report proves that some VM runs there: anybody's, until it is said whose."""
    report()
    quote()
    for options in ((), ("--min-version", "7"), ("--allow-debug", "--allow-console")):
        verify(2, "--identity or --signer-hash", *options, whose=())
    verify(2, "--identity or --signer-hash", endorsed=False, whose=())
    verify(0, "\nENDORSED", whose=("--identity", IDENTITY.hex()))
    verify(0, "\nENDORSED", whose=("--signer-hash", SIGNER.hex()))
    verify(1, "another signer", whose=("--signer-hash", IDENTITY.hex()))
    verify(0, "of anybody's VM", whose=("--any",))
    verify(3, "UNENDORSED", endorsed=False, whose=("--any",))
    verify(2, "--any", whose=("--any", "--identity", IDENTITY.hex()))
    verify(2, "--any", whose=("--any", "--signer-hash", SIGNER.hex()))
    report(flags=3)
    verify(1, "may debug", whose=("--any",))


@test
def sealing_keys_by_openssl():
    """As the core derives them: abi/hypsec_attest.h, computed by the openssl program."""
    secret = put("secret", RANDOM.randbytes(32))
    put("Image", struct.pack("<II6QII", 0x14000010, 0, 0, 8192, 0xA, 0, 0, 0, 0x644D5241, 0) +
        bytes(4000))
    public = raw_public("signer.key")
    for family, options, flags in (("", [], 0), ("box", [], 0), ("box", ["--share", "2M"], 0),
                                   ("box", ["--debug"], 1), ("box", ["--console"], 8),
                                   ("box", ["--share", "2M", "--pci", "blk"], 16),
                                   ("", ["--console", "--debug"], 9)):
        image_tool.good("build", "--kernel", "Image", "--security-version", "5", "--key",
                        "signer.key", "--family", family, *options, "-o", "vm.img")
        data = get("vm.img")
        at, = struct.unpack_from("<Q", data, 40)
        manifest = data[at:at + 448]
        name = hashlib.sha512(family.encode()).digest()[:32] if family else bytes(32)
        assert manifest[416:448] == name
        for version in (5, 0):
            put("m", b"HypSec sealing 1" + struct.pack("<QII", version, 1, flags) +
                hashlib.sha512(public).digest()[:32] + name +
                (bytes(32) if family else hashlib.sha512(manifest).digest()[:32]))
            mac = run("openssl", "dgst", "-sha512", "-mac", "HMAC", "-macopt",
                      "hexkey:" + get(secret).hex(), "-binary", "m")
            image_tool.good("sealing-key", "--secret", secret, "--version", str(version), "-o",
                            "key", "vm.img")
            assert get("key") == mac[:32]
    for args in (["--version", "6"], ["--secret", "m"]):
        status, _ = tool("sealing-key", "--secret", secret, "-o", "key2", *args, "vm.img")
        assert status == 2 and not os.path.exists("key2")


def main():
    for name in ("platform", "other", "signer"):
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", name + ".key")
    for name in ("ak", "ak2"):
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-out", name + ".key")
    run("openssl", "pkey", "-in", "ak.key", "-pubout", "-out", "ak.pub")
    put("cmdline", CMDLINE)
    put("pcrs", b"".join(b"%d %s\n" % (i, v.hex().encode()) for i, v in BOOT.items()))
    return image_tool.run_tests(TESTS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        sys.exit(main())
