/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the secret guest that needs the registers to itself. */

	.text

/* uint64_t ticks_per_second(void) */
	.globl	ticks_per_second
	.type	ticks_per_second, %function
ticks_per_second:
	mrs	x0, cntfrq_el0
	ret
	.size	ticks_per_second, . - ticks_per_second

/* void hold(const struct registers *in, struct registers *out, uint64_t ticks) */
	.globl	hold
	.type	hold, %function
hold:
	stp	x29, x30, [sp, #-160]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]

	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x25, x26, [x0, #48]
	ldp	x27, x28, [x0, #64]
	ldp	q8, q9, [x0, #80]
	ldp	q10, q11, [x0, #112]
	ldp	q12, q13, [x0, #144]
	ldp	q14, q15, [x0, #176]

	isb
	mrs	x9, cntvct_el0
1:	isb
	mrs	x10, cntvct_el0
	sub	x10, x10, x9
	cmp	x10, x2
	b.lo	1b

	stp	x19, x20, [x1]
	stp	x21, x22, [x1, #16]
	stp	x23, x24, [x1, #32]
	stp	x25, x26, [x1, #48]
	stp	x27, x28, [x1, #64]
	stp	q8, q9, [x1, #80]
	stp	q10, q11, [x1, #112]
	stp	q12, q13, [x1, #144]
	stp	q14, q15, [x1, #176]

	ldp	d14, d15, [sp, #144]
	ldp	d12, d13, [sp, #128]
	ldp	d10, d11, [sp, #112]
	ldp	d8, d9, [sp, #96]
	ldp	x27, x28, [sp, #80]
	ldp	x25, x26, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #160
	ret
	.size	hold, . - hold

	.section .note.GNU-stack, "", %progbits
