/* SPDX-License-Identifier: GPL-2.0-only */
/* The only object with FP, SIMD and SVE instructions. struct fp_state: q0-q31, FPSR, FPCR. */
	.arch	armv8.2-a+sve
	.text

	.macro	qregs op
	\op	q0, q1, [x0, #16 * 0]
	\op	q2, q3, [x0, #16 * 2]
	\op	q4, q5, [x0, #16 * 4]
	\op	q6, q7, [x0, #16 * 6]
	\op	q8, q9, [x0, #16 * 8]
	\op	q10, q11, [x0, #16 * 10]
	\op	q12, q13, [x0, #16 * 12]
	\op	q14, q15, [x0, #16 * 14]
	\op	q16, q17, [x0, #16 * 16]
	\op	q18, q19, [x0, #16 * 18]
	\op	q20, q21, [x0, #16 * 20]
	\op	q22, q23, [x0, #16 * 22]
	\op	q24, q25, [x0, #16 * 24]
	\op	q26, q27, [x0, #16 * 26]
	\op	q28, q29, [x0, #16 * 28]
	\op	q30, q31, [x0, #16 * 30]
	.endm

	.macro	func name
	.align	2
	.global	\name
	.type	\name, %function
\name:
	.endm

func fp_save
	qregs	stp
	add	x0, x0, #512
	mrs	x1, fpsr
	mrs	x2, fpcr
	stp	w1, w2, [x0]
	ret

func fp_load
	qregs	ldp
	add	x0, x0, #512
	ldp	w1, w2, [x0]
	msr	fpsr, x1
	msr	fpcr, x2
	ret

/* Writing V clears the bits above 127 of Z too. */
func fp_clear
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movi	v\n\().2d, #0
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movi	v\n\().2d, #0
	.endr
	msr	fpsr, xzr
	msr	fpcr, xzr
	ret

	.macro	svregs op, pop
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\op	z\n, [x0, #\n - 34, mul vl]
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\op	z\n, [x0, #\n - 34, mul vl]
	.endr
	.endm

	.macro	spregs op
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\op	p\n, [x0, #\n - 16, mul vl]
	.endr
	.endm

func sve_save
	svregs	str
	spregs	str
	rdffr	p0.b
	str	p0, [x0]
	ldr	p0, [x0, #-16, mul vl]
	mrs	x2, fpsr
	mrs	x3, fpcr
	stp	w2, w3, [x1]
	ret

func sve_load
	svregs	ldr
	ldr	p0, [x0]
	wrffr	p0.b
	spregs	ldr
	ldp	w2, w3, [x1]
	msr	fpsr, x2
	msr	fpcr, x3
	ret

func sve_vl
	rdvl	x0, #1
	ret
