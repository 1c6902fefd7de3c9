# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: a kernel with CONFIG_DMA_RESTRICTED_POOL, which needs no module
# of ours to keep its disk in the memory that it shares; and what its swiotlb shows there.

cp "$dir/disk" /tmp/disk
image=pool.img mode=data
begin blk
check "a kernel with a restricted pool, and without a module, has a disk" says_or_gone "device .* virtio_blk"
find_pool
check "it is at rest" says_or_gone "at rest"
check "it read what is on the disk" says "read $sum_disk"
check "it wrote that" says "back $sum_disk"
check "and so has the disk" disk_has
check "its kernel had nothing to complain of" says "warnings 0"
rings=$(used_rings)
echo "# the range: $pool, rings in pages" $rings
inside() {
	[ $# -gt 0 ] || return 1
	for ring; do
		[ "$ring" -ge 0 ] && [ $((ring * 4)) -lt "$share" ] || return 1
	done
}
check "its rings are in the pool" inside $rings
check "its secret is not" eval 'in_range && [ "$bytes" -gt 100000 ] && [ "$found" = 0 ]'
# Each page that the host looks at is sealed for that, and comes home.
elsewhere() {
	pool=$ram every=64
	in_range
	echo "# $searched"
	[ "$bytes" -gt 1000000 ] && [ "$found" = 0 ]
}
check "nor is it in the rest of its memory, for its host" elsewhere
every=1
find_pool

# Its disk is slowed down until a request waits for ever: what is in the pool then is what the kernel
# puts there before the device has written anything.
slowed() {
	"$dir/qmp" /tmp/qmp block_set_io_throttle "{\"device\":\"d\",\"bps\":$1,\"bps_rd\":0,
		\"bps_wr\":0,\"iops\":0,\"iops_rd\":0,\"iops_wr\":0}" >/dev/null
}
path=$("$dir/qmp" /tmp/qmp x-query-virtio | sed -n 's/.*"path": *"\([^"]*\)".*/\1/p')
waits() {
	"$dir/qmp" /tmp/qmp x-query-virtio-queue-status "{\"path\":\"$path\",\"queue\":0}" |
		grep -q '"inuse": *[1-9]'
}
check "a read that waits for its disk" eval 'slowed 1 && echo >$input && soon waits'
check "shows nothing of what the kernel had freed and cleared" \
	eval 'in_range && [ "$bytes" -gt 100000 ] && [ "$found" = 0 ]'
check "it goes on" eval 'slowed 0 && says_or_gone "cached"'
check "a read that waits, into a buffer of a program's" eval 'slowed 1 && echo >$input && soon waits'
check "shows what was in the buffer (a limit of swiotlb's: README)" \
	soon eval 'in_range && [ "$found" -gt 1000 ]'
echo "# $searched"
check "it goes on" eval 'slowed 0 && says_or_gone "reread 0"'
check "it ends by itself" eval 'wait_for $pid && says "done"'
check "it has read the disk once more" says "again $sum_disk"
check "its own memory has not changed" eval '[ "$(kept)" -gt 0 ] && ! says "private changed"'
soon no_vm
first_accounts

# --- Not in the pool: refused by the boot stub; and where the VMM tells that, and the kernel, otherwise,
# the driver gives its device memory in which the host finds nothing, and has no disk.
begin blk bare
check "a disk without iommu_platform: refused" wait_for $pid
check "and the log says: iommu_platform=on" soon logged "gives up.*iommu_platform=on"
: >$out
mark
"$dir/vmm" -m $mib -b -1 -s the-secret-of-this -d blk:/tmp/disk "$dir/pool.img" >$out 2>&1 &
pid=$!
looked() { tr -d '\r' <$out | sed -n 's/^vmm: .* pages, \([0-9]*\) with it, .*/\1/p' | sed -n "$1p"; }
check "a disk with it for the stub, and without for the kernel, has a driver" \
	soon shown "^vmm: device 2 has a driver, without ACCESS_PLATFORM"
check "what is to be found was, before there was a guest (control)" eval '[ "$(looked 1)" -gt 0 ]'
# What its device writes at such an address may have ended it already: the VMM looks then, too.
kill -USR1 $pid 2>/dev/null
check "the VMM looks at all of the guest's memory" soon eval '[ -n "$(looked 2)" ]'
check "and finds nothing" [ "$(looked 2)" = 0 ]
check "the guest has read nothing" eval '! says read'
dropped $pid
check "no VM is left" soon no_vm
image=vm.img mode=works
