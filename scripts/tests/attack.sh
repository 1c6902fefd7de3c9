#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job, as a test: each PASS or FAIL line of scripts/run is a result.
# takes: 200
# timeout: 2000

. "$(dirname "$0")/../lib/ktap.sh"

out=$(mktemp)
trap 'rm -f "$out" "$out.told"' EXIT
status=0
"$HYPSEC_TOP/scripts/run" "$@" >"$out" 2>"$out.told" || status=$?
n=0
while read -r verdict what; do
	case $verdict in
	PASS) verdict=ok ;;
	FAIL) verdict="not ok" ;;
	*) continue ;;
	esac
	[[ $what != in\ * ]] || continue
	n=$((n + 1))
	printf '%s %d %s\n' "$verdict" $n "$what"
done <"$out"
# What the person who runs it is told while it happens
for told in "guest: disk .* LUKS2 with integrity" "guest: eth0 10.0.2.15/24" "guest: clock: 20" \
	"guest: device: .* virtio_blk" "guest: device: .* virtio_net" "guest: fetched" \
	"the host's root looks for its secret" "in its packets" "it is swapped out"; do
	n=$((n + 1)) not=
	grep -q "^  with HypSec: $told" "$out.told" || not="not " status=1
	printf '%sok %d told: %s\n' "$not" $n "$told"
done
printf '1..%d\n' $n
[ $status = 0 ] || sed 's/^/# /' "$out" "$out.told"
exit $status
