#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The contract of scripts/host, which every test in a host relies on.
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"

host=$HYPSEC_TOP/scripts/host
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# ends_with STATUS ARGUMENT...: run a host, keep its output.
ends_with() {
	local want=$1 got=0
	shift

	"$host" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
	[ $got = "$want" ] && return 0
	echo "status $got, expected $want"
	tail -n 20 "$dir/out" "$dir/err"
	return 1
}

printed() {
	grep -qxF -- "$1" "$dir/out" || { cat "$dir/out"; return 1; }
}

complained() {
	grep -qF -- "$1" "$dir/err" || { cat "$dir/err"; return 1; }
}

mkdir "$dir/folder"
echo "in a folder" >"$dir/folder/file"
printf '#!/bin/sh\necho "in /usr"\n' >"$dir/tool"
chmod 755 "$dir/tool"

check "the command's status comes back" ends_with 7 --no-hypsec \
	--add "$dir/folder:/data/here" --add "$dir/tool:/usr/bin/added-tool" -- sh -c '
	echo "user $(id -u), $1"; cat /data/here/file; added-tool
	[ -e /sys/kernel/security/hypsec ] || echo "no HypSec"
	echo "mode $(dmesg | grep -c "Hyp nVHE mode initialized")"
	echo "to stderr" >&2; exit 7' sh "quoted 'as \"given\" \$HOME"
check "as root, its arguments unchanged" printed "user 0, quoted 'as \"given\" \$HOME"
check "an added folder" printed "in a folder"
check "an added program in /usr" printed "in /usr"
check "stderr is streamed too" printed "to stderr"
check "--no-hypsec installs nothing" printed "no HypSec"
check "KVM runs in nVHE mode" printed "mode 1"

check "HypSec is installed first" ends_with 0 -- sh -c '
	cat /sys/kernel/security/hypsec/state; lsmod | sed -n "s/ .*//;\$p"'
check "and sealed" printed "sealed"

check "a hang ends by time-out" ends_with 124 --no-hypsec --timeout 45 -- sleep 1000
check "and says so" complained "stopped after 45 s"
check "a host's panic is told apart" ends_with 122 --no-hypsec -- sh -c \
	'echo c >/proc/sysrq-trigger'
check "and its log shown" complained "Kernel panic - not syncing: sysrq triggered crash"
check "a power-off before the command's end too" ends_with 122 --no-hypsec -- poweroff -f
check "a module that does not install" ends_with 123 --hypsec "$dir/tool" -- true
check "is named with insmod's reason" complained "HypSec did not install: insmod"
check "HypSec refuses a host at EL2" ends_with 123 --cpu max \
	--append kvm-arm.mode=vhe -- true
check "bad usage boots nothing" ends_with 125 --no-such-option -- true
check "a missing file to add boots nothing" ends_with 125 --no-hypsec \
	--add "$dir/none:/none" -- true
ktap_end
