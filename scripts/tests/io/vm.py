#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""vm.py DIR first|late|none KERNEL INITRD

Run the guest of guest-init under QEMU, without HypSec, with a device tree as the boot stub of a
protected VM makes it (none: QEMU's own), and look from the VMM's side at what it gives its devices to read and write.

Into DIR: console; disk and file, what the guest is to read; looks, a line for each queue and
descriptor that was seen: "DEVICE QUEUE WHAT ADDRESS LENGTH in|out|unset"; found, "pool N" and
"ram N", how often the guest's secret is in the pool and in all of its memory, and "left N", how
many sectors of the disk are in the pool although the guest is done with it.
"""

import collections
import functools
import hashlib
import http.server
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

RAM, RAM_SIZE = 0x40000000, 384 << 20
POOL, POOL_SIZE = 0x52000000, 16 << 20
SECRET = b"the-secret-of-this-guest-42"

# Bus (a node of its own, 0x200 apart), QEMU's device, the node's properties. Names say what is right
# or wrong with each.
POOLED = "memory-region = <&pool>; hypsec,virtio-device = <%d>;"
DEVICES = [
    (31, "virtio-blk-device,id=disk,serial=data,drive=d0,iommu_platform=on", POOLED % 2),
    (30, "virtio-net-device,id=net,netdev=n,iommu_platform=on", POOLED % 1),
    (29, "virtio-blk-device,id=bypasses,drive=d1", POOLED % 2),
    (28, "virtio-rng-device,id=other,iommu_platform=on", POOLED % 2),
    (27, "virtio-blk-device,id=unnamed,drive=d2,iommu_platform=on", ""),
    (26, "virtio-blk-device,id=incoherent,drive=d3,iommu_platform=on",
     POOLED % 2 + " /delete-property/ dma-coherent;"),
]
# Slot, QEMU's device, properties of a node behind the bridge's; where there is none the host has
# plugged in what nobody named.
PCI = [
    (1, "virtio-rng-pci,id=pci-random,iommu_platform=on", POOLED % 4),
    (2, "virtio-balloon-pci,id=pci-other,iommu_platform=on", POOLED % 4),
    (3, "virtio-rng-pci,id=pci-unnamed,iommu_platform=on", None),
    (4, "virtio-rng-pci,id=pci-bypasses", POOLED % 4),
    (5, "pcie-root-port,id=rp,chassis=1", POOLED % 4),
    # Below a bridge where an image has a device: another bus, and so nobody's node.
    (None, "virtio-rng-pci,id=pci-below,bus=rp,iommu_platform=on", None),
    # The second function of what is named
    ("6.0", "virtio-rng-pci,id=pci-first,multifunction=on,iommu_platform=on", POOLED % 4),
    ("6.1", "virtio-rng-pci,id=pci-second,iommu_platform=on", None),
]


def machine(folder):
    args = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a72", "-nodefaults",
            "-display", "none", "-m", str(RAM_SIZE >> 20), "-global",
            "virtio-mmio.force-legacy=false", "-netdev", "user,id=n"]
    for i in range(4):
        name = os.path.join(folder, "disk" if i == 0 else f"disk{i}")
        args += ["-drive", f"if=none,id=d{i},format=raw,file={name}"]
    for bus, device, _ in DEVICES:
        args += ["-device", f"{device},indirect_desc=off,bus=virtio-mmio-bus.{bus}"]
    for slot, device, _ in PCI:
        args += ["-device", device + ",disable-legacy=on,indirect_desc=off" * ("virtio" in device) +
                 (f",addr={slot}" if slot else "")]
    return args


def device_tree(folder, args):
    """What the stub writes; QEMU's own, with the pool and who is in it."""
    blob, source = (os.path.join(folder, "tree." + s) for s in ("dtb", "dts"))
    dump = args[:]
    dump[2] += ",dumpdtb=" + blob
    subprocess.run(dump, check=True, stderr=subprocess.DEVNULL)
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    text += f"""/ {{ reserved-memory {{
        #address-cells = <2>; #size-cells = <2>; ranges;
        pool: dma-pool@{POOL:x} {{
            compatible = "restricted-dma-pool"; reg = <0 {POOL:#x} 0 {POOL_SIZE:#x}>; }};
    }}; }};\n"""
    for bus, _, properties in DEVICES:
        text += f"&{{/virtio_mmio@{0xa000000 + bus * 0x200:x}}} {{ {properties} }};\n"
    text += "&{/pcie@10000000} { /delete-property/ msi-map;\n"
    for slot, _, properties in PCI:
        if properties:
            slot = int(str(slot)[0])
            text += f"virtio@{slot:x} {{ reg = <{slot << 11:#x} 0 0 0 0>; {properties} }};\n"
    text += "};\n"
    with open(source, "w", encoding="ascii") as file:
        file.write(text)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, source], check=True)
    return blob


class Monitor:
    def __init__(self, end):
        self.socket = end
        self.file = self.socket.makefile("r")
        self.file.readline()
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        message = {"execute": command, "arguments": arguments}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def memory(self, address, size, path):
        self("pmemsave", val=address, size=size, filename=path)
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        return data


def where(address, length):
    return "in" if POOL <= address and address + length <= POOL + POOL_SIZE else "out"


def look(monitor, folder, seen):
    """All that the devices have been given: rings, and the descriptors in them."""
    monitor("stop")
    for device in monitor("x-query-virtio"):
        name = device["path"].split("/")[3]
        for queue in range(8):
            try:
                status = monitor("x-query-virtio-queue-status", path=device["path"], queue=queue)
            except RuntimeError:
                break
            size, table = status["vring-num"], status["vring-desc"]
            if not table:
                seen[f"{name} {queue} ring 0x0 0 unset"] += 1
                continue
            for ring, length in (("desc", 16 * size), ("avail", 6 + 2 * size),
                                 ("used", 6 + 8 * size)):
                at = status["vring-" + ring]
                seen[f"{name} {queue} {ring} {at:#x} {length} {where(at, length)}"] += 1
            data = monitor.memory(table, 16 * size, os.path.join(folder, "look"))
            for at, length, _, _ in struct.iter_unpack("<QIHH", data):
                if length:
                    seen[f"{name} {queue} buffer {at:#x} {length} {where(at, length)}"] += 1
    monitor("cont")


def serve(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main():
    folder, module, kernel, initrd = sys.argv[1:]
    folder = os.path.abspath(folder)
    os.makedirs(os.path.join(folder, "served"))
    disk, served = os.urandom(6 << 20), os.urandom(2 << 20)
    with open(os.path.join(folder, "disk"), "wb") as file:
        file.write(disk + bytes(6 << 20))
    with open(os.path.join(folder, "served", "file"), "wb") as file:
        file.write(served)
    for i in (1, 2, 3):
        with open(os.path.join(folder, f"disk{i}"), "wb") as file:
            file.write(bytes(1 << 20))

    port = serve(os.path.join(folder, "served"))
    args = machine(folder)
    # To the console's end and to nobody else: the guest's answers are checked against these.
    with open(os.path.join(folder, "want"), "w", encoding="ascii") as file:
        file.write(f"read {hashlib.sha256(disk).hexdigest()}\n"
                   f"fetched {hashlib.sha256(served).hexdigest()}\n")
    if module != "none":
        args += ["-dtb", device_tree(folder, args)]
    args += ["-kernel", kernel, "-initrd", initrd, "-append",
             f"console=ttyAMA0 panic=-1 init_on_alloc=0 io.module={module} io.port={port}",
             "-no-reboot", "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
             "-chardev", f"socket,id=s,path={folder}/serial,server=on,wait=on,"
             f"logfile={folder}/console", "-serial", "chardev:s"]
    with open(os.path.join(folder, "qemu"), "wb") as log:
        vm = subprocess.Popen(args, stdout=log, stderr=log)
    try:
        run(folder, vm, module)
        vm.wait()
    finally:
        vm.kill()
        vm.wait()


def connect(path, vm):
    """QEMU's socket, which is there before the guest runs."""
    end = socket.socket(socket.AF_UNIX)
    while True:
        try:
            end.connect(path)
            return end
        except OSError:
            if vm.poll() is not None:
                sys.exit("QEMU does not start")
            time.sleep(0.1)


def sectors(folder):
    with open(os.path.join(folder, "disk"), "rb") as file:
        data = file.read()
    return {data[at:at + 512] for at in range(0, len(data), 512)} - {bytes(512)}


def run(folder, vm, module):
    def console():
        with open(os.path.join(folder, "console"), errors="replace") as file:
            return file.read()

    serial = connect(os.path.join(folder, "serial"), vm)
    # The log file has it all; but the port stops when nobody reads.
    threading.Thread(target=lambda: all(iter(lambda: serial.recv(4096), b"")), daemon=True).start()
    if module == "none":
        return
    monitor = Monitor(connect(os.path.join(folder, "qmp"), vm))
    seen = collections.Counter()
    while "io: at rest" not in console():
        if vm.poll() is not None:
            sys.exit("the guest ended early")
        if "io: device" in console():
            look(monitor, folder, seen)
        time.sleep(0.5)
    look(monitor, folder, seen)
    with open(os.path.join(folder, "looks"), "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in sorted(seen))
    with open(os.path.join(folder, "found"), "w", encoding="ascii") as file:
        for name, base, size in ("pool", POOL, POOL_SIZE), ("ram", RAM, RAM_SIZE):
            data = monitor.memory(base, size, os.path.join(folder, "memory"))
            file.write(f"{name} {data.count(SECRET)}\n")
            if name == "pool":
                left = {data[at:at + 512] for at in range(0, size, 512)} & sectors(folder)
                file.write(f"left {len(left)}\n")
    serial.sendall(b"\n")


if __name__ == "__main__":
    main()
