#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Ordinary VMs, unmodified: one host, everything a host does with them.
# Arguments go to scripts/host ("--no-hypsec" for the same kernel's own KVM).
# takes: 230
# timeout: 1900

. "$(dirname "$0")/../lib/kernel.sh"

need_kernel
built=$("$HYPSEC_TOP/scripts/tests/guest/build")
status=0
"$HYPSEC_TOP/scripts/host" --timeout "${HYPSEC_ORDINARY_TIMEOUT:-1800}" --mem 2G "$@" \
	--add "$KERNEL_IMAGE:/ordinary/Image" --add "$built/initrd:/ordinary/initrd" \
	--add "$built/kvmapi:/ordinary/kvmapi" --add "$built/qmp:/ordinary/qmp" \
	--add "$HYPSEC_TOP/scripts/tests/guest/vm.sh:/ordinary/vm.sh" \
	--add "$HYPSEC_TOP/scripts/tests/guest/ordinary.sh:/ordinary/ordinary.sh" \
	-- sh /ordinary/ordinary.sh || status=$?
exit $status
