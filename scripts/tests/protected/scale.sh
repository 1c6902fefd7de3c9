#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: scale.sh SECONDS vms N | cpus N
. "${0%/*}/functions.sh"

account() { sed -n "s/^$1 //p" $hypsec/accounts; }
same_accounts() { [ "$(cat $hypsec/accounts)" = "$before" ]; }
protected() { [ "$(grep -c ' protected ' $hypsec/vms)" = "$1" ]; }
ready() { [ "$(grep -la 'wait: ready' /tmp/vm.* | wc -l)" = "$1" ]; }
start() { "$dir/vmm" -m 8 "$dir/wait.img" </dev/null >"/tmp/vm.$1" 2>&1 & echo $! >"/tmp/pid.$1"; }

vms() {
	i=0
	while [ $i -lt "$1" ]; do
		start $i
		i=$((i + 1))
		# Each is there before the twentieth after it: what they wait for is a processor.
		[ $((i % 20)) != 0 ] || soon ready $i || break
	done
	check "$1 protected VMs run at once" soon ready "$1"
	check "the core has all of them" protected "$1"
	for a in free el2_tables host_tables vm_tables vm_objects private seal_records held; do
		was=$(echo "$before" | sed -n "s/^$a //p")
		echo "# per VM: $a $(awk -v a="$(account $a)" -v b="$was" -v n="$1" \
			'BEGIN { printf "%.2f", (a - b) / n }') pages"
	done
	mark
	kill "$(cat /tmp/pid.77)"
	wait "$(cat /tmp/pid.77)" 2>/dev/null
	check "one in the middle ends" soon protected $(($1 - 1))
	start 77
	check "another takes its place" soon protected "$1"
	kill $(cat /tmp/pid.*)
	check "all end at once" soon no_vm
	check "the accounts are as before" soon same_accounts
	check "$1 ordinary VMs at once" [ "$("$dir/kvmapi" vms -n "$1" -j "$1" -m 4 -x check 2>&1 |
		tee $out)" = "kvmapi: vms=$1 good=$1" ]
	check "no VM is left" soon no_vm
	check "the accounts are as before" soon same_accounts
}

switch() {
	c=1
	while [ $c -lt "$2" ]; do
		echo "$1" >/sys/devices/system/cpu/cpu$c/online || return 1
		c=$((c + 1))
	done
}

cpus() {
	check "the core has $1 CPUs" eval "dmesg | grep -q 'core: .* $1 CPUs, $1 of them online'"
	check "sealed" grep -q sealed $hypsec/state
	echo "# with $1 CPUs: image $(account image), el2_tables $(account el2_tables) pages"
	for round in 1 2; do
		check "round $round: all but one go off" switch 0 "$1"
		check "round $round: one is left" [ "$(nproc)" = 1 ]
		check "round $round: all come back" switch 1 "$1"
		check "round $round: $1 are there" [ "$(nproc)" = "$1" ]
	done
	check "four ordinary VMs, each of two vCPUs" [ "$("$dir/kvmapi" vms -n 4 -j 4 -c 2 -m 4 -x check \
		2>&1 | tee $out)" = "kvmapi: vms=4 good=4" ]
	start 0
	check "a protected VM" soon ready 1
	kill "$(cat /tmp/pid.0)"
	check "no VM is left" soon no_vm
}

: >$out
before=$(cat $hypsec/accounts)
"$2" "$3"
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops"'
echo "1..$count"
[ $failed = 0 ]
