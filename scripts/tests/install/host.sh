# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a host without HypSec, in /install: failed installs leave it as it was, one
# that succeeds is for good. Prints KTAP.

cd /install || exit 1
. /run/hypsec/patience.sh
n=0 bad=0
ok() {			# STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		bad=1
	fi
}

said() {		# the kernel log since the last mark has this
	dmesg | sed "1,/hypsec-test: $mark\$/d" | grep -qF -- "$1"
}

mark=0
refused() {		# NAME TEXT ARGUMENT...
	local name=$1 text=$2
	shift 2
	mark=$((mark + 1))
	echo "hypsec-test: $mark" >/dev/kmsg
	if insmod "$@" 2>/dev/null; then
		ok 1 "$name"
		return
	fi
	said "$text" && ! said "Call trace"
	ok $? "$name"
}

vms() {			# NAME: KVM works
	./kvmapi vms -n 2 >/tmp/vms 2>&1
	local status=$?
	[ $status = 0 ] || sed 's/^/# /' /tmp/vms
	ok $status "$1"
}

managed() {
	awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo
}

before=$(managed)
vms "KVM works before"
refused "the second CPU cannot be taken: undone" "the core did not take every CPU" hypsec.ko fail_cpu=1
vms "KVM has EL2 again"
refused "the first CPU cannot be taken: undone" "the core did not start" hypsec.ko fail_cpu=0
vms "KVM has EL2 again, again"
refused "a pool that is too small" "out of range" hypsec.ko pool_mb=1
refused "a pool that is too large" "out of range" hypsec.ko pool_mb=99999
refused "more memory than there is" "contiguous memory" hypsec.ko pool_mb=1900
refused "a signer that is no hash" "no hash of 64 hexadecimal digits (entry 1)" hypsec.ko signers=farm
refused "a list of signers with a mistake at its end" "(entry 2)" hypsec.ko "signers=any,anyone"
refused "an empty list of signers" "nobody is named" hypsec.ko signers=
refused "a list of signers that is none" "nobody is named" hypsec.ko signers
refused "two lists of signers" "given twice" hypsec.ko signers=any signers=any
refused "a list of signers that is not there" "cannot be read (-2)" hypsec.ko signers_file=/nowhere
: >/tmp/signers
refused "an empty file of signers" "cannot be read (-22)" hypsec.ko signers_file=/tmp/signers
hash=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
printf '%s\n' '# who may sign' "$hash:7" "$hash # and again" >/tmp/signers
refused "a signer named twice" "there twice (entry 2)" hypsec.ko signers_file=/tmp/signers
[ "$(managed)" = "$before" ]; ok $? "no memory was lost"
vms "KVM works still"

# What is there when it installs: an image for kexec, a VM that is running, one that waits.
./kexec load | grep -qx "load 0"; ok $? "an image for kexec is loaded"
./kvmapi vms -n 1 -c 2 -m 16 -r 12 -x check >/tmp/running 2>&1 &
running=$!
mkfifo /tmp/go
./kvmapi hold -m 8 </tmp/go >/tmp/hold 2>&1 &
held=$!
exec 9>/tmp/go
while ! grep -q '^kvmapi: ready' /tmp/hold && kill -0 $held; do
	usleep 100000
done

printf '%s\n' '# who may sign' "$hash:7" >/tmp/signers
insmod hypsec.ko signers=any signers_file=/tmp/signers; ok $? "it installs"
kill -0 $running; ok $? "while a VM is running"
wait $running; ok $? "which goes on under the core"
echo >&9
wait $held
grep -q 'hold end=good el=1 memory=good value=own' /tmp/hold; ok $? "and so does one that waited"
s=/sys/kernel/security/hypsec
[ "$(cat $s/signers)" = "any
$hash:7" ]; ok $? "with the signers of both parameters"
[ "$(cat $s/state)" = sealed ]; ok $? "it is sealed"
vms "KVM works under the core"
refused "a second time" "installed already" again.ko
rmmod hypsec 2>/dev/null; [ $? != 0 ]; ok $? "it cannot be removed"

mark=$((mark + 1))
echo "hypsec-test: $mark" >/dev/kmsg
echo disk 2>/dev/null >/sys/power/state
said "hibernation is refused"; ok $? "hibernation is refused"
./kexec load crash run >/tmp/kexec
grep -qx "load 1" /tmp/kexec && said "kexec is refused"; ok $? "kexec is refused (EPERM)"
grep -qx "crash 99" /tmp/kexec; ok $? "a crash kernel is the kernel's to judge (EADDRNOTAVAIL)"
grep -qx "run 1" /tmp/kexec; ok $? "an image that was loaded before is not started (EPERM)"

cpu=/sys/devices/system/cpu/cpu1/online
for i in 1 2 3; do
	echo 0 >$cpu && echo 1 >$cpu || break
done
[ "$(cat $cpu)" = 1 ] && taskset 2 true; ok $? "a CPU goes offline and online"
vms "KVM works on it"
[ "$(cat $s/state)" = sealed ]; ok $? "it is still sealed"
free() {
	awk '$1 == "free" { print $2 }' $s/accounts
}
# All that the core has
total() {
	awk '{ n += $2 } END { print n }' $s/accounts
}
pool=/sys/module/hypsec/parameters
had=$(free) all=$(total) ram=$(managed) low=$(cat $pool/pool_low) high=$(cat $pool/pool_high)
echo $((had + 700)) >$pool/pool_low
given() { [ "$(free)" -ge $((had + 700)) ] && [ "$(managed)" -lt "$ram" ]; }
within 60 given
ok $? "below the low mark the core is given memory"
echo "$low" >$pool/pool_low
# Not by what is free: a table that the host's own memory needs meanwhile is in use, not kept.
taken_back() { [ "$(total)" = "$all" ] && [ "$(managed)" = "$ram" ] && [ "$(free)" -gt "$high" ]; }
within 60 taken_back
ok $? "above the high mark all of it comes back"
grep -E '^(vm_tables|vm_objects|private) ' $s/accounts | grep -qv ' 0$'
[ $? = 1 ]; ok $? "no page is left with a VM that is gone"
echo "1..$n"
exit $bad
