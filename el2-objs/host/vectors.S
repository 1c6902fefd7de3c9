/* SPDX-License-Identifier: GPL-2.0-only */
/* VBAR_EL2 while the host runs, and the return to it. */
#include "base/offsets.h"
#include "base/regs.h"
#include "base/sysreg.h"

	.text

	.macro	vector target
	.balign	0x80
	b	\target
	.endm

	.balign	0x800
	.globl	host_vectors
host_vectors:
	/* the core itself: SP_EL0 is never used, EL2 takes no interrupt */
	vector	broken
	vector	broken
	vector	broken
	vector	broken
	vector	core_sync
	vector	broken
	vector	broken
	vector	broken
	/* the host's EL1, and EL0 in AArch64: HCR_EL2 routes no interrupt here */
	vector	host_sync
	vector	broken
	vector	broken
	vector	broken
	/* the host's EL0 in AArch32 */
	vector	host_sync
	vector	broken
	vector	broken
	vector	broken

	/* A memory error in a slot: own/slot.c. */
core_sync:
	if_dabt	1f
	b	broken
1:	stp	x0, x1, [sp, #-16]!
	ask_slot_abort
	from_slot_abort

host_sync:
	save_host
	bl	host_trap
	/* host_return() without its argument: sp is the struct percpu again */
return_to_host:
	load_host
	eret
	sb_after_eret

	.globl	host_return
	.type	host_return, %function
host_return:
	mov	sp, x0
	ldp	x1, x2, [sp, #CPU_TRAP_ELR]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	b	return_to_host

/*
 * void el2_leave(struct percpu *cpu, u64 sctlr): a failed install. The C caller
 * has put back every other register. x17 may change over an HVC.
 */
	.globl	el2_leave
	.type	el2_leave, %function
el2_leave:
	mov	sp, x0
	mov	x17, x1
	dsb	ish
	load_host_but_x17
	msr	sctlr_el2, x17
	isb
	tlbi	alle2
	dsb	nsh
	isb
	eret
