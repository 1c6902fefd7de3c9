#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stock kernel as distributions package theirs gives the same image of a protected VM, byte
# by byte: Debian (Image), Ubuntu (gzip), Fedora (EFI zboot, zstd), Alpine (EFI zboot, gzip), and
# xz. Made here from Debian's.
# takes: 60
# timeout: 600

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

image=$HYPSEC_TOP/scripts/hypsec-image
need_packages
need_kernel
dir=$(mktemp -d -p "$HYPSEC_BUILD")
trap 'rm -rf "$dir"' EXIT

# What the kernel's Makefile.zboot packs is padded with its bss, so that is what is compared.
cp "$KERNEL_IMAGE" "$dir/Image"
truncate -s "$(od -An -tu8 -j16 -N8 "$KERNEL_IMAGE" | tr -d ' ')" "$dir/Image"
gzip -c -1 "$dir/Image" >"$dir/gz"
zstd -qc -1 "$dir/Image" >"$dir/zst"
xz -c -0 --check=crc32 "$dir/Image" >"$dir/xz"

# zboot KIND OUT PAYLOAD: the header of libstub/zboot-header.S, the payload, what follows
zboot() {
	python3 - "$@" <<-'PY'
	import struct, sys
	kind, out, payload = sys.argv[1:]
	data = open(payload, "rb").read()
	head = b"MZ\0\0zimg" + struct.pack("<II8x", 4096, len(data)) + kind.encode()
	open(out, "wb").write(head.ljust(4096, b"\0") + data + b"\0\0\0\2" + bytes(512))
	PY
}
zboot gzip "$dir/zboot-gzip" "$dir/gz"
zboot zstd "$dir/zboot-zstd" "$dir/zst"
zboot zstd22 "$dir/zboot-zstd22" "$dir/zst"
zboot xzkern "$dir/zboot-xzkern" "$dir/xz"

build() { "$image" build --kernel "$1" --key "$dir/key" -o "$2"; }
"$image" keygen -o "$dir/key" >/dev/null
build "$dir/Image" "$dir/want.img"
same() { build "$1" "$dir/have.img" && cmp "$dir/have.img" "$dir/want.img"; }

check "the stock kernel as it is" build "$KERNEL_IMAGE" "$dir/stock.img"
check "and a signed image" "$image" verify --signer "$dir/key" "$dir/stock.img"
for form in gz zst xz zboot-gzip zboot-zstd zboot-zstd22 zboot-xzkern; do
	check "as $form" same "$dir/$form"
done
ktap_end
