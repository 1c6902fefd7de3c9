# SPDX-License-Identifier: GPL-2.0-only
#
# In the host, sourced by protected.sh: what a VMM and a host can do that are hostile to what they
# share with a guest.

# What the guest is told, and what is taken from it, may stop it: nothing of its own changes.
nothing_lost() {
	check "$1: nothing of the guest's own has changed" still_kept
	# Of a VMM that is gone nothing is to be seen; what was seen before counts.
	in_range || child_ended $pid
	looked=$?
	check "$1: the range has nothing of the secret" \
		eval '[ -n "$pool" ] && [ $looked = 0 ] && [ "${found:-0}" = 0 ]'
	echo "# the guest: $(tr -d '\r' <$out | grep -a '^io:' | tail -n 1)"
}
scribble() {
	scribbled=$("$dir/scribble" "${piece:-$pool}" 20000 "$1")
	echo "# $scribbled"
	check "what it shares is written to at random ($1)" [ "${scribbled#scribble: [1-9]}" != "$scribbled" ]
	nothing_lost "written to at random ($1)"
}
scribble_rings() {
	rings=$(used_rings)
	for i in 1 2 3 4; do
		for ring in $rings; do
			"$dir/scribble" "$(printf '%s:%x:1000' $pid $((start + ring * 4096)))" 25 $i
		done
	done >/tmp/scribbled
	check "its used rings are written to" eval '[ "$(grep -c " 25 writes" /tmp/scribbled)" -ge 16 ]'
	nothing_lost "told at random what is done, and how long"
}
# Its configuration, as far as a stock VMM changes it: the disk's size, the network's link
reconfigure() {
	for n in 0 512 4096 1000448 12582912; do
		"$dir/qmp" /tmp/qmp block_resize "{\"device\":\"d\",\"size\":$n}" || return 1
		"$dir/qmp" /tmp/qmp set_link "{\"name\":\"n\",\"up\":$([ $n = 512 ] && echo false || echo true)}" ||
			return 1
	done >/dev/null
}
