#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# attacks.sh [CASE | -CASE]...	(in the host; without a CASE all that are for $plain or not, but
#				for those with a "-")
#
# The host's root against the memory of a running guest. What a page is given back as
# decides: the one that was taken, and the guest goes on; any other, and that guest ends,
# with the reason in the log, and nothing else does. With $plain the guest is an ordinary
# one, and the same attacks must succeed: a control.
plain=${plain:-}
. "${0%/*}/functions.sh"
. "$dir/cmdline"
wrong_page="ended: the host gave back another page than it was given"
foreign_page="ended: the host backs it with a page that is not its own"
mib=48
frame0=0x40000000	# of the machine "virt"

cases="snapshot read flip old splice two drop swap alias foreign churn hammer kill"
[ -z "$plain" ] || cases="snapshot read flip old splice drop swap"
chosen=
for c; do
	case $c in
	-*) cases=$(echo $cases | tr ' ' '\n' | grep -vx -- "${c#-}") ;;
	*) chosen="$chosen $c" ;;
	esac
done

# begin NAME [VCPUS [QEMU-OPTION...]]
begin() {
	local cpus=${2:-1} any=

	[ -z "$plain" ] || [ $# != 1 ] || any=1
	vm=$1
	shift $(($# > 1 ? 2 : 1))
	mark
	[ -z "$any" ] || [ ! -s /tmp/saved ] || set -- -incoming "exec:cat /tmp/saved"
	vm_start $vm $cpus $mib "$@"
	check "$vm: a guest is up" vm_up $vm
	[ -z "$any" ] || [ -s /tmp/saved ] || check "and is saved" save_vm $vm
}

# Ordinary guests come up once: the others are that one, restored by its VMM.
migrated() { hmp $1 "info migrate" | grep -q 'status: *completed'; }
save_vm() {
	hmp $1 "migrate -d exec:cat>/tmp/saving" >/dev/null
	soon migrated $1 && mv /tmp/saving /tmp/saved && cont_vm $1
}

finish() {
	vm_kill $vm
	sealed && soon no_vm || check "$vm: the core is sealed and has no VM left" false
}

stop_vm() { vm_qmp $1 stop >/dev/null; }
cont_vm() { vm_qmp $1 cont >/dev/null; }

# samples NAME [N]: one page in 64 of a guest at three times, between which it has used
# them; it is left paused. Sets pages: N (1) of those that changed each time, which are
# hardly pages that it had for a moment and has no more use for.
samples() {
	local from t

	for t in first then now; do
		if [ $t != first ]; then
			cont_vm $1
			from=$(rounds $1)
			# A quarter of the pages is changed in each.
			soon rounds_over $1 $((from + 5)) || return 1
			stop_vm $1
		else
			stop_vm $1
		fi
		$ram save "$(vm_ram $1)" /tmp/$1.$t 64 >/dev/null
	done
	pages=$($ram changed ${2:-1} ${plain:+marked} /tmp/$1.first /tmp/$1.then /tmp/$1.now) &&
		[ -n "$pages" ]
}

# each COMMAND...: of each of $pages
each() {
	local page

	for page in $pages; do
		"$@" $page || return
	done
}
flip() { $ram flip "$(vm_ram $vm)" $1; }
put_old() { $ram put "$(vm_ram $vm)" $1 /tmp/$vm.then $1; }
drop() { $ram inject "$(vm_ram $vm)" dontneed $1; }
splice() { $ram splice "$(vm_ram $1)" $2 "$(vm_ram $3)" $4; }
splice_twin() { splice two $1 twin $1; }

# ends NAME REASON: the guest gets no further. An ordinary one notices.
ends() {
	if [ -n "$plain" ]; then
		soon bad $1
	else
		soon logged "$2" && ! bad $1
	fi
}

# --- What is harmless

case_snapshot() {
	set --
	[ -n "$plain" ] || set -- 1 -machine memory-backend=m \
		-object memory-backend-file,id=m,size=${mib}M,mem-path=/tmp/ram.file,share=on
	begin snapshot "$@"
	stop_vm $vm
	check "all pages of a paused guest can be saved" $ram save "$(vm_ram $vm)" /tmp/copy
	$ram file-stats /tmp/copy >/tmp/stats
	echo "# $(cat /tmp/stats)"
	if [ -n "$plain" ]; then
		check "they show what it holds (control)" [ "$(stat marked </tmp/stats)" -gt 1000 ]
	else
		check "none shows what it holds" [ "$(stat marked </tmp/stats)" = 0 ]
		# What QEMU itself wrote into memory before the guest asked for protection.
		check "nearly all are noise" [ "$(stat low </tmp/stats)" -le 4 ]
		check "there are as many as it uses" [ "$(stat pages </tmp/stats)" -gt 5000 ]
	fi
	check "they are overwritten" $ram garbage "$(vm_ram $vm)" /tmp/copy
	$ram stats "$(vm_ram $vm)" >/tmp/stats
	check "with something else" [ "$(stat entropy </tmp/stats | cut -c1)" = 0 ]
	check "and put back" $ram load "$(vm_ram $vm)" /tmp/copy
	cont_vm $vm
	check "the guest goes on" goes_on $vm 3
	[ -n "$plain" ] || user_accesses
	finish
	rm -f /tmp/copy /tmp/ram.file
}

# In the same guest: its memory is a file that another process maps.
user_accesses() {
	local page

	for page in 4500 6000 8000 10000 12000; do
		$ram user /tmp/ram.file $page || return
	done >/tmp/users
	check "a process uses its pages: exclusive, atomic, unaligned" \
		[ "$(grep -c 'marked=0 across=same' /tmp/users)" = 5 ]
	check "and the guest goes on" goes_on $vm 2
}

case_read() {
	local two=2

	[ -z "$plain" ] || two=
	begin read $two
	check "threads of the host read its memory while it runs" \
		eval '$ram hammer "$(vm_ram $vm)" read 10 $(($(nproc) * 2)) >/tmp/hammer'
	echo "# $(cat /tmp/hammer)"
	[ -n "$plain" ] || check "and never see what it holds" [ "$(stat marked </tmp/hammer)" = 0 ]
	[ -z "$plain" ] || check "and see what it holds (control)" [ "$(stat marked </tmp/hammer)" -gt 0 ]
	check "it goes on" goes_on $vm 2
	finish
}

# --- What ends a guest

case_flip() {
	begin flip
	check "one bit" eval 'samples $vm 4 && each flip'
	cont_vm $vm
	check "of some pages changed: the guest notices" ends $vm "$wrong_page"
	finish
}

case_old() {
	begin old
	check "an older copy of some pages" eval 'samples $vm 4 && each put_old'
	cont_vm $vm
	check "put back: the guest notices" ends $vm "$wrong_page"
	finish
}

case_splice() {
	begin splice
	check "pages of a guest" eval 'samples $vm 4 && set -- $pages &&
		splice $vm $1 $vm $2 && splice $vm $3 $vm $4'
	cont_vm $vm
	check "exchanged: the guest notices" ends $vm "$wrong_page"
	finish
}

case_two() {
	begin twin
	begin two
	check "the same pages of two guests" eval 'samples two 8 && stop_vm twin && each splice_twin'
	cont_vm two
	check "exchanged: the one notices" ends two "$wrong_page"
	mark
	cont_vm twin
	check "and the other" ends twin "$wrong_page"
	vm_kill twin
	finish
}

case_drop() {
	begin drop
	check "some pages are dropped" eval 'samples $vm 4 && each drop'
	cont_vm $vm
	check "the guest notices" ends $vm "$wrong_page"
	finish
}

swapped_out() { [ "$($ram state "$(vm_ram $vm)" $1 | stat swapped)" = 1 ]; }
paged_out() { $ram advise "$(vm_ram $vm)" pageout >/dev/null; each swapped_out; }
case_swap() {
	begin swap
	check "some pages are swapped out" eval 'samples $vm 4 && soon paged_out'
	check "and an older copy is what comes in" each put_old
	cont_vm $vm
	check "the guest notices" ends $vm "$wrong_page"
	finish
}

# The next guest's memory in small pages, so that KVM's table has an entry for each; and as before
thp=/sys/kernel/mm/transparent_hugepage/enabled
small_pages() {
	thp_was=$(sed 's/.*\[\(.*\)\].*/\1/' $thp)
	echo never >$thp
}
any_pages() { echo "$thp_was" >$thp; }

# KVM's own table, as a hostile kernel writes it, has page $2's memory at page $1.
alias_to() {
	$dir/attack remap "$(vm_pid $vm)" $((frame0 + $1 * 4096)) \
		"$($ram state "$(vm_ram $vm)" $2 | sed 's/.*pa=//')" $((frame0 + $2 * 4096))
}

# Both were read by samples, so both are sealed.
case_alias() {
	small_pages
	begin alias
	check "one page at two frames" eval 'samples $vm 2 && set -- $pages && alias_to $1 $2'
	cont_vm $vm
	check "the guest notices" ends $vm "\\($wrong_page\\|$foreign_page\\)"
	finish
	any_pages
}

# Only the first was: the second page is the guest's own and in use.
case_foreign() {
	small_pages
	begin foreign
	check "a page that another frame of the guest has" eval 'samples $vm 2 && cont_vm $vm &&
		goes_on $vm 2 && stop_vm $vm && set -- $pages && alias_to $1 $2 &&
		$ram save "$(vm_ram $vm)" /tmp/$vm.x $1'
	cont_vm $vm
	check "the guest notices, or never comes to use it" \
		eval 'ends $vm "\\($wrong_page\\|$foreign_page\\)" || goes_on $vm'
	finish
	any_pages
}

# --- All at once

# Nothing is on its way, as may be what was cancelled before it began.
unmigrated() {
	hmp $1 migrate_cancel >/dev/null
	! hmp $1 "info migrate" | grep -qi 'status: *\(setup\|active\|device\|cancelling\)'
}

# Tables split and join, pages come and go; with nothing given back that is wrong. A part at a
# time, as a page of it costs broadcast after broadcast to CPUs that an emulator has to halt.
case_churn() {
	local until

	begin churn 2
	hmp $vm "migrate_set_parameter max-bandwidth 4m" >/dev/null
	until=$(($(now) + 25))
	while [ "$(now)" -lt $until ]; do
		$ram advise "$(part $vm 12)" collapse
		hmp $vm "migrate -d exec:cat>/dev/null"
		$ram advise "$(part $vm 12)" pageout
		hmp $vm migrate_cancel
		stop_vm $vm
		$ram inject "$(vm_ram $vm)" remap 4096 512
		cont_vm $vm
		echo 1 >/proc/sys/vm/compact_memory
	done >/tmp/churn 2>&1 &
	$ram hammer "$(vm_ram $vm)" read 25 2 >/tmp/hammer
	wait $!
	echo "# $(cat /tmp/hammer); $(grep -c 'collapse done' /tmp/churn) times in" \
		"$(($(now) - until + 25)) s"
	soon unmigrated $vm
	cont_vm $vm
	check "its memory is moved all the time: never seen" [ "$(stat marked </tmp/hammer)" = 0 ]
	check "and the guest goes on" goes_on $vm 2
	check "it powers off, and never saw a wrong word" vm_off $vm
	finish
}

case_hammer() {
	local how

	for how in mix write; do
		begin $how 2
		$ram hammer "$(vm_ram $vm)" $how 8 $(($(nproc) * 2)) >/tmp/hammer 2>&1
		echo "# $how: $(cat /tmp/hammer)"
		check "threads of the host write its memory ($how): never seen" \
			[ "$(stat marked </tmp/hammer)" = 0 ]
		check "the guest ends for that, or never notices" \
			eval 'logged "$wrong_page" || goes_on $vm 1'
		! bad $vm || check "it did not compute with it" false
		finish
	done
}

case_kill() {
	local i t

	for t in 1 2 4 7; do
		vm=kill$t
		vm_start $vm 2 $mib
		sleep $t
		vm_kill $vm
	done
	check "killed while they started: nothing is left" soon no_vm
	for i in stats pageout migrate; do
		begin kill-$i 2
		case $i in
		stats) $ram stats "$(vm_ram $vm)" >/dev/null 2>&1 & ;;
		pageout) $ram advise "$(vm_ram $vm)" pageout >/dev/null 2>&1 & ;;
		migrate) hmp $vm "migrate -d exec:cat>/dev/null" >/dev/null & ;;
		esac
		usleep $(($(date +%s) % 5 * 100000 + 300000))
		vm_kill $vm
		wait $! 2>/dev/null
		check "killed while its pages were sealed ($i): nothing is left" soon no_vm
	done
}

# The disk is a smaller zram for what is swapped.
modprobe zram
echo 256M >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null
check "swap" swapon /dev/zram0
[ -n "$plain" ] || check "the attack's module" insmod $dir/attack.ko
# One page at a time, so that KVM's table has an entry for each; churn makes blocks by itself.
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
if [ -z "$plain" ]; then	# whatever the first VM needs once and for all
	vm_start first 1 $mib
	check "a first guest comes up" vm_up first
	vm_kill first
	soon no_vm
fi
remember_accounts

for c in ${chosen:-$cases}; do
	from=$(now)
	case_$c
	echo "# $c: $(($(now) - from)) s"
done

[ -n "$plain" ] || check "the core is sealed" sealed
check "the accounts are as before" accounts_return
check "the host's log has no complaint" clean
echo "1..$count"
[ $failed = 0 ]
