#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites in the same kernel on a machine without EL2: all are skipped, none
# fails, and the kernel, which has HypSec built in, says why it is not there.
# takes: 60
# timeout: 2400

. "$(dirname "$0")/../lib/ktap.sh"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
"$HYPSEC_TOP/scripts/tests/kunit.sh" "--qemu_args=-machine virtualization=off" "hypsec*" \
	>"$out" 2>&1 || status=$?

# Leaves only: they are indented. The time stamps are the kernel's.
leaves() {
	sed -E 's/^\[ *[0-9.]+\] //; s/\r$//' "$out" | grep -E '^ +(not )?ok [0-9]+ '
}

all_skipped() {
	# A case with parameters is skipped without a word.
	leaves | grep -vE '# SKIP( no EL2| EL2 is not HypSec.*)?$' && return 1
	[ "$(leaves | wc -l)" -gt 20 ] || { tail -n 30 "$out"; return 1; }
}

check "every test is skipped" all_skipped
check "and that is no failure" [ $status = 0 ]
ktap_end
