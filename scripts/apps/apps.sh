#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# apps.sh KIND APP...	(in a host under -icount, for bench)
#
# Lines "count: KIND APP INSTRUCTIONS IDLE": of an application in a guest under the stock QEMU; IDLE: of
# a thousand that passed those with nobody at work, which are not among INSTRUCTIONS.
dir=${0%/*}
kind=$1 cr=$(printf '\r')
shift
apps="$*"

fail() {
	echo "count: failed: $*"
	cat /tmp/err
	dmesg | tail -n 5
	kill -9 $pid
	exit 1
}
# idle: sets idle to the hundredths of a second that the only CPU had nothing to do, or waited for a disk
idle() {
	read -r _ _ _ _ idle waits _ </proc/stat
	idle=$((idle + waits))
}
# answer: what the guest says next, into $got
answer() {
	while :; do
		read -r -t 1800 got <&4 || fail "the guest says nothing"
		got=${got%"$cr"}
		case $got in
		"apps: "*) break ;;
		*"Kernel panic"*) fail "the guest says: $got" ;;
		esac
	done
}
# asks APP: what time it took, into spent
asks() {
	echo "$1" >&3
	answer
	set -- $got
	[ "$4" = 0 ] || { read -r -t 10 got <&4; fail "$2: status $4: $got"; }
	spent=$3
}

for block in /sys/block/vd*; do
	[ "$(cat $block/serial)" != hypsec-apps ] || disk=/dev/${block##*/}
done
# Without it the host waits in a loop for its guest, and that would be counted.
echo 0 >/sys/module/kvm/parameters/halt_poll_ns
head -c 16777216 /dev/zero >"$dir/www/large"
head -c 1024 /dev/zero | tr '\0' x >"$dir/www/small"
httpd -p 127.0.0.1:8000 -h "$dir/www"
while :; do nc -l -p 8001 -e dd of=/tmp/uploaded bs=64k 2>/dev/null || sleep 1; done &
listens=$!
rm -f /tmp/in /tmp/said
mkfifo /tmp/in /tmp/said
set -- -append "quiet panic=-1 console=ttyAMA0" -initrd $dir/initrd
image=Image access=
[ $kind != protected ] || { image=apps.img access=,iommu_platform=on; set --; }
qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 512 -nodefaults \
	-no-user-config -display none -no-reboot -serial stdio -global virtio-mmio.force-legacy=false \
	-drive if=none,id=d,format=raw,file=$disk -device virtio-blk-device,drive=d$access \
	-netdev user,id=n -device virtio-net-device,netdev=n$access -kernel $dir/$image "$@" \
	</tmp/in >/tmp/said 2>/tmp/err &
pid=$!
exec 3>/tmp/in 4</tmp/said
answer
for app in $apps; do
	asks $app
	idle
	before=$idle
	asks $app
	idle
	idle=$(((idle - before) * 10000000))
	echo "count: $kind $app $((spent - idle)) $((idle / (spent / 1000)))"
done
kill -9 $pid $listens
case " $apps " in *" upload "*)
	[ "$(wc -c </tmp/uploaded)" = 16777216 ] || fail "not all of the file came" ;;
esac
exit 0
