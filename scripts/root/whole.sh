# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, with HypSec sealed: a whole Debian root in a protected VM, from a disk that its first boot
# encrypts and its second one has. whole.sh SECONDS IMAGE; prints result lines.
. "${0%/*}/functions.sh"
image=$2
for disk in /sys/block/vd*; do
	if [ "$(cat "$disk/serial")" = whole-root ]; then
		disk=/dev/${disk##*/}
		break
	fi
done
debian() {
	exec qemu-system-aarch64 -M virt,gic-version=3 -accel kvm -cpu host -smp 2 -m 512M -nodefaults \
		-no-user-config -display none -serial stdio -no-reboot -kernel "$dir/$image" \
		-global virtio-mmio.force-legacy=false -drive "if=none,id=disk,format=raw,file=$disk" \
		-device virtio-blk-device,drive=disk,iommu_platform=on \
		-netdev user,id=net -device virtio-net-device,netdev=net,iommu_platform=on </dev/null >"$out" 2>&1
}
shown() { tr -d '\r' <"$out" | grep -qaE -- "$1"; }
for boot in first second; do
	ticks
	from=$now
	( debian ) &
	pid=$!
	check "the $boot boot ends by itself" wait_for $pid
	ticks
	echo "# it took $(((now - from) / 100)) s"
	tr -d '\r' <"$out" | grep -aE '(^|login: )(guest|root): ' | sed 's/^/# /'
	[ $boot = second ] || check "it has enrolled the disk" shown '^guest: enrolled: root of [0-9]* MiB'
	check "which is ciphertext with integrity" \
		shown '^guest: disk /dev/vda, [0-9]* MiB: LUKS2 with integrity, key of security version 0'
	check "Debian runs from it" shown 'root: Debian GNU/Linux .* packages$'
	check "as its root" shown 'root: /dev/mapper/root ext4'
	check "systemd has reached multi-user.target, and nothing has failed" \
		shown 'root: active multi-user.target, failed: *$'
done
check "the second has what the first has written" shown 'root: kept private'
soon no_vm
check "the core is sealed" [ "$(cat $hypsec/state)" = sealed ]
echo "1..$count"
[ $failed = 0 ]
