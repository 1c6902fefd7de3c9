#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whose images a host that was given a list of signers runs: one key, from security
# version 2 on. All others are refused, each with its line in the core's log. A large image,
# in bounded steps that can be watched; a host that changes it meanwhile.
# takes: 120
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"

images=$("$HYPSEC_TOP/scripts/tests/protected/build")
add=()
into_host /protected "$HYPSEC_TOP"/scripts/tests/protected/{signers,functions}.sh "$images"/{signer,other} \
	"$images"/{listed,old,other,unsigned,resigned,truncated,nomanifest,overlap,wrap}.img \
	"$images"/{outside,sizewrap,outofram,reserved,entry,flags,version,big}.img
out=$("$HYPSEC_TOP/scripts/host" --timeout 1500 --param "signers=$(cat "$images/signer"):2" \
	"${add[@]}" -- sh /protected/signers.sh) && status=0 || status=$?
pass_on <<<"$out"
check "the host's script went through" [ $status = 0 ]
ktap_end
