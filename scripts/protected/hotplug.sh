#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: the guest of hotplug.c, with 8 vCPUs.
# hotplug.sh SECONDS
. "${0%/*}/functions.sh"

mark
check "8 vCPUs: ends with success" runs vm.img 8 -m 256
check "they all came up" said "hotplug: cpus=8"
for round in 1 2; do
	check "round $round: off and on, under load" said "hotplug: round $round"
done
check "and what they computed is right" said "hotplug: done"
check "the guest's kernel has no complaint" \
	eval '! grep -aqE "BUG|Oops|WARNING|stall|CPU[0-9]+: (failed|died)" /tmp/out'
check "the core saw it power off" logged "powered off by its guest"
check "no VM is left" soon no_vm
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
