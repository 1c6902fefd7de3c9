#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A part of scripts/run, in the host: the guest is swapped out and comes back.
#
# swap.sh PID MASKED-SECRET	with /root/{attack,ram,attack.ko} and the guest's /tmp/console
# Output: "swap: ..." lines: how much went out, what the swap device then holds (entropy
# in bits per byte, pieces of the secret), and whether the guest goes on when it is back.
pid=$1
cd /root
. /run/hypsec/patience.sh

# field FILE NAME: a number of kB
field() { awk -v n="$2:" '$1 == n { print $2 }' "$1"; }
intact() { grep -c '^secret: intact' /tmp/console; }

modprobe zram
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null && swapon /dev/zram0 || exit 1
ram=$(./ram find $pid 256) || exit 1

# What of the guest is swapped stays so only while it does not run.
kill -STOP $pid
for i in 1 2 3; do
	./ram advise "$ram" pageout >/dev/null
done
echo "swap: out kib=$(field /proc/$pid/status VmSwap)"
echo 3 >/proc/sys/vm/drop_caches
./ram file-stats /dev/zram0 | sed 's/^ram: file-stats/swap: device/'
./attack -s "$2" file /dev/zram0 | sed 's/^attack: file/swap: secret/'
kill -CONT $pid

before=$(intact) on=no
goes_on() { [ "$(intact)" -ge $((before + 3)) ]; }
within 60 eval 'goes_on || child_ended $pid'
! goes_on || on=yes
# The swap's first page is its own; of the guest's, each is read once more when it comes in.
echo "swap: back goes_on=$on kib=$(field /proc/$pid/status VmSwap)"
