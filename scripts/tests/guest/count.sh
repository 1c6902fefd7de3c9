#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, for scripts/bench: "count: OPERATION NUMBER" lines of the tiny
# guest, and of the counting guest under QEMU as it is ("vm_") and, where there is
# an image of it, protected ("protected_").
dir=${0%/*}

# in_qemu PREFIX IMAGE. No time-out: where time advances by instructions, a read of the disk takes any
# number of seconds.
in_qemu() {
	qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 256 \
		-nodefaults -no-user-config -display none -no-reboot -kernel $2 \
		-serial file:/tmp/count </dev/null || return 1
	tr -d '\r' </tmp/count | sed "s/^count: /count: $1/"
	grep -q '^count: mmio_user_store [0-9]' /tmp/count
}

$dir/kvmapi count -i "$1" || exit 1
in_qemu vm_ $dir/count.bin || exit 1
[ ! -e $dir/count.img ] || in_qemu protected_ $dir/count.img
