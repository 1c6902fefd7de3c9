// SPDX-License-Identifier: GPL-2.0-only
/* Stands in for the kernel: reports the state it was entered in, and its DTB. */
#include "print.h"

void payload(uint64_t dtb, uint64_t x1, uint64_t x2, uint64_t x3);

asm(".section .head, \"ax\"\n"
    "head:	b	1f\n"
    "	.long	0\n"
    "	.quad	0, image_size, 0xa, 0, 0, 0\n"
    "	.ascii	\"ARM\\x64\"\n"
    "	.long	0\n"
    "1:	adrp	x9, stack\n"
    "	add	x9, x9, :lo12:stack\n"
    "	add	sp, x9, #0x1000\n"
    "	bl	payload\n"
    ".text\n");

uint8_t stack[0x1000] __attribute__((aligned(16)));

/* By what its device tree says: the one word "smc" there. */
static void system_off(uint64_t reason, int smc)
{
	register uint64_t r0 asm("x0") = 0x84000008;
	register uint64_t r1 asm("x1") = reason;

	if (smc)
		asm volatile("smc #0" : "+r"(r0) : "r"(r1) : "memory");
	else
		asm volatile("hvc #0" : "+r"(r0) : "r"(r1) : "memory");
	for (;;)
		;
}

void payload(uint64_t dtb, uint64_t x1, uint64_t x2, uint64_t x3)
{
	const uint8_t *b = (void *)dtb;
	uint32_t size = b[4] << 24 | b[5] << 16 | b[6] << 8 | b[7];
	uint64_t v;
	int smc = 0;

	print_value("KERNEL dtb ", dtb);
	print_value(" x1-x3 ", x1 | x2 | x3);
	asm volatile("mrs %0, currentel" : "=r"(v));
	print_value(" el ", v >> 2);
	asm volatile("mrs %0, sctlr_el1" : "=r"(v));
	print_value(" mmu ", v & 5);
	asm volatile("mrs %0, daif" : "=r"(v));
	print_value(" daif ", v);
	print("\nDTB ");
	for (uint32_t i = 0; i < size && i < 0x8000; i++) {
		print_hex(b[i], 2);
		smc |= i + 4 <= size && b[i] == 's' && b[i + 1] == 'm' && b[i + 2] == 'c' && !b[i + 3];
	}
	print("\n");
	system_off(0x99, smc);
}
