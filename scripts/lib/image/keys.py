# SPDX-License-Identifier: GPL-2.0-only
"""Ed25519 keys and signatures, by the openssl program; how keys and images are named."""

import hashlib
import os
import subprocess
import tempfile

from tool import Refused, write

# An Ed25519 SubjectPublicKeyInfo is this and the 32 bytes of the key (RFC 8410).
SPKI = bytes.fromhex("302a300506032b6570032100")


def openssl(*args):
    try:
        p = subprocess.run(("openssl",) + args, stdin=subprocess.DEVNULL,
                           capture_output=True, check=False)
    except FileNotFoundError:
        raise Refused("no openssl program (Debian package openssl)") from None
    return p.returncode, p.stdout, p.stderr.decode(errors="replace").strip()


def public_key(name):
    """The 32 bytes of the public half of a private or public key file, PEM or DER."""
    for args in ((), ("-pubin",), ("-pubin", "-inform", "DER"), ("-inform", "DER")):
        status, der, _ = openssl("pkey", *args, "-in", name, "-pubout",
                                 "-outform", "DER")
        if status == 0:
            if len(der) != len(SPKI) + 32 or not der.startswith(SPKI):
                raise Refused(f"{name}: not an Ed25519 key")
            return der[len(SPKI):]
    raise Refused(f"{name}: not a key that openssl can read")


def half_sha512(data):
    """How identities and keys are named: abi/hypsec_image.h."""
    return hashlib.sha512(data).hexdigest()[:64]


def family(name):
    """All images of one name share a line of sealing keys; no name, no family."""
    return bytes.fromhex(half_sha512(name.encode())) if name else bytes(32)


def sign(key, message):
    with tempfile.TemporaryDirectory() as tmp:
        msg = os.path.join(tmp, "message")
        write(msg, message)
        status, sig, err = openssl("pkeyutl", "-sign", "-inkey", key, "-rawin",
                                   "-in", msg)
    if status or len(sig) != 64:
        raise Refused(f"{key}: cannot sign: {err}")
    return sig


def signature_ok(key, message, sig):
    with tempfile.TemporaryDirectory() as tmp:
        names = [os.path.join(tmp, n) for n in ("key", "message", "sig")]
        for name, data in zip(names, (SPKI + key, message, sig)):
            write(name, data)
        status, _, _ = openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER",
                               "-inkey", names[0], "-rawin", "-in", names[1],
                               "-sigfile", names[2])
    return status == 0
