// SPDX-License-Identifier: GPL-2.0-only
/* System registers, memory and TLBs of the tests' machine: see hw.h, machine.h. */
#include <sys/mman.h>
#include <unistd.h>
#include "test.h"
#include "machine.h"
#include "boot.h"
#include "check.h"
#include "hcall.h"
#include "vcpu.h"

struct counts counts;
void (*pte_hook)(u64 *ptep, u64 old, u64 new);
void (*dc_hook)(const char *op, u64 pa);

#define BROKEN(...) fail_msg(__VA_ARGS__)

/* --- memory: one file, seen by the core where it is mapped, and raw by the test --- */

static int memory_fd = -1;
static u8 *core_view, *raw_view;
static u8 page_state[MEM_SIZE / PAGE_SIZE];	/* cache lines written and not cleaned */

static u8 *window;			/* slot windows of all CPUs */
static u64 slot_ptes[FAKE_CPUS][EL2_SLOT_PTES];
static u8 slot_used[FAKE_CPUS][EL2_SLOT_PTES];	/* 1 mapped, 2 cleared, 4 local TLBI, 8 used */
#define WINDOW_SIZE	(EL2_SLOT_PTES * PAGE_SIZE)

static bool exists(u64 pa)
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

/* Physical address behind a core or window address, or 0. */
static u64 pa_of(u64 va)
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

static void window_write(u32 cpu, u32 i, u64 pte)
{
	u8 *va = window + cpu * WINDOW_SIZE + i * PAGE_SIZE;

	if (pte & 1) {
		if (slot_used[cpu][i])
			BROKEN("window page %u used again without a broadcast TLBI", i);
		slot_used[cpu][i] = 1;
		assert_true(exists(pte & S2_ADDR));
		assert_ptr_not_equal(mmap(va, PAGE_SIZE, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_FIXED, memory_fd,
					  (pte & S2_ADDR) - MEM_BASE), MAP_FAILED);
	} else {
		slot_used[cpu][i] = 2;
		assert_ptr_not_equal(mmap(va, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_FIXED |
					  MAP_ANONYMOUS, -1, 0), MAP_FAILED);
	}
	slot_ptes[cpu][i] = pte;
}

static void window_tlbi(u64 va)
{
	u64 i = ((va << PAGE_SHIFT) - (u64)window) / PAGE_SIZE;

	if (i < FAKE_CPUS * EL2_SLOT_PTES && slot_used[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] == 2)
		slot_used[i / EL2_SLOT_PTES][i % EL2_SLOT_PTES] = 4;
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

/* --- stale translations --- */

enum { LIVE, S2_ISSUED, S2_GONE, ALL_ISSUED };

static struct stale {
	u64 ia, size, pte;
	u8 level;
	u16 vmid;
	int state;
} stale[4096];
static unsigned int nr_stale;

static struct s2 *watched[8];
static bool ordered = true;		/* a DSB has followed the last entry written */

bool ptes_ordered(void)
{
	return ordered;
}

void tlb_watch(struct s2 *s2)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		if (!watched[i]) {
			watched[i] = s2;
			return;
		}
	}
	fail();
}

void tlb_unwatch(struct s2 *s2)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		if (watched[i] == s2)
			watched[i] = NULL;
	}
}

static bool is_table(u64 pte, u8 level)
{
	return level < 3 && (pte & 3) == 3;
}

bool tlb_stale(u64 pa)
{
	unsigned int i;

	for (i = 0; i < nr_stale; i++) {
		u64 base = stale[i].pte & S2_ADDR;
		u64 size = is_table(stale[i].pte, stale[i].level) ? PAGE_SIZE : stale[i].size;

		if (pa == ~0UL || (pa >= base && pa - base < size))
			return true;
	}
	return false;
}

/* Finds which entry of which table @ptep is. */
static bool find(u64 *table, u64 n, u8 level, u64 base, const u64 *ptep, u64 *ia, u8 *at)
{
	u64 size = 1UL << (39 - 9 * level), i;

	if (ptep >= table && ptep < table + n) {
		*ia = base + (ptep - table) * size;
		*at = level;
		return true;
	}
	for (i = 0; i < n; i++) {
		if (is_table(table[i], level) &&
		    find(fake_core_va(table[i] & S2_ADDR), 512, level + 1, base + i * size,
			 ptep, ia, at))
			return true;
	}
	return false;
}

static struct s2 *find_any(const u64 *ptep, u64 *ia, u8 *level)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watched); i++) {
		struct s2 *s2 = watched[i];

		if (s2 && s2->root &&
		    find(s2->root, 1UL << (s2->ipa_bits - (39 - 9 * s2->start_level)),
			 s2->start_level, 0, ptep, ia, level))
			return s2;
	}
	return NULL;
}

#define PERMISSIONS	(S2_R | S2_W | S2_XN | S2_SW | S2_SHARED)
#define SOFTWARE	(S2_SW | S2_SHARED)

static void add_stale(u16 vmid, u64 ia, u8 level, u64 pte)
{
	assert_true(nr_stale < ARRAY_SIZE(stale));
	stale[nr_stale++] = (struct stale){ ia, 1UL << (39 - 9 * level), pte, level, vmid, LIVE };
}

/* Every leaf under a table that goes: each may be in a TLB. */
static void add_tree(u16 vmid, u64 ia, u8 level, u64 pte)
{
	u64 size = 1UL << (39 - 9 * (level + 1)), i;
	u64 *table = fake_core_va(pte & S2_ADDR);

	add_stale(vmid, ia, level, pte);
	for (i = 0; i < 512; i++) {
		if (is_table(table[i], level + 1))
			add_tree(vmid, ia + i * size, level + 1, table[i]);
		else if ((table[i] & 1) && nr_stale < ARRAY_SIZE(stale) - 64)
			add_stale(vmid, ia + i * size, level + 1, table[i]);
	}
}

static void s2_entry_write(u64 *ptep, u64 old, u64 new)
{
	struct s2 *s2;
	unsigned int i;
	u64 ia;
	u8 level;

	s2 = find_any(ptep, &ia, &level);
	if (!s2) {
		/* In no live table. Hardware may still walk it, by a walk cache. */
		for (i = 0; i < nr_stale; i++) {
			if (is_table(stale[i].pte, stale[i].level) && (new & 1) &&
			    (stale[i].pte & S2_ADDR) == (fake_core_pa(ptep) & PAGE_MASK))
				BROKEN("a valid descriptor %#lx in a dropped table", new);
		}
		return;
	}
	if ((old & 1) && (new & 1) && ((old ^ new) & ~PERMISSIONS))
		BROKEN("no break-before-make at %#lx: %#lx to %#lx", ia, old, new);
	if ((old & 1) && (new & 1) && is_table(old, level) != is_table(new, level))
		BROKEN("table to block without a break at %#lx", ia);
	if (new & 1) {
		for (i = 0; i < nr_stale; i++) {
			struct stale *s = &stale[i];
			u64 size = 1UL << (39 - 9 * level);

			if (s->vmid == s2->vmid && ia < s->ia + s->size && s->ia < ia + size &&
			    !((old & 1) && !((s->pte ^ new) & ~PERMISSIONS)))
				BROKEN("make at %#lx while %#lx may be cached", ia, s->pte);
		}
	}
	if (!((old ^ new) & ~SOFTWARE))
		return;
	ordered = false;
	if (!(old & 1))
		return;
	if (is_table(old, level))
		add_tree(s2->vmid, ia, level, old);
	else
		add_stale(s2->vmid, ia, level, old);
}

void fake_pte_write(u64 *ptep, u64 pte)
{
	u64 at = (u64)ptep - (u64)slot_ptes;

	counts.pte++;
	if (at < sizeof(slot_ptes)) {
		window_write(at / sizeof(slot_ptes[0]), at % sizeof(slot_ptes[0]) / 8, pte);
		return;
	}
	if (pte_hook)
		pte_hook(ptep, *ptep, pte);
	s2_entry_write(ptep, *ptep, pte);
	*ptep = pte;
}

/* --- instructions --- */

static struct { const char *name; u64 v; } reg[64];

static u64 *find_reg(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reg); i++) {
		if (!reg[i].name)
			reg[i].name = name;
		if (!strcmp(reg[i].name, name))
			return &reg[i].v;
	}
	abort();
}

u64 fake_read_sysreg(const char *name)
{
	return *find_reg(name);
}

#define EPD	(BIT(7) | BIT(23))

static bool paused;		/* vcpu/debug.c: SPE and TRBE */

bool trace_pause(void)
{
	return !paused && (paused = true);
}

void trace_unpause(void)
{
	assert_true(paused);
	paused = false;
}

void fake_write_sysreg(const char *name, u64 v)
{
	if (!strcmp(name, "VTTBR_EL2")) {
		counts.vttbr++;
		if (v != *find_reg(name) && *find_reg(name) &&
		    ((*find_reg("TCR_EL1") & EPD) != EPD || !(*find_reg("SCTLR_EL1") & SCTLR_M)))
			BROKEN("VTTBR_EL2 switched while EL1's tables may be walked");
		if (v != *find_reg(name) && *find_reg(name) && !paused)
			BROKEN("VTTBR_EL2 switched while SPE or TRBE may write");
	}
	/* Walks start again only under their own VMID: checked by the value at the end. */
	*find_reg(name) = v;
}

void fake_barrier(const char *op)
{
	unsigned int i, n = 0;
	u32 cpu = cpu_now(), k;
	bool ish = strstr(op, " ish") || strstr(op, " sy");

	if (strncmp(op, "dsb", 3))
		return;
	if (ish)
		ordered = true;
	if (strstr(op, "st"))
		return;
	for (k = 0; k < EL2_SLOT_PTES; k++) {
		if (slot_used[cpu][k] == 4)
			slot_used[cpu][k] = 8;
	}
	if (!ish)
		return;
	for (i = 0; i < nr_stale; i++) {
		if (stale[i].state == ALL_ISSUED)
			continue;
		if (stale[i].state == S2_ISSUED)
			stale[i].state = S2_GONE;
		stale[n++] = stale[i];
	}
	nr_stale = n;
}

void fake_tlbi(const char *op, u64 arg)
{
	u16 vmid = *find_reg("VTTBR_EL2") >> 48;
	unsigned int i;

	for (i = 0; i < nr_stale; i++) {
		struct stale *s = &stale[i];
		u64 ia = arg << PAGE_SHIFT;

		if (s->vmid != vmid)
			continue;
		/* By address: a leaf, not what hangs below a table. */
		if (!strcmp(op, "ipas2e1is") && s->state == LIVE && ia >= s->ia &&
		    ia - s->ia < s->size && !is_table(s->pte, s->level))
			s->state = S2_ISSUED;
		if (!strcmp(op, "vmalle1is") && s->state == S2_GONE)
			s->state = ALL_ISSUED;
		if (!strcmp(op, "vmalls12e1is"))
			s->state = ALL_ISSUED;
	}
	if (!strcmp(op, "vae2"))
		window_tlbi(arg);
	if (!strcmp(op, "alle2is")) {
		for (i = 0; i < FAKE_CPUS * EL2_SLOT_PTES; i++) {
			if ((&slot_used[0][0])[i] == 8)
				(&slot_used[0][0])[i] = 0;
		}
	}
#define COUNT(x) (counts.x += !strcmp(op, #x))
	COUNT(ipas2e1is);
	COUNT(vmalle1is);
	COUNT(vmalls12e1is);
	COUNT(vmalls12e1);
	COUNT(alle2is);
	COUNT(vae2);
#undef COUNT
}

void fake_dc(const char *op, u64 va)
{
	u64 pa = pa_of(va), page = (pa - MEM_BASE) / PAGE_SIZE;

	if (!exists(pa))
		BROKEN("dc %s of no memory", op);
	if (dc_hook)
		dc_hook(op, pa);
	if (!strcmp(op, "zva")) {
		if (*find_reg("DCZID_EL0") & BIT(4))
			BROKEN("DC ZVA where it is undefined");
		if (tlb_stale(pa))
			BROKEN("page %#lx zeroed while a TLB may still translate to it", pa);
		memset((void *)va, 0, 64);
		page_state[page] = 64;
		counts.zva++;
	} else if (!strcmp(op, "civac")) {
		if (tlb_stale(pa))
			BROKEN("page %#lx cleaned while a TLB may still translate to it", pa);
		if (page_state[page])
			page_state[page]--;
		counts.civac++;
	}
}

void fake_ic(const char *op)
{
	if (!strcmp(op, "ialluis"))
		counts.ialluis++;
	if (!strcmp(op, "iallu"))
		counts.iallu++;
}

void counts_reset(void)
{
	memset(&counts, 0, sizeof(counts));
}

/* --- power --- */

void machine_reset(u32 parange)
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

	fake_write_sysreg("ID_AA64MMFR0_EL1", parange);
	fake_write_sysreg("CTR_EL0", 4UL << 16);	/* 64-byte lines */
	fake_write_sysreg("DCZID_EL0", 4);
	fake_write_sysreg("SCTLR_EL1", SCTLR_M);
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		assert_true(window_clean(cpu));
}
