#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/tests/soak.sh [--long MINUTES] [--plain] [--smp N] [ACTION | -ACTION]... [-- HOST-OPTION...]
#
# Protected guests that check their memory all the time, in a host that does everything
# a stock host can do with memory: swap, compaction, merging, dumps and the rest
# (scripts/tests/soak/soak.sh). --long: so many minutes instead of 40 s. --plain: ordinary
# guests; "-- --no-hypsec" the same on the stock kernel. "-ksm" leaves that action out,
# "ksm" does it alone.
# takes: 130
# timeout: 2700

. "$(dirname "$0")/../lib/kernel.sh"

minutes= plain= smp=2 actions=()
while [ $# -gt 0 ]; do
	case $1 in
	--long) minutes=${2:?}; shift ;;
	--plain) plain=1 ;;
	--smp) smp=${2:?}; shift ;;
	--) shift; break ;;
	*) actions+=("$1") ;;
	esac
	shift
done
here=$HYPSEC_TOP/scripts/tests/soak
seconds=${minutes:+$((minutes * 60))}
seconds=${seconds:-40} parts=${minutes:+1}
parts=${parts:-8}

need_kernel
built=$("$here/build") guest=$("$here/guest")
tmp=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$tmp"' EXIT
truncate -s 2G "$tmp/disk"
PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -m 0 "$tmp/disk"
add=()
into_host /soak "$here"/{functions.sh,soak.sh,cmdline} "$built"/{ram,qmp} "$guest"/vm.img
[ -z "$plain" ] ||
	into_host /soak "$guest"/{Image,initrd.cpio}
HYPSEC_QEMU_ARGS="${HYPSEC_QEMU_ARGS:-} -drive if=none,id=soak,format=raw,cache=unsafe,file=$tmp/disk
	-device virtio-blk-pci,drive=soak,serial=hypsec-soak" \
	"$HYPSEC_TOP/scripts/host" --timeout $((seconds + 1800)) --mem 1G --smp "$smp" "${add[@]}" "$@" \
	-- sh -c "plain=$plain sh /soak/soak.sh $seconds 2 $parts ${actions[*]}"
