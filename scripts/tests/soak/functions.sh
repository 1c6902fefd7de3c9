# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced: VMs of the soak's guest under stock QEMU, what they said,
# what the core said of them, and results. A VM NAME has /tmp/NAME.log (its
# console), .in (what is typed), .qmp, .pid and .ram (as the tool "ram" names it).
dir=${0%/*}
hypsec=/sys/kernel/security/hypsec
ram=$dir/ram
. /run/hypsec/patience.sh
count=0 failed=0
# Generous: nested guests in an emulator.
patience=${patience:-400}

now() { cut -d. -f1 /proc/uptime; }

# check NAME COMMAND...: a result line from COMMAND's status; what it printed on failure.
check() {
	local name=$1
	shift

	count=$((count + 1))
	if "$@" >/tmp/check 2>&1; then
		echo "ok $count - $name"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name"
		echo "# failed: $*"
		tail -n 16 /tmp/check | sed 's/^/#   /'
		complaints | tail -n 5 | sed 's/^/#   /'
		vm_log | tail -n 3 | sed 's/^/#   /'
	fi
}

# soon COMMAND...: until it succeeds, within the time
soon() { within "$patience" "$@"; }

# --- VMs

# vm_start NAME VCPUS MIB [QEMU-OPTION...]: protected where $plain is empty
vm_start() {
	local vm=$1 cpus=$2 mib=$3
	shift 3

	if [ -z "$plain" ]; then
		set -- -kernel $dir/vm.img "$@"
	else
		set -- -kernel $dir/Image -initrd $dir/initrd.cpio -append "$SOAK_CMDLINE" "$@"
	fi
	rm -f /tmp/$vm.*
	mkfifo /tmp/$vm.in
	sleep 100000 <>/tmp/$vm.in >/tmp/$vm.in &
	echo $! >/tmp/$vm.holder
	( cd /mnt && ulimit -c unlimited && exec qemu-system-aarch64 -M virt,gic-version=3 \
		-accel kvm -cpu host -smp $cpus -m $mib -nodefaults -no-user-config \
		-display none -no-reboot -serial stdio -qmp unix:/tmp/$vm.qmp,server,nowait \
		"$@" </tmp/$vm.in >/tmp/$vm.log 2>/tmp/$vm.err ) &
	echo $! >/tmp/$vm.pid
	echo $mib >/tmp/$vm.mib
}

vm_pid() { cat /tmp/$1.pid; }
vm_alive() { kill -0 "$(vm_pid $1)" 2>/dev/null; }
vm_lines() { tr -d '\r' </tmp/$1.log; }
vm_said() { vm_lines $1 | grep -qax -- "$2"; }
vm_qmp() { local vm=$1; shift; $dir/qmp /tmp/$vm.qmp "$@"; }
hmp() { vm_qmp $1 human-monitor-command "{\"command-line\":\"$2\"}"; }
rounds() { vm_lines $1 | grep -ac '^soak: round [0-9]* ok'; }
rounds_over() { [ "$(rounds $1)" -gt $2 ]; }
bad() { vm_lines $1 | grep -aq 'BAD\|Oops\|Kernel panic\|Call trace'; }

# vm_up NAME: it has done a round; its memory is known
vm_up() {
	soon eval "rounds_over $1 0 || vm_gone $1"
	rounds_over $1 0 || { tail -n 12 /tmp/$1.log /tmp/$1.err; return 1; }
	$ram find "$(vm_pid $1)" "$(cat /tmp/$1.mib)" >/tmp/$1.ram
}

vm_ram() { cat /tmp/$1.ram; }

# part VM PARTS: one of the parts of its memory, as RAM; whole huge pages
part() {
	local r size step

	r=$(vm_ram $1)
	size=$((0x${r##*:}))
	step=$(((size / $2 + 0x1fffff) & ~0x1fffff))
	r=${r%:*}
	printf '%s:%x:%x\n' "${r%:*}" \
		$((0x${r##*:} + ($(od -An -N2 -tu2 /dev/urandom) % (size / step)) * step)) $step
}

# goes_on NAME [N]: N (2) more rounds, none bad
goes_on() {
	local from

	from=$(rounds $1)
	soon eval "rounds_over $1 $((from + ${2:-2} - 1)) || vm_gone $1"
	rounds_over $1 $((from + ${2:-2} - 1)) && ! bad $1 || {
		echo "rounds: $from, now $(rounds $1)"
		vm_gone $1 || { hmp $1 "info status"; hmp $1 "info migrate"; } 2>&1
		tail -n 3 /tmp/$1.log /tmp/$1.err
		return 1
	}
}

vm_kill() {
	kill -9 "$(vm_pid $1)" "$(cat /tmp/$1.holder)" 2>/dev/null
	wait "$(vm_pid $1)" 2>/dev/null
	return 0
}

vm_gone() { ! vm_alive $1; }

# vm_off NAME: powers itself off, having seen nothing wrong
vm_off() {
	echo off >/tmp/$1.in
	soon vm_gone $1 || return 1
	wait "$(vm_pid $1)" 2>/dev/null
	kill "$(cat /tmp/$1.holder)"
	vm_lines $1 | grep -aqx 'soak: end rounds=[0-9]* ok' && ! bad $1 ||
		{ vm_lines $1 | tail -n 5 | sed 's/^/# said: /'; return 1; }
}

# --- The host and the core

vm_log() { dmesg | grep 'hypsec: core: vm'; }
# The core's lines about VMs since the last mark
mark() { marked=$(vm_log | wc -l); }
logged() { vm_log | tail -n +$((marked + 1)) | grep -q "$1"; }

complaints() {
	dmesg | grep -E 'BUG[: ]|Oops|Internal error|WARNING:|Bad page|Bad rss|hung_task|blocked for more|Unable to handle|rcu: .*stall|hypsec: .*broken|I/O error|Out of memory|oom-kill' |
		grep -v 'soft lockup'
}
clean() { ! complaints; }

sealed() { [ ! -e $hypsec/state ] || grep -q '^sealed' $hypsec/state; }

no_vm() { [ ! -e $hypsec/vms ] || [ "$(wc -l <$hypsec/vms)" -le 1 ]; }

# What VMs have, which must be as before, and all that the core has, which must not be more.
vm_accounts() { grep -E '^(vm_|private|shared|sealed)' $hypsec/accounts; }
all_accounts() { awk '{ n += $2 } END { print n }' $hypsec/accounts; }
remember_accounts() {
	[ -e $hypsec/accounts ] || return 0
	before=$(vm_accounts) before_all=$(all_accounts)
}
accounts_return() {
	[ -e $hypsec/accounts ] || return 0
	soon no_vm && soon eval '[ "$(vm_accounts)" = "$before" ] &&
		[ "$(all_accounts)" -le "$before_all" ]' && return 0
	echo "before: $before, all $before_all"
	cat $hypsec/accounts $hypsec/vms
	return 1
}

# stat KEY: a number of the line that the tool printed last, from standard input
stat() { sed -n "s/.*\\<$1=\\([0-9.]*\\).*/\\1/p" | tail -n 1; }

# --- Disks: by their serial numbers

disk() {
	for d in /sys/block/vd*; do
		[ "$(cat $d/serial)" != "$1" ] || { echo /dev/${d##*/}; return 0; }
	done
	return 1
}

# A disk of ext4 at /mnt, with stable pages: what is on its way to the disk is not
# written to meanwhile, so the guest can't make the device read its memory in the clear.
mount_disk() {
	local d

	d=$(disk hypsec-soak) || return 1
	echo 1 >/sys/block/${d##*/}/queue/stable_writes || return 1
	mount -t ext4 -o noatime $d /mnt
}
