#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hypsec-image from-root, and what its initrd does with the disk: first boot, later ones, another
# image, a higher security version, a larger disk; and every disk that it has to refuse. In an
# emulated machine without HypSec (scripts/root/emulate).
# takes: 120
# timeout: 1500

. "$(dirname "$0")/../lib/rootfs.sh"
. "$(dirname "$0")/../lib/ktap.sh"

need_kernel
tools=$("$HYPSEC_TOP/scripts/root/tools")
dir=$HYPSEC_BUILD/root-test
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
key() { sha256sum <<<"$1" | cut -c1-64; }
K1=$(key 1) K2=$(key 2) K3=$(key 3)

"$HYPSEC_TOP/scripts/root/sample" tree "$tools"

image() {
	"$HYPSEC_TOP/scripts/hypsec-image" from-root tree --kernel "$KERNEL_IMAGE" \
		--modules "$KERNEL_MODULES" --tools "$tools" --dma-module none --family root-test \
		--key key --console --cmdline quiet "$@" >>out
}
env_image() {
	local SOURCE_DATE_EPOCH=$1
	export SOURCE_DATE_EPOCH
	shift
	image "$@"
}
# boot LOG IMAGE SOURCE VERSION KEY...
boot() {
	local log=$1 image=$2
	shift 2

	timeout 600 "$HYPSEC_TOP/scripts/root/emulate" "$image" disk.img "$@" |
		tr -d '\r' >"$log" || :
	sed "s/^/# $log: /" "$log"
}
has() { grep -q -- "$1" "$2"; }
# The disk is as it was when kept: a refusal writes nothing.
keep() { sha256sum disk.img >kept; }
kept() { sha256sum --quiet -c kept; }
# damaged AT: one byte changed there, and changed back by a second call
damaged() {
	local byte
	byte=$(od -An -tu1 -j "$1" -N 1 disk.img)
	printf "\\$(printf %o $((byte ^ 255)))" |
		dd of=disk.img bs=1 seek="$1" conv=notrunc status=none
}
blank() { cmp -s -n 2097152 disk.img /dev/zero; }

"$HYPSEC_TOP/scripts/hypsec-image" keygen -o key >/dev/null
# Sizes by which the file system grows over the end of a block group (128 MiB) each time.
# Signed in 2033, says its signer: what the emulated clock says is earlier.
check "an image and its disk are made" env_image 2000000000 \
	--clock --disk disk.img --size 160M --security-version 1 -o one.img
check "one for later is, without a disk" image --no-enrol --security-version 2 -o two.img
check "the root is on the disk in clear" grep -q public-marker disk.img

keep
boot ephemeral one.img ephemeral 1 "$K1"
check "ephemeral keys: not enrolled, and said so" has 'stopped: the sealing keys are EPHEMERAL' ephemeral
check "and nothing written" kept

# In its last MiB, so that all of it is copied before that shows.
at=$((2097152 + $(sed -n "s/.*root of \([0-9]*\) MiB.*/\1/p" out | head -n 1) * 1048576 - 5000))
damaged $at
boot changed one.img platform 1 "$K1"
check "a root that is not the signed one is refused" has 'stopped: .* not the signed one' changed
check "and not started" [ -z "$(grep 'root:' changed)" ]
check "and the disk is not enrolled" blank
damaged $at

boot first one.img platform 1 "$K1"
check "the first boot enrols, over what one that failed has left" has 'guest: enrolled' first
check "the root runs from the encrypted disk" has 'root: .* MiB, /dev/mapper/root ext4' first
check "disk and address are shown" eval \
	'has "guest: disk /dev/vda, 160 MiB: LUKS2 with integrity, key of security version 1 (platform)" first &&
	has "guest: eth0 10.0.2.15/24, router 10.0.2.2, DNS 10.0.2.3" first'
check "its clock is not earlier than the image" has 'guest: clock: 2033-05-18 03:3' first
check "the root has the address and the name server" has 'root: 10.0.2.15/24 dns 10.0.2.3' first
check "it ends well, with nothing of the initrd's" eval \
	'has "root: done" first && ! has "initrd.s files" first'
check "what the guest wrote is nowhere in clear" eval '! grep -q private-marker disk.img'
# As bytes and as text; where it is to be found it is.
in_clear() { LC_ALL=C grep -qaP "$(sed 's/../\\x&/g' <<<"$K1")|$K1" "$@"; }
printf "$(sed 's/../\\x&/g' <<<"$K1")" >key-1
check "no key is" eval 'in_clear key-1 && ! in_clear disk.img first'

keep
boot other one.img platform 1 "$K3"
check "another platform's key: refused in words" has 'stopped: .* enrolled with no key of this VM' other
check "and not enrolled anew" kept

cp --sparse=always disk.img old.img
truncate -s 320M disk.img
boot second two.img platform 2 "$K2" "$K1"
check "a newer image opens the same disk" has 'root: kept private' second
check "the key becomes that of its security version" eval \
	'has "guest: re-keyed" second && has "key of security version 2" second'
check "a larger disk is a larger root" eval 'has "guest: grown" second &&
	[ $(sed -n "s/^root: \([0-9]*\) MiB.*/\1/p" second) -gt \
	  $(($(sed -n "s/^root: \([0-9]*\) MiB.*/\1/p" first) + 100)) ]'
boot third two.img platform 2 "$K2"
check "the new key alone opens it" has 'root: kept private' third
check "it grows once" eval '! has "guest: grown" third'
dd if=old.img of=disk.img bs=1M count=2 conv=notrunc status=none
boot again two.img platform 2 "$K2" "$K1"
check "the header from before, given back: as after a cut, the root is whole" eval \
	'has "guest: grown" again && has "root: kept private" again && has "root: done" again'
boot downgraded one.img platform 1 "$K1"
check "the older image does not open it any more" has 'stopped: .* enrolled with no key' downgraded

# The host's choices, each on a disk that was good.
cp --sparse=always disk.img good.img
# Behind dm-integrity's own superblock and journal: tags and data.
dd if=/dev/urandom of=disk.img bs=256K seek=$(((at + 5000) / 262144 + 5)) count=96 conv=notrunc \
	status=none
boot torn two.img platform 2 "$K2"
check "changed data are not taken for the guest's" eval \
	'has "INTEGRITY AEAD ERROR" torn && has "guest: stopped\|Kernel panic" torn && ! has "root: " torn'
cp --sparse=always good.img disk.img
dd if=/dev/zero of=disk.img bs=1M count=2 conv=notrunc status=none
boot emptied two.img platform 2 "$K2"
check "a header that was taken away is not made anew" has 'stopped: .* is not enrolled' emptied
# A header's byte: the record's MAC covers what cryptsetup would take as it is.
cp --sparse=always good.img disk.img
for i in 0 1; do damaged $((i * 1048576 + 4096 + 5000)); done
boot header two.img platform 2 "$K2"
check "a changed header is refused" has 'stopped: .* enrolled with no key' header
check "no refusal ends in a shell" eval '! grep -l "/ #\|can.t access tty" ephemeral other torn emptied'
rm -f ./*.img
ktap_end
