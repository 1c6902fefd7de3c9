#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The build's gates (hypsec-mod/check-bundle): each refuses what it is there for. And the
# caches of the scripts: what was interrupted is never taken for complete.
# quick: yes
# takes: 5
# timeout: 300

. "$(dirname "$0")/../lib/ktap.sh"
. "$HYPSEC_TOP/scripts/lib/packages.sh"

need_packages
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/vcpu" "$dir/el2-objs/abi"
: >"$dir/el2-objs/abi/good.h"
cp "$HYPSEC_TOP/el2-objs/install/bundle.lds" "$dir/bundle.lds"
export CC=${HYPSEC_CROSS}gcc NM=${HYPSEC_CROSS}nm OBJDUMP=${HYPSEC_CROSS}objdump \
	READELF=${HYPSEC_CROSS}readelf

# An object of a higher floor, for some
above=

# bundle NAME CODE [LINKER-OPTION...]: CODE, of the floor vcpu, linked by the core's script to NAME.elf
bundle() {
	local name=$1 code=$2
	shift 2

	printf '%s\n' 'void install_entry(void) { }' "$code" >"$dir/$name.c"
	"$CC" -O1 -ffreestanding -fpie -fvisibility=hidden -march=armv8-a -c \
		-fno-asynchronous-unwind-tables -o "$dir/vcpu/$name.el2.o" "$dir/$name.c" &&
		"${HYPSEC_CROSS}ld" -EL -maarch64elf -pie --no-dynamic-linker -Bsymbolic \
		-z noexecstack --build-id=none --no-apply-dynamic-relocs --hash-style=sysv \
		-T "$dir/bundle.lds" "$@" \
		-o "$dir/$name.elf" "$dir/vcpu/$name.el2.o" $above
}

gate() {
	"$HYPSEC_TOP/hypsec-mod/check-bundle" "$dir/$1.elf" "$dir/el2-objs" "vcpu/fp" "vm vcpu pvm" \
		"$dir/vcpu/$1.el2.o" $above >"$dir/said" 2>&1
}

passes() { bundle "$@" && gate "$1" || { cat "$dir/said"; return 1; }; }

# refuses TEXT NAME CODE [LINKER-OPTION...]
refuses() {
	local text=$1
	shift

	bundle "$@" || return 1
	if gate "$1"; then
		echo "it passes"
		return 1
	fi
	grep -qF -- "$text" "$dir/said" || { cat "$dir/said"; return 1; }
}

fails() { ! "$@"; }

# It would find what it looks at good.
tool_fails() {
	local -x "$1"=false

	bundle good 'int a; int *p = &a;' && ! gate good
}

bad_header() {
	echo 'pa_t f(void);' >"$dir/el2-objs/abi/bad.h"
	local status=0

	refuses "bad.h does not compile alone" header '' || status=1
	rm "$dir/el2-objs/abi/bad.h"
	return $status
}

# upwards FLOOR CODE-THERE COMMAND...: with CODE-THERE as an object of FLOOR
upwards() {
	local status=0 above=$dir/$1/above.el2.o

	mkdir -p "$dir/$1"
	printf '%s\n' "$2" >"$dir/above.c"
	"$CC" -O1 -ffreestanding -fpie -fvisibility=hidden -c -fno-asynchronous-unwind-tables \
		-o "$above" "$dir/above.c" || return 1
	shift 2
	"$@" || status=1
	rm "$above"
	return $status
}
# includes TEXT COMMAND...: with that in a file of the floor vcpu
includes() { includes_as '#include ' "$@"; }
includes_as() {
	local status=0

	mkdir -p "$dir/el2-objs/vcpu"
	echo "$1$2" >"$dir/el2-objs/vcpu/a.h"
	shift 2
	"$@" || status=1
	rm "$dir/el2-objs/vcpu/a.h"
	return $status
}

there='extern int there __attribute__((visibility("default"))); int *p = &there;'
fp='double d; void f(void) { d = d + 1; }'
check "a good bundle passes" passes good 'int a; int *p = &a;'
check "FP/SIMD in the switch passes" passes fp "$fp"
check "FP/SIMD elsewhere is refused" refuses "FP/SIMD instruction" other "$fp"
check "an undefined weak symbol is refused" refuses "undefined symbols: missing" weak \
	'extern void missing(void) __attribute__((weak)); void *p = missing;'
check "an undefined symbol does not link" fails bundle undefined "$there"
check "a relocation by symbol is refused" refuses "R_AARCH64_ABS64" symbol "$there" -shared
sed -i 's/FLAGS(6)/FLAGS(7)/' "$dir/bundle.lds"
check "a segment both writable and executable is refused" \
	refuses "writable and executable" wx 'int a = 1;'
cp "$HYPSEC_TOP/el2-objs/install/bundle.lds" "$dir/bundle.lds"
call='void f(void); void g(void) { f(); }'
check "a call downwards passes" upwards vm 'void f(void) { }' passes down "$call"
check "a call upwards is refused" upwards pvm 'void f(void) { }' \
	refuses "vcpu/up calls upwards: f of pvm" up "$call"
check "an object of no floor is refused" upwards attic 'void f(void) { }' \
	refuses "no floor: attic" attic "$call"
named='void vcpu_up_f(void); void g(void) { vcpu_up_f(); }'
check "one that is named for its floor passes" upwards pvm 'void vcpu_up_f(void) { }' passes named "$named"
check "for another floor it is refused" upwards pvm 'void vm_up_f(void) { }' \
	refuses "vcpu/other calls upwards: vm_up_f of pvm" other "${named//vcpu_up/vm_up}"
check "an include downwards passes" includes '"vm/vm.h"' passes include ''
check "an include upwards is refused" includes '"pvm/priv.h"' \
	refuses "vcpu/a.h includes upwards: pvm/priv.h" include_up ''
check "however it is spelled" includes_as ' #	include	' '<pvm/priv.h>' \
	refuses "vcpu/a.h includes upwards: pvm/priv.h" include_spelled ''
check "by a macro, too" includes_as '#include ' 'WHAT' \
	refuses "vcpu/a.h includes what cannot be told" include_macro ''
check "one of no floor, too" includes '"../pvm/priv.h"' \
	refuses "vcpu/a.h includes ../pvm/priv.h, which names no floor" include_none ''
init='__attribute__((section(".init.text")))'
check "code of the install calls its like" passes init "$init void f(void) { } $init void g(void) { f(); }"
check "code that stays may not call it" refuses "refers to f, which the seal unmaps" gone \
	"$init __attribute__((noinline)) void f(void) { asm(\"\"); } void g(void) { f(); }"
check "nor keep its address" refuses "refers to f, which the seal unmaps" kept \
	"$init void f(void) { } void (*const g)(void) = f;"
for tool in NM OBJDUMP READELF; do
	check "a $tool that fails fails the build" tool_fails $tool
done
check "an abi header that needs another is refused" bad_header

# --- cached()

# A step of two files, which can be made to wait between them.
cat >"$dir/make" <<'END'
. "$HYPSEC_TOP/scripts/lib/common.sh"
step() {
	echo run >>"$STEP/runs"
	echo 1 >"$1/first"
	touch "$STEP/halfway"
	while [ -e "$STEP/wait" ]; do sleep 0.05; done
	echo 2 >"$1/second"
}
cached "$HYPSEC_BUILD/thing" "$1" step
END
make_it() { HYPSEC_BUILD=$dir/build HYPSEC_QUIET=1 STEP=$dir bash "$dir/make" "$1"; }
made() {
	make_it "$1" && [ "$(cat "$dir/build/thing/second")" = 2 ] &&
		[ "$(wc -l <"$dir/runs")" = "$2" ]
}

# With all it has started, as a power cut would.
killed() {
	local pid

	touch "$dir/wait"
	HYPSEC_BUILD=$dir/build HYPSEC_QUIET=1 STEP=$dir setsid bash "$dir/make" one &
	pid=$!
	while [ ! -e "$dir/halfway" ]; do sleep 0.05; done
	kill -KILL -- "-$pid"
	wait "$pid" 2>/dev/null
	rm "$dir/wait"
	[ ! -e "$dir/build/thing" ]
}

at_once() {
	make_it three &
	make_it three
	wait
	made three 4
}

mkdir -p "$dir/build"
export HYPSEC_TOP
check "a step that is killed leaves no result" killed
check "it is made again from its start" made one 2
check "and then kept" made one 2
check "until its key changes" made two 3
check "two at once make it once" at_once
ktap_end
