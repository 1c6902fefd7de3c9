# SPDX-License-Identifier: GPL-2.0-only
"""What the rest shares: a refusal, and files that are read and written whole."""

import argparse
import os


class Refused(Exception):
    """A bad input; the text says what is wrong with it."""


def read(name):
    with open(name, "rb") as f:
        return f.read()


def write(name, data, mode=0o666):
    """All of it or nothing: a half-written image would look like tampering."""
    tmp = name + ".new"
    # Not a file that somebody else has made there, and could read the key from.
    try:
        os.unlink(tmp)
    except FileNotFoundError:
        pass
    fd = os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "wb") as f:
        f.write(data)
    os.rename(tmp, name)


def say_whose(anybody, named, options):
    """A signature says that somebody signed, and anybody can: it is worth whom one asks for."""
    if not anybody and not named:
        raise Refused(f"say whose it has to be: {options}, or --any to take anybody's")
    if anybody and named:
        raise Refused(f"--any takes anybody's: not together with {options}")


def hexadecimal(size):
    """The type of an option: so many bytes."""
    def value(text):
        try:
            b = bytes.fromhex(text)
        except ValueError:
            b = b""
        if len(b) != size:
            raise argparse.ArgumentTypeError(f"not {2 * size} hexadecimal digits")
        return b
    return value
