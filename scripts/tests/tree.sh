#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In a kernel tree as modules: CONFIG_HYPSEC=m, and the KUnit suites. Built in is
# what the kunit piece boots. The kernel itself is not built for it, only prepared.
# takes: 110
# timeout: 1500

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/sources.sh"

need_kernel_source
"$HYPSEC_TOP/scripts/tree" "$KERNEL_SOURCE"
sodium=$HYPSEC_BUILD/sodium/libsodium-core.a
"$HYPSEC_TOP/scripts/sodium" core "$sodium" >&2
out=$HYPSEC_BUILD/tree log=$HYPSEC_BUILD/log/tree-build.log
# Not dir: unbroken has one of its own.
at=drivers/virt/hypsec

kernel_make() {
	make -C "$KERNEL_SOURCE" O="$out" ARCH=arm64 CROSS_COMPILE="$HYPSEC_CROSS" \
		-j"$HYPSEC_JOBS" "$@"
}

configure() {
	# The rest as for the KUnit kernel, which is soon prepared.
	cat "$HYPSEC_TOP/kunit/.kunitconfig" >"$out/.config"
	"$KERNEL_SOURCE/scripts/config" --file "$out/.config" -e MODULES \
		-m KUNIT -m HYPSEC -m HYPSEC_KUNIT_TEST --set-str HYPSEC_SODIUM "$sodium"
	kernel_make olddefconfig
}

as_module() {
	grep -qx "CONFIG_$1=m" "$out/.config" || { grep "$1" "$out/.config"; return 1; }
}

# The compiler's; modpost's are about symbols of a kernel that was not built.
no_warning() {
	! grep -E '(^|: )warning: ' "$log"
}

has_core() {
	python3 - "$out/$at/el2-objs/bundle.bin" "$out/$at/hypsec.ko" <<-'END'
	import sys
	core, module = (open(name, "rb").read() for name in sys.argv[1:])
	sys.exit(core[:8] != b"HYSCBNDL" or core not in module)
	END
}

mkdir -p "$out" "${log%/*}"
: >"$log"
say "preparing a kernel tree"
check "the tree is configured" quietly "$log.config" configure
check "HYPSEC is a module" as_module HYPSEC
check "HYPSEC_KUNIT_TEST is a module" as_module HYPSEC_KUNIT_TEST
options=$(sed -n 's/^el2-options := //p' "$HYPSEC_TOP/el2-objs/Makefile")
all_y() {
	local o

	for o in $options; do grep -qx "CONFIG_HYPSEC_$o=y" "$out/.config" || { echo "$o"; return 1; }; done
}
check "what can be left out is in it" all_y
check "the tree is prepared" unbroken "$out" quietly "$log.prepare" kernel_make modules_prepare
say "building the modules in it"
check "both build" unbroken "$out" quietly "$log" kernel_make KBUILD_MODPOST_WARN=1 \
	"$at/hypsec.ko" "$at/hypsec_kunit.ko"
check "without a warning" no_warning
check "the core is in the module" has_core
# The module once more, without all of them; RSI goes as what it needs is not there.
left_out() {
	local o off=()

	for o in $options; do [ $o = RSI ] || off+=(-d "HYPSEC_$o"); done
	"$KERNEL_SOURCE/scripts/config" --file "$out/.config" "${off[@]}" && kernel_make olddefconfig || return 1
	! grep -E "^CONFIG_HYPSEC_($(tr ' ' '|' <<<"$options"))=" "$out/.config" || return 1
	kernel_make KBUILD_MODPOST_WARN=1 "$at/hypsec.ko" &&
		! "${HYPSEC_CROSS}nm" "$out/$at/el2-objs/bundle.elf" | grep -wE 'pvm_(rsi|share|relinquish)|platform_report'
}
check "and it builds without" unbroken "$out" quietly "$log.without" left_out
ktap_end
