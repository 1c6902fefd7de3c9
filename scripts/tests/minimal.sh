#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The core without all that Kconfig lets one leave out (scripts/build --minimal): ordinary and protected
# VMs run, what asks for more is refused in words. And the table of what each object costs in el2-objs/README.
# takes: 60
# timeout: 900

. "$(dirname "$0")/../lib/ktap.sh"

"$HYPSEC_TOP/scripts/build" --if-stale --minimal >&2
images=$("$HYPSEC_TOP/scripts/tests/protected/build")
guest=$("$HYPSEC_TOP/scripts/tests/guest/build")
module=$HYPSEC_BUILD/module-minimal/hypsec.ko
objects=$(sed -n 's/^el2-options := //p' "$HYPSEC_TOP/el2-objs/Makefile")
smaller() {
	[ "$(stat -c %s "$HYPSEC_BUILD/module-minimal/el2-objs/bundle.bin")" -lt \
		"$(stat -c %s "$HYPSEC_BUILD/module/el2-objs/bundle.bin")" ]
}
# none_of NAME...: no function of theirs is in the core
none_of() {
	local name

	for name; do
		! "${HYPSEC_CROSS}nm" "$HYPSEC_BUILD/module-minimal/el2-objs/bundle.elf" | grep -w "$name" || return 1
		"${HYPSEC_CROSS}nm" "$HYPSEC_BUILD/module/el2-objs/bundle.elf" | grep -w "$name" >/dev/null || return 1
	done
}
"$HYPSEC_TOP/scripts/build" --if-stale >&2
. "$HYPSEC_TOP/scripts/lib/packages.sh"
check "$(wc -w <<<"$objects") options are off, and the core is smaller" smaller
check "nothing of them is in it" none_of pvm_rsi pvm_share pvm_relinquish pvm_debug_exit \
	platform_report tlb_flush_range

add=()
into_host /protected "$HYPSEC_TOP"/scripts/tests/protected/{minimal,functions}.sh \
	"$images"/{off,stay,forged,debug,share,rsi}.img "$guest/kvmapi"
out=$("$HYPSEC_TOP/scripts/host" --hypsec "$module" --timeout 700 "${add[@]}" -- sh /protected/minimal.sh) &&
	status=0 || status=$?
pass_on <<<"$out"
check "the host's script went through" [ $status = 0 ]

refuses_wait() {
	out=$("$HYPSEC_TOP/scripts/host" --hypsec "$module" --append init_on_free=1 --param platform=wait \
		-- true 2>&1) && return 1
	grep -q "built without keys for guests (CONFIG_HYPSEC_ATTEST)" <<<"$out" ||
		grep -q "built without keys for guests (CONFIG_HYPSEC_ATTEST)" "$HYPSEC_BUILD/log/host.log"
}
check "a platform secret is refused, in words" refuses_wait
ktap_end
