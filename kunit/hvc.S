/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/linkage.h>
#include <asm/assembler.h>

	.macro	callee_saved pair
	\pair	x19, x20, [sp, #16]
	\pair	x21, x22, [sp, #32]
	\pair	x23, x24, [sp, #48]
	\pair	x25, x26, [sp, #64]
	\pair	x27, x28, [sp, #80]
	.endm

	/* x2-x17 and x19-x30, of the array in x0 */
	.macro	array pair, single
	\pair	x2, x3, [x0, #16]
	\pair	x4, x5, [x0, #32]
	\pair	x6, x7, [x0, #48]
	\pair	x8, x9, [x0, #64]
	\pair	x10, x11, [x0, #80]
	\pair	x12, x13, [x0, #96]
	\pair	x14, x15, [x0, #112]
	\pair	x16, x17, [x0, #128]
	\single	x19, [x0, #152]
	\pair	x20, x21, [x0, #160]
	\pair	x22, x23, [x0, #176]
	\pair	x24, x25, [x0, #192]
	\pair	x26, x27, [x0, #208]
	\pair	x28, x29, [x0, #224]
	\single	x30, [x0, #240]
	.endm

/*
 * An HVC or SMC with all of x0-x17 and x19-x30 loaded from, and stored to, the array
 * in x0. x18 may be the shadow call stack. Called with interrupts masked: x29
 * and x30 are not a frame in between.
 */
	.macro	full_call name, insn
SYM_FUNC_START(\name)
	stp	x29, x30, [sp, #-112]!
	callee_saved stp
	str	x0, [sp, #96]
	array	ldp, ldr
	ldp	x0, x1, [x0]
	\insn	#0
	str	x0, [sp, #104]
	ldr	x0, [sp, #96]
	str	x1, [x0, #8]
	ldr	x1, [sp, #104]
	str	x1, [x0]
	array	stp, str
	callee_saved ldp
	ldp	x29, x30, [sp], #112
	ret
SYM_FUNC_END(\name)
	.endm

	full_call hypsec_hvc_full, hvc
	full_call hypsec_smc_full, smc

/*
 * There and back: SOFT_RESTART of the hyp stub, as a crash kernel is entered.
 *
 * x0 = struct restart: in memory cleaned to the PoC, with interrupts masked and
 *	TTBR0_EL1 an identity map of the code below
 */
#define R_PA		0	/* physical address of the struct */
#define R_TARGET	8	/* physical address of hk_restart_target */
#define R_BACK		16	/* virtual address of restart_back */
#define R_SCTLR		24
#define R_CURRENTEL	32	/* out, as found at the target */
#define R_SCTLR_THERE	40	/* out */
#define R_DAIF_THERE	48	/* out */
#define R_ARGS		56	/* out: 1 if the three arguments arrived */

SYM_FUNC_START(hypsec_soft_restart)
	stp	x29, x30, [sp, #-112]!
	callee_saved stp
	str	x18, [sp, #96]
	mrs	x1, sctlr_el1
	str	x1, [x0, #R_SCTLR]
	adr_l	x1, restart_back
	str	x1, [x0, #R_BACK]
	dc	civac, x0
	dsb	sy
	ldr	x2, [x0, #R_PA]
	ldr	x1, [x0, #R_TARGET]
	dc	civac, x0
	dsb	sy
	mov	x3, #0x13
	mov	x4, #0x14
	mov	x0, #1			// HVC_SOFT_RESTART
	hvc	#0
	b	.			// not reached
SYM_FUNC_END(hypsec_soft_restart)

	/* EL1 or, if the core gave it away, EL2; MMU off. x0-x2 = x2-x4 of the call. */
	.balign	256
SYM_CODE_START(hk_restart_target)
	mrs	x3, CurrentEL
	str	x3, [x0, #R_CURRENTEL]
	mrs	x4, sctlr_el1
	str	x4, [x0, #R_SCTLR_THERE]
	mrs	x4, daif
	str	x4, [x0, #R_DAIF_THERE]
	cmp	x1, #0x13
	ccmp	x2, #0x14, #0, eq
	cset	x4, eq
	str	x4, [x0, #R_ARGS]
	dsb	sy
	ldr	x5, [x0, #R_BACK]
	ldr	x6, [x0, #R_SCTLR]
	cmp	x3, #4			// CurrentEL_EL1
	b.ne	.			// there is no way back from EL2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x6
	isb
	br	x5
SYM_CODE_END(hk_restart_target)

SYM_CODE_START_LOCAL(restart_back)
	bti	j
	ldr	x18, [sp, #96]
	callee_saved ldp
	ldp	x29, x30, [sp], #112
	ret
SYM_CODE_END(restart_back)
