#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No field of a host structure reaches an EL2 control unfiltered: one attack each,
# on an ordinary VM. First the control, on the stock kernel.
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"

guest=$("$HYPSEC_TOP/scripts/guest/build")
attack=$("$HYPSEC_TOP/scripts/attack/build")
add=(--add "$guest/kvmapi:/controls/kvmapi" --add "$attack/attack:/controls/attack"
	--add "$attack/attack.ko:/controls/attack.ko"
	--add "$HYPSEC_TOP/scripts/guest/vm.sh:/controls/vm.sh"
	--add "$HYPSEC_TOP/scripts/guest/controls.sh:/controls/controls.sh")
status=0
out=$("$HYPSEC_TOP/scripts/host" --no-hypsec --timeout 600 "${add[@]}" \
	-- sh /controls/controls.sh control) || status=1
sed -n 's/^/# control: /p' <<<"$out"
check "control: the same attack succeeds on the stock kernel" [ $status = 0 ]
# The plan counts the check above too. Line by line: it is read while it comes.
renumber() {
	local line

	while IFS= read -r line; do
		case $line in
		1..*) echo "1..$((${line#1..} + 1))" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

status=0
"$HYPSEC_TOP/scripts/host" --timeout 1500 "$@" "${add[@]}" \
	-- sh /controls/controls.sh | renumber || status=$?
exit $status
