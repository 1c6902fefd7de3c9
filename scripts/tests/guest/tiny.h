/* SPDX-License-Identifier: GPL-2.0-only */
/* Between kvmapi (user space of the host) and the tiny guest it runs. */
#ifndef GUEST_TINY_H
#define GUEST_TINY_H

#include <stdint.h>

#define TINY_BASE	0x40000000UL	/* of guest memory; the guest's image is there */
#define TINY_PARAMS	0x10000UL	/* offset of struct tiny_params */
#define TINY_STACKS	0x20000UL	/* offset; one page per vCPU, growing down */
#define TINY_AREA	0x200000UL	/* offset of memory that the guest checks */
#define TINY_GICD	0x08000000UL
#define TINY_GICR	0x080a0000UL
#define TINY_MMIO	0x0a000000UL	/* nothing there: user space answers */
#define TINY_EXIT	0x0a000800UL	/* the same, and it never waits */
#define TINY_DONE	0x0a001000UL	/* a store ends the operation; 0: good, 2: exception */
#define TINY_MAX_VCPUS	16

enum tiny_op {
	TINY_FIRST_EXIT,	/* store to TINY_DONE at once */
	TINY_HVC_EXIT,		/* PSCI SYSTEM_OFF at once */
	TINY_CHECK,		/* write the area, read it back, @count times */
	/*
	 * Store to TINY_MMIO, where user space may wait; then TINY_CHECK, read the
	 * word at @address into @value, and the counter before and after some exits.
	 */
	TINY_HOLD,
	/* from here each: @count times, result in ticks of the virtual counter */
	TINY_NOTHING,
	TINY_HVC,		/* SMCCC_VERSION: answered by the kernel */
	TINY_MMIO_KERNEL,	/* read GICD_TYPER */
	TINY_MMIO_USER,		/* store to TINY_MMIO */
	TINY_MMIO_USER_LOAD,
	TINY_FAULT,		/* touch the next page of the area */
	TINY_TIMER_VIRT,	/* read CNTV_CTL_EL0: not trapped */
	TINY_TIMER_PHYS,	/* read CNTP_CTL_EL0: trapped without VHE */
	TINY_SYSREG,		/* read ID_AA64PFR0_EL1: trapped */
	TINY_IPI,		/* SGI to vCPU 1, which answers in memory */
};

struct tiny_params {
	uint64_t op;
	uint64_t count;
	uint64_t area;		/* bytes */
	uint64_t seed;
	uint64_t vcpus;
	volatile uint64_t ticks;
	volatile uint64_t bad;	/* TINY_CHECK: address of the first wrong word */
	volatile uint64_t answered;
	volatile uint64_t ready;	/* vCPU 1 takes interrupts */
	uint64_t address;
	volatile uint64_t value;
	volatile uint64_t longest;	/* ticks of the virtual counter, of the exits of TINY_HOLD */
	volatile uint64_t el;	/* exception level the guest found itself at, plus 1 */
};

#endif
