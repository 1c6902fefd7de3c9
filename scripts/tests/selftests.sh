#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/tests/selftests.sh [--cpu MODEL] [--short] [--all-stock]
#
# KVM's own selftests on the stock kernel with HypSec. What passes there passes; all
# else is run on the stock kernel too, and must have the same result, and where
# it fails the same failing assertion. What differs is run a second time
# in both columns, as emulated time passes unevenly on a busy machine: only a
# difference that repeats counts. --all-stock: two columns of all tests on the stock kernel,
# to see which agree with themselves.
# --short: without those that the list calls long.
# takes: 250
# timeout: 2400

. "$(dirname "$0")/../lib/kernel.sh"

here=$HYPSEC_TOP/scripts/tests/selftests
cpu=cortex-a72 second= short= list=$here/list
limit=${HYPSEC_SELFTESTS_TIMEOUT:-900}
while [ $# -gt 0 ]; do
	case $1 in
	--cpu) cpu=${2:?}; shift ;;
	--short) short=1 ;;
	--all-stock) second=--no-hypsec ;;
	*) die 125 "usage: see the head of scripts/tests/selftests.sh" ;;
	esac
	shift
done

# run_list LIST OUTPUT [OPTION...]
run_list() {
	local list=$1 out=$2 status=0
	shift 2

	"$HYPSEC_TOP/scripts/host" --cpu "$cpu" --smp 2 --mem 2G --timeout "$limit" "$@" \
		--add "$tests:/selftests" --add "$here/guest.sh:/selftests/guest.sh" \
		--add "$list:/selftests/list" -- sh /selftests/guest.sh >"$out" ||
		status=$?
	# A host that died is seen as tests without an end.
	[ $status = 0 ] || say "the host ended with status $status"
}

need_kernel
tests=$("$here/build")
tmp=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$tmp"' EXIT
if [ -n "$short" ]; then
	sed '/^# long:/q' "$list" >"$tmp/list"
	list=$tmp/list
fi
say "selftests with HypSec, $cpu"
run_list "$list" "$tmp/hypsec" $second
: >"$tmp/stock"
again=$list
if [ -z "$second" ]; then
	again=$tmp/again
	SELFTESTS_AGAIN=$again "$here/compare" "$tmp/stock" "$tmp/hypsec" "$list" >/dev/null || :
fi
if [ -s "$again" ]; then
	say "on the stock kernel: $(grep -c '^[^#-]' "$again") of them"
	run_list "$again" "$tmp/stock" --no-hypsec
fi
status=0
SELFTESTS_AGAIN=$tmp/again "$here/compare" "$tmp/stock" "$tmp/hypsec" "$list" \
	>"$tmp/table" || status=$?
if [ $status = 1 ] && [ "$(wc -l <"$tmp/again")" -le 6 ]; then
	say "once more: $(tr '\n' ';' <"$tmp/again")"
	run_list "$tmp/again" "$tmp/stock2" --no-hypsec
	run_list "$tmp/again" "$tmp/hypsec2" $second
	# Later results take the place of earlier ones.
	cat "$tmp/stock2" >>"$tmp/stock"
	cat "$tmp/hypsec2" >>"$tmp/hypsec"
	status=0
	"$here/compare" "$tmp/stock" "$tmp/hypsec" "$list" >"$tmp/table" || status=$?
	sed 's/$/ (run twice)/' "$tmp/again" | sed 's/^/# /'
fi
cat "$tmp/table"
exit $status
