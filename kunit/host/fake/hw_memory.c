// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the tests' machine: one file, seen by the core where it is mapped, through
 * its slot windows (hw_window.c), and raw by the test.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "hw_parts.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"

static int memory_fd = -1;
static u8 *core_view, *raw_view;
static u64 page_state[MEM_SIZE / PAGE_SIZE];	/* a bit for each line written and not cleaned */

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
	counts.core_pa++;
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
	return in_window((void *)va) ? window_pa_of(va) : 0;
}

bool page_is_clean(u64 pa)
{
	return !page_state[(pa - MEM_BASE) / PAGE_SIZE];
}

void line_cleaned(u64 pa)
{
	page_state[(pa - MEM_BASE) / PAGE_SIZE] &= ~BIT(pa / 64 % 64);
}

void line_dirtied(u64 pa)
{
	page_state[(pa - MEM_BASE) / PAGE_SIZE] |= BIT(pa / 64 % 64);
}

void page_dirtied(u64 pa)
{
	page_state[(pa - MEM_BASE) / PAGE_SIZE] = ~0UL;
}

bool el2_map_fails;
static bool mapped[MEM_SIZE / PAGE_SIZE];

bool core_mapped(u64 pa)
{
	return mapped[(pa - MEM_BASE) / PAGE_SIZE];
}

/*
 * By CPU: pages that were mapped since its last ISB or exception. It may have translated their
 * addresses before that, and what it got then was a fault.
 */
static u8 unseen[MEM_SIZE / PAGE_SIZE];
static bool behind[FAKE_CPUS];			/* there are such pages */
static bool hidden[MEM_SIZE / PAGE_SIZE];	/* of the CPU that runs */
static unsigned int nr_hidden;

static void hide(u64 page, bool on)
{
	if (hidden[page] == on)
		return;
	hidden[page] = on;
	nr_hidden += on ? 1 : -1;
	core_protect(MEM_BASE + page * PAGE_SIZE, PAGE_SIZE,
		     on ? PROT_NONE : PROT_READ | PROT_WRITE);
}

void core_runs_on(u32 cpu)
{
	u64 i;

	if (!behind[cpu] && !nr_hidden)
		return;
	for (i = 0; i < ARRAY_SIZE(unseen); i++)
		hide(i, unseen[i] & BIT(cpu));
}

void core_synchronized(u32 cpu)
{
	u64 i;

	if (!behind[cpu])
		return;
	behind[cpu] = false;
	for (i = 0; i < ARRAY_SIZE(unseen); i++)
		unseen[i] &= ~BIT(cpu);
}

int el2_map(pa_t pa, u64 size, u64 attr)
{
	u32 cpu;

	assert_int_equal(attr, EL2_RW);
	assert_int_equal(this_cpu()->ranks_held, 0);
	if (el2_map_fails)
		return HYPSEC_NO_MEMORY;
	assert_int_equal(size, PAGE_SIZE);
	assert_false(core_mapped(pa.v));
	mapped[(pa.v - MEM_BASE) / PAGE_SIZE] = true;
	core_protect(pa.v, size, PROT_READ | PROT_WRITE);
	/* Its barriers are for this CPU. */
	core_synchronized(cpu_now());
	for (cpu = 0; cpu < FAKE_CPUS; cpu++) {
		if (cpu == cpu_now())
			continue;
		unseen[(pa.v - MEM_BASE) / PAGE_SIZE] |= BIT(cpu);
		behind[cpu] = true;
	}
	core_runs_on(cpu_now());
	return HYPSEC_OK;
}

void el2_unmap(pa_t pa, u64 size)
{
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_int_equal(size, PAGE_SIZE);
	assert_true(core_mapped(pa.v));
	mapped[(pa.v - MEM_BASE) / PAGE_SIZE] = false;
	unseen[(pa.v - MEM_BASE) / PAGE_SIZE] = 0;
	hide((pa.v - MEM_BASE) / PAGE_SIZE, false);
	core_protect(pa.v, size, PROT_NONE);
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
	assert_ptr_not_equal(core_view, MAP_FAILED);
	assert_ptr_not_equal(raw_view, MAP_FAILED);
	core_protect(REGION, REGION_SIZE, PROT_READ | PROT_WRITE);
	memset(raw(REGION), 0x5a, REGION_SIZE);	/* what the host had there */
	for (cpu = 0; cpu < FAKE_CPUS; cpu++)
		memset(raw(el2_slot_scrap(cpu).v), 0, PAGE_SIZE);
	window_reset(memory_fd);
}
