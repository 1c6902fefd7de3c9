/* SPDX-License-Identifier: GPL-2.0-only */
	.text

/*
 * An exception that has no right to be. The stack may be what overflowed, so it is
 * abandoned: nothing on it is returned to.
 */
	.globl	broken
broken:
	mrs	x3, tpidr_el2
	mov	sp, x3
	mrs	x0, esr_el2
	mrs	x1, elr_el2
	mrs	x2, far_el2
	mov	x29, xzr
	bl	core_exception
	b	.
