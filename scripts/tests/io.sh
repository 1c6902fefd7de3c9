#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices of a protected guest, by the stock QEMU and by a VMM of ours, an encrypted root, a newer kernel as
# an Arm CCA Realm, and hosts and VMMs that attack it there. HYPSEC_KILLS VMMs are killed (4), when
# HYPSEC_SEED says; HYPSEC_PARTS=kills does nothing else (scripts/tests/io/protected.sh). HYPSEC_VMM=10: with
# QEMU 10.0 on Debian 12, too.
# takes: 560
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"

io=$HYPSEC_TOP/scripts/tests/io kills=$((${HYPSEC_KILLS:-4}))
images=$("$io/images")
soak=$("$HYPSEC_TOP/scripts/tests/soak/build")
vmm=$("$HYPSEC_TOP/scripts/tests/vmm/build")
tmp=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$tmp"' EXIT
head -c 6M /dev/urandom >"$tmp/disk"
head -c 2M /dev/urandom >"$tmp/file"
sums=("$(sha256sum <"$tmp/disk" | cut -d' ' -f1)" "$(sha256sum <"$tmp/file" | cut -d' ' -f1)")
truncate -s 12M "$tmp/disk"
add=(--add "$tmp/file:/io/www/file" --add "$tmp/disk:/io/disk" --add "$soak/ram:/io/ram"
	--add "$HYPSEC_TOP/scripts/tests/protected/functions.sh:/io/functions.sh" --add "$vmm:/io/vmm")
into_host /io "$io"/{protected,vm,hostile,used,restricted,devices,realm,root,vmm,kills}.sh \
	"$images"/{vm.img,all.img,root.img,realm.img,pool.img,disk.gz,disk-pci.gz,root-{pci,realm}.img.gz,scribble,qmp,virtiofsd} "$HYPSEC_BUILD/io/vsock"
out=$("$HYPSEC_TOP/scripts/host" --mem 1G --timeout $((1200 + kills * 60)) "${add[@]}" -- \
	sh /io/protected.sh "${sums[@]}" $kills $((${HYPSEC_SEED:-$RANDOM})) \
	${HYPSEC_PARTS:-used restricted devices realm root vmm kills}) && status=0 || status=$?
pass_on <<<"$out"
[ -z "${HYPSEC_VMM:-}" ] || check "the VMM was QEMU $HYPSEC_VMM" \
	grep -q "^# QEMU emulator version $HYPSEC_VMM\." <<<"$out"

# What the Realm has got of the core is for somebody who sees neither of them.
of() { sed -n "s/^# $1: //p" <<<"$out"; }
verified() {
	local expected=$1 status=0
	shift
	"$HYPSEC_TOP/scripts/hypsec-image" attest-verify --token "$tmp/token" --allow-console \
		--platform-key "$(of platform-key)" --identity "$(cat "$images/realm.identity")" "$@" ||
		status=$?
	[ $status = "$expected" ]
}
if [[ " ${HYPSEC_PARTS:-realm} " = *" realm "* ]]; then
	of token | base64 -d >"$tmp/token" || :
	check "the token of a Realm is good, and of a host without a TPM" verified 3 --nonce "$(of nonce)"
	check "for another challenge it is not" verified 1 --nonce "$(printf %0128d 1)"
fi
check "the host's script went through" [ $status = 0 ]
ktap_end
