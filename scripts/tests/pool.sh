#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The core's memory under a host that gives and takes: a guest that spends it, VMMs that are
# killed at any moment, accounts that come back to what they were; swap devices that are not safe.
# takes: 150
# timeout: 1200

. "$(dirname "$0")/../lib/ktap.sh"

images=$("$HYPSEC_TOP/scripts/tests/protected/build")
tmp=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$tmp"' EXIT
truncate -s 8M "$tmp/disk"
PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -O ^has_journal -m 0 "$tmp/disk"
add=(--add "$tmp/disk:/protected/disk"
	--add "$("$HYPSEC_TOP/scripts/tests/protected/relinquish/build"):/protected/linux.img")
into_host /protected "$HYPSEC_TOP"/scripts/tests/protected/{pool,functions}.sh \
	"$images"/{off.img,stay.img,spend.img,hold,beside,closes}
out=$("$HYPSEC_TOP/scripts/host" --mem 1G --timeout 900 "${add[@]}" -- sh /protected/pool.sh) &&
	status=0 || status=$?
pass_on <<<"$out"
check "the host's script went through" [ $status = 0 ]
ktap_end
