# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: what the user of a guest has, with two vCPUs;
# and what a hostile host does to it.

# --- What the user has of it, on a host that swaps, merges and moves the range again and again
merge=off	# The range alone: of private pages merging makes ciphertext (scripts/tests/soak).
cpus=2
begin blk net rng con
check "a guest with disk and network comes up" says_or_gone "device"
check "it shares what its signer says, and the log has it" logged "shares 16384 KiB at"
find_pool
rings=$(used_rings)
echo "# the range: $pool, rings in pages" $rings
inject mergeable
echo 4096 >/sys/kernel/mm/ksm/pages_to_scan
echo 200 >/sys/kernel/mm/ksm/sleep_millisecs
echo 1 >/sys/kernel/mm/ksm/run
# A page that is taken out of use is exchanged for another; not one that nobody has used yet.
moves() {
	for ring in $rings; do
		inject offline $ring >/dev/null
	done
	"$dir/ram" advise "$pool" pageout >/dev/null
	echo 1 >/proc/sys/vm/compact_memory
}
( "$dir/ram" advise "$ram" pageout >/dev/null
  until says "at rest" || child_ended $pid; do
	moves
	sleep 1
  done ) &
pageouts=$!
check "it has done its input and output" says_or_gone "at rest"
wait $pageouts
three_devices_work
check "the host has merged pages of the range" soon eval '[ "$(merged)" -gt 100 ]'
moves
check "and taken pages of it out of use, with others in their place" [ "$(given_up)" -gt 0 ]
echo "# merged $(merged), given up $(given_up) KiB, swapped out $(vmstat pswpout)," \
	"moved $(vmstat pgmigrate_success)"
in_range
check "its rings are in the range (control of the next)" [ "$bytes" -gt 1000 ]
check "its secret is not, whatever has been there" [ "$found" = 0 ]
echo >$input
check "it has read the disk once more, by what was merged and moved" says_or_gone "again $sum_disk"
check "its own memory has not changed" eval '[ "$(kept)" -gt 0 ] && ! says "private changed"'
merge=on
echo 0 >/sys/kernel/mm/ksm/run
check "it gives 32 MiB and more that are free to the host" says_or_gone "given"
check "and has memory when it needs it, with nothing lost" says_or_gone "kept"
echo "# $(tr -d '\r' <$out | grep -a '^io: given')"

# --- And goes on, with a VMM and a host that are hostile; pages that are emptied, and that fail
check "it goes on" says_or_gone "turn 1"
rings=$(used_rings)
check "the VMM changes the devices' configuration" reconfigure
nothing_lost "reconfigured"
check "the VMM gives the range's pages away" inject dontneed
nothing_lost "emptied"
scribble 2
before_poison=$(given_up)
inject poison ${rings%%[!0-9]*}
nothing_lost "poisoned"
check "the host has given pages of it up" [ "$(given_up)" -gt "$before_poison" ]
dropped $pid
check "no VM is left" soon no_vm
first_accounts
cpus=1
