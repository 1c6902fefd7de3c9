#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host: one ordinary guest, to a shell and off again.
dir=${0%/*}
. "$dir/vm.sh"

vm_start vm1 2 192
check "a stock guest with 2 vCPUs comes up" vm_expect vm1 "guest: up cpus=2 .*" 300
check "its memory holds what is written" vm_do vm1 120 \
	"dd if=/dev/urandom of=/tmp/r bs=1M count=8 2>/tmp/e && cp /tmp/r /tmp/s && cmp /tmp/r /tmp/s"
check "it powers off" vm_off vm1 120
check "the host has nothing to complain of" \
	sh -c '! dmesg | grep -E "BUG|Oops|Internal error|WARNING:|hypsec: .*(BROKEN|broken)"'
echo "1..$count"
[ $failed = 0 ]
