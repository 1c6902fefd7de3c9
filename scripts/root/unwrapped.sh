# SPDX-License-Identifier: GPL-2.0-only
#
# An image of hypsec-image from-root without HypSec: what is in it, and a device tree that has what
# the boot stub would have been given by the core. For tests and controls, where the host is
# trusted with the keys. Sourced by bash.

# image_part IMAGE PART FILE: its kernel, initrd or cmdline
image_part() {
	local at size

	read -r at size <<<"$("$HYPSEC_TOP/scripts/hypsec-image" inspect "$1" |
		sed -n "s/^$2  *\(0x[0-9a-f]*\) +\(0x[0-9a-f]*\) sha512.*/\1 \2/p")"
	dd if="$1" of="$3" bs=1M iflag=skip_bytes,count_bytes skip=$((at)) \
		count=$((size)) status=none
}

# image_clock IMAGE FILE: its time of signing into a device tree, if it has one
image_clock() {
	local at

	at=$("$HYPSEC_TOP/scripts/hypsec-image" inspect "$1" | sed -n 's/^manifest  *//p')
	[ $(od -An -tu8 -j $((at + 56)) -N 8 "$1") = 0 ] || fdtput -t bx "$2" /chosen hypsec,signed-at \
		$(od -An -v -tx1 -j $((at + 56)) -N 8 "$1" | awk '{ for (i = NF; i; i--) print $i }')
}

# tree_with_keys FILE SOURCE SECURITY-VERSION KEYS QEMU-OPTION...: of that machine; KEYS: 64 digits each
tree_with_keys() {
	local tree=$1 source=$2 version=$3 keys=$4
	shift 4

	qemu-system-aarch64 "$@" -M dumpdtb="$tree" >/dev/null 2>&1 </dev/null || :
	fdtput -t s "$tree" /chosen hypsec,sealing-source "$source"
	fdtput -t x "$tree" /chosen hypsec,security-version 0 "$version"
	fdtput -t bx "$tree" /chosen security-hypsec-sealing-keys $(sed 's/../& /g' <<<"$keys")
}

# tree_pool FILE ADDRESS SIZE BUS:NUMBER...: a pool below 4 GiB, and the virtio devices that use it
tree_pool() {
	local tree=$1 pool node
	pool=/reserved-memory/dma-pool@$(printf %x "$2")
	fdtput -p -c "$tree" "$pool"
	fdtput -t x "$tree" /reserved-memory '#address-cells' 2
	fdtput -t x "$tree" /reserved-memory '#size-cells' 2
	fdtput "$tree" /reserved-memory ranges
	fdtput -t s "$tree" "$pool" compatible restricted-dma-pool
	fdtput -t x "$tree" "$pool" reg 0 "$(printf %x "$2")" 0 "$(printf %x "$3")"
	fdtput -t x "$tree" "$pool" phandle 7001
	shift 3
	for node; do
		fdtput -t x "$tree" "/virtio_mmio@$(printf %x $((0xa000000 + ${node%:*} * 0x200)))" \
			memory-region 7001
		fdtput -t x "$tree" "/virtio_mmio@$(printf %x $((0xa000000 + ${node%:*} * 0x200)))" \
			hypsec,virtio-device "$(printf %x "${node#*:}")"
	done
}
