#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: protected guests with devices, by the stock QEMU and by scripts/tests/vmm.
# protected.sh SUM-OF-DISK SUM-OF-FILE KILLS SEED PART...	with the files of scripts/tests/io.sh.
# Prints result lines. PART: used, restricted, devices, realm, root, vmm, kills, each a file of that name.
sum_disk=$1 sum_file=$2 kills=$3 seed=$4
shift 4
. "${0%/*}/vm.sh"
. "${0%/*}/hostile.sh"

cp "$dir/disk" /tmp/disk
modprobe zram
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
echo "# $(qemu-system-aarch64 --version | head -n 1)"
httpd -p 127.0.0.1:8000 -h "$dir/www"

for part; do
	. "$dir/$part.sh"
	ticks
	echo "# $part: done at $((now / 100)) s"
done
soon settled
check "the accounts are as before" soon same_accounts
check "the host's kernel has nothing to complain of" no_complaint
check "the core is sealed" [ "$(cat $hypsec/state)" = sealed ]
echo "1..$count"
[ $failed = 0 ]
