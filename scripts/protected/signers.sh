#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed under signers=HASH:2, HASH that of ./signer: whose
# images become protected VMs, and what the log says of the others.
. "${0%/*}/functions.sh"

check "the list is shown" [ "$(cat $hypsec/signers)" = "$(cat "$dir/signer"):2" ]
check "and is no parameter that could be changed" \
	eval '! ls /sys/module/hypsec/parameters | grep -q signers'

mark
check "a listed signer, at its minimum: ends with success" runs listed.img 1
check "every check in the guest passed" said "kernel: all passed"
check "the log names signer and version" logged "signer $(cat "$dir/signer"), security version 2"

# refused IMAGE TEXT: its VM ends for that reason, and it has not run.
refused() {
	mark
	: >/tmp/out
	( vm "$1" 1 ) &
	pid=$!
	check "$1 is refused: $2" soon logged "ended: image: $2"
	check "$1 did not run" eval '! grep -aqE "stub|kernel:" /tmp/out'
	kill -9 $pid
	wait $pid 2>/dev/null
}

refused old.img "older than its signer's minimum"
check "the log names its version" logged "signer $(cat "$dir/signer"), security version 1"
refused other.img "unknown signer"
check "the log names the signer" logged "signer $(cat "$dir/other"), security version 9"
refused unsigned.img "unsigned"
refused resigned.img "wrong signature"
refused truncated.img "the kernel is not what was signed"
refused overlap.img "parts overlap"
refused wrap.img "a part wraps or leaves the image"
refused flags.img "a flag that is not known"
refused version.img "manifest of a version that is not known"

check "no VM is left" soon no_vm
check "the core is as it was" [ "$(cat $hypsec/state)" = sealed ]
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
