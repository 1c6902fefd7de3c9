#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job, as a test: each PASS or FAIL line of scripts/run is a result.
# takes: 200
# timeout: 2000

. "$(dirname "$0")/../lib/ktap.sh"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
"$HYPSEC_TOP/scripts/run" "$@" >"$out" || status=$?
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
[ $n -gt 0 ] && printf '1..%d\n' $n
[ $status = 0 ] || sed 's/^/# /' "$out"
exit $status
