// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counting guest: what "kvmapi count" measures, as an arm64 Image for QEMU's
 * virt machine, so that the same loops run in an ordinary and in a protected VM.
 * One vCPU, MMU off; prints on the PL011, then powers off.
 */
#include <stdint.h>

#define read_sysreg(r) ({						\
	uint64_t __v;							\
	asm volatile("mrs %0, " #r : "=r" (__v) : : "memory");		\
	__v;								\
})
#define isb() asm volatile("isb" : : : "memory")

#define UART_DR		0x09000000UL	/* a store is a character */
#define UART_IMSC	0x09000038UL	/* no effect while nothing is unmasked */
#define GICD_TYPER	0x08000004UL
#define SMCCC_VERSION	0x80000000UL
#define SYSTEM_OFF	0x84000008UL
#define FRESH		0x48000000UL	/* RAM that nobody has touched, of 256 MiB */
#define COUNT		1000UL

static uint64_t hvc(uint64_t fn)
{
	register uint64_t x0 asm("x0") = fn;

	asm volatile("hvc #0" : "+r" (x0) : : "x1", "x2", "x3", "memory");
	return x0;
}

static void store32(uint64_t at, uint32_t v)
{
	asm volatile("str %w0, [%1]" : : "r" (v), "r" (at) : "memory");
}

static uint32_t load32(uint64_t at)
{
	uint32_t v;

	asm volatile("ldr %w0, [%1]" : "=r" (v) : "r" (at) : "memory");
	return v;
}

static void print(const char *s)
{
	while (*s)
		store32(UART_DR, *s++);
}

static void print_number(uint64_t v)
{
	char text[24];
	int i = sizeof(text);

	text[--i] = 0;
	do {
		text[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	print(text + i);
}

static __attribute__((noreturn)) void off(void)
{
	for (;;)
		hvc(SYSTEM_OFF);
}

void count_exception(uint64_t esr, uint64_t elr)
{
	print("count: exception esr=");
	print_number(esr);
	print(" pc=");
	print_number(elr);
	print("\n");
	off();
}

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

static void op_fault(uint64_t i)
{
	*(volatile uint64_t *)(FRESH + i * 4096) = i;
}

static void count(const char *name, void (*op)(uint64_t i))
{
	uint64_t i, start, ticks;

	/* Once unmeasured; for the fault a page beyond those that are counted. */
	op(COUNT);
	isb();
	start = read_sysreg(cntvct_el0);
	for (i = 0; i < COUNT; i++)
		op(i);
	isb();
	ticks = read_sysreg(cntvct_el0) - start;
	print("count: ");
	print(name);
	print(" ");
	/* Nanoseconds, which are instructions under -icount shift=0. */
	print_number(ticks * (1000000000UL / read_sysreg(cntfrq_el0)) / COUNT);
	print("\n");
}

void count_main(void)
{
	count("nothing", op_nothing);
	count("hypercall", op_hypercall);
	count("mmio_kernel_load", op_mmio_kernel);
	count("mmio_user_store", op_mmio_user);
	count("memory_fault", op_fault);
	off();
}
