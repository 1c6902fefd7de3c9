// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a protected guest can see and must not, from inside. Runs where a kernel
 * would, with the MMU off, and reports on the PL011. Freestanding.
 */
#include "kernel.h"
#include "../../../el2-objs/abi/hypsec_guest.h"

enum { MODE_OFF, MODE_RESET, MODE_STAY, MODE_SPEND, MODE_ATTEST };	/* MODE: by build */

/* Where RAM begins: at 1 GiB with QEMU's "virt", at 2 GiB with scripts/tests/vmm. */
extern char _start[];
#define RAM(at)		((volatile u64 *)(((u64)_start & ~0x3fffffffUL) + (at)))
#define FRESH		RAM(0x6000000UL)	/* RAM nobody has touched */
#define GIVEN		RAM(0x6400000UL)	/* the same, for give() */
#define GIVEN_PAGES	2048UL
/* Of a machine with 3 GiB: a page in each MiB costs the core the most. */
#define SPEND		RAM(0x8000000UL)
#define SPEND_END	RAM(0xc0000000UL)
#define NOWHERE		((volatile u32 *)0x200000000UL)	/* no RAM, no device */

#define PSCI_VERSION	0x84000000
#define PSCI_CPU_OFF	0x84000002
#define PSCI_CPU_ON	0xc4000003
#define PSCI_AFF_INFO	0xc4000004
#define PSCI_OFF	0x84000008
#define PSCI_RESET	0x84000009
#define PSCI_FEATURES	0x8400000a
#define SMCCC_VERSION	0x80000000
#define TRNG_RND64	0xc4000053
#define PV_TIME		0xc5000020

#define EC(esr)		((esr) >> 26)
#define EC_UNKNOWN	0x00
#define EC_IABT		0x21
#define EC_DABT		0x25
#define FSC_EXTERNAL	0x10

/* Written and read with the MMU off: no cache, no compiler's memory. */
volatile u64 last_esr;
static volatile u64 second_up, second_x0, second_junk, second_mpidr, second_go;
static u32 tests, failed;

u64 keep_registers(volatile u32 *uart);
void second_entry(void);
void kernel_main(u64 dtb);
void second_main(u64 x0, u64 junk);

#define sysreg(r) ({ u64 __v; asm volatile("mrs %0, " #r : "=r"(__v)); __v; })

struct result hvc(u64 fn, u64 a1, u64 a2, u64 a3)
{
	register u64 x0 asm("x0") = fn;
	register u64 x1 asm("x1") = a1;
	register u64 x2 asm("x2") = a2;
	register u64 x3 asm("x3") = a3;

	asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	return (struct result){ x0, x1, x2, x3 };
}

void say(const char *s)
{
	while (*s)
		*UART = (unsigned char)*s++;
}

void say_hex(u64 v)
{
	for (int i = 60; i >= 0; i -= 4)
		*UART = (unsigned char)"0123456789abcdef"[v >> i & 15];
}

void is(const char *what, u64 got, u64 expected)
{
	tests++;
	if (got == expected)
		return;
	failed++;
	say("kernel: failed: ");
	say(what);
	say(": ");
	say_hex(got);
	say("\r\n");
}

/* The class of the exception that the last access took; ~0: none. */
static u64 taken(void)
{
	u64 esr = last_esr;

	last_esr = ~0UL;
	return esr == ~0UL ? esr : EC(esr);
}

/* Bytes in the order of memory. */
void say_bytes(u64 v)
{
	for (int i = 0; i < 16; i++)
		*UART = (unsigned char)"0123456789abcdef"[v >> (8 * (i / 2) + (i % 2 ? 0 : 4)) & 15];
}

static void identity(void)
{
	struct result a = hvc(HYPSEC_GUEST_IDENTITY, 0, 0, 0);
	struct result b = hvc(HYPSEC_GUEST_IDENTITY, 1, 0, 0);

	is("identity", a.x0 | b.x0 | hvc(HYPSEC_GUEST_IDENTITY, 2, 0, 0).x0, 0);
	is("identity, a piece too many", hvc(HYPSEC_GUEST_IDENTITY, 3, 0, 0).x0, (u64)-7);
	say("kernel: identity ");
	say_bytes(a.x1);
	say_bytes(a.x2);
	say_bytes(a.x3);
	say_bytes(b.x1);
	say("\r\n");
}

static void calls(void)
{
	struct result a, b;

	is("version", hvc(HYPSEC_GUEST_VERSION, 0, 0, 0).x2, 1);
	is("protect twice", hvc(HYPSEC_GUEST_PROTECT, (u64)RAM(0x200000), (u64)RAM(0x8000000), 0).x0, (u64)-8);
	is("RAM twice", hvc(HYPSEC_GUEST_RAM, (u64)RAM(0), 0x1000, 0).x0, (u64)-4);
	is("RAM unaligned", hvc(HYPSEC_GUEST_RAM, (u64)RAM(0) + 1, 0x1000, 0).x0, (u64)-3);
	is("PSCI version", hvc(PSCI_VERSION, 0, 0, 0).x0, 0x10001);
	is("PSCI version, SVE hint", hvc(PSCI_VERSION | 0x10000, 0, 0, 0).x0, 0x10001);
	is("PSCI features", hvc(PSCI_FEATURES, SMCCC_VERSION, 0, 0).x0, 0);
	is("SMCCC version", hvc(SMCCC_VERSION, 0, 0, 0).x0, 0x10001);
	is("PV_TIME", hvc(PV_TIME, 0, 0, 0).x0, (u64)-1);
	is("a call of KVM's", hvc(0x86000000, 0, 0, 0).x0, (u64)-1);
	a = hvc(TRNG_RND64, 192, 0, 0);
	b = hvc(TRNG_RND64, 192, 0, 0);
	is("TRNG", a.x0 | b.x0, 0);
	is("TRNG: the same again", a.x1 == b.x1 || a.x2 == b.x2 || a.x3 == b.x3, 0);
	is("CPU_ON outside RAM", hvc(PSCI_CPU_ON, 1, 0x09000000, 0).x0, (u64)-9);
	is("CPU_ON of itself", hvc(PSCI_CPU_ON, 0, (u64)_start, 0).x0, (u64)-4);
	is("CPU_ON of nobody", hvc(PSCI_CPU_ON, 99, (u64)_start, 0).x0, (u64)-2);
}

static void registers(void)
{
	last_esr = ~0UL;
	is("EL0 and EL1 are AArch64", sysreg(id_aa64pfr0_el1) & 0xff, 0x11);
	is("SVE2 only with SVE", sysreg(id_aa64pfr0_el1) >> 32 & 15 ? 0 : sysreg(s3_0_c0_c4_4), 0);
	is("no RAS", sysreg(id_aa64pfr0_el1) >> 28 & 15, 0);
	is("no PMU", sysreg(id_aa64dfr0_el1) >> 8 & 15, 0);
	is("no MTE", sysreg(id_aa64pfr1_el1) >> 8 & 15, 0);
	is("no AArch32 ID", sysreg(id_pfr0_el1), 0);
	is("OS lock", sysreg(oslsr_el1), 8);
	is("breakpoints", sysreg(dbgbcr0_el1), 0);
	is("MPIDR", sysreg(mpidr_el1), 0x80000000);
	asm volatile("dc cisw, xzr");
	is("all of it without an exception", taken(), ~0UL);
	sysreg(pmcr_el0);
	is("PMCR", taken(), EC_UNKNOWN);
	asm volatile("msr cntp_ctl_el0, %0" : : "r"(1UL));
	is("physical timer on", taken(), EC_UNKNOWN);
	asm volatile("msr cntp_ctl_el0, xzr");
	is("physical timer off", taken(), ~0UL);
	sysreg(S3_0_c15_c2_0);
	is("IMPLEMENTATION DEFINED", taken(), EC_UNKNOWN);
	sysreg(S3_1_c0_c0_4);
	is("GMID", taken(), EC_UNKNOWN);
	sysreg(dbgbcr2_el1);
	is("a third breakpoint", taken(), EC_UNKNOWN);
	/* The core's answers or the CPU's own: a first level, each cache of which can be selected. */
	is("a cache", sysreg(clidr_el1) & 7 ? sysreg(ctr_el0) >> 31 : 0, 1);
	for (unsigned long cache = 0; cache < 2; cache++) {
		asm volatile("msr csselr_el1, %0; isb" : : "r"(cache));
		is("the selected cache", sysreg(csselr_el1), cache);
		is("and its lines", (sysreg(ccsidr_el1) & 7) <= 4, 1);
	}
	is("caches without an exception", taken(), ~0UL);
	/* An SGI to itself; the interrupt controller is off. */
	asm volatile("msr S3_0_c12_c11_5, %0" : : "r"(1UL));
	is("SGI", taken(), ~0UL);
}

/* SVE, if all CPUs have it: what is in its registers survives an exit. */
static void vectors(void)
{
	u64 x = 0x5ec2e75ec2e7, last, count, vl;

	if (!(sysreg(id_aa64pfr0_el1) >> 32 & 15)) {
		say("kernel: no SVE\r\n");
		return;
	}
	asm volatile("msr cpacr_el1, %0; isb" : : "r"(3UL << 16 | 3UL << 20));
	asm volatile("msr S3_0_C1_C2_0, %0; isb" : : "r"(15UL));	/* ZCR_EL1.LEN */
	asm volatile(".arch_extension sve\n\trdvl %0, #1" : "=r"(vl));
	is("vectors of 16 to 64 bytes", vl >= 16 && vl <= 64, 1);
	asm volatile("ptrue p3.d; mov z31.d, %0" : : "r"(x));
	(void)UART[6];			/* its flags: an exit to the VMM */
	asm volatile("lastb %0, p3, z31.d; cntp %1, p3, p3.d" : "=r"(last), "=r"(count));
	is("a vector across an exit", last, x);
	is("a predicate across an exit", count, vl / 8);
	is("SVE", taken(), ~0UL);
}

static void memory(void)
{
	u64 x, y, sum = 0;

	for (int i = 0; i < 512; i++)
		sum |= FRESH[i];
	is("new RAM is zero", sum, 0);
	FRESH[7] = 0x5ec2e75ec2e7;
	is("and RAM", FRESH[7], 0x5ec2e75ec2e7);

	*NOWHERE;
	is("a load from nowhere is the VMM's to answer", taken(), ~0UL);
	asm volatile("ldp %0, %1, [%2]" : "=r"(x), "=r"(y) : "r"(UART));
	is("no syndrome", last_esr & 0x3f, FSC_EXTERNAL);
	is("no syndrome: class", taken(), EC_DABT);
	((void (*)(void))UART)();
	is("a fetch from a device", taken(), EC_IABT);
	asm volatile("dc civac, %0" : : "r"(UART));
	is("cache maintenance of a device", taken(), ~0UL);
	is("registers across exits", keep_registers(UART), 0);
	say("\r\n");
}

static struct result relinquish(volatile void *page, u64 pages)
{
	struct result r;

	do {
		r = hvc(HYPSEC_GUEST_RELINQUISH, (u64)page, pages, 0);
	} while (r.x0 == (u64)-5);		/* BUSY */
	return r;
}

/* What could not be given back of GIVEN. */
static u64 give_given(void)
{
	struct result r;
	u64 left;

	for (left = GIVEN_PAGES; left; left -= r.x1) {
		r = relinquish(GIVEN + (GIVEN_PAGES - left) * 512, left);
		if (r.x0 || !r.x1 || r.x1 > left)
			break;
	}
	return left;
}

/* Pages that the guest does not need: gone, and as new when it comes back. */
static void give(void)
{
	u64 wrong = 0, n;
	struct result r;

	FRESH[512] = 0x5ec2e7;			/* a neighbour */
	r = relinquish(FRESH, 1);
	if (r.x0 == (u64)-1) {
		/* A core that is built without; whether it should be its host's test knows. */
		say("kernel: nothing can be given back\r\n");
		is("what was not given back", FRESH[512], 0x5ec2e7);
		return;
	}
	is("relinquish a page", r.x0, 0);
	is("one page", r.x1, 1);
	is("what it held is gone", FRESH[7], 0);
	FRESH[7] = 0x5ec2e75ec2e7;
	is("it is RAM again", FRESH[7], 0x5ec2e75ec2e7);
	is("its neighbour is as it was", FRESH[512], 0x5ec2e7);
	is("relinquish a device", relinquish(UART, 1).x0, (u64)-7);
	is("relinquish nothing", relinquish(FRESH, 0).x0, (u64)-3);
	is("relinquish half a page", relinquish(FRESH + 1, 1).x0, (u64)-3);

	for (n = 0; n < GIVEN_PAGES; n++)
		GIVEN[n * 512] = ~n;
	is("relinquish many", give_given(), 0);
	for (n = 0; n < GIVEN_PAGES; n += 100)
		wrong |= GIVEN[n * 512];
	is("all of them are as new", wrong, 0);
	/* For the host to see (protected.sh): a look takes a block of 2 MiB again. */
	is("relinquish what was looked at", give_given(), 0);
}

void second_main(u64 x0, u64 junk)
{
	second_x0 = x0;
	second_junk = junk;
	second_mpidr = sysreg(mpidr_el1);
	second_up++;
	while (!second_go)
		;
	second_go = 0;
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

static void wait(u64 ticks)
{
	u64 until = sysreg(cntvct_el0) + ticks;

	while (sysreg(cntvct_el0) < until)
		;
}

static void vcpus(void)
{
	u64 freq = sysreg(cntfrq_el0), ret;

	for (u64 n = 1; n <= 3; n++) {
		ret = hvc(PSCI_CPU_ON, 1, (u64)second_entry, 0xc0de + n).x0;
		if (n == 1 && ret == (u64)-2) {
			say("kernel: one CPU\r\n");
			return;
		}
		is("CPU_ON", ret, 0);
		for (int i = 0; second_up != n && i < 3000; i++)
			wait(freq / 100);
		is("it is up", second_up, n);
		is("its x0", second_x0, 0xc0de + n);
		is("its other registers", second_junk, 0);
		is("its MPIDR", second_mpidr, 0x80000001);
		is("its state", hvc(PSCI_AFF_INFO, 1, 0, 0).x0, 0);
		is("CPU_ON again", hvc(PSCI_CPU_ON, 1, (u64)second_entry, 0).x0, (u64)-4);
		second_go = 1;
		for (int i = 0; hvc(PSCI_AFF_INFO, 1, 0, 0).x0 == 0 && i < 3000; i++)
			wait(freq / 100);
		is("it is off", hvc(PSCI_AFF_INFO, 1, 0, 0).x0, 1);
	}
	say("kernel: two CPUs\r\n");
}

/* Spends the core's memory: a table and a half for each page. Waits for it; loses nothing. */
static void spend(void)
{
	volatile u64 *p;
	u64 wrong = 0;

	say("kernel: spends\r\n");
	for (p = SPEND; p < SPEND_END; p += (1 << 20) / 8)
		*p = (u64)p;
	for (p = SPEND; p < SPEND_END; p += (1 << 20) / 8)
		wrong |= *p ^ (u64)p;
	say(wrong ? "kernel: FAILED\r\n" : "kernel: spent\r\n");
}

/*
 * The host cannot turn the clock. It is watched across exits that the host answers;
 * seen from here none takes an hour.
 */
static void stay(void)
{
	u64 now, last = sysreg(cntvct_el0), hour = 3600 * sysreg(cntfrq_el0);

	say("kernel: stays\r\n");
	for (;;) {
		FRESH[8]++;
		wait(sysreg(cntfrq_el0) / 10);
		say(".");
		asm volatile("isb");
		now = sysreg(cntvct_el0);
		if (now - last > hour)
			say("\r\nkernel: time jumped\r\n");
		last = now;
	}
}

void kernel_main(u64 dtb)
{
	(void)dtb;
	if (MODE == MODE_RESET) {
		say("kernel: resets\r\n");
		hvc(PSCI_RESET, 0, 0, 0);
	}
	if (MODE == MODE_ATTEST) {
		attest();
		say(failed ? "kernel: FAILED\r\n" : "kernel: all passed\r\n");
		hvc(PSCI_OFF, 0, 0, 0);
	}
	calls();
	identity();
	registers();
	vectors();
	memory();
	give();
	vcpus();
	say(failed ? "kernel: FAILED\r\n" : "kernel: all passed\r\n");
	if (MODE == MODE_SPEND)
		spend();
	if (MODE == MODE_STAY || MODE == MODE_SPEND)
		stay();
	hvc(PSCI_OFF, 0, 0, 0);
	say("kernel: still here\r\n");
}
