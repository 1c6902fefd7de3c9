#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/tests/selftests.sh [--cpu MODEL] [--short] [--fresh] [--again-stock]
#
# KVM's own selftests on the stock kernel and on the stock kernel with HypSec: the
# same result, and where one fails the same failing assertion. The stock column
# is kept under build/ (--fresh makes it again). What differs is run a second time
# in both columns, as emulated time passes unevenly on a busy machine: only a
# difference that repeats counts. --again-stock compares two stock runs instead.
# --short: without those that the list calls long.
# takes: 450
# timeout: 2400

. "$(dirname "$0")/../lib/kernel.sh"

here=$HYPSEC_TOP/scripts/selftests
cpu=cortex-a72 fresh= second= short= list=$here/list
limit=${HYPSEC_SELFTESTS_TIMEOUT:-900}
while [ $# -gt 0 ]; do
	case $1 in
	--cpu) cpu=${2:?}; shift ;;
	--short) short=-short ;;
	--fresh) fresh=1 ;;
	--again-stock) second=--no-hypsec ;;
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

make_stock() {
	local out=$1

	say "selftests on the stock kernel, $cpu"
	run_list "$list" "$out/output" --no-hypsec
	# Half a column is not kept.
	[ "$(grep -ac '^@@ end' "$out/output")" = "$(grep -c '^[^#-]' "$list")" ] ||
		die 1 "the stock kernel did not run all selftests in $limit s" \
			"HYPSEC_SELFTESTS_TIMEOUT=SECONDS on a slow machine"
}

# stock_column SUFFIX: $stock is its output, cached
stock_column() {
	local dir=$HYPSEC_BUILD/selftests-stock-$cpu$1

	[ -z "$fresh" ] || rm -rf "$dir"
	cached "$dir" "$KERNEL_VERSION $cpu $(hash_of "$list" "$here/guest.sh")" make_stock
	stock=$dir/output
}

need_kernel
tests=$("$here/build")
tmp=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$tmp"' EXIT
if [ -n "$short" ]; then
	sed '/^# long:/q' "$list" >"$tmp/list"
	list=$tmp/list
fi
stock_column "$short"
say "selftests with HypSec"
run_list "$list" "$tmp/hypsec" $second
status=0
SELFTESTS_AGAIN=$tmp/again "$here/compare" "$stock" "$tmp/hypsec" "$list" \
	>"$tmp/table" || status=$?
if [ $status = 1 ] && [ "$(wc -l <"$tmp/again")" -le 6 ]; then
	say "once more: $(tr '\n' ';' <"$tmp/again")"
	run_list "$tmp/again" "$tmp/stock2" --no-hypsec
	run_list "$tmp/again" "$tmp/hypsec2" $second
	# Later results take the place of earlier ones.
	cat "$stock" "$tmp/stock2" >"$tmp/stock"
	cat "$tmp/hypsec2" >>"$tmp/hypsec"
	status=0
	"$here/compare" "$tmp/stock" "$tmp/hypsec" "$list" >"$tmp/table" || status=$?
	sed 's/$/ (run twice)/' "$tmp/again" | sed 's/^/# /'
fi
cat "$tmp/table"
exit $status
