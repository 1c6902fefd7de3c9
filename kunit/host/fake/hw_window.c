// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slot windows of the tests' machine. A page is there for an access only after the barriers
 * that make it so, and its entry may be written again only when no TLB can have the old one. And
 * memory that fails.
 */
#include <signal.h>
#include <sys/mman.h>
#include "hw_parts.h"
#include "base/esr.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"

/* By entry: what is sure to be seen of it. */
enum seen {
	FREE,		/* no TLB has it */
	WRITTEN,	/* valid, but no DSB since */
	ORDERED,	/* and no ISB since */
	MAPPED,
	CLEARED,	/* invalid, but no DSB since */
	CLEARED_HERE,	/* walks on this CPU see that */
	CLEARED_ALL,	/* all walks do */
	GOING_HERE,	/* a TLBI on this CPU, not complete */
	GONE_HERE,	/* another CPU may have it, by speculation */
	GONE_SEEN,	/* and will not have it again: a DSB for all CPUs followed */
	GOING_ALL,	/* a TLBI on all CPUs, not complete */
};

#define WINDOW_SIZE	(EL2_SLOT_PTES * PAGE_SIZE)

static u8 *window;			/* slot windows of all CPUs */
static int memory;
static u64 slot_ptes[FAKE_CPUS][EL2_SLOT_PTES];
static u8 seen[FAKE_CPUS][EL2_SLOT_PTES];
static u64 last_pa[FAKE_CPUS][EL2_SLOT_PTES];	/* what TLBs may have */
static bool slot_bad[FAKE_CPUS][EL2_SLOT_PTES];	/* an access is aborted */

void window_reset(int memory_fd)
{
	memory = memory_fd;
	window = mmap(NULL, FAKE_CPUS * WINDOW_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(window, MAP_FAILED);
}

bool in_window(const void *va)
{
	return (u64)va - (u64)window < FAKE_CPUS * WINDOW_SIZE;
}

static u64 index_of(u64 va)
{
	return (va - (u64)window) / PAGE_SIZE;
}

u64 window_pa_of(u64 va)
{
	return ((&slot_ptes[0][0])[index_of(va)] & S2_ADDR) | (va & ~PAGE_MASK);
}

u64 *el2_slot_ptes(u32 cpu)
{
	assert_int_equal(cpu, cpu_now());	/* a CPU writes its own window only */
	return slot_ptes[cpu];
}

void *el2_slot_va(u32 cpu, unsigned int page)
{
	return window + cpu * WINDOW_SIZE + page * PAGE_SIZE;
}

u64 el2_slot_pte(pa_t pa)
{
	return pa.v | 3;
}

pa_t el2_slot_scrap(u32 cpu)
{
	return PA(REGION + IMAGE_SIZE - (cpu + 1) * PAGE_SIZE);
}

static struct {
	u64 pa;
	unsigned int event, maps;
	bool on, met;
} bad;

bool poison_met(void)
{
	return bad.met;
}

void machine_event(void)
{
	u32 cpu, i;

	counts.events++;
	if (!bad.event || --bad.event)
		return;
	bad.on = true;
	for (cpu = 0; cpu < FAKE_CPUS; cpu++) {
		for (i = 0; i < EL2_SLOT_PTES; i++) {
			if (slot_ptes[cpu][i] != (bad.pa | 3) || !bad.maps)
				continue;
			bad.maps--;
			mprotect(el2_slot_va(cpu, i), PAGE_SIZE, PROT_NONE);
			slot_bad[cpu][i] = true;
		}
	}
}

/* What is at EL2 when an exception was taken there. */
static void hw_abort(u64 va)
{
	u64 esr = (u64)EC_DABT_CUR << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT;

	bad.met = true;
	write_sysreg(va, FAR_EL2);
	write_sysreg(esr, ESR_EL2);
	write_sysreg(0xbad0, HPFAR_EL2);
	write_sysreg(0x3c9, SPSR_EL2);		/* EL2h */
	write_sysreg(REGION + 0x4c, ELR_EL2);
	if (!slot_abort(esr, va))
		core_panic(__FILE__, __LINE__, "exception at EL2");
}

static bool is_bad(u64 va)
{
	return in_window((void *)va) && (&slot_bad[0][0])[index_of(va)];
}

void window_touch(u64 va)
{
	if (is_bad(va))
		hw_abort(va);
	if (in_window((void *)va) && (&seen[0][0])[index_of(va)] != MAPPED)
		BROKEN("cache maintenance by an address that may be a fault");
}

static void on_segv(int sig, siginfo_t *si, void *context)
{
	(void)context;
	if (!is_bad((u64)si->si_addr)) {
		signal(sig, SIG_DFL);		/* a mistake of the test's or the core's */
		return;
	}
	hw_abort((u64)si->si_addr);
}

void poison(u64 pa, unsigned int event, unsigned int maps)
{
	/* cmocka has one of its own for each test. */
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };

	u64 i, *pte = &slot_ptes[0][0];

	assert_return_code(sigaction(SIGSEGV, &sa, NULL), 0);
	/* What was bad is good again, also where it is mapped still: a lease. */
	for (i = 0; i < FAKE_CPUS * EL2_SLOT_PTES; i++) {
		if (!(&slot_bad[0][0])[i] || !(pte[i] & 1))
			continue;
		mprotect(window + i * PAGE_SIZE, PAGE_SIZE,
			 (&seen[0][0])[i] == MAPPED ? PROT_READ | PROT_WRITE : PROT_NONE);
		(&slot_bad[0][0])[i] = false;
	}
	bad.pa = pa;
	bad.event = event;
	bad.maps = maps;
	bad.on = pa && !event;
	bad.met = false;
}

static void window_write(u32 cpu, u32 i, u64 pte)
{
	slot_bad[cpu][i] = false;
	slot_ptes[cpu][i] = pte;
	if (pte & 1) {
		if (seen[cpu][i] != FREE)
			BROKEN("window page %u used again without a broadcast TLBI", i);
		seen[cpu][i] = WRITTEN;
		last_pa[cpu][i] = pte & S2_ADDR;
		assert_true(exists(pte & S2_ADDR));
		if (bad.on && bad.maps && (pte & S2_ADDR) == bad.pa) {
			bad.maps--;
			slot_bad[cpu][i] = true;
		}
		return;
	}
	seen[cpu][i] = CLEARED;
	assert_ptr_not_equal(mmap(el2_slot_va(cpu, i), PAGE_SIZE, PROT_NONE, MAP_PRIVATE |
				  MAP_FIXED | MAP_ANONYMOUS, -1, 0), MAP_FAILED);
}

bool window_entry_write(const u64 *ptep, u64 pte)
{
	u64 at = (u64)ptep - (u64)slot_ptes;

	if (at >= sizeof(slot_ptes))
		return false;
	window_write(at / sizeof(slot_ptes[0]), at % sizeof(slot_ptes[0]) / 8, pte);
	return true;
}

void window_tlbi(u64 va, bool all)
{
	u8 *s;

	if (!in_window((void *)(va << PAGE_SHIFT)))
		return;
	s = &seen[0][0] + index_of(va << PAGE_SHIFT);
	if (all && *s == CLEARED_ALL)
		*s = GOING_ALL;
	if (!all && (*s == CLEARED_HERE || *s == CLEARED_ALL))
		*s = GOING_HERE;
}

void window_alle2is(void)
{
	u8 *s = seen[cpu_now()];
	u32 i;

	for (i = 0; i < EL2_SLOT_PTES; i++) {
		if (s[i] == CLEARED_ALL || s[i] == GONE_SEEN)
			s[i] = GOING_ALL;
	}
}

void window_dsb(bool ish, bool st)
{
	u8 *s = seen[cpu_now()];
	u32 i;

	for (i = 0; i < EL2_SLOT_PTES; i++) {
		if (s[i] == WRITTEN)
			s[i] = ORDERED;
		else if (ish && (s[i] == CLEARED || s[i] == CLEARED_HERE))
			s[i] = CLEARED_ALL;
		else if (s[i] == CLEARED)
			s[i] = CLEARED_HERE;
		else if (s[i] == GOING_HERE && !st)
			s[i] = GONE_HERE;
		else if (s[i] == GONE_HERE && ish)
			s[i] = GONE_SEEN;
		else if (s[i] == GOING_ALL && ish && !st)
			s[i] = FREE;
	}
}

void window_isb(void)
{
	u32 cpu = cpu_now(), i;

	for (i = 0; i < EL2_SLOT_PTES; i++) {
		if (seen[cpu][i] != ORDERED)
			continue;
		seen[cpu][i] = MAPPED;
		assert_ptr_not_equal(mmap(el2_slot_va(cpu, i), PAGE_SIZE,
					  slot_bad[cpu][i] ? PROT_NONE : PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_FIXED, memory,
					  (slot_ptes[cpu][i] & S2_ADDR) - MEM_BASE), MAP_FAILED);
	}
}

void window_left(u64 pa, u64 size)
{
	u32 cpu, i, rest = SLOT_BY_CALL * (EL2_SLOT_PTES / SLOT_COUNT);

	for (cpu = 0; cpu < FAKE_CPUS; cpu++) {
		/* One that rests is left in a window, and not used (own/slot.c). */
		for (i = 0; i < rest; i++) {
			if (seen[cpu][i] > FREE && seen[cpu][i] <= GOING_HERE &&
			    last_pa[cpu][i] - pa < size)
				BROKEN("page %#lx changes hands while CPU %u can reach it",
				       last_pa[cpu][i], cpu);
		}
	}
}
