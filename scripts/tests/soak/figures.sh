#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# figures.sh MIB SEALED	(in a host under -icount, for scripts/tests/soak/bench)
#
# What the life of a guest's memory costs, in pages of 4 KiB and in blocks of 2 MiB. The
# guest of scripts/tests/guest/pages.c is told to use MIB of its memory, the host reads SEALED of
# them, the guest uses these again, its VMM is killed. With $plain an ordinary guest, whose
# memory the host may read. Output: "figure: NAME NUMBER" lines, of instructions, or of
# KiB of the core for each GiB of the guest's.
plain=${plain:-}
. "${0%/*}/functions.sh"
mib=$1 sealed=$2
area=65536		# page of the guest's RAM: past what QEMU puts there
pages=$((mib * 256))

figure() { echo "figure: $*"; }
fail() {
	echo "figures: $*"
	tail -n 3 /tmp/err
	complaints | tail -n 5
	[ -n "$plain" ] || { vm_log | tail -n 3; cat $hypsec/vms $hypsec/accounts; }
	kill -9 $pid
	exit 1
}

# per PAGES TICKS: instructions, of which 16 are a tick of the counter
per() { echo $(($2 * 16 / $1)); }
account() { awk -v n=$1 '$1 == n { print $2 }' $hypsec/accounts; }
# Bytes of the core that are there for VMs, and for the host's table where pages are taken out
for_vms() { awk '/^(vm_|seal_|host_tables|held)/ { n += $2 } END { print n * 4096 }' $hypsec/accounts; }

# answer: what the guest says next, past the boot stub's lines, into $got
answer() {
	while :; do
		read -r -t 60 got <&4 || fail "the guest says nothing"
		got=$(echo "$got" | tr -d '\r')
		case $got in
		hypsec-stub:*) ;;
		"pages: ready" | "pages: "[0-9]*) break ;;
		*) fail "the guest says: $got" ;;
		esac
	done
	got=${got#pages: }
}

# asks COMMAND...: the instructions it took into $got
asks() {
	echo "$*" >&3
	answer
}

guest() {
	local image=$dir/pages.img

	[ -z "$plain" ] || image=$dir/pages.bin
	rm -f /tmp/in /tmp/out
	mkfifo /tmp/in /tmp/out
	qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m $((mib + 256)) \
		-nodefaults -no-user-config -display none -no-reboot -serial stdio \
		-qmp unix:/tmp/pages.qmp,server,nowait -kernel $image </tmp/in >/tmp/out 2>/tmp/err &
	pid=$!
	exec 3>/tmp/in 4</tmp/out
	answer
	memory=$($ram find $pid $((mib + 256))) || fail "its memory is not found"
}

# claim NAME STEP: a first use, by the page or by the block
claim() {
	local n=$((pages / $2)) private

	[ -n "$plain" ] || none=$(for_vms) private=$(account private)
	asks store $area $n $2
	figure claim_$1 $((got / n))
	# All of it has contents; that it is there in blocks shows.
	asks store $area $pages 1
	[ $2 = 1 ] || [ $((got / pages)) -lt 50 ] || fail "the host gives no blocks of 2 MiB"
	[ -z "$plain" ] || return 0
	[ $(($(account private) - private)) = $pages ] || fail "not all of it is private"
	figure core_kib_$1 $((($(for_vms) - none) / mib))
}

# seal NAME: by the host's read, home by the guest's
seal() {
	local n=$((sealed * 256)) private=$(account private)

	vm_qmp pages stop >/dev/null || fail "the guest does not stop"
	$ram touch "$memory" $area $n >/tmp/touched || fail "its memory cannot be read"
	figure seal_$1 "$(per $n $(($(stat first </tmp/touched) - $(stat again </tmp/touched))))"
	[ $((private - $(account private))) = $n ] || fail "not all of it was sealed"
	figure core_kib_sealed_$1 $((($(for_vms) - none) / mib))
	vm_qmp pages cont >/dev/null || fail "the guest does not go on"
	asks load $area $n 1
	figure unseal_$1 $((got / n))
	[ "$(account private)" = $private ] || fail "not all of it came home"
}

# end NAME: from SIGKILL until the VMM is gone, its memory, too
end() {
	vm_qmp pages stop >/dev/null || fail "the guest does not stop"
	$ram end $pid >/tmp/ended || fail "the VMM cannot be killed"
	figure end_$1 "$(per 1 "$(stat ticks </tmp/ended)")"
	wait $pid
	exec 3>&- 4<&-
	[ -n "$plain" ] || { soon no_vm && [ "$(account private)" = 0 ]; } ||
		fail "its memory did not come back"
}

# The same cipher, page by page, with and without the vector unit, which the core leaves alone
openssl_speed() {
	local cap=$1 name=$2
	shift 2

	LD_LIBRARY_PATH=$dir/openssl OPENSSL_armcap=$cap OPENSSL_CONF=/dev/null \
		$dir/openssl/openssl speed -elapsed -seconds 1 -bytes 4096 -aead \
		-evp chacha20-poly1305 -mr "$@" >/tmp/speed 2>/tmp/err
	grep -q '^+F:' /tmp/speed || fail "openssl: $(tail -n 1 /tmp/err)"
	awk -F: -v n=$name '/^\+F:/ { printf "figure: %s %d\n", n, 1e9 / ($4 / 4096) }' /tmp/speed
}

for name in 4k 2m; do
	thp=never step=1
	[ $name = 4k ] || thp=always step=512
	echo $thp >/sys/kernel/mm/transparent_hugepage/enabled
	guest
	claim $name $step
	[ -n "$plain" ] || seal $name
	end $name
done
[ -z "$plain" ] || exit 0
openssl_speed 0 openssl_seal_scalar
openssl_speed 0 openssl_unseal_scalar -decrypt
openssl_speed 0x3f openssl_seal_vector
openssl_speed 0x3f openssl_unseal_vector -decrypt
