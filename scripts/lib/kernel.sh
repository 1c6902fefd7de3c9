# SPDX-License-Identifier: GPL-2.0-only
#
# The stock Debian host kernel: the newest 6.12 cloud kernel for arm64 that the
# machine's own Debian sources offer, with the headers, build tools and source
# of the same version.  Unpacked under build/kernel, never installed.  The
# choice is made once; removing build/kernel makes it again.

. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

KERNEL_SERIES=6.12
KERNEL_DIR=$HYPSEC_BUILD/kernel

# need_kernel: afterwards KERNEL_RELEASE, KERNEL_IMAGE, KERNEL_MODULES and
# KERNEL_HEADERS name the kernel's release, its Image, its lib/modules/RELEASE
# folder (with modules.dep) and the folder to give to make -C.
need_kernel() {
	cached "$KERNEL_DIR" "1 $KERNEL_SERIES" fetch_kernel
	KERNEL_RELEASE=$(cat "$KERNEL_DIR/release")
	KERNEL_VERSION=$(cat "$KERNEL_DIR/version")
	KERNEL_IMAGE=$KERNEL_DIR/boot/vmlinuz-$KERNEL_RELEASE
	KERNEL_MODULES=$KERNEL_DIR/lib/modules/$KERNEL_RELEASE
	[ -d "$KERNEL_MODULES" ] ||
		KERNEL_MODULES=$KERNEL_DIR/usr/lib/modules/$KERNEL_RELEASE
	KERNEL_HEADERS=$KERNEL_DIR/usr/src/linux-headers-$KERNEL_RELEASE
}

newest_kernel() {
	own_apt apt-cache search --names-only \
		"^linux-image-${KERNEL_SERIES//./\\.}\\.[0-9][^ ]*-cloud-arm64\$" |
		awk '{print $1}' | sort -V | tail -n 1
}

fetch_kernel() {
	local dir=$1 image release version deps kbuild common f

	own_apt_update
	image=$(newest_kernel)
	[ -n "$image" ] ||
		die 125 "no linux-image-$KERNEL_SERIES.*-cloud-arm64 package" \
			"add Debian 12's or 13's main archive to /etc/apt"
	release=${image#linux-image-}
	version=$(own_apt apt-cache show "$image:arm64" |
		awk '$1 == "Version:" {print $2; exit}')
	deps=$(own_apt apt-cache show "linux-headers-$release:arm64=$version" |
		sed -n 's/^Depends: //p' | head -n 1 | tr ',|' '\n\n' |
		awk '{print $1}' | sed 's/:any$//')
	kbuild=$(grep -m1 '^linux-kbuild-' <<<"$deps")
	common=$(grep -m1 '^linux-headers-.*-common' <<<"$deps")

	say "fetching the stock host kernel $release ($version)"
	unpack_packages "$dir" "$image:arm64=$version" \
		"linux-headers-$release:arm64=$version" "$common=$version" \
		"$kbuild=$version"

	# The headers' Makefile and links name the places of an installed package.
	f=$dir/usr/src/linux-headers-$release/Makefile
	sed -i "s,/usr/src/,$KERNEL_DIR/usr/src/,g" "$f"
	depmod_tree "$dir" "$release"
	printf '%s\n' "$version" >"$dir/version"
	printf '%s\n' "$release" >"$dir/release"
}

# depmod_tree ROOT RELEASE: packages carry no modules.dep.
depmod_tree() {
	[ -e "$1/lib/modules" ] || ln -sfn usr/lib "$1/lib"
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$1" "$2"
}

# need_realm_kernel: afterwards REALM_RELEASE, REALM_IMAGE and REALM_MODULES are those of the newest
# stock kernel, for a guest that is an Arm CCA Realm, which 6.12 cannot be: of Debian 13's
# backports, whatever Debian this machine has.
need_realm_kernel() {
	local dir=$HYPSEC_BUILD/realm-kernel

	cached "$dir" 1 fetch_realm_kernel
	REALM_RELEASE=$(cat "$dir/release")
	REALM_MODULES=$dir/lib/modules/$REALM_RELEASE
	REALM_IMAGE=$REALM_MODULES/vmlinuz
}

fetch_realm_kernel() {
	local dir=$1 image release version parts OWN_SUITE=trixie-backports

	own_apt_update
	image=$(own_apt apt-cache search --names-only '^linux-image-[0-9][^ ]*-cloud-arm64$' |
		awk '{print $1}' | sort -V | tail -n 1)
	[ -n "$image" ] || die 125 "no linux-image-*-cloud-arm64 package in $OWN_SUITE"
	release=${image#linux-image-}
	version=$(own_apt apt-cache show "$image:arm64" | awk '$1 == "Version:" {print $2; exit}')
	# What was one package is kernel, modules and configuration now.
	parts=$(own_apt apt-cache show "$image:arm64=$version" |
		sed -n 's/^Depends: //p' | head -n 1 | tr ',|' '\n\n' |
		awk -v r="-$release" '/^ *linux-/ && index($1, r) {print $1 ":arm64='"$version"'"}')
	say "fetching a guest's kernel $release ($version)"
	unpack_packages "$dir" "$image:arm64=$version" $parts
	depmod_tree "$dir" "$release"
	grep -qx 'CONFIG_ARM_CCA_GUEST=[my]' "$dir/lib/modules/$release/config" ||
		die 125 "$image has no driver for a Realm's token (CONFIG_ARM_CCA_GUEST)"
	printf '%s\n' "$release" >"$dir/release"
}

# need_kernel_source: afterwards KERNEL_SOURCE is the unpacked source, with
# Debian's patches, of exactly the host kernel's version.  Build in it with O=.
need_kernel_source() {
	need_kernel
	cached "$HYPSEC_BUILD/linux" "$KERNEL_VERSION" fetch_kernel_source
	KERNEL_SOURCE=$HYPSEC_BUILD/linux/linux-source-$KERNEL_SERIES
}

fetch_kernel_source() {
	local dir=$1

	own_apt_update
	say "fetching linux-source-$KERNEL_SERIES $KERNEL_VERSION"
	unpack_packages "$dir" "linux-source-$KERNEL_SERIES=$KERNEL_VERSION"
	say "unpacking it"
	tar -C "$dir" -xf "$dir/usr/src/linux-source-$KERNEL_SERIES.tar.xz"
	rm -r "$dir/usr"
}
