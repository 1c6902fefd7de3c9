# SPDX-License-Identifier: GPL-2.0-only
"""How a VM with disk and network is started: QEMU's options, a libvirt domain.

Options of QEMU 7.2 and 10.0 alike. The port of ssh is the host's 2222, on its loopback only."""

import os
import re
import shlex
from xml.sax.saxutils import escape, quoteattr

# The other devices that build names; words in capitals are for who starts it.
MODELS = {"rng": "virtio-rng-device", "console": "virtio-serial-device",
          "balloon": "virtio-balloon-device", "vsock": "vhost-vsock-device,guest-cid=CID",
          "fs": "vhost-user-fs-device,chardev=CHARDEV,tag=TAG"}


def comma(name):
    """In QEMU's option lists a comma is written twice."""
    return name.replace(",", ",,")


def window(size):
    """The memory that a Realm shares."""
    return (("-object", f"memory-backend-ram,id=shared,size={size >> 20}M"),
            ("-device", "ivshmem-plain,memdev=shared")) if size else ()


def qemu_line(image, disk, memory, net, pci=False, shared=0):
    """Words, in the groups that belong together. shared: bytes, of a Realm."""
    kind, behind = ("pci", "iommu_platform=on,disable-legacy=on") if pci else \
        ("device", "iommu_platform=on")
    lines = (
        ("qemu-system-aarch64", "-M", "virt,gic-version=3", "-accel", "kvm", "-cpu", "host"),
        ("-smp", "2", "-m", f"{memory >> 20}M", "-nographic", "-kernel", image),
    ) + ((("-global", "virtio-mmio.force-legacy=false"),) if not pci else ()) + window(shared) + (
        ("-drive", f"if=none,id=disk,format=raw,file={comma(disk)}"),
        ("-device", f"virtio-blk-{kind},drive=disk,{behind}"),
    )
    return lines + ((
        ("-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:2222-:22"),
        ("-device", f"virtio-net-{kind},netdev=net,{behind}"),
    ) if net else (("-net", "none"),))


def realm_line(image, size, memory, virtio):
    """Of a Realm: size bytes at least of what it shares, devices by name."""
    lines = [
        ("qemu-system-aarch64", "-M", "virt,gic-version=3", "-accel", "kvm", "-cpu", "host"),
        ("-m", f"{memory >> 20}M", "-nographic", "-net", "none", "-kernel", image),
        ("-global", "virtio-mmio.force-legacy=false"),
    ]
    lines += window(size)
    for n, name in enumerate(virtio):
        if name == "blk":
            lines += [("-drive", f"if=none,id=disk{n},format=raw,file=DISK"),
                      ("-device", f"virtio-blk-device,drive=disk{n},iommu_platform=on")]
        elif name == "net":
            lines += [("-netdev", f"user,id=net{n}"),
                      ("-device", f"virtio-net-device,netdev=net{n},iommu_platform=on")]
        else:
            lines += [("-device", f"{MODELS[name]},iommu_platform=on")]
    return lines


def pasted(lines):
    return " \\\n    ".join(" ".join(shlex.quote(w) for w in words) for words in lines)


# On the PCIe bus: not below a port, where libvirt would put them, and of virtio 1 alone
ADDRESS = "<address type='pci' domain='0' bus='0' slot='{}' function='0'/>"
INTERFACE = """    <interface type='user'>
      <model type='{model}'/>
      <driver iommu='on'/>
      {address}
    </interface>
"""
MODERN = """  <qemu:commandline>
    <qemu:arg value='-global'/>
    <qemu:arg value='virtio-mmio.force-legacy=false'/>
  </qemu:commandline>
"""


def libvirt_xml(image, disk, memory, net, pci=False):
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", os.path.basename(image).rsplit(".", 1)[0]) or "vm"
    at = [ADDRESS.format(slot) if pci else "<address type='virtio-mmio'/>" for slot in (1, 2)]
    model = "virtio-non-transitional" if pci else "virtio"
    return f"""<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <memory unit='MiB'>{memory >> 20}</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='aarch64' machine='virt'>hvm</type>
    <kernel>{escape(os.path.abspath(image))}</kernel>
  </os>
  <features>
    <gic version='3'/>
  </features>
  <cpu mode='host-passthrough'/>
  <devices>
    <disk type='file' device='disk'{f" model='{model}'" * pci}>
      <driver name='qemu' type='raw' iommu='on'/>
      <source file={quoteattr(os.path.abspath(disk))}/>
      <target dev='vda' bus='virtio'/>
      {at[0]}
    </disk>
{INTERFACE.format(model=model, address=at[1]) * net}    <serial type='pty'/>
    <console type='pty'/>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
{MODERN * (not pci)}</domain>
"""
