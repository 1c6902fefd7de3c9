# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: a stock kernel that is an Arm CCA Realm, with no module of
# ours. What it shares is not of its RAM, but memory that its VMM has beside it.

cp "$dir/disk" /tmp/disk
image=realm.img cpus=2 mode=data
ivshmem 512
begin blk net rng
check "a Realm with disk and network comes up" says_or_gone "device"
check "it shares what its signer says, in the upper half" logged "shares 524288 KiB at 8040000000"
check "it has done its input and output" says_or_gone "at rest"
check "its kernel says that it is one" says "realm 1.0"
check "it has started its second CPU" says "cpus 2"
three_devices_work
check "it has a token" says "token ."
for word in nonce token; do
	echo "# $word: $(tr -d '\r' <$out | sed -n "s/^io: $word //p")"
done
echo "# platform-key: $(cat $hypsec/platform_key)"
# seen MIB N BYTES: of its memory of that size the host sees so much in each N-th page, and no secret
seen() {
	pool=$("$dir/ram" find $pid $1)
	every=$2
	in_range
	echo "# $searched"
	[ "$bytes" -gt $3 ] && [ "$found" = 0 ]
}
check "its rings are in the memory beside, its secret is not" seen 512 16 1000
# Each page that the host looks at is sealed for that, and comes home.
check "nor in its RAM, for its host" seen 256 64 1000000
echo >$input
check "it ends by itself" eval 'wait_for $pid && says "done"'
check "it has read the disk once more" says "again $sum_disk"
check "its own memory has not changed" eval '[ "$(kept)" -gt 0 ] && ! says "private changed"'
check "no VM is left" soon no_vm
first_accounts

# Another, which works until it is killed; its rings and buffers are written to at random meanwhile.
mode=turns
begin blk net rng
check "a Realm is at its input and output" says_or_gone "turn 1"
pool=$("$dir/ram" find $pid 512) base=8040000000
start=${pool#*:} start=$((0x${start%:*}))
# Of all that, the 64 MiB that its rings are in.
rings=$(used_rings)
check "its rings are in what it shares" [ -n "$rings" ]
every=16
piece=$(printf '%s:%x:%x' $pid $((start + ${rings%%[!0-9]*}0 / 163840 * 67108864)) 67108864)
scribble_rings
scribble 1
piece= every=1
dropped $pid
check "no VM is left" soon no_vm

# None, a smaller one, and no disk
for case in "0/ivshmem-plain" "256/size=" "512/is missing"; do
	window=
	[ ${case%/*} = 0 ] || ivshmem ${case%/*}
	begin $([ ${case%/*} = 512 ] || echo blk net) rng
	check "a Realm with ${case%/*} MiB beside it: refused" wait_for $pid
	check "and the log says: ${case#*/}" soon logged "gives up.*${case#*/}"
done
window= image=vm.img cpus=1 mode=works
soon no_vm
soon settled
