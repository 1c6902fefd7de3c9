# SPDX-License-Identifier: GPL-2.0-only
#
# The project's sources as a build sees them: copied to where kbuild may leave
# its products, so that the project's own folders stay clean.

. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"

SOURCE_PARTS="Kbuild Kconfig LICENSE README el2-objs hypsec-mod kunit"

# list_sources: the files of the project that are built, one per line.
list_sources() {
	( cd "$HYPSEC_TOP" &&
	  for p in $SOURCE_PARTS; do [ ! -e "$p" ] || printf '%s\0' "$p"; done |
		xargs -0 -I{} find {} -type f \( ! -name '.*' -o -name .kunitconfig \) ! -name '*.o' ! -name '*.ko' \
			! -name '*.mod' ! -name '*.mod.c' ! -name '*.symvers' \
			! -name '*.order' ! -name '*.a' ! -name '*~' |
		LC_ALL=C sort )
}

# sync_sources DIR: copy the sources to DIR, keeping times, so that make builds
# only what changed; files that are gone from the project go from DIR.
sync_sources() {
	local dir=$1

	mkdir -p "$dir"
	list_sources >"$dir/.sources.new"
	if [ -e "$dir/.sources" ]; then
		( cd "$dir" && LC_ALL=C comm -23 .sources .sources.new |
			xargs -r -d '\n' rm -f )
	fi
	rsync -a --files-from="$dir/.sources.new" "$HYPSEC_TOP/" "$dir/"
	mv "$dir/.sources.new" "$dir/.sources"
}
