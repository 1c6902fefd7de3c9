#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""hypsec-image from-root: what it makes, what it refuses (TAP). The VM: scripts/tests/root.sh."""

import gzip
import hashlib
import lzma
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.dom.minidom

sys.path.insert(0, os.path.join(os.environ["HYPSEC_TOP"], "kunit/host/tools"))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import image_tool  # noqa: E402
from image_tool import tool  # noqa: E402

TOP = os.environ["HYPSEC_TOP"]
MIB = 1 << 20
REL = "6.12.1-test-arm64"
MODULES = ("virtio_mmio", "virtio_blk", "dm-mod", "dm-crypt", "dm-integrity", "authenc", "xts",
           "virtio_net", "aes-ce-blk")
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def put(name, data, mode=0o644):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "wb") as f:
        f.write(data)
    os.chmod(name, mode)


def get(name):
    with open(name, "rb") as f:
        return f.read()


def module(name, release=REL):
    return b"\x7fELF" + name.encode() + b"\0vermagic=" + release.encode() + b" SMP\0"


def make_root(top="tree", release=REL):
    shutil.rmtree(top, ignore_errors=True)
    put(f"{top}/sbin/init", b"#!/bin/sh\n", 0o755)
    put(f"{top}/etc/public", b"public-marker")
    os.symlink("/etc/public", f"{top}/etc/link")
    os.chown(f"{top}/etc/public", 12, 34)
    head = struct.pack("<II6QII", 0x14000010, 0, 0, 400000, 0xA, 0, 0, 0, 0x644D5241, 0)
    put(f"{top}/boot/vmlinuz-{release}", head + random.Random(1).randbytes(300000))
    put(f"{top}/boot/config-{release}", b"CONFIG_A=y\nCONFIG_DMA_RESTRICTED_POOL=y\n")
    dep = ""
    for m in MODULES:
        path = f"kernel/drivers/{m}.ko.xz"
        put(f"{top}/usr/lib/modules/{release}/{path}", lzma.compress(module(m, release)))
        dep += f"{path}:{' kernel/drivers/dm-mod.ko.xz' * m.startswith('dm-c')}\n"
    put(f"{top}/usr/lib/modules/{release}/modules.dep", dep.encode())
    put(f"{top}/usr/lib/modules/{release}/modules.builtin",
        b"kernel/fs/ext4/ext4.ko\nkernel/drivers/virtio/virtio_pci.ko\n")


def args(root="tree", disk="disk.img", family="f", out="vm.img", more=()):
    return ["from-root", root, "--key", "key", "-o", out, "--tools", "tools", "--stub", "stub"] + \
        ["--disk", disk, "--size", "96M"] * bool(disk) + ["--family", family] * bool(family) + list(more)


def good(*a):
    for f in ("disk.img", "vm.img"):
        if f in a and os.path.exists(f):
            os.unlink(f)
    status, text = tool(*a)
    assert status == 0, text
    return text


def bad(want, *a):
    if os.path.exists("no.img"):
        os.unlink("no.img")
    status, text = tool(*a)
    assert status == 2 and want in text and "Traceback" not in text, (status, text)
    assert not os.path.exists("no.img") and not os.path.exists("no.img.new")


def refused(want, **kw):
    bad(want, *args(**{"out": "no.vm", "disk": "no.img", **kw}))
    assert not os.path.exists("no.vm")


def initrd(name="vm.img"):
    """Its files, read by another cpio."""
    data = get(name)
    at = struct.unpack_from("<Q", data, 40)[0]
    start, size = struct.unpack_from("<QQ", data, at + 64 + 80 * 2)
    shutil.rmtree("unpacked", ignore_errors=True)
    os.mkdir("unpacked")
    subprocess.run(["cpio", "--quiet", "-idm", "--no-absolute-filenames"], check=True,
                   input=gzip.decompress(data[start:start + size]), cwd="unpacked")
    return dict(line.split("=") for line in
                get("unpacked/hypsec/conf").decode().replace("'", "").splitlines())


@test
def image_and_disk():
    text = good(*args())
    conf = initrd()
    size = int(conf["ROOT_SIZE"])
    with open("disk.img", "rb") as f:
        assert not any(f.read(2 * MIB)), "the header's place is blank"
        root = f.read(size)
        assert not any(iter(lambda: f.read(MIB).strip(b"\0"), b"")), "nothing behind the root"
    assert hashlib.sha512(root).hexdigest() == conf["ROOT_SHA512"]
    assert size % MIB == 0 and f"root of {size // MIB} MiB" in text
    assert conf["ENROL"] == "yes" and conf["EPHEMERAL"] == "no" and conf["INIT"] == "/sbin/init"
    put("fs", root)
    subprocess.run(["/sbin/e2fsck", "-fn", "fs"], check=True, capture_output=True)
    said = subprocess.run(["/sbin/debugfs", "-R", "stat /etc/public", "fs"], capture_output=True,
                          check=True).stdout
    assert re.search(rb"User: +12 +Group: +34", said), said
    assert b"blk net" in re.sub(rb"[^a-z]+", b" ", tool("inspect", "vm.img")[1].encode())


@test
def modules_in_order():
    lines = get("unpacked/hypsec/modules").decode().split()
    names = [os.path.basename(m)[:-3] for m in lines]
    assert len(set(names)) == len(names) == len(MODULES)
    assert names.index("dm_mod") < names.index("dm_crypt") < names.index("virtio_blk")
    assert names.index("authenc") < names.index("virtio_blk") < names.index("virtio_net")
    for line in lines:
        optional = line.startswith("?")
        assert optional == (os.path.basename(line)[:-3] in ("virtio_net", "aes_ce_blk")), line
        assert get("unpacked" + line.lstrip("?")).startswith(b"\x7fELF")
    assert os.access("unpacked/init", os.X_OK)


@test
def lines_to_paste():
    text = good(*args(more=("--memory", "2G", "--disk", "a,b&c.img")))
    os.unlink("a,b&c.img")
    shell = text[text.index("qemu-system"):text.index("<domain")]
    words = subprocess.run(["sh", "-c", "printf '%s\\n' " + shell], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    assert "if=none,id=disk,format=raw,file=a,,b&c.img" in words and "2048M" in words
    for device in ("virtio-blk-device,drive=disk", "virtio-net-device,netdev=net"):
        assert device + ",iommu_platform=on" in words
    assert "virtio-mmio.force-legacy=false" in words
    dom = xml.dom.minidom.parseString(text[text.index("<domain"):])
    source = dom.getElementsByTagName("source")[0].getAttribute("file")
    assert source == os.path.abspath("a,b&c.img")
    assert [d.getAttribute("iommu") for d in dom.getElementsByTagName("driver")] == ["on", "on"]
    assert len([a for a in dom.getElementsByTagName("address")
                if a.getAttribute("type") == "virtio-mmio"]) == 2


def line(text):
    shell = text[text.index("qemu-system"):].split("\n\n")[0]
    return subprocess.run(["sh", "-c", "printf '%s\\n' " + shell], capture_output=True, text=True,
                          check=True).stdout.splitlines()


@test
def on_a_bus():
    text = good(*args(more=("--pci", "blk,net")))
    for device in ("virtio-blk-pci,drive=disk", "virtio-net-pci,netdev=net"):
        assert device + ",iommu_platform=on,disable-legacy=on" in line(text)
    dom = xml.dom.minidom.parseString(text[text.index("<domain"):])
    at = [a for a in dom.getElementsByTagName("address") if a.getAttribute("type") == "pci"]
    assert [(a.getAttribute("bus"), a.getAttribute("slot")) for a in at] == [("0", "1"), ("0", "2")]
    assert {dom.getElementsByTagName(t)[0].getAttribute("model") or
            dom.getElementsByTagName(t)[0].getAttribute("type")
            for t in ("disk", "model")} == {"virtio-non-transitional"}
    initrd()
    assert "virtio_mmio" not in get("unpacked/hypsec/modules").decode()
    said = tool("inspect", "vm.img")[1]
    assert re.search("^virtio-pci +blk net$", said, re.M) and "64 MiB" in said, said
    refused("blk,net or blk", more=("--pci", "net,blk"))
    refused("blk,net or blk", more=("--pci", "net", "--virtio-mmio", "blk"))


@test
def as_a_realm():
    refused("6.13 or later", more=("--rsi",))
    make_root("realm", "6.13.0-test-arm64")
    text = good(*args(root="realm", more=("--rsi",)))
    assert "<domain" not in text
    for word in ("memory-backend-ram,id=shared,size=1024M", "ivshmem-plain,memdev=shared", "1024M",
                 "virtio-blk-device,drive=disk,iommu_platform=on"):
        assert word in line(text), word
    said = tool("inspect", "vm.img")[1]
    assert re.search("^flags .*rsi", said, re.M) and "swiotlb=" in said, said
    os.unlink("realm/boot/config-6.13.0-test-arm64")    # nobody asks for a pool, or a module
    text = good(*args(root="realm", more=("--rsi", "--share", "256M", "--virtio-mmio", "blk")))
    assert "256M" in line(text) and line(text)[-2:] == ["-net", "none"]
    for want, more in (("256M at most", ("--share", "256M", "--memory", "257M")),
                       ("power of 2", ("--share", "192M")), ("no PCIe bus", ("--pci", "blk")),
                       ("needs none", ("--dma-module", "key")), ("command line", ("--xml", "x"))):
        refused(want, root="realm", more=("--rsi", *more))
    refused("blk,net or blk", root="realm", more=("--rsi", "--virtio-mmio", "net"))


@test
def of_an_archive():
    subprocess.run(["tar", "-C", "tree", "-cf", "root.tar", "."], check=True)
    good(*args(root="root.tar"))
    assert initrd()["ENROL"] == "yes"
    put("fs", get("disk.img")[2 * MIB:2 * MIB + int(initrd()["ROOT_SIZE"])])
    said = subprocess.run(["/sbin/debugfs", "-R", "stat /etc/public", "fs"], capture_output=True,
                          check=True).stdout
    assert re.search(rb"User: +12 +Group: +34", said), said


@test
def for_a_disk_that_there_is():
    good(*args(disk=None, more=("--no-enrol",)))
    conf = initrd()
    assert conf["ENROL"] == "no" and "ROOT_SIZE" not in conf
    refused("makes no disk", more=("--no-enrol",))
    refused("makes no disk", disk=None, more=("--no-enrol", "--allow-ephemeral"))
    refused("--disk: say where", disk=None)


@test
def never_over_a_disk():
    put("data.img", b"somebody's")
    bad("exists", *args(disk="data.img", out="no.img"))
    assert get("data.img") == b"somebody's"


@test
def refusals():
    refused("--family", family=None)
    refused("at least", more=("--size", "32M"))
    refused("blk,net or blk", more=("--virtio-mmio", "net,blk"))
    refused("blk,net or blk", more=("--pci", "blk", "--virtio-mmio", "net"))
    refused("no /sbin/other in it", more=("--init", "/sbin/other"))
    bad("absolute path", *args(disk="no.img", more=("--init", "/sbin/i'; reboot")))
    bad("whole MiB", *args(disk="no.img", more=("--size", "5000")))
    refused("not a key", more=("--key", "missing"))

    os.rename("tree/usr/lib/modules", "aside")
    refused("install a kernel")
    os.rename("aside", "tree/usr/lib/modules")
    os.rename(f"tree/boot/vmlinuz-{REL}", "aside")
    refused("--kernel")
    os.symlink("/etc/passwd", f"tree/boot/vmlinuz-{REL}")
    refused("leads out of it")
    os.rename("aside", f"tree/boot/vmlinuz-{REL}")
    dep = f"tree/usr/lib/modules/{REL}/modules.dep"
    kept = get(dep)
    put(dep, kept.replace(b"kernel/drivers/dm-integrity.ko.xz:\n", b""))
    refused("built in: dm_integrity")
    put(dep, kept)


@test
def a_kernel_without_a_pool():
    config = f"tree/boot/config-{REL}"
    put(config, b"# CONFIG_DMA_RESTRICTED_POOL is not set\n")
    refused("hypsec-dma.ko")
    os.unlink(config)
    refused("hypsec-dma.ko")
    put("hypsec-dma.ko", module("dma", "6.1.0"))
    refused("is for kernel 6.1.0", more=("--dma-module", "hypsec-dma.ko"))
    put("hypsec-dma.ko", module("dma"))
    good(*args(more=("--dma-module", "hypsec-dma.ko")))
    initrd()
    assert get("unpacked/hypsec/modules").split()[0] == b"/modules/hypsec_dma.ko"
    good(*args(more=("--dma-module", "none")))
    initrd()
    assert b"hypsec_dma" not in get("unpacked/hypsec/modules")
    make_root()


@test
def whose_network():
    good(*args())
    assert initrd()["NETWORK"] == "dhcp"
    wants = "tree/etc/systemd/system/multi-user.target.wants"
    os.makedirs(wants)
    os.symlink("/lib/systemd/system/systemd-networkd.service", f"{wants}/systemd-networkd.service")
    good(*args())
    assert initrd()["NETWORK"] == "root"
    good(*args(more=("--network", "dhcp")))
    assert initrd()["NETWORK"] == "dhcp"


def main():
    os.chdir(sys.argv[1])
    os.umask(0o022)
    make_root()
    put("tools/bin/busybox", b"b", 0o755)
    put("tools/lib/ld", b"l", 0o755)
    image_tool.good("keygen", "-o", "key")
    build = os.environ.get("HYPSEC_BUILD", TOP + "/build")
    subprocess.run(["flock", f"{build}/stub.lock", "make", "-s", "-C", f"{TOP}/scripts/stub",
                    f"OUT={build}/stub"], check=True)
    shutil.copy(f"{build}/stub/stub.bin", "stub")
    return image_tool.run_tests(TESTS)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as tmp:
        sys.argv[1:] = [tmp]
        sys.exit(main())
