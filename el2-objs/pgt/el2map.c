// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's own stage 1: VA == PA for the core's pages and nothing else, 4 KiB
 * pages, W^X; above it, at the top of the address space, one window a CPU for
 * the slots. No page of the host is ever mapped executable here, as only the
 * bundle's text is: an EL2 jump into host memory faults.
 */
#include "pgt/pgt.h"
#include "base/check.h"
#include "base/core.h"
#include "base/lock.h"
#include "base/sysreg.h"
#include "pool/pool.h"

#define DESC_ATTR(i)	((u64)(i) << 2)	/* MAIR_EL2_CORE in install/entry.S */
#define DESC_AP1	BIT(6)		/* RES1 in this regime */
#define DESC_RO		BIT(7)
#define DESC_INNER	(3UL << 8)
#define DESC_AF		BIT(10)
#define DESC_XN		BIT(54)

#define NORMAL	(PTE_VALID | PTE_TABLE | DESC_ATTR(0) | DESC_AP1 | DESC_INNER | DESC_AF)

#define VA_BITS		48
#define SLOT_BASE	((1UL << VA_BITS) - SZ_1G)

static u64 *root __ro_after_seal;
static u64 *slot_table[HYPSEC_MAX_CPUS] __ro_after_seal;
static pa_t slot_scrap[HYPSEC_MAX_CPUS] __ro_after_seal;
static struct spinlock map_lock = SPINLOCK(RANK_EL2_S1);

/* Before the pool exists pages are cut off its front. */
static pa_t early_next, early_end;
static u64 early_pages;
static bool pool_ready __ro_after_seal;

static void *table_alloc(void)
{
	void *page;

	if (pool_ready)
		return pool_alloc(HYPSEC_ACC_EL2_S1);
	if (early_next.v >= early_end.v)
		return NULL;
	page = core_va(early_next);
	early_next.v += PAGE_SIZE;
	early_pages++;
	return memset(page, 0, PAGE_SIZE);
}

static unsigned int index_of(u64 va, unsigned int level)
{
	return (va >> (39 - 9 * level)) & (PTRS - 1);
}

/*
 * The level-3 entry of @va. Where a table is missing *@spare becomes it; NULL
 * if there is none to use. Locks: map_lock, once there is more than one CPU.
 */
static u64 *entry_of(u64 va, void **spare)
{
	u64 *table = root;
	unsigned int level;

	for (level = 0; level < 3; level++) {
		u64 *e = &table[index_of(va, level)];

		if (!(*e & PTE_VALID)) {
			if (!*spare)
				return NULL;
			/* The zeroed table is visible before the link to it. */
			dsb(ishst);
			WRITE_ONCE(*e, core_pa(*spare).v | PTE_VALID | PTE_TABLE);
			*spare = NULL;
		}
		table = core_va(PA(*e & PTE_ADDR));
	}
	return &table[index_of(va, 3)];
}

static u64 attributes(u64 attr)
{
	switch (attr) {
	case EL2_RX:
		return NORMAL | DESC_RO;
	case EL2_RO:
		return NORMAL | DESC_RO | DESC_XN;
	case EL2_RW:
		return NORMAL | DESC_XN;
	default:
		return PTE_VALID | PTE_TABLE | DESC_ATTR(1) | DESC_AP1 | DESC_AF | DESC_XN;
	}
}

static int map_page(u64 pa, u64 desc)
{
	void *spare = NULL;
	int ret = HYPSEC_OK;
	u64 *e;

	for (;;) {
		spin_lock(&map_lock);
		e = entry_of(pa, &spare);
		if (e)
			break;
		spin_unlock(&map_lock);
		spare = table_alloc();	/* the pool's lock comes before this one */
		if (!spare)
			return HYPSEC_NO_MEMORY;
	}
	if (*e & PTE_VALID)
		ret = HYPSEC_BUSY;
	else
		WRITE_ONCE(*e, pa | desc);
	spin_unlock(&map_lock);
	/* Another CPU may have linked the table we brought a page for. */
	if (spare)
		pool_free(spare, HYPSEC_ACC_EL2_S1);
	return ret;
}

/**
 * el2_map() - map pages of the core for the core
 * @pa: page aligned, now owned by the core
 * @size: bytes, page multiple
 * @s1_attr: EL2_RX, EL2_RO, EL2_RW, EL2_DEVICE
 *
 * Return: HYPSEC_OK; HYPSEC_RANGE; HYPSEC_NO_MEMORY; HYPSEC_BUSY: a page is mapped
 * already. On an error nothing of the range is mapped.
 * Locks: takes RANK_POOL, RANK_EL2_S1.
 */
int el2_map(pa_t pa, u64 size, u64 s1_attr)
{
	u64 desc = attributes(s1_attr), done;
	int ret;

	if (!IS_ALIGNED(pa.v | size, PAGE_SIZE) || !range_ok(pa.v, size, SLOT_BASE))
		return HYPSEC_RANGE;
	for (done = 0; done < size; done += PAGE_SIZE) {
		ret = map_page(pa.v + done, desc);
		if (ret) {
			el2_unmap(pa, done);
			return ret;
		}
	}
	dsb(ishst);
	isb();
	return HYPSEC_OK;
}

static bool is_empty(const u64 *table)
{
	unsigned int i;

	for (i = 0; i < PTRS; i++) {
		if (table[i])
			return false;
	}
	return true;
}

/*
 * The lowest table on the way to @va, taken out of the tree if nothing is left in
 * it, so that the tables of memory that was given and taken back go back too.
 * Locks: map_lock.
 */
static void *take_empty(u64 va)
{
	u64 *table = root, *link = NULL;
	unsigned int level;

	for (level = 0; level < 3 && (table[index_of(va, level)] & PTE_VALID); level++) {
		link = &table[index_of(va, level)];
		table = core_va(PA(*link & PTE_ADDR));
	}
	if (!link || !is_empty(table))
		return NULL;
	WRITE_ONCE(*link, 0);
	dsb(ishst);
	/* Not only the last level: a walk may have cached the link itself. */
	tlbi_arg(vae2is, va >> PAGE_SHIFT);
	dsb(ish);
	isb();
	return table;
}

/**
 * el2_unmap() - pages leave the core
 * @pa: page aligned; every page of the range is mapped by el2_map()
 * @size: bytes, page multiple
 *
 * Locks: takes RANK_EL2_S1, RANK_POOL.
 */
void el2_unmap(pa_t pa, u64 size)
{
	void *no_spare = NULL, *table;
	u64 va, *e;

	for (va = pa.v; va < pa.v + size; va += PAGE_SIZE) {
		spin_lock(&map_lock);
		e = entry_of(va, &no_spare);
		CHECK(e && (*e & PTE_VALID));
		WRITE_ONCE(*e, 0);
		dsb(ishst);
		tlbi_arg(vae2is, va >> PAGE_SHIFT);
		dsb(ish);
		isb();
		/* Before the pool exists nothing can be given back to it. */
		table = pool_ready ? take_empty(va) : NULL;
		spin_unlock(&map_lock);
		while (table) {
			pool_free(table, HYPSEC_ACC_EL2_S1);
			spin_lock(&map_lock);
			table = take_empty(va);
			spin_unlock(&map_lock);
		}
	}
}

/* A page that stays, with other rights: fewer of them. */
static void protect_page(u64 va, u64 desc)
{
	void *no_spare = NULL;
	u64 *e;

	spin_lock(&map_lock);
	e = entry_of(va, &no_spare);
	CHECK(e && (*e & PTE_VALID));
	/* No break: nothing changes but a permission (Arm ARM D8.16.1). */
	WRITE_ONCE(*e, va | desc);
	dsb(ishst);
	/* Twice: other CPUs go on to read it (tlb.c, FLUSH_DONE). */
	tlbi_arg(vae2is, va >> PAGE_SHIFT);
	dsb(ish);
	tlbi_arg(vae2is, va >> PAGE_SHIFT);
	dsb(ish);
	isb();
	spin_unlock(&map_lock);
}

void el2map_seal(void)
{
	u64 start = (u64)init_start, end = (u64)init_end, va;

	for (va = (u64)ro_start; va < (u64)ro_end; va += PAGE_SIZE)
		protect_page(va, attributes(EL2_RO));
	el2_unmap(PA(start), end - start);
	/* The pages that the code was in are memory like any of the pool's. */
	CHECK(el2_map(PA(start), end - start, EL2_RW) == HYPSEC_OK);
	for (va = start; va < end; va += PAGE_SIZE) {
		page_zero(core_va(PA(va)));
		account_add(HYPSEC_ACC_IMAGE, -1);
		pool_donate(PA(va));
	}
}

u64 *el2_slot_ptes(u32 cpu)
{
	CHECK(cpu < nr_cpus);
	return slot_table[cpu];
}

void *el2_slot_va(u32 cpu, unsigned int page)
{
	CHECK(cpu < nr_cpus && page < EL2_SLOT_PTES);
	return (void *)(SLOT_BASE + (u64)cpu * SZ_2M + (u64)page * PAGE_SIZE);
}

u64 el2_slot_pte(pa_t pa)
{
	return (pa.v & PTE_ADDR) | NORMAL | DESC_XN;
}

pa_t el2_slot_scrap(u32 cpu)
{
	CHECK(cpu < nr_cpus);
	return slot_scrap[cpu];
}

static int __init slots_init(void)
{
	void *spare = NULL, *scrap;
	u32 cpu;

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		u64 *e;

		while (!(e = entry_of((u64)el2_slot_va(cpu, 0), &spare))) {
			spare = table_alloc();
			if (!spare)
				return HYPSEC_NO_MEMORY;
		}
		slot_table[cpu] = e;
		scrap = table_alloc();
		if (!scrap)
			return HYPSEC_NO_MEMORY;
		slot_scrap[cpu] = core_pa(scrap);
	}
	return HYPSEC_OK;
}

static int __init cpu_areas_map(void)
{
	u32 cpu;
	int ret;

	for (cpu = 0; cpu < nr_cpus; cpu++) {
		/* The first page is the guard below the stack. */
		ret = el2_map(PA(core_install.cpu_areas + cpu * HYPSEC_CPU_AREA + PAGE_SIZE),
			      HYPSEC_CPU_AREA - PAGE_SIZE, EL2_RW);
		if (ret)
			return ret;
	}
	return HYPSEC_OK;
}

int __init el2map_init(pa_t *next)
{
	const struct hypsec_install *in = &core_install;
	const struct hypsec_bundle *b = &bundle_header;
	u64 base = in->region, end = in->region + in->region_size;
	int ret;

	early_next = *next;
	early_end = PA(end);
	root = table_alloc();
	if (!root)
		return HYPSEC_NO_MEMORY;

	ret = el2_map(PA(base), b->text_end, EL2_RX);
	if (!ret)
		ret = el2_map(PA(base + b->text_end), b->rodata_end - b->text_end, EL2_RO);
	if (!ret)
		ret = el2_map(PA(base + b->rodata_end), b->image_size - b->rodata_end, EL2_RW);
	if (!ret)
		ret = cpu_areas_map();
	/* What the tables are made of is mapped with the rest. */
	if (!ret)
		ret = el2_map(PA(in->pool), end - in->pool, EL2_RW);
	if (!ret)
		ret = slots_init();
	*next = early_next;
	return ret;
}

u64 __init el2map_ttbr(void)
{
	return core_pa(root).v;
}

void __init el2map_use_pool(void)
{
	account_add(HYPSEC_ACC_EL2_S1, early_pages);
	pool_ready = true;
}
