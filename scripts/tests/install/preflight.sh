# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a host where HypSec cannot be installed, in /install:
#
#	preflight.sh ERROR CAUSE REMEDY
#
# insmod fails with this error; one line in the log has cause and remedy; the host is
# as it was. Prints nothing then, else what is wrong.

cd /install || exit 1
bad=0
wrong() {
	echo "$*"
	bad=1
}

# What a module that came and went might leave behind.
host() {
	./kvmapi vms -n 2 >/dev/null 2>&1
	echo "kvm $?"
	awk '$1 == "MemTotal:"' /proc/meminfo
	cat /proc/modules /sys/devices/system/cpu/online
	ls /sys/kernel/security
	dmesg | grep -cE 'WARNING:|BUG:|Call trace:'
}

before=$(host)
lines=$(dmesg | wc -l)
insmod hypsec.ko 2>/tmp/error && wrong "it installs"
grep -qF "$1" /tmp/error || wrong "the error: $(cat /tmp/error)"
# These two are the kernel's, about any module of the kind. Time stamps off: busybox
# tries a second system call where the first failed, which is the same line again.
dmesg | tail -n +$((lines + 1)) | grep 'hypsec: ' | sed 's/^\[[^]]*\] //' |
	grep -vE 'loading out-of-tree module|module verification failed' | sort -u >/tmp/lines
[ "$(wc -l </tmp/lines)" = 1 ] || wrong "not one line in the log:" "$(cat /tmp/lines)"
grep -qF "$2" /tmp/lines || wrong "another cause: $(cat /tmp/lines)"
grep -qF "$3" /tmp/lines || wrong "another remedy: $(cat /tmp/lines)"
after=$(host)
[ "$before" = "$after" ] || wrong "the host is not as it was; before: $before; after: $after"
exit $bad
