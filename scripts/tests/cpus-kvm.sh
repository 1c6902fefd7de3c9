#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# KVM on other CPU models than the default (cpus.sh has the guests): KVM's selftests,
# but for those that take long; and on max, which has EL2
# controls that the default lacks (HCRX, FGT), the attacks on these.
#
# scripts/tests/cpus-kvm.sh [MODEL]...	(cortex-a57 is of the default's architecture, and so is left to
#					cpus.sh and whoever asks)
# takes: 480
# timeout: 2700

. "$(dirname "$0")/../lib/common.sh"

tests=$HYPSEC_TOP/scripts/tests
[ $# -gt 0 ] || set -- neoverse-n1 max
count=0 failed=0

# part MODEL NAME COMMAND...: its results under the model's name, one for its end.
part() {
	local model=$1 name=$2 status=0 line verdict
	shift 2

	exec 3< <("$@" || echo "status $?")
	while IFS= read -r line <&3; do
		case $line in
		"ok "*) verdict=ok ;;
		"not ok "*) verdict="not ok" ;;
		"status "*) status=1; continue ;;
		"#"*) printf '%s\n' "$line"; continue ;;
		*) continue ;;
		esac
		count=$((count + 1))
		[ "$verdict" = ok ] || failed=$((failed + 1))
		line=${line#*ok }
		line=${line#"${line%%[!0-9]*}"}
		line=${line# }
		printf '%s %d %s: %s\n' "$verdict" $count "$model" "${line#- }"
	done
	exec 3<&-
	count=$((count + 1))
	if [ $status = 0 ]; then
		echo "ok $count $model: $name ran through"
	else
		failed=$((failed + 1))
		echo "not ok $count $model: $name ran through"
	fi
}

for model; do
	[ "$model" != max ] || part "$model" "controls" "$tests/controls.sh" --cpu "$model"
	part "$model" "selftests" "$tests/selftests.sh" --cpu "$model" --short
done
echo "1..$count"
[ $failed = 0 ]
