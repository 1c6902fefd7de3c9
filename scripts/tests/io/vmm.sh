# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: a guest of a VMM that is not QEMU (scripts/tests/vmm), and that is
# hostile: it lies to the drivers, of all registers and all of configuration space, that of its PCIe bus
# too, while they are started and the bus is searched again and again; and it looks for the guest's
# secret in all of the guest's memory.
mode=vmm ram_base=0x80000000 mib=256
: >$out
mark
cp "$dir/disk" /tmp/disk
"$dir/vmm" -m $mib -c 2 -1 -s the-secret-of-this-guest -x $((seed + 1)) -p blk:/tmp/disk -p net -p rng \
	-d net -d console -d vsock -d fs "$dir/all.img" >$out 2>&1 &
pid=$!
lied() { tr -d '\r' <$out | sed -n 's/^vmm: .* with it, \([0-9]*\) lies$/\1/p' | tail -n 1; }
found() { tr -d '\r' <$out | sed -n 's/^vmm: .* pages, \([0-9]*\) with it, .*/\1/p' | tail -n 1; }
searched() { [ "$(tr -d '\r' <$out | grep -c '^vmm: .* lies$')" -gt "$1" ]; }
check "a guest of another VMM, with RAM at 2 GiB, comes up" says_or_gone "device"
check "it read what is on the disk" says_or_gone "read $sum_disk"
check "it is at rest" says_or_gone "at rest"
check "all seven have their drivers" [ "$(tr -d '\r' <$out | grep -ca 'io: device .* \(virtio\|vmw_\)')" = 7 ]
find_pool
kill -USR2 $pid
lives() { tr -d '\r' <$out | sed -n 's/^io: lives .* \([0-9]*\)$/\1/p' | awk '{ n++ } END { print n * 10 }'; }
searches() { tr -d '\r' <$out | grep -ca '^io: bus '; }
check "its drivers are told lies" soon eval '[ "$(lives)" -ge 60 ] || child_ended $pid'
check "and its kernel, of what is on the bus" soon eval '[ "$(searches)" -ge 3 ] || child_ended $pid'
nothing_lost "lied to by its devices"
kill -USR1 $pid
check "the VMM looks at all of its guest's memory" soon eval 'searched 1 || child_ended $pid'
echo "# lives $(lives), of the bus $(searches), lies $(lied), found $(found)"
check "it has told many lies" eval '[ "$(lied)" -gt 100 ]'
check "and finds nothing of the secret" [ "$(found)" = 0 ]
check "the guest has all of its own back" still_kept
dropped $pid
check "no VM is left" soon no_vm
first_accounts
mode=works ram_base=0x40000000 mib=256
