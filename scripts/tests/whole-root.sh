#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hypsec-image from-root with a whole Debian root (scripts/root/whole): in a protected VM, its first boot
# enrols the disk, which takes some 11 minutes of a processor, and the second has it.
# default: no
# takes: 1200
# timeout: 5400

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/rootfs.sh"

io=$("$HYPSEC_TOP/scripts/tests/io/build")
root=$("$HYPSEC_TOP/scripts/root/whole")
dir=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$dir"' EXIT
image=$HYPSEC_TOP/scripts/hypsec-image

"$image" keygen -o "$dir/key" >/dev/null
check "an image and a disk are made of it" "$image" from-root "$root/root.tar" --family whole-root \
	--dma-module "$io/hypsec-dma.ko" --allow-ephemeral --console --clock --cmdline quiet \
	--disk "$dir/disk" --key "$dir/key" -o "$dir/vm.img"
add=()
into_host /whole "$HYPSEC_TOP"/scripts/{root/whole,tests/protected/functions}.sh "$dir/vm.img"
disk="-drive if=none,id=whole,format=raw,file=$dir/disk -device virtio-blk-pci,drive=whole,serial=whole-root"
out=$(HYPSEC_QEMU_ARGS="${HYPSEC_QEMU_ARGS:-} $disk" "$HYPSEC_TOP/scripts/host" --timeout 5000 \
	"${add[@]}" -- sh /whole/whole.sh 2400 vm.img) && status=0 || status=$?
pass_on <<<"$out"
check "the host's script went through" [ $status = 0 ]
in_clear() { LC_ALL=C grep -qa "$1" "$dir/disk"; }
check "what was shipped is on the disk in clear (control)" in_clear public-marker
check "what it has written is not" eval '! in_clear private-marker'
ktap_end
