/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of these suites (puppet.S) and its image. Sign again after a change of either
 * (sign-puppet). Included by the assembler too.
 */
#ifndef HYPSEC_KUNIT_PUPPET_H
#define HYPSEC_KUNIT_PUPPET_H

/* The image: bytes from its base */
#define PUPPET_MANIFEST		0x1000
#define PUPPET_CMDLINE		0x2000
#define PUPPET_INITRD		0x3000
#define PUPPET_WORK		0x10000		/* a page for each vCPU */
#define PUPPET_KERNEL		0x200000
#define PUPPET_MEM_SIZE		0x201000
#define PUPPET_SHARE		0x200000	/* one that may share */
#define PUPPET_IMAGE_MAGIC	0x474d494345535948

/* Its device: a page for each vCPU, 8-byte registers */
#define PUPPET_MBOX		0x0a000000
#define PUPPET_CMD		0x000		/* load: what to do */
#define PUPPET_ARG		0x040		/* loads */
#define PUPPET_RES		0x100		/* stores */
#define PUPPET_HELLO		0x1f0		/* store: entered, RES 0 to 6 say how */
#define PUPPET_DONE		0x1f8		/* store: the command's RES are complete */

/*
 * The one command: run up to four instructions with chosen registers, and look afterwards
 * what became of all the others.
 *
 * ARG 0, 1	the instructions (NOP: 0xd503201f)
 *     2	1: also FP/SIMD and system registers
 *     3	seed: what the others hold, and NZCV
 *     4-11	x0-x7
 * RES 0-7	x0-x7
 *     8	how many of the others have changed; 9: the first of them, as below
 *     10	exception taken at the end: offset of the vector
 *     11-14	ESR_EL1, FAR_EL1, ELR_EL1 relative to the first instruction, SPSR_EL1
 */
#define PUPPET_EXEC		1
#define PUPPET_ARGS		12
#define PUPPET_RESULTS		15

/* "The others": 8-30 x, 32-95 the halves of v0-v31, from 96 on */
#define PUPPET_SYSREGS \
	tpidr_el0, tpidrro_el0, tpidr_el1, sp_el0, mair_el1, far_el1, contextidr_el1, ttbr0_el1, \
	ttbr1_el1, par_el1, afsr0_el1, afsr1_el1, amair_el1, cntkctl_el1, fpcr, fpsr
#define PUPPET_NR_SYSREGS	16

#define PUPPET_SVC		0x56000000UL	/* ESR_EL1: nothing but the end was reached */
#define PUPPET_VECTOR_SYNC	0x200		/* from EL1h */

#endif
