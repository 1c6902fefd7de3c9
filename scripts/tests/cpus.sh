#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/cpus.sh [MODEL]...
#
# On each CPU model: HypSec installs and seals, an ordinary guest comes up under
# it, a protected guest comes up with two vCPUs (where the CPU has as much, in a VM of 48 bits of
# address) and keeps its secret from the host's root. (The default model has all other pieces.)
# Stock guests on the model with most features, small ones on the others.
# takes: 110
# timeout: 3400

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kunit.sh"
. "$HYPSEC_TOP/scripts/tests/secret/cmdline"

[ $# -gt 0 ] || set -- cortex-a57 neoverse-n1 max
scripts=$HYPSEC_TOP/scripts
need_kernel
need_small_kernel
attack=$("$scripts/tests/attack/build")
initrd=$("$scripts/tests/secret/build")
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# has PATTERN: a line of the host's output; all of it where there is none.
has() {
	grep -qE "^$1" "$out" || { cat "$out"; return 1; }
}

guests_up() {
	[ "$(grep -c '^run: guest up' "$out")" = 2 ]
}

# of the second guest, the protected one with two vCPUs; of each its first such line, as there
# may be more
two_cpus() {
	[ "$(sed -n 's/^guest: secret: intact second=1 cpus=//p' "$out" | tr '\n' ' ')" = "1 2 " ] ||
		{ cat "$out"; return 1; }
}

# The one CPU model with FEAT_RNG is "max".
random_sources() {
	case $1 in
	max*) has "version .* rndr" ;;
	*) has "version [0-9.]+" && ! has "version .* (rndr|trng)" ;;
	esac
}

# What makes stock QEMU ask KVM for 48 bits of address space, where the CPU has as many.
wide() {
	case $1 in
	cortex-*) ;;
	*) echo "-m 256,slots=1,maxmem=160T" ;;
	esac
}

for cpu in "$@"; do
	case $cpu in
	max*) kernel=$KERNEL_IMAGE image=$("$scripts/tests/secret/image") ;;
	*) kernel=$SMALL_IMAGE image=$("$scripts/tests/secret/image" "$kernel") ;;
	esac
	status=0
	"$scripts/host" --cpu "$cpu" --mem 1G --timeout 1100 \
		--add "$attack/attack:/root/attack" --add "$attack/attack.ko:/root/attack.ko" \
		--add "$scripts/tests/secret/attack.sh:/root/attack.sh" \
		--add "$image:/root/vm.img" --add "$kernel:/root/Image" \
		--add "$initrd:/root/initrd.cpio" -- sh -c '
		sh attack.sh --boot -kernel Image -initrd initrd.cpio -append "$1" &&
		sh attack.sh -smp 2 $2 -kernel vm.img &&
		sed "s/^/version /" /sys/kernel/security/hypsec/version' sh \
		"$SECRET_CMDLINE kunit.enable=0" "$(wide "$cpu")" >"$out" 2>&1 || status=$?
	check "$cpu: the host ran to its end" [ $status = 0 ]
	check "$cpu: sealed" has "run: hypsec state sealed"
	check "$cpu: an ordinary and a protected guest come up" guests_up
	check "$cpu: the protected one with two CPUs" two_cpus
	check "$cpu: the sources of its random numbers" random_sources "$cpu"
	check "$cpu: the guest is protected" has "run: hypsec vm [0-9]+ protected"
	check "$cpu: nothing of its secret is found" \
		has "attack: total memory=0 registers=0 .*complete=yes"
	check "$cpu: the host goes on under a sealed core" has "run: hypsec after sealed"
done
ktap_end
