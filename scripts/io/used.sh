# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: what the user of a guest has.

# --- What the user has of it, on a host that swaps, merges and moves the range again and again
merge=off	# The range alone: of private pages merging makes ciphertext (scripts/soak).
begin blk net rng con
check "a guest with disk and network comes up" says_or_gone "device"
check "it shares what its signer says, and the log has it" logged "shares 16384 KiB at"
find_pool
rings=$(used_rings)
echo "# the range: $pool, rings in pages" $rings
inject mergeable
echo 4096 >/sys/kernel/mm/ksm/pages_to_scan
echo 200 >/sys/kernel/mm/ksm/sleep_millisecs
echo 1 >/sys/kernel/mm/ksm/run
# A page that is taken out of use is exchanged for another; not one that nobody has used yet.
moves() {
	for ring in $rings; do
		inject offline $ring >/dev/null
	done
	"$dir/ram" advise "$pool" pageout >/dev/null
	echo 1 >/proc/sys/vm/compact_memory
}
( "$dir/ram" advise "$ram" pageout >/dev/null
  until says "at rest" || child_ended $pid; do
	moves
	sleep 1
  done ) &
pageouts=$!
check "it has done its input and output" says_or_gone "at rest"
wait $pageouts
check "three devices have their drivers, and no fourth" \
	[ "$(tr -d '\r' <$out | grep -ca 'io: device .* virtio_')" = 3 ]
check "it read what is on the disk" says "read $sum_disk"
check "it wrote that" says "back $sum_disk"
check "and so has the disk" disk_has
check "it fetched a file over the network" says "fetched $sum_file"
check "it has random numbers of its VMM's" says "random 64"
check "its kernel had nothing to complain of" says "warnings 0"
check "the host has merged pages of the range" soon eval '[ "$(merged)" -gt 100 ]'
moves
check "and taken pages of it out of use, with others in their place" [ "$(given_up)" -gt 0 ]
echo "# merged $(merged), given up $(given_up) KiB, swapped out $(vmstat pswpout)," \
	"moved $(vmstat pgmigrate_success)"
"$dir/ram" save "$pool" /tmp/pool >/dev/null
check "its rings are in the range (control of the next)" eval \
	'[ "$(tr -d "\\0" </tmp/pool | wc -c)" -gt 1000 ]'
check "its secret is not, whatever has been there" eval '! grep -q the-secret-of-this-guest /tmp/pool'
echo >$input
check "it ends by itself" eval 'wait_for $pid && says "done"'
check "it has read the disk once more, by what was merged and moved" says "again $sum_disk"
check "its own memory has not changed" eval '[ "$(kept)" -gt 0 ] && ! says "private changed"'
merge=on
echo 0 >/sys/kernel/mm/ksm/run
check "no VM is left" soon no_vm
soon settled
before=$(cat $hypsec/accounts)

# --- From an encrypted root: the first boot makes it, the next one has it
shown() { tr -d '\r' <$out | grep -qa -- "$1"; }
image=root.img
gunzip -c "$dir/disk.gz" >/tmp/disk
for boot in first next; do
	begin blk net
	check "the $boot boot from a root that the sealing key opens" \
		eval 'wait_for $pid && shown "root: done"'
	check "which is on a disk of ciphertext with integrity, and it says so" \
		shown "guest: disk /dev/vda, .* MiB: LUKS2 with integrity, key of security version 0"
	check "its address is shown" shown "guest: eth0 10.0.2.15/24"
	[ $boot = first ] || check "it has what it had written" shown "root: kept private"
done
check "which is not on the disk in clear" eval '! grep -q private-marker /tmp/disk'
check "what was shipped is (control)" grep -q public-marker /tmp/disk
image=vm.img
soon no_vm

# --- What is missing is said
for case in "bare blk net rng/iommu_platform=on" "legacy blk net rng/force-legacy" "blk rng/is missing"; do
	begin ${case%/*}
	check "${case%/*}: refused" wait_for $pid
	check "and the log says: ${case#*/}" eval "dmesg | tail -n 5 | grep -q 'gives up.*${case#*/}'"
done
