/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel as far as a boot loader can tell: the arm64 Image header, then the
 * test of kernel.c with the MMU off.
 */
	.section .head, "ax"
	.globl	_start
_start:
	b	start
	.long	0
	.quad	0			/* text_offset */
	.quad	_end - _start		/* image_size */
	.quad	0xa			/* little endian, 4 KiB, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

start:
	adr	x1, vectors
	msr	vbar_el1, x1
	mov	x1, #3 << 20
	msr	cpacr_el1, x1		/* FPEN */
	isb
	adrp	x1, stacks + 4096
	add	sp, x1, :lo12:stacks + 4096
	bl	kernel_main
1:	wfi
	b	1b

/* CPU_ON: x0 = context; every other register must be zero. */
	.globl	second_entry
second_entry:
	orr	x1, x1, x2
	orr	x1, x1, x3
	orr	x1, x1, x15
	orr	x1, x1, x29
	orr	x1, x1, x30
	mrs	x2, sp_el0
	orr	x1, x1, x2
	mrs	x2, tpidr_el1
	orr	x1, x1, x2
	adr	x2, vectors
	msr	vbar_el1, x2
	isb
	adrp	x2, stacks + 8192
	add	sp, x2, :lo12:stacks + 8192
	bl	second_main
1:	wfi
	b	1b

/*
 * An exception is counted and stepped over: its syndrome goes to last_esr. After
 * a fetch that failed the caller's address is in x30.
 */
	.macro	vector
	.balign	0x80
	stp	x0, x1, [sp, #-16]!
	b	exception
	.endm
	.text
	.balign	0x800
vectors:
	.rept	16
	vector
	.endr
exception:
	stp	x2, x3, [sp, #-16]!
	mrs	x0, esr_el1
	adrp	x1, last_esr
	add	x1, x1, :lo12:last_esr
	str	x0, [x1]
	mrs	x2, elr_el1
	add	x2, x2, #4
	lsr	x0, x0, #26
	cmp	x0, #0x21
	csel	x2, x30, x2, eq
	msr	elr_el1, x2
	ldp	x2, x3, [sp], #16
	ldp	x0, x1, [sp], #16
	eret

/*
 * u64 keep_registers(volatile u32 *uart): fills every register, makes some exits,
 * and counts the registers that changed.
 */
	.arch_extension fp
	.arch_extension simd
	.globl	keep_registers
keep_registers:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	w1, #'.'
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, #0xa500 + \n
	.endr
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	movi	v\n\().16b, #0x40 + \n
	.endr
	.rept	3
	str	w1, [x0]
	.endr
	ldr	w1, [x0, #0x18]
	mov	x1, #0
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x0, #0xa500 + \n
	cmp	x0, x\n
	cinc	x1, x1, ne
	.endr
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	mov	x0, v\n\().d[1]
	mov	x2, #0x40 + \n
	orr	x2, x2, x2, lsl #8
	orr	x2, x2, x2, lsl #16
	orr	x2, x2, x2, lsl #32
	cmp	x0, x2
	cinc	x1, x1, ne
	.endr
	mov	x0, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

	.bss
	.balign	4096
stacks:	.skip	8192
