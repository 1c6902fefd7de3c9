# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/hypsec-image does: a function for each of its commands."""

import datetime
import os

import attest
import sharing
import vmline
from keys import half_sha512, openssl, public_key, sign
from layout import CMDLINE, FLAGS, MANIFEST_SIZE, PARTS, SEALING_FLAGS, SIGNED_SIZE, Image
from packing import pack, to_sign
from sharing import devices
from tool import Refused, read, say_whose, write


def how_to_start(image, name):
    """A Realm's line nobody guesses. With as much RAM as what it shares covers."""
    if image.flags & FLAGS["rsi"]:
        memory = sharing.realm_ram(image.share_size) if image.share_size else 1 << 30
        print(vmline.pasted(vmline.realm_line(name, image.share_size, memory,
                                              devices(image.virtio).split())))


def make(args):
    out, at = pack(args, public_key(args.key))
    out[at + SIGNED_SIZE:at + MANIFEST_SIZE] = sign(args.key, to_sign(out, at))
    write(args.output, bytes(out))


def build(args):
    make(args)
    how_to_start(Image(args.output), args.output)


def prepare(args):
    out, at = pack(args, public_key(args.public))
    write(args.output, bytes(out))
    write(args.to_sign, to_sign(out, at))


def attach(args):
    image = Image(args.file)
    sig = read(args.signature)
    if any(image.signature):
        raise Refused(f"{args.file}: signed already")
    if public_key(args.public) != image.signer:
        raise Refused(f"{args.file}: prepared for another key than {args.public}")
    if len(sig) != MANIFEST_SIZE - SIGNED_SIZE:
        raise Refused(f"{args.signature}: {len(sig)} bytes; a raw Ed25519 signature "
                      "has 64 bytes")
    image.signature = sig
    for problem in image.problems():
        raise Refused(f"{args.file}: {problem}")
    data = bytearray(image.data)
    data[image.at + SIGNED_SIZE:image.at + MANIFEST_SIZE] = sig
    write(args.output, bytes(data))
    how_to_start(image, args.output)


def signing_date(image):
    t = datetime.timedelta(seconds=min(image.signed_at, 1 << 37))
    return f"the host's, not before {datetime.datetime(1970, 1, 1) + t} UTC"


def inspect(args):
    image = Image(args.file)
    flags = [f for f in FLAGS if image.flags & FLAGS[f]]
    print(f"version           {image.version}")
    print(f"flags             {' '.join(flags) or '-'} ({image.flags:#x})")
    print(f"security version  {image.security_version}")
    print(f"file size         {len(image.data):#x}")
    print(f"memory size       {image.mem_size:#x}")
    print(f"manifest          {image.at:#x}")
    print(f"entry             {image.entry:#x}")
    print(f"shared            {image.share_size >> 20} MiB" if image.share_size else
          "shared            none")
    print(f"virtio-mmio       {devices(image.virtio) or 'none'}")
    print(f"virtio-pci        {devices(image.virtio, pci=True) or 'none'}")
    print("clock             " + (signing_date(image) if image.signed_at else "none"))
    print(f"signer            {image.signer.hex()}")
    print(f"signer's hash     {half_sha512(image.signer)}")
    print(f"identity          {half_sha512(image.signed)}")
    print(f"family            {image.family.hex() if any(image.family) else 'none'}")
    print(f"signature         {image.signature.hex() if any(image.signature) else 'none'}")
    for i, (at, size, digest) in enumerate(image.parts):
        if size:
            print(f"{PARTS[i]:17} {at:#x} +{size:#x} sha512 {digest.hex()}")
        else:
            print(f"{PARTS[i]:17} none")
    at, size, _ = image.parts[CMDLINE]
    if size:
        print(f"command line      {image.data[at:at + size].decode(errors='replace')}")


def shared(image):
    """For verify: what its host sees of it."""
    if not image.flags & FLAGS["share"]:
        return ""
    text = f"; shares {image.share_size >> 20} MiB with its host" if image.share_size else \
        "; may share memory with its host"
    text += ", as a Realm" * bool(image.flags & FLAGS["rsi"])
    beside, bus = devices(image.virtio), devices(image.virtio, pci=True)
    return text + f", for {beside}" * bool(beside) + \
        f", for {bus} on a PCIe bus, where the host may have more" * bool(bus)


def verify(args):
    say_whose(args.any, args.signer, "--signer")
    image = Image(args.file)
    problems = list(image.problems())
    if args.signer and public_key(args.signer) != image.signer:
        problems.append("signed by another key")
    if image.security_version < args.min_version:
        problems.append(f"security version {image.security_version} is older than "
                        f"{args.min_version}")
    for p in problems:
        print(f"{args.file}: {p}")
    if problems:
        return 1
    print(f"{args.file}: good, {'by anybody: ' * args.any}signed by {image.signer.hex()}" +
          shared(image))
    return 0


def keygen(args):
    if os.path.exists(args.output):
        raise Refused(f"{args.output} exists; not overwritten")
    status, key, err = openssl("genpkey", "-algorithm", "ed25519")
    if status:
        raise Refused(f"openssl genpkey: {err}")
    write(args.output, key, 0o600)
    status, pub, _ = openssl("pkey", "-in", args.output, "-pubout")
    if status:
        raise Refused("openssl cannot read its own key")
    write(args.output + ".pub", pub, 0o644)
    print(half_sha512(public_key(args.output)))


def key_hash(args):
    for name in args.key:
        print(half_sha512(public_key(name)), name)


def sealing_key(args):
    """What the core gives the image, for who holds the secret: at provisioning."""
    image = Image(args.image)
    secret = read(args.secret)
    if len(secret) != 32 or not any(secret):
        raise Refused(f"{args.secret}: a platform secret has 32 bytes")
    wanted = image.security_version if args.version is None else args.version
    if wanted > image.security_version:
        raise Refused(f"an image of security version {image.security_version} has no "
                      f"key of {wanted}")
    key = attest.sealing_key(secret, wanted, image.flags & SEALING_FLAGS,
                             bytes.fromhex(half_sha512(image.signer)), image.family,
                             bytes.fromhex(half_sha512(image.signed)))
    write(args.output, key, 0o600)
