/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and loading the host's registers, for assembly. While the host runs
 * SP_EL2 is the CPU's struct percpu, which starts with x0-x30 (struct host_regs).
 */
#ifndef HYPSEC_REGS_H
#define HYPSEC_REGS_H

	/* x0-x30 but x16 and x17, at [sp] */
	.macro	host_regs pair, single
	\pair	x0, x1, [sp]
	\pair	x2, x3, [sp, #16]
	\pair	x4, x5, [sp, #32]
	\pair	x6, x7, [sp, #48]
	\pair	x8, x9, [sp, #64]
	\pair	x10, x11, [sp, #80]
	\pair	x12, x13, [sp, #96]
	\pair	x14, x15, [sp, #112]
	\pair	x18, x19, [sp, #144]
	\pair	x20, x21, [sp, #160]
	\pair	x22, x23, [sp, #176]
	\pair	x24, x25, [sp, #192]
	\pair	x26, x27, [sp, #208]
	\pair	x28, x29, [sp, #224]
	\single	x30, [sp, #240]
	.endm

	/* x0 becomes the struct percpu; x1-x30 are unchanged but x29, x30. */
	.macro	save_host
	host_regs stp, str
	stp	x16, x17, [sp, #128]
	mrs	x29, esr_el2
	mrs	x30, elr_el2
	stp	x29, x30, [sp, #CPU_TRAP_ESR]
	mrs	x29, spsr_el2
	str	x29, [sp, #CPU_TRAP_SPSR]
	mov	x0, sp
	mov	x29, xzr
	.endm

	.macro	load_host
	ldp	x16, x17, [sp, #128]
	host_regs ldp, ldr
	.endm

	.macro	load_host_but_x17
	ldr	x16, [sp, #128]
	host_regs ldp, ldr
	.endm

	/*
	 * A synchronous exception of EL2 itself: to \external, if it is a data abort that may be
	 * the memory's doing; a fault of the tables breaks the core, with nothing pushed, as the stack
	 * may be what overflowed; what is no data abort falls through. All registers are as they
	 * were. CNTHP_CVAL_EL2, of a timer that nobody has, lends its bits.
	 */
	.macro	if_dabt external
	msr	cnthp_cval_el2, x0
	mrs	x0, esr_el2
	lsr	x0, x0, #26
	cmp	x0, #0x25		/* EC_DABT_CUR */
	b.ne	.Lno_dabt\@
	mrs	x0, esr_el2
	and	x0, x0, #0x30		/* FSC: below 0x10 of the tables */
	cbnz	x0, .Lexternal\@
	b	broken
.Lexternal\@:
	mrs	x0, cnthp_cval_el2
	b	\external
.Lno_dabt\@:
	mrs	x0, cnthp_cval_el2
	.endm

#define SLOT_ABORT_FRAME	(16 * 10)

	/* x0, x1 are pushed. slot_abort() has dealt with it, or the core is broken. */
	.macro	ask_slot_abort
	stp	x2, x3, [sp, #-16]!
	stp	x4, x5, [sp, #-16]!
	stp	x6, x7, [sp, #-16]!
	stp	x8, x9, [sp, #-16]!
	stp	x10, x11, [sp, #-16]!
	stp	x12, x13, [sp, #-16]!
	stp	x14, x15, [sp, #-16]!
	stp	x16, x17, [sp, #-16]!
	stp	x18, x30, [sp, #-16]!
	/* The flags are in SPSR_EL2; C changes neither it nor ELR_EL2. */
	mrs	x0, esr_el2
	mrs	x1, far_el2
	bl	slot_abort
	cbnz	w0, .Lagain\@
	b	broken
.Lagain\@:
	.endm

	/* Executes it again. */
	.macro	from_slot_abort
	ldp	x18, x30, [sp], #16
	ldp	x16, x17, [sp], #16
	ldp	x14, x15, [sp], #16
	ldp	x12, x13, [sp], #16
	ldp	x10, x11, [sp], #16
	ldp	x8, x9, [sp], #16
	ldp	x6, x7, [sp], #16
	ldp	x4, x5, [sp], #16
	ldp	x2, x3, [sp], #16
	ldp	x0, x1, [sp], #16
	eret
	sb_after_eret
	.endm

	/* No CPU may run ahead of an exception return. */
	.macro	sb_after_eret
	dsb	nsh
	isb
	.endm

#endif
