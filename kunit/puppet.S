/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that does as it is told (puppet.h), through loads and stores that its host
 * answers. One page, position independent, MMU off; the same before and after VM_PROTECT. Its
 * bytes are signed, so no macros of the kernel's: they follow the configuration.
 */
#include "puppet.h"

/* A vCPU's work page, at SP */
#define IN		0x000	/* 32 X, 64 halves of V, system registers */
#define OUT		0x400	/* the same afterwards */
#define V		0x100
#define S		0x300
#define WORDS		(96 + PUPPET_NR_SYSREGS)
#define CODE		0x800
#define FULL		0x840
#define SAVE_X0		0x848
#define VECTOR		0x850

#define SVC		0xd4000001

	.section .rodata
	.balign	4096
	.globl	hk_puppet
hk_puppet:
begin:	/* references are to this local name: one to a global would be left to the linker */
	/* arm64 Image header: Documentation/arch/arm64/booting.rst */
	b	ordinary
	.long	protected - begin		/* for sign-puppet */
	.quad	0
	.quad	PUPPET_MEM_SIZE
	.quad	0xa
	.quad	PUPPET_IMAGE_MAGIC
	.quad	PUPPET_MANIFEST
	.quad	0
	.ascii	"ARM\x64"
	.long	0

ordinary:
	bl	setup
	b	loop

	/* Entered by the core: x0-x2 by its promise, everything else zero. So is a secondary. */
protected:
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
	orr	x3, x3, x\n
	.endr
	.irp	n, 25, 26, 27, 28, 29, 30
	orr	x3, x3, x\n
	.endr
	mov	x4, sp
	orr	x3, x3, x4
	.irp	r, tpidr_el0, tpidrro_el0, tpidr_el1, sp_el0, mair_el1, far_el1, contextidr_el1
	mrs	x4, \r
	orr	x3, x3, x4
	.endr
	.irp	r, ttbr0_el1, ttbr1_el1, par_el1, elr_el1, spsr_el1, esr_el1, vbar_el1, tcr_el1
	mrs	x4, \r
	orr	x3, x3, x4
	.endr
	mrs	x4, cpacr_el1
	orr	x3, x3, x4
	mrs	x5, sctlr_el1
	mrs	x6, daif
	mrs	x7, CurrentEL
	bl	setup
	bl	save_v
	mrs	x4, fpcr
	orr	x3, x3, x4
	mrs	x4, fpsr
	orr	x3, x3, x4
	add	x9, sp, #OUT + V
	mov	x10, #64
1:	ldr	x4, [x9], #8
	orr	x3, x3, x4
	sub	x10, x10, #1
	cbnz	x10, 1b
	str	x0, [x27, #PUPPET_RES]
	str	x1, [x27, #PUPPET_RES + 8]
	str	x2, [x27, #PUPPET_RES + 16]
	str	x3, [x27, #PUPPET_RES + 24]
	str	x5, [x27, #PUPPET_RES + 32]
	str	x6, [x27, #PUPPET_RES + 40]
	str	x7, [x27, #PUPPET_RES + 48]
	str	xzr, [x27, #PUPPET_HELLO]

loop:	ldr	x0, [x27, #PUPPET_CMD]
	cmp	x0, #PUPPET_EXEC
	b.ne	loop
	ldr	x1, [x27, #PUPPET_ARG]
	ldr	x2, [x27, #PUPPET_ARG + 8]
	ldr	x19, [x27, #PUPPET_ARG + 16]
	ldr	x20, [x27, #PUPPET_ARG + 24]
	str	x1, [sp, #CODE]
	str	x2, [sp, #CODE + 8]
	movz	w3, #(SVC & 0xffff)
	movk	w3, #(SVC >> 16), lsl #16
	str	w3, [sp, #CODE + 16]
	str	x19, [sp, #FULL]
	add	x21, sp, #CODE
	dc	civac, x21
	dsb	ish
	ic	iallu
	dsb	ish
	isb

	/* A different value for each register, from the seed */
	movz	x4, #0x7f2d
	movk	x4, #0x4c95, lsl #16
	movk	x4, #0xf42d, lsl #32
	movk	x4, #0x5851, lsl #48
	mov	x5, sp
	mov	x6, #WORDS
	mov	x7, x20
1:	add	x7, x7, #0x4d3
	mul	x7, x7, x4
	str	x7, [x5], #8
	sub	x6, x6, #1
	cbnz	x6, 1b

	/* Registers may not have all bits: what can be read back is what they hold. */
	cbz	x19, 2f
	add	x5, sp, #IN + S
	.irp	r, PUPPET_SYSREGS
	ldr	x1, [x5]
	msr	\r, x1
	mrs	x1, \r
	str	x1, [x5], #8
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	ldr	q\n, [sp, #IN + V + \n * 16]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	q\n, [sp, #IN + V + \n * 16]
	.endr

2:	add	x1, x27, #PUPPET_ARG + 32
	mov	x2, sp
	mov	x3, #8
3:	ldr	x4, [x1]			/* no write-back: the host sees a syndrome */
	add	x1, x1, #8
	str	x4, [x2], #8
	sub	x3, x3, #1
	cbnz	x3, 3b
	and	x20, x20, #0xf0000000
	mov	x1, #0x3c5
	orr	x20, x20, x1
	msr	spsr_el1, x20
	msr	elr_el1, x21
	ldp	x0, x1, [sp, #IN]
	ldp	x2, x3, [sp, #IN + 16]
	ldp	x4, x5, [sp, #IN + 32]
	ldp	x6, x7, [sp, #IN + 48]
	ldp	x8, x9, [sp, #IN + 64]
	ldp	x10, x11, [sp, #IN + 80]
	ldp	x12, x13, [sp, #IN + 96]
	ldp	x14, x15, [sp, #IN + 112]
	ldp	x16, x17, [sp, #IN + 128]
	ldp	x18, x19, [sp, #IN + 144]
	ldp	x20, x21, [sp, #IN + 160]
	ldp	x22, x23, [sp, #IN + 176]
	ldp	x24, x25, [sp, #IN + 192]
	ldp	x26, x27, [sp, #IN + 208]
	ldp	x28, x29, [sp, #IN + 224]
	ldr	x30, [sp, #IN + 240]
	eret

	/* The end of the command: by SVC, or by what came before */
taken:	str	x0, [sp, #VECTOR]
	ldr	x0, [sp, #SAVE_X0]
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	str	x\n, [sp, #OUT + \n * 8]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	str	x\n, [sp, #OUT + \n * 8]
	.endr
	mrs	x11, esr_el1
	mrs	x12, far_el1
	mrs	x13, elr_el1
	mrs	x14, spsr_el1
	ldr	x19, [sp, #FULL]
	mov	x8, #0
	mov	x9, #0
	mov	x1, #8
	mov	x2, #31
	bl	compare
	cbz	x19, 1f
	add	x5, sp, #OUT + S
	.irp	r, PUPPET_SYSREGS
	mrs	x1, \r
	str	x1, [x5], #8
	.endr
	bl	save_v
	mov	x1, #32
	mov	x2, #WORDS
	bl	compare
1:	bl	setup
	add	x1, x27, #PUPPET_RES
	add	x2, sp, #OUT
	mov	x3, #8
2:	ldr	x4, [x2], #8
	str	x4, [x1]
	add	x1, x1, #8
	sub	x3, x3, #1
	cbnz	x3, 2b
	str	x8, [x27, #PUPPET_RES + 64]
	str	x9, [x27, #PUPPET_RES + 72]
	ldr	x10, [sp, #VECTOR]
	str	x10, [x27, #PUPPET_RES + 80]
	str	x11, [x27, #PUPPET_RES + 88]
	str	x12, [x27, #PUPPET_RES + 96]
	add	x1, sp, #CODE
	sub	x13, x13, x1
	str	x13, [x27, #PUPPET_RES + 104]
	str	x14, [x27, #PUPPET_RES + 112]
	str	xzr, [x27, #PUPPET_DONE]
	b	loop

	/* Words [x1, x2) of IN and OUT: x8 += how many differ, x9: the first that did */
compare:
	mov	x3, sp
	add	x3, x3, x1, lsl #3
1:	ldr	x4, [x3]
	ldr	x5, [x3, #OUT - IN]
	cmp	x4, x5
	b.eq	2f
	cmp	x8, #0
	csel	x9, x1, x9, eq
	add	x8, x8, #1
2:	add	x3, x3, #8
	add	x1, x1, #1
	cmp	x1, x2
	b.ne	1b
	ret

save_v:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	str	q\n, [sp, #OUT + V + \n * 16]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [sp, #OUT + V + \n * 16]
	.endr
	ret

	/* SP: work page, x27: mailbox; uses x28, x29 */
setup:
	mrs	x28, mpidr_el1
	and	x28, x28, #0xff
	adr	x29, begin
	add	x29, x29, #PUPPET_WORK
	add	x29, x29, x28, lsl #12
	mov	sp, x29
	mov	x27, #PUPPET_MBOX
	add	x27, x27, x28, lsl #12
	adr	x29, vectors
	msr	vbar_el1, x29
	mov	x29, #0x300000			/* FPEN */
	msr	cpacr_el1, x29
	isb
	ret

	.org	begin + 0x800
vectors:
	.irp	n, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380
	.org	vectors + \n
	str	x0, [sp, #SAVE_X0]
	mov	x0, #\n
	b	taken
	.endr
	.irp	n, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
	.org	vectors + \n
	str	x0, [sp, #SAVE_X0]
	mov	x0, #\n
	b	taken
	.endr
	.org	begin + 0x1000
