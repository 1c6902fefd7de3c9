#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.sh SECONDS VCPUS PARTS [-ACTION | ACTION]...	(in the host)
#
# A guest that checks its memory all the time, and at the same time everything that a
# stock host does with memory, in random order, several at once. Prints result lines.
# "-ACTION" leaves one out, "ACTION" alone does no others. $plain: an ordinary guest.
# PARTS: what works on the guest's memory by address takes one part in so many at a time,
# another one each time: a page sealed and brought home is 200,000 emulated instructions.
plain=${plain:-}
. "${0%/*}/functions.sh"
. "$dir/cmdline"
seconds=$1 vcpus=$2 parts=$3 mib=64
shift 3

all="zram file compact ksm thp split collapse pageout reclaim writeback procmem vmread
	ptrace remap gcore dump migrate pressure kswapd"
actions=
for a in "$@"; do
	case $a in
	-*) all=$(echo $all | tr ' ' '\n' | grep -vx -- "${a#-}") ;;
	*) actions="$actions $a" ;;
	esac
done
actions=${actions:-$(echo $all)}

# --- The actions; the first argument is a VM. Their status is their own: 0 done.

group=/sys/fs/cgroup/guest
act_reclaim() { echo $((64 / parts))M >$group/memory.reclaim || :; }
act_pageout() { $ram advise "$(part $1 $parts)" pageout; }
act_compact() { echo 1 >/proc/sys/vm/compact_memory; }
act_ksm() {
	echo 2000 >/sys/kernel/mm/ksm/pages_to_scan
	echo 20 >/sys/kernel/mm/ksm/sleep_millisecs
	echo 1 >/sys/kernel/mm/ksm/run
	sleep 4
	echo 0 >/sys/kernel/mm/ksm/run
}
act_thp() {
	echo 50 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
	echo 100 >/sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs
	sleep 3
	echo 10000 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
}
act_split() {
	local r start size

	r=$(part $1 $parts)
	r=${r#*:} start=${r%:*} size=${r#*:}
	echo "$(vm_pid $1),0x$start,$(printf '0x%x' $((0x$start + 0x$size)))" \
		>/sys/kernel/debug/split_huge_pages
}
act_collapse() { $ram advise "$(part $1 $parts)" collapse || :; }
# The host's page cache of a file-backed guest to the disk and out of memory
act_writeback() { sync; echo 1 >/proc/sys/vm/drop_caches; sync -f /mnt/mem.$1 2>/dev/null || sync; }
act_procmem() { look "$1" $ram stats "$(part $1 $parts)"; }
act_vmread() { look "$1" $ram stats "$(part $1 $parts)" vmread; }
act_ptrace() { $ram inject "$(vm_ram $1)" nothing; }
# Not while it runs: it would find no memory between the two system calls.
act_remap() {
	vm_qmp $1 stop
	$ram inject "$(vm_ram $1)" remap $(($(now) % 16 * 256)) 512
	vm_qmp $1 cont
}
# What gcore does: a debugger that stops the process and reads its memory
act_gcore() {
	vm_qmp $1 stop
	$ram inject "$(vm_ram $1)" nothing
	$ram save "$(part $1 $parts)" /mnt/core.$1
	vm_qmp $1 cont
	look "$1" $ram file-stats /mnt/core.$1
	rm -f /mnt/core.$1
}
act_dump() {
	local r

	r=$(part $1 $parts)
	vm_qmp $1 dump-guest-memory "{\"paging\":false,\"protocol\":\"file:/mnt/dump.$1\",
		\"begin\":$((0x40000000 + 0x$(echo $r | cut -d: -f2) - 0x$(vm_ram $1 | cut -d: -f2))),
		\"length\":$((0x${r##*:}))}" || return 1
	look "$1" $ram file-stats /mnt/dump.$1
	rm -f /mnt/dump.$1
}
# Dirty logging switches on and off: KVM splits its tables and joins them again.
act_migrate() {
	hmp $1 "migrate -d exec:cat>/dev/null"
	sleep 2
	hmp $1 migrate_cancel
	sleep 0.5
	vm_qmp $1 cont
}
act_pressure() {
	local high

	high=$(($(cat $group/memory.current) * 8 / 10))
	echo $high >$group/memory.high
	sleep 3
	echo max >$group/memory.high
}
act_kswapd() { $ram hog $(($(awk '/^MemAvailable/ {print $2}' /proc/meminfo) / 1024 + 48)) 4; }

# look VM COMMAND...: what it sees of a protected guest is noise. Every page of it that the
# host can see in the clear is one that the guest has not asked protection for: what
# QEMU itself put there before it started.
look() {
	local vm=$1
	shift

	"$@" >/tmp/look.$vm.$$ || return 1
	[ -n "$plain" ] && return 0
	[ "$(stat marked </tmp/look.$vm.$$)" = 0 ] || {
		echo "# the guest's text was seen: $* $(cat /tmp/look.$vm.$$)" >>/tmp/seen
	}
}

# "zram" and "file" are the two places to swap to.
places() {
	case " $actions " in *" zram "*)
		modprobe zram && echo 256M >/sys/block/zram0/disksize &&
			mkswap /dev/zram0 >/dev/null && $ram swapon /dev/zram0 || return 1 ;;
	esac
	case " $actions " in *" file "*)
		fallocate -l 256M /mnt/swap && chmod 600 /mnt/swap &&
			mkswap /mnt/swap >/dev/null && $ram swapon /mnt/swap || return 1 ;;
	esac
}

mount_cgroup() {
	mkdir -p /sys/fs/cgroup
	mount -t cgroup2 cgroup /sys/fs/cgroup 2>/dev/null
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir -p $group
}

# one_after_another VM ACTION...: until the time is up and half of them are done, each timed
one_after_another() {
	local vm=$1 a from n=0
	shift

	while :; do
		for a in "$@"; do
			vm_alive $vm || return
			[ "$(now)" -lt $end ] || [ $n -lt $(($# / 2 + 1)) ] || return
			from=$(now)
			act_$a $vm >/tmp/act.$vm.out 2>&1 && echo "$a done $(($(now) - from))" ||
				{ echo "$a failed"; sed "s/^/# $a $vm: /" /tmp/act.$vm.out | tail -n 3; }
			n=$((n + 1))
		done
		set -- $(echo "$@" | tr ' ' '\n' | shuf)
	done >/tmp/$vm.acts
}

check "a disk with ext4" mount_disk
check "memory cgroups" mount_cgroup
check "swap" places
echo always >/sys/kernel/mm/transparent_hugepage/enabled
echo always >/sys/kernel/mm/transparent_hugepage/shmem_enabled 2>/dev/null
echo "# actions: $actions"

# Whatever the first VM needs once and for all is paid before the accounts are read.
vm_start first 1 $mib
check "a first guest comes up" vm_up first
vm_kill first
soon no_vm
remember_accounts

# One in anonymous memory, one in a file; memory is charged to the group of who starts it. While they
# come up the host writes nothing back at regular times: each page of the file that it writes is sealed first,
# and a guest that uses all of its pages again and again would hardly come up in an emulator.
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
echo $$ >$group/cgroup.procs
vm_start anon $vcpus $mib
vm_start file 1 $mib -object memory-backend-file,id=m,size=${mib}M,mem-path=/mnt/mem.file,share=on \
	-machine memory-backend=m
echo $$ >/sys/fs/cgroup/cgroup.procs
check "a guest in anonymous memory" vm_up anon
check "a guest in a file on ext4" vm_up file
echo 500 >/proc/sys/vm/dirty_writeback_centisecs
echo "# up after $(now) s: $(vm_lines anon | grep -a '^soak: up') $(vm_lines file | grep -a '^soak: up')"

: >/tmp/seen
end=$(($(now) + seconds))
# The one begins at one end, the other at the other: together they soon have done all.
order=$(echo $actions | tr ' ' '\n' | grep -vx 'zram\|file' | shuf)
order=${order:-reclaim}
one_after_another anon $order &
a=$!
one_after_another file $(echo "$order" | tac) &
b=$!
wait $a $b
for vm in anon file; do
	check "$vm: goes on after it all" goes_on $vm 2
	echo "# $vm: $(rounds $vm) rounds; $(awk '$2 == "done" { n[$1]++; s[$1] += $3 } $2 == "failed" { f[$1]++ }
		END { for (a in n) printf "%s %d in %d s, ", a, n[a], s[a]; for (a in f) printf "%s FAILED %d ", a, f[a] }' /tmp/$vm.acts)"
	grep '^#' /tmp/$vm.acts | sort | uniq -c | head -n 12 | sed 's/^ */# /'
done
echo "# swapped: $(awk '/^pswp|^thp_split_pmd|^thp_collapse_alloc |^compact_success|^pgmigrate_success/' /proc/vmstat | tr '\n' ' ')"
# On a machine that is slow or busy the time is up before the guest has used all that it was told to.
swapped() {
	awk '$1 == "pswpout" { o = $2 } $1 == "pswpin" { i = $2 }
		END { exit !(o > 1000 && i > 1000) }' /proc/vmstat
}
swapped_at_last() { swapped || { act_pageout anon; act_reclaim anon; false; }; }
check "pages were swapped out and in" soon swapped_at_last
check "every action was carried out" eval '[ -z "$(for a in $actions; do
	case $a in zram | file) continue ;; esac
	grep -q "^$a done" /tmp/anon.acts /tmp/file.acts || echo $a; done)" ]'
check "nothing of the guests' text was seen" eval '! grep . /tmp/seen'
check "anon: powers off, never saw a wrong word" vm_off anon

# The last one dies the way that leaves a core.
core_dumped() {
	soon vm_gone file && $ram file-stats /mnt/core >/tmp/core.stats &&
		[ "$(stat pages </tmp/core.stats)" -gt 5000 ]
}
echo /mnt/core >/proc/sys/kernel/core_pattern
echo 0 >/proc/sys/kernel/core_uses_pid
echo 0x7f >/proc/"$(vm_pid file)"/coredump_filter
kill -ABRT "$(vm_pid file)"
check "a core of the VMM" core_dumped
echo "# core: $(cat /tmp/core.stats)"
[ -n "$plain" ] || check "has nothing of its guest" [ "$(stat marked </tmp/core.stats)" = 0 ]
[ -z "$plain" ] || check "has its guest (control)" [ "$(stat marked </tmp/core.stats)" -gt 1000 ]
kill "$(cat /tmp/file.holder)"
wait "$(vm_pid file)" 2>/dev/null
rm -f /mnt/core /mnt/mem.file

for place in /dev/zram0 /mnt/swap; do
	! grep -q "^$place" /proc/swaps || check "swap is taken back: $place" swapoff $place
done
check "the core is sealed" sealed
check "the accounts are as before" accounts_return
check "the host's log has no complaint" clean
echo "1..$count"
[ $failed = 0 ]
