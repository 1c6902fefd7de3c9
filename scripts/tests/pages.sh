#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/tests/pages.sh [--plain] [--smp N] [CASE | -CASE]... [-- HOST-OPTION...]
#
# The host's root against the memory of running guests (scripts/tests/soak/attacks.sh): pages
# saved, changed, exchanged, put back too late, dropped, aliased, hammered. With --plain
# (the default run has one, too) against ordinary guests on the stock kernel. "--smp 4 -churn" on a
# workstation with fewer processors: KVM gives back a split block's pages one after another with
# the scheduler off, and the host would complain of the time.
# takes: 250
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

plain= smp= cases=()
while [ $# -gt 0 ]; do
	case $1 in
	--plain) plain=1 ;;
	--smp) smp=${2:?}; shift ;;
	--) shift; break ;;
	*) cases+=("$1") ;;
	esac
	shift
done
here=$HYPSEC_TOP/scripts/tests/soak

need_kernel
built=$("$here/build") guest=$("$here/guest")
attack=$("$HYPSEC_TOP/scripts/tests/attack/build")
add=()
into_host /soak "$here"/{functions.sh,attacks.sh,cmdline} "$built"/{ram,qmp} \
	"$guest"/{vm.img,Image,initrd.cpio} \
	"$attack"/attack{,.ko}

# attacks PLAIN SMP "CASE..." [HOST-OPTION...]
attacks() {
	local plain=$1 smp=$2 cases=$3 status=0
	local out=$HYPSEC_BUILD/log/pages-$smp${plain:+-plain}.out
	shift 3

	"$HYPSEC_TOP/scripts/host" --timeout 1500 --mem 1G --smp "$smp" "${add[@]}" "$@" \
		-- sh -c "plain=$plain sh /soak/attacks.sh $cases" >"$out" || status=$?
	pass_on <"$out"
	check "the host's script went through (CPUs: $smp${plain:+, ordinary guests})" \
		[ $status = 0 ]
}

if [ -n "$plain$smp${cases[*]}" ]; then
	attacks "$plain" "${smp:-2}" "${cases[*]}" ${plain:+--no-hypsec} "$@"
else
	attacks 1 2 "" --no-hypsec "$@"
	attacks "" 2 "" "$@"
fi
ktap_end
