// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counting guest: what "kvmapi count" measures, as an arm64 Image for QEMU's
 * virt machine, so that the same loops run in an ordinary and in a protected VM.
 * Prints, then powers off. What its memory costs is counted by pages.c.
 */
#include "bare.h"

#define COUNT		1000UL
#define PASSES		4

static void op_nothing(uint64_t i)
{
	asm volatile("" : : "r" (i));
}

static void op_hypercall(uint64_t i)
{
	hvc(SMCCC_VERSION);
}

static void op_mmio_kernel(uint64_t i)
{
	load32(GICD_TYPER);
}

static void op_mmio_user(uint64_t i)
{
	store32(UART_IMSC, 0);
}

/* The least of some passes: what the host does besides is in one or another of them. */
static void count(const char *name, void (*op)(uint64_t i))
{
	uint64_t i, start, spent, least = ~0UL;
	unsigned int pass;

	for (pass = 0; pass < PASSES; pass++) {
		op(COUNT);
		start = ticks();
		for (i = 0; i < COUNT; i++)
			op(i);
		spent = ticks() - start;
		if (spent < least)
			least = spent;
	}
	print("count: ");
	print(name);
	print(" ");
	print_number(instructions(least) / COUNT);
	print("\n");
}

void bare_main(void)
{
	count("nothing", op_nothing);
	count("hypercall", op_hypercall);
	count("mmio_kernel_load", op_mmio_kernel);
	count("mmio_user_store", op_mmio_user);
	off();
}
