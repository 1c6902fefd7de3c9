# SPDX-License-Identifier: GPL-2.0-only
"""Sealing keys, reports and TPM quotes as scripts/hypsec-image reads them: formats only.

el2-objs/abi/hypsec_attest.h has the first two, scripts/platform/README what is measured."""

import hashlib
import hmac
import struct

SEALING = struct.Struct("<16sQII32s32s32s")
REPORT = struct.Struct("<8sIIQQ32s32s32s64s")
TOKEN = struct.Struct("<8sII64s256s")         # then a report and its signature
SOURCES = ("ephemeral", "platform")
PCR_CMDLINE, PCR_CORE, PCR_CAP = 12, 13, 15
SHA256 = 0x000B
# What a quote must cover, whatever else it does: the boot chain, then ours.
NEEDED = {0, 2, 4, 7, 9, PCR_CMDLINE, PCR_CORE, PCR_CAP}


def sealing_key(secret, version, flags, signer, family, identity):
    """The core's derivation: a family's key, or the one image's."""
    m = SEALING.pack(b"HypSec sealing 1", version, SOURCES.index("platform"), flags, signer,
                     family, bytes(32) if any(family) else identity)
    return hmac.digest(secret, m, "sha512")[:32]


def extended(digest):
    """A PCR of the SHA-256 bank after this one extension."""
    return hashlib.sha256(bytes(32) + digest).digest()


def measured(data):
    return extended(hashlib.sha256(data).digest())


class Token:
    """A Realm's token taken apart: not an Arm CCA token, and no word of a CCA platform is in it."""

    def __init__(self, data):
        (self.magic, self.format, self.size, self.challenge,
         rems) = TOKEN.unpack_from(data)
        self.rems = [rems[i:i + 64] for i in range(0, 256, 64)]
        self.nonce = hashlib.sha512(data[:TOKEN.size]).digest()
        self.report = data[TOKEN.size:]

    def problems(self, challenge):
        """What is not as it should be; the report is to have self.nonce."""
        if self.magic != b"HYSECTOK" or self.format != 1 or \
                self.size != TOKEN.size + REPORT.size + 64:
            yield "not a token of a format known here"
        if self.challenge != challenge:
            yield "the challenge is another: old, or somebody else's"


class Report:
    """A report taken apart."""

    def __init__(self, body):
        (self.magic, self.format, self.source, self.security_version, self.flags, self.core,
         self.identity, self.signer, self.nonce) = REPORT.unpack(body)

    def problems(self, want, flags, token=None):
        """What is not as @want says. A guest can have signed any of format 1, not of a token's."""
        if self.magic != b"HYSECREP" or self.format != (2 if token else 1) or \
                self.source >= len(SOURCES) or self.flags & ~sum(flags.values()):
            yield "not a report of a format known here"
        if token:
            yield from token.problems(want.nonce)
        if self.nonce != (token.nonce if token else want.nonce):
            yield "the nonce is another: old, or somebody else's"
        for what, wanted, have in (("core", want.core, self.core),
                                   ("identity", want.identity, self.identity),
                                   ("signer", want.signer_hash, self.signer)):
            if wanted is not None and wanted != have:
                yield f"another {what}"
        if self.security_version < want.min_version:
            yield f"security version {self.security_version} is older than {want.min_version}"
        if self.flags & flags["debug"] and not want.allow_debug:
            yield "a VM that its host may debug (--allow-debug takes it)"
        if self.flags & flags["console"] and not want.allow_console:
            yield "a VM with a console, where its host may type (--allow-console takes it)"
        if self.flags & flags["pci"] and not want.allow_pci:
            yield "a VM with a PCIe bus, where its host may plug a serial port (--allow-pci takes it)"


def parse_quote(msg):
    """A TPMS_ATTEST with a TPMS_QUOTE_INFO (TPM 2.0 Library, part 2, 10.12), big endian."""
    at = 0

    def take(fmt):
        nonlocal at
        value = struct.unpack_from(">" + fmt, msg, at)
        at += struct.calcsize(">" + fmt)
        return value[0]

    def sized(fmt):
        return take(f"{take(fmt)}s")

    magic, kind = take("I"), take("H")
    sized("H")                          # name of the key that signs
    extra = sized("H")
    take("17s")                         # clock
    take("Q")                           # firmware's version
    banks, alg, select = take("I"), take("H"), sized("B")
    digest = sized("H")
    # TPM_GENERATED_VALUE, TPM_ST_ATTEST_QUOTE: nothing else signs with a restricted key
    if at != len(msg) or magic != 0xFF544347 or kind != 0x8018 or banks != 1:
        raise ValueError
    return extra, alg, {i for i in range(8 * len(select)) if select[i // 8] >> i % 8 & 1}, digest


def quote_problems(msg, platform_key, core, pcrs):
    """What is wrong with the TPM's word for a platform key; @pcrs: those of the boot chain."""
    try:
        extra, alg, covered, digest = parse_quote(msg)
    except (struct.error, ValueError):
        yield "not a quote"
        return
    if extra != platform_key:
        yield "the quote is of another platform key"
    if alg != SHA256 or not NEEDED <= covered:
        yield "the quote does not cover firmware, command line, core and cap in SHA-256"
        return
    # Before the second cap, and so before anybody else could ask for a quote.
    value = {**pcrs, PCR_CORE: extended(core), PCR_CAP: measured(b"HypSec: secret taken")}
    if not covered <= set(value):
        yield f"no value is given for PCR {min(covered - set(value))}"
    elif hashlib.sha256(b"".join(value[i] for i in sorted(covered))).digest() != digest:
        yield "the quoted PCRs are not those of this boot chain, command line and core"
