#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host: ordinary VMs and what their host does with their memory. Prints
# result lines; with HypSec installed, its accounts are compared too.
dir=${0%/*}
. "$dir/vm.sh"

accounts=/sys/kernel/security/hypsec/accounts
# Generous: nested guests in an emulator.
wait_up=600

say_accounts() {
	[ ! -e $accounts ] || cat $accounts
}

# field FILE NAME: a number of /proc
field() {
	awk -v n="$2:" '$1 == n {s += $2} END {print s + 0}' "$1"
}

devices() {
	local vm=$1

	check "$vm: interrupts through the ITS" \
		vm_do $vm 120 "grep -q 'ITS.*virtio' /proc/interrupts"
	check "$vm: a virtio disk keeps what is written" vm_do $vm 180 \
		"dd if=/dev/urandom of=/tmp/r bs=1M count=4 2>/tmp/e && cp /tmp/r /dev/vda && sync && echo 3 >/proc/sys/vm/drop_caches && head -c 4194304 /dev/vda | cmp - /tmp/r"
	check "$vm: a virtio network answers a ping" vm_do $vm 180 \
		"ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && ping -c 2 -w 600 10.0.2.2"
	check "$vm: and carries TCP" vm_do $vm 180 \
		"nc -w 600 10.0.2.100 7 </dev/null | grep -q from-the-host"
}

# Rounds of guestcheck that a VM has completed.
rounds() {
	tr -d '\r' </tmp/$1.log | grep -c '^guestcheck: round'
}

# check_goes_on NAME: two more rounds.
check_goes_on() {
	local from

	from=$(rounds $1)
	within 180 sh -c "[ \$(tr -d '\r' </tmp/$1.log | grep -c '^guestcheck: round') -gt $((from + 1)) ]"
}

ksm_merges() {
	[ "$(cat /sys/kernel/mm/ksm/pages_sharing)" -gt 2000 ]
}

swapped() {
	[ "$(field /proc/$1/status VmSwap)" -gt "$2" ]
}

# What a limit of the group would do, without the throttling that goes with one.
press() {
	echo 96M >/sys/fs/cgroup/guest/memory.reclaim 2>/dev/null
	swapped "$@"
}

balloon_is() {
	vm_qmp $1 query-balloon | grep -q "\"actual\": $(($2 << 20))[,}]"
}

host_complaints() {
	dmesg | grep -E 'BUG|Oops|Internal error|WARNING:|Bad page|hypsec: .*(broken|killed)' |
		grep -v 'soft lockup'
}

mount_cgroup() {
	mkdir -p /sys/fs/cgroup
	mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control &&
		mkdir /sys/fs/cgroup/guest
}

modprobe zram
echo 512M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null
check "the host has swap" swapon /dev/zram0
check "the host has memory cgroups" mount_cgroup
echo always >/sys/kernel/mm/transparent_hugepage/enabled

# Whatever the first VM needs once and for all is paid before the accounts are read.
$dir/kvmapi vms -n 1 -g >/dev/null
before=$(say_accounts)

# --- 4 vCPUs, then 1 and 2 at once: more would only wait for the emulated processors

# comes_up VCPUS...: VMs at once, each with its devices.
comes_up() {
	for n in "$@"; do
		# Memory is charged to the group of who allocates it.
		[ $n != 2 ] || echo $$ >/sys/fs/cgroup/guest/cgroup.procs
		vm_start vm$n $n 192
		echo $$ >/sys/fs/cgroup/cgroup.procs
	done
	for n in "$@"; do
		if vm_expect vm$n "guest: up cpus=$n .*" $wait_up; then
			ok "vm$n: a stock guest with $n vCPUs comes up"
			devices vm$n
		else
			not_ok "vm$n: a stock guest with $n vCPUs comes up"
		fi
	done
}

comes_up 4
check "vm4: powers off" vm_off vm4 120
comes_up 1 2
check "vm1: powers off" vm_off vm1 120

# --- One that checks its memory while the host does everything to it

pid=$(cat /tmp/vm2.pid)
check "transparent huge pages back a guest" \
	[ "$(field /proc/$pid/smaps AnonHugePages)" -gt 4096 ]
vm_say vm2 "guestcheck 48 32 & checker=\$!"
check "vm2: checks its memory" vm_expect vm2 'guestcheck: round 2' 240

echo 5000 >/sys/kernel/mm/ksm/pages_to_scan
echo 20 >/sys/kernel/mm/ksm/sleep_millisecs
echo 1 >/sys/kernel/mm/ksm/run
check "KSM merges a guest's pages" within 240 ksm_merges
check "vm2: goes on with its pages merged" check_goes_on vm2
echo 2 >/sys/kernel/mm/ksm/run
echo 0 >/sys/kernel/mm/ksm/run

check "memory pressure swaps a guest's pages out" within 120 press $pid 20000
check "vm2: goes on while it is swapped" check_goes_on vm2

echo 1 >/proc/sys/vm/compact_memory
check "vm2: goes on after compaction" check_goes_on vm2

vm_qmp vm2 balloon "{\"value\": $((160 << 20))}" >/dev/null
check "a balloon takes memory from a guest" within 180 balloon_is vm2 160
vm_qmp vm2 balloon "{\"value\": $((192 << 20))}" >/dev/null
check "and gives it back" within 180 balloon_is vm2 192
check "vm2: goes on after the balloon" check_goes_on vm2

vm_qmp vm2 stop >/dev/null
sleep 1
at=$(rounds vm2)
sleep 4
check "a paused guest stands still" [ "$(rounds vm2)" = "$at" ]
vm_qmp vm2 cont >/dev/null
check "vm2: goes on when resumed" check_goes_on vm2

vm_say vm2 "kill \$checker"
check "vm2: never saw a wrong word" vm_expect vm2 'guestcheck: end pages=20480 bad=0' 180
check "vm2: powers off" vm_off vm2 120

# --- Many, and nothing is left of them

check "100 VMs run to their first exit" $dir/kvmapi vms -n 50 -j 2 -c 2 -g -x mmio
check "and by hypercall" $dir/kvmapi vms -n 50 -j 2 -c 1 -g -x hvc
check "VMs at once never see each other's memory" \
	$dir/kvmapi vms -n 8 -j 4 -c 2 -m 32 -r 2 -x check
vm_start again 2 192
check "a stock guest comes up again" vm_expect again "guest: up cpus=2 .*" $wait_up
check "and powers off" vm_off again 120

after=$(say_accounts)
if [ ! -e $accounts ]; then
	ok "accounts are what they were # SKIP no HypSec"
elif [ "$before" = "$after" ]; then
	ok "accounts are what they were"
else
	not_ok "accounts are what they were" "$(echo "before: $before after: $after" | tr '\n' ' ')"
fi
if host_complaints; then
	not_ok "the host's log has no complaint"
else
	ok "the host's log has no complaint"
fi
echo "1..$count"
[ $failed = 0 ]
