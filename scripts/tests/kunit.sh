#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# KUnit: the host kernel's source with the project dropped in and built in, on the
# emulator's board with an EL2.  One build a change, in build/kunit; the suites run
# in the kernel that boots from it and print KTAP.
#
# takes: 560
# timeout: 2400
#
# Arguments go to kunit.py ("--kernel_args=nokaslr", "--qemu_args=-smp 4"); a
# last one like 'hypsec_seal' or 'hypsec_seal.user_access' chooses the tests.

. "$(dirname "$0")/../lib/sources.sh"
. "$HYPSEC_TOP/scripts/lib/patience.sh"

need_kernel_source
"$HYPSEC_TOP/scripts/tree" "$KERNEL_SOURCE"
sodium=$HYPSEC_BUILD/sodium/libsodium-core.a
"$HYPSEC_TOP/scripts/sodium" core "$sodium" >&2

suites='hypsec*'
if [ $# -gt 0 ] && [ "${!#}" = "${!##-}" ]; then
	suites=${!#}
	set -- "${@:1:$#-1}"
fi

# kunit.py must be started at the top of the kernel it builds.
kunit() {
	local verb=$1
	shift

	cd "$KERNEL_SOURCE"
	python3 tools/testing/kunit/kunit.py "$verb" --arch=arm64 \
		--cross_compile="${HYPSEC_CROSS:-/usr/bin/}" \
		--build_dir="$HYPSEC_BUILD/kunit" \
		--qemu_config="$HYPSEC_TOP/kunit/qemu_config.py" \
		--kunitconfig="$HYPSEC_TOP/kunit/.kunitconfig" \
		--kconfig_add "CONFIG_HYPSEC_SODIUM=\"$sodium\"" "$@"
}

build() {
	say "building the KUnit kernel"
	unbroken "$HYPSEC_BUILD/kunit" \
		quietly "$HYPSEC_BUILD/log/kunit-build.log" kunit build --jobs="$HYPSEC_JOBS"
}

with_lock kunit build
paced "${HYPSEC_KUNIT_TIMEOUT:-600}"
kunit exec --timeout=$seconds_here --raw_output=kunit "$@" "$suites"
