# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: the guest with its devices, what it has said,
# and the memory that it shares.
. "${0%/*}/functions.sh"
seconds=300 image=vm.img memory= window= merge=on before= cpus=1 mode=works ram_base=0x40000000 mib=256
input=/tmp/input
[ -p $input ] || mkfifo $input

# What the guest says of memory of its own that it looks at all the time
kept() { grep -ca '^io: private same' $out; }
# It has looked once more, and nothing has changed; or it is gone
still_kept() {
	looks=$(kept)
	soon eval '[ "$(kept)" -gt "$looks" ] || child_ended $pid'
	! says "private changed"
}
same_accounts() { [ "$(cat $hypsec/accounts)" = "$before" ]; }
# What the core keeps for good it has after the first guests.
first_accounts() {
	[ -z "$before" ] || return 0
	soon no_vm
	soon settled
	before=$(cat $hypsec/accounts)
}
# io_vm [DEVICE]... [legacy] [bare]: those devices, in the image's order; not as a guest needs them
io_vm() {
	devices= access=,iommu_platform=on legacy=off modern=,disable-legacy=on
	for word; do
		case $word in
		bare) access= ;;
		legacy) legacy=on ;;
		esac
	done
	for word; do
		case $word in
		blk) devices="$devices -drive if=none,id=d,format=raw,file=/tmp/disk
			-device virtio-blk-device,drive=d,serial=$mode$access" ;;
		net) devices="$devices -netdev user,id=n -device virtio-net-device,netdev=n$access" ;;
		rng) devices="$devices -device virtio-rng-device$access" ;;
		vhost) devices="$devices -netdev
			tap,id=v,ifname=tap0,script=no,downscript=no,vhost=on
			-device virtio-net-device,netdev=v,mac=52:54:00:12:34:57$access" ;;
		con) devices="$devices -device virtio-serial-device$access" ;;
		console) devices="$devices -device virtio-serial-device$access -chardev
			pipe,id=c,path=/tmp/console -device virtconsole,chardev=c" ;;
		vsock) devices="$devices -device vhost-vsock-device,guest-cid=3$access" ;;
		fs) devices="$devices -chardev socket,id=f,path=/tmp/fs.sock
			-device vhost-user-fs-device,chardev=f,tag=io$access" ;;
		balloon) devices="$devices -device virtio-balloon-device$access" ;;
		pblk) devices="$devices -drive if=none,id=d,format=raw,file=/tmp/disk
			-device virtio-blk-pci,drive=d,serial=$mode$access$modern" ;;
		pnet) devices="$devices -netdev user,id=n
			-device virtio-net-pci,netdev=n,romfile=$access$modern" ;;
		prng) devices="$devices -device virtio-rng-pci$access$modern" ;;
		pballoon) devices="$devices -device virtio-balloon-pci$access$modern" ;;
		pbare) devices="$devices -drive if=none,id=b,format=raw,file=/dev/zram0,readonly=on
			-device virtio-blk-pci,drive=b$modern" ;;
		nvme) devices="$devices -drive if=none,id=b,format=raw,file=/dev/zram0,readonly=on
			-device nvme,drive=b,serial=b" ;;
		esac
	done
	rm -f /tmp/qmp
	exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -m $mib -smp $cpus \
		-machine mem-merge=$merge $memory -nodefaults -no-user-config -display none -serial stdio \
		$window -qmp unix:/tmp/qmp,server=on,wait=off -global virtio-mmio.force-legacy=$legacy \
		$devices -kernel "$dir/$image" <>$input >"$out" 2>&1
}
# ivshmem MIB: what a Realm shares
ivshmem() { window="-object memory-backend-ram,id=sh,size=$1M -device ivshmem-plain,memdev=sh"; }
begin() { : >$out; mark; ( io_vm "$@" ) & pid=$!; }
dropped() {
	kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
shown() { grep -qa -- "$1" $out; }
says() { grep -qa "^io: $1" $out; }
# says_or_gone TEXT: whichever comes first; false: it has not been said
says_or_gone() { within $seconds eval "says '$1' || child_ended $pid"; says "$1"; }
disk_has() { [ "$(dd if=/tmp/disk bs=1M skip=6 count=6 2>/dev/null | sha256sum)" = "$sum_disk  -" ]; }
# A disk, a network card and random numbers: what the guest says of them when it is at rest
three_devices_work() {
	check "three devices have their drivers, and no fourth" \
		[ "$(tr -d '\r' <$out | grep -ca 'io: device .* virtio_')" = 3 ]
	check "it read what is on the disk" says "read $sum_disk"
	check "it wrote that" says "back $sum_disk"
	check "and so has the disk" disk_has
	check "it fetched a file over the network" says "fetched $sum_file"
	check "it has random numbers of its VMM's" says "random 64"
	check "its kernel had nothing to complain of" says "warnings 0"
}
# find_pool: sets ram to the guest's memory in the VMM, pool to the range in it, where the guest says
# it is, as ram and scribble take them
find_pool() {
	base=$(vm_log | tail -n +$((marked + 1)) | sed -n 's/.*shares [0-9]* KiB at \([0-9a-f]*\) .*/\1/p')
	share=$(vm_log | tail -n +$((marked + 1)) | sed -n 's/.*shares \([0-9]*\) KiB at .*/\1/p')
	ram= pool= start=
	[ -n "$base" ] && ram=$("$dir/ram" find $pid $mib) || return 1
	start=${ram#*:} start=$((0x${start%:*} + 0x$base - ram_base))
	pool=$(printf '%s:%x:%x' $pid $start $((share << 10)))
}
secret=the-secret-of-this-guest
# in_range: sets bytes to how many of the range, in each $every-th page, are not zero, found to how often
# the secret is there. False if there is no such process.
every=1
in_range() {
	bytes= found=
	searched=$("$dir/ram" search "$pool" $secret $every 2>&1)
	bytes=$(expr "$searched" : '.* bytes=\([0-9]*\)') found=$(expr "$searched" : '.* found=\([0-9]*\)')
	[ -n "$found" ]
}
# Where its used rings are, pages of the range: what the guest is told is done, and how long it is
used_rings() {
	"$dir/qmp" /tmp/qmp x-query-virtio | tr '{' '\n' | sed -n 's/.*"path": *"\([^"]*\)".*/\1/p' |
	while read -r path; do
		for queue in 0 1; do
			"$dir/qmp" /tmp/qmp x-query-virtio-queue-status \
				"{\"path\":\"$path\",\"queue\":$queue}" 2>/dev/null |
				sed -n 's/.*"vring-used": *\([0-9]*\).*/\1/p'
		done
	done | while read -r at; do
		[ "$at" = 0 ] || echo $(((at - 0x$base) / 4096))
	done
}
# inject ADVICE [PAGE COUNT]: to the range, in the VMM's name, as soon as that waits for something
inject() {
	advice="$*"
	within 60 eval '"$dir/ram" inject "$pool" $advice >/tmp/inject 2>&1 ||
		! grep -q "not in a system call" /tmp/inject'
	echo "# $advice: $(cat /tmp/inject)"
	grep -q 'result=0' /tmp/inject
}
vmstat() { sed -n "s/^$1 //p" /proc/vmstat; }
# KiB of pages that the host has given up
given_up() { sed -n 's/^HardwareCorrupted: *\([0-9]*\) kB/\1/p' /proc/meminfo; }
merged() { cat /sys/kernel/mm/ksm/pages_sharing; }
no_complaint() {
	complaint=$(dmesg | grep -E 'BUG[: ]|Oops|Internal error|WARNING:|Bad page|Bad rss' ||
		dmesg | grep -E 'hung_task|blocked for more|Unable to handle|hypsec: .*broken')
	[ -z "$complaint" ] || { echo "# $complaint"; false; }
}
