# SPDX-License-Identifier: GPL-2.0-only
#
# The disk of a VM with an encrypted root: sourced by init (busybox sh), which defines stop
# and say. The disk is the host's: whatever is read of it is checked before it is used, and
# read once. README has the layout.

MIB=2048			# in sectors
SLOT=1048576			# bytes: a record of RECORD, then the LUKS2 header
RECORD=4096
HEADER=$((SLOT - RECORD))
work=/run/hypsec
chosen=/sys/firmware/devicetree/base/chosen
keys=$chosen/security-hypsec-sealing-keys

# The first virtio disk, in the order of the image's list of devices.
disk_find() {
	local i=0

	until [ -b /dev/vda ]; do
		i=$((i + 1))
		[ $i -le 120 ] || stop "there is no virtio disk"
		sleep 1
	done
	disk=/dev/vda
	sectors=$(cat /sys/block/vda/size)
}

# The sealing keys: of the image's own security version, then of earlier ones.
keys_find() {
	[ -r $keys ] || stop "no sealing keys: not a protected VM?"
	key_count=$(($(wc -c <$keys) / 32))
	[ "$key_count" -gt 0 ] || stop "no sealing keys: not a protected VM?"
	key_source=$(tr -d '\0' <$chosen/hypsec,sealing-source)
	own_version=$(printf %d "0x$(od -An -v -tx1 $chosen/hypsec,security-version | tr -d ' \n')")
}

# A key only ever goes through pipes, and for luksChangeKey through files in memory.
key() { dd if=$keys bs=32 skip="$1" count=1 2>/dev/null; }

# What the host's clock said is taken if it is not before the time of signing. From here on time is
# the counter's, which the host does not turn.
clock_floor() {
	local signed

	[ -r $chosen/hypsec,signed-at ] || return 0
	signed=$(printf %d "0x$(od -An -v -tx1 $chosen/hypsec,signed-at | tr -d ' \n')")
	[ "$(date +%s)" -ge "$signed" ] || date -s "@$signed" >/dev/null ||
		stop "the clock cannot be set"
	say "clock: $(date -u '+%Y-%m-%d %H:%M') UTC by the host's word, not before the signing"
}

hash() { sha512sum | cut -c1-128; }

# mac KEY DIGEST: hashed with the key twice, so that nobody without it can continue or make one.
mac() {
	{
		key "$1"
		printf 'HypSec root disk 1, outer\n'
		{
			key "$1"
			printf 'HypSec root disk 1, inner\n%s' "$2"
		} | hash
	} | hash
}

# record_value FILE NAME: of a record whose MAC was right
record_value() { head -c $RECORD "$1" | tail -c +129 | tr -d '\0' | sed -n "s/^$2 \([0-9]*\)\$/\1/p"; }

# Which of the two slots is good, with which key: slot, sequence, key_index. The header is used
# out of memory from here on: the host cannot change what has been checked.
slots_read() {
	local i k m d s

	slot= sequence=-1 blank=yes
	for i in 0 1; do
		dd if=$disk of=$work/slot$i bs=$SLOT skip=$i count=1 2>/dev/null
		[ "$(wc -c <$work/slot$i)" = $SLOT ] || stop "$disk cannot be read"
		head -c $SLOT /dev/zero | cmp -s - $work/slot$i && continue
		blank=
		m=$(head -c 128 $work/slot$i)
		d=$(tail -c +129 $work/slot$i | hash)
		k=0
		while [ $k -lt "$key_count" ]; do
			if [ "$m" = "$(mac $k "$d")" ]; then
				s=$(record_value $work/slot$i sequence)
				[ "$s" -le "$sequence" ] || { slot=$i sequence=$s key_index=$k; }
			fi
			k=$((k + 1))
		done
	done
	[ -n "$slot" ] || return 0
	start=$(record_value $work/slot$slot start)
	length=$(record_value $work/slot$slot length)
	tail -c +$((RECORD + 1)) $work/slot$slot >$work/header
}

# Writes record and header, under the image's own key, to the slot that is not in use; then
# the one that was is cleared. Whatever is interrupted, one of the two is whole.
slot_write() {
	local to=$((1 - ${slot:-1})) from=$slot

	sequence=$((sequence + 1))
	printf 'sequence %d\nstart %d\nlength %d\n' $sequence $start $length >$work/text
	{
		cat $work/text
		head -c $((RECORD - 128 - $(wc -c <$work/text))) /dev/zero
		cat $work/header
	} >$work/body
	{
		printf %s "$(mac 0 "$(hash <$work/body)")"
		cat $work/body
	} >$work/slot$to
	[ "$(wc -c <$work/slot$to)" = $SLOT ] || stop "the disk's header has grown"
	dd if=$work/slot$to of=$disk bs=$SLOT seek=$to conv=fsync,notrunc 2>/dev/null &&
		{ [ -z "$from" ] || dd if=/dev/zero of=$disk bs=$SLOT seek="$from" count=1 \
			conv=fsync,notrunc 2>/dev/null; } || stop "$disk cannot be written"
	slot=$to key_index=0
}

# All that lies behind the root file system as it was shipped, in whole MiB.
data_map() {
	dmsetup create hypsec-data --table "0 $1 linear $disk $start" ||
		stop "$disk cannot be mapped"
}

# What cryptsetup says is shown only when it fails: it has device names in it, no keys.
quiet() {
	"$@" >$work/said 2>&1 || { cat $work/said; return 1; }
}

root_unlock() {
	key $key_index | quiet cryptsetup --batch-mode open --type luks2 --header $work/header \
		--key-file - --keyfile-size 32 /dev/mapper/hypsec-data root ||
		stop "the encrypted root cannot be opened"
}

# A device's last block has to be readable before a file system may grow to it, and what looks
# for signatures reads its last MiB. Never where the file system is already (of FROM blocks, by
# its own superblock): a MAC must not be given to zeros over the guest's data.
root_end() {
	local from=$1 blocks=$(($(blockdev --getsize64 /dev/mapper/root) / 4096))

	[ "$from" -ge $((blocks - 256)) ] || from=$((blocks - 256))
	[ "$from" -ge $blocks ] || dd if=/dev/zero of=/dev/mapper/root bs=4096 seek="$from" \
		count=$((blocks - from)) conv=fsync 2>/dev/null ||
		stop "the encrypted root cannot be written"
}

# u32 AT: of the ext4 superblock
u32() { od -An -tu4 -j $((1024 + $1)) -N 4 /dev/mapper/root | tr -d ' '; }

root_mount() {
	mount -t ext4 -o errors=panic /dev/mapper/root /newroot ||
		stop "the root does not mount: $disk does not hold what was written to it"
}

# A key of an earlier security version gives way to the image's own: later images are told only
# three before theirs.
root_rekey() {
	key $key_index >$work/old
	key 0 >$work/new
	quiet cryptsetup --batch-mode luksChangeKey --key-file $work/old --keyfile-size 32 \
		--pbkdf pbkdf2 --pbkdf-force-iterations 1000 --new-keyfile-size 32 \
		$work/header $work/new || stop "the key cannot be changed"
	rm $work/old $work/new
	say "re-keyed from a key of $key_index version(s) ago"
}

root_open() {
	local now=$(((sectors - start) / MIB * MIB)) low high

	[ $now -ge "$length" ] || stop "$disk is smaller than it was: cut off"
	data_map $now
	if [ "$key_index" -gt 0 ]; then
		root_rekey
		slot_write
	fi
	root_unlock
	if [ $now -gt "$length" ]; then
		# dm-integrity sees the new size as it starts, cryptsetup the time after. The host
		# can have this done again, by an older header: nothing here depends on its being new.
		quiet cryptsetup close root || stop "the encrypted root cannot be closed"
		root_unlock
		low=$(u32 4) high=$(u32 336)
		[ -n "$low" ] && [ -n "$high" ] || stop "the encrypted root cannot be read"
		root_end $((high << 32 | low))
	fi
	root_mount
	if [ $now -gt "$length" ]; then
		quiet resize2fs /dev/mapper/root || stop "the root cannot grow"
		length=$now
		slot_write
		say "grown to $((now / MIB)) MiB"
	fi
	key_version=$own_version
}

# The first boot. Until the last step nothing marks the disk, and a next boot starts anew.
root_enrol() {
	local got failed=

	[ "$ENROL" = yes ] || stop "$disk is not enrolled, and this image enrols none:" \
		"its host has exchanged it or taken its header away"
	[ "$key_source" != ephemeral ] || [ "$EPHEMERAL" = yes ] ||
		stop "the sealing keys are EPHEMERAL: gone with the host's boot, and the disk with" \
			"them. Not enrolled (from-root --allow-ephemeral is for trying it out)"
	start=$((2 * MIB + ROOT_SIZE / 512))
	length=$(((sectors - start) / MIB * MIB))
	[ $((length * 512)) -gt $((ROOT_SIZE + ROOT_SIZE / 32 + 8388608)) ] ||
		stop "$disk is too small: the root has $((ROOT_SIZE >> 20)) MiB"
	say "first boot: enrolling $disk"
	# The kernel's generator has its seed before the key of the disk is drawn.
	head -c 1 /dev/random >/dev/null
	data_map $length
	truncate -s $HEADER $work/header
	key 0 | quiet cryptsetup --batch-mode luksFormat --type luks2 --header $work/header \
		--cipher aes-xts-random --key-size 512 --integrity hmac-sha256 --integrity-no-wipe \
		--sector-size 4096 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
		--luks2-metadata-size 16k --luks2-keyslots-size $((HEADER / 1024 - 32))k \
		--key-file - --keyfile-size 32 /dev/mapper/hypsec-data ||
		stop "the encrypted root cannot be made"
	key_index=0
	root_unlock
	root_end 0
	# One pass: the bytes that are hashed are those that are written. Only when they are the
	# signed ones does anything look at them as a file system.
	mkfifo $work/copy
	hash <$work/copy >$work/got &
	dd if=$disk bs=1M skip=2 count=$((ROOT_SIZE >> 20)) 2>/dev/null | tee $work/copy |
		dd of=/dev/mapper/root bs=1M iflag=fullblock conv=fsync 2>/dev/null || failed=yes
	wait $!
	got=$(cat $work/got)
	[ -z "$failed" ] && [ "$got" = "$ROOT_SHA512" ] ||
		stop "the root file system on $disk is not the signed one"
	root_mount
	quiet resize2fs /dev/mapper/root || stop "the root cannot grow"
	sync
	slot_write
	key_version=$own_version
	say "enrolled: root of $((length / MIB)) MiB"
}
