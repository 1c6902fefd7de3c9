# SPDX-License-Identifier: GPL-2.0-only
"""hypsec-image from-root: a VM with an encrypted root, from an ordinary root file system.

scripts/root/README has what the VM does with its disk."""

import argparse
import os
import re
import shlex
import tempfile

from bootline import names
from commands import make
from initrd import DMA_MODULE, Modules, make_initrd, module_data, release_of, tools_folder
from rootdisk import MIB, Root, free_name, make_disk, order
from sharing import DEFAULT, RSI_DEFAULT, VIRTIO, realm_ram
from tool import Refused, read, write
from vmline import libvirt_xml, pasted, qemu_line

DEVICES = (VIRTIO["blk"], VIRTIO["net"])
UNITS = {"": 1, "M": 1 << 20, "G": 1 << 30}


def size(text):
    m = re.fullmatch(r"([1-9][0-9]{0,9})([MG]?)", text)
    if not m or int(m[1]) * UNITS[m[2]] % MIB:
        raise argparse.ArgumentTypeError("a size is whole MiB: 512M, 8G")
    return int(m[1]) * UNITS[m[2]]


def absolute(text):
    if not re.fullmatch(r"(/[A-Za-z0-9._+-]+)+", text):
        raise argparse.ArgumentTypeError("an absolute path, of letters, digits and ._+-")
    return text


def options(s):
    """Those that build has not."""
    s.add_argument("root", metavar="DIR-or-TAR", help="the root file system")
    s.add_argument("--kernel", help="default: the newest boot/vmlinuz-* in it with its modules")
    s.add_argument("--modules", metavar="DIR", help="lib/modules/RELEASE (default: in it)")
    s.add_argument("--disk", metavar="FILE", help="gets the disk (required but with --no-enrol)")
    s.add_argument("--size", type=size, help="of the disk (default: 1 GiB beside the root)")
    s.add_argument("--no-enrol", dest="enrol", action="store_false",
                   help="an image for a disk that is enrolled: no disk is made, and a blank one "
                   "is refused")
    s.add_argument("--allow-ephemeral", action="store_true",
                   help="enrol with keys that end with the host's boot, to try it out")
    s.add_argument("--network", choices=("auto", "dhcp", "root"), default="auto",
                   help="who sets eth0 up: the initrd once (dhcp), or the root (default: "
                   "the root if it has networkd, NetworkManager or ifupdown enabled)")
    s.add_argument("--init", type=absolute, default="/sbin/init", help="what the root starts")
    s.add_argument("--dma-module", metavar="FILE",
                   help="hypsec-dma.ko for a kernel without CONFIG_DMA_RESTRICTED_POOL "
                   "(default: in the root's modules; none: the kernel needs none)")
    s.add_argument("--tools", metavar="DIR", help="what scripts/root/tools makes (default: do)")
    s.add_argument("--memory", type=size, help="for the lines that are printed (default: 1G, or "
                   "less if a Realm shares less)")
    s.add_argument("--xml", metavar="FILE", help="gets the libvirt domain (default: printed); of a "
                   "Realm there is none")


def has_pool(root, kernel, release):
    """Whether the kernel keeps DMA in a pool: None if nobody knows."""
    for name in (os.path.join(os.path.dirname(kernel), f"config-{release}"),
                 os.path.join(root.folder, f"boot/config-{release}")):
        if os.path.isfile(name):
            return b"\nCONFIG_DMA_RESTRICTED_POOL=y\n" in b"\n" + read(name)
    return None


def dma_module(args, root, kernel, modules):
    """hypsec-dma.ko, or None where the kernel does without."""
    if args.rsi and args.dma_module not in (None, "none"):
        raise Refused("--dma-module: a Realm has no pool, and needs none")
    if args.rsi or args.dma_module == "none":
        return None
    if args.dma_module:
        data = module_data(args.dma_module)
    elif has_pool(root, kernel, modules.release):
        return None
    elif DMA_MODULE in modules.path:
        data = modules.data(modules.path[DMA_MODULE])
    else:
        raise Refused(f"{kernel}: not known to have CONFIG_DMA_RESTRICTED_POOL, without which its "
                      "devices need hypsec-dma.ko: install it in the root, or --dma-module")
    if release_of(data) != modules.release:
        raise Refused(f"hypsec-dma.ko is for kernel {release_of(data)}, not {modules.release}")
    return data


def from_root(args):
    if not args.family:
        raise Refused("--family: without one no later image, not even a fix, opens the disk")
    if args.enrol and not args.disk:
        raise Refused("--disk: say where it goes; or --no-enrol, for a disk that there is")
    if not args.enrol and (args.disk or args.size or args.allow_ephemeral):
        raise Refused("--no-enrol makes no disk: not with --disk, --size, --allow-ephemeral")
    if not args.pci:
        args.virtio_mmio = args.virtio_mmio or DEVICES
    if (args.virtio_mmio + args.pci not in (DEVICES, DEVICES[:1])) or (args.virtio_mmio and args.pci):
        raise Refused("--virtio-mmio or --pci: blk,net or blk; others are for build, with an initrd "
                      "that knows them")
    if args.rsi and args.pci:
        raise Refused("--rsi: a Realm has no PCIe bus: --virtio-mmio")
    if args.rsi and args.xml:
        raise Refused("--xml: a Realm is started by QEMU's command line, which is printed")
    args.share = args.share if args.share is not None else RSI_DEFAULT if args.rsi else DEFAULT
    most = realm_ram(args.share) if args.rsi else 1 << 40
    args.memory = args.memory or min(1 << 30, most)
    if args.memory > most:
        raise Refused(f"--memory: what a Realm shares covers its RAM: {most >> 20}M at most with "
                      f"--share {args.share >> 20}M")
    if args.disk:
        free_name(args.disk)
    with tempfile.TemporaryDirectory() as work:
        root = Root(args.root, work)
        folder = args.modules or root.modules()
        if not folder:
            raise Refused(f"{args.root}: no lib/modules/*/modules.dep in it: install a kernel "
                          "(linux-image-arm64), or --kernel and --modules")
        modules = Modules(folder)
        args.kernel = args.kernel or root.kernel(modules.release)
        if not args.kernel:
            raise Refused(f"{args.root}: no boot/vmlinuz-{modules.release} in it; --kernel")
        if args.rsi and order(modules.release) < order("6.13"):
            raise Refused(f"--rsi: Linux {modules.release} cannot be a Realm: 6.13 or later")
        if not root.has(args.init[1:]):
            raise Refused(f"{args.root}: no {args.init} in it: install systemd-sysv, or --init")
        network = root.network() if args.network == "auto" else args.network
        conf = {"ENROL": "yes" if args.enrol else "no",
                "EPHEMERAL": "yes" if args.allow_ephemeral else "no",
                "NETWORK": network, "INIT": args.init}
        module = dma_module(args, root, args.kernel, modules)
        tools = tools_folder(args.tools)
        if "net.ifnames" not in names(args.cmdline):
            args.cmdline = " ".join(["net.ifnames=0"] + [args.cmdline] * bool(args.cmdline))
        args.initrd = os.path.join(work, "initrd")
        if args.enrol:
            conf["ROOT_SIZE"], conf["ROOT_SHA512"] = make_disk(root, args.disk, args.size)
        try:
            write(args.initrd, make_initrd(modules, tools, conf, module,
                                           "virtio_pci" if args.pci else "virtio_mmio"))
            make(args)
        except BaseException:
            if args.disk:
                os.unlink(args.disk)
            raise
    if args.enrol:
        print(f"disk {args.disk}: root of {conf['ROOT_SIZE'] // MIB} MiB, "
              f"sha512 {conf['ROOT_SHA512'][:16]}...")
    show(args, modules.release, network)


def show(args, release, network):
    disk = args.disk or "disk.img"
    net = DEVICES in (args.virtio_mmio, args.pci)
    pci = bool(args.pci)
    print(f"kernel {release}; network: " +
          {"root": "the root's own", "dhcp": "eth0 by the initrd, DHCP"}[network])
    if not args.console:
        print("no console (--console): the VM is reached over its network only")
    if not args.clock:
        print("no clock (--clock): the VM starts in 1970, when no certificate is valid yet")
    print("\n" + pasted(qemu_line(args.output, disk, args.memory, net, pci,
                                  args.share if args.rsi else 0)))
    xml = libvirt_xml(args.output, disk, args.memory, net, pci)
    if args.rsi:
        return
    if args.xml:
        write(args.xml, xml.encode())
        print(f"\nvirsh define {shlex.quote(args.xml)}")
    else:
        print("\n" + xml, end="")
