#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# count.sh KIND N	(in a host under -icount, for bench)
#
# What input and output cost a guest under the stock QEMU: lines "count: NAME INSTRUCTIONS EXITS
# COPIED CLEARED IDLE", all for one, in thousandths; IDLE: of a thousand instructions, those that
# passed with nobody at work, which are not among INSTRUCTIONS.
dir=${0%/*}
kind=$1 n=$2 says=iocount
. "$dir/counted.sh"

exits() { read -r exits </sys/kernel/debug/kvm/exits; }
# asks COMMAND...: sets spent, its ticks, and what has been copied and cleared so far
asks() {
	echo "$*" >&3
	answer
	set -- $got
	spent=$2 copied=$3 cleared=$4
}
# http ADDRESS PORT N: the host's requests to the guest, as if it had been asked
http() {
	got=$("$dir/iocount" "$@") || fail "$got"
	ticks=${got#iocount: }
	asks nothing
	spent=$ticks
}
# measured COMMAND...: sets spent, and of the meantime copied, cleared, exits and idle
measured() {
	asks nothing
	copied_before=$copied cleared_before=$cleared
	idle; idle_before=$idle
	exits; exits_before=$exits
	case $1 in
	http) "$@" ;;
	*) asks "$@" ;;
	esac
	exits; idle
	exits=$((exits - exits_before)) idle=$((idle - idle_before))
	copied=$((copied - copied_before)) cleared=$((cleared - cleared_before))
}
# count NAME N COMMAND...: N of it three times, past as many as make everything warm; the middle one counts
count() {
	name=$1 times=$2
	shift 2
	measured "$@" $((times / 8))
	for turn in 1 2 3; do
		measured "$@" $times
		spent=$((spent * 16)) idle=$((idle - idle_none)) exits=$((exits - exits_none))
		echo "$(((spent - idle) * 1000 / times)) $((exits * 1000 / times))" \
			"$((copied * 1000 / times)) $((cleared * 1000 / times)) $((idle / (spent / 1000)))"
	done >/tmp/turns
	echo "count: ${kind}_$name $(sort -n /tmp/turns | sed -n 2p)"
}

modprobe -a tun vhost_net
"$dir/iocount" &
peer=$!
dd if=/dev/urandom of=/tmp/disk bs=1M count=8 2>/dev/null
begin 256 count.img "io.module=no io.count" \
	-drive if=none,id=d,format=raw,file=/tmp/disk -device virtio-blk-device,drive=d$access \
	-netdev user,id=n,hostfwd=tcp:127.0.0.1:8000-10.0.2.15:8000 -device virtio-net-device,netdev=n$access \
	-netdev tap,id=v,ifname=tap0,script=no,downscript=no,vhost=on \
	-device virtio-net-device,netdev=v,mac=52:54:00:12:34:57$access
ip addr add 10.0.3.1/24 dev tap0
ip link set tap0 up
measured nothing
# What it is to be told something, and to answer
exits_none=$exits idle_none=$idle
for size in 4 64; do
	count read_${size}k $n read $((size << 10))
	count write_${size}k $n write $((size << 10))
done
count send $n send 10.0.2.2
count receive $n receive 10.0.2.2
count http $((n / 8)) http 127.0.0.1 8000
count vhost_send $n send 10.0.3.1
count vhost_receive $n receive 10.0.3.1
count vhost_http $((n / 8)) http 10.0.3.2 8000
grep -q vhost /proc/$pid/task/*/comm /proc/[0-9]*/comm || fail "no vhost thread"
kill -9 $pid $peer
wait $pid $peer 2>/dev/null
exit 0
