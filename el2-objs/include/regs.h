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

	/* No CPU may run ahead of an exception return. */
	.macro	sb_after_eret
	dsb	nsh
	isb
	.endm

#endif
