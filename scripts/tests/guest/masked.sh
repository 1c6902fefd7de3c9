#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In a host with a debug build of the core, under -icount: the longest time that
# each kind of work kept interrupts from the host, from the core's own counter.
# masked.sh LIMIT: instructions allowed
cd "${0%/*}" || exit 1
limit=$1
count=0 failed=0

# stats 0|1: "ticks esr x0" since the last reset; with 1 begin anew
stats() {
	./attack hvc 0xc600800a $1 | sed -n \
		's/.* x0=0x0 x1=\(0x[0-9a-f]*\) x2=\(0x[0-9a-f]*\) x3=\(0x[0-9a-f]*\).*/\1 \2 \3/p'
}

# report NAME: a result for what ran since the last one
report() {
	local name=$1
	set -- $(stats 1)
	count=$((count + 1))
	# A tick of the counter, 16 ns, is 16 instructions.
	if [ $# = 3 ] && [ $(($1 * 16)) -le $limit ]; then
		echo "ok $count - $name: $(($1 * 16)) instructions"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name: ${1:+$(($1 * 16)) instructions }ESR ${2:-?} x0 ${3:-?}"
	fi
}

insmod attack.ko || exit 1
report "install and boot"
./kvmapi vms -n 20 -j 2 -c 2 -g -x mmio >/dev/null || echo "not ok 0 - kvmapi vms"
report "20 VMs come and go"
./kvmapi vms -m 256 -r 2 -x check >/dev/null || echo "not ok 0 - kvmapi check"
report "a VM writes 256 MiB"

qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 192 -nodefaults \
	-display none -no-reboot -serial file:/tmp/console -kernel vm.img </dev/null &
pid=$!
n=0
until grep -q '^soak: round 2 ok' /tmp/console 2>/dev/null; do
	n=$((n + 1))
	if [ $n -gt 600 ] || ! kill -0 $pid; then
		echo "not ok 0 - the protected guest is not up"
		tail -n 5 /tmp/console | sed 's/^/# /'
		break
	fi
	sleep 1
done
report "a protected VM of a 70 MiB image is verified and boots"
# Of what it uses all the time so much that work by the range has ranges
ram=$(./ram find $pid 192) && rest=${ram#*:} &&
	ram=$(printf '%d:%x:%x' $pid $((0x${rest%:*} + (96 << 20))) $((32 << 20))) &&
	[ "$(./ram stats "$ram" | sed -n 's/.*pages=\([0-9]*\).*/\1/p')" -gt 4000 ] ||
	echo "not ok 0 - ram"
report "the host reads 32 MiB of its pages"
sleep 3
report "it uses them again"
modprobe zram
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null && swapon /dev/zram0 || echo "not ok 0 - swap"
./ram advise "$ram" pageout >/dev/null || echo "not ok 0 - pageout"
report "it is swapped out"
sleep 3
report "and comes back"
kill -9 $pid
wait $pid 2>/dev/null
sleep 5
report "it is killed, its memory comes back"

# A guest that has its image verified before, and signs what it is told.
mkfifo /tmp/nonce
qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m 128 -nodefaults \
	-no-user-config -display none -serial stdio -kernel box3.img </tmp/nonce >/tmp/box3 &
pid=$!
exec 3>/tmp/nonce
n=0
until grep -q 'nonce?' /tmp/box3 || [ $n -gt 600 ]; do
	n=$((n + 1))
	sleep 1
done
stats 1 >/dev/null
printf %0128d 5 >&3
wait $pid
grep -q '^kernel: all passed' /tmp/box3 || echo "not ok 0 - the guest had no report"
report "a guest's report is signed"
echo "1..$count"
[ $failed = 0 ]
