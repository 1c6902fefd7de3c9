// SPDX-License-Identifier: GPL-2.0-only
/* Before a power-off: every private page, of every size of entry, and no other. */
#include "test.h"
#include "auth/auth.h"
#include "base/check.h"
#include "crypto/crypto.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "base/log.h"
#include "own/own.h"
#include "pool/pool.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"
#include "firmware/firmware.h"

#define PAGES	2048			/* 8 MiB from BASE, in two ranges */
#define BASE	0x40200000UL

/* Pages another CPU is at: one that it finishes, one that it never does, one it gives back */
#define MOVING		1
#define ABANDONED	2
#define ABANDONED_LOOKS	1000001
#define TAKEN_BACK	14
#define UNWRITABLE	20		/* lost, and cannot be erased now either */

static struct {
	struct page_info pi;
	u8 *mem;
	bool cleaned;
} page[PAGES];
static struct hypsec_ram ram[2] = {
	{ BASE, 0x401000 }, { BASE + 0x600000, 0x200000 },
};
static u8 *mapped;
static bool closed, cut_off, secrets_gone, registers_gone;
bool core_broken;
static struct percpu cpu;
static int moving_for;
static unsigned long lookups;

bool ram_range(unsigned int n, struct hypsec_ram *r)
{
	if (n < 2)
		*r = ram[n];
	return n < 2;
}

static unsigned int index_of(u64 pa)
{
	bool in = (pa >= ram[0].base && pa - ram[0].base < ram[0].size) ||
		  (pa >= ram[1].base && pa - ram[1].base < ram[1].size);

	assert_true(in);
	return (unsigned int)((pa - BASE) / PAGE_SIZE);
}

struct percpu *this_cpu(void)
{
	return &cpu;
}

struct page_info own_peek(pa_t pa)
{
	struct page_info pi = page[index_of(pa.v)].pi;

	assert_true(cut_off);	/* nothing is written behind the walk */
	assert_false(registers_gone);	/* that is last */
	lookups++;
	return pi;
}

struct page_info own_lookup(pa_t pa)
{
	struct page_info pi = page[index_of(pa.v)].pi;

	assert_false(core_broken);	/* the lock may be lost */
	assert_false(registers_gone);
	lookups++;
	assert_true(closed);	/* nothing is looked at before the VMs are dead */
	if (index_of(pa.v) == MOVING && !--moving_for)
		page[MOVING].pi.state = PG_PRIVATE;
	return pi;
}

/* Only what does not settle, or in a broken core. */
void *slot_map_moving(pa_t pa, u32 pages)
{
	unsigned int i = index_of(pa.v);

	assert_int_equal(pages, 1);

	assert_null(mapped);
	assert_true(page[i].pi.state == PG_MOVING || page[i].pi.state == PG_LOST || core_broken);
	return mapped = page[i].mem;
}

void *slot_map_private(pa_t pa, u16 vm)
{
	unsigned int i = index_of(pa.v);

	assert_null(mapped);
	assert_false(core_broken);
	if (i == TAKEN_BACK)
		page[i].pi.state = PG_HOST;
	if (page[i].pi.state != PG_PRIVATE || page[i].pi.vm != vm)
		return NULL;
	return mapped = page[i].mem;
}

int slot_unmap(enum slot_id id)
{
	bool bad = mapped == page[UNWRITABLE].mem;

	assert_int_equal(id, SLOT_PAGE);
	assert_non_null(mapped);
	mapped = NULL;
	return bad ? HYPSEC_FAULT : HYPSEC_OK;
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	unsigned int i;

	assert_int_equal(n, PAGE_SIZE);
	for (i = 0; i < PAGES; i++)
		if (page[i].mem == va)
			page[i].cleaned = page[i].mem[0] == 0;
}

void hypsec_wipe(void *p, size_t n) { memset(p, 0, n); }

static u64 told;		/* how many pages there were */

void hlog(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	told = va_arg(ap, u64);
	va_end(ap);
}

void vm_cut_off(void)
{
	assert_true(core_broken);
	cut_off = true;
}

void platform_wipe(void)
{
	assert_true(closed || cut_off);		/* a VM could still ask for its key */
	secrets_gone = true;
}

/* Whoever was inside has written its registers back by then. */
void vm_wipe_all(void)
{
	assert_null(mapped);
	assert_true(secrets_gone);
	registers_gone = true;
}

void vm_close_all(const char *why)
{
	assert_false(core_broken);	/* it takes locks */
	assert_non_null(why);
	closed = true;
}

static void fill(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		/* The second 2 MiB are one block of the host's. */
		page[i].pi = (struct page_info){ PG_HOST, 0, 0, false, i / 512 == 1 ? 2 : 3 };
		if (page[i].pi.level == 3 && i % 7 == 0)
			page[i].pi = (struct page_info){ PG_PRIVATE, 1 + i % 3, i, false, 3 };
		/* The last 2 MiB are one block of a VM's. */
		if (i / 512 == 3)
			page[i].pi = (struct page_info){ PG_PRIVATE, 2, i, false, 2 };
		if (i == 5)
			page[i].pi = (struct page_info){ PG_CORE, 0, 0, false, 3 };
		page[i].mem = malloc(PAGE_SIZE);
		memset(page[i].mem, 0xaa, PAGE_SIZE);
		page[i].cleaned = false;
	}
	page[MOVING].pi = (struct page_info){ PG_MOVING, 1, 1, false, 3 };
	page[ABANDONED].pi = (struct page_info){ PG_MOVING, 1, 2, false, 3 };
	page[UNWRITABLE].pi = (struct page_info){ PG_LOST, 0, 0, false, 3 };
	page[UNWRITABLE + 2].pi = (struct page_info){ PG_LOST, 0, 0, false, 3 };
	moving_for = 50;
	closed = cut_off = secrets_gone = registers_gone = false;
}

static void check_scrubbed(void)
{
	unsigned int i, private = 0;

	assert_null(mapped);
	assert_true(registers_gone);
	for (i = 0; i < PAGES; i++) {
		bool in_ram = i < 1025 || i >= 1536;
		bool p = in_ram && (page[i].pi.state == PG_PRIVATE ||
				    page[i].pi.state == PG_MOVING ||
				    page[i].pi.state == PG_LOST);
		u8 want = p ? 0 : 0xaa;

		private += p;
		assert_int_equal(page[i].mem[0], want);
		assert_int_equal(page[i].mem[PAGE_SIZE - 1], want);
		assert_int_equal(page[i].cleaned, p);
		free(page[i].mem);
	}
	assert_true(private > 100);
	/* One cannot be erased. */
	if (!core_broken)
		assert_int_equal(told, private - 1);
}

static void test_scrub(void **state)
{
	(void)state;
	fill();
	lookups = 0;
	scrub_private();
	/* The 2 MiB block was one step, not 512. */
	assert_true(lookups < 512 + 1 + 512 + 1 + 60 + ABANDONED_LOOKS);
	assert_int_equal(page[MOVING].pi.state, PG_PRIVATE);
	assert_int_equal(page[TAKEN_BACK].pi.state, PG_HOST);
	check_scrubbed();
}

/* A core that panicked, on this CPU with a page mapped, can be powered off. */
static void test_broken(void **state)
{
	(void)state;
	fill();
	core_broken = true;
	mapped = page[9].mem;
	cpu.slot[SLOT_PAGE].pages = 1;
	/* It was at a block: a watchdog would not wait for each page of that. */
	for (unsigned int i = 1536; i < PAGES; i++)
		page[i].pi.state = PG_MOVING;
	lookups = 0;
	scrub_private();
	check_scrubbed();
	assert_true(lookups < 2 * PAGES + ABANDONED_LOOKS);
	core_broken = false;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scrub), cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
