#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, as its hostile kernel: every field of KVM's structures that a
# careless EL2 would load into one of its control registers is changed at each
# entry of a running guest (and put back at exit, or the host would only hurt itself). The guest must then see nothing but its own memory, at
# its own exception level, or not run; and the host and the core must go on.
#
# The argument is an address that the host takes for RAM, with no memory behind it.
#
# With "control" as argument (no HypSec): one attack that is safe to carry out,
# to show that it does what it says.
dir=${0%/*}
. "$dir/vm.sh"
state=/sys/kernel/security/hypsec/state

# hold_start: a guest that waits; sets pid, ipa, near.
hold_start() {
	rm -f /tmp/go /tmp/hold
	mkfifo /tmp/go
	$dir/kvmapi hold -m 8 </tmp/go >/tmp/hold 2>&1 &
	holder=$!
	exec 9>/tmp/go
	within 30 eval "grep -q '^kvmapi: ready' /tmp/hold || child_ended $holder"
	pid=$(sed -n 's/^kvmapi: ready pid=\([0-9]*\).*/\1/p' /tmp/hold)
	ipa=$(sed -n 's/^kvmapi: ready .*ipa=\([0-9a-fx]*\).*/\1/p' /tmp/hold)
	near=$(sed -n 's/^kvmapi: ready .*near=\([0-9a-fx]*\).*/\1/p' /tmp/hold)
	[ -n "$pid" ]
}

# hold_end [SECONDS]: lets it go on, until it says how it ended, or for so long
# (default 3; what it does takes some thousands of instructions). Prints how it ended.
hold_end() {
	echo >&9
	exec 9>&-
	within ${1:-3} grep -q '^kvmapi: hold end' /tmp/hold
	kill -9 $holder 2>/dev/null
	wait $holder 2>/dev/null
	$dir/attack stop >/tmp/stop
	grep '^kvmapi: hold end' /tmp/hold || echo "kvmapi: hold end=none"
}

# Nothing foreign was read, and what ran, ran at EL1 on memory that kept its contents.
harmless() {
	case $1 in
	*value=foreign* | *memory=bad* | *el=[023]*) return 1 ;;
	*"end=good el=1 memory=good value=own"*) return 0 ;;
	*end=good*) return 1 ;;
	esac
	return 0
}

host_goes_on() {
	[ ! -e $state ] || grep -q '^sealed' $state || return 1
	$dir/kvmapi vms -n 1 -c 2 -g -m 8 -x check >/dev/null
}

# corrupt_entry WHAT FIELD AND XOR [entry]: at every entry from now on; put back at
# the exit, unless "entry". Leaves $result.
corrupt_entry() {
	local what=$1 field=$2 and=$3 xor=$4

	result=
	if ! hold_start ||
	   ! $dir/attack corrupt $pid $field ${5:-during} $and $xor >/tmp/armed; then
		not_ok "$what" "the attack could not be armed"
		return
	fi
	result=$(hold_end)
	if ! grep -q 'applied=[1-9]' /tmp/stop; then
		not_ok "$what" "the attack was never carried out: $(cat /tmp/stop)"
	elif ! harmless "$result"; then
		not_ok "$what" "$result"
	elif ! host_goes_on; then
		not_ok "$what" "afterwards no VM works, or the core is not sealed"
	else
		ok "$what"
		echo "# $result"
	fi
}

# foreign_page WHAT PA: the host's own table gives the guest a page of choice.
foreign_page() {
	hold_start && $dir/attack remap $pid $ipa $2 $near >/tmp/armed || {
		not_ok "$1" "the attack could not be carried out"
		return 1
	}
	result=$(hold_end)
}

insmod $dir/attack.ko || exit 1
all=0xffffffffffffffff

# First what an untouched run looks like, or the rest means nothing.
hold_start
result=$(hold_end 60)
check "a guest that nobody attacks ends well" \
	[ "${result#*end=good el=1 memory=good value=own}" != "$result" ]

# The kernel's own image: a page of the host, which the host may give away.
pa=$(awk -F'[- ]+' '/Kernel code/ {print "0x" $2; exit}' /proc/iomem)
text=$($dir/attack peek $pa | sed -n 's/.*value=//p')
if foreign_page "a host can give a guest a page of its own" $pa; then
	echo "# $result"
	check "a host can give a guest a page of its own" \
		[ -n "$text" -a "${result##*value_is=}" = "$text" ]
fi
if [ "${1:-}" = control ]; then
	echo "1..$count"
	[ $failed = 0 ]
	exit
fi

# The largest ranges that the host can't read are the core's.
$dir/attack ranges | sed -n 's/.*start=\(0x[0-9a-f]*\) pages=\([0-9]*\)/\2 \1/p' |
	sort -rn | head -n 2 >/tmp/ranges
check "some memory is out of the host's reach" [ -s /tmp/ranges ]

# user_gets PA HOW ANSWER: a process that mapped the page uses it.
user_gets() {
	$dir/attack user $1 $2 >/tmp/user
	grep -q "result=$3" /tmp/user || { cat /tmp/user; return 1; }
}

check "the same accesses work on a page of the host" $dir/attack page
read -r pages core </tmp/ranges
for how in read write exec; do
	check "a process that tries to $how a page of the core gets SIGBUS" \
		user_gets $core $how "killed signal=7"
done
check "the kernel gets EFAULT on a process's behalf" user_gets $core uaccess "refused error=EFAULT"

# kernel_gets ANSWER COMMAND...: the kernel uses the page itself.
kernel_gets() {
	local answer=$1
	shift

	$dir/attack "$@" >/tmp/kernel
	grep -q "result=$answer" /tmp/kernel || { cat /tmp/kernel; return 1; }
}

for alias in linear nocache exec; do
	check "the kernel cannot read a page of the core ($alias)" \
		kernel_gets "refused error=EFAULT" peek $core 8 $alias
	check "the kernel cannot write a page of the core ($alias)" \
		kernel_gets "refused error=EFAULT" poke $core 0 8 $alias
done
check "a thread of the kernel that jumps into the core dies" \
	kernel_gets "killed signal=" exec $core
check "and the host goes on" host_goes_on

while read -r pages start; do
	for page in 0 1 $((pages / 2)) $((pages - 1)); do
		pa=$(printf '0x%x' $((start + page * 4096)))
		what="a host cannot give a guest the core's page $pa"
		foreign_page "$what" $pa || continue
		if harmless "$result" && host_goes_on; then
			ok "$what"
			echo "# $result"
		else
			not_ok "$what" "$result"
		fi
	done
done </tmp/ranges

corrupt_entry "HCR_EL2: stage 2 off (VM)" hcr_el2 0xfffffffffffffffe 0
corrupt_entry "HCR_EL2: exceptions of the guest go nowhere (IMO, FMO, AMO, TSC, TGE)" \
	hcr_el2 0xfffffffffff7ffc7 0x8000000
corrupt_entry "HCR_EL2: AArch32 guest (RW)" hcr_el2 0xffffffff7fffffff 0
corrupt_entry "HCR_EL2: every other bit" hcr_el2 $all 0xffffffff00000000
corrupt_entry "HCR_EL2: zero" hcr_el2 0 0
corrupt_entry "HCRX_EL2" hcrx_el2 0 $all
corrupt_entry "MDCR_EL2: everything" mdcr_el2 0 $all
corrupt_entry "MDCR_EL2: nothing trapped" mdcr_el2 0 0
corrupt_entry "VSESR_EL2" vsesr_el2 0 $all
corrupt_entry "FGT, by features hidden from the guest" fgu 0 $all
corrupt_entry "VTCR_EL2: other sizes and levels" vtcr $all 0x7ff
corrupt_entry "VTCR_EL2: zero" vtcr 0 0
corrupt_entry "VTTBR_EL2: tables at address 0" pgd_phys 0 0
corrupt_entry "VTTBR_EL2: tables beyond memory" pgd_phys 0 0x0000fffffffff000
[ ! -s /tmp/ranges ] ||
	corrupt_entry "VTTBR_EL2: tables inside the core" pgd_phys 0 \
		"$(awk 'NR == 1 {print $2}' /tmp/ranges)"
corrupt_entry "VMID: the host's" vmid 0 0
corrupt_entry "VMID: another generation" vmid $all 0xff00
# The host's to choose for an ordinary VM, so it works; the piece "protected" has the
# VMs for which it must not.
corrupt_entry "CNTVOFF_EL2: any value" voffset $all 0x5a5a000000000000 entry
check "CNTVOFF_EL2: the attack works" [ "${result#*time=jumped}" != "$result" ]
corrupt_entry "PSTATE: EL2h" pstate 0xfffffffffffffff0 0x9
corrupt_entry "PSTATE: EL2t" pstate 0xfffffffffffffff0 0x8
corrupt_entry "PSTATE: EL3h" pstate 0xfffffffffffffff0 0xd
corrupt_entry "PSTATE: AArch32 hypervisor mode" pstate 0xffffffffffffffe0 0x1a
corrupt_entry "PSTATE: every bit" pstate 0 $all
corrupt_entry "ICH_HCR_EL2" vgic_hcr 0 0xffffffff
corrupt_entry "ICH_VMCR_EL2" vgic_vmcr 0 0xffffffff
corrupt_entry "ICH_LR0_EL2: a hardware interrupt of the host" vgic_lr0 0 0x703000000000001b
corrupt_entry "ICH_LR: more than there are" vgic_used_lrs 0 0xffffffff
corrupt_entry "ICH_AP1R0_EL2" vgic_ap1r0 0 0xffffffff
corrupt_entry "the guest's flags" iflags 0 0xff
corrupt_entry "a debug state at a wild address" debug_ptr 0 0x0000fffffffffff8
corrupt_entry "CPTR_EL2, by an SVE state at a wild address" sve_state 0 0xffff000000000001
corrupt_entry "the VM at a wild address" hw_mmu 0 0x0000fffffffffff8

# A load or store of EL2's that the memory aborts costs that access, or that run.
absent=$1
check "memory that is not there is the host's RAM" \
	grep -qi "^ *0*${absent#0x}-.* : " /proc/iomem
no_page() {
	$dir/attack hvc 0xc6008002 $absent >/tmp/donate
	grep -q "result=done x0=0xf*f3 " /tmp/donate || { cat /tmp/donate; return 1; }
}
check "the core does not take it, nor break: a memory error" no_page
corrupt_entry "VTTBR_EL2: tables in memory that is not there" pgd_phys 0 $absent
check "and the core goes on" grep -q '^sealed' $state

echo "1..$count"
[ $failed = 0 ]
