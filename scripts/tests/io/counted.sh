# SPDX-License-Identifier: GPL-2.0-only
#
# In a host under -icount, sourced by count.sh and ../apps/apps.sh: a guest under the stock QEMU that is told
# at its console what to do, and the time that passes with nobody at work.

fail() {
	echo "count: failed: $*"
	cat /tmp/err
	dmesg | tail -n 5
	kill -9 $pid
	exit 1
}
# idle: sets idle to the nanoseconds that the only CPU has had nothing to do, or has waited for a disk.
# /proc/stat and /proc/uptime have the same, in hundredths of a second.
idle() {
	idle=0
	for part in $(sed -n 's/^ *\.\(idle\|iowait\)_sleeptime *: *\([0-9]*\) nsecs$/\2/p' /proc/timer_list); do
		idle=$((idle + part))
	done
}
# begin MIB IMAGE APPEND DEVICE...: IMAGE, if it is to be protected, and Image with APPEND if not. It has to
# say that it is there. Devices end in $access.
[ $kind = protected ] && access=,iommu_platform=on || access=
begin() {
	mib=$1 image=$2 append=$3
	shift 3
	if [ $kind = protected ]; then
		set -- -kernel "$dir/$image" "$@"
	else
		set -- -kernel "$dir/Image" -initrd "$dir/initrd" -append "quiet panic=-1 console=ttyAMA0 $append" "$@"
	fi
	# Without it the host waits in a loop for its guest, and that would be counted.
	echo 0 >/sys/module/kvm/parameters/halt_poll_ns
	# A thread that is woken waits for its turn: whether it cuts in depends on how long each has run
	# so far, and what the VMM does for one request on that.
	echo NO_WAKEUP_PREEMPTION >/sys/kernel/debug/sched/features || fail "no sched/features"
	rm -f /tmp/in /tmp/said
	mkfifo /tmp/in /tmp/said
	qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 1 -m $mib -nodefaults \
		-no-user-config -display none -no-reboot -serial stdio -global virtio-mmio.force-legacy=false \
		"$@" </tmp/in >/tmp/said 2>/tmp/err &
	pid=$!
	exec 3>/tmp/in 4</tmp/said
	answer
	# What kernels put off until they have been up for some seconds they have done then.
	sleep 12
}
# answer: sets got to what the guest says next for whoever told it to do something
answer() {
	while :; do
		read -r -t 1800 got <&4 || fail "the guest says nothing"
		got=${got%"$(printf '\r')"}
		case $got in
		"$says: ready" | "$says: "[0-9a-z]*" "[0-9]*) break ;;
		"$says:"* | *"Kernel panic"*) fail "the guest says: $got" ;;
		esac
	done
}
