#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# count.sh KIND N	(in a host under -icount, for bench)
#
# What input and output cost a guest under the stock QEMU: lines "count: NAME INSTRUCTIONS EXITS
# COPIED CLEARED IDLE", all for one, in thousandths; IDLE: of a thousand instructions, those that
# passed with nobody at work, which are not among INSTRUCTIONS.
dir=${0%/*}
kind=$1 n=$2 cr=$(printf '\r')

fail() {
	echo "count: failed: $*"
	cat /tmp/err
	dmesg | tail -n 5
	kill -9 $pid
	exit 1
}
exits() { read -r exits </sys/kernel/debug/kvm/exits; }
# idle: sets idle to the hundredths of a second that the only CPU had nothing to do
idle() {
	read -r _ idle </proc/uptime
	idle=${idle%.*}${idle#*.}
	idle=${idle#0}
}
# answer: what the guest says next, into $got
answer() {
	while :; do
		read -r -t 600 got <&4 || fail "the guest says nothing"
		got=${got%"$cr"}
		case $got in
		"iocount: ready" | "iocount: "[0-9]*) break ;;
		iocount:*) fail "the guest says: $got" ;;
		esac
	done
}
# asks COMMAND...: how long it took, and what it copied and cleared for it
asks() {
	echo "$*" >&3
	answer
	set -- $got
	spent=$2 copied=$3 cleared=$4
}
# measured COMMAND...: sets spent, copied, cleared, and the exits and the idle time meanwhile
measured() {
	idle; idle_before=$idle
	exits; exits_before=$exits
	asks "$@"
	exits; idle
	exits=$((exits - exits_before)) idle=$((idle - idle_before))
}
# count NAME COMMAND...: N of it, past as many as make everything warm
count() {
	name=$1
	shift
	asks "$@" $((n / 8))
	measured "$@" $n
	spent=$((spent * 16)) idle=$((idle * 10000000))
	echo "count: ${kind}_$name $(((spent - idle) * 1000 / n)) $(((exits - exits_none) * 1000 / n))" \
		"$((copied * 1000 / n)) $((cleared * 1000 / n)) $((idle / (spent / 1000)))"
}

set -- -append "quiet panic=-1 console=ttyAMA0 io.module=no io.count" -initrd $dir/initrd
image=Image access=
[ $kind != protected ] || { image=count.img access=,iommu_platform=on; set --; }
# Without it the host waits in a loop for its guest, and that would be counted.
echo 0 >/sys/module/kvm/parameters/halt_poll_ns
$dir/iocount &
peer=$!
dd if=/dev/urandom of=/tmp/disk bs=1M count=8 2>/dev/null
rm -f /tmp/in /tmp/said
mkfifo /tmp/in /tmp/said
qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 256 -nodefaults \
	-no-user-config -display none -no-reboot -serial stdio -global virtio-mmio.force-legacy=false \
	-drive if=none,id=d,format=raw,file=/tmp/disk -device virtio-blk-device,drive=d$access \
	-netdev user,id=n -device virtio-net-device,netdev=n$access -kernel $dir/$image "$@" \
	</tmp/in >/tmp/said 2>/tmp/err &
pid=$!
exec 3>/tmp/in 4</tmp/said
answer
exits_none=0
measured nothing
exits_none=$exits
count read_4k read 4096
count write_4k write 4096
count read_64k read 65536
count write_64k write 65536
count send send
count receive receive
kill -9 $pid $peer
wait $pid $peer 2>/dev/null
exit 0
