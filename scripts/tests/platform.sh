#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sealing keys, reports and the platform secret, on a host with a TPM and one without:
# who gets which key, at which boot; what a verifier says of a report; what a host that was
# taken over later can still have.
# takes: 200
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

scripts=$HYPSEC_TOP/scripts
image=$scripts/hypsec-image
need_packages
need_kernel
images=$("$scripts/tests/protected/build")
machine=$("$scripts/tests/secret/platform")
demo=$("$scripts/tests/secret/images")
tools=$("$scripts/platform/tools")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
attack=$("$scripts/tests/attack/build")
nonce=$(head -c 64 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
add=()
into_host /guests "$scripts"/platform/{platform,guests}.sh "$images"/{box3,box4,theirs3,alone3}.img

hex() { od -An -v -tx1 "$@" | tr -d ' \n'; }
python3 -c 'import sys; print(bytes(b ^ 0xa5 for b in sys.stdin.buffer.read()).hex())' \
	<"$machine/secret" >"$dir/masked"
head -c 32 /dev/urandom >"$dir/control"
search=(--add "$attack/attack:/guests/attack" --add "$attack/attack.ko:/guests/attack.ko"
	--add "$dir/masked:/guests/masked" --add "$dir/control:/guests/control")

# boot LOG OPTION... -- NAME...: a host that runs these guests.
boot() {
	local log=$dir/$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	"$scripts/host" --timeout 400 "${options[@]}" "${add[@]}" \
		-- sh /guests/guests.sh "$nonce" "$@" 2>"$log.errors" | tr -d '\r' >"$log" &&
		return 0
	tail -n 5 "$log" "$log.errors"
	return 1
}

said() { grep -qx -- "$2" "$dir/$1" || { cat "$dir/$1"; return 1; }; }
# What guest NAME said after a word.
word() { sed -n "s/^$2: $3 //p" "$dir/$1"; }

# The key that a guest has is the one that follows from the secret.
derived() {
	local log=$1 name=$2 version=$3

	"$image" sealing-key --secret "$machine/secret" --version "$version" -o "$dir/key" \
		"$images/$name.img"
	[ "$(word "$log" "$name" "key $(printf %016x "$version") platform")" = \
		"$(od -An -v -tx1 "$dir/key" | tr -d ' \n')" ]
}

key() { word "$1" "$2" "key [0-9a-f]* [a-z]*" | head -n 1; }
differ() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }

check "a host with a TPM: runs" boot first --tpm "$machine/tpm" \
	"${search[@]}" -- box3 box4 theirs3 alone3
check "it is sealed" said first "host: state sealed"
check "with the platform's secret" said first "host: platform platform"
for name in box3 box4 theirs3 alone3; do
	check "$name: every check in the guest passed" said first "$name: all passed"
done
check "a guest's key follows from the secret, its signer, family and version" derived first box3 3
check "and that of the version before" derived first box3 2
check "the update has its own" derived first box4 4
check "and its predecessor's" derived first box4 3
check "another signer's image of the same family" derived first theirs3 3
check "has another key" differ "$(key first box3)" "$(key first theirs3)"
check "without a family the key is the image's own" derived first alone3 3
check "which the family has not" differ "$(key first box3)" "$(key first alone3)"
not_said() { [ -s "$dir/$1" ] && ! grep -E "$2" "$dir/$1"; }
count() { sed -n "s/^host: $1 phys.* words=\([0-9]*\).*complete=yes.*/\1/p" "$dir/first"; }
check "nothing of the secret is left in the host's memory" [ "$(count search)" = 0 ]
check "where a search finds what is there" [ "$(count control)" -gt 0 ]
check "the secret cannot be written twice" not_said first "second secret|sealed twice"
check "a host that is taken over later cannot unseal it again" \
	said first "host: the TPM refuses, policy"

# --- Reports

# report LOG NAME: what the guest made, as a file.
report() {
	{ word "$1" "$2" report; word "$1" "$2" signature; } | tr -d '\n' |
		python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' \
		>"$dir/report"
}
for file in quote quote.sig ak.pem; do
	sed -n "/^begin $file\$/,/^end $file\$/{/ /!p}" "$dir/first" | base64 -d |
		gzip -d >"$dir/$file"
done
core=$(sha256sum <"$HYPSEC_BUILD/module/el2-objs/bundle.bin" | cut -c1-64)
identity=$("$image" inspect "$images/box3.img" | sed -n 's/^identity *//p')
platform_key=$(sed -n 's/^host: platform_key //p' "$dir/first")
printf '%s\n' "console=ttyAMA0 earlycon panic=-1 kvm-arm.mode=nvhe init_on_free=1" >"$dir/cmdline"
endorsement=(--ak "$dir/ak.pem" --quote "$dir/quote" --quote-signature "$dir/quote.sig"
	--pcrs "$machine/pcrs" --host-cmdline "$dir/cmdline")
# verdict STATUS TEXT OPTION...: of attest-verify, on a report that is good
verdict() {
	local want=$1 text=$2 status=0
	shift 2
	"$image" attest-verify --report "$dir/report" --core "$core" --identity "$identity" \
		--nonce "$nonce" --platform-key "$platform_key" $console "$@" >"$dir/out" 2>&1 || status=$?
	[ $status = "$want" ] && grep -q "$text" "$dir/out" || { cat "$dir/out"; return 1; }
}
changed() {	# FILE: a copy with one bit of it changed
	python3 -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[int(sys.argv[3])] ^= 1
open(sys.argv[2], "wb").write(d)' "$1" "$dir/changed" "$2"
}
console=--allow-console		# where the guest takes its nonce from
other=$(printf %064d 7)

report first box3
check "a report is endorsed by the TPM" verdict 0 "^ENDORSED" "${endorsement[@]}"
console= check "its console is not overlooked" verdict 1 "a VM with a console" "${endorsement[@]}"
check "without its quote it is UNENDORSED" verdict 3 "^UNENDORSED"
check "another nonce" verdict 1 "the nonce is another" "${endorsement[@]}" --nonce "$(printf %0128d 7)"
check "another core" verdict 1 "another core" "${endorsement[@]}" --core "$other"
check "another identity" verdict 1 "another identity" "${endorsement[@]}" --identity "$other"
check "an older version" verdict 1 "is older than 4" "${endorsement[@]}" --min-version 4
check "another platform key" verdict 1 "not signed by the platform key" "${endorsement[@]}" \
	--platform-key "$other"
check "another command line of the host" verdict 1 "the quoted PCRs are not those" \
	"${endorsement[@]}" --host-cmdline "$dir/out"
sed 's/^0 0/0 1/' "$machine/pcrs" >"$dir/pcrs"
check "another firmware" verdict 1 "the quoted PCRs are not those" "${endorsement[@]}" \
	--pcrs "$dir/pcrs"
changed "$dir/quote" 50
check "a changed quote" verdict 1 "is not signed by this attestation key" "${endorsement[@]}" \
	--quote "$dir/changed"
for at in 16 32 64 96 200; do
	report first box3
	changed "$dir/report" $at
	mv "$dir/changed" "$dir/report"
	check "a report with byte $at changed" verdict 1 "not signed by the platform key" \
		"${endorsement[@]}"
done

# --- The disk of scripts/run's guest, for somebody else's

theirs() {
	"$scripts/host" --tpm "$machine/tpm" --mem 1G --timeout 400 \
		--add "$scripts/tests/secret/attack.sh:/root/attack.sh" \
		--add "$demo/theirs.img:/root/theirs.img" \
		--add "$demo/vm.img:/root/vm.img" -- sh -c 'sh attack.sh --boot -kernel theirs.img
			sh attack.sh --boot -kernel vm.img' 2>&1 | tr -d '\r' >"$dir/theirs"
	grep -q "^guest: secret: disk locked: cryptsetup status 2, sealing key: platform" "$dir/theirs" ||
		{ tail -n 20 "$dir/theirs"; return 1; }
}
check "the same guest signed by somebody else cannot unlock its disk" theirs
check "which it can itself (control)" grep -q \
	"^guest: secret: disk unlocked, sealing key: platform: $(cat "$machine/text")" "$dir/theirs"

# --- Other boots

check "the same host again: runs" boot second --tpm "$machine/tpm" -- box3
check "gives the same key" [ "$(key first box3)" = "$(key second box3)" ]
check "and has another platform key" differ "$platform_key" \
	"$(sed -n 's/^host: platform_key //p' "$dir/second")"
platform_key=$(sed -n 's/^host: platform_key //p' "$dir/second")
report second box3
check "which the first boot's quote does not endorse" verdict 1 "of another platform key" \
	"${endorsement[@]}"

refused() {	# OPTION...: the TPM does not give the secret to such a boot
	local status=0

	"$scripts/host" --timeout 400 --tpm "$machine/tpm" "$@" -- true >"$dir/out" 2>&1 || status=$?
	[ $status = 123 ] && grep -q "platform secret: .*\(0x99D\|policy\)" "$dir/out" && return 0
	echo "status $status"
	tail -n 5 "$dir/out"
	return 1
}
check "another command line: no secret, no seal" refused --append extra=1
"$scripts/build" --if-stale --debug >&2
check "another core: no secret, no seal" refused --hypsec "$HYPSEC_BUILD/module-debug/hypsec.ko"
waits() {
	local status=0

	"$scripts/host" --timeout 400 --param platform=wait -- true >"$dir/out" 2>&1 || status=$?
	[ $status = 123 ]
}
status=0
sha256sum <"$HYPSEC_BUILD/module/el2-objs/bundle.bin" | cut -c1-64 >"$dir/measurement"
"$scripts/host" --no-hypsec --timeout 400 --append init_on_free=1 \
	--add "$HYPSEC_BUILD/module/hypsec.ko:/once/hypsec.ko" \
	--add "$dir/measurement:/once/measurement" --add "$scripts/platform/once.sh:/once/once.sh" \
	-- sh /once/once.sh >"$dir/once" || status=$?
pass_on <"$dir/once"
check "the host's script went through" [ $status = 0 ]
check "without init_on_free=1 nothing waits for a secret" waits

check "a host without a TPM: runs" boot none -- box3 alone3 box3
check "its secret is ephemeral" said none "host: platform ephemeral"
check "and the guest is told" grep -q "^box3: key 0000000000000003 ephemeral " "$dir/none"
check "its key is another" differ "$(key first box3)" "$(key none box3)"
check "all instances of one image have the same" \
	[ "$(word none box3 "key [0-9a-f]* [a-z]*" | sed -n 1p)" = \
	"$(word none box3 "key [0-9a-f]* [a-z]*" | sed -n 3p)" ]
platform_key=$(sed -n 's/^host: platform_key //p' "$dir/none")
sed -i '0,/^box3: report/!{/^box3: report/d}; 0,/^box3: signature/!{/^box3: signature/d}' "$dir/none"
report none box3
check "its report is UNENDORSED" verdict 3 "^UNENDORSED"
check "and no quote of others makes it better" verdict 1 "of another platform key" \
	"${endorsement[@]}"
ktap_end
