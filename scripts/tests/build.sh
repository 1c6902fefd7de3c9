#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The build: clean, repeatable, in tree and out of it, and the layout of the
# project.  What the core itself may contain is checked by the build
# (hypsec-mod/check-bundle).
# quick: yes
# takes: 380
# timeout: 1800

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/kernel.sh"

cd "$HYPSEC_TOP"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# no_warning LOG. modpost's of the debug build are about the suites, which are not linked.
no_warning() {
	grep -q '^  \(LD \[M\]\|EL2CHK\) ' "$HYPSEC_BUILD/log/$1.log" || { echo "$1.log is of no build"; return 1; }
	! grep -E 'warning:|WARNING:' "$HYPSEC_BUILD/log/$1.log" |
		grep -v '^WARNING: modpost: \(.*hypsec_kunit\.ko\]\|suppressed .*\)'
}

# module FOLDER [ARGUMENT...]: of scripts/build; whoever it was that built it
module() {
	local out=$HYPSEC_BUILD/$1
	shift

	scripts/build --out "$out" "$@" >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
	no_warning "build-${out##*/}"
}

debug_module() {
	scripts/build --if-stale --debug >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
	no_warning build-module-debug
}

# Every file that is the kernel's kind of C, debug code and KUnit suites too.
sparse_clean() {
	local out=$HYPSEC_BUILD/module-debug log=$HYPSEC_BUILD/log/build-module-debug.log
	local f status=0

	for f in hypsec-mod/*.c kunit/*.c; do
		# Only ever compiled to assembly.
		[ "$f" != hypsec-mod/kvm-offsets.c ] || continue
		grep -qxF "  CHECK   $out/$f" "$log" ||
			{ echo "sparse has not seen $f"; status=1; }
	done
	! grep -E "^$out/.*: (warning|error):" "$log" || status=1
	return $status
}

# The guest's own module, which the host's build leaves out.
guest_module() {
	local out=$HYPSEC_BUILD/test-build-guest f

	need_kernel
	rm -rf "$out"
	mkdir -p "$out"
	cp hypsec-mod/guest/*.[ch] hypsec-mod/guest/Kbuild el2-objs/abi/hypsec_{abi,guest}.h "$out"
	make -C "$KERNEL_HEADERS" M="$out" ARCH=arm64 CROSS_COMPILE="$HYPSEC_CROSS" \
		CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS=-Werror C=2 CF=-D__CHECK_ENDIAN__ \
		modules >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
	for f in hypsec-mod/guest/*.c; do
		grep -qxF "  CHECK   $out/${f##*/}" "$dir/log" || { echo "sparse has not seen $f"; return 1; }
	done
	! grep -iE 'warning|error:' "$dir/log" && [ -s "$out/hypsec-dma.ko" ] &&
		[ -s "$out/hypsec-report.ko" ]
}

# Headers of a KVM that leaves the host's FP registers to EL2.
live_fp() {
	local flag status=0

	for flag in HOST_SVE_ENABLED KVM_HOST_DATA_FLAG_HOST_SVE_ENABLED; do
		printf '#include <linux/kvm_host.h>\n#define %s 1\n' $flag >"$dir/old.h"
		scripts/build --out "$HYPSEC_BUILD/test-build-old" KCFLAGS="-include $dir/old.h" \
			hypsec-mod/kvm-offsets.s >"$dir/log" 2>&1 &&
			{ echo "it builds with $flag"; status=1; }
		grep -q "leaves the host's FP registers live.*newer point release" "$dir/log" ||
			{ cat "$dir/log"; status=1; }
	done
	return $status
}

# The other one is what all pieces install. The two copies are in folders whose names differ in
# length: a path that got into the bundle would show.
same_bundle() {
	cmp "$HYPSEC_BUILD/test-build/el2-objs/bundle.bin" \
		"$HYPSEC_BUILD/module/el2-objs/bundle.bin"
}

# A product of before must not stand for one that a gate has refused.
gate_fails() {
	local out=$HYPSEC_BUILD/test-build

	[ -s "$out/el2-objs/bundle.bin" ] || return 1
	! scripts/build --core --out "$out" el2-floors="$(sed -n 's/^el2-floors := //p' el2-objs/Makefile | tac -s ' ' |
		tr '\n' ' ')" >"$dir/log" 2>&1 || { echo "it builds"; return 1; }
	[ ! -e "$out/el2-objs/bundle.bin" ] || { echo "its product is there"; return 1; }
	grep -q "the floors are not kept" "$HYPSEC_BUILD/log/build-test-build.log"
}

# bad_option OPTION TEXT
bad_option() {
	! scripts/build --core --out "$HYPSEC_BUILD/test-build" $1 >"$dir/log" 2>&1 ||
		{ echo "it builds"; return 1; }
	grep -q "$2" "$HYPSEC_BUILD/log/build-test-build.log" || { cat "$dir/log"; return 1; }
}

minimal_module() {
	scripts/build --if-stale --minimal >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
	no_warning build-module-minimal
}

no_products() {
	! find . \( -path ./build -o -path ./.git \) -prune -o -type f \
		\( -name '*.[oa]' -o -name '*.ko' -o -name '*.cmd' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name modules.order -o -name Module.symvers \) \
		-print | grep .
}

abi_alone() {
	local h status=0

	for h in el2-objs/abi/*.h; do
		"${HYPSEC_CROSS}gcc" -std=gnu11 -Wall -Wextra -Werror -ffreestanding \
			-Iel2-objs/abi -fsyntax-only -x c "$h" || status=1
	done
	return $status
}

no_linux_header() {
	! grep -rnE '#[[:space:]]*include[[:space:]]*<(linux|asm|kvm|uapi)/' el2-objs
}

top_level() {
	local extra

	extra=$(find . -mindepth 1 -maxdepth 1 ! -name '.*' ! -name build -printf '%f\n' |
		grep -vxE 'hypsec-mod|el2-objs|kunit|scripts|Kbuild|Kconfig|LICENSE|README') ||
		return 0
	echo "also at the top: $extra"
	return 1
}

kconfig_help() {
	awk '/^config / { if (name && !help) { print name; bad = 1 } name = $2; help = 0 }
		/^\thelp$/ { help = 1 }
		END { exit bad || !name || !help }' Kconfig el2-objs/*/Kconfig
}

spdx() {
	local f status=0

	while read -r f; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0' ||
			{ echo "no SPDX line: $f"; status=1; }
	done < <(find el2-objs hypsec-mod kunit scripts -type f \
		\( -name '*.[chS]' -o -name '*.sh' -o -name '*.py' -o -name '*.lds' \
		-o -name '*.def' \))
	return $status
}

# Who reads a comment has this tree and what is published, so a README that is cited is there
# (from the top, the core, scripts/, kunit/ or the folder itself), and nothing else is a document.
cited_documents() {
	local f cited at status=0 all=(README Kbuild Kconfig el2-objs hypsec-mod kunit scripts)

	while IFS=: read -r f cited; do
		for at in . el2-objs scripts kunit "${f%/*}"; do
			[ ! -e "$at/$cited" ] || continue 2
		done
		echo "$f cites $cited"
		status=1
	done < <(grep -roE '[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/README\>' "${all[@]}")
	! grep -rnE '\<(DESIG[N]|STYLE|NOTES)\>|\<(issue|bug) #?[0-9]|\w\.(md|docx?|pdf)\>' \
		--exclude=build.sh "${all[@]}" || status=1
	return $status
}

# A kernel tree as scripts/tree sees it.
drop_in() {
	local virt=$dir/linux/drivers/virt before

	mkdir -p "$virt"
	printf 'menuconfig VIRT_DRIVERS\n\tbool "x"\n\nif VIRT_DRIVERS\n\nendif\n' \
		>"$virt/Kconfig"
	printf 'obj-y\t+= other/\n' >"$virt/Makefile"
	scripts/tree "$dir/linux" || return 1
	before=$(cat "$virt/Kconfig" "$virt/Makefile")
	scripts/tree "$dir/linux" || return 1
	[ "$before" = "$(cat "$virt/Kconfig" "$virt/Makefile")" ] ||
		{ echo "a second time changes something"; return 1; }
	[ "$(grep -c hypsec "$virt/Kconfig")" = 1 ] &&
		[ "$(grep -c hypsec "$virt/Makefile")" = 1 ] &&
		[ "$(tail -n 1 "$virt/Kconfig")" = endif ] &&
		cmp Kbuild "$virt/hypsec/Kbuild" && cmp Kconfig "$virt/hypsec/Kconfig"
}

check "hypsec.ko builds without a warning, where hosts take it from" module module --if-stale
check "and its core once more elsewhere" module test-build --core
check "two builds have the same measurement" same_bundle
check "what a gate refuses fails the build, and nothing of before is left" gate_fails
check "an option is y or n" bad_option CONFIG_HYPSEC_SHARE=m "CONFIG_HYPSEC_SHARE=m: y or n"
check "one that needs others is refused without them" \
	bad_option "CONFIG_HYPSEC_ATTEST=n CONFIG_HYPSEC_RSI=y" "CONFIG_HYPSEC_RSI=y needs"
check "without what can be left out there is no warning" minimal_module
check "the debug build has no warning either" debug_module
if [ "$(command -v clang ld.lld llvm-objcopy llvm-nm llvm-readelf | wc -l)" = 5 ]; then
	check "clang builds it too, and the gates pass" module test-build-clang LLVM=1
else
	skip "clang builds it too, and the gates pass" "no clang here"
fi
check "headers of a KVM that leaves the host's FP registers live are refused" live_fp
check "sparse finds nothing in the module and the KUnit suites" sparse_clean
check "the guest's module builds without a warning, and sparse finds nothing" guest_module
check "nothing built is left among the sources" no_products
check "each abi header compiles alone" abi_alone
check "no Linux header in the core" no_linux_header
check "the top level is as stated" top_level
check "every option of Kconfig has a help text" kconfig_help
check "every source names its licence" spdx
check "no document is cited that is not here" cited_documents
check "the KUnit suites' guest is signed" env CROSS_COMPILE="$HYPSEC_CROSS" kunit/sign-puppet --check
check "scripts/tree adds its two lines once" drop_in
ktap_end
