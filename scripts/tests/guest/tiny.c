// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tiny guest: runs at EL1 with the MMU off, no interrupts taken, one
 * operation per run. Freestanding.
 */
#include "tiny.h"

#define read_sysreg(r) ({						\
	uint64_t __v;							\
	asm volatile("mrs %0, " #r : "=r" (__v) : : "memory");		\
	__v;								\
})
#define write_sysreg(r, v) \
	asm volatile("msr " #r ", %0" : : "r" ((uint64_t)(v)) : "memory")
#define isb() asm volatile("isb" : : : "memory")

#define SMCCC_VERSION	0x80000000UL
#define SYSTEM_OFF	0x84000008UL
#define GICR_SGI_BASE	0x10000UL
#define IPI_ID		1UL

static uint64_t hvc(uint64_t fn)
{
	register uint64_t x0 asm("x0") = fn;

	asm volatile("hvc #0" : "+r" (x0) : : "x1", "x2", "x3", "memory");
	return x0;
}

static uint32_t load32(uint64_t at)
{
	uint32_t v;

	asm volatile("ldr %w0, [%1]" : "=r" (v) : "r" (at) : "memory");
	return v;
}

static void store32(uint64_t at, uint32_t v)
{
	asm volatile("str %w0, [%1]" : : "r" (v), "r" (at) : "memory");
}

static uint64_t mix(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

/*
 * Each vCPU takes its share of the area. What is written depends on the
 * address, the seed and the round.
 */
static void check(struct tiny_params *p, uint64_t cpu)
{
	volatile uint64_t *area = (void *)(TINY_BASE + TINY_AREA);
	uint64_t i, round, share = p->area / 8 / p->vcpus / 64 * 64;
	uint64_t from = cpu * share, to = from + share;

	for (round = 0; round < p->count && !p->bad; round++) {
		for (i = from; i < to; i += 64)
			area[i] = mix(p->seed + round + i);
		for (i = from; i < to; i += 64)
			if (area[i] != mix(p->seed + round + i) && !p->bad)
				p->bad = (uint64_t)&area[i];
	}
}

/* User space gives the host time to do something to this VM in between. */
static void hold(struct tiny_params *p, uint64_t cpu)
{
	uint64_t i, ticks;

	store32(TINY_MMIO, 0);
	p->el = (read_sysreg(CurrentEL) >> 2) + 1;
	check(p, cpu);
	p->value = *(volatile uint64_t *)p->address;
	/* Several: what the host changes at each entry may be as before at every other. */
	for (i = 0; i < 8; i++) {
		isb();
		ticks = read_sysreg(cntvct_el0);
		load32(TINY_EXIT);
		isb();
		ticks = read_sysreg(cntvct_el0) - ticks;
		if (ticks > p->longest)
			p->longest = ticks;
	}
}

static void gic_init(uint64_t cpu)
{
	uint64_t sgi = TINY_GICR + cpu * 0x20000 + GICR_SGI_BASE;

	store32(TINY_GICD, 0x12);		/* GICD_CTLR: ARE_NS, EnableGrp1 */
	store32(sgi + 0x80, ~0U);		/* GICR_IGROUPR0 */
	store32(sgi + 0x100, 1U << IPI_ID);	/* GICR_ISENABLER0 */
	write_sysreg(S3_0_C4_C6_0, 0xf0);	/* ICC_PMR_EL1 */
	write_sysreg(S3_0_C12_C12_7, 1);	/* ICC_IGRPEN1_EL1 */
	isb();
}

/* Interrupts stay masked: a pending one ends the WFI and is read by hand. */
static void answer_ipis(struct tiny_params *p)
{
	uint64_t id;

	gic_init(1);
	p->ready = 1;
	for (;;) {
		asm volatile("wfi");
		id = read_sysreg(S3_0_C12_C12_0);	/* ICC_IAR1_EL1 */
		if (id != IPI_ID)
			continue;
		p->answered++;
		asm volatile("dsb sy");
		write_sysreg(S3_0_C12_C12_1, id);	/* ICC_EOIR1_EL1 */
		isb();
	}
}

static void one(struct tiny_params *p, uint64_t i)
{
	uint64_t before;

	switch (p->op) {
	case TINY_HVC:
		hvc(SMCCC_VERSION);
		break;
	case TINY_MMIO_KERNEL:
		load32(TINY_GICD + 4);
		break;
	case TINY_MMIO_USER:
		store32(TINY_MMIO, i);
		break;
	case TINY_MMIO_USER_LOAD:
		load32(TINY_MMIO);
		break;
	case TINY_FAULT:
		*(volatile uint64_t *)(TINY_BASE + TINY_AREA + i * 4096) = i;
		break;
	case TINY_TIMER_VIRT:
		read_sysreg(cntv_ctl_el0);
		break;
	case TINY_TIMER_PHYS:
		read_sysreg(cntp_ctl_el0);
		break;
	case TINY_SYSREG:
		read_sysreg(id_aa64pfr0_el1);
		break;
	case TINY_IPI:
		before = p->answered;
		write_sysreg(S3_0_C12_C11_5, IPI_ID << 24 | 2);	/* ICC_SGI1R_EL1 */
		isb();
		/* In an emulator that counts, only a yield lets the other CPU run. */
		while (p->answered == before)
			asm volatile("yield");
		break;
	default:
		break;
	}
}

void tiny_main(struct tiny_params *p, uint64_t cpu)
{
	uint64_t i, start;

	if (p->op == TINY_IPI && cpu == 1)
		answer_ipis(p);
	if (p->op == TINY_HVC_EXIT)
		hvc(SYSTEM_OFF);
	if (p->op == TINY_CHECK)
		check(p, cpu);
	if (p->op == TINY_HOLD)
		hold(p, cpu);
	if (p->op == TINY_IPI) {
		gic_init(0);
		while (!p->ready)
			asm volatile("yield");
	}
	if (p->op >= TINY_NOTHING) {
		/* Once unmeasured: code and tables are faulted in. */
		if (p->op != TINY_FAULT)
			one(p, 0);
		isb();
		start = read_sysreg(cntvct_el0);
		for (i = 0; i < p->count; i++)
			one(p, i);
		isb();
		p->ticks = read_sysreg(cntvct_el0) - start;
	}
	for (;;)
		store32(TINY_DONE, p->bad != 0);
}
