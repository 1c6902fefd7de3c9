# SPDX-License-Identifier: GPL-2.0-only
#
# The host's file system: Debian's own QEMU and busybox as a disk image that
# becomes /usr, and a small initramfs that mounts it.  Neither ever changes;
# what a run needs besides (modules, added files, the command) is in archives
# appended to the initramfs, which the kernel unpacks one after the other.

. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"

ROOTFS_DIR=$HYPSEC_BUILD/rootfs
ROOTFS_PACKAGES=qemu-system-arm,busybox-static
# Bulk that neither QEMU nor a test in the host reads.
ROOTFS_TRIM="share/doc share/locale share/man share/info share/lintian
	share/icons share/X11 share/bash-completion share/perl5 share/perl
	share/fonts share/vim share/zoneinfo share/alsa share/iso-codes
	share/xml share/AAVMF share/qemu-efi-aarch64 lib/udev lib/qemu
	lib/aarch64-linux-gnu/perl-base lib/aarch64-linux-gnu/gconv
	lib/aarch64-linux-gnu/vdeplug lib/aarch64-linux-gnu/security
	bin/qemu-system-arm bin/qemu-storage-daemon bin/qemu-pr-helper
	bin/qemu-edid"
# virtio_blk and ext4 for the disk; the rest for what tests do in the host.
ROOTFS_MODULES="virtio_blk ext4 zram lz4 lz4_compress zstd virtio_net
	virtio_balloon virtio_rng vhost_net vhost_vsock tun loop dm-crypt algif_skcipher xts tpm_tis vsock
	vmw_vsock_virtio_transport overlay virtio_mem efivarfs"

# cpio_of DIR: the folder as an archive the kernel takes, every file root's.
cpio_of() {
	( cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet --null --create --format=newc --owner=0:0 \
			--reproducible )
}

# need_rootfs: afterwards ROOTFS_DISK is the disk image, ROOTFS_CPIO the base
# archive and ROOTFS_TREE the folder the image was made from.
need_rootfs() {
	need_packages
	cached "$ROOTFS_DIR" "$(rootfs_recipe | sha256sum)" make_rootfs
	ROOTFS_TREE=$ROOTFS_DIR/usr
	ROOTFS_DISK=$ROOTFS_DIR/usr.ext4
	ROOTFS_CPIO=$ROOTFS_DIR/base.cpio
	other_vmm
}

# other_vmm: with HYPSEC_VMM=10 the host's /usr has QEMU 10.0, of Debian 12's backports; Debian 13's
# own is that one. What is made of ROOTFS_TREE for guests stays as it is.
other_vmm() {
	local suite

	[ -n "${HYPSEC_VMM:-}" ] || return 0
	[ "$HYPSEC_VMM" = 10 ] || die 125 "HYPSEC_VMM=$HYPSEC_VMM: there is 10, or none for the release's own"
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	[ "$suite" = bookworm ] || return 0
	cached "$ROOTFS_DIR-vmm10" "$(rootfs_recipe | sha256sum)" make_rootfs $suite-backports
	ROOTFS_DISK=$ROOTFS_DIR-vmm10/usr.ext4
}

# What the image depends on: made again where one of these is edited.
rootfs_recipe() {
	declare -p ROOTFS_PACKAGES ROOTFS_TRIM
	declare -f make_rootfs cpio_of
}

# make_rootfs [SUITE] DIR: with what SUITE has, where it has it
make_rootfs() {
	local dir=${*: -1} OWN_SUITE suite=() root base d applet

	root=$dir/root base=$dir/base
	own_apt_update
	if [ $# -gt 1 ]; then
		OWN_SUITE=$1
		own_apt_update
		suite=("$HYPSEC_BUILD/apt-$1/sources.list" "--aptopt=APT::Default-Release \"$1\"")
	fi
	say "making the host's file system"
	quietly "$HYPSEC_BUILD/log/mmdebstrap.log" \
		mmdebstrap --architectures=arm64 --variant=extract --mode=root \
		--include="$ROOTFS_PACKAGES" \
		"$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" \
		"$HYPSEC_BUILD/apt/sources.list" ${suite[@]+"${suite[@]}"} ||
		die 125 "cannot make the host's file system" \
			"mmdebstrap needs root and the network; see its log above"

	# Debian 12's packages still have /bin, /lib, /sbin beside /usr.
	for d in bin sbin lib; do
		mkdir -p "$root/usr/$d"
		[ -d "$root/$d" ] && [ ! -L "$root/$d" ] || continue
		cp -a "$root/$d/." "$root/usr/$d/"
	done
	mv "$root/usr" "$dir/usr"
	rm -rf "$root"
	for d in $ROOTFS_TRIM; do
		rm -rf "$dir/usr/$d"
	done
	# The machine of the host's guests has no firmware but the network card's.
	find "$dir/usr/share/qemu" "$dir/usr/share/seabios" -type f \
		! -name 'efi-virtio.rom' ! -name 'en-us' -delete 2>/dev/null || :
	# The same package for this machine knows the applets of the host's.
	for applet in $(busybox --list); do
		[ -e "$dir/usr/sbin/$applet" ] || [ -e "$dir/usr/bin/$applet" ] ||
			ln -s busybox "$dir/usr/bin/$applet"
	done
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 -O ^has_journal -m 0 \
		-d "$dir/usr" "$dir/usr.ext4" 256M >/dev/null

	mkdir -p "$base"/{dev,proc,sys,run,tmp,root,mnt,usr,var/log,etc}
	for d in bin sbin lib; do
		ln -s "usr/$d" "$base/$d"
	done
	cp "$dir/usr/bin/busybox" "$base/busybox"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' \
		>"$base/etc/passwd"
	printf 'root:x:0:\nkvm:x:105:\nnogroup:x:65534:\n' >"$base/etc/group"
	cpio_of "$base" >"$dir/base.cpio"
	rm -rf "$base"
}

# need_modules DIR: afterwards MODULES_CPIO holds the listed modules of DIR (a
# lib/modules/RELEASE folder) and what they depend on, decompressed.
need_modules() {
	local dir=$1 release key

	release=$(basename "$dir")
	key="3 $dir $(stat -c %Y "$dir" "$dir/modules.dep") $ROOTFS_MODULES"
	cached "$HYPSEC_BUILD/modules-$release" "$key" make_modules "$dir"
	MODULES_CPIO=$HYPSEC_BUILD/modules-$release/modules.cpio
}

make_modules() {
	local from=$1 out=$2 top release m file to

	# Outside /usr, which the disk image will cover.
	release=$(basename "$from")
	top=$out/root/lib/modules/$release
	mkdir -p "$top"
	for m in $ROOTFS_MODULES; do
		PATH=$PATH:/usr/sbin:/sbin modprobe -d "${from%/lib/modules/*}" \
			-S "$release" --show-depends "$m" 2>/dev/null || :
	done | awk '$1 == "insmod" {print $2}' | sort -u |
	while read -r file; do
		to=$top/${file##*/modules/"$release"/}
		mkdir -p "$(dirname "$to")"
		case $file in
		*.xz) xz -dc "$file" >"${to%.xz}" ;;
		*.zst) zstd -qdc "$file" >"${to%.zst}" ;;
		*.gz) gzip -dc "$file" >"${to%.gz}" ;;
		*) cp "$file" "$to" ;;
		esac
	done
	cp "$from"/modules.{order,builtin,builtin.modinfo} "$top/" 2>/dev/null || :
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$out/root" "$release"
	mv "$out/root/lib/modules" "$out/root/modules"
	rmdir "$out/root/lib"
	cpio_of "$out/root" >"$out/modules.cpio"
	rm -rf "$out/root"
}

# with_libraries FROM OUT LIBRARY-OR-PROGRAM...: copies each into OUT/{bin,lib} and what
# it loads; they are started by the loader beside them.
with_libraries() {
	local from=$1 out=$2 name file
	shift 2

	while [ $# -gt 0 ]; do
		name=$1
		shift
		[ ! -e "$out/lib/$name" ] && [ ! -e "$out/bin/$name" ] || continue
		file=$(find "$from" \( -path "*/lib/*" -o -path "*bin/*" \) -name "$name" \
			! -type d -print -quit)
		[ -n "$file" ] || die 125 "no $name in the packages"
		case $name in
		*.so*) cp -L "$file" "$out/lib/$name" ;;
		*) cp -L "$file" "$out/bin/$name" ;;
		esac
		set -- "$@" $("${HYPSEC_CROSS}objdump" -p "$file" | awk '$1 == "NEEDED" {print $2}')
	done
}
