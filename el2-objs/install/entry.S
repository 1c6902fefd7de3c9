/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only code of the core that runs with the MMU off. What it loads then was
 * cleaned to the PoC by whoever wrote it: the module at install, afterwards
 * install/install.c (boot_ttbr).
 */
#include "base/offsets.h"
#include "base/regs.h"
#include "base/sysreg.h"

#define MAIR_EL2_CORE	0x04ff		/* 0: Normal write-back, 1: Device-nGnRE */
#define TCR_EL2_CORE	0x80803510	/* T0SZ 16, WB WA inner-shareable walks, 4 KiB */
#define SCTLR_EL2_ON	(SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I)

	.text

	.macro	mov64 reg, val
	movz	\reg, #((\val) & 0xffff)
	.if	(\val) & 0xffff0000
	movk	\reg, #(((\val) >> 16) & 0xffff), lsl #16
	.endif
	.endm

/*
 * Stage 1 on, with the tables at \ttbr. Uses x10-x12. What firmware or the
 * stub left in this CPU's TLBs and instruction cache is dropped first.
 */
	.macro	mmu_on ttbr, sctlr
	mov64	x10, MAIR_EL2_CORE
	msr	mair_el2, x10
	mov64	x10, TCR_EL2_CORE
	mrs	x11, id_aa64mmfr0_el1
	and	x11, x11, #0xf
	mov	x12, #5			/* 48 bits; 52 need another descriptor format */
	cmp	x11, x12
	csel	x11, x11, x12, lo
	bfi	x10, x11, #16, #3
	msr	tcr_el2, x10
	msr	ttbr0_el2, \ttbr
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	mov64	x10, (\sctlr)
	msr	sctlr_el2, x10
	isb
	.endm

/*
 * Where the hyp stub's SOFT_RESTART lands: see struct hypsec_bundle. ELR_EL2 and
 * SPSR_EL2 still say where the HVC came from, VBAR_EL2 is still the stub's: all
 * that is needed to give EL2 back if the install fails.
 */
	.section .init.text, "ax"
	.globl	install_entry
	.type	install_entry, %function
install_entry:
	mrs	x3, hcr_el2
	tbnz	x3, #34, 1f		/* E2H: the names here mean other registers */
	mrs	x4, sctlr_el2
	mov64	x5, HCR_RW
	msr	hcr_el2, x5
	isb
	mmu_on	x1, SCTLR_EL2_ON
	msr	spsel, #1
	mov	sp, x0
	save_host
	msr	tpidr_el2, x0
	/* (cpu, install, stub's HCR_EL2, stub's SCTLR_EL2) */
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	bl	core_install_cpu
	mov	x0, sp
	b	host_return
1:	mov	x0, #-8			/* HYPSEC_STATE */
	eret

/*
 * void el2_switch_tables(u64 ttbr): from the module's tables to the core's own. The
 * MMU is off between them, as block sizes and permissions of live entries differ.
 */
	.globl	el2_switch_tables
	.type	el2_switch_tables, %function
el2_switch_tables:
	dsb	ish
	mov64	x10, SCTLR_EL2_RES1 | SCTLR_I
	msr	sctlr_el2, x10
	isb
	mmu_on	x0, SCTLR_EL2_ON | SCTLR_WXN
	ret

	.text
/*
 * A CPU that firmware powers up for the PSCI relay: x0 = its struct percpu.
 * EL2, MMU off, everything else unknown.
 */
	.globl	el2_cpu_entry
	.type	el2_cpu_entry, %function
el2_cpu_entry:
	msr	daifset, #0xf
	msr	spsel, #1
	mov64	x5, HCR_RW
	msr	hcr_el2, x5
	isb
	/* The host may have left anything in SCTLR_EL2's place before a reset. */
	mov64	x10, SCTLR_EL2_RES1
	msr	sctlr_el2, x10
	isb
	adrp	x1, boot_ttbr
	ldr	x1, [x1, :lo12:boot_ttbr]
	mmu_on	x1, SCTLR_EL2_ON | SCTLR_WXN
	mov	sp, x0
	msr	tpidr_el2, x0
	bl	core_late_cpu
	b	.

/* void host_enter_el1(u64 x0): everything else is zero; ELR and SPSR are set. */
	.globl	host_enter_el1
	.type	host_enter_el1, %function
host_enter_el1:
	mrs	x1, tpidr_el2
	mov	sp, x1
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret
	sb_after_eret

	.section .data..ro_after_seal, "aw"
	.balign	8
	.globl	boot_ttbr
boot_ttbr:
	.quad	0
