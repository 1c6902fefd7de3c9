#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The boot stub's binary, of images that are Arm CCA Realms (TAP)."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/stub"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from harness import (MINUS1, boot, build, edited, gave_up, main, new_tree, off, run,  # noqa: E402
                     test)

DEVICES = ("-global", "virtio-mmio.force-legacy=false", "-netdev", "user,id=n",
           "-device", "virtio-net-device,netdev=n,iommu_platform=on",
           "-device", "virtio-rng-device,iommu_platform=on")
PCI = "/pcie@10000000"


def memory(size="128M", where="", model="ivshmem-plain"):
    return ("-object", f"memory-backend-ram,id=sh,size={size}",
            "-device", f"{model},memdev=sh{where}")


def realm(*args, devices=DEVICES + memory(), **kw):
    """An image that shares 128 MiB, as much as the machine has RAM."""
    if not os.path.exists("realm.img"):
        build("realm.img", "--console", "--rsi", "--share", "128M", "--virtio-mmio", "rng,net")
    return boot(*args, image="realm.img", devices=devices, **kw)


def refused(out, why, shared=True):
    """And whether the core had been asked for it by then."""
    gave_up(out, why)
    assert ("SHARE" in out) == shared, out


@test
def its_memory_is_the_bar():
    for where in ("", ",addr=1f", ",addr=1"):
        out = realm(devices=DEVICES + memory(where=where))
        assert re.findall(r"SHARE (\w+) (\w+)", out) == [(f"{0x8040000000:016x}",
                                                         f"{128 << 20:016x}")], out
        assert out.index("RAM ") < out.index("SHARE ") < out.index("KERNEL "), out
        assert "shared with the host: 128 MiB, devices: 2, a Realm\r\n" in out, out
        assert off(out) == 0x99 and "WINDOW memory" in out, out


@test
def its_tree_says_so():
    get = new_tree(realm())
    assert get("/psci", "method") == "smc"
    nodes = run("fdtget", "-l", "new.dtb", "/").split()
    assert nodes[-2:] == ["virtio_mmio@a003c00", "virtio_mmio@a003e00"], nodes
    assert not re.search("reserved|pci", " ".join(nodes)), nodes
    for name, spi, number in (("/virtio_mmio@a003c00", "2e", "4"),
                              ("/virtio_mmio@a003e00", "2f", "1")):
        assert get(name, "interrupts", "x") == f"0 {spi} 1"
        assert get(name, "hypsec,virtio-device", "x") == number
        assert run("fdtget", "-p", "new.dtb", name).split() == \
            ["compatible", "reg", "interrupts", "dma-coherent", "hypsec,virtio-device"]


@test
def one_that_shares_nothing():
    """Nor is the bus looked at."""
    build("alone.img", "--console", "--rsi", "--share", "0")
    out = boot(image="alone.img", dtb=edited(("-r", PCI)), ipa_bits=0)
    assert off(out) == 0x99 and "SHARE" not in out and "CPUs: 2, a Realm\r\n" in out, out
    assert new_tree(out)("/psci", "method") == "smc"


@test
def the_core_says_no():
    """Each by the conduit that it has: the model ends a run that takes the other one."""
    refused(realm(ram=-6 & MINUS1), "STUB_RAM", False)
    refused(realm(share=-6 & MINUS1), "STUB_SHARE")
    refused(realm(ipa_bits=0), "STUB_REALM", False)
    refused(realm(random=-8 & MINUS1), "STUB_RANDOM")
    gave_up(realm(dtb_at=0x0b000000), "STUB_EXCEPTION", False)
    assert off(realm(protect=MINUS1)) == MINUS1


@test
def no_such_memory():
    refused(realm(devices=DEVICES), "STUB_NO_IVSHMEM")
    # Of another kind, one that is of no use, and one behind a bridge
    refused(realm(devices=DEVICES + ("-netdev", "user,id=p", "-device",
                                     "virtio-net-pci,netdev=p,romfile=")), "STUB_NO_IVSHMEM")
    refused(realm(devices=DEVICES + ("-device", "pcie-root-port,id=rp,chassis=1") +
                  memory(where=",bus=rp")), "STUB_NO_IVSHMEM")
    for size in ("64M", "256M", "1M"):
        refused(realm(devices=DEVICES + memory(size)), "STUB_IVSHMEM_SIZE")
    refused(realm(devices=memory()), "STUB_NO_DEVICE")
    # The model sees what a guest would of a window that nothing was put into (control)
    assert "WINDOW nothing" in realm(devices=DEVICES)


@test
def a_window_that_is_elsewhere():
    ranges = ("1000000", "0", "0", "0", "3eff0000", "0", "10000",
              "2000000", "0", "10000000", "0", "10000000", "0", "2eff0000")
    for want, *edits in (
            ("DT_PCI", ("-r", PCI)),
            ("DT_PCI", (PCI, "bus-range", "0", "fe")),
            ("DT_PCI_PLACE", (PCI, "reg", "0", "40000000", "0", "10000000")),
            ("STUB_WINDOW", (PCI, "ranges", *ranges)),
            ("STUB_WINDOW", (PCI, "ranges", *ranges, "3000000", "80", "40000000", "80", "40000000",
                             "0", "7fff000")),
            ("STUB_WINDOW", (PCI, "ranges", *ranges, "3000000", "80", "40001000", "80", "40001000",
                             "0", "8000000")),
            ("STUB_WINDOW", (PCI, "reg", "80", "40000000", "0", "10000000"),
             (PCI, "ranges", *ranges)),
            # Something that the kernel is shown lies there.
            ("STUB_WINDOW", ("/virtio_mmio@a000000", "reg", "80", "40000200", "0", "200"),
             (PCI, "ranges", *ranges)),
            ("STUB_WINDOW", ("/pl011@9000000", "reg", "80", "47fff000", "0", "1000"),
             (PCI, "ranges", *ranges))):
        out = realm(dtb=edited(*edits))
        assert off(out) and "KERNEL" not in out and "SHARE" not in out, out
        if "/pl011" not in str(edits):      # whose words go nowhere
            refused(out, want, False)
    for bits in (39, 41, 48, 31, 64):
        refused(realm(ipa_bits=bits), "STUB_REALM" if bits in (31, 64) else "STUB_WINDOW", False)


@test
def ram_that_is_not_covered():
    build("small.img", "--console", "--rsi", "--share", "64M", "--virtio-mmio", "rng,net")
    for image, dtb in (("small.img", "virt2.dtb"),
                       ("realm.img", edited(("/memory@40000000", "reg", "0", "40000000", "0",
                                             "8000000", "1", "0", "0", "8000000")))):
        refused(boot(image=image, dtb=dtb, devices=DEVICES + memory("64M")), "STUB_COVER", False)
    # The one that covers much more, also below it
    build("large.img", "--console", "--rsi", "--share", "2G", "--virtio-mmio", "rng,net")
    out = boot(image="large.img", devices=DEVICES + memory("2G"))
    assert off(out) == 0x99 and "WINDOW memory" in out, out
    assert f"SHARE {0x8000000000:016x} {2 << 30:016x}" in out, out


if __name__ == "__main__":
    main()
