# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a host that was started by UEFI, with ACPI, as root, in /install: what firmware's runtime
# services do under HypSec, and memory that is plugged in where firmware had said it may be. Its
# last line is "good" where nothing is wrong; then it resets.

cd "${0%/*}" || exit 1
bad=0
wrong() {
	echo "$*"
	bad=1
}

[ "$(cat /sys/kernel/security/hypsec/state)" = sealed ] || wrong "not sealed"
[ -d /sys/firmware/efi/efivars ] || wrong "not by UEFI"
# The clock: firmware's, as ACPI describes no other.
[ "$(cat /sys/class/rtc/rtc0/name)" = "rtc-efi rtc-efi.0" ] || wrong "no clock of firmware's"
hwclock -r -f /dev/rtc0 | grep -q 20 || wrong "the clock cannot be read"
hwclock -w -f /dev/rtc0 || wrong "the clock cannot be set"

# Variables: read, written, found again.
vars=/sys/firmware/efi/efivars
modprobe efivarfs && mount -t efivarfs efivarfs $vars || wrong "no variables"
ls $vars | grep -q . || wrong "not one variable"
mine=$vars/HypSec-5e2a1f3c-0d44-4c1b-9d7e-6b1f0e6a7c11
printf '\007\000\000\000value' >$mine || wrong "a variable cannot be written"
[ "$(tail -c 5 $mine)" = value ] || wrong "a variable is not what was written"

# Memory comes, and is the first that programs and VMs are given.
total() { awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo; }
before=$(total)
echo online_movable >/sys/devices/system/memory/auto_online_blocks
modprobe virtio_mem
. /run/hypsec/patience.sh
has_come() { [ $(($(total) - before)) -ge 250000 ]; }
within 60 has_come || wrong "memory that firmware named does not come online"
new=$(dmesg | sed -n 's/.*virtio_mem .* start address: //p')
cp /usr/bin/busybox /tmp/busybox
/tmp/busybox sleep 1000 &
sleep 1
text=$(sed -n 's/^\([0-9a-f]*\)-.* r-xp .*busybox$/\1/p' /proc/$!/maps)
page=$(dd if=/proc/$!/pagemap bs=8 skip=$((0x$text >> 12)) count=1 2>/dev/null | od -An -td8)
[ $(((page & ((1 << 55) - 1)) << 12)) -ge $((new)) ] || wrong "a program's text is elsewhere"
kill $! || wrong "no program runs in it"
./kvmapi vms -n 2 >/dev/null || wrong "no VM runs in it"

dmesg | grep -E 'WARNING:|BUG:|Call trace:|EFI runtime|is refused' && bad=1
[ $bad = 0 ] && echo good
# Through firmware's runtime services.
reboot -f
