#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest module that keeps its devices in the memory shared with the host: what its devices are
# told, seen from the VMM's side, without HypSec (scripts/tests/io/README).
# takes: 80
# timeout: 900

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

io=$HYPSEC_TOP/scripts/tests/io
built=$("$io/build")
need_kernel
dir=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$dir"' EXIT

# vm MODE: its console's end if it does not get to its own
vm() {
	mkdir "$dir/$1"
	python3 "$io/vm.py" "$dir/$1" "$1" "$KERNEL_IMAGE" "$built/initrd" &&
		grep -aq "^io: ${2:-done}" "$dir/$1/console" ||
		{ tail -n 30 "$dir/$1/console"; cat "$dir/$1/qemu"; return 1; }
}

# said MODE LINE: as a whole; the console ends its lines in \r\n
said() { tr -d '\r' <"$dir/$1/console" | grep -axF "io: $2"; }

# wanted MODE WORD [AS]: what the guest has is what it was given
wanted() { said "$1" "${3:-$2} $(sed -n "s/^$2 //p" "$dir/$1/want")"; }

written() { cmp -n $((6 << 20)) "$dir/$1/disk" "$dir/$1/disk" 0 $((6 << 20)); }

# rings MODE DEVICE... in|out: each has rings and buffers, all there
rings() {
	local mode=$1 where=${*: -1} device what status=0
	shift

	for device in "${@:1:$#-1}"; do
		for what in desc avail used buffer; do
			grep -qE "^$device [0-9]+ $what .* $where\$" "$dir/$mode/looks" ||
				{ echo "$device has no $what"; status=1; }
		done
		! grep "^$device " "$dir/$mode/looks" | grep -vE " ($where|unset)\$" || status=1
	done
	return $status
}

# refused DEVICE PLACE NUMBER WHY [N]: it has no driver, never had a ring, and a line says why (of N)
refused() {
	said first "device $2 none" && grep -q "^$1 0 ring .* unset\$" "$dir/first/looks" &&
		! grep "^$1 " "$dir/first/looks" | grep -v ' unset$' &&
		[ "$(grep -ac "hypsec_dma: device $3 refused: $4" "$dir/first/console")" = "${5:-1}" ]
}

nowhere_else() {
	! grep ' out$' "$dir/first/looks" && [ "$(grep -c ' buffer .* in$' "$dir/first/looks")" -gt 300 ]
}

# Only in the guest's own memory: freed pages, of which buffers are made.
secret_kept() {
	[ "$(sed -n 's/^ram //p' "$dir/first/found")" -gt 1000 ] &&
		[ "$(sed -n 's/^pool //p' "$dir/first/found")" = 0 ] || { cat "$dir/first/found"; return 1; }
}

wiped() {
	grep -qx 'left 0' "$dir/first/found" || { cat "$dir/first/found"; return 1; }
}

stopped() {
	[ "$(grep -ac 'hypsec_dma: device .* stopped: in use before this module' \
		"$dir/late/console")" = 12 ] && said late "disk fails"
}

quiet() {
	grep -aq '^io: insmod 19: .*No such device' "$dir/none/console" && said none "said 0"
}

# What a guest installs: the module comes before transports and drivers.
installs() {
	local release=$KERNEL_RELEASE top m

	make -s -C "$HYPSEC_TOP/hypsec-mod/guest" install DESTDIR="$dir/guest" || return 1
	grep -q 'manual_add_modules hypsec_dma' \
		"$dir/guest/usr/share/initramfs-tools/hooks/hypsec-dma" &&
		sh -n "$dir/guest/usr/share/initramfs-tools/hooks/hypsec-dma" || return 1
	top=$dir/guest/lib/modules/$release
	mkdir -p "$top/updates/dkms"
	cp "$built/hypsec-dma.ko" "$top/updates/dkms"
	cp -r "$KERNEL_MODULES/kernel/drivers" "$KERNEL_MODULES"/modules.{order,builtin} "$top"
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$dir/guest" "$release" 2>/dev/null
	for m in virtio_mmio virtio_blk virtio_net; do
		PATH=$PATH:/usr/sbin:/sbin modprobe -d "$dir/guest" -S "$release" \
			-C "$dir/guest/usr/lib/modprobe.d" --show-depends $m >"$dir/order" || return 1
		awk -v m="/$m.ko" '/hypsec-dma.ko/ { first = 1 } index($0, m) { exit !first }' \
			"$dir/order" || { echo "$m:"; cat "$dir/order"; return 1; }
		grep -q hypsec-dma.ko "$dir/order" || { echo "$m alone"; return 1; }
	done
}

say "a guest with the module"
check "a guest of the stock kernel with the module" vm first
check "reads 6 MiB from its disk" wanted first read
check "writes them" written first
check "and has them back" wanted first read back
check "fetches 2 MiB by HTTP" wanted first fetched
check "has random numbers by PCI" said first "random 64"
check "its kernel complains of nothing" said first "warnings 0"
check "its devices have rings and buffers in the pool" rings first disk net pci-random pci-first in
check "no device was given anything else" nowhere_else
check "nothing that was left in memory is in the pool" secret_kept
check "nothing of the disk is left there when it is at rest" wiped
check "refused: without iommu_platform" refused bypasses a003a00.virtio_mmio 2 \
	"it lacks VIRTIO_F_ACCESS_PLATFORM: .*iommu_platform=on"
check "refused: another device than the image's" refused other a003800.virtio_mmio 4 \
	"the VM's image has another device here: .*image's order"
check "refused: a device that the image does not name" refused unnamed a003600.virtio_mmio 2 \
	"the VM's image has no device here: sign one more"
check "refused: a device that is not coherent" refused incoherent a003400.virtio_mmio 2 \
	"its DMA would go beside the shared pool"
check "refused: another PCI device" refused pci-other 0000:00:02.0 5 \
	"the VM's image has another device here"
check "refused: one more of what is named on PCI" refused pci-unnamed 0000:00:03.0 4 \
	"the VM's image has no device here" 3
check "refused: without iommu_platform on PCI" refused pci-bypasses 0000:00:04.0 4 \
	"it lacks VIRTIO_F_ACCESS_PLATFORM"
check "refused: below a bridge that is where a device should be" refused pci-below 0000:01:00.0 4 \
	"the VM's image has no device here" 3
check "refused: the second function of what is named" refused pci-second 0000:00:06.1 4 \
	"the VM's image has no device here" 3
say "a guest that loads it too late"
check "a guest without the module" vm late
check "has the same disk" wanted late read
check "its devices are given memory beside the pool" rings late disk net pci-random bypasses out
check "the module ends them when it comes" stopped
say "a guest without a pool"
check "a guest without a pool" vm none said
check "the module does not load and says nothing" quiet
check "the module is loaded before what it guards" installs
ktap_end
