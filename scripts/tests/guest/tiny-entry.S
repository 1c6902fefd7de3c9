/* SPDX-License-Identifier: GPL-2.0-only */
/* x0 = parameters, x1 = vCPU index, x2 = top of stack: set by kvmapi. */
	.section .entry, "ax"
	.globl _start
_start:
	mov	sp, x2
	adr	x3, vectors
	msr	vbar_el1, x3
	isb
	b	tiny_main

/* The guest expects no exception: one ends it, with a value that says so. */
	.balign 2048
vectors:
	.rept 16
	mov	w0, #2
	movz	x1, #0x0a00, lsl #16
	movk	x1, #0x1000
	str	w0, [x1]
	b	.
	.balign 128
	.endr
