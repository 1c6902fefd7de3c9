#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The boot stub's binary on a model of the core (TAP); see stub/README."""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/stub"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from harness import (DTB, DT_HEADER, IMAGE, MARK, MINUS1, STUB_EXCEPTION, TOP,  # noqa: E402
                     boot, build, edited, gave_up, main, new_tree, off, put, run, test)


@test
def without_a_core_it_powers_off():
    out = boot(protect=MINUS1)
    assert off(out) == MINUS1
    assert "KERNEL" not in out


@test
def refused_it_powers_off():
    for status in (-10, -5, 0x7fffffff):
        out = boot(protect=status & MINUS1)
        assert off(out) == status & MINUS1 and "KERNEL" not in out


@test
def protected_it_enters_the_kernel():
    out = boot()
    assert f"PROTECT {IMAGE:016x} {DTB:016x}" in out, out
    assert re.findall(r"RAM (\w+) (\w+)", out) == [(f"{0x40000000:016x}",
                                                   f"{128 << 20:016x}")]
    assert "hypsec-stub: protected, 128 MiB of RAM, CPUs: 2" in out
    m = re.search(r"KERNEL dtb (\w+) x1-x3 (\w+) el (\w+) mmu (\w+) daif (\w+)", out)
    dtb, *rest = (int(x, 16) for x in m.groups())
    assert rest == [0, 1, 0, 0x3C0], rest
    size = os.path.getsize("vm.img")
    assert dtb % 8 == 0 and IMAGE + size <= dtb < IMAGE + (16 << 20)
    assert off(out) == 0x99


@test
def the_new_tree_is_ours():
    get = new_tree(boot())
    assert get("/chosen", "bootargs") == "quiet signed=1"
    text = run(TOP + "/scripts/hypsec-image", "inspect", "vm.img")
    at, size = (int(x, 16) for x in
                re.search(r"initrd +(0x\w+) \+(0x\w+)", text).groups())
    words = get("/chosen", "linux,initrd-start", "x").split()
    assert int(words[0], 16) << 32 | int(words[1], 16) == IMAGE + at
    words = get("/chosen", "linux,initrd-end", "x").split()
    assert int(words[0], 16) << 32 | int(words[1], 16) == IMAGE + at + size
    # the model's random numbers, in order
    assert get("/chosen", "rng-seed", "bx").split()[0] == "11"
    assert get("/chosen", "rng-seed", "bx").split()[63] == "88"
    assert get("/chosen", "kaslr-seed", "x") == "99999999 99999999"
    # and its identity: bytes 1 to 72
    for name, first in (("identity", 1), ("signer", 33)):
        assert [int(x, 16) for x in get("/chosen", "hypsec," + name, "bx").split()] == \
            list(range(first, first + 32))
    assert get("/chosen", "hypsec,security-version", "x") == "48474645 44434241"
    # its sealing keys: of this version and three before
    keys = bytes(int(x, 16) for x in
                 get("/chosen", "security-hypsec-sealing-keys", "bx").split())
    assert len(keys) == 4 * 32
    for i in range(4):
        version, = struct.unpack_from("<Q", keys, 32 * i)
        assert version == 0x4847464544434241 - i, hex(version)
        assert keys[32 * i + 8:32 * i + 32] == bytes(range(9, 33))
    assert get("/chosen", "hypsec,sealing-source") == "platform"
    nodes = run("fdtget", "-l", "new.dtb", "/").split()
    assert nodes == ["chosen", "aliases", "memory@40000000", "cpus", "psci",
                     "interrupt-controller@8000000", "timer", "apb-pclk",
                     "pl011@9000000"], nodes
    assert run("fdtget", "-l", "new.dtb", "/cpus").split() == ["cpu@0", "cpu@1"]


@test
def no_console_unless_it_is_signed():
    build("silent.img", "--cmdline", "quiet signed=1 console=ttyAMA0")
    out = boot(image="silent.img")
    # The stub says the same as ever: it only writes, and nothing that the host does not know.
    assert "hypsec-stub: protected, 128 MiB of RAM, CPUs: 2" in out
    get = new_tree(out)
    assert "signed=1" in get("/chosen", "bootargs")
    nodes = run("fdtget", "-l", "new.dtb", "/").split()
    assert nodes == ["chosen", "memory@40000000", "cpus", "psci",
                     "interrupt-controller@8000000", "timer"], nodes
    assert "stdout-path" not in run("fdtget", "-p", "new.dtb", "/chosen").split()
    assert off(out) == 0x99


@test
def one_cpu_unless_smp_is_signed():
    build("up.img", "--no-smp", "--console")
    out = boot(image="up.img")
    assert "CPUs: 1" in out
    new_tree(out)
    assert run("fdtget", "-l", "new.dtb", "/cpus").split() == ["cpu@0"]
    out = boot(dtb="virt1.dtb")
    assert "CPUs: 1" in out and off(out) == 0x99


@test
def more_cpus_than_the_core_has():
    # KVM has 16 in a cluster.
    cpus = [f"cpu@{n >> 4 << 8 | n & 15:x}" for n in range(128)]
    out = boot(dtb="virt128.dtb")
    assert "CPUs: 128\r\n" in out and off(out) == 0x99, out
    out = boot(dtb="virt129.dtb")
    assert "CPUs: 128, left out: 1" in out and off(out) == 0x99, out
    new_tree(out)
    assert sorted(run("fdtget", "-l", "new.dtb", "/cpus").split()) == sorted(cpus)
    build("up.img", "--no-smp")
    out = boot(dtb="virt129.dtb", image="up.img")
    assert "CPUs: 1\r\n" in out, out


@test
def an_image_across_two_nodes():
    out = boot(dtb=edited(("/memory@40000000", "reg", "0", "40000000", "0", "300000",
                           "0", "40300000", "0", "7d00000")))
    assert re.findall(r"RAM (\w+) (\w+)", out) == [
        (f"{base:016x}", f"{size:016x}")
        for base, size in ((0x40000000, 0x300000), (0x40300000, 0x7d00000))], out
    assert off(out) == 0x99


def clocked(when):
    os.environ["SOURCE_DATE_EPOCH"] = str(when)
    build("clock.img", "--clock")


@test
def a_clock_if_it_is_signed():
    """The host's, never earlier than the time of signing: the emulated machine has this one's."""
    for when, there in ((1700000000, True), (4000000000, False)):
        clocked(when)
        out = boot(image="clock.img")
        assert off(out) == 0x99 and ("left out" in out) != there, out
        get = new_tree(out)
        nodes = run("fdtget", "-l", "new.dtb", "/").split()
        assert nodes[6:] == ["apb-pclk", "pl031@9010000"] * there, nodes
        assert get("/chosen", "hypsec,signed-at", "x") == f"0 {when:x}"
        if there:
            assert get("/pl031@9010000", "reg", "x") == "0 9010000 0 1000"
            assert get("/pl031@9010000", "clocks", "x") == get("/apb-pclk", "phandle", "x")
            assert "interrupts" not in run("fdtget", "-p", "new.dtb", "/pl031@9010000")
    new_tree(boot())
    assert "signed-at" not in run("fdtget", "-p", "new.dtb", "/chosen")
    # Looked at only then; and a tree without one does no harm.
    clocked(1700000000)
    rtc = "/pl031@9010000"
    for want, *edit in (
            (None, "-r", rtc), ("DT_CLOCK", rtc, "reg", "0", "9010000", "0", "200"),
            ("DT_CLOCK", rtc, "reg", "0", hex(IMAGE)[2:], "0", "1000"),
            ("DT_CLOCK", rtc, "reg", "0", "9000000", "0", "1000"),
            ("DT_CLOCK", rtc, "reg", "0", "8000000", "0", "1000"),
            ("DT_CLOCK", rtc, "reg", "10000", "0", "0", "1000")):
        dtb = edited(tuple(edit))
        out = boot(image="clock.img", dtb=dtb)
        if want:
            gave_up(out, want)
        else:
            assert off(out) == 0x99, out
            new_tree(out)
            assert "pl031" not in run("fdtget", "-l", "new.dtb", "/")
        assert off(boot(dtb=dtb)) == 0x99


@test
def core_says_no():
    gave_up(boot(ram=-6 & MINUS1), "STUB_RAM")
    gave_up(boot(random=-8 & MINUS1), "STUB_RANDOM")
    gave_up(boot(identity=-8 & MINUS1), "STUB_IDENTITY")
    gave_up(boot(sealing=-4 & MINUS1), "STUB_SEALING")
    gave_up(boot(place=IMAGE + (2 << 20)), "STUB_PLACE", console=False)


@test
def hostile_trees():
    memory = "/memory@40000000"
    uart = "/pl011@9000000"
    for want, console, *edits in (
            ("DT_OVERLAP", True, (memory, "reg", "0", "0", "0", "80000000")),
            ("DT_OVERLAP", True, (memory, "reg", "0", "40000000", "0", "8000000",
                                  "0", "47fff000", "0", "1000")),
            ("DT_RANGE", True, (memory, "reg", "ffffffff", "fffff000", "0", "2000")),
            ("DT_RANGE", True, (memory, "reg", "0", "40000000", "0", "0")),
            ("DT_IMAGE", True, (memory, "reg", "0", "40000000", "0", "300000")),
            ("DT_CELLS", False, ("/", "#address-cells", "ffffffff")),
            ("DT_CPU", True, ("/cpus/cpu@1", "reg", "0")),
            ("DT_IRQ", True, ("/timer", "interrupts", "1", "d", "4")),
            ("DT_MISSING", True, ("-r", "/psci")),
            ("DT_MISSING", True, ("-r", "/intc@8000000")),
            # No word goes to a UART that lies over the image or the tree.
            ("DT_OVERLAP", False, (uart, "reg", "0", hex(IMAGE)[2:], "0", "1000")),
            ("DT_OVERLAP", False, (uart, "reg", "0", hex(DTB)[2:], "0", "1000")),
            ("DT_RANGE", False, (uart, "reg", "0", "9000002", "0", "1000"))):
        out = boot(dtb=edited(*edits))
        gave_up(out, want, console)
        assert not re.search("^RAM ", out, re.M), (want, edits, out)


@test
def broken_trees():
    whole = open("virt2.dtb", "rb").read()
    for data in (bytes(64), b"\xff" * 4096):
        gave_up(boot(dtb=put("bad.dtb", data)), "DT_HEADER", False)
    gave_up(boot(dtb_size=len(whole) - 1), "DT_HEADER", False)
    gave_up(boot(dtb_size=0), "DT_HEADER", False)
    # off_dt_struct not a multiple of 4: with the MMU off that would be a fault
    data = bytearray(whole)
    struct.pack_into(">I", data, 8, struct.unpack_from(">I", data, 8)[0] + 1)
    struct.pack_into(">I", data, 36, struct.unpack_from(">I", data, 36)[0] - 4)
    gave_up(boot(dtb=put("bad.dtb", bytes(data))), "DT_HEADER", False)


@test
def a_fault_ends_the_vm():
    # a device tree where nothing answers; one that is not aligned
    gave_up(boot(dtb_at=0x0b000000), "STUB_EXCEPTION", False)
    assert off(boot(dtb_at=DTB + 2)) in (MARK | DT_HEADER, MARK | STUB_EXCEPTION)


@test
def the_model_notices_a_touch():
    """The control: an image whose first instruction is a load."""
    data = bytearray(open("vm.img", "rb").read())
    struct.pack_into("<I", data, 0x40, 0xF9400001)      # ldr x1, [x0]
    put("bad.img", bytes(data))
    out = boot(image="bad.img")
    assert "TOUCH" in out and "PROTECT" not in out, out


if __name__ == "__main__":
    main()
