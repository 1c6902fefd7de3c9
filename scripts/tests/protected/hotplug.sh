#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: the guest of hotplug.c, with 16 vCPUs
# and across two NUMA nodes: its image begins in the first, of 32 MiB.
# hotplug.sh SECONDS
. "${0%/*}/functions.sh"

mark
nodes="-object memory-backend-ram,size=32M,id=a -object memory-backend-ram,size=224M,id=b
	-numa node,cpus=0-3,memdev=a -numa node,cpus=4-15,memdev=b"
check "16 vCPUs, two NUMA nodes: ends with success" runs vm.img 16 -m 256 $nodes
check "its stub says what there is" \
	said "hypsec-stub: protected, 256 MiB of RAM, CPUs: 16"
check "the others all came up" said "hotplug: cpus=16"
for round in 1 2; do
	check "round $round: off and on, under load" said "hotplug: round $round"
done
check "and what they computed is right" said "hotplug: done"
check "the guest's kernel has no complaint" \
	eval '! grep -aqE "BUG|Oops|WARNING|stall|CPU[0-9]+: (failed|died)" /tmp/out'
check "the core saw it power off" soon logged "powered off by its guest"
check "no VM is left" soon no_vm
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
