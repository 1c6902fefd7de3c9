# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a host that was started by UEFI, with ACPI, as root, in /install: what firmware's runtime
# services do under HypSec. Its last line is "good" where nothing is wrong; then it resets.

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
dmesg | grep -E 'WARNING:|BUG:|Call trace:|EFI runtime' && bad=1
[ $bad = 0 ] && echo good
# Through firmware's runtime services.
reboot -f
