#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: protected VMs of the small test kernel, and a
# host that does not leave them alone. Prints result lines.
. "${0%/*}/functions.sh"

same_accounts() { [ "$(cat $hypsec/accounts)" = "$before" ]; }

# One VM first, so that what the core keeps for good is there.
check "one CPU: ends with success" runs off.img 1
check "one CPU: every check in the guest passed" said "kernel: all passed"
soon no_vm
soon settled
before=$(cat $hypsec/accounts)

mark
check "two CPUs: ends with success" runs off.img 2
check "two CPUs: every check in the guest passed" said "kernel: all passed"
check "two CPUs: the second came up" said "kernel: two CPUs"
check "the core saw it power off" soon logged "powered off by its guest"

mark
( vm reset.img 1 ) &
pid=$!
check "a VM that resets itself starts again, protected" soon said_times "kernel: resets" 3
check "the core saw it reset" soon logged "reset by its guest"
kill -9 $pid
wait $pid 2>/dev/null

# The same by a VMM that is not QEMU: RAM at 2 GiB, more bits of address, a reset of its own.
other_vmm() { "$dir/vmm" -m 128 "$@" >$out 2>&1; }
for n in 1 2; do
	( other_vmm -c $n "$dir/off.img" ) &
	pid=$!
	check "another VMM, $n vCPU: ends with success" wait_for $pid
	check "another VMM, $n vCPU: every check in the guest passed" said "kernel: all passed"
done
check "another VMM: the second CPU came up" said "kernel: two CPUs"
mark
( exec "$dir/vmm" -m 128 "$dir/reset.img" >$out 2>&1 ) &
pid=$!
check "another VMM: a VM that resets itself starts again, protected" soon said_times "kernel: resets" 3
check "the core saw it reset" soon logged "reset by its guest"
kill -9 $pid
wait $pid 2>/dev/null
check "another VMM: an image with a wrong byte does not run" \
	eval '! other_vmm "$dir/forged.img" && ! grep -aq "stub\|kernel:" $out'

# A VMM that resets its VM loads the image where it was, over what it has of the last one.
monitor() { for m in "$@"; do echo "$m"; done >/tmp/monitor.in; }
rm -f /tmp/monitor.in /tmp/monitor.out
mkfifo /tmp/monitor.in /tmp/monitor.out
mark
( vm stay.img 2 -monitor pipe:/tmp/monitor ) &
pid=$!
cat /tmp/monitor.out >/dev/null &
for times in 1 2; do
	check "system_reset: it runs ($times)" soon said_times "kernel: stays" $times
	monitor system_reset
done
check "system_reset: a third time" soon said_times "kernel: stays" 3
check "every check in the guest passed, each time" said_times "kernel: all passed" 3
check "and its second CPU came up" said_times "kernel: two CPUs" 3
check "the log says who reset it" soon logged "ended: reset by its VMM"
check "nobody is accused of anything" eval '! logged "gave back"'
returned() { awk '$2 == "dead" && $3 { n++ } END { exit n != 0 }' $hypsec/vms; }
check "of the last ones no page is left" returned
check "and the new one is verified" \
	grep -qE " protected .* $(cat "$dir/stay.identity") .*smp[^ ]* ([0-9]+)/\1\$" $hypsec/vms

# Saved by its VMM, which goes on; and restored in another, where it cannot.
dots() { tr -dc . </tmp/out | wc -c; }
goes_on() { [ "$(dots)" -gt $((was + 10)) ]; }
monitor stop 'migrate "exec:cat >/tmp/saved.part && mv /tmp/saved.part /tmp/saved"'
check "its VMM saves it" soon test -s /tmp/saved
mark
mkfifo /tmp/monitor2.in /tmp/monitor2.out
( out=/tmp/out2; vm stay.img 2 -monitor pipe:/tmp/monitor2 -incoming "exec:cat /tmp/saved" ) &
pid2=$!
cat /tmp/monitor2.out >/tmp/answers2 &
( while sleep 1; do echo cont; echo info status; done >/tmp/monitor2.in ) &
asks=$!
check "what it saved is not run" soon logged "not run: its VMM restores"
check "its VMM is stopped" soon grep -aq "internal-error" /tmp/answers2
check "and says that it has failed" grep -aq "kvm run failed\|entry failed" /tmp/out2
kill -9 $asks $pid2
wait $asks $pid2 2>/dev/null
was=$(dots)
monitor cont
check "the one that was saved goes on" soon goes_on
kill -9 $pid
wait $pid 2>/dev/null
rm -f /tmp/saved

mark
( vm forged.img 1 ) &
pid=$!
check "an image with a wrong byte ends its VM" soon logged "the kernel is not what was signed"
check "and none of its code ran" eval '! grep -aq "stub\|kernel" /tmp/out'
kill -9 $pid
wait $pid 2>/dev/null

mark
( vm stay.img 1 ) &
pid=$!
check "a VM that stays" soon said "kernel: stays"
gave_back() { awk '$2 == "protected" && $3 < 2048 { n++ } END { exit n != 1 }' $hypsec/vms; }
check "the pages that it had and gave back are the host's" gave_back
id=$(tr -d '\r' </tmp/out | sed -n 's/^kernel: identity //p')
check "it knows its identity, which is the image's" \
	eval '[ -n "$id" ] && [ "$id" = "$(cat "$dir/stay.identity")" ]'
check "the host is shown the same, and the signer" \
	grep -qE " protected [0-9]+ [0-9]+ $id $(cat "$dir/signer") 0 smp,console ([0-9]+)/\1\$" $hypsec/vms
check "and so is the log" soon logged "identity $id, security version 0"
# The counter's offset is changed at each entry: KVM loads it when it next loads the vCPU.
insmod "$dir/attack.ko"
"$dir/attack" corrupt $pid voffset entry 0xffffffffffffffff 0x5a5a000000000000 >/tmp/armed
was=$(dots)
check "it goes on while the host turns the clock" soon goes_on
"$dir/attack" stop >/tmp/stop
check "the host has turned it" grep -q 'applied=[1-9]' /tmp/stop
check "and it has not noticed" eval '! grep -aq "time jumped" /tmp/out'
rmmod attack
ram=$(awk '{ split($1, a, "-"); cmd = "echo $((0x" a[2] " - 0x" a[1] "))"; cmd | getline n; close(cmd);
	if (n == 134217728) { print a[1]; exit } }' /proc/$pid/maps)
# PAGE of its RAM, into FILE
read_page() { dd if=/proc/$pid/mem bs=4096 count=1 skip=$((0x$ram / 4096 + $1)) of=$2 2>/dev/null; }
# The first page of its kernel: text and messages.
read_page 0x400 /tmp/page
# Of 4096 random bytes 16 are zero, give or take.
random() { [ "$(tr -d "\000" </tmp/page | wc -c)" -gt 4000 ]; }
check "its memory read by the host is ciphertext" \
	eval '[ -n "$ram" ] && ! grep -aq "kernel: all passed" /tmp/page && random'
# Where it counts (FRESH): it is there at each dot.
read_page 0x6000 /tmp/page
was=$(dots)
check "and it goes on" soon goes_on
read_page 0x6000 /tmp/page2
check "which is another one each time" eval 'random && ! cmp -s /tmp/page /tmp/page2'
dd if=/tmp/page of=/proc/$pid/mem bs=4096 count=1 seek=$((0x$ram / 4096 + 0x6000)) \
	conv=notrunc 2>/dev/null
check "an older one put in its place ends it" soon logged "gave back another page than"
kill -9 $pid
wait $pid 2>/dev/null

# The same kernel, of a signer who lets the host debug it; and one who does not.
debugger() {
	mark
	: >/tmp/out
	( vm "$1.img" 1 -gdb unix:/tmp/gdb.$1,server=on,wait=off ) &
	pid=$!
	check "$1: stays" soon said "kernel: stays"
	measure_pace
	"$dir/gdb" /tmp/gdb.$1 $pace >/tmp/gdb.out
	check "$1: the debugger went through" [ $? = 0 ]
	check "$1: registers $2" grep -q "^gdb: registers $2 pc=$3" /tmp/gdb.out
	check "$1: single steps" grep -qx "gdb: step $4 of 16" /tmp/gdb.out
	check "$1: a breakpoint" grep -qx "gdb: breakpoint $5" /tmp/gdb.out
	was=$(dots)
	check "$1: it goes on" soon goes_on
	check "$1: shown as what it is" \
		grep -q " $(cat "$dir/$1.identity") .* $6 [0-9]*/[0-9]*\$" $hypsec/vms
	sed 's/^/# /' /tmp/gdb.out
}
debugger debug shown 404 16 hit debug,smp,console
check "debug: the log says so" soon logged "the host may debug it"
check "debug: it has an identity of its own" \
	eval '! cmp -s "$dir/debug.identity" "$dir/stay.identity"'
kill -9 $pid
wait $pid 2>/dev/null
debugger stay hidden 4859505345430001 0 missed smp,console
check "stay: the log says nothing of it" eval '! logged "the host may debug it"'
kill -9 $pid
wait $pid 2>/dev/null

. "$dir/shells.sh"

check "no VM is left" soon no_vm
check "the accounts are as before" soon same_accounts
check "the host has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$count"
[ $failed = 0 ]
