# SPDX-License-Identifier: GPL-2.0-only
#
# What every script here shares: where things are, how progress and failure
# are reported, and how a result is kept in build/ so that an interruption
# never leaves half of one behind.  Sourced by bash, never run.

set -euo pipefail

HYPSEC_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HYPSEC_BUILD=${HYPSEC_BUILD:-$HYPSEC_TOP/build}
# Compilers, or emulators, at a time.
HYPSEC_JOBS=${HYPSEC_JOBS:-$(nproc)}
mkdir -p "$HYPSEC_BUILD"
# What makes the images of protected VMs, for hash_of.
HYPSEC_IMAGE_TOOL=("$HYPSEC_TOP/scripts/hypsec-image" "$HYPSEC_TOP"/scripts/lib/image/*.py)

# Debian's, whatever else is found first: a wrapper that chooses one takes ten times as long.
python3() {
	/usr/bin/python3 "$@"
}

# One line about what is being done.  On stderr, so that stdout stays the
# output of whatever a script was asked to run.
say() {
	[ -n "${HYPSEC_QUIET:-}" ] || printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die STATUS CAUSE [REMEDY]
die() {
	local status=$1

	printf '%s: error: %s\n' "${0##*/}" "$2" >&2
	[ -z "${3:-}" ] || printf '%s: remedy: %s\n' "${0##*/}" "$3" >&2
	exit "$status"
}

# The GNU name of the cross tools' prefix; empty where the machine is an Arm.
if [ "$(uname -m)" = aarch64 ]; then
	HYPSEC_CROSS=
else
	HYPSEC_CROSS=aarch64-linux-gnu-
fi

# quietly LOG COMMAND...: run with all output in LOG; show its end on failure.
quietly() {
	local log=$1
	shift

	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 && return 0
	local status=$?
	tail -n 30 "$log" >&2
	say "the whole log is $log"
	return $status
}

# with_lock NAME COMMAND...: one process at a time makes a cached result.
# Not to be called in a condition (if, ||, &&): bash would go on after a failure
# inside COMMAND.  The same holds for what is built on it, cached and need_*.
with_lock() {
	local lock=$HYPSEC_BUILD/locks/$1 fd status=0
	shift

	mkdir -p "$HYPSEC_BUILD/locks"
	exec {fd}>"$lock"
	flock -n "$fd" || { say "waiting for another run ($lock)"; flock "$fd"; }
	# Not "( ... ) || status=$?": a condition would switch set -e off inside.
	# The lock is closed for COMMAND, or what it leaves running would keep it.
	set +e
	( set -e; "$@" ) {fd}>&-
	status=$?
	set -e
	exec {fd}>&-
	return $status
}

# cached DIR KEY COMMAND...: make DIR once.  COMMAND is called with the name of
# an empty folder to fill as its last argument; the folder becomes DIR by a
# rename, and only after KEY has been written inside it.  A DIR with another
# KEY is made again.
cached() {
	local dir=$1 key=$2
	shift 2

	[ "$(cat "$dir/.key" 2>/dev/null)" != "$key" ] || return 0
	with_lock "$(basename "$dir")" cached_locked "$dir" "$key" "$@"
}

cached_locked() {
	local dir=$1 key=$2 tmp=$1.tmp
	shift 2

	[ "$(cat "$dir/.key" 2>/dev/null)" != "$key" ] || return 0
	rm -rf "$tmp"
	mkdir -p "$tmp"
	"$@" "$tmp"
	printf '%s\n' "$key" >"$tmp/.key"
	rm -rf "$dir"
	mv "$tmp" "$dir"
}

# unbroken DIR COMMAND...: a kernel's make in DIR. What one that was killed left half
# written looks complete to the next, so that one makes everything again.
unbroken() {
	local dir=$1 status=0
	shift

	[ ! -e "$dir/.building" ] || find "$dir" -name '.*.cmd' -delete
	mkdir -p "$dir"
	: >"$dir/.building"
	"$@" || status=$?
	rm -f "$dir/.building"
	return $status
}

# make_stub: the boot stub, as hypsec-image has it made (lib/image/packing.py)
make_stub() {
	flock "$HYPSEC_BUILD/stub.lock" make -s -C "$HYPSEC_TOP/scripts/stub" >&2
}

# hash_of FILE...: one short word that changes when any of the files does.
hash_of() {
	cat -- "$@" | sha256sum | cut -c1-16
}

# into_host FOLDER FILE...: the options that have scripts/host put the files into FOLDER there,
# under their own names, to the end of the array add.
into_host() {
	local folder=$1 file
	shift

	for file; do
		add+=(--add "$file:$folder/${file##*/}")
	done
}
