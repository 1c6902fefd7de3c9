#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host: run every selftest of the list. Each is framed by lines of its
# own, which compare reads: "@@ start NAME ARGS", its output, "@@ end STATUS SECONDS".
dir=${0%/*}
. /run/hypsec/patience.sh
while read -r test args; do
	case $test in
	'' | '#'* | -*) continue ;;
	esac
	echo "@@ start $test${args:+ $args}"
	paced 240
	start=$(date +%s)
	# shellcheck disable=SC2086 # the arguments are words
	timeout -s KILL $seconds_here "$dir/$test" $args </dev/null >"$dir/output" 2>&1
	status=$?
	# Some print a line per iteration. Nothing in the first or last lines is lost.
	if [ "$(wc -l <"$dir/output")" -gt 400 ]; then
		head -n 200 "$dir/output"
		tail -n 200 "$dir/output"
	else
		cat "$dir/output"
	fi
	echo
	echo "@@ end $status $(($(date +%s) - start))"
done <"$dir/list"
