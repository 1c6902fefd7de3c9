# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: the guest with its devices, what it has said,
# and the memory that it shares.
. "${0%/*}/functions.sh"
seconds=300 image=vm.img memory= window= cpus=1 merge=on before=
input=/tmp/input
[ -p $input ] || mkfifo $input

# What the guest says of memory of its own that it looks at all the time
kept() { tr -d '\r' <$out | grep -ca '^io: private same'; }
# It has looked once more, and nothing has changed; or it is gone
still_kept() {
	looks=$(kept)
	soon eval '[ "$(kept)" -gt "$looks" ] || child_ended $pid'
	! says "private changed"
}
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
	exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -m 256 -smp $cpus \
		-machine mem-merge=$merge $memory -nodefaults -no-user-config -display none -serial stdio \
		$window -qmp unix:/tmp/qmp,server=on,wait=off -global virtio-mmio.force-legacy=$legacy \
		$devices -kernel "$dir/$image" <>$input >"$out" 2>&1
}
begin() { : >$out; mark; ( io_vm "$@" ) & pid=$!; }
dropped() {
	kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
says() { tr -d '\r' <$out | grep -qa "^io: $1"; }
# says_or_gone TEXT: whichever comes first; false: it has not been said
says_or_gone() { within $seconds eval "says '$1' || child_ended $pid"; says "$1"; }
disk_has() { [ "$(dd if=/tmp/disk bs=1M skip=12 count=12 2>/dev/null | sha256sum)" = "$sum_disk  -" ]; }
# find_pool: sets ram to the guest's memory in the VMM, pool to the range in it, where the guest says
# it is, as ram and scribble take them
find_pool() {
	base=$(vm_log | tail -n +$((marked + 1)) | sed -n 's/.*shares 16384 KiB at \([0-9a-f]*\) .*/\1/p')
	ram= pool= start=
	[ -n "$base" ] && ram=$("$dir/ram" find $pid 256) || return 1
	start=${ram#*:} start=$((0x${start%:*} + 0x$base - 0x40000000))
	pool=$(printf '%s:%x:%x' $pid $start $((16 << 20)))
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
