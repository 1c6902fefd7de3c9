/* SPDX-License-Identifier: GPL-2.0-only */
/* x0 = parameters, x1 = vCPU index, x2 = top of stack: set by kvmapi. */
	.section .entry, "ax"
	.globl _start
_start:
	mov	sp, x2
	b	tiny_main
