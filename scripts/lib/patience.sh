# SPDX-License-Identifier: GPL-2.0-only
#
# Waiting by what the machine does, not by the clock of the wall. All seconds here are those of
# the machine that the numbers in these scripts were found on, two idle processors of 2023; while
# a machine is slower than that, or has something else to do, a second of it counts for less.
# Sourced by bash on the workstation, and by busybox's sh in the host (/run/hypsec/patience.sh).

# A loop takes so many hundredths of a second there; in the host it is emulated.
if [ -e /run/hypsec/mode ]; then
	pace_loops=${pace_loops:-1000} pace_takes=10
else
	pace_loops=${pace_loops:-40000} pace_takes=10
fi

# ticks: sets now to the hundredths of a second since the machine started
ticks() {
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}
}

# measure_pace: sets pace to how slow this machine is now, in percent: at least 100, and as much
# more as there are pieces of scripts/test at a time (HYPSEC_BESIDE), which may begin later.
measure_pace() {
	local i=0 from

	ticks
	from=$now
	while [ $i -lt "$pace_loops" ]; do
		i=$((i + 1))
	done
	ticks
	pace=$(((now - from) * 100 / pace_takes))
	[ $pace -gt $((100 * ${HYPSEC_BESIDE:-1})) ] || pace=$((100 * ${HYPSEC_BESIDE:-1}))
}

# paced SECONDS: sets seconds_here to what to give for it on this machine as it is now
paced() {
	measure_pace
	seconds_here=$((($1 * pace + 99) / 100))
}

# within SECONDS COMMAND...: until COMMAND succeeds; false if it does not within the time. What takes
# long is looked at less often, as the looking itself keeps an emulated host from it.
within() {
	local left=$(($1 * 100)) from turns=0
	shift

	pace=100
	ticks
	until "$@"; do
		[ $left -gt 0 ] || return 1
		from=$now
		if [ $turns -lt 8 ]; then sleep 0.5; else sleep 1; fi
		[ $((turns % 8)) != 0 ] || measure_pace
		turns=$((turns + 1))
		ticks
		left=$((left - (now - from) * 100 / pace))
	done
}

# child_ended PID: a child that has, and that nobody has waited for, is a zombie
child_ended() {
	local state

	{ read -r state <"/proc/$1/stat"; } 2>/dev/null || return 0
	state=${state##*) }
	[ "${state%% *}" = Z ]
}

# ends_within SECONDS PID: waits for a child, returns its status; 124 if it had to be killed.
ends_within() {
	if within "$1" child_ended "$2"; then
		wait "$2"
		return $?
	fi
	kill -9 "$2" 2>/dev/null
	wait "$2"
	return 124
}
