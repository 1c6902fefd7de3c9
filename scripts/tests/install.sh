#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Installing: what is refused, with cause and remedy and the host as it was; what
# succeeds, for good; a crash kernel under the core.
# timeout: 1500

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

host=$HYPSEC_TOP/scripts/host
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
debug=$HYPSEC_BUILD/module-debug
"$HYPSEC_TOP/scripts/build" --if-stale --out "$debug" CONFIG_HYPSEC_DEBUG=y >&2
guest=$("$HYPSEC_TOP/scripts/guest/build")
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
	"$HYPSEC_TOP/scripts/install/kexec.c"

# refuses TEXT ARGUMENT...: the install fails and the kernel's log says why.
refuses() {
	local text=$1 status=0
	shift

	"$host" "$@" -- true >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ $status = 123 ] && grep -qF -- "$text" "$dir/err" && return 0
	echo "status $status"
	tail -n 20 "$dir/err"
	return 1
}

with_machine() {
	HYPSEC_QEMU_ARGS="-machine $1" "${@:2}"
}

check "no GICv3" with_machine gic-version=2 refuses "no GICv3 system registers"
check "no EL2" with_machine virtualization=off refuses "EL2 is not reachable"
check "pKVM owns EL2" refuses "KVM's protected mode owns EL2" \
	--append kvm-arm.mode=protected

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
	printf '%s\n' '#!/bin/busybox sh' '/bin/busybox mount -t devtmpfs dev /dev' \
		'echo "crash kernel: up" >/dev/kmsg' '/bin/busybox sleep 1' \
		'/bin/busybox poweroff -f' >"$dir/initrd/init"
	mkdir -p "$dir/initrd/dev"
	chmod 755 "$dir/initrd/init"
	( cd "$dir/initrd" && find . | cpio -o -H newc -R 0:0 2>/dev/null ) >"$dir/initrd.cpio"
	"$host" --append crashkernel=300M --verbose \
		--add "$HYPSEC_BUILD/kexec/sbin/kexec:/kexec/kexec" \
		--add "$HYPSEC_BUILD/kexec/lib64:/kexec/lib" \
		--add "$KERNEL_IMAGE:/kexec/Image" --add "$dir/initrd.cpio:/kexec/initrd" \
		-- sh -c 'cd /kexec && LD_LIBRARY_PATH=lib ./kexec -p Image --initrd=initrd \
			--append="console=ttyAMA0 rdinit=/init nr_cpus=1" &&
			cat /sys/kernel/security/hypsec/state && echo c >/proc/sysrq-trigger' \
		>"$dir/out" 2>"$dir/err" </dev/null || status=$?
	grep -qx sealed "$dir/out" && grep -q 'All CPU(s) started at EL1' "$dir/err" &&
		grep -q 'HYP mode not available' "$dir/err" &&
		grep -q 'crash kernel: up' "$dir/err" && return 0
	echo "status $status"
	cat "$dir/out"
	tail -n 30 "$dir/err"
	return 1
}

check "a crash kernel starts, at EL1" crash_kernel

status=0
"$host" --no-hypsec --timeout 600 --add "$debug/hypsec.ko:/install/hypsec.ko" \
	--add "$dir/again.ko:/install/again.ko" --add "$dir/kexec:/install/kexec" \
	--add "$guest/kvmapi:/install/kvmapi" \
	--add "$HYPSEC_TOP/scripts/install/host.sh:/install/host.sh" \
	-- sh /install/host.sh >"$dir/host" || status=$?
# Its results follow ours.
awk -v n=$KTAP_COUNT '
	/^(not )?ok / { i = $1 == "not" ? 3 : 2; $i += n }
	/^1\.\.[0-9]+$/ { print "1.." substr($0, 4) + n; next }
	{ print }' "$dir/host"
[ $status = 0 ] && [ $KTAP_FAILED = 0 ]
