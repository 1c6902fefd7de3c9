# SPDX-License-Identifier: GPL-2.0-only
"""What an image shares with its host: how much memory, and the devices that use it."""

import argparse
import re

from tool import Refused

ALIGN = 2 << 20
SHARE_MAX = 1 << 30             # HYPSEC_SHARE_MAX
RSI_SHARE_MAX = 64 << 30        # HYPSEC_RSI_SHARE_MAX
VIRTIO_MAX = 8                  # HYPSEC_VIRTIO_MAX
VIRTIO_PCI = 0x80               # HYPSEC_VIRTIO_PCI
DEFAULT = 64 << 20
RSI_DEFAULT = 1 << 30
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# Virtio 1.2, section 5
VIRTIO = {"net": 1, "blk": 2, "console": 3, "rng": 4, "vsock": 19, "fs": 26}
# What no image is signed for, and why
UNFIT = {"balloon": "the guest's driver never takes VIRTIO_F_ACCESS_PLATFORM, and pages that a VMM takes "
                    "by it are lost to the guest: load hypsec-report.ko in it, and free memory goes back",
         "9p": "no kernel that this was tried with has it: fs, say"}


def share_size(text):
    """The type of --share."""
    m = re.fullmatch(r"([0-9]{1,12})([KMG]?)", text, re.ASCII)
    size = int(m[1]) * UNITS[m[2]] if m else -1
    if size % ALIGN or not 0 <= size <= RSI_SHARE_MAX:
        raise argparse.ArgumentTypeError("a size is a multiple of 2M, at most 1G: 64M, say")
    return size


def realm_ram(size):
    """Most RAM of QEMU's machine, which begins at 1 GiB, that is covered so."""
    return size if size <= 1 << 30 else size - (1 << 30)


def virtio_list(text):
    """The type of --virtio-mmio and --pci."""
    names = text.split(",")
    for name in names:
        if name.isdigit():
            raise argparse.ArgumentTypeError(
                f"name the devices, not how many: blk,net, say, out of {', '.join(VIRTIO)}")
        if name in UNFIT:
            raise argparse.ArgumentTypeError(f"{name}: {UNFIT[name]}")
        if name not in VIRTIO:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(VIRTIO)}")
    if len(names) > VIRTIO_MAX:
        raise argparse.ArgumentTypeError(f"at most {VIRTIO_MAX} devices")
    return tuple(VIRTIO[name] for name in names)


def wanted(args):
    """What the manifest gets: permission, size, devices; what is to be said of it."""
    size, note = args.share, None
    if args.rsi and args.pci:
        raise Refused("--rsi: a Realm has no PCIe bus: name its devices, --virtio-mmio blk, say")
    if args.rsi and size is None:
        size = RSI_DEFAULT
        note = f"--rsi: what is shared covers the RAM, at most: --share {size >> 20}M"
    if args.rsi and size & size - 1:
        raise Refused("--share: of a Realm a power of 2, and no less than the VM's RAM: 512M, say")
    if not args.rsi and (size or 0) > SHARE_MAX:
        raise Refused("--share: a size is a multiple of 2M, at most 1G: 64M, say")
    if len(args.virtio_mmio + args.pci) > VIRTIO_MAX:
        raise Refused(f"--virtio-mmio, --pci: at most {VIRTIO_MAX} devices in all")
    for option, given in (("--virtio-mmio", args.virtio_mmio), ("--pci", args.pci)):
        if given and size is None:
            size = DEFAULT
            note = f"{option} needs memory shared with the host: --share {DEFAULT >> 20}M"
        if given and not size:
            raise Refused(f"{option}: its devices need memory: --share 64M, say")
    if VIRTIO["console"] in args.virtio_mmio + args.pci and not args.console:
        raise Refused("a virtio console: what the guest reads there the host types: "
                      "--console says that it may")
    early = [n for n in ("console", "fs") if VIRTIO[n] in args.pci]
    if early:
        note = "\n".join(filter(None, (note, f"--pci {','.join(early)}: where this driver is built in, as in "
                                       "Debian's kernel, it comes before the module that gives it memory: "
                                       "there --virtio-mmio, of which the transport is a module")))
    virtio = bytes(args.virtio_mmio) + bytes(n | VIRTIO_PCI for n in args.pci)
    return size is not None, size or 0, virtio.ljust(VIRTIO_MAX, b"\0"), note


def devices(virtio, pci=False):
    """Of the list of a manifest those on the bus, or beside it, in words."""
    names = {number: name for name, number in VIRTIO.items()} | {5: "balloon", 9: "9p"}
    return " ".join(names.get(n & ~VIRTIO_PCI, str(n & ~VIRTIO_PCI)) for n in virtio.rstrip(b"\0")
                    if bool(n & VIRTIO_PCI) == pci)


def problems(share, size, virtio, pci, rsi):
    """What core and stub do not take: a list is written down in one way; a Realm's share is a BAR."""
    if size % ALIGN or size > (RSI_SHARE_MAX if rsi else SHARE_MAX) or (size and not share) or \
            (rsi and size & size - 1):
        yield f"bad share_size {size:#x}"
    if rsi and pci:
        yield "a Realm with a PCIe bus"
    if (any(virtio) or pci) and not size:
        yield "devices, and no memory shared for them"
    if 0 in virtio.rstrip(b"\0"):
        yield "a gap in the list of devices"
    listed = [bool(n & VIRTIO_PCI) for n in virtio.rstrip(b"\0")]
    if VIRTIO_PCI in virtio or listed != sorted(listed):
        yield "devices on a PCIe bus are named before others, or have no number"
    if any(listed) != bool(pci):
        yield "a PCIe bus without a device, or a device there without the bus"
