/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First instructions of a protected image. A VMM enters at stub_head as it
 * would any arm64 kernel: x0 = device tree, MMU off, memory in the host's
 * hands. So until the core has verified this very code and entered it again
 * at stub_protected, nothing but registers is used: no stack, no load, no
 * literal pool.
 */
#include "../../el2-objs/abi/hypsec_guest.h"
#include "../../el2-objs/abi/hypsec_reason.h"

#define PSCI_SYSTEM_OFF		0x84000008
#define FLAG_RSI		5		/* bit, of HYPSEC_FLAG_RSI */
#define CALL(reg, id)			\
	movz	reg, #((id) & 0xffff);		\
	movk	reg, #((id) >> 16), lsl #16

	.section .head, "ax"
	.globl	stub_head
stub_head:
	/* arm64 Image header: Documentation/arch/arm64/booting.rst */
	b	unprotected
	.long	stub_protected - stub_head	/* for scripts/hypsec-image */
	.quad	0				/* text_offset */
	.quad	0				/* image_size: set by hypsec-image */
	.quad	0xa				/* little endian, 4 KiB, anywhere */
	.quad	0				/* HYPSEC_IMAGE_MAGIC: likewise */
	.quad	0				/* manifest_offset: likewise */
	.quad	0
	.ascii	"ARM\x64"
	.long	0

unprotected:
	mov	x2, x0
	adr	x1, stub_head
	CALL(w0, HYPSEC_GUEST_PROTECT)
	hvc	#0
	/*
	 * It returned, so nobody protects us: no core here (NOT_SUPPORTED), or
	 * it refused (x0). Never go on exposed.
	 */
	mov	x1, x0
	b	off

	/* x1: why. PSCI ignores it; the core's log shows it. */
	.globl	stub_off
stub_off:
	movk	x1, #(HYPSEC_REASON_MARK & 0xffff), lsl #32
	movk	x1, #(HYPSEC_REASON_MARK >> 16), lsl #48
	/* Ours is the image now, and its manifest says by what the core is called. */
	adr	x4, stub_head
	ldr	x5, [x4, #40]
	add	x4, x4, x5
	ldr	w4, [x4, #12]		/* flags */
	tbz	w4, #FLAG_RSI, off
	CALL(w0, PSCI_SYSTEM_OFF)
	smc	#0
	b	1f
off:
	CALL(w0, PSCI_SYSTEM_OFF)
	hvc	#0
1:	wfi
	b	1b

/*
 * Entered by the core: EL1h, MMU off, DAIF masked, image verified and private,
 * x0 = device tree, x1 = its size, x2 = image base, all else zero.
 */
	.globl	stub_protected
stub_protected:
	adr	x3, stub_head
	adr	x4, vectors
	msr	vbar_el1, x4
	isb
	cmp	x2, x3
	mov	x5, #HYPSEC_REASON_PLACE
	b.ne	2f
	ldr	x4, [x3, #16]		/* image_size: the end of our memory */
	add	sp, x3, x4
	mov	x29, xzr
	mov	x30, xzr
	bl	stub_main		/* returns only to refuse: x0 = reason */
	mov	x5, x0
2:	mov	x1, x5
	b	stub_off

/* void stub_enter(u64 kernel, u64 dtb): the arm64 boot protocol */
	.globl	stub_enter
stub_enter:
	mov	x4, x0
	mov	x0, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	ic	iallu
	dsb	nsh
	isb
	br	x4

/* A fault here is a bug or an attack; neither is a reason to go on. */
	.macro	vector
	.balign	0x80
	mov	x1, #HYPSEC_REASON_EXCEPTION
	mrs	x2, esr_el1
	mrs	x3, elr_el1
	b	stub_off
	.endm

	.balign	0x800
vectors:
	.rept	16
	vector
	.endr
