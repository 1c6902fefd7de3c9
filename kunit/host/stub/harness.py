# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the boot stub's binary share: each run boots an image of hypsec-image
under QEMU on a model of the core, for less than a second; see README."""

import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import tempfile

TOP = os.environ["HYPSEC_TOP"]
MODEL = os.path.join(TOP, "kunit/host/stub")
CROSS = "" if platform.machine() == "aarch64" else "aarch64-linux-gnu-"
IMAGE, PARAMS, DTB = 0x40200000, 0x40100000, 0x47000000
MINUS1 = (1 << 64) - 1
TESTS = []

# abi/hypsec_reason.h
(DT_OK, DT_HEADER, DT_STRUCTURE, DT_DEPTH, DT_NODES, DT_CELLS, DT_REG, DT_IRQ,
 DT_TOO_MANY, DT_TWICE, DT_MISSING, DT_PSCI, DT_CPU, DT_RANGE, DT_OVERLAP,
 DT_IMAGE, DT_BUILD, DT_VIRTIO, DT_VIRTIO_PLACE, DT_PCI,
 DT_PCI_PLACE, DT_CLOCK) = range(22)
(STUB_PLACE, STUB_LAYOUT, STUB_RAM, STUB_RANDOM, STUB_EXCEPTION, STUB_IDENTITY, STUB_SEALING,
 STUB_POOL, STUB_SHARE, STUB_NO_DEVICE, STUB_LEGACY_DEVICE, STUB_PLAIN_DEVICE, STUB_REALM,
 STUB_COVER, STUB_WINDOW, STUB_NO_IVSHMEM, STUB_IVSHMEM_SIZE, STUB_NO_PCI_DEVICE,
 STUB_LEGACY_PCI, STUB_PCI_CONFIG) = range(32, 52)
MARK = 0x68707363 << 32
with open(TOP + "/el2-objs/abi/hypsec_reason.h", encoding="utf-8") as header:
    WORDS = dict(re.findall(r'X\(\w+, (\w+), "(.+)"\)', header.read()))


def test(f):
    TESTS.append(f)
    return f


def run(*args):
    p = subprocess.run(args, capture_output=True, check=False, timeout=90)
    assert p.returncode == 0, (args, p.stderr.decode(errors="replace"))
    return p.stdout.decode(errors="replace")


def put(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


def setup():
    flags = ["-O1", "-ffreestanding", "-nostdlib", "-fno-pic", "-mgeneral-regs-only",
             "-mstrict-align", "-fno-stack-protector", "-I", MODEL]
    run(CROSS + "gcc", *flags, "-static", "-Wl,-Ttext=0x40000000,--build-id=none",
        "-Wl,--section-start=.head=0x40000000,-Ttext=0x40002000",
        "-Wl,-e,_start", "-o", "el2.elf", MODEL + "/el2.S", MODEL + "/el2.c")
    run(CROSS + "gcc", *flags, "-static", "-Wl,-T," + MODEL + "/payload.lds",
        "-Wl,--build-id=none", "-o", "payload.elf", MODEL + "/payload.c")
    run(CROSS + "objcopy", "-O", "binary", "-j", ".all", "payload.elf", "Image")
    put("initrd", b"initrd" * 1000)
    run(TOP + "/scripts/hypsec-image", "keygen", "-o", "key")
    build("vm.img", "--console")
    for smp in (1, 2, 128, 129):
        run("qemu-system-aarch64", "-M", f"virt,gic-version=3,dumpdtb=virt{smp}.dtb",
            "-cpu", "cortex-a72", "-smp", str(smp), "-m", "128", "-nodefaults",
            "-display", "none")


def build(out, *args):
    run(TOP + "/scripts/hypsec-image", "build", "--kernel", "Image", "--initrd",
        "initrd", "--cmdline", "quiet signed=1", "--no-cmdline-defaults", "--key", "key",
        "-o", out, *args)


def boot(dtb="virt2.dtb", image="vm.img", protect=0, ram=0, random=0, place=0,
         dtb_at=DTB, dtb_size=None, identity=0, sealing=0, share=0, ipa_bits=40, devices=()):
    if dtb_size is None:
        dtb_size = os.path.getsize(dtb)
    put("params", struct.pack("<10Q", protect, ram, random, place, dtb_at, dtb_size,
                              identity, sealing, share, ipa_bits))
    return run("qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3",
               "-cpu", "cortex-a72", "-m", "128", "-nodefaults", "-display", "none",
               "-no-reboot", "-serial", "stdio", "-kernel", "el2.elf", *devices,
               *(x for name, at in ((image, IMAGE), (dtb, DTB), ("params", PARAMS))
                 for x in ("-device",
                           f"loader,file={name},addr={at:#x},force-raw=on")))


def off(out):
    found = re.findall(r"OFF ([0-9a-f]{16})", out)
    assert len(found) == 1, out
    assert not any(bad in out for bad in ("TOUCH", "POOL", "CONDUIT")), out
    return int(found[0], 16)


def gave_up(out, name, console=True):
    """For the reason of this name: its number for the core, its words on the console."""
    number = globals()[name]
    assert off(out) == MARK | number, (name, out)
    assert "KERNEL" not in out, out
    said = re.findall(r"^hypsec-stub: refused: (.*) \((\d+)\)\r?$", out, re.M)
    assert said == ([(WORDS[name], str(number))] if console else []), (name, out)


def edited(*edits, base="virt2.dtb"):
    """A copy of a real tree, changed by fdtput."""
    run("dtc", "-q", "-I", "dtb", "-O", "dtb", "-o", "bad.dtb", base)
    for edit in edits:
        if edit[0] == "-r":
            run("fdtput", "-r", "bad.dtb", *edit[1:])
        else:
            run("fdtput", "-t", "x", "bad.dtb", *edit)
    return "bad.dtb"


def new_tree(out):
    found = re.findall(r"DTB ([0-9a-f]+)", out)
    assert found, out
    put("new.dtb", bytes.fromhex(found[0]))
    return lambda node, name, kind="s": run("fdtget", "-t", kind, "new.dtb", node,
                                            name).strip()


def tests():
    for tool in ("qemu-system-aarch64", "dtc", "fdtput", "fdtget", CROSS + "gcc"):
        if not shutil.which(tool):
            print(f"1..1\nnot ok 1 - needs {tool}")
            return 1
    setup()
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    for n, f in enumerate(TESTS, 1):
        try:
            f()
            print(f"ok {n} - {f.__name__}", flush=True)
        except Exception as e:      # any exception is this test's failure
            failed = 1
            print(f"not ok {n} - {f.__name__}")
            for line in f"{type(e).__name__}: {e}".split("\n"):
                print(f"# {line[:200]}")
    return failed


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        sys.exit(tests())
