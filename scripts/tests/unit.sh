#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The logic of el2-objs/ and of the boot stub on the workstation, against fakes,
# under ASan and UBSan.
# quick: yes
# takes: 250
# timeout: 1200

. "$(dirname "$0")/../lib/packages.sh"

need_packages
exec make -s -j"$HYPSEC_JOBS" -C "$HYPSEC_TOP/kunit/host" check
