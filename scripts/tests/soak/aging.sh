#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# aging.sh	(in a host under -icount, for scripts/tests/soak/aging)
#
# An ordinary guest reads the same 2,000 pages again and again and writes to 768 new ones in
# between, and the host takes as many from it each time: the old ones, if it can tell. Output:
# "aging: MODE INSTRUCTIONS PAGES", what its reads took and how many pages came back from swap, for
# each of six guests: which pages a host takes is partly chance.
dir=${0%/*}
group=/sys/fs/cgroup/aging
rounds=40 hot=2000 new=768 area=8192

echo never >/sys/kernel/mm/transparent_hugepage/enabled
echo 1 >/proc/sys/vm/overcommit_memory
echo 0 >/proc/sys/vm/page-cluster
{ modprobe zram && echo 512M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
	swapon /dev/zram0 && mount -t cgroup2 none /sys/fs/cgroup &&
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control; } || exit 1

swapped_in() { awk '$1 == "pswpin" { print $2 }' /proc/vmstat; }

# asks COMMAND...: the instructions it took into $got
asks() {
	echo "$*" >&3
	answer
}
answer() {
	# Without a time: under -icount a wait for the disk may be any. Who ends it leaves an end of file.
	until read -r got <&4 && [ "${got#pages: }" != "$got" ]; do
		[ -n "$got" ] || { tail -n 3 /tmp/err; exit 1; }
	done
	got=$(echo "${got#pages: }" | tr -d '\r')
}

# round N: what the reads take
round() {
	asks store $((area + hot + $1 * new)) $new 1
	echo $((new * 4))K >$group/memory.reclaim
	asks load $area $hot 1
}

# count MODE LRU_GEN
count() {
	local i=0 sum=0 before

	echo $2 >/sys/kernel/mm/lru_gen/enabled
	mkdir $group
	rm -f /tmp/in /tmp/out
	mkfifo /tmp/in /tmp/out
	sh -c "echo 0 >$group/cgroup.procs; exec qemu-system-aarch64 -M virt,gic-version=3 \
		-accel kvm -cpu host -smp 1 -m 256 -nodefaults -no-user-config -display none \
		-no-reboot -serial stdio -kernel $dir/pages.bin" </tmp/in >/tmp/out 2>/tmp/err &
	exec 3>/tmp/in 4</tmp/out
	answer
	asks store $area $((2 * hot)) 1
	before=$(swapped_in)
	while [ $i -lt $rounds ]; do
		round $i
		sum=$((sum + got))
		i=$((i + 1))
	done
	echo "aging: $1 $sum $(($(swapped_in) - before))"
	kill -9 $!
	wait
	exec 3>&- 4<&-
	rmdir $group
}

turn=0
while [ $turn -lt 6 ]; do
	count mglru 7
	count classic 0
	turn=$((turn + 1))
done
