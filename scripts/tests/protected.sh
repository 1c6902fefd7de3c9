#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Protected VMs from inside and outside: a small kernel that checks what it sees,
# power-off, reset, a forged image, a host that reads its memory; a stock initrd's shell,
# with and without a console. And that the same image does not run where there is no HypSec.
# takes: 150
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"

images=$("$HYPSEC_TOP/scripts/tests/protected/build")
shells=$("$HYPSEC_TOP/scripts/tests/protected/shells")
attack=$("$HYPSEC_TOP/scripts/tests/attack/build")
add=(--add "$("$HYPSEC_TOP/scripts/tests/vmm/build"):/protected/vmm")
into_host /protected "$attack"/attack{,.ko} "$HYPSEC_TOP"/scripts/tests/protected/{protected,shells,functions}.sh \
	"$images"/{off.img,reset.img,stay.img,forged.img,debug.img,stay.identity,debug.identity} \
	"$images"/{signer,gdb} "$shells"/{open,closed,silent}.img
plain=$("$HYPSEC_TOP/scripts/host" --no-hypsec --timeout 600 "${add[@]}" -- sh -c \
	"qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -m 128 -nodefaults \
	-no-user-config -display none -serial stdio -kernel /protected/off.img </dev/null") &&
	status=0 || status=$?
ends_silently() { [ $status = 0 ] && ! grep -aE 'kernel:|stub:' <<<"$plain"; }
check "without HypSec the image powers off and says nothing" ends_silently

out=$("$HYPSEC_TOP/scripts/host" --timeout 1500 "${add[@]}" -- sh /protected/protected.sh) &&
	status=0 || status=$?
pass_on <<<"$out"
check "the host's script went through" [ $status = 0 ]
ktap_end
