# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of scripts/hypsec-image share."""

import contextlib
import importlib.machinery
import importlib.util
import os
import random
import struct
import subprocess
import sys
import tempfile

TOP = os.environ["HYPSEC_TOP"]
TOOL = os.path.join(TOP, "scripts/hypsec-image")
TESTS = []
STUB = []               # once it is built, the option that saves another make
CLOSED = "panic=5 rd.shell=0 rd.emergency=reboot sysctl.kernel.sysrq=0"


def test(f):
    TESTS.append(f)
    return f


def load():
    """The program as a module: who runs it a thousand times need not start Python as often."""
    loader = importlib.machinery.SourceFileLoader("hypsec_image", TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("hypsec_image", loader))
    loader.exec_module(module)
    return module.main


MAIN = load()


def tool(*args):
    """Its status, and what it says: as if started, but for an exception that it does not catch."""
    argv = sys.argv
    sys.argv = [TOOL, *args]
    # Files, as what it starts may write there, too
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = MAIN()
        except SystemExit as e:
            status = e.code
        finally:
            sys.argv = argv
        said = ""
        for f in (out, err):
            f.seek(0)
            said += f.read()
        return status, said


def started(*args):
    """The same as a program of its own."""
    p = subprocess.run((TOOL,) + args, capture_output=True, text=True, check=False)
    return p.returncode, p.stdout + p.stderr


def good(*args):
    status, text = tool(*args)
    assert status == 0, text
    return text


def bad(want, *args):
    status, text = tool(*args)
    assert status == 2 and want in text, (status, text)


def ssl(*args, status=0):
    """The openssl program: the other opinion in all that follows."""
    p = subprocess.run(("openssl",) + args, capture_output=True, check=False)
    assert p.returncode == status, (args, p.stderr)
    return p.stdout


def half_sha512(name):
    return ssl("dgst", "-sha512", "-r", name).decode()[:64]


def put(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


def get(name):
    with open(name, "rb") as f:
        return f.read()


def manifest_at(data):
    return struct.unpack_from("<Q", data, 40)[0]


def prepare(out="vm.unsigned", tbs="vm.tbs", public="key.pub", **kw):
    args = build(out=out, key="-", **kw)
    at = args.index("--key")
    args[at:at + 2] = ["--public", public, "--to-sign", tbs]
    return ["prepare"] + args[1:]


def attach(out="vm2.img", signature="vm.sig", public="key.pub", image="vm.unsigned"):
    return ["attach", "--signature", signature, "--public", public, "-o", out, image]


def kernel(size=300000, image_size=400000, text_offset=0, flags=0xA, res2=0,
           magic=0x644D5241):
    head = struct.pack("<II6QII", 0x14000010, 0, text_offset, image_size, flags,
                       res2, 0, 0, magic, 0)
    return head + random.Random(1).randbytes(size - len(head))


def build(out="vm.img", key="key", **kw):
    args = ["build", "--kernel", "Image", "--initrd", "initrd", "--cmdline",
            "console=ttyAMA0", "--key", key, "-o", out] + STUB
    for name, value in kw.items():
        if name in ("kernel", "initrd", "cmdline"):
            args[args.index("--" + name) + 1] = value
        else:
            args += ["--" + name.replace("_", "-")] + ([value] if value else [])
    return args


def run_tests(todo):
    print(f"1..{len(todo)}")
    failed = 0
    for n, f in enumerate(todo, 1):
        try:
            f()
            print(f"ok {n} - {f.__name__}")
        except Exception as e:      # any exception is this test's failure
            failed = 1
            print(f"not ok {n} - {f.__name__}")
            print(f"# {type(e).__name__}: {e}")
    return failed


def tests(folder):
    os.chdir(folder)
    os.umask(0o022)
    put("Image", kernel())
    put("initrd", random.Random(3).randbytes(70001))
    return run_tests(TESTS)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        sys.exit(tests(tmp))
