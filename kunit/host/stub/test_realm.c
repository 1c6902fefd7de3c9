// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the boot stub of a Realm puts what is shared: the place, of trees that lie, and the BAR, in
 * a configuration space that lies. Any access beside that of bus 0 ends the test.
 */
#include "test.h"
#include "mmio.h"
#include "realm.h"
#include "reason.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define M		0x100000ULL
#define G		0x40000000ULL
#define TOP		(1ULL << 39)
#define ECAM		0x4010000000ULL
#define SLOTS		32

enum { ID, COMMAND, HEADER = 3, BAR2 = 6, BAR2_HIGH, WORDS = 16 };

static uint32_t config[SLOTS][WORDS];
static uint64_t bar_mask[SLOTS];	/* writable bits of BAR 2 */
static bool at_random, mapped_while_sized, stuck;
static unsigned int reads, writes, written;	/* a bit for each slot */

static uint32_t *at(uint64_t address, uint32_t *slot, uint32_t *word)
{
	assert_true(address >= ECAM && address < ECAM + M && address % 4 == 0);
	*slot = (uint32_t)(address >> 15) & 31;
	*word = (uint32_t)(address & 0x7fff) / 4;
	assert_true(*word < WORDS);
	return &config[*slot][*word];
}

uint32_t mmio_read32(uint64_t address)
{
	static const uint32_t words[] = { 0x11101af4, 0, 4, 0xc, ~0U, 0x80, 0xf0000004, ~0xfU, 1 };
	uint32_t slot, word, *reg = at(address, &slot, &word);

	reads++;
	if (at_random)
		return words[test_rand() % ARRAY_SIZE(words)];
	return *reg;
}

/* Nothing but one device's command, and its BAR. */
void mmio_write32(uint64_t address, uint32_t v)
{
	uint32_t slot, word, *reg = at(address, &slot, &word);

	writes++;
	written |= 1U << slot;
	if (stuck && word >= BAR2 && v != ~0U)
		return;
	switch (word) {
	case COMMAND:
		assert_true(v == 0 || v == 2);
		*reg = v;
		break;
	case BAR2:
		mapped_while_sized |= v == ~0U && config[slot][COMMAND] & 2;
		*reg = (*reg & 0xf) | (v & (uint32_t)bar_mask[slot]);
		break;
	case BAR2_HIGH:
		*reg = v & (uint32_t)(bar_mask[slot] >> 32);
		break;
	default:
		fail();
	}
}

/* A bus with a bridge in slot 0, and ivshmem-plain of @size in @slot. */
static void plug(uint32_t slot, uint64_t size)
{
	memset(config, 0xff, sizeof(config));
	memset(config[0], 0, sizeof(config[0]));
	config[0][ID] = 0x00081b36;
	memset(config[slot], 0, sizeof(config[slot]));
	config[slot][ID] = 0x11101af4;
	/* as a firmware may have left it: somewhere, and on */
	config[slot][COMMAND] = 7;
	config[slot][BAR2] = 0x4000000c;
	bar_mask[slot] = -size & ~0xfULL;
	at_random = mapped_while_sized = stuck = false;
	reads = writes = written = 0;
}

static struct vm_pci bus(void)
{
	struct vm_pci p = { .ecam = { ECAM, 256 * M }, .last_bus = 255, .nr_windows = 3 };

	p.window[0] = (struct vm_window){ VM_PCI_IO, 0, { 0x3eff0000, 0x10000 } };
	p.window[1] = (struct vm_window){ VM_PCI_MEM32, 0x10000000, { 0x10000000, 0x2eff0000 } };
	p.window[2] = (struct vm_window){ VM_PCI_MEM64, TOP, { TOP, TOP } };
	return p;
}

static uint64_t bar(uint32_t slot)
{
	return config[slot][BAR2] | (uint64_t)config[slot][BAR2_HIGH] << 32;
}

static void placed(void **state)
{
	static const struct vm_range window[] = {
		{ TOP + G, 256 * M }, { TOP + G, G }, { TOP, 64 * G }, { TOP + 510 * G, 2 * M },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(window); i++) {
		for (uint32_t slot = 0; slot < SLOTS; slot++) {
			struct vm_pci p = bus();

			plug(slot, window[i].size);
			assert_int_equal(realm_place(&p, window[i]), 0);
			assert_int_equal(bar(slot), window[i].base | 0xc);
			/* There, and no master of the bus. */
			assert_int_equal(config[slot][COMMAND], 2);
			assert_false(mapped_while_sized);
			assert_int_equal(written, 1U << slot);
		}
	}
}

static void each_its_reason(void **state)
{
	const struct vm_range window = { TOP + G, 256 * M };
	static const struct {
		uint32_t word, value;
		uint64_t mask, want;
	} cases[] = {
		{ ID, 0x11101af4, 256 * M, 0 },
		{ ID, 0x11101af5, 256 * M, STUB_NO_IVSHMEM },
		{ ID, 0x1af41110, 256 * M, STUB_NO_IVSHMEM },
		{ ID, 0, 256 * M, STUB_NO_IVSHMEM },
		{ ID, ~0U, 256 * M, STUB_NO_IVSHMEM },
		{ HEADER, 0x800000, 256 * M, 0 },		/* of several functions */
		{ HEADER, 0x010000, 256 * M, STUB_NO_IVSHMEM },	/* a bridge: no BAR 2 */
		{ HEADER, 0x7f0000, 256 * M, STUB_NO_IVSHMEM },
		{ BAR2, 0x4, 256 * M, 0 },			/* not prefetchable */
		{ BAR2, 0x8, 256 * M, STUB_NO_IVSHMEM },		/* 32 bits */
		{ BAR2, 0xd, 256 * M, STUB_NO_IVSHMEM },		/* ports */
		{ BAR2, 0xe, 256 * M, STUB_NO_IVSHMEM },
		{ BAR2, 0, 256 * M, STUB_NO_IVSHMEM },
		{ BAR2, 0xc, 128 * M, STUB_IVSHMEM_SIZE },
		{ BAR2, 0xc, 512 * M, STUB_IVSHMEM_SIZE },
		{ BAR2, 0xc, M, STUB_IVSHMEM_SIZE },
		{ BAR2, 0xc, 0, STUB_IVSHMEM_SIZE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vm_pci p = bus();
		uint64_t reason;

		plug(3, cases[i].mask);
		if (!cases[i].mask)
			bar_mask[3] = 0;
		config[3][cases[i].word] = cases[i].value;
		reason = realm_place(&p, window);
		if (reason != cases[i].want)
			print_error("case %zu: %lu\n", i, reason);
		assert_int_equal(reason, cases[i].want);
		/* What is refused is not switched on. */
		if (reason && written)
			assert_int_equal(config[3][COMMAND], 0);
	}
	/* BARs that are 32 bits wide, and say 64; whose upper half is fixed */
	struct vm_pci p = bus();

	plug(3, 256 * M);
	bar_mask[3] &= 0xffffffff;
	assert_int_equal(realm_place(&p, window), STUB_IVSHMEM_SIZE);
	/* One that stays where it is */
	plug(3, 256 * M);
	stuck = true;
	assert_int_equal(realm_place(&p, window), STUB_NO_IVSHMEM);
	assert_int_equal(config[3][COMMAND], 0);
	/* The first of two */
	plug(3, 256 * M);
	memcpy(config[9], config[3], sizeof(config[3]));
	bar_mask[9] = -256 * M;
	assert_int_equal(realm_place(&p, window), 0);
	assert_int_equal(written, 1U << 3);
}

/* Another answer each time: it comes to an end, and writes to one device at most. */
static void answers_at_random(void **state)
{
	const struct vm_range window = { TOP, 1ULL << 32 };
	unsigned int refused[64] = { 0 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct vm_pci p = bus();
		uint64_t reason;

		plug(3, window.size);
		at_random = true;
		reason = realm_place(&p, window);
		assert_true(reads <= 2 * SLOTS + 5 && writes <= 6);
		assert_true(!(written & (written - 1)));
		assert_true(reason < 64);
		refused[reason]++;
	}
	assert_true(refused[STUB_NO_IVSHMEM] && refused[STUB_IVSHMEM_SIZE]);
	assert_int_equal(refused[0] + refused[STUB_NO_IVSHMEM] + refused[STUB_IVSHMEM_SIZE], 20000);
}

static struct vm_desc machine(void)
{
	struct vm_desc d = { .nr_ram = 1, .nr_redist = 1, .nr_uarts = 1 };

	d.ram[0] = (struct vm_range){ G, 256 * M };
	d.dist = (struct vm_range){ 0x8000000, 0x10000 };
	d.redist[0] = (struct vm_range){ 0x80a0000, 0xf60000 };
	d.uart[0].reg = (struct vm_range){ 0x9000000, 0x1000 };
	return d;
}

static struct vm_share sharing(void)
{
	struct vm_share s = { .nr_transports = 1, .pci = bus() };

	s.transport[0].reg = (struct vm_range){ 0xa000000, 0x200 };
	return s;
}

static void covers(void **state)
{
	static const struct {
		struct vm_range ram[2];
		uint64_t size, base, want;
	} cases[] = {
		{ { { G, 256 * M } }, 256 * M, TOP + G, 0 },
		{ { { G, 256 * M } }, G, TOP + G, 0 },
		{ { { G, 256 * M } }, 2 * G, TOP, 0 },
		{ { { G, 256 * M } }, 64 * G, TOP, 0 },
		{ { { G, G } }, G, TOP + G, 0 },
		{ { { G, 3 * G } }, 4 * G, TOP, 0 },
		{ { { G, 256 * M } }, 128 * M, 0, STUB_COVER },
		{ { { G, 256 * M + 4096 } }, 256 * M, 0, STUB_COVER },
		{ { { G - 4096, 256 * M } }, 256 * M, 0, STUB_COVER },
		{ { { G, G + 4096 } }, G, 0, STUB_COVER },
		{ { { G, 2 * G } }, 2 * G, 0, STUB_COVER },
		/* ranges beside one another, in any order; one that is left out; one far up */
		{ { { G + 128 * M, 128 * M }, { G, 128 * M } }, 256 * M, TOP + G, 0 },
		{ { { G, 128 * M }, { G + 256 * M, 128 * M } }, 256 * M, 0, STUB_COVER },
		{ { { G, 128 * M }, { 8 * G, 128 * M } }, G, 0, STUB_COVER },
		{ { { G, 128 * M }, { 8 * G, 128 * M } }, 16 * G, TOP, 0 },
		{ { { 256 * G, 2 * G } }, 2 * G, TOP + 256 * G, 0 },
		/* RAM that is there already, or to the last address */
		{ { { TOP, 256 * M } }, 256 * M, 0, STUB_WINDOW },
		{ { { TOP + G, 256 * M } }, G, 0, STUB_WINDOW },
		{ { { VM_IPA_LIMIT - 2 * M, 2 * M } }, 2 * M, 0, STUB_WINDOW },
		{ { { G, 256 * M } }, 2 * TOP, 0, STUB_WINDOW },
		{ { { G, 256 * M } }, 2 * TOP, 0, STUB_WINDOW },
		{ { { TOP, 256 * M } }, 256 * M, 0, STUB_WINDOW },
		{ { { TOP, 256 * M } }, 256 * M, 0, STUB_WINDOW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vm_range window = { 0, 0 };
		struct vm_share s = sharing();
		struct vm_desc d = machine();
		uint64_t reason;

		d.ram[0] = cases[i].ram[0];
		d.ram[1] = cases[i].ram[1];
		d.nr_ram = 1 + !!d.ram[1].size;
		/* It may be the host's word alone that a BAR fits where no address is. */
		if (i % 2)
			s.pci.window[2].cpu.size = 8 * TOP;
		reason = realm_window(&d, &s, 40, cases[i].size, &window);
		if (reason != cases[i].want || (!reason && window.base != cases[i].base))
			print_error("case %zu: %lu %#lx\n", i, reason, window.base);
		assert_int_equal(reason, cases[i].want);
		if (!reason) {
			assert_int_equal(window.base, cases[i].base);
			assert_int_equal(window.size, cases[i].size);
		}
	}
}

/* The host's tree says that something else is there, or that no BAR can be. */
static void not_elsewhere(void **state)
{
	static const struct vm_range no_window[] = {
		{ 0, 0 }, { TOP, G }, { TOP, G + 256 * M - 4096 }, { TOP + G + 4096, G },
		{ TOP + 2 * G, G }, { 2 * TOP, TOP }, { TOP / 2, TOP / 2 }, { TOP, 128 * M },
	};
	static const struct vm_range inside[] = {
		{ TOP + G, 0x1000 }, { TOP + G + 255 * M, M }, { TOP, 4 * G },
		{ TOP + G - 0x1000, 0x2000 },
	};
	struct vm_range w;

	(void)state;
	for (uint64_t bits = 0; bits < 70; bits++) {
		struct vm_share s = sharing();
		struct vm_desc d = machine();
		uint64_t want = bits < 32 || bits > 48 ? STUB_REALM : bits == 40 ? 0 : STUB_WINDOW;

		assert_int_equal(realm_window(&d, &s, bits, 256 * M, &w), want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(no_window); i++) {
		struct vm_share s = sharing();
		struct vm_desc d = machine();

		s.pci.window[2].cpu = no_window[i];
		assert_int_equal(realm_window(&d, &s, 40, 256 * M, &w), STUB_WINDOW);
		/* Of another kind none is taken. */
		s.pci.window[2] = (struct vm_window){ VM_PCI_MEM32, TOP, { TOP, TOP } };
		assert_int_equal(realm_window(&d, &s, 40, 256 * M, &w), STUB_WINDOW);
		s.pci.window[2].space = VM_PCI_MEM64 | 0x40000000;
		assert_int_equal(realm_window(&d, &s, 40, 256 * M, &w), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		for (int what = 0; what < 6; what++) {
			struct vm_share s = sharing();
			struct vm_desc d = machine();
			struct vm_range *r[] = { &d.dist, &d.redist[0], &d.uart[0].reg,
						 &s.transport[0].reg, &s.pci.ecam, NULL };

			if (r[what])
				*r[what] = inside[i];
			assert_int_equal(realm_window(&d, &s, 40, 256 * M, &w),
					 r[what] ? STUB_WINDOW : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(placed),
		cmocka_unit_test(each_its_reason),
		cmocka_unit_test(answers_at_random),
		cmocka_unit_test(covers),
		cmocka_unit_test(not_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
