/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and loading the host's registers, for assembly. While the host runs
 * SP_EL2 is the CPU's struct percpu, which starts with x0-x30 (struct host_regs).
 */
#ifndef HYPSEC_REGS_H
#define HYPSEC_REGS_H

	/* x0 becomes the struct percpu; x1-x30 are unchanged but x29, x30. */
	.macro	save_host
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
	mrs	x29, esr_el2
	mrs	x30, elr_el2
	stp	x29, x30, [sp, #CPU_TRAP_ESR]
	mrs	x29, spsr_el2
	str	x29, [sp, #CPU_TRAP_SPSR]
	mov	x0, sp
	mov	x29, xzr
	.endm

	/* All but x16 and x17, from [sp] */
	.macro	load_host_rest
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	.endm

	.macro	load_host
	ldp	x16, x17, [sp, #128]
	load_host_rest
	.endm

	.macro	load_host_but_x17
	ldr	x16, [sp, #128]
	load_host_rest
	.endm

	/* No CPU may run ahead of an exception return. */
	.macro	sb_after_eret
	dsb	nsh
	isb
	.endm

#endif
