#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a host that is trusted and waits for a platform secret it does not have yet:
# seals ./secret to this boot as it has been measured. Prints the sealed secret, and, where
# there is a ./container.key, a LUKS container made with it, as base64.
# provision.sh	with scripts/platform's tools in /platform and /luks

cd "${0%/*}" || exit 1
b=busybox
. ./platform.sh

crypt() {
	DM_DISABLE_UDEV=1 /luks/lib/ld-linux-aarch64.so.1 --library-path /luks/lib \
		/luks/bin/cryptsetup --batch-mode "$@"
}

show() {
	echo "begin $1"
	gzip -c "$1" | base64
	echo "end $1"
}

[ "$(cat $hypsec/state)" = "waiting for the platform secret" ] || exit 1
tpm createpolicy -Q --policy-pcr -l $pcrs -L policy || exit 1
platform_parent parent || exit 1
tpm create -Q -C parent -L policy -i secret -a 'fixedtpm|fixedparent|adminwithpolicy|noda' \
	-u sealed.pub -r sealed.priv || exit 1
tpm pcrread $pcrs | sed -n 's/^ *\([0-9]*\) *: 0x\([0-9A-F]*\).*/\1 \2/p' >pcrs
show sealed.pub
show sealed.priv
show pcrs
[ -e container.key ] || exit 0

# The key is random: no slow derivation is needed, and a small header will do.
modprobe -a loop dm-crypt algif_skcipher xts || exit 1
truncate -s 1M container
crypt luksFormat --type luks2 --cipher aes-xts-plain64 --key-size 256 --pbkdf pbkdf2 \
	--pbkdf-force-iterations 1000 --luks2-metadata-size 16k --luks2-keyslots-size 256k \
	--offset 1024 container container.key || exit 1
crypt open --type luks2 --key-file container.key container box || exit 1
cat plaintext >/dev/mapper/box || exit 1
crypt close box || exit 1
show container
