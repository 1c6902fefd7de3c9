# SPDX-License-Identifier: GPL-2.0-only
#
# For the pieces in scripts/tests: one result line per check, the plan at the end.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

KTAP_COUNT=0 KTAP_FAILED=0

# check NAME COMMAND...: a result from COMMAND's status; its output on failure. Its
# own variables have names that COMMAND, a function of the piece, does not mean.
check() {
	local ktap_name=$1 ktap_out ktap_status=0
	shift

	KTAP_COUNT=$((KTAP_COUNT + 1))
	ktap_out=$("$@" 2>&1) || ktap_status=$?
	if [ $ktap_status = 0 ]; then
		printf 'ok %d %s\n' $KTAP_COUNT "$ktap_name"
		return 0
	fi
	KTAP_FAILED=$((KTAP_FAILED + 1))
	[ -z "$ktap_out" ] || sed 's/^/# /' <<<"$ktap_out"
	printf 'not ok %d %s\n' $KTAP_COUNT "$ktap_name"
}

# skip NAME REASON: see tests/expected-skips.
skip() {
	KTAP_COUNT=$((KTAP_COUNT + 1))
	printf 'ok %d %s # SKIP %s\n' $KTAP_COUNT "$1" "$2"
}

# pass_on: the result lines of a script in the host, from standard input, as results of
# this piece; comments too, nothing else.
pass_on() {
	local line

	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			KTAP_COUNT=$((KTAP_COUNT + 1))
			printf '%s %d - %s\n' "${line%%ok *}ok" $KTAP_COUNT "${line#*- }"
			[[ $line == ok* ]] || KTAP_FAILED=$((KTAP_FAILED + 1)) ;;
		"#"*) echo "$line" ;;
		esac
	done
}

# ktap_end: print the plan; ends the piece with its status.
ktap_end() {
	printf '1..%d\n' $KTAP_COUNT
	[ $KTAP_FAILED = 0 ]
	exit
}
