# SPDX-License-Identifier: GPL-2.0-only
#
# The platform secret in the initramfs: sourced by scripts/lib/init (busybox) before
# anything untrusted runs, by provision.sh, and by tests. README has the sequence.

platform=/run/hypsec/platform
hypsec=/sys/kernel/security/hypsec
# Code of firmware, boot loader and kernel, secure boot, initramfs; then ours. tpm2_unseal takes 8.
pcrs=sha256:0,2,4,7,9,12,13,15
pcr_cmdline=12 pcr_core=13 pcr_cap=15
b=${b:-/busybox}
export TPM2TOOLS_TCTI=device:/dev/tpmrm0

tpm() {
	/platform/lib/ld-linux-aarch64.so.1 --library-path /platform/lib /platform/bin/tpm2 "$@"
}

# extend PCR, with the SHA-256 of the standard input
extend() {
	tpm pcrextend "$1:sha256=$($b sha256sum | $b cut -c1-64)"
}

cap_secret() { printf 'HypSec: secret taken' | extend $pcr_cap; }
cap_quote() { printf 'HypSec: platform key quoted' | extend $pcr_cap; }

# What this boot is, where firmware has not said so.
platform_measure() {
	extend $pcr_cmdline </proc/cmdline &&
		tpm pcrextend "$pcr_core:sha256=$($b sed 's/^sha256://' $hypsec/measurement)"
}

# The parent of the sealed secret; the same at each boot.
platform_parent() {
	tpm createprimary -Q -C o -G ecc -c "$1"
}

# The secret leaves the TPM for its standard output, if the PCRs are those it was sealed for.
platform_unseal() {
	local dir
	dir=$($b mktemp -d) &&
		platform_parent $dir/parent >&2 &&
		tpm load -Q -C $dir/parent -u $platform/sealed.pub -r $platform/sealed.priv \
			-c $dir/sealed >&2 &&
		tpm unseal -Q -c $dir/sealed -p pcr:$pcrs
}

# The TPM's word that this platform key is of this boot.
platform_quote() {
	local dir
	dir=$($b mktemp -d) &&
		tpm createprimary -Q -C e -G ecc256:ecdsa-sha256:null -c $dir/ak -a \
			'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign' &&
		tpm readpublic -Q -c $dir/ak -f pem -o $platform/ak.pem &&
		tpm quote -Q -c $dir/ak -l $pcrs -g sha256 -q "$($b cat $hypsec/platform_key)" \
			-m $platform/quote -s $platform/quote.sig -f plain
}

# After insmod hypsec.ko platform=wait: to the seal. Whatever fails, the cap is on.
platform_seal() {
	platform_measure || return 1
	platform_unseal >$hypsec/platform_secret || { cap_secret; return 1; }
	cap_secret || return 1
	echo 1 >$hypsec/seal || return 1
	platform_quote || { cap_quote; return 1; }
	cap_quote
}
