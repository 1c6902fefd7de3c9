#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A protected stock Linux with 16 vCPUs, eight times the host's CPUs, and RAM in two NUMA nodes, takes its CPUs off and on again under load.
# PSCI for it is the core's (el2-objs/pvm/psci.c).
# takes: 36
# timeout: 1500

. "$(dirname "$0")/../lib/ktap.sh"

image=$("$HYPSEC_TOP/scripts/tests/protected/stock")
out=$("$HYPSEC_TOP/scripts/host" --timeout 1200 --add "$image:/root/vm.img" \
	--add "$HYPSEC_TOP/scripts/tests/protected/hotplug.sh:/root/hotplug.sh" \
	--add "$HYPSEC_TOP/scripts/tests/protected/functions.sh:/root/functions.sh" \
	-- sh /root/hotplug.sh 1000) && status=0 || status=$?
pass_on <<<"$out"
check "the host's script went through" [ $status = 0 ]
ktap_end
