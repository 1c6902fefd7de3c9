# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: all devices that a guest of eight vCPUs can have, two of them the host
# kernel's (vhost), three on a PCIe bus, used at once; with memory that is a file, which a hostile host
# writes to and cuts off where the range begins.
modprobe -a tun vhost_net vhost_vsock
rm -f /tmp/console.in /tmp/console.out
mkfifo /tmp/console.in /tmp/console.out
"$dir/vsock" serve 1234 "$dir/www/file" >/tmp/vsock 2>&1 &
serves=$!
serve_files() {
	rm -f /tmp/fs.sock
	"$dir/virtiofsd" --socket-path=/tmp/fs.sock -o source="$dir/www" -o sandbox=chroot >/tmp/virtiofsd 2>&1 &
	files=$!
	soon [ -S /tmp/fs.sock ]
}
serve_files
cp "$dir/disk" /tmp/disk
memory="-object memory-backend-file,id=m,size=256M,mem-path=/dev/shm/m,share=on -machine memory-backend=m"
image=all.img mode=all cpus=8
# On the bus, behind those of the image's: one more of a kind, another kind, one that would pass by the range
begin vhost console vsock fs pblk pnet prng prng pballoon pbare
network() { ip addr add 10.0.3.1/24 dev tap0 && ip link set tap0 up; }
check "the host has the other end of its second network" soon network 2>/dev/null
httpd -p 10.0.3.1:8000 -h "$dir/www"
exec 5<>/tmp/console.in 6<>/tmp/console.out
echo a-line-that-was-typed >&5
on_bus() { tr -d '\r' <$out | grep -ca "^io: device 0000:00:0[1-9a]\.0 $1"; }
check "a guest with seven devices comes up" says_or_gone "device"
find_pool
check "it has done its input and output" says_or_gone "at rest"
check "with eight vCPUs" says "cpus 8"
check "all seven have their drivers" [ "$(tr -d '\r' <$out | grep -ca 'io: device .* \(virtio\|vmw_\)')" = 7 ]
check "it read what is on the disk" says "read $sum_disk"
check "it wrote that" says "back $sum_disk"
check "it fetched a file by QEMU's network" says "fetched $sum_file"
check "and by the host kernel's (vhost-net)" says "vhost $sum_file"
check "which serves it in threads of its own" eval 'grep -q vhost /proc/$pid/task/*/comm /proc/[0-9]*/comm'
check "and by vsock" says "vsock $sum_file"
check "and from a folder of its host's (virtio-fs)" says "fs $sum_file"
check "where it has written, too" eval '[ "$(wc -c <"$dir/www/back")" = 1048576 ]'
check "it reads the disk meanwhile" says "meanwhile $sum_disk"
check "it has random numbers of its VMM's" says "random 64"
# What came before the guest had switched its echo off may come back, too.
heard() {
	while read -r -t 1 line <&6; do
		echo "# console: $line" | tr -d '\r'
		case $line in "heard a-line-that-was-typed"*) return 0 ;; esac
	done
	return 1
}
check "its virtio console hears and says" soon heard
check "three of them are on PCIe, and have no MSI" eval '[ "$(on_bus virtio_)" = 3 ] && says "msi 0"'
check "three more there have no drivers" [ "$(on_bus none)" = 3 ]
for number in 4 5 2; do
	check "device $number is refused, which nobody has signed" shown \
		"hypsec_dma: device $number refused: the VM's image has no device here"
done
check "its kernel had nothing to complain of" says "warnings 0"
check "its secret is not in the range" \
	eval 'in_range && [ "$bytes" -gt 1000 ] && [ "$found" = 0 ]'
echo >$input
check "it goes on" says_or_gone "turn 1"
scribble_rings
scribble 1
truncate -s $((0x$base - ram_base)) /dev/shm/m
nothing_lost "cut off from its file"
dropped $pid
dropped $files

# A driver that is built in comes before the guest's module, and takes memory of the guest's own: for a
# disk that is not virtio.
rm /dev/shm/m
serve_files
begin vhost console vsock fs pblk pnet prng nvme
check "with an NVMe disk it has not got that disk, or ends" \
	soon eval 'says "nvme 0" || logged "vm .*: ended" || child_ended $pid'
echo "# $(vm_log | tail -n 1)"
dropped $pid
dropped $serves
dropped $files
exec 5<&- 6<&-
rm /dev/shm/m
check "no VM is left" soon no_vm
first_accounts
memory= image=vm.img mode=works cpus=1
