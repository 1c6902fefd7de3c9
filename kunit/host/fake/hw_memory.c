// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the tests' machine: one file, seen by the core where it is mapped, through
 * its slot windows, and raw by the test.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hw_parts.h"
#include "esr.h"
#include "hcall.h"

static int memory_fd = -1;
static u8 *core_view, *raw_view;
static u8 page_state[MEM_SIZE / PAGE_SIZE];	/* cache lines written and not cleaned */

static u8 *window;			/* slot windows of all CPUs */
static u64 slot_ptes[FAKE_CPUS][EL2_SLOT_PTES];
/* 1 mapped, 2 cleared, 4 local TLBI, 8 used, 16 TLBI on all CPUs */
static u8 slot_used[FAKE_CPUS][EL2_SLOT_PTES];
static bool slot_bad[FAKE_CPUS][EL2_SLOT_PTES];	/* an access is aborted */
#define WINDOW_SIZE	(EL2_SLOT_PTES * PAGE_SIZE)

bool exists(u64 pa)
{
	return pa >= MEM_BASE && pa - MEM_BASE < MEM_SIZE;
}

u8 *raw(u64 pa)
{
	assert_true(exists(pa));
	return raw_view + (pa - MEM_BASE);
}

void *fake_core_va(u64 pa)
{
	if (!exists(pa))
		BROKEN("core_va() of %#lx, which is no memory", pa);
	return core_view + (pa - MEM_BASE);
}

u64 fake_core_pa(const void *va)
{
	u64 off = (const u8 *)va - core_view;

	if (off >= MEM_SIZE)
		BROKEN("core_pa() of a pointer that is no core page");
	return MEM_BASE + off;
}

static void core_protect(u64 pa, u64 size, int prot)
{
	assert_return_code(mprotect(core_view + (pa - MEM_BASE), size, prot), 0);
}

u64 pa_of(u64 va)
{
	if (va - (u64)core_view < MEM_SIZE)
		return MEM_BASE + (va - (u64)core_view);
	if (va - (u64)window < FAKE_CPUS * WINDOW_SIZE) {
		u64 i = (va - (u64)window) / PAGE_SIZE;

		return (slot_ptes[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] & S2_ADDR) |
		       (va & ~PAGE_MASK);
	}
	return 0;
}

bool in_window(const void *va)
{
	return (u64)va - (u64)window < FAKE_CPUS * WINDOW_SIZE;
}

bool page_is_clean(u64 pa)
{
	return !page_state[(pa - MEM_BASE) / PAGE_SIZE];
}

void line_cleaned(u64 pa)
{
	u8 *lines = &page_state[(pa - MEM_BASE) / PAGE_SIZE];

	if (*lines)
		--*lines;
}

void page_dirtied(u64 pa)
{
	page_state[(pa - MEM_BASE) / PAGE_SIZE] = 64;
}

bool el2_map_fails;
static bool mapped[MEM_SIZE / PAGE_SIZE];

bool core_mapped(u64 pa)
{
	return mapped[(pa - MEM_BASE) / PAGE_SIZE];
}

int el2_map(pa_t pa, u64 size, u64 attr)
{
	assert_int_equal(attr, EL2_RW);
	assert_int_equal(this_cpu()->ranks_held, 0);
	if (el2_map_fails)
		return HYPSEC_NO_MEMORY;
	assert_int_equal(size, PAGE_SIZE);
	assert_false(core_mapped(pa.v));
	mapped[(pa.v - MEM_BASE) / PAGE_SIZE] = true;
	core_protect(pa.v, size, PROT_READ | PROT_WRITE);
	return HYPSEC_OK;
}

void el2_unmap(pa_t pa, u64 size)
{
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_int_equal(size, PAGE_SIZE);
	assert_true(core_mapped(pa.v));
	mapped[(pa.v - MEM_BASE) / PAGE_SIZE] = false;
	core_protect(pa.v, size, PROT_NONE);
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
			mprotect(window + cpu * WINDOW_SIZE + i * PAGE_SIZE, PAGE_SIZE, PROT_NONE);
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
	u64 i = (va - (u64)window) / PAGE_SIZE;

	return va - (u64)window < FAKE_CPUS * WINDOW_SIZE &&
	       slot_bad[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES];
}

void window_touch(u64 va)
{
	if (is_bad(va))
		hw_abort(va);
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

	assert_return_code(sigaction(SIGSEGV, &sa, NULL), 0);
	bad.pa = pa;
	bad.event = event;
	bad.maps = maps;
	bad.on = pa && !event;
	bad.met = false;
}

static void window_write(u32 cpu, u32 i, u64 pte)
{
	u8 *va = window + cpu * WINDOW_SIZE + i * PAGE_SIZE;
	int prot = PROT_READ | PROT_WRITE;

	slot_bad[cpu][i] = false;
	if (pte & 1) {
		if (slot_used[cpu][i])
			BROKEN("window page %u used again without a broadcast TLBI", i);
		slot_used[cpu][i] = 1;
		assert_true(exists(pte & S2_ADDR));
		if (bad.on && bad.maps && (pte & S2_ADDR) == bad.pa) {
			bad.maps--;
			slot_bad[cpu][i] = true;
			prot = PROT_NONE;
		}
		assert_ptr_not_equal(mmap(va, PAGE_SIZE, prot,
					  MAP_SHARED | MAP_FIXED, memory_fd,
					  (pte & S2_ADDR) - MEM_BASE), MAP_FAILED);
	} else {
		slot_used[cpu][i] = 2;
		assert_ptr_not_equal(mmap(va, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_FIXED |
					  MAP_ANONYMOUS, -1, 0), MAP_FAILED);
	}
	slot_ptes[cpu][i] = pte;
}

void window_tlbi(u64 va)
{
	u64 i = ((va << PAGE_SHIFT) - (u64)window) / PAGE_SIZE;

	if (i < FAKE_CPUS * EL2_SLOT_PTES && slot_used[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] == 2)
		slot_used[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] = 4;
}

void window_tlbi_is(u64 va)
{
	u64 i = ((va << PAGE_SHIFT) - (u64)window) / PAGE_SIZE;

	if (i < FAKE_CPUS * EL2_SLOT_PTES && slot_used[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] == 2)
		slot_used[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] = 16;
}

/* Entries that are neither mapped nor invalidated on this CPU: for the checks at unmap. */
static bool window_clean(u32 cpu)
{
	u32 i;

	for (i = 0; i < EL2_SLOT_PTES; i++) {
		if (slot_used[cpu][i] == 2 || slot_used[cpu][i] == 4)
			return false;
	}
	return true;
}

bool window_entry_write(const u64 *ptep, u64 pte)
{
	u64 at = (u64)ptep - (u64)slot_ptes;

	if (at >= sizeof(slot_ptes))
		return false;
	window_write(at / sizeof(slot_ptes[0]), at % sizeof(slot_ptes[0]) / 8, pte);
	return true;
}

void window_dsb(void)
{
	u32 cpu = cpu_now(), k;

	for (k = 0; k < EL2_SLOT_PTES; k++) {
		if (slot_used[cpu][k] == 4)
			slot_used[cpu][k] = 8;
		if (slot_used[cpu][k] == 16)
			slot_used[cpu][k] = 0;
	}
}

void window_alle2is(void)
{
	u32 i;

	for (i = 0; i < FAKE_CPUS * EL2_SLOT_PTES; i++) {
		if ((&slot_used[0][0])[i] == 8)
			(&slot_used[0][0])[i] = 0;
	}
}

void memory_reset(void)
{
	u32 cpu;

	assert_int_equal(memory_fd, -1);
	memory_fd = memfd_create("memory", 0);
	assert_return_code(memory_fd, 0);
	assert_return_code(ftruncate(memory_fd, MEM_SIZE), 0);
	core_view = mmap(NULL, MEM_SIZE, PROT_NONE, MAP_SHARED, memory_fd, 0);
	raw_view = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	window = mmap(NULL, FAKE_CPUS * WINDOW_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(core_view, MAP_FAILED);
	assert_ptr_not_equal(raw_view, MAP_FAILED);
	assert_ptr_not_equal(window, MAP_FAILED);
	core_protect(REGION, REGION_SIZE, PROT_READ | PROT_WRITE);
	memset(raw(REGION), 0x5a, REGION_SIZE);	/* what the host had there */
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		memset(raw(el2_slot_scrap(cpu).v), 0, PAGE_SIZE);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		assert_true(window_clean(cpu));
}
