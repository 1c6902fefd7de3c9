#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# apps.sh KIND APP...	(in a host under -icount, for bench)
#
# Lines "count: KIND APP INSTRUCTIONS IDLE": of an application in a guest under the stock QEMU; IDLE: of
# a thousand that passed those with nobody at work, which are not among INSTRUCTIONS.
dir=${0%/*}
kind=$1 says=apps
shift
apps="$*"
. "$dir/counted.sh"

# asks APP: what time it took, into spent
asks() {
	echo "$1" >&3
	answer
	set -- $got
	[ "$4" = 0 ] || { read -r -t 10 got <&4; fail "$2: status $4: $got"; }
	spent=$3
}

# In memory: to wait for a disk of the emulator's takes time of the machine that this runs on.
for block in /sys/block/vd*; do
	[ "$(cat $block/serial)" != hypsec-apps ] || cat /dev/${block##*/} >/tmp/disk
done
head -c 16777216 /dev/zero >"$dir/www/large"
head -c 1024 /dev/zero | tr '\0' x >"$dir/www/small"
httpd -p 127.0.0.1:8000 -h "$dir/www"
while :; do nc -l -p 8001 -e dd of=/tmp/uploaded bs=64k 2>/dev/null || sleep 1; done &
listens=$!
begin 512 apps.img "" -drive if=none,id=d,format=raw,file=/tmp/disk -device virtio-blk-device,drive=d$access \
	-netdev user,id=n -device virtio-net-device,netdev=n$access
for app in $apps; do
	asks $app
	idle
	before=$idle
	asks $app
	idle
	idle=$((idle - before))
	echo "count: $kind $app $((spent - idle)) $((idle / (spent / 1000)))"
done
kill -9 $pid $listens
case " $apps " in *" upload "*)
	[ "$(wc -c </tmp/uploaded)" = 16777216 ] || fail "not all of the file came" ;;
esac
exit 0
