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

qemu() {
	exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host \
		-smp 1 -m 256 -nodefaults -display none -no-reboot \
		-serial file:/tmp/console -monitor unix:/tmp/monitor,server=on,wait=off \
		"$@" </dev/null
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
		-nodefaults -display none -no-reboot -kernel tampered.img </dev/null ) &
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
within 600 eval 'up || child_ended $pid' || stop "the guest is not up after 600 s"
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
masked=$(sed -n 's/^secret: masked=\([0-9a-f]*\).*/\1/p' /tmp/console)
./attack -s "$masked" all $pid /tmp/monitor
echo "run: attack status=$?"
# Whatever was done to its memory, the guest goes on, and says so every second.
before=$(grep -c '^secret: intact' /tmp/console)
goes_on() { [ "$(grep -c '^secret: intact' /tmp/console)" -ge $((before + 2)) ]; }
within 60 eval 'goes_on || child_ended $pid'
on=no
! goes_on || on=yes
echo "run: guest goes_on=$on"
sh swap.sh $pid "$masked"
grep '^secret: stopped' /tmp/console | sed 's/^/guest: /'
grep -c '^secret: intact' /tmp/console | sed 's/^/run: guest seconds_intact=/'
[ ! -e /sys/kernel/security/hypsec/state ] ||
	sed "s/^/run: hypsec after /" /sys/kernel/security/hypsec/state
kill -9 $pid 2>/dev/null
exit 0
