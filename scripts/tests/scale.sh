#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/tests/scale.sh [vms | cpus]
#
# 200 small protected VMs at once, then 200 ordinary ones (vms, the default). 48 emulated CPUs that
# install, seal, go off and come back (cpus), which takes long on two processors. And what each VM
# and each CPU costs, in pages.
# takes: 100
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

parts=${*:-vms}
need_kernel
guest=$("$HYPSEC_TOP/scripts/tests/guest/build")
images=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$images"' EXIT
"$HYPSEC_TOP/scripts/hypsec-image" keygen -o "$images/key" >/dev/null
"$HYPSEC_TOP/scripts/hypsec-image" build --kernel "$guest/wait.bin" --console --key "$images/key" \
	-o "$images/wait.img" >/dev/null
add=(--add "$("$HYPSEC_TOP/scripts/tests/vmm/build"):/scale/vmm")
into_host /scale "$guest/kvmapi" "$images/wait.img" \
	"$HYPSEC_TOP"/scripts/tests/protected/{scale,functions}.sh

# part NAME "OPTIONS OF HOST" "ARGUMENTS"
part() {
	local status=0 out=$HYPSEC_BUILD/log/scale-$1.out

	# shellcheck disable=SC2086
	"$HYPSEC_TOP/scripts/host" --timeout 3600 "${add[@]}" $2 \
		-- sh /scale/scale.sh 600 $3 >"$out" || status=$?
	pass_on <"$out"
	check "$1: the host's script went through" [ $status = 0 ]
}

for p in $parts; do
	case $p in
	vms) part vms "--mem 6G" "vms 200" ;;
	cpus)
		part "2 cpus" "--smp 2" "cpus 2"
		part "48 cpus" "--smp 48 --mem 4G" "cpus 48"
		;;
	*) die 125 "unknown part $p" "vms, cpus" ;;
	esac
done
ktap_end
