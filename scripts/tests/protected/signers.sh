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
check "the log names signer and version" soon logged "signer $(cat "$dir/signer"), security version 2"

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
check "the log names its version" soon logged "signer $(cat "$dir/signer"), security version 1"
refused other.img "unknown signer"
check "the log names the signer" soon logged "signer $(cat "$dir/other"), security version 9"
refused unsigned.img "unsigned"
refused resigned.img "wrong signature"
refused truncated.img "the kernel is not what was signed"
refused nomanifest.img "no manifest where its header says (truncated?)"
refused overlap.img "parts overlap"
refused wrap.img "a part wraps or leaves the image"
refused outside.img "a part wraps or leaves the image"
refused sizewrap.img "its size in memory is zero, too large"
refused entry.img "its entry is not in the stub"
refused reserved.img "what is reserved in the manifest's page is not zero"
refused flags.img "a flag that is not known"
refused version.img "manifest of a version that is not known"

# progress: "verified total" of the VM that is on the way, in pages
progress() { sed -n 's,.* protecting .* - \([0-9]*\)/\([0-9]*\)$,\1 \2,p' $hypsec/vms; }
under_way() {
	set -- $(progress)
	[ $# = 2 ] && [ "$1" -gt 0 ] && [ "$1" -lt "$2" ] && total=$2
}
# until COMMAND...: as soon, without the seconds between
until_true() {
	i=0
	until "$@"; do
		[ $i -lt 3000 ] || return 1
		i=$((i + 1))
	done
}

mark
( vm big.img 1 -m 256 ) &
pid=$!
check "64 MiB: its progress is seen" until_true under_way
first=$(progress)
later() { set -- $(progress); [ $# = 2 ] && [ "$1" -gt "${first% *}" ]; }
check "64 MiB: and goes up" until_true later
check "64 MiB: of all its pages" [ "$total" -ge 16384 ]
check "64 MiB: ends with success" wait_for $pid
check "64 MiB: every check in the guest passed" said "kernel: all passed"

mark
: >/tmp/out
( vm big.img 1 -m 256 ) &
pid=$!
check "64 MiB, changed meanwhile: it is being verified" until_true under_way
ram=$(awk '{ split($1, a, "-"); cmd = "echo $((0x" a[2] " - 0x" a[1] "))"; cmd | getline n; close(cmd);
	if (n == 268435456) { print a[1]; exit } }' /proc/$pid/maps)
# In the initrd, the last of its parts: 60 MiB behind the image's start, 2 MiB into RAM.
at=$((0x$ram + (62 << 20)))
printf x | dd of=/proc/$pid/mem bs=1 seek=$at conv=notrunc 2>/tmp/dd
check "64 MiB, changed meanwhile: before all was" under_way
check "64 MiB, changed meanwhile: refused" soon logged "the initrd is not what was signed"
check "64 MiB, changed meanwhile: did not run" eval '! grep -aqE "stub|kernel:" /tmp/out'
kill -9 $pid
wait $pid 2>/dev/null

# More memory than the VM has: the VMM cannot give what is asked for.
mark
: >/tmp/out
( vm outofram.img 1 ) &
pid=$!
check "an image larger than RAM: is begun" soon under_way
sleep 5
check "an image larger than RAM: is never done" under_way
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
check "the log says what was missing" soon logged "ended: gone before all of its image was"
check "outofram.img did not run" eval '! grep -aqE "stub|kernel:" /tmp/out'

check "no VM is left" soon no_vm
check "the core is as it was" [ "$(cat $hypsec/state)" = sealed ]
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
