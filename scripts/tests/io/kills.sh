# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: VMMs that end at any moment: before there is a VM, while it
# is verified, as it shares, in the midst of its input and output. How far it is, the seed says;
# what it is doing then, the machine.
random() { seed=$(((seed * 1103515245 + 12345) % 2147483648)); r=$((seed / 65536 % $1)); }
# come_to STAGE: it is there, or it is gone
come_to() {
	case $1 in
	0) ;;
	1) soon eval '! no_vm || child_ended $pid' ;;
	2) soon eval 'logged "asks for protection" || child_ended $pid' ;;
	3) soon eval 'logged "shares" || child_ended $pid' ;;
	4) says_or_gone "device" ;;
	5) says_or_gone "turn 1" ;;
	6) says_or_gone "turn 2" ;;
	esac
}
mode=short
cp "$dir/disk" /tmp/disk
if [ -z "$before" ]; then
	begin blk net rng
	check "a guest is at its input and output" come_to 5
	dropped $pid
	first_accounts
fi
echo "# $kills VMMs to be killed, seed $seed"
killed=0 at=
while [ $killed -lt $kills ]; do
	random 7
	stage=$r
	random 20
	cpus=$((killed % 2 + 1))
	begin blk net rng
	come_to $stage
	sleep $((r / 10)).$((r % 10))
	dropped $pid
	soon no_vm && no_complaint || break
	killed=$((killed + 1)) at="$at $stage"
	[ $((killed % 10)) = 0 ] || continue
	soon settled && soon same_accounts || break
	echo "# killed $killed, at$at"
	at=
done
check "VMMs that were killed left nothing, and broke nothing" [ $killed = $kills ]
cpus=1 mode=works
