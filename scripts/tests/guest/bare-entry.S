/* SPDX-License-Identifier: GPL-2.0-only */
/* The entry of a bare guest, an arm64 Image (Documentation/arch/arm64/booting.rst). */
	.section .entry, "ax"
	.globl _start
_start:
	b	1f
	.long	0
	.quad	0			/* text_offset */
	.quad	_size			/* image_size, with bss and stack */
	.quad	0xa			/* little-endian, 4 KiB, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
1:	adr	x3, vectors
	msr	vbar_el1, x3
	adrp	x3, _stack_top
	add	x3, x3, :lo12:_stack_top
	mov	sp, x3
	isb
	bl	bare_main

	.balign 2048
vectors:
	.rept 16
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	bl	bare_exception
	.balign 128
	.endr
