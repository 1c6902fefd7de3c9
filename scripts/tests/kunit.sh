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

. "$(dirname "$0")/../lib/kunit.sh"
. "$HYPSEC_TOP/scripts/lib/patience.sh"

suites='hypsec*'
if [ $# -gt 0 ] && [ "${!#}" = "${!##-}" ]; then
	suites=${!#}
	set -- "${@:1:$#-1}"
fi

build_kunit
paced "${HYPSEC_KUNIT_TIMEOUT:-600}"
kunit exec --timeout=$seconds_here --raw_output=kunit "$@" "$suites"
