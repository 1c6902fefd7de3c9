# SPDX-License-Identifier: GPL-2.0-only
#
# The host's file system: Debian's own QEMU and busybox, as an uncompressed
# cpio archive that the kernel unpacks into memory.  It never changes; what a
# run needs besides (modules, added files, the command) is in small archives
# appended to it, which the kernel accepts one after the other.

. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"

ROOTFS_DIR=$HYPSEC_BUILD/rootfs
ROOTFS_PACKAGES=qemu-system-arm,busybox-static
# Bulk that neither QEMU nor a test in the host reads.
ROOTFS_TRIM="usr/share/doc usr/share/locale usr/share/man usr/share/info
	usr/share/lintian usr/share/icons usr/share/X11 usr/share/bash-completion
	usr/share/perl5 usr/share/perl usr/lib/aarch64-linux-gnu/perl-base
	usr/share/fonts usr/share/vim usr/share/zoneinfo usr/share/alsa
	usr/share/AAVMF usr/share/qemu-efi-aarch64 usr/lib/udev var/lib/dpkg
	usr/share/iso-codes usr/share/xml usr/lib/aarch64-linux-gnu/gconv
	usr/lib/aarch64-linux-gnu/vdeplug usr/lib/aarch64-linux-gnu/security
	usr/bin/qemu-system-arm usr/bin/qemu-storage-daemon usr/bin/qemu-pr-helper
	usr/bin/qemu-edid usr/lib/qemu var/cache var/log dev"
ROOTFS_MODULES="zram lz4 lz4_compress zstd virtio_blk virtio_net
	virtio_balloon virtio_rng virtio_input 9pnet_virtio vhost_net tun loop
	dm-crypt nbd tpm_tis vsock vmw_vsock_virtio_transport overlay xfs vfio-pci"

# cpio_of DIR: the folder as an archive the kernel takes, every file root's.
cpio_of() {
	( cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet --null --create --format=newc --owner=0:0 \
			--reproducible )
}

# need_rootfs: afterwards ROOTFS_CPIO is the base archive.
need_rootfs() {
	cached "$ROOTFS_DIR" "1 $(hash_of "$HYPSEC_TOP/scripts/lib/rootfs.sh" \
		"$HYPSEC_TOP/scripts/lib/init")" make_rootfs
	ROOTFS_CPIO=$ROOTFS_DIR/root.cpio
}

make_rootfs() {
	local dir=$1 root=$1/root d

	need_packages
	own_apt_update
	say "making the host's file system"
	quietly "$HYPSEC_BUILD/log/mmdebstrap.log" \
		mmdebstrap --architectures=arm64 --variant=extract --mode=root \
		--include="$ROOTFS_PACKAGES" \
		"$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" \
		"$HYPSEC_BUILD/apt/sources.list"
	# Debian 12's packages still have /bin, /lib beside /usr.
	for d in bin sbin lib; do
		mkdir -p "$root/usr/$d"
		if [ -d "$root/$d" ] && [ ! -L "$root/$d" ]; then
			cp -a "$root/$d/." "$root/usr/$d/"
			rm -r "${root:?}/$d"
		fi
		ln -sfn "usr/$d" "$root/$d"
	done
	for d in $ROOTFS_TRIM; do
		rm -rf "${root:?}/$d"
	done
	find "$root/usr/share/qemu" "$root/usr/share/seabios" -type f \
		! -name 'efi-virtio.rom' ! -name 'en-us' -delete 2>/dev/null || :
	mkdir -p "$root"/{dev,proc,sys,run,tmp,root,mnt,var/log}
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' \
		>"$root/etc/passwd"
	printf 'root:x:0:\nkvm:x:105:\nnogroup:x:65534:\n' >"$root/etc/group"
	install -m 755 "$HYPSEC_TOP/scripts/lib/init" "$root/init"
	cpio_of "$root" >"$dir/root.cpio"
}

# need_modules DIR: afterwards MODULES_CPIO holds the listed modules of DIR (a
# lib/modules/RELEASE folder) and what they depend on, decompressed.
need_modules() {
	local dir=$1 release key

	release=$(basename "$dir")
	key="1 $dir $(stat -c %Y "$dir" "$dir/modules.dep") $ROOTFS_MODULES"
	cached "$HYPSEC_BUILD/modules-$release" "$key" make_modules "$dir"
	MODULES_CPIO=$HYPSEC_BUILD/modules-$release/modules.cpio
}

make_modules() {
	local from=$1 out=$2 root=$2/root release m file to

	release=$(basename "$from")
	mkdir -p "$root/lib/modules/$release"
	for m in $ROOTFS_MODULES; do
		PATH=$PATH:/usr/sbin:/sbin modprobe -d "${from%/lib/modules/*}" \
			-S "$release" --show-depends "$m" 2>/dev/null || :
	done | awk '$1 == "insmod" {print $2}' | sort -u |
	while read -r file; do
		to=$root/lib/modules/$release/${file##*/modules/"$release"/}
		mkdir -p "$(dirname "$to")"
		case $file in
		*.xz) xz -dc "$file" >"${to%.xz}" ;;
		*.zst) zstd -qdc "$file" >"${to%.zst}" ;;
		*.gz) gzip -dc "$file" >"${to%.gz}" ;;
		*) cp "$file" "$to" ;;
		esac
	done
	cp "$from"/modules.{order,builtin,builtin.modinfo} \
		"$root/lib/modules/$release/" 2>/dev/null || :
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$root" "$release"
	# The base archive may have lib as a link to usr/lib.
	mkdir -p "$root/usr"
	mv "$root/lib" "$root/usr/lib"
	cpio_of "$root" >"$out/modules.cpio"
	rm -rf "$root"
}
