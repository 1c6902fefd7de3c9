#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a sealed host: starts each image NAME.img beside it, hands it the nonce and
# prints what it says of its keys and itself; then what of the platform the host can have.
# guests.sh NONCE NAME...

cd "${0%/*}" || exit 1
b=busybox
. /run/hypsec/patience.sh
. ./platform.sh
nonce=$1
shift
for f in state platform platform_key; do
	sed "s/^/host: $f /" $hypsec/$f
done
for name; do
	paced 200
	printf %s "$nonce" | timeout $seconds_here qemu-system-aarch64 -M virt,gic-version=3 -accel kvm \
		-cpu host -m 128 -nodefaults -no-user-config -display none -serial stdio \
		-kernel "$name.img" | tr -d '\r' | sed "s/^kernel:/$name:/"
done
# All of the host's memory, for the secret (masked, or the search finds itself) and, to
# show that it finds what is there, for the bytes of ./control.
search() { ./attack -s "$1" phys | sed "s/^attack:/host: $2/"; }
if [ -e attack.ko ]; then
	insmod attack.ko
	search "$(cat masked)" search
	cat control >/tmp/control
	search "$(./attack mask "$(od -An -v -tx1 control | tr -d ' \n')")" control
fi
dd if=/dev/urandom of=$hypsec/platform_secret bs=32 count=1 2>/dev/null &&
	echo "host: wrote a second secret"
echo 1 >$hypsec/seal 2>/dev/null && echo "host: sealed twice"
[ -e $platform/sealed.pub ] || exit 0
if platform_unseal >unsealed 2>errors; then
	echo "host: unsealed the secret again"
else
	grep -q '0x99D\|policy' errors && [ ! -s unsealed ] && echo "host: the TPM refuses, policy"
fi
for f in quote quote.sig ak.pem; do
	echo "begin $f"
	gzip -c $platform/$f | base64
	echo "end $f"
done
