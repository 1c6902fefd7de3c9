/* SPDX-License-Identifier: GPL-2.0-only */
	.section .head, "ax"
	.globl	_start
_start:
	adrp	x0, stack_top
	add	x0, x0, :lo12:stack_top
	mov	sp, x0
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el2, x0
	mov	x0, #0x33ff
	msr	cptr_el2, x0
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	ldr	x0, =0x30d00800
	msr	sctlr_el1, x0
	isb
	bl	model_init		/* x0 = device tree */
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	eret

	.balign	0x800
vectors:
	.rept	16
	.balign	0x80
	b	trap
	.endr

	/* What C code may change, at [sp] */
	.macro	frame pair
	\pair	x0, x1, [sp]
	\pair	x2, x3, [sp, #16]
	\pair	x4, x5, [sp, #32]
	\pair	x6, x7, [sp, #48]
	\pair	x8, x9, [sp, #64]
	\pair	x10, x11, [sp, #80]
	\pair	x12, x13, [sp, #96]
	\pair	x14, x15, [sp, #112]
	\pair	x16, x17, [sp, #128]
	\pair	x18, x19, [sp, #144]
	\pair	x29, x30, [sp, #160]
	.endm

trap:
	sub	sp, sp, #256
	frame	stp
	mov	x0, sp
	bl	model_trap
	frame	ldp
	add	sp, sp, #256
	eret

	.bss
	.balign	16
	.skip	0x4000
stack_top:
