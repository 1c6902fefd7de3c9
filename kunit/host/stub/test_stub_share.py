#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The boot stub's binary, of images that share memory with their host (TAP)."""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/stub"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from harness import (IMAGE, MINUS1, boot, build, edited, gave_up, main,  # noqa: E402
                     new_tree, off, put, run, test)


MODERN = ("-global", "virtio-mmio.force-legacy=false")
NETWORK = ("-netdev", "user,id=n", "-device", "virtio-net-device,netdev=n,iommu_platform=on")
RNG = ("-device", "virtio-rng-device,iommu_platform=on")
PCI_NETWORK = ("-netdev", "user,id=p", "-device",
               "virtio-net-pci,netdev=p,iommu_platform=on,disable-legacy=on,romfile=")
PCI_RNG = ("-device", "virtio-rng-pci,iommu_platform=on,disable-legacy=on")
PCI_OTHERS = ("-device", "pci-testdev", "-device", "pcie-root-port,id=rp,chassis=1", "-device",
              "virtio-balloon-pci,iommu_platform=on,disable-legacy=on")
BALLOON = ("-device", "virtio-balloon-device,iommu_platform=on")


def shared(*args, devices=MODERN + NETWORK + RNG + BALLOON + RNG, **kw):
    """An image that shares 8 MiB, for these devices in this order."""
    if not os.path.exists("share.img"):
        build("share.img", "--console", "--share", "8M", "--virtio-mmio", "rng,net,rng")
    return boot(*args, image="share.img", devices=devices, **kw)


def numbers(text):
    return [int(x, 16) for x in text.split()]


@test
def what_is_shared_is_where_the_image_says():
    out = shared()
    # The highest place below 4 GiB: the device tree is at 112 MiB.
    pool = 0x47800000
    assert re.findall(r"SHARE (\w+) (\w+)", out) == [(f"{pool:016x}", f"{8 << 20:016x}")], out
    assert out.index("RAM ") < out.index("SHARE ") < out.index("KERNEL "), out
    assert "CPUs: 2, shared with the host: 8 MiB, devices: 3\r\n" in out
    assert off(out) == 0x99
    get = new_tree(out)
    # QEMU puts the first -device at the highest address; the tree has the image's order.
    found = [("virtio_mmio@a003c00", 0xa003c00, 46, 4), ("virtio_mmio@a003e00", 0xa003e00, 47, 1),
             ("virtio_mmio@a003800", 0xa003800, 44, 4)]
    nodes = run("fdtget", "-l", "new.dtb", "/").split()
    assert nodes[-4:] == ["reserved-memory"] + [name for name, *_ in found], nodes
    assert run("fdtget", "-l", "new.dtb", "/reserved-memory").split() == [f"dma-pool@{pool:x}"]
    node = f"/reserved-memory/dma-pool@{pool:x}"
    assert get(node, "compatible") == "restricted-dma-pool"
    assert numbers(get(node, "reg", "x")) == [0, pool, 0, 8 << 20]
    assert run("fdtget", "-p", "new.dtb", node).split() == ["compatible", "reg", "phandle"]
    for name, base, spi, number in found:
        assert numbers(get("/" + name, "reg", "x")) == [0, base, 0, 0x200]
        assert numbers(get("/" + name, "interrupts", "x")) == [0, spi, 1]
        assert get("/" + name, "memory-region", "x") == get(node, "phandle", "x")
        assert numbers(get("/" + name, "hypsec,virtio-device", "x")) == [number]
        assert run("fdtget", "-p", "new.dtb", "/" + name).split() == \
            ["compatible", "reg", "interrupts", "dma-coherent", "memory-region",
             "hypsec,virtio-device"]


@test
def nothing_is_shared_unless_it_is_signed():
    """Nor is a device looked at: what its node says does not matter either."""
    out = boot(devices=MODERN + NETWORK + RNG)
    assert off(out) == 0x99 and "SHARE" not in out and "shared" not in out, out
    new_tree(out)
    assert not re.search("virtio|reserved", run("fdtget", "-l", "new.dtb", "/"))
    out = boot(dtb=edited(("/virtio_mmio@a000000", "reg", "0", hex(IMAGE)[2:], "0", "200")))
    assert off(out) == 0x99, out
    build("leave.img", "--console", "--share", "0")
    out = boot(image="leave.img", devices=MODERN + NETWORK)
    assert off(out) == 0x99 and "SHARE" not in out, out
    build("none.img", "--console", "--share", "2M")
    out = boot(image="none.img", devices=MODERN + NETWORK)
    assert off(out) == 0x99 and "devices: 0" in out, out
    new_tree(out)
    nodes = run("fdtget", "-l", "new.dtb", "/").split()
    assert "reserved-memory" in nodes and not [n for n in nodes if "virtio" in n], nodes


@test
def sharing_that_is_refused():
    gave_up(shared(share=-6 & MINUS1), "STUB_SHARE")
    build("large.img", "--console", "--share", "128M")
    out = boot(image="large.img")
    gave_up(out, "STUB_POOL")
    assert "SHARE" not in out
    for want, number, devices in (
            ("STUB_NO_DEVICE", 4, MODERN),
            ("STUB_NO_DEVICE", 4, MODERN + NETWORK + RNG),
            ("STUB_NO_DEVICE", 1, MODERN + RNG + RNG),
            ("STUB_LEGACY_DEVICE", 4, NETWORK + RNG + RNG),
            ("STUB_PLAIN_DEVICE", 4, MODERN + NETWORK + ("-device", "virtio-rng-device") + RNG),
            ("STUB_PLAIN_DEVICE", 1, MODERN + ("-device", "virtio-net-device") + RNG + RNG)):
        out = shared(devices=devices)
        gave_up(out, want)
        assert f"virtio-mmio device of number {number}\r\n" in out, out
    for want, *edits in (
            ("DT_VIRTIO", ("reg", "0", "a000000", "0", "100")),
            ("DT_VIRTIO", ("reg", "0", "a000000", "0", "10200")),
            ("DT_VIRTIO_PLACE", ("reg", "0", "a000000", "0", "1000")),
            ("DT_VIRTIO", ("interrupts", "1", "d", "4")),
            ("DT_VIRTIO_PLACE", ("reg", "0", hex(IMAGE)[2:], "0", "200")),
            ("DT_VIRTIO_PLACE", ("reg", "0", "8000000", "0", "200")),
            ("DT_VIRTIO_PLACE", ("reg", "0", "9000000", "0", "200"))):
        out = shared(dtb=edited(*(("/virtio_mmio@a000000", *e) for e in edits)))
        gave_up(out, want)
        assert not re.search("^(RAM|SHARE) ", out, re.M), out


@test
def a_clock_that_lies_over_a_device():
    build("clocked.img", "--clock", "--share", "8M", "--pci", "blk")
    for place in (("0", "a000000"), ("0", "a003000"), ("0", "10000000"), ("40", "10000000")):
        out = boot(image="clocked.img",
                   dtb=edited(("/pl031@9010000", "reg", *place, "0", "1000")))
        gave_up(out, "DT_CLOCK")
        assert not re.search("^(RAM|SHARE) ", out, re.M), out


@test
def a_bus_is_there_if_it_is_signed():
    build("pci.img", "--console", "--share", "8M", "--virtio-mmio", "rng", "--pci", "rng,net,rng")
    out = boot(image="pci.img", devices=MODERN + RNG + PCI_NETWORK + PCI_OTHERS + PCI_RNG + PCI_RNG)
    assert off(out) == 0x99 and "devices: 1, on PCIe: 3\r\n" in out, out
    get = new_tree(out)
    assert run("fdtget", "-l", "new.dtb", "/").split()[-3:] == \
        ["reserved-memory", "virtio_mmio@a003e00", "pcie@4010000000"]
    bus = "/pcie@4010000000"
    pool = "/reserved-memory/" + run("fdtget", "-l", "new.dtb", "/reserved-memory").strip()
    # Slots are from the lowest up, in the order of QEMU's options; the tree has the image's.
    slots = {5: 4, 1: 1, 6: 4}
    assert run("fdtget", "-l", "new.dtb", bus).split() == [f"virtio@{s}" for s in slots]
    for slot, number in slots.items():
        node = f"{bus}/virtio@{slot}"
        assert numbers(get(node, "reg", "x")) == [slot << 11, 0, 0, 0, 0]
        assert get(node, "memory-region", "x") == get(pool, "phandle", "x")
        assert numbers(get(node, "hypsec,virtio-device", "x")) == [number]
    # Not of the bridge: what else is behind it has no pool. And no MSI.
    assert not re.search("msi|memory-region", run("fdtget", "-p", "new.dtb", bus))
    for name in ("reg", "ranges", "bus-range", "interrupt-map-mask"):
        theirs = run("fdtget", "-t", "x", "virt2.dtb", "/pcie@10000000", name).strip()
        assert get(bus, name, "x") == theirs, name
    for want, number, devices in (
            ("STUB_NO_PCI_DEVICE", 4, ()),
            ("STUB_NO_PCI_DEVICE", 1, PCI_RNG + PCI_RNG),
            ("STUB_NO_PCI_DEVICE", 4, PCI_RNG + PCI_NETWORK + RNG),
            # Behind a port it is on another bus, whose number nobody has given yet.
            ("STUB_NO_PCI_DEVICE", 4, PCI_NETWORK + PCI_RNG + PCI_OTHERS +
             ("-device", "virtio-rng-pci,bus=rp,iommu_platform=on")),
            ("STUB_LEGACY_PCI", 4, PCI_NETWORK + ("-device", "virtio-rng-pci") + PCI_OTHERS),
            ("STUB_PLAIN_DEVICE", 4, PCI_NETWORK + PCI_RNG +
             ("-device", "virtio-rng-pci,disable-legacy=on"))):
        out = boot(image="pci.img", devices=MODERN + RNG + devices)
        gave_up(out, want)
        assert f"virtio-pci device of number {number}\r\n" in out, out
    gave_up(boot(image="pci.img", devices=MODERN + PCI_NETWORK + PCI_RNG + PCI_RNG),
            "STUB_NO_DEVICE")
    for want, *edits in (
            ("DT_PCI", ("-r", "/pcie@10000000")),
            ("DT_PCI", ("/pcie@10000000", "bus-range", "0", "fe")),
            ("DT_PCI_PLACE", ("/pcie@10000000", "reg", "0", "40000000", "0", "10000000")),
            ("DT_PCI_PLACE", ("/pcie@10000000", "ranges", "2000000", "0", "40000000", "0",
                              "40000000", "0", "100000"))):
        out = boot(image="pci.img", dtb=edited(*edits))
        gave_up(out, want)
        assert not re.search("^(RAM|SHARE) ", out, re.M), out


@test
def a_console_is_one_by_any_device():
    """A manifest that names one, signed without the flag: not made by this tool."""
    build("share.img", "--console", "--share", "8M", "--virtio-mmio", "rng,net,rng")
    data = bytearray(open("share.img", "rb").read())
    at, = struct.unpack_from("<Q", data, 40)
    data[at + 48:at + 56] = bytes((3, 0, 0, 0, 0, 0, 0, 0))
    console = ("-device", "virtio-serial-device,iommu_platform=on")
    out = boot(image=os.path.basename(put("c.img", bytes(data))), devices=MODERN + console)
    assert off(out) == 0x99 and "devices: 1" in out, out
    data[at + 12] &= ~8
    out = boot(image=os.path.basename(put("c.img", bytes(data))), devices=MODERN + console)
    gave_up(out, "STUB_LAYOUT")


@test
def a_list_of_devices_is_written_in_one_way():
    """And a bus is there for what is named on it, no console among that: flags and list."""
    build("pci.img", "--console", "--share", "8M", "--pci", "rng,net")
    data = bytearray(open("pci.img", "rb").read())
    at, = struct.unpack_from("<Q", data, 40)
    flags = data[at + 12]
    console = ("-device", "virtio-serial-pci,disable-legacy=on,iommu_platform=on")
    for flag, listed, want in (
            (flags, b"\x81\x84", 0x99), (flags, b"\4\x81", 0x99), (flags, b"\x83\x84", 0x99),
            (flags & ~8, b"\x81\x84", 0x99), (flags & ~16, b"\4", 0x99),
            (flags & ~8, b"\x84\x83", None), (flags & ~16, b"\x84", None), (flags, b"\4", None),
            (flags, b"", None), (flags, b"\x84\4", None), (flags, b"\x80", None)):
        data[at + 12] = flag
        data[at + 48:at + 56] = listed.ljust(8, b"\0")
        out = boot(image=os.path.basename(put("c.img", bytes(data))),
                   devices=MODERN + RNG + PCI_NETWORK + PCI_RNG + console)
        if want:
            assert off(out) == want, (flag, listed, out)
        else:
            gave_up(out, "STUB_LAYOUT")


if __name__ == "__main__":
    main()
