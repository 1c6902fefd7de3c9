#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The contract of scripts/host, which every test in a host relies on.
# takes: 150
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"
. "$HYPSEC_TOP/scripts/lib/patience.sh"

need_kernel
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

check "HypSec is installed" ends_with 0 -- sh -c '
	cd /sys/kernel/security/hypsec; cat state measurement version dma
	wc -w accounts; head -n 1 vms; lsmod | sed -n "s/ .*//;\$p"'
check "and sealed" printed "sealed"
check "before any other module" printed "hypsec"
bundle=$(sha256sum "$HYPSEC_BUILD/module/el2-objs/bundle.bin")
check "the measurement is the bundle's SHA-256" printed "sha256:${bundle%% *}"
check "devices are not said to be confined" printed "not confined"

# Each of them in one host, none of them at its default.
check "every option" ends_with 3 --kernel "$KERNEL_IMAGE" --modules "$KERNEL_MODULES" \
	--hypsec "$HYPSEC_BUILD/module/hypsec.ko" --param "pool_mb=24 signers=any" \
	--cpu cortex-a57 --smp 3 --mem 1G --icount --append "one=1 two" --append three \
	--add "$dir/tool:/root/tool" --timeout 200 --verbose -- sh -c '
	echo "cpus $(nproc), part $(cat /sys/devices/system/cpu/cpu0/regs/identification/midr_el1)"
	echo "memory $(awk "/MemTotal/ { print (\$2 > 700000 && \$2 < 1048576) }" /proc/meminfo)"
	sed "s/.* nvhe/nvhe/; s/.*mode=//" /proc/cmdline; ./tool
	dmesg | sed -n "s/.*hypsec: sealed: \([0-9]* MiB\).*/\1/p"; exit 3'
check "--smp, --cpu" printed "cpus 3, part 0x00000000411fd070"
check "--mem" printed "memory 1"
check "--append" printed "nvhe one=1 two three"
check "--add" printed "in /usr"
check "--param" printed "26 MiB"
check "--verbose" complained "Linux version"

shell() {
	local status=0 pid

	mkfifo "$dir/in"
	paced 100
	timeout $seconds_here "$host" --shell <"$dir/in" >"$dir/out" 2>"$dir/err" &
	pid=$!
	exec 8>"$dir/in"
	# Typed before there is a prompt it would be lost.
	within 90 grep -q '# ' "$dir/out" || :
	printf 'cat /sys/kernel/security/hypsec/state; exit 5\n' >&8
	exec 8>&-
	wait $pid || status=$?
	[ $status = 5 ] && tr -d '\r' <"$dir/out" | grep -qx sealed && return 0
	echo "status $status"
	cat "$dir/out" "$dir/err"
	return 1
}
check "--shell" shell

# Firmware's, through the core.
check "SYSTEM_OFF under HypSec" ends_with 122 -- poweroff -f
check "is a power-off" complained "reboot: Power down"
check "SYSTEM_RESET under HypSec" ends_with 122 -- reboot -f
check "is a reset" complained "reboot: Restarting system"

check "a hang ends by time-out" ends_with 124 --no-hypsec --timeout 15 -- sleep 1000
check "and says so" complained "stopped after 15 s"
check "a host's panic is told apart" ends_with 122 --no-hypsec -- sh -c \
	'echo c >/proc/sysrq-trigger'
check "and its log shown" complained "Kernel panic - not syncing: sysrq triggered crash"
check "a power-off before the command's end too" ends_with 122 --no-hypsec -- poweroff -f
check "a module that does not install" ends_with 123 --hypsec "$dir/tool" -- true
check "is named with insmod's reason" complained "HypSec did not install: insmod"
check "HypSec refuses a host at EL2" ends_with 123 --cpu max \
	--append kvm-arm.mode=vhe -- true
# refused TEXT ARGUMENT...: nothing is booted, and why is said.
refused() {
	local text=$1
	shift

	ends_with 125 "$@" && complained "$text"
}
check "an option that is none" refused "unknown option --no-such-option" --no-such-option -- true
check "an option without its value" refused "usage:" --no-hypsec --mem
check "no command" refused "usage:" --no-hypsec --
check "--timeout with no number" refused "--timeout soon is no number" --timeout soon -- true
check "--kernel without --modules" refused "name its lib/modules/RELEASE" \
	--kernel "$KERNEL_IMAGE" -- true
check "a kernel that is not there" refused "cannot read the kernel" \
	--kernel "$dir/none" --modules "$KERNEL_MODULES" --no-hypsec -- true
check "modules that are not there" refused "$dir/none" \
	--kernel "$KERNEL_IMAGE" --modules "$dir/none" --no-hypsec -- true
check "a module that is not there" refused "cannot read $dir/none" --hypsec "$dir/none" -- true
check "a file to add that is not there" refused "no such file, or not SRC:/DST" --no-hypsec \
	--add "$dir/none:/none" -- true
check "a file to add to nowhere" refused "no such file, or not SRC:/DST" --no-hypsec \
	--add "$dir/tool" -- true
check "a CPU that is none" refused "the emulator did not start" --no-hypsec --cpu no-such-cpu -- true
check "a number of CPUs that is none" refused "the emulator did not start" --no-hypsec \
	--smp many -- true
check "a size of memory that is none" refused "the emulator did not start" --no-hypsec \
	--mem much -- true
ktap_end
