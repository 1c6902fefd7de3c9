#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No field of a host structure reaches an EL2 control unfiltered: one attack each,
# on an ordinary VM. First the control, on the stock kernel.
# takes: 95
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"

guest=$("$HYPSEC_TOP/scripts/tests/guest/build")
attack=$("$HYPSEC_TOP/scripts/tests/attack/build")
add=(--add "$guest/kvmapi:/controls/kvmapi" --add "$attack/attack:/controls/attack"
	--add "$attack/attack.ko:/controls/attack.ko"
	--add "$HYPSEC_TOP/scripts/tests/guest/vm.sh:/controls/vm.sh"
	--add "$HYPSEC_TOP/scripts/tests/guest/controls.sh:/controls/controls.sh")
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

# 2 MiB that the host takes for RAM, and never uses: there is nothing behind them, so an access is
# aborted, as by a memory error.
absent=0x200000000
tree=$(mktemp -p "$HYPSEC_BUILD" --suffix=.dtb)
trap 'rm -f "$tree"' EXIT
qemu-system-aarch64 -M "virt,virtualization=on,gic-version=3,dumpdtb=$tree" -cpu cortex-a72 \
	-smp 2 -m 2G -nodefaults -display none >&2
for node in /absent /reserved-memory/absent; do
	fdtput -p -t x "$tree" "$node@${absent#0x}" reg 2 0 0 0x200000
done
fdtput -t s "$tree" "/absent@${absent#0x}" device_type memory
fdtput -t x "$tree" /reserved-memory '#address-cells' 2
fdtput -t x "$tree" /reserved-memory '#size-cells' 2
fdtput "$tree" /reserved-memory ranges

status=0
HYPSEC_QEMU_ARGS="-dtb $tree ${HYPSEC_QEMU_ARGS:-}" \
	"$HYPSEC_TOP/scripts/host" --timeout 1500 "$@" "${add[@]}" \
	-- sh /controls/controls.sh $absent | renumber || status=$?
exit $status
