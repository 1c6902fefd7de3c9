/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls a guest makes to the core: HVC #0 (of a protected VM with HYPSEC_FLAG_RSI: SMC #0, and
 * no other), SMCCC64 fast calls in the
 * vendor-specific hypervisor range (SMCCC DEN0028, owner 6). Function numbers
 * 0x8100-0x81ff are ours: KVM uses 0x0000-0x00ff there and the general SMCCC
 * queries live at 0xff00-0xffff.
 *
 * Results: x0 = status (enum hypsec_status, 0 is success), x1-x3 values, of REPORT
 * x1-x8 (SMCCC 1.2); all other registers are preserved.
 */
#ifndef HYPSEC_ABI_GUEST_H
#define HYPSEC_ABI_GUEST_H

/* () -> x1 = ABI version, x2 = 1 if this VM is protected */
#define HYPSEC_GUEST_VERSION	0xC6008100
/*
 * (x1 = image IPA, x2 = device tree IPA). Does not return on success: the vCPU
 * is reset and enters at the manifest's entry with x0 = device tree IPA,
 * x1 = device tree size in bytes, x2 = image IPA; everything else is zero.
 */
#define HYPSEC_GUEST_PROTECT	0xC6008101
/* (x1 = base IPA, x2 = size in bytes): once per range, before the kernel runs */
#define HYPSEC_GUEST_RAM	0xC6008102
/* () -> x1-x3 = 24 random bytes */
#define HYPSEC_GUEST_RANDOM	0xC6008103
/*
 * (x1 = n) -> x1-x3 = bytes 24n to 24n+23 of: this VM's identity (32 bytes), the
 * hash of its signer's key (32), the image's security version (8); see
 * hypsec_image.h. RANGE: n is over 2. STATE: not protected.
 */
#define HYPSEC_GUEST_IDENTITY	0xC6008104
/*
 * (x1 = security version, x2 = n) -> x1-x3 = bytes 24n to 24n+23 of a struct
 * hypsec_sealing_key (hypsec_attest.h). DENIED: the version is over the image's own.
 * RANGE: n is over 1.
 */
#define HYPSEC_GUEST_SEALING_KEY 0xC6008105
/*
 * (x1-x8 = a nonce of the caller's) -> x1-x8 = the platform key's signature of this
 * VM's struct hypsec_report (hypsec_attest.h) with that nonce. The caller writes the
 * report down itself: all else in it is what IDENTITY and PLATFORM return.
 */
#define HYPSEC_GUEST_REPORT	0xC6008106
/* (x1 = n) -> x1-x3 = bytes 24n to 24n+23 of a struct hypsec_platform. RANGE: n is over 2 */
#define HYPSEC_GUEST_PLATFORM	0xC6008107
/*
 * (x1 = IPA, x2 = pages of 4 KiB) -> x1 = pages done, from the first on. They are as RAM that
 * was never touched: what they held is gone, the host has their pages back, and the next access
 * finds zeros. Any frame of RAM, whether it has a page now or not; 2 MiB blocks, aligned and
 * asked for whole, go fastest. Fewer than asked for may be done, and the rest is as it was: call
 * again with that, also after BUSY (the CPU, or the host, is in the way now).
 * RANGE: the first is not RAM, or shared. STATE: not protected.
 */
#define HYPSEC_GUEST_RELINQUISH	0xC6008108
/*
 * (x1 = base IPA, x2 = size in bytes): from now on the frames of this range are shared with the
 * host: behind each is the page that the host has there, as behind an ordinary VM's, and never
 * executable. Once, and before anything touches the range, which is 2 MiB aligned, inside one
 * range of RAM, and of the size that the manifest states.
 * With HYPSEC_FLAG_RSI the range is in the upper half of the address space and no RAM.
 * INVALID: unaligned, empty. RANGE: not in one range of RAM. DENIED: not in the manifest, another
 * size, or image or device tree lie there. STATE: done before, a frame has been touched, or not
 * protected.
 */
#define HYPSEC_GUEST_SHARE	0xC6008109
/*
 * (x1 = IPA): shares a single frame of 4 KiB, wherever in RAM it lies, with what is in it now: the
 * host has its page from here on. HYPSEC_GRANTS of them at most. Shared already: OK.
 * INVALID: unaligned. RANGE: not RAM. DENIED: not in the manifest, or with HYPSEC_FLAG_RSI.
 * NO_MEMORY: too many. STATE: not protected. BUSY: call again; if the host has it sealed, after a
 * read from it.
 */
#define HYPSEC_GUEST_GRANT	0xC600810A
/*
 * (x1 = IPA): ends that. What was in the frame is gone, and the next access finds zeros, in a page
 * that the host has lost: before this returns, if it had a writable one there. Of a frame that is
 * not shared, and not untouched: nothing is done, OK.
 * INVALID, RANGE, STATE as GRANT. DENIED: it is of the range that was shared for good. BUSY: the
 * host may have its page yet: call again.
 */
#define HYPSEC_GUEST_REVOKE	0xC600810B
#define HYPSEC_GRANTS		64

#define HYPSEC_ABI_VERSION	1

#endif
