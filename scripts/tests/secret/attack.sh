#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of scripts/run that runs in the host as its hostile root: start the
# guest with the stock QEMU, wait for its secret, look for it everywhere.
#
# attack.sh [--boot] QEMU-ARGUMENT...	with /root/{attack,attack.ko,ram,swap.sh} and the guest's files
# --boot starts the guest, waits and ends it: no attack.
# Output: the lines of the guest and of the attack tool, and "run: ..." lines.

. /run/hypsec/patience.sh
[ ! -e /root/cmdline ] || . /root/cmdline

qemu() {
	exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host \
		-smp 1 -m 256 -nodefaults -display none -no-reboot \
		-serial file:/tmp/console -monitor unix:/tmp/monitor,server=on,wait=off \
		$devices "$@" </dev/null
}

# The network between the host and the server that has the secret, and the guest's own devices.
network() {
	modprobe virtio_net
	ip addr add 10.0.3.15/24 dev eth0 && ip link set eth0 up || stop "the host has no network"
	gunzip -c disk.gz >/tmp/disk
	devices="-global virtio-mmio.force-legacy=false
		-drive if=none,id=disk,format=raw,file=/tmp/disk
		-device virtio-blk-device,drive=disk,iommu_platform=on
		-netdev user,id=net -object filter-dump,id=packets,netdev=net,file=/tmp/packets
		-device virtio-net-device,netdev=net,iommu_platform=on"
}

# news: what the guest has said since the last look, in whole lines
news() {
	tr '\r' . </tmp/console | sed -n 's/^\(guest: .*\)\.$/\1/p' | tail -n +$((told + 1)) >/tmp/news
	told=$((told + $(wc -l </tmp/news)))
	cat /tmp/news
}

# search WHAT FILE NAME: pieces of the secret in it; whether it has what is in clear there
search() {
	./attack -s "$masked" file "$2" | sed "s/^attack: file/run: $1/"
	if grep -q "$3" "$2"; then echo "run: $1 has $3"; else echo "run: $1 has not $3"; fi
}

# What it shares with its host, out of the VMM's memory: where the log says it is.
pool() {
	local base size ram start

	set -- $(dmesg | sed -n 's/.*hypsec: core: vm [0-9]*: shares \([0-9]*\) KiB at \([0-9a-f]*\) .*/\1 \2/p' |
		tail -n 1)
	size=${1:-0} base=$2
	ram=$(./ram find $pid 256) && [ -n "$base" ] || return 1
	start=${ram#*:}
	./ram save "$(printf '%s:%x:%x' $pid $((0x${start%:*} + 0x$base - 0x40000000)) $((size << 10)))" \
		/tmp/pool >/dev/null
}

stop() {
	echo "run: error: $*"
	sed 's/^/guest: /' /tmp/console | tail -n 20
	exit 1
}

# What else a host may try: the image with one instruction of its stub changed, behind
# those that ask for protection; the TPM, as the initramfs did.
others() {
	cp vm.img tampered.img
	entry=$(od -An -tu4 -j4 -N4 vm.img)
	printf '\377\377\377\377' | dd of=tampered.img bs=1 seek=$((entry + 64)) conv=notrunc 2>/dev/null
	( exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 256 \
		-nodefaults -display none -no-reboot -kernel tampered.img </dev/null >/tmp/tampered 2>&1 ) &
	tampered=$!
	wait_for 'ended: image' dmesg
	kill -9 $tampered
	rm tampered.img
	dmesg | sed -n 's/.*hypsec: core: \(vm [0-9]*: ended: image: .*\)/run: tampered: \1/p'
	b=busybox
	. ./platform.sh
	if platform_unseal >/tmp/unsealed 2>/tmp/unseal.errors; then
		echo "run: error: the TPM gave the secret"
	elif grep -q 0x99D /tmp/unseal.errors && [ ! -s /tmp/unsealed ]; then
		echo "run: tpm refuses"
	fi
}

# wait_for PATTERN COMMAND...: until its output has it, or ten minutes.
shows() { pattern=$1; shift; "$@" 2>/dev/null | grep -q "$pattern"; }
wait_for() { within 600 shows "$@" || stop "no $1"; }

boot=
[ "$1" != --boot ] || { boot=1; shift; }
cd /root
[ ! -e /sys/kernel/security/hypsec/state ] ||
	for f in state version measurement dma accounts; do
		sed "s/^/run: hypsec $f /" /sys/kernel/security/hypsec/$f
	done
[ -n "$boot" ] || insmod attack.ko || stop "the attack's module does not load"

: >/tmp/console
devices= told=0
[ ! -e disk.gz ] || network
echo "run: now the guest starts"
( qemu "$@" ) &
pid=$!
# The subshell has become QEMU by exec. While the guest boots there is a CPU to spare.
others=
if [ -z "$boot" ] && [ -e platform.sh ]; then
	( others ) >/tmp/others 2>&1 &
	others=$!
fi
# The whole line: the console's file has lines that are not yet complete.
up() { tr '\r' . </tmp/console | grep -q '^secret: intact .*\.$'; }
within 600 eval 'news; up || child_ended $pid' || stop "the guest is not up after 600 s"
up || stop "QEMU ended before the guest was up"
echo "run: guest up uptime=$(cut -d' ' -f1 /proc/uptime)"
grep '^secret:' /tmp/console | head -n 3 | tr -d '\r' | sed 's/^/guest: /'
[ ! -e /sys/kernel/security/hypsec/vms ] ||
	sed 's/^/run: hypsec vm /' /sys/kernel/security/hypsec/vms
if [ -n "$boot" ]; then
	kill -9 $pid
	exit 0
fi

if [ -n "$others" ]; then
	wait $others
	cat /tmp/others
fi

# As root of the host: every register view, then all of memory.
echo "run: now the host's root looks for its secret, in registers and all memory"
masked=$(sed -n 's/^secret: masked=\([0-9a-f]*\).*/\1/p' /tmp/console)
./attack -s "$masked" all $pid /tmp/monitor
echo "run: attack status=$?"
if [ -e disk.gz ]; then
	echo "run: now in its packets, on its disk, in the memory it shares"
	sync
	search packets /tmp/packets "$SECRET_NAME"
	search disk /tmp/disk "$SECRET_NAME"
	[ ! -e /sys/kernel/security/hypsec/vms ] || ! pool ||
		{ search pool /tmp/pool "$SECRET_NAME"
		  echo "run: pool used=$(tr -d '\0' </tmp/pool | wc -c)"; }
	rm -f /tmp/pool
fi
# Whatever was done to its memory, the guest goes on, and says so every second.
before=$(grep -c '^secret: intact' /tmp/console)
goes_on() { [ "$(grep -c '^secret: intact' /tmp/console)" -ge $((before + 2)) ]; }
within 60 eval 'goes_on || child_ended $pid'
on=no
! goes_on || on=yes
echo "run: guest goes_on=$on"
echo "run: now it is swapped out"
sh swap.sh $pid "$masked"
grep '^secret: stopped' /tmp/console | sed 's/^/guest: /'
grep -c '^secret: intact' /tmp/console | sed 's/^/run: guest seconds_intact=/'
[ ! -e /sys/kernel/security/hypsec/state ] ||
	sed "s/^/run: hypsec after /" /sys/kernel/security/hypsec/state
kill -9 $pid 2>/dev/null
exit 0
