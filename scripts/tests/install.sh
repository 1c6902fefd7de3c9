#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Installing: what is refused, with cause and remedy and the host as it was; what
# succeeds, for good; a crash kernel under the core.
# takes: 146
# timeout: 1500

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

host=$HYPSEC_TOP/scripts/host
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
debug=$HYPSEC_BUILD/module-debug
"$HYPSEC_TOP/scripts/build" --if-stale --debug >&2
need_packages qemu-efi-aarch64
need_kernel

# The same module under another name: insmod itself refuses the same name twice.
python3 - "$debug/hypsec.ko" "$dir/again.ko" <<'PY'
import struct, sys
data = bytearray(open(sys.argv[1], 'rb').read())
shoff, = struct.unpack_from('<Q', data, 40)
num, strndx = struct.unpack_from('<HH', data, 60)
section = [struct.unpack_from('<IIQQQQ', data, shoff + 64 * i) for i in range(num)]
names = section[strndx][4]
for s in section:
    end = data.index(b'\0', names + s[0])
    if data[names + s[0]:end] == b'.gnu.linkonce.this_module':
        at = data.index(b'hypsec\0', s[4], s[4] + s[5])
        data[at:at + 6] = b'again_'
open(sys.argv[2], 'wb').write(data)
PY
"${HYPSEC_CROSS}gcc" -O2 -Wall -Werror -static -D_GNU_SOURCE -o "$dir/kexec" \
	"$HYPSEC_TOP/scripts/tests/install/kexec.c"

guest=$("$HYPSEC_TOP/scripts/tests/guest/build")
attack=$("$HYPSEC_TOP/scripts/tests/attack/build")

# refuses ERROR CAUSE REMEDY ARGUMENT...: see scripts/tests/install/preflight.sh.
refuses() {
	local why=("$1" "$2" "$3")
	shift 3

	"$host" --no-hypsec "$@" --add "$debug/hypsec.ko:/install/hypsec.ko" \
		--add "$guest/kvmapi:/install/kvmapi" \
		--add "$HYPSEC_TOP/scripts/tests/install/preflight.sh:/install/preflight.sh" \
		-- sh /install/preflight.sh "${why[@]}" </dev/null
}

with_machine() {
	HYPSEC_QEMU_ARGS="-machine $1" "${@:2}"
}

check "no GICv3" with_machine gic-version=2 refuses "No such device" \
	"no GICv3 system registers" "a GICv3 or later is needed"
# Which line says so depends on the emulator: a PSCI by HVC with SMCCC 1.1 means a hypervisor.
check "no EL2" with_machine virtualization=off refuses "No such device" \
	"EL2" "EL2"
check "the kernel is at EL2 (VHE)" refuses "not supported" \
	"the kernel itself runs at EL2 (VHE)" "boot with kvm-arm.mode=nvhe" \
	--cpu max --append kvm-arm.mode=vhe
# The mode is no word the kernel knows, so that it does not turn hvhe off.
check "EL2 has E2H set (hVHE)" refuses "not supported" "HCR_EL2.E2H" \
	"boot with kvm-arm.mode=nvhe and without arm64_sw.hvhe" \
	--cpu max --append "kvm-arm.mode=default arm64_sw.hvhe=1"
check "pKVM owns EL2" refuses "busy" "KVM's protected mode owns EL2" \
	"boot with kvm-arm.mode=nvhe" --append kvm-arm.mode=protected

# The board's own device tree, but for the second CPU, which waits in a spin table.
spin_table() {
	qemu-system-aarch64 -M "virt,virtualization=on,gic-version=3,dumpdtb=$dir/board.dtb" \
		-cpu cortex-a72 -smp 2 -m 2G -nodefaults -display none &&
		dtc -q -I dtb -O dts "$dir/board.dtb" | awk '
			/^\/dts-v1\/;/ { print; print "/memreserve/ 0x7fff0000 0x1000;"; next }
			/cpu@1 \{/ { second = 1 }
			second && /enable-method/ {
				print "enable-method = \"spin-table\";"
				print "cpu-release-addr = <0x0 0x7fff0000>;"
				second = 0
				next
			}
			{ print }' >"$dir/spin.dts" &&
		dtc -q -I dts -O dtb -o "$dir/spin.dtb" "$dir/spin.dts" &&
		HYPSEC_QEMU_ARGS="-dtb $dir/spin.dtb" refuses "not supported" \
			'/cpus/cpu@1 comes up by "spin-table", not by PSCI' \
			"use firmware that has PSCI for every CPU" --append maxcpus=1
}
check "a CPU that waits in a spin table" spin_table

# A crash kernel: Debian's own kexec loads it, the kernel crashes, it starts at EL1.
fetch_kexec() {
	local out=$1 deps

	own_apt_update
	deps=$(own_apt apt-cache depends --recurse --no-recommends --no-suggests \
		--no-conflicts --no-breaks --no-replaces --no-enhances kexec-tools:arm64 |
		grep -oE '^(libxen[^:]*):arm64$' | sort -u) || :
	unpack_packages "$out" kexec-tools:arm64 $deps
	mkdir "$out/lib64"
	find "$out" -name 'libxen*.so*' -exec cp -P {} "$out/lib64" \;
}

crash_kernel() {
	local status=0

	cached "$HYPSEC_BUILD/kexec" 1 fetch_kexec
	mkdir -p "$dir/initrd/bin"
	cp "$HYPSEC_BUILD"/rootfs/usr/bin/busybox "$dir/initrd/bin/"
	cp "$attack/attack" "$attack/attack.ko" "$dir/initrd/"
	cat >"$dir/initrd/init" <<-'END'
		#!/bin/busybox sh
		b=/bin/busybox
		$b mount -t devtmpfs dev /dev
		$b mount -t proc proc /proc
		echo "crash kernel: up" >/dev/kmsg
		$b insmod /attack.ko
		for pa in $($b sed 's/.*pages=\([0-9a-fx,]*\).*/\1/; s/,/ /' /proc/cmdline); do
			echo "crash kernel: $(/attack peek $pa)" >/dev/kmsg
		done
		$b sleep 1
		$b poweroff -f
	END
	mkdir -p "$dir/initrd/dev" "$dir/initrd/proc"
	chmod 755 "$dir/initrd/init"
	( cd "$dir/initrd" && find . | cpio -o -H newc -R 0:0 2>/dev/null ) >"$dir/initrd.cpio"
	"$host" --append crashkernel=300M --verbose \
		--add "$HYPSEC_BUILD/kexec/sbin/kexec:/kexec/kexec" \
		--add "$HYPSEC_BUILD/kexec/lib64:/kexec/lib" \
		--add "$KERNEL_IMAGE:/kexec/Image" --add "$dir/initrd.cpio:/kexec/initrd" \
		-- sh -c 'cd /kexec
			text=$(awk -F"[- ]+" "/Kernel code/ { print \"0x\" \$2; exit }" /proc/iomem)
			core=$(dmesg | sed -n "s/.*hypsec: sealed: .* at \(0x[0-9a-f]*\),.*/\1/p")
			LD_LIBRARY_PATH=lib ./kexec -p Image --initrd=initrd \
			--append="console=ttyAMA0 rdinit=/init nr_cpus=1 pages=$text,$core" &&
			cat /sys/kernel/security/hypsec/state && echo c >/proc/sysrq-trigger' \
		>"$dir/out" 2>"$dir/err" </dev/null || status=$?
	grep -qx sealed "$dir/out" && grep -q 'All CPU(s) started at EL1' "$dir/err" &&
		grep -q 'HYP mode not available' "$dir/err" &&
		grep -q 'crash kernel: up' "$dir/err" &&
		[ "$(grep -o 'crash kernel: attack: .*result=[a-z]* [a-zA-Z]*' "$dir/err" |
			sed 's/.*result=//' | tr '\n' ' ')" = \
			"done value refused error " ] && return 0
	echo "status $status"
	cat "$dir/out"
	tail -n 30 "$dir/err"
	return 1
}

check "a crash kernel starts at EL1, reads the host, and nothing of the core" crash_kernel

# host_says TEXT OPTION...: what the host's own script finds in it.
host_says() {
	local text=$1
	shift

	"$host" "$@" >"$dir/out" 2>"$dir/err" </dev/null && grep -qx -- "$text" "$dir/out" &&
		return 0
	cat "$dir/out"
	tail -n 20 "$dir/err"
	return 1
}

debug_output() {
	host_says "tainted 64" --verbose --hypsec "$debug/hypsec.ko" \
		--param debug_uart=0x9000000 -- sh -c '
		dmesg | grep -q "hypsec: the core prints on the UART" || exit
		grep -q debug /sys/kernel/security/hypsec/version || exit
		echo "tainted $(($(cat /proc/sys/kernel/tainted) & 64))"' &&
		grep -q '\[EL2\] sealed' "$dir/err"
}

check "a debug build prints from EL2, taints the kernel and says so" debug_output
# With memory that no firmware has named (no ACPI here): it has to stay offline.
late_comers() {
	HYPSEC_QEMU_ARGS="-object memory-backend-ram,id=late,size=256M
		-device virtio-mem-pci,memdev=late,requested-size=256M" \
	host_says "cpu1 1, 2 VMs on it, more memory 0, sealed" --append maxcpus=1 \
		--mem 2G,slots=1,maxmem=4G --add "$guest/kvmapi:/install/kvmapi" -- sh -c '
	cpu=/sys/devices/system/cpu/cpu1/online
	total() { awk "\$1 == \"MemTotal:\" { print \$2 }" /proc/meminfo; }
	before=$(total) vms=0
	for i in 1 2; do
		echo 1 >$cpu && taskset 2 /install/kvmapi vms -n 1 >/dev/null && vms=$((vms + 1))
		[ $i = 2 ] || echo 0 >$cpu
	done
	dmesg | grep -E "WARNING:|BUG:|Call trace:|SANITY CHECK" && exit
	echo online >/sys/devices/system/memory/auto_online_blocks
	modprobe virtio_mem
	. /run/hypsec/patience.sh
	refused() { dmesg | grep -q "hypsec: memory at .* is refused: .* have it there at boot"; }
	within 60 refused || { echo "no refusal in the log"; dmesg | tail; exit; }
	echo "cpu1 $(cat $cpu), $vms VMs on it, more memory $(($(total) - before)),"\
		"$(cat /sys/kernel/security/hypsec/state)"'
}
check "a CPU that was offline at the install comes up, memory that comes later does not" late_comers

# With room for memory that firmware says may come.
uefi() {
	local status=0

	HYPSEC_QEMU_ARGS="-bios /usr/share/qemu-efi-aarch64/QEMU_EFI.fd
		-object memory-backend-ram,id=first,size=2G -numa node,memdev=first,cpus=0-1
		-numa node -object memory-backend-ram,id=late,size=512M
		-device virtio-mem-pci,memdev=late,node=1,requested-size=512M" \
	"$host" --timeout 400 --mem 2G,slots=1,maxmem=4G --add "$guest/kvmapi:/install/kvmapi" \
		--add "$HYPSEC_TOP/scripts/tests/install/uefi.sh:/install/uefi.sh" \
		-- sh /install/uefi.sh >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ $status = 122 ] && grep -qx good "$dir/out" &&
		grep -q 'reboot: Restarting system' "$dir/err" && return 0
	echo "status $status"
	cat "$dir/out"
	tail -n 30 "$dir/err"
	return 1
}
check "a host by UEFI: clock, variables, reset, and memory that firmware said may come" uefi

status=0
"$host" --no-hypsec --timeout 600 --add "$debug/hypsec.ko:/install/hypsec.ko" \
	--add "$dir/again.ko:/install/again.ko" --add "$dir/kexec:/install/kexec" \
	--add "$guest/kvmapi:/install/kvmapi" \
	--add "$HYPSEC_TOP/scripts/tests/install/host.sh:/install/host.sh" \
	-- sh /install/host.sh >"$dir/host" || status=$?
# Its results follow ours.
awk -v n=$KTAP_COUNT '
	/^(not )?ok / { i = $1 == "not" ? 3 : 2; $i += n }
	/^1\.\.[0-9]+$/ { print "1.." substr($0, 4) + n; next }
	{ print }' "$dir/host"
[ $status = 0 ] && [ $KTAP_FAILED = 0 ]
