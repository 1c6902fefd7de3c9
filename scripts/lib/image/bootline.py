# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's command line: what keeps a stock guest from a shell that needs no password."""

SLOT = 2048             # a slot of swiotlb's: IO_TLB_SIZE

# Parameter, and other names by which a command line has said it already. What they close:
# panic		panic() of initramfs-tools' scripts/functions: any value, and there is no
#		shell; a number above zero reboots. The kernel reboots after a panic, too.
# rd.shell	emergency_shell() of dracut-lib.sh and dracut-emergency.sh
# rd.emergency	what these do then; without it they halt
# sysctl.*	the kernel's own sysctl(), before init: SysRq, which BREAK on a serial port starts
# systemd's own emergency and debug shells ask for root's password, or take another
# parameter to be opened (systemd.debug_shell, SYSTEMD_SULOGIN_FORCE).
DEFAULTS = (
    ("panic=5", ()),
    ("rd.shell=0", ("rdshell",)),
    ("rd.emergency=reboot", ()),
    ("sysctl.kernel.sysrq=0", ("sysctl.kernel/sysrq", "sysctl/kernel/sysrq",
                               "sysctl/kernel.sysrq")),
)


def names(cmdline):
    """What it sets, as the kernel takes it apart: quotes may hold spaces, "--" ends it."""
    word, quoted = "", False
    for c in cmdline + " ":
        if c.isspace() and not quoted:
            if word == "--":
                return
            if word:
                yield word.split("=")[0]
            word = ""
        elif c == '"':
            quoted = not quoted
        else:
            word += c


def complete(cmdline, realm=0):
    """With the defaults that it does not name in front, where a "--" does not reach them.

    realm: bytes that a Realm with devices shares, which cover its RAM: else 0. Its kernel takes
    512 KiB for all its devices' buffers where nothing is said, which is not enough."""
    have = set(names(cmdline))
    buffers = f"swiotlb={min(realm // 16, 64 << 20) // SLOT}"
    added = [d for d, others in DEFAULTS + ((buffers, ()),) * bool(realm)
             if not have & {d.split("=")[0], *others}]
    return " ".join(added + [cmdline] * bool(cmdline))
