# SPDX-License-Identifier: GPL-2.0-only
#
# Debian packages: those the workstation needs installed, and those that are
# only unpacked under build/ (the host kernel and its file system, which are
# arm64 and never installed on the machine).

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

HYPSEC_TOOLS="bc bison busybox-static cpio device-tree-compiler dpkg-dev e2fsprogs flex
	git kmod libcmocka-dev libelf-dev libssl-dev make mmdebstrap openssl parallel
	python3 qemu-system-arm rsync sparse swtpm xz-utils zstd"
case $(uname -m) in
aarch64) HYPSEC_TOOLS+=" gcc libc6-dev" ;;
*) HYPSEC_TOOLS+=" gcc gcc-aarch64-linux-gnu libc6-dev libc6-dev-arm64-cross" ;;
esac

# need_packages [NAME...]: install what is missing of the tools (or of NAME...).
need_packages() {
	local p have missing=()

	[ $# -gt 0 ] || set -- $HYPSEC_TOOLS
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || :
	for p in "$@"; do
		[[ $'\n'$have$'\n' = *$'\n'"installed $p"$'\n'* ]] || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] ||
		die 125 "missing packages: ${missing[*]}" \
			"run as root: apt-get install ${missing[*]}"
	say "installing ${missing[*]}"
	with_lock apt install_packages "${missing[@]}"
}

install_packages() {
	export DEBIAN_FRONTEND=noninteractive

	quietly "$HYPSEC_BUILD/log/apt-update.log" apt-get update ||
		die 125 "cannot read the package lists" "check the network"
	quietly "$HYPSEC_BUILD/log/apt-install.log" \
		apt-get install -y --no-install-recommends "$@" ||
		die 125 "cannot install $*" \
			"apt-get needs a working Debian 12 or 13 source for them"
}

# The machine's own Debian sources, as one-line entries for both architectures.
# Third-party sources are left out: nothing of them belongs in the host.
# debian_sources [SUITE]: of the same archive, this suite alone
debian_sources() {
	local codename opt= key=/usr/share/keyrings/debian-archive-keyring.gpg

	[ ! -e $key ] || opt="[signed-by=$key] "
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	apt-get indextargets 'Created-By: Packages' \
		--format '$(RELEASE) $(COMPONENT) $(REPO_URI)' | sort -u |
	awk -v c="$codename" -v opt="$opt" -v suite="${1:-}" '
		suite { if ($2 == "main" && $1 == c) print "deb " opt $3 " " suite " main"; next }
		$2 == "main" && ($1 == c || $1 == c "-updates" || $1 == c "-security") {
			print "deb " opt $3 " " $1 " main"
			print "deb-src " opt $3 " " $1 " main"
		}'
}

# own_apt TOOL ARG...: apt-get, apt-cache with lists under build/, that know
# arm64 packages without the machine having to. With OWN_SUITE set, those of that suite alone.
own_apt() {
	local tool=$1 dir=$HYPSEC_BUILD/apt${OWN_SUITE:+-$OWN_SUITE} arch
	shift

	arch=$(dpkg --print-architecture)
	set -- -oDir::State="$dir/state" -oDir::State::status="$dir/status" \
		-oDir::State::lists="$dir/lists" -oDir::Cache="$dir/cache" \
		-oDir::Etc::SourceList="$dir/sources.list" \
		-oDir::Etc::SourceParts=/dev/null \
		-oAPT::Sandbox::User=root -oAcquire::Languages=none \
		-oAPT::Architecture="$arch" -oAPT::Architectures::="$arch" \
		-oAPT::Architectures::=arm64 "$@"
	"$tool" "$@"
}

own_apt_update() {
	[ -e "$HYPSEC_BUILD/apt${OWN_SUITE:+-$OWN_SUITE}/stamp" ] || with_lock own-apt own_apt_read
}

own_apt_read() {
	local dir=$HYPSEC_BUILD/apt${OWN_SUITE:+-$OWN_SUITE}

	[ ! -e "$dir/stamp" ] || return 0
	say "reading the package lists"
	mkdir -p "$dir/state" "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	debian_sources "${OWN_SUITE:-}" >"$dir/sources.list"
	[ -s "$dir/sources.list" ] ||
		die 125 "no Debian source for this release is configured" \
			"this needs Debian 12 or 13 with its main archive in /etc/apt"
	quietly "$HYPSEC_BUILD/log/own-apt-update.log" \
		own_apt apt-get update ||
		die 125 "cannot read the Debian package lists" \
			"check the network and the machine's apt sources"
	: >"$dir/stamp"
}

# unpack_packages DIR NAME[:ARCH][=VERSION]...: download and unpack into DIR.
unpack_packages() {
	local dir=$1 debs p
	shift

	debs=$(mktemp -d -p "$HYPSEC_BUILD")
	( cd "$debs" && quietly "$HYPSEC_BUILD/log/download.log" \
		own_apt apt-get download "$@" ) ||
		die 125 "cannot download $*" "check the network"
	for p in "$debs"/*.deb; do
		dpkg -x "$p" "$dir"
	done
	rm -rf "$debs"
}
