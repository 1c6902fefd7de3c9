# SPDX-License-Identifier: GPL-2.0-only
"""hypsec-image attest-verify: a VM's report, and a TPM's word for the key that signed it."""

import argparse

import attest
from keys import openssl, signature_ok
from layout import FLAGS
from tool import Refused, hexadecimal, read, say_whose


def quote_signed(args):
    status, _, _ = openssl("dgst", "-sha256", "-verify", args.ak, "-signature",
                           args.quote_signature, args.quote)
    return status == 0


def expected_pcrs(args):
    pcrs = {}
    for line in read(args.pcrs).decode(errors="replace").splitlines():
        number, _, text = line.partition(" ")
        try:
            pcrs[int(number)] = hexadecimal(32)(text.strip())
        except (ValueError, argparse.ArgumentTypeError) as e:
            raise Refused(f"{args.pcrs}: {e}") from None
    if args.host_cmdline is not None:
        pcrs[attest.PCR_CMDLINE] = attest.measured(read(args.host_cmdline))
    return pcrs


def attest_verify(args):
    say_whose(args.any, args.identity or args.signer_hash, "--identity or --signer-hash")
    name, size, token = args.report or args.token, attest.REPORT.size + 64, None
    data = read(name)
    if args.token:
        size += attest.TOKEN.size
    if len(data) != size:
        raise Refused(f"{name}: a {'token' if args.token else 'report'} has {size} bytes")
    if args.token:
        token = attest.Token(data)
        data = token.report
    body = data[:attest.REPORT.size]
    r = attest.Report(body)
    problems = list(r.problems(args, FLAGS, token))
    if not signature_ok(args.platform_key, body, data[len(body):]):
        problems.append("not signed by the platform key")

    given = [args.ak, args.quote, args.quote_signature, args.pcrs]
    if any(given) and not all(given):
        raise Refused("--ak, --quote, --quote-signature and --pcrs go together")
    if all(given):
        if args.core is None:
            raise Refused("--core: say which core the TPM should have measured")
        if quote_signed(args):
            problems += attest.quote_problems(read(args.quote), args.platform_key, r.core,
                                              expected_pcrs(args))
        else:
            problems.append("the quote is not signed by this attestation key")
    for p in problems:
        print(f"{name}: {p}")
    if problems:
        return 1
    print(f"core              {r.core.hex()}")
    print(f"identity          {r.identity.hex()}")
    print(f"signer's hash     {r.signer.hex()}")
    print(f"security version  {r.security_version}")
    print(f"flags             {' '.join(f for f in FLAGS if r.flags & FLAGS[f]) or '-'}")
    for i, rem in enumerate(token.rems if token else ()):
        print(f"measurement {i + 1}     {rem.hex()}")
    print(f"platform secret   {attest.SOURCES[r.source]}")
    if r.source == 0 or not all(given):
        print("UNENDORSED: no TPM speaks for the platform key")
        return 3
    print("ENDORSED: the TPM of this attestation key quoted the platform key" +
          ", for a report of anybody's VM" * args.any)
    return 0
