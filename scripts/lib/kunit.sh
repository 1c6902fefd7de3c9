# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel that the KUnit suites run in, made from the host kernel's source with the project
# dropped in and built in: by the kernel's own kunit.py, in build/kunit.

. "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

# kunit VERB [ARGUMENT...]: kunit.py, which must be started at the top of the kernel it builds
kunit() {
	local verb=$1
	shift

	( cd "$KERNEL_SOURCE"
	  exec python3 tools/testing/kunit/kunit.py "$verb" --arch=arm64 \
		--cross_compile="${HYPSEC_CROSS:-/usr/bin/}" \
		--build_dir="$HYPSEC_BUILD/kunit" \
		--qemu_config="$HYPSEC_TOP/kunit/qemu_config.py" \
		--kunitconfig="$HYPSEC_TOP/kunit/.kunitconfig" \
		--kconfig_add "CONFIG_HYPSEC_SODIUM=\"$HYPSEC_BUILD/sodium/libsodium-core.a\"" "$@" )
}

kunit_make() {
	say "building the KUnit kernel"
	unbroken "$HYPSEC_BUILD/kunit" \
		quietly "$HYPSEC_BUILD/log/kunit-build.log" kunit build --jobs="$HYPSEC_JOBS"
}

# build_kunit: it is there, and of the sources as they are; one build a change
build_kunit() {
	need_kernel_source
	"$HYPSEC_TOP/scripts/tree" "$KERNEL_SOURCE"
	"$HYPSEC_TOP/scripts/sodium" core "$HYPSEC_BUILD/sodium/libsodium-core.a" >&2
	with_lock kunit kunit_make
}

# need_small_kernel: afterwards SMALL_IMAGE is a kernel of 6 MiB from the host kernel's source, for
# guests of which there are many, and whose kernel matters less. It is the KUnit kernel as it once
# was: HypSec in it finds no EL2, kunit.enable=0 keeps it from tests, and so it need not be made
# again with each change of the sources.
need_small_kernel() {
	need_kernel_source
	cached "$HYPSEC_BUILD/small" \
		"$(hash_of "$HYPSEC_TOP/kunit/.kunitconfig") $KERNEL_VERSION" make_small
	SMALL_IMAGE=$HYPSEC_BUILD/small/Image
}

make_small() {
	build_kunit
	cp "$HYPSEC_BUILD/kunit/arch/arm64/boot/Image" "$1/"
}
