/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into a guest and out again. While a guest runs VBAR_EL2 is guest_vectors and
 * SP_EL2 points at what guest_enter() pushed: {regs, the host's SP_EL0}.
 */
#include "base/offsets.h"
#include "base/regs.h"

#define EXIT_IRQ	0
#define EXIT_SERROR	1
#define EXIT_TRAP	2
#define EXIT_IL		3
#define SERROR_PENDING	(1 << 31)

#define R_SP_EL0	(31 * 8)	/* struct vcpu_regs */
#define SPSR_IL_BIT	20
#define EC_HVC32	0x12
#define EC_HVC64	0x16

/*
 * SMCCC_ARCH_WORKAROUND_1, _2, _3: done here, on the CPU where they are called, for both kinds of
 * VM. Where firmware does not ask for them they only want the trap.
 */
#define WORKAROUND_1	0x80008000
#define WORKAROUND_2	0x80007fff
#define WORKAROUND_3	0x80003fff

	.macro	xregs op, base
	\op	x4, x5, [\base, #4 * 8]
	\op	x6, x7, [\base, #6 * 8]
	\op	x8, x9, [\base, #8 * 8]
	\op	x10, x11, [\base, #10 * 8]
	\op	x12, x13, [\base, #12 * 8]
	\op	x14, x15, [\base, #14 * 8]
	\op	x16, x17, [\base, #16 * 8]
	\op	x18, x19, [\base, #18 * 8]
	\op	x20, x21, [\base, #20 * 8]
	\op	x22, x23, [\base, #22 * 8]
	\op	x24, x25, [\base, #24 * 8]
	\op	x26, x27, [\base, #26 * 8]
	.endm

	/* smc #0: no -march has to know of EL3 */
	.macro	smc_0
	.inst	0xd4000003
	.endm

	.macro	speculation_barrier
	dsb	nsh
	isb
	.endm

	.text
	.global	guest_enter
	.type	guest_enter, %function
guest_enter:
	stp	x29, x30, [sp, #-16]!
	stp	x27, x28, [sp, #-16]!
	stp	x25, x26, [sp, #-16]!
	stp	x23, x24, [sp, #-16]!
	stp	x21, x22, [sp, #-16]!
	stp	x19, x20, [sp, #-16]!
	mrs	x1, sp_el0
	stp	x0, x1, [sp, #-16]!

	/*
	 * An SError that is pending now is the host's or ours; one that becomes
	 * pending after the ERET is the guest's. Also a host interrupt: go back
	 * and let it be served.
	 */
	dsb	nshst
	isb
	mrs	x1, isr_el1
	cbz	x1, 1f
	add	sp, sp, #16
	mov	x0, #EXIT_IRQ
	b	.Lreturn

1:
.Lload_first:				/* until the last load: .Lload_failed */
	ldr	x1, [x0, #R_SP_EL0]
	msr	sp_el0, x1
	xregs	ldp, x0
	ldp	x28, x29, [x0, #28 * 8]
	ldr	x30, [x0, #30 * 8]
	ldp	x2, x3, [x0, #2 * 8]
.Lload_last:
	ldp	x0, x1, [x0]
	eret
	speculation_barrier

	/*
	 * A memory error in what was to be loaded. ELR and SPSR_EL2 are those of that abort: an
	 * ERET would go to EL2. Nothing of the guest is stored, and sp is where it was.
	 */
.Lload_failed:
	ldp	x2, x3, [sp], #16
	msr	sp_el0, x3
	mov	x0, #EXIT_IL
	b	.Lreturn

	/* x0: exit code; [sp]: the guest's x0, x1; then regs, host's SP_EL0 */
guest_exit:
	ldr	x1, [sp, #16]
	stp	x2, x3, [x1, #2 * 8]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x1]
	xregs	stp, x1
	stp	x28, x29, [x1, #28 * 8]
	mrs	x2, sp_el0
	stp	x30, x2, [x1, #30 * 8]
	ldp	x2, x3, [sp], #16
	msr	sp_el0, x3
	/* No indirect branch so far: what the guest taught the predictor goes before the first. */
	mrs	x1, tpidr_el2
	ldr	x1, [x1, #CPU_HARDEN]
	cbz	x1, .Lreturn
	mov	x19, x0
	mov	x0, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	smc_0
	mov	x0, x19
.Lreturn:
	ldp	x19, x20, [sp], #16
	ldp	x21, x22, [sp], #16
	ldp	x23, x24, [sp], #16
	ldp	x25, x26, [sp], #16
	ldp	x27, x28, [sp], #16
	ldp	x29, x30, [sp], #16
	ret
	.size	guest_enter, . - guest_enter

/*
 * u64 guest_serror(void): without FEAT_RAS an SError the guest caused is still
 * pending here. Unmask it for one instruction; the vector below recognises the
 * place. ELR, ESR and SPSR of the guest's exit survive.
 */
	.global	guest_serror
	.type	guest_serror, %function
guest_serror:
	mrs	x2, elr_el2
	mrs	x3, esr_el2
	mrs	x4, spsr_el2
	mov	x0, #0
	msr	daifclr, #4
.Lserror_first:
	isb
.Lserror_last:
	msr	daifset, #4
	ret
	.size	guest_serror, . - guest_serror

.Lserror_taken:
	msr	daifset, #4
	msr	elr_el2, x2
	msr	esr_el2, x3
	msr	spsr_el2, x4
	mov	w0, #SERROR_PENDING
	ret

/*
 * u64 guest_at(u64 va, bool s1e1a): an external abort on the walk comes back to
 * EL2 as a synchronous exception on the AT, and counts as a failed translation.
 */
	.global	guest_at
	.type	guest_at, %function
guest_at:
	mrs	x2, elr_el2
	mrs	x3, esr_el2
	mrs	x4, spsr_el2
	dmb	sy			/* el1.h: read_par() */
	mrs	x5, par_el1
	dmb	sy
	cbnz	w1, .Lat_a
.Lat_r:	at	s1e1r, x0
	b	1f
.Lat_a:	sys	#0, c7, c9, #2, x0
1:	isb
	dmb	sy
	mrs	x0, par_el1
	dmb	sy
	msr	par_el1, x5
	ret
	.size	guest_at, . - guest_at

.Lat_failed:
	msr	elr_el2, x2
	msr	esr_el2, x3
	msr	spsr_el2, x4
	msr	par_el1, x5
	mov	x0, #1
	ret

	/* x0 is the guest's still. */
lower_sync:
	mrs	x1, esr_el2
	ubfx	x1, x1, #26, #6
	cmp	x1, #EC_HVC64
	ccmp	x1, #EC_HVC32, #4, ne
	b.ne	1f
	/* As XORs: each difference is an immediate. */
	eor	w1, w0, #WORKAROUND_1
	cbz	w1, 2f
	eor	w1, w1, #(WORKAROUND_1 ^ WORKAROUND_2)
	cbz	w1, 2f
	eor	w1, w1, #(WORKAROUND_2 ^ WORKAROUND_3)
	cbz	w1, 2f
1:	mov	x0, #EXIT_TRAP
	b	guest_exit
	/* Firmware that asks for it preserves x4 and up (SMCCC 1.1). */
2:	mrs	x1, tpidr_el2
	ldr	x0, [x1, #CPU_HARDEN]
	cbz	x0, 3f
	stp	x2, x3, [sp, #-16]!
	mov	x1, xzr
	smc_0
	ldp	x2, x3, [sp], #16
3:	mov	x0, #0
	ldr	x1, [sp, #8]
	add	sp, sp, #16
	eret
	speculation_barrier

lower_irq:
	mov	x0, #EXIT_IRQ
	b	guest_exit
lower_serror:
	mov	x0, #EXIT_SERROR
	b	guest_exit

/*
 * Exceptions of EL2 itself. Expected: an illegal exception return, with the
 * guest's registers loaded; the AT above; the SError above; a memory error in a slot.
 */
el2_sync:
	if_dabt	1f
	stp	x0, x1, [sp, #-16]!
	mrs	x0, spsr_el2
	tbz	x0, #SPSR_IL_BIT, el2_unexpected
	mov	x0, #EXIT_IL
	b	guest_exit

1:	stp	x0, x1, [sp, #-16]!
	mrs	x0, elr_el2
	adr	x1, .Lat_r
	cmp	x0, x1
	b.eq	2f
	adr	x1, .Lat_a
	cmp	x0, x1
	b.eq	2f
	ask_slot_abort
	mrs	x0, elr_el2
	adr	x1, .Lload_first
	cmp	x0, x1
	b.lo	3f
	adr	x1, .Lload_last
	cmp	x0, x1
	b.hi	3f
	add	sp, sp, #SLOT_ABORT_FRAME
	b	.Lload_failed
2:	add	sp, sp, #16
	b	.Lat_failed
3:	from_slot_abort

el2_serror:
	mrs	x0, elr_el2
	adr	x1, .Lserror_first
	cmp	x0, x1
	b.eq	1f
	adr	x1, .Lserror_last
	cmp	x0, x1
	b.ne	el2_unexpected
1:	add	sp, sp, #16
	b	.Lserror_taken

el2_unexpected:
	b	broken			/* host/vectors.S: core_panic() */

	.macro	ventry label
	.align	7
	stp	x0, x1, [sp, #-16]!
	b	\label
	.endm
	/* ESB: an SError of the guest is recorded in DISR_EL1 (a NOP without FEAT_RAS) */
	.macro	ventry_lower label
	.align	7
	hint	#16
	stp	x0, x1, [sp, #-16]!
	b	\label
	.endm

	.align	11
	.global	guest_vectors
guest_vectors:
	ventry	el2_unexpected		/* EL2t */
	ventry	el2_unexpected
	ventry	el2_unexpected
	ventry	el2_unexpected
	.align	7
	b	el2_sync		/* EL2h */
	ventry	el2_unexpected
	ventry	el2_unexpected
	ventry	el2_serror
	ventry_lower lower_sync		/* AArch64 guest */
	ventry_lower lower_irq
	ventry_lower lower_irq
	ventry	lower_serror
	ventry_lower lower_sync		/* AArch32 guest */
	ventry_lower lower_irq
	ventry_lower lower_irq
	ventry	lower_serror
	.align	7
