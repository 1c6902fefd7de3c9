#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The judge of all other pieces: what must not count as a pass does not.
# quick: yes
# takes: 5
# timeout: 60

. "$(dirname "$0")/../lib/ktap.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '%s\n' '# a comment' 'p: allowed  # why' 'p: group*' 'q: other' >"$dir/skips"

# sums STATUS "PASSED FAILED SKIPPED" LOG: the counts for a piece p.
sums() {
	local got

	printf '%b' "$3" >"$dir/log"
	got=$(python3 "$HYPSEC_TOP/scripts/lib/tally.py" p "$1" "$dir/log" \
		"$dir/skips" | tail -n 1)
	echo "counted $got, expected $2"
	[ "$got" = "$2" ]
}

check "passes and failures" sums 1 "1 1 0" 'ok 1 a\nnot ok 2 - b\n'
check "a failure counts with status 0" sums 0 "0 1 0" 'not ok 1 a\n'
check "no result" sums 0 "0 1 0" 'hello\n'
check "empty output" sums 0 "0 1 0" ''
check "a status without a failed result" sums 3 "1 1 0" 'ok 1 a\n'
check "a time-out" sums 124 "1 1 0" 'ok 1 a\n'
check "a plan that is not met" sums 0 "1 1 0" '1..2\nok 1 a\n'
check "more than planned" sums 0 "2 1 0" 'ok 1 a\nok 2 b\n1..1\n'
check "a bail-out" sums 0 "1 1 0" 'ok 1 a\nBail out! gone\n'
check "a listed SKIP" sums 0 "1 0 1" 'ok 1 a\nok 2 allowed # SKIP reason\n'
check "a listed group of SKIPs" sums 0 "0 0 2" \
	'ok 1 group.a # SKIP\nok 2 group.b # skip x\n'
check "a SKIP that is not listed" sums 0 "1 1 0" 'ok 1 a\nok 2 b # SKIP reason\n'
check "a SKIP listed for another piece" sums 0 "0 1 0" 'ok 1 other # SKIP reason\n'
check "only leaves count" sums 0 "2 0 0" \
	'1..1\n    1..2\n    ok 1 a\n    ok 2 b\nok 1 suite\n'
check "a failed leaf counts once" sums 0 "1 1 0" \
	'1..1\n    1..2\n    ok 1 a\n    not ok 2 b\nnot ok 1 suite\n'
check "a failed suite of passed leaves" sums 0 "1 1 0" \
	'    ok 1 a\nnot ok 1 suite\n'
check "a leaf that a passed suite forgot" sums 0 "1 1 0" \
	'    1..2\n    ok 1 a\nok 1 suite\n'
check "a suite that never ended" sums 0 "1 1 0" '1..1\n    1..1\n    ok 1 a\n'
check "a kernel's time stamps" sums 0 "1 1 0" \
	'[    1.000000]     ok 1 a\r\n[    1.100000]     not ok 2 b\r\n'
ktap_end
