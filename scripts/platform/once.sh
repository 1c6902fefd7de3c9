#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a host without HypSec but with hypsec.ko beside it: what may be written to
# platform_secret and seal, and when. Prints KTAP.

cd "${0%/*}" || exit 1
s=/sys/kernel/security/hypsec
n=0 bad=0
ok() {			# NAME COMMAND...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		bad=1
	fi
}
is() { [ "$(cat $s/state)" = "$1" ]; }
fails() { ! "$@" 2>/dev/null; }
secret() { dd if="$2" of=$s/platform_secret bs="$1" count=1; }
seal() { echo 1 >$s/seal; }
cpu() { echo "$1" >/sys/devices/system/cpu/cpu1/online; }

ok "an unknown source of the secret" fails insmod hypsec.ko platform=tpm
ok "nothing is left of it" [ ! -e $s ]
ok "it waits" insmod hypsec.ko platform=wait
ok "and says so" is "waiting for the platform secret"
ok "with its measurement" grep -qx "sha256:$(cat measurement)" $s/measurement
ok "what the core would answer is not there" [ ! -e $s/vms ]
ok "only root may write the secret" eval 'ls -l $s/platform_secret | grep -q "^--w-------"'
ok "nobody can read it" fails cat $s/platform_secret
ok "no seal without a secret" fails seal
ok "a secret that is short" fails secret 31 /dev/urandom
ok "a secret that is long" fails secret 33 /dev/urandom
ok "a secret of zeros" fails secret 32 /dev/zero
ok "it still waits" is "waiting for the platform secret"
ok "no CPU goes away meanwhile" fails cpu 0
ok "a secret" secret 32 /dev/urandom
ok "is taken" is "waiting for the seal"
ok "and no second one" fails secret 32 /dev/urandom
ok "the seal" seal
ok "is for good" is sealed
ok "with the secret" grep -qx platform $s/platform
ok "a platform key" grep -qxE "[0-9a-f]{64}" $s/platform_key
ok "no second seal" fails seal
ok "and no secret after it" fails secret 32 /dev/urandom
ok "it is still sealed" is sealed
ok "CPUs come and go again" eval 'cpu 0 && cpu 1'
ok "the kernel has seen no bug" eval '! dmesg | grep -E "BUG|Oops|WARNING|rcu.*stall"'
echo "1..$n"
exit $bad
