# SPDX-License-Identifier: GPL-2.0-only
#
# In the host: ordinary VMs under stock QEMU, driven through their serial port
# and QMP. Sourced by sh. A VM called NAME has /tmp/NAME.log (what its serial
# port said), /tmp/NAME.in (what is typed), /tmp/NAME.qmp and /tmp/NAME.pid.

dir=${dir:-/ordinary}
. /run/hypsec/patience.sh

# Result lines, numbered; failed counts.
count=0 failed=0 marks=0
ok() {
	count=$((count + 1))
	echo "ok $count - $1"
}
not_ok() {
	count=$((count + 1)) failed=$((failed + 1))
	echo "not ok $count - $1"
	[ -z "${2:-}" ] || echo "# $2"
}
# check NAME COMMAND...: its status decides.
check() {
	local name=$1
	shift

	if "$@"; then ok "$name"; else not_ok "$name" "failed: $*"; fi
}

# A guest that gets little of the machine is slow, not broken: the watchdogs that
# measure that are off.
# vm_start NAME VCPUS MIB [QEMU-OPTION...]
vm_start() {
	local vm=$1 cpus=$2 mib=$3
	shift 3

	rm -f /tmp/$vm.in /tmp/$vm.log /tmp/$vm.disk
	mkfifo /tmp/$vm.in
	truncate -s 16M /tmp/$vm.disk
	# Held open at both ends, so that neither side ever sees an end of file.
	sleep 100000 <>/tmp/$vm.in >/tmp/$vm.in &
	echo $! >/tmp/$vm.holder
	qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host \
		-smp $cpus -m $mib -nodefaults -no-user-config -display none \
		-kernel $dir/Image -initrd $dir/initrd \
		-append "console=ttyAMA0 quiet nosoftlockup rcupdate.rcu_cpu_stall_suppress=1" -no-reboot \
		-serial stdio -qmp unix:/tmp/$vm.qmp,server,nowait \
		-drive if=none,id=d,format=raw,file=/tmp/$vm.disk \
		-device virtio-blk-pci,drive=d \
		-netdev "user,id=n,guestfwd=tcp:10.0.2.100:7-cmd:/bin/echo from-the-host" \
		-device virtio-net-pci,netdev=n,romfile= \
		-device virtio-balloon-pci,id=balloon \
		"$@" </tmp/$vm.in >/tmp/$vm.log 2>&1 &
	echo $! >/tmp/$vm.pid
}

vm_say() {
	echo "$2" >/tmp/$1.in
}

vm_said() {
	tr -d '\r' </tmp/$1.log | grep -Eqx -- "$2"
}

vm_said_or_ended() {
	vm_said $1 "$2" || child_ended "$(cat /tmp/$1.pid)"
}

# vm_expect NAME REGEX SECONDS: until a whole line of its output matches.
vm_expect() {
	within $3 vm_said_or_ended $1 "$2"
	vm_said $1 "$2" && return 0
	echo "# $1 never said $2; its last lines:"
	tail -n 8 /tmp/$1.log | tr -d '\r' | sed 's/^/#   /'
	return 1
}

# vm_do NAME SECONDS COMMAND: types it, waits for its end, returns its status.
vm_do() {
	local mark

	marks=$((marks + 1))
	mark=end-of-$marks
	vm_say $1 "$3; printf '%s %s\n' $mark \$?"
	vm_expect $1 "$mark [0-9]+" $2 || return 1
	tr -d '\r' </tmp/$1.log | grep -qx "$mark 0"
}

vm_qmp() {
	local vm=$1
	shift
	$dir/qmp /tmp/$vm.qmp "$@"
}

# vm_off NAME SECONDS: the guest powers itself off; QEMU's status.
vm_off() {
	local status=0

	vm_say $1 "poweroff -f"
	ends_within $2 "$(cat /tmp/$1.pid)" || status=$?
	[ $status != 124 ] || echo "# $1 did not power off"
	kill "$(cat /tmp/$1.holder)"
	[ $status = 0 ] && ! grep -aE 'BUG|Oops|Kernel panic|Call trace' /tmp/$1.log
}
