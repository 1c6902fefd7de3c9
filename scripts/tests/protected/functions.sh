# SPDX-License-Identifier: GPL-2.0-only
#
# What the scripts here that run in the host share: start a VM, wait, read the log.
dir=${0%/*}
out=/tmp/out
input=/dev/null
hypsec=/sys/kernel/security/hypsec
seconds=${1:-200}
. /run/hypsec/patience.sh
count=0 failed=0 checked=0
on=		# what runs the VMM

check() {
	name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name"
		sed 's/^/# /' "$out"
		vm_log | tail -n 3 | sed 's/^/# /'
	fi
	ticks
	[ $((now - checked)) -lt 2000 ] || echo "# that took $(((now - checked) / 100)) s"
	checked=$now
}

vm() {
	image=$1 cpus=$2
	shift 2
	exec $on qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -m 128 \
		-smp "$cpus" -nodefaults -no-user-config -display none -serial stdio \
		-kernel "$dir/$image" "$@" <"$input" >"$out" 2>&1
}

runs() { ( vm "$@" ) & pid=$!; wait_for $pid; }
wait_for() {
	ends_within "$seconds" "$1" && return 0
	status=$?
	[ $status != 124 ] || echo "# still running after $seconds s"
	return $status
}
said() { tr -d '\r' <"$out" | grep -qax -- "$1"; }
said_times() { [ "$(tr -d '\r' <"$out" | grep -cax -- "$1")" -ge "$2" ]; }
vm_log() { dmesg | grep 'hypsec: core: vm'; }
# The core's lines about VMs since the last mark
mark() { marked=$(vm_log | wc -l); }
logged() { vm_log | tail -n +$((marked + 1)) | grep -q "$1"; }
# soon COMMAND...: within the time
soon() { within "$seconds" "$@"; }
# Tables of a VM that is gone are freed in steps.
settled() { was=$(cat $hypsec/accounts); sleep 1; [ "$was" = "$(cat $hypsec/accounts)" ]; }
no_vm() { [ "$(wc -l <$hypsec/vms)" -le 1 ]; }
