# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: guests with an encrypted root, and guests that lack something.

# --- From an encrypted root: the first boot makes it, the next one has it
image=root.img
on_disk() { "$dir/ram" file-search /tmp/disk "$2" | grep -q " found=$1"; }
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
# Another image of the family: a newer kernel, as a Realm, that enrols nothing
unpacked() { gunzip -c "$dir/$1.gz" >"/tmp/$1" && image=../tmp/$1; }
unpacked root-realm.img
ivshmem 256
begin blk net
check "a Realm of the same family opens it" eval 'wait_for $pid && shown "root: kept private"'
check "and shares what covers its RAM" logged "shares 262144 KiB at 8040000000"
window=
check "which is not on the disk in clear" on_disk 0 private-marker
check "what was shipped is (control)" on_disk "[1-9]" public-marker
unpacked root-pci.img
gunzip -c "$dir/disk-pci.gz" >/tmp/disk
begin pblk pnet
check "the first boot from a disk on a PCIe bus" eval 'wait_for $pid && shown "root: done"'
check "of ciphertext, too" on_disk 0 private-marker
rm /tmp/root-*.img
image=vm.img
soon no_vm
first_accounts

# --- What is missing is said
for case in "bare blk net rng/iommu_platform=on" "legacy blk net rng/force-legacy" "blk rng/is missing"; do
	begin ${case%/*}
	check "${case%/*}: refused" wait_for $pid
	check "and the log says: ${case#*/}" soon logged "gives up.*${case#*/}"
done
