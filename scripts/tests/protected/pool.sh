#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: the core's memory. A guest that spends it beside one that
# does not; VMMs killed at any moment; swap devices. Prints result lines.
. "${0%/*}/functions.sh"
seconds=200

param=/sys/module/hypsec/parameters
account() { sed -n "s/^$1 //p" $hypsec/accounts; }
# Pages of the core's, in all accounts
held() { awk '$1 != "private" && $1 != "shared" { n += $2 } END { print n }' $hypsec/accounts; }
same_accounts() { [ "$(cat $hypsec/accounts)" = "$before" ]; }
dropped() {
	kill -9 "$1"
	wait "$1" 2>/dev/null
}

# A page in each MiB shall be a page, and 3 GiB more than there is.
echo never >/sys/kernel/mm/transparent_hugepage/enabled
echo 1 >/proc/sys/vm/overcommit_memory

# One VM first, so that what the core keeps for good is there.
check "a VM ends with success" runs off.img 1
soon no_vm
soon settled
before=$(cat $hypsec/accounts)
start=$(held)

# The marks would give pages in time; without them a VM has to wait, and to be given some then.
echo 1 >$param/pool_low
echo 1000000 >$param/pool_high
mark
on="$dir/beside 1"
( vm spend.img 1 -m 3072 ) &
greedy=$!
on=
check "a guest that spends the core's memory waits for more" \
	soon logged "waits for memory for its tables"
out=/tmp/out2
check "another one beside it ends with success" runs off.img 1
check "and every check in it passed" said "kernel: all passed"
out=/tmp/out
check "the first goes on, and has lost nothing" soon said "kernel: spent"
check "it has what it needed from the host" [ "$(held)" -gt $((start + 1000)) ]
ended() { vm_log | tail -n +$((marked + 1)) | grep 'ended:' | grep -v 'powered off by its guest'; }
check "nobody was ended for it" eval '! ended'
# Its pages are given back by its own exit, on the CPU where it ran.
had=$(account private)
"$dir/beside" 1 >/tmp/beside &
watcher=$!
soon grep -q looks /tmp/beside
dropped $greedy
wait $watcher
times=$(sed -n 's/^ran \(.*\) times$/\1/p' /tmp/beside)
echo "# $had pages came back, and another process ran there $times times meanwhile"
check "others run on that CPU while its pages come back" [ "$times" -ge 2 ]
check "no VM is left" soon no_vm
# As few as they can be: then all that were given go back.
echo 1 >$param/pool_high
check "the host has its pages back" soon same_accounts

# Killed while it starts, while it is verified, while it runs, with one CPU and two.
n=0
while [ $n -lt 12 ]; do
	( vm stay.img $((n % 2 + 1)) ) &
	pid=$!
	sleep "$(awk "BEGIN { srand($$ + $n); print rand() * 4 }")"
	dropped $pid
	n=$((n + 1))
done
check "killed at any moment, no VM is left" soon no_vm
check "and no page" soon same_accounts

mark
( vm stay.img 1 ) &
pid=$!
check "a VM that stays" soon said "kernel: stays"
"$dir/hold" $pid >/tmp/held 2>&1 &
holder=$!
check "its file is held by another process" soon grep -q holds /tmp/held
dropped $pid
check "its pages are back before that memory is free" [ "$(account private)" = 0 ]
check "it ended, all the same" soon logged "ended: the host tore it down"
check "and the accounts are as before" soon same_accounts
dropped $holder
check "the file's end changes nothing" soon same_accounts

check "a VMM closes a VM that is being verified, and lives: all is back then" \
	eval '"$dir/closes" "$dir/off.img" >$out 2>&1'
sed 's/^/# /' $out
check "and the accounts are as before" soon same_accounts

# Whoever traces the functions in which an end is seen sees it, and takes nothing from it.
tracing=/sys/kernel/tracing
mount -t tracefs none $tracing 2>/dev/null
for f in kvm_arch_flush_shadow_all kvm_arch_destroy_vm; do
	printf 'p:begins_%s %s\nr:returns_%s %s\n' $f $f $f $f
done >$tracing/kprobe_events
echo 1 >$tracing/events/kprobes/enable
check "all is back, too, where its end is traced" \
	eval '"$dir/closes" "$dir/off.img" >$out 2>&1'
echo 0 >$tracing/events/kprobes/enable
check "and the trace has both functions, begun and returned" \
	[ "$(grep -o 'begins_[a-z_]*\|returns_[a-z_]*' $tracing/trace | sort -u | wc -l)" = 4 ]
echo >$tracing/kprobe_events
check "and the accounts are as before" soon same_accounts

# A VMM that is killed for want of memory and cannot exit: a thread of its writes to a file system
# that is frozen. The kernel's reaper unmaps its memory from under the VM.
group=/sys/fs/cgroup/vmm
frozen_disk() {
	modprobe loop && losetup /dev/loop1 "$dir/disk" && mount -t ext4 /dev/loop1 /mnt &&
		mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup &&
		echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir $group
}
check "a disk, and a memory cgroup" frozen_disk
mark
( echo 0 >$group/cgroup.procs && out=/mnt/out && vm stay.img 1 ) &
pid=$!
soon [ -e /mnt/out ]
fsfreeze --freeze /mnt
check "a VM whose VMM writes to a frozen disk" soon logged "protected, image"
blocked() { grep -q '^State:.D' /proc/$pid/task/*/status; }
check "which waits for it" soon blocked
check "with memory of the VM's" [ "$(account private)" -gt 0 ]
echo 1M >$group/memory.max &
check "for want of memory it is killed, and reaped" \
	soon eval 'dmesg | grep -q "oom_reaper: reaped process"'
# What the core says comes to the log a little later.
check "the VM ended, while its VMM cannot" soon logged "ended: the host tore it down"
check "and all of them are back" [ "$(account private)" = 0 ]
check "while its VMM waits still" blocked
fsfreeze --unfreeze /mnt
dropped $pid
check "then it is gone" soon no_vm
check "and the accounts are as before" soon same_accounts
umount /mnt
losetup -d /dev/loop1

# Dead, and nobody has let go of it: a device may write to its memory, which is its VMM's.
mark
( vm off.img 1 -no-shutdown ) &
pid=$!
none_private() { [ "$(account private)" = 0 ]; }
check "a guest powers itself off" soon logged "ended: powered off by its guest"
check "its pages come back while its VMM lives" soon none_private
check "which it does" kill -0 $pid
dropped $pid
check "and leaves nothing" soon same_accounts

check "a stock guest's module gives memory back" \
	eval 'runs linux.img 1 -m 256 && said "guest: relinquish passed"'
check "and all of it is the host's in the end" soon same_accounts

modprobe -a loop zram
dd if=/dev/zero of=/tmp/swap bs=1M count=8 2>/dev/null
losetup /dev/loop0 /tmp/swap
mkswap /dev/loop0 >/dev/null
warned() { dmesg | grep -c "hypsec: swap on loop0 without stable writes.* /sys/block/loop0/queue/stable_writes"; }
swapon /dev/loop0
check "swap on a device without stable writes is warned of" [ "$(warned)" = 1 ]
swapoff /dev/loop0
echo 1 >/sys/block/loop0/queue/stable_writes
swapon /dev/loop0
check "and not once they are on, as it says" [ "$(warned)" = 1 ]
swapoff /dev/loop0
echo 16M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null
swapon /dev/zram0
check "zram has them" eval '! dmesg | grep -q "hypsec: swap on zram"'
swapoff /dev/zram0

check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
