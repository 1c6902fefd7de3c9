#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with a sealed core that has nothing of what Kconfig lets one leave out: protected VMs run
# and are hidden as ever; what asks for more is refused, in words. Prints result lines.
. "${0%/*}/functions.sh"

same_accounts() { [ "$(cat $hypsec/accounts)" = "$before" ]; }

check "the host is told what the core has" grep -qx '1\.[0-9]*\( mem-protect\| rndr\| trng\)*' $hypsec/version
check "of a platform it has nothing to say" eval '! cat $hypsec/platform 2>/dev/null'

# One VM first, so that what the core keeps for good is there.
check "one CPU: ends with success" runs off.img 1
check "one CPU: every check in the guest passed" said "kernel: all passed"
check "and what is left out was not supported" said "kernel: nothing can be given back"
soon no_vm
soon settled
before=$(cat $hypsec/accounts)
check "two CPUs: ends with success" runs off.img 2
check "two CPUs: every check in the guest passed" said "kernel: all passed"

# refused IMAGE TEXT
refused() {
	mark
	( vm $1.img 1 ) &
	pid=$!
	check "$1: refused" soon logged "$2"
	check "$1: none of its code ran" eval '! said "kernel:"'
	kill -9 $pid
	wait $pid 2>/dev/null
}
refused forged "the kernel is not what was signed"
for image in debug share rsi; do
	refused $image "asks for sharing, debugging or RSI, which this core is built without"
done

mark
( vm stay.img 1 ) &
pid=$!
check "a VM that stays" soon said "kernel: stays"
ram=$(awk '{ split($1, a, "-"); cmd = "echo $((0x" a[2] " - 0x" a[1] "))"; cmd | getline n; close(cmd);
	if (n == 134217728) { print a[1]; exit } }' /proc/$pid/maps)
dd if=/proc/$pid/mem bs=4096 count=1 skip=$((0x$ram / 4096 + 0x400)) of=/tmp/page 2>/dev/null
# Of 4096 random bytes 16 are zero, give or take.
random() { [ "$(tr -d "\000" </tmp/page | wc -c)" -gt 4000 ]; }
check "its memory read by the host is ciphertext" \
	eval '[ -n "$ram" ] && ! grep -aq "kernel: all passed" /tmp/page && random'
dots() { tr -dc . </tmp/out | wc -c; }
goes_on() { [ "$(dots)" -gt $((was + 10)) ]; }
was=$(dots)
check "and it goes on" soon goes_on
kill -9 $pid
wait $pid 2>/dev/null
check "no VM is left" soon no_vm
check "the accounts are as before" soon same_accounts
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
