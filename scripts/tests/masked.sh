#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No work of the core, however large, keeps interrupts from the host for more than
# 1,000,000 instructions. Counted by a debug build of the core itself, in an emulator
# whose time advances with instructions. On one CPU: of two that are busy it would count what
# the other executes in its turn.
#
# takes: 110
# timeout: 1500

. "$(dirname "$0")/../lib/kernel.sh"

need_kernel
"$HYPSEC_TOP/scripts/build" --if-stale --debug >&2
attack=$("$HYPSEC_TOP/scripts/tests/attack/build")
guest=$("$HYPSEC_TOP/scripts/tests/guest/build")
images=$("$HYPSEC_TOP/scripts/tests/protected/build")
soak=$("$HYPSEC_TOP/scripts/tests/soak/build") small=$("$HYPSEC_TOP/scripts/tests/soak/guest")
make_stub
tmp=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$tmp"' EXIT
# Zeros behind an initrd are no part of it: an image of more than 64 MiB.
{ cat "$small/initrd.cpio"; head -c $((64 << 20)) /dev/zero; } >"$tmp/initrd"
"$HYPSEC_TOP/scripts/hypsec-image" keygen -o "$tmp/key" >/dev/null
"$HYPSEC_TOP/scripts/hypsec-image" build --kernel "$small/Image" --initrd "$tmp/initrd" \
	--cmdline "console=ttyAMA0 quiet panic=-1 kunit.enable=0" --console --key "$tmp/key" \
	-o "$tmp/vm.img" >/dev/null

"$HYPSEC_TOP/scripts/host" --icount --smp 1 --timeout 1200 "$@" \
	--hypsec "$HYPSEC_BUILD/module-debug/hypsec.ko" \
	--add "$attack/attack:/masked/attack" --add "$attack/attack.ko:/masked/attack.ko" \
	--add "$guest/kvmapi:/masked/kvmapi" --add "$images/box3.img:/masked/box3.img" \
	--add "$soak/ram:/masked/ram" \
	--add "$tmp/vm.img:/masked/vm.img" \
	--add "$HYPSEC_TOP/scripts/tests/guest/masked.sh:/masked/masked.sh" \
	-- sh /masked/masked.sh 1000000
