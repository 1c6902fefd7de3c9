#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: a protected guest with a disk and a network, by the stock QEMU.
# What its host does meanwhile with the memory they share; what is missing is said in words.
# protected.sh SUM-OF-DISK SUM-OF-FILE	with the files of scripts/tests/io.sh. Prints result lines.
sum_disk=$1 sum_file=$2
shift 2
. "${0%/*}/functions.sh"
seconds=300 image=vm.img
input=/tmp/input
mkfifo $input

account() { sed -n "s/^$1 //p" $hypsec/accounts; }
same_accounts() { [ "$(cat $hypsec/accounts)" = "$before" ]; }
# io_vm [blk] [net] [rng] [legacy] [bare]: those devices; not as a guest needs them
io_vm() {
	devices= access=,iommu_platform=on legacy=off
	for word; do
		case $word in
		bare) access= ;;
		legacy) legacy=on ;;
		esac
	done
	for word; do
		case $word in
		blk) devices="$devices -drive if=none,id=d,format=raw,file=/tmp/disk
			-device virtio-blk-device,drive=d,serial=data$access" ;;
		net) devices="$devices -netdev user,id=n -device virtio-net-device,netdev=n$access" ;;
		rng) devices="$devices -device virtio-rng-device$access" ;;
		con) devices="$devices -device virtio-serial-device$access" ;;
		esac
	done
	rm -f /tmp/qmp
	exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -m 256 -smp 1 \
		-nodefaults -no-user-config -display none -serial stdio \
		-qmp unix:/tmp/qmp,server=on,wait=off -global virtio-mmio.force-legacy=$legacy \
		$devices -kernel "$dir/$image" <>$input >"$out" 2>&1
}
begin() { : >$out; mark; ( io_vm "$@" ) & pid=$!; }
dropped() {
	kill -9 "$1"
	wait "$1" 2>/dev/null
}
says() { tr -d '\r' <$out | grep -qa "^io: $1"; }
# says_or_gone TEXT: whichever comes first; false: it has not been said
says_or_gone() { within $seconds eval "says '$1' || child_ended $pid"; says "$1"; }
disk_has() { [ "$(dd if=/tmp/disk bs=1M skip=12 count=12 2>/dev/null | sha256sum)" = "$sum_disk  -" ]; }
# Where it says the range is, in the VMM's memory, as ram and scribble take it
pool_of() {
	base=$(vm_log | tail -n +$((marked + 1)) | sed -n 's/.*shares 16384 KiB at \([0-9a-f]*\) .*/\1/p')
	ram=$("$dir/ram" find "$1" 256) && [ -n "$base" ] || return 1
	start=${ram#*:}
	printf '%s:%x:%x\n' "$1" $((0x${start%:*} + 0x$base - 0x40000000)) $((16 << 20))
}

cp "$dir/disk" /tmp/disk
modprobe zram
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
httpd -p 127.0.0.1:8000 -h "$dir/www"

# --- What the user has of it, on a host that swaps it out, and the range again and again
begin blk net rng con
check "a guest with disk and network comes up" says_or_gone "device"
check "it shares what its signer says, and the log has it" logged "shares 16384 KiB at"
pool=$(pool_of $pid)
echo "# the range: $pool"
( "$dir/ram" advise "$("$dir/ram" find $pid 256)" pageout >/dev/null
  until says "at rest" || child_ended $pid; do
	"$dir/ram" advise "$pool" pageout >/dev/null
	sleep 1
  done ) &
pageouts=$!
check "it has done its input and output" says_or_gone "at rest"
wait $pageouts
echo "# swapped out meanwhile: $(sed -n 's/^pswpout //p' /proc/vmstat) pages"
check "three devices have their drivers, and no fourth" \
	[ "$(tr -d '\r' <$out | grep -ca 'io: device .* virtio_')" = 3 ]
check "it read what is on the disk" says "read $sum_disk"
check "it wrote that" says "back $sum_disk"
check "and so has the disk" disk_has
check "it fetched a file over the network" says "fetched $sum_file"
check "it has random numbers of its VMM's" says "random 64"
check "its kernel had nothing to complain of" says "warnings 0"
"$dir/ram" save "$pool" /tmp/pool >/dev/null
check "its rings are in the range (control of the next)" eval \
	'[ "$(tr -d "\\0" </tmp/pool | wc -c)" -gt 1000 ]'
check "its secret is not, whatever has been there" eval '! grep -q the-secret-of-this-guest /tmp/pool'
echo >$input
check "it ends by itself" eval 'wait_for $pid && says "done"'
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

# --- A hostile VMM
for seed in 1 2; do
	cp "$dir/disk" /tmp/disk
	begin blk net rng
	says_or_gone "device" >/dev/null
	pool=$(pool_of $pid)
	"$dir/scribble" "$pool" 20000 $seed | sed 's/^/# /'
	"$dir/ram" save "$pool" /tmp/pool >/dev/null
	check "written to at random ($seed): the range has nothing of the secret" eval \
		'[ -n "$pool" ] && ! grep -q the-secret-of-this-guest /tmp/pool'
	echo "# the guest: $(tr -d '\r' <$out | grep -a '^io:' | tail -n 1)"
	dropped $pid
	soon no_vm
done
# --- VMMs that end in the midst of it
for i in 1 2; do
	begin blk net rng
	says_or_gone "device" >/dev/null
	dropped $pid
	soon no_vm
done
soon settled
check "the accounts are as before" soon same_accounts
check "the core is sealed" [ "$(cat $hypsec/state)" = sealed ]
echo "1..$count"
[ $failed = 0 ]
