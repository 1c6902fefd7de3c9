// SPDX-License-Identifier: GPL-2.0-only
/* The way to firmware. The workstation tests have a fake in this file's place. */
#include "base/irq.h"
#include "base/smc.h"

/**
 * smc_call() - SMC #0
 *
 * By SMCCC 1.0 firmware may change x4-x17 too, and no register that is not an
 * argument may carry a value of the core's out: all are zero on entry.
 */
struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	register u64 r0 asm("x0") = x0;
	register u64 r1 asm("x1") = x1;
	register u64 r2 asm("x2") = x2;
	register u64 r3 asm("x3") = x3;

	asm volatile(
	"mov	x4, xzr\n"
	"mov	x5, xzr\n"
	"mov	x6, xzr\n"
	"mov	x7, xzr\n"
	"mov	x8, xzr\n"
	"mov	x9, xzr\n"
	"mov	x10, xzr\n"
	"mov	x11, xzr\n"
	"mov	x12, xzr\n"
	"mov	x13, xzr\n"
	"mov	x14, xzr\n"
	"mov	x15, xzr\n"
	"mov	x16, xzr\n"
	"mov	x17, xzr\n"
	".inst	0xd4000003\n"		/* smc #0: no -march has to know of EL3 */
	: "+r" (r0), "+r" (r1), "+r" (r2), "+r" (r3)
	:
	: "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
	  "x14", "x15", "x16", "x17", "cc", "memory");
	return (struct smc_res){ r0, r1, r2, r3 };
}
