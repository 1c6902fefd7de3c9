// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the boot stub finds the devices that an image names on a PCIe bus: in a configuration space
 * of a host's that says what it likes. Any access beside function 0 of bus 0 ends the test, and any
 * write that is not to the window through which features are asked.
 */
#include "test.h"
#include "pci.h"
#include "reason.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ECAM		0x4010000000ULL
#define WORDS		64

enum { NET = 1, BLK = 2, RNG = 4, PCI = HYPSEC_VIRTIO_PCI };
enum { ID, STATUS, HEADER = 3, SUBSYSTEM = 11, POINTER = 13 };

/* Where the capabilities of a device are, unless it lies: one that means nothing, and virtio's. */
#define OTHER	0x40
#define NOTIFY	0x50
#define COMMON	0x64
#define WINDOW	0x84

static uint32_t config[PCI_SLOTS][WORDS];
static uint32_t features[PCI_SLOTS][2], selected[PCI_SLOTS];
static uint32_t where[PCI_SLOTS];	/* of its common configuration, in its BAR 4 */
static bool at_random;
static unsigned int reads, writes;

static uint32_t *at(uint64_t address, uint32_t *slot, uint32_t *word)
{
	assert_true(address >= ECAM && address < ECAM + 0x100000 && address % 4 == 0);
	*slot = (uint32_t)(address - ECAM) >> 15;
	*word = (uint32_t)(address & 0x7fff) / 4;
	assert_true(*word < WORDS);
	return &config[*slot][*word];
}

static uint32_t *window(uint32_t slot, int word)
{
	return &config[slot][WINDOW / 4 + word];
}

uint32_t mmio_read32(uint64_t address)
{
	static const uint32_t words[] = {
		0x10421af4, 0x10441af4, 0x10021af4, 0x10001af4, ~0U, 0, 0x100000, 4, 0x40,
		0x01104009, 0x05144409, 0x01104409, 0x05144009, 0x0009, 0x01108409, 0x0510fc09,
		0x0110f009, 2, 0x20000,
	};
	uint32_t slot, word, *reg = at(address, &slot, &word);

	reads++;
	if (at_random && !(test_rand() % 8))
		return words[test_rand() % ARRAY_SIZE(words)];
	if (reg == window(slot, 4) && *window(slot, 1) == 4 && *window(slot, 3) == 4 &&
	    *window(slot, 2) == where[slot] + 4)
		return selected[slot] < 2 ? features[slot][selected[slot]] : 0;
	return *reg;
}

void mmio_write32(uint64_t address, uint32_t v)
{
	uint32_t slot, word, *reg = at(address, &slot, &word);

	writes++;
	if (at_random && !(reg > window(slot, 0) && reg <= window(slot, 4)))
		return;
	assert_true(reg > window(slot, 0) && reg <= window(slot, 4));
	if (reg != window(slot, 4))
		*reg = v;
	else if (*window(slot, 1) == 4 && *window(slot, 3) == 4 && *window(slot, 2) == where[slot])
		selected[slot] = v;
	else
		assert_true(at_random);
}

static void cap(uint32_t slot, uint32_t offset, uint32_t next, uint32_t type, uint32_t bar,
		uint32_t place)
{
	uint32_t *c = &config[slot][offset / 4];

	c[0] = 0x09 | next << 8 | 16 << 16 | type << 24;
	c[1] = bar;
	c[2] = place;
	c[3] = 0x38;
}

/* As QEMU has it: a bus with its host bridge in slot 0, nothing else. */
static struct vm_share machine(void)
{
	struct vm_share s = { .nr_devices = 1, .nr_functions = 99 };

	s.pci.ecam = (struct vm_range){ ECAM, 0x10000000 };
	s.pci.last_bus = 255;
	memset(config, 0xff, sizeof(config));
	memset(config[0], 0, sizeof(config[0]));
	config[0][ID] = 0x00081b36;
	reads = writes = 0;
	at_random = false;
	return s;
}

static void plug(uint32_t slot, uint32_t number)
{
	memset(config[slot], 0, sizeof(config[slot]));
	config[slot][ID] = (0x1040 + number) << 16 | 0x1af4;
	config[slot][STATUS] = 1U << 20;
	config[slot][SUBSYSTEM] = 0x11001af4;
	config[slot][POINTER] = OTHER | 3;	/* the lower bits mean nothing */
	config[slot][OTHER / 4] = 0x11 | NOTIFY << 8;
	cap(slot, NOTIFY, COMMON, 2, 4, 0x3000);
	cap(slot, COMMON, WINDOW, 1, 4, 0x1000);
	cap(slot, WINDOW, 0, 5, 0, 0);
	config[slot][WINDOW / 4 + 3] = 0;
	where[slot] = 0x1000;
	features[slot][0] = ~2U;
	features[slot][1] = 2;
	selected[slot] = 0;
}

static void in_the_order_of_the_image(void **state)
{
	static const uint8_t want[] = { BLK | PCI, NET | PCI, BLK | PCI, RNG | PCI, 0 };
	static const uint32_t slots[] = { 2, 1, 9, 31 };
	struct vm_share s = machine();

	(void)state;
	plug(1, NET);
	plug(2, BLK);
	plug(3, 9);			/* named by nobody */
	plug(9, BLK);
	plug(10, BLK);			/* one more than the image has */
	plug(11, NET);
	plug(31, RNG);
	assert_int_equal(pci_find(&s, want, 5), 0);
	assert_int_equal(s.nr_functions, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(s.function[i].slot, slots[i]);
		assert_int_equal(s.function[i].number, want[i] & ~PCI);
	}
	assert_int_equal(s.nr_devices, 1);
	assert_int_equal(writes, 4 * 5);
}

/* All eight of one kind, and no more than there are; nothing is asked where nothing is named. */
static void as_many_as_there_are(void **state)
{
	static const uint8_t want[8] = { RNG | PCI, RNG | PCI, RNG | PCI, RNG | PCI,
					 RNG | PCI, RNG | PCI, RNG | PCI, RNG | PCI }, none[1];
	struct vm_share s = machine();

	(void)state;
	for (uint32_t i = 0; i < 7; i++)
		plug(4 * i, RNG);
	assert_int_equal(pci_find(&s, want, 8), STUB_NO_PCI_DEVICE);
	assert_int_equal(s.nr_functions, 7);
	plug(29, RNG);
	assert_int_equal(pci_find(&s, want, 8), 0);
	assert_int_equal(s.nr_functions, 8);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(s.function[i].slot, i == 7 ? 29 : 4 * i);
	assert_int_equal(pci_find(&s, want, 3), 0);
	assert_int_equal(s.nr_functions, 3);
	reads = writes = 0;
	assert_int_equal(pci_find(&s, want, 0), 0);
	assert_int_equal(s.nr_functions, 0);
	assert_int_equal(pci_find(&s, none, 1), 0);
	assert_int_equal(reads + writes, 0);
	assert_int_equal(s.nr_functions, 0);
}

static void each_its_reason(void **state)
{
	static const uint8_t want[] = { NET | PCI, BLK | PCI };
	static const struct {
		uint32_t word, value;
		uint64_t want;
	} cases[] = {
		{ ID, 0x10421af4, 0 },
		{ ID, ~0U, STUB_NO_PCI_DEVICE },
		{ ID, 0, STUB_NO_PCI_DEVICE },
		{ ID, 0x10411af4, STUB_NO_PCI_DEVICE },
		{ ID, 0x10421af5, STUB_NO_PCI_DEVICE },
		{ ID, 0x1af41042, STUB_NO_PCI_DEVICE },
		{ ID, 0x10401af4, STUB_NO_PCI_DEVICE },
		{ ID, 0x10c21af4, STUB_NO_PCI_DEVICE },
		{ ID, 0x11101af4, STUB_NO_PCI_DEVICE },
		{ ID, 0x0fff1af4, STUB_NO_PCI_DEVICE },
		/* transitional: its number is the subsystem's */
		{ ID, 0x10001af4, STUB_NO_PCI_DEVICE },
		{ SUBSYSTEM, 0x00021af4, 0 },
		{ HEADER, 0x800000, 0 },		/* of several functions */
		{ HEADER, 0x010000, STUB_NO_PCI_DEVICE },	/* a bridge */
		{ HEADER, 0x7f0000, STUB_NO_PCI_DEVICE },
		/* no list, none of ours in it, out of its place, in circles */
		{ STATUS, ~0x100000U, STUB_PCI_CONFIG },
		{ POINTER, 0, STUB_PCI_CONFIG },
		{ POINTER, 0x3c, STUB_PCI_CONFIG },
		{ POINTER, 4, STUB_PCI_CONFIG },
		{ POINTER, COMMON, 0 },
		{ POINTER, WINDOW, STUB_PCI_CONFIG },
		{ POINTER, 0xfc, STUB_PCI_CONFIG },
		{ OTHER / 4, 0x11 | OTHER << 8, STUB_PCI_CONFIG },
		{ OTHER / 4, 0x11 | 0x10 << 8, STUB_PCI_CONFIG },
		{ OTHER / 4, 0x11, STUB_PCI_CONFIG },
		{ OTHER / 4, 0x11 | (COMMON | 1) << 8, 0 },
		{ NOTIFY / 4, 0x09 | NOTIFY << 8 | 1U << 24, STUB_PCI_CONFIG },
		{ COMMON / 4, 0x09 | COMMON << 8 | 1U << 24, STUB_PCI_CONFIG },
		{ COMMON / 4, 0x08 | WINDOW << 8 | 1U << 24, STUB_PCI_CONFIG },
		{ COMMON / 4, 0x09 | WINDOW << 8 | 3U << 24, STUB_PCI_CONFIG },
		{ COMMON / 4, 0x09 | 1U << 24, STUB_PCI_CONFIG },
		{ WINDOW / 4, 0x09 | 4U << 24, STUB_PCI_CONFIG },
		/* A circle once both are known is a circle of the kernel's. */
		{ WINDOW / 4, 0x09 | OTHER << 8 | 5U << 24, 0 },
		{ WINDOW / 4, 0x09 | 0x10 << 8 | 5U << 24, STUB_PCI_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vm_share s = machine();
		uint64_t reason;

		plug(1, NET);
		plug(5, BLK);
		config[5][cases[i].word] = cases[i].value;
		reason = pci_find(&s, want, 2);
		if (reason != cases[i].want)
			print_error("case %zu: %lu\n", i, reason);
		assert_int_equal(reason, cases[i].want);
		/* of which device it is */
		assert_int_equal(s.nr_functions, reason ? 1 : 2);
		assert_true(reads < 200);
	}
}

/* Old ones are told from absent ones, of any kind; another that is as wanted is taken. */
static void transitional(void **state)
{
	static const uint8_t want[] = { BLK | PCI };
	static const uint32_t ids[] = { 0x10001af4, 0x10011af4, 0x103f1af4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct vm_share s = machine();

		plug(3, NET);
		config[3][ID] = ids[i];
		config[3][SUBSYSTEM] = BLK << 16 | 0x1af4;
		assert_int_equal(pci_find(&s, want, 1), STUB_LEGACY_PCI);
		assert_int_equal(writes, 0);
		config[3][SUBSYSTEM] = NET << 16 | 0x1af4;
		assert_int_equal(pci_find(&s, want, 1), STUB_NO_PCI_DEVICE);
		config[3][SUBSYSTEM] = BLK << 16 | 0x1af4;
		plug(4, BLK);
		assert_int_equal(pci_find(&s, want, 1), 0);
		assert_int_equal(s.function[0].slot, 4);
	}
}

/* No ACCESS_PLATFORM, though the same bit of the other half is set; registers elsewhere. */
static void features_asked(void **state)
{
	static const uint8_t want[] = { BLK | PCI };
	static const uint32_t places[] = { 0, 0x1000, 0x10, 0xfffff000, 0xfffffffc };

	(void)state;
	for (uint32_t place = 0; place < 5; place++) {
		for (uint32_t bits = 0; bits < 4; bits++) {
			struct vm_share s = machine();

			plug(7, BLK);
			where[7] = places[place];
			cap(7, COMMON, WINDOW, 1, 4 | 0xaabbcc00, where[7]);
			features[7][0] = ~0U;
			features[7][1] = bits & 1 ? 2 : ~2U;
			selected[7] = bits & 2 ? 0 : 7;	/* what a firmware left there */
			assert_int_equal(pci_find(&s, want, 1), bits & 1 ? 0 : STUB_PLAIN_DEVICE);
		}
	}
	/* Capabilities that would reach beyond configuration space */
	for (uint32_t end = 0xf4; end < 0x100; end += 4) {
		struct vm_share s = machine();

		plug(7, BLK);
		config[7][COMMON / 4] = 0x09 | WINDOW << 8 | 2U << 24;
		config[7][WINDOW / 4] = 0x09 | end << 8 | 5U << 24;
		config[7][end / 4] = 0x09 | 1U << 24;
		assert_int_equal(pci_find(&s, want, 1), STUB_PCI_CONFIG);
		assert_int_equal(writes, 0);
		plug(7, BLK);
		config[7][WINDOW / 4] = 0x09 | end << 8 | 4U << 24;
		config[7][end / 4] = 0x09 | 5U << 24;
		assert_int_equal(pci_find(&s, want, 1), STUB_PCI_CONFIG);
		assert_int_equal(writes, 0);
	}
}

/*
 * Another answer now and then: the outcome is the image's list or a refusal, each slot is used
 * once, and the stub comes to an end.
 */
static void answers_at_random(void **state)
{
	unsigned int taken = 0, refused[64] = { 0 };

	(void)state;
	for (int round = 0; round < 40000; round++) {
		struct vm_share s = machine();
		uint8_t want[8] = { 0 };
		uint64_t reason;
		uint32_t n = test_rand() % 9, used = 0;

		for (uint32_t i = 1; i < 9; i++) {
			plug(i, i % 2 ? BLK : RNG);
			config[i][SUBSYSTEM] = BLK << 16;
		}
		for (uint32_t i = 0; i < n; i++)
			want[i] = PCI | (test_rand() % 2 ? BLK : RNG);
		at_random = true;
		reason = pci_find(&s, want, 8);
		assert_true(reads <= 3 * PCI_SLOTS + n * 53 && writes <= 5 * n);
		assert_true(reason ? s.nr_functions < n : s.nr_functions == n);
		for (uint32_t i = 0; i < s.nr_functions; i++) {
			assert_int_equal(s.function[i].number, want[i] & ~PCI);
			assert_true(s.function[i].slot < PCI_SLOTS);
			assert_false(used & 1U << s.function[i].slot);
			used |= 1U << s.function[i].slot;
		}
		assert_int_equal(s.pci.ecam.base, ECAM);
		taken += !reason && n;
		assert_true(reason < 64);
		refused[reason]++;
	}
	assert_true(taken && refused[STUB_NO_PCI_DEVICE] && refused[STUB_LEGACY_PCI] &&
		    refused[STUB_PCI_CONFIG] && refused[STUB_PLAIN_DEVICE]);
	assert_int_equal(refused[0] + refused[STUB_NO_PCI_DEVICE] + refused[STUB_LEGACY_PCI] +
			 refused[STUB_PCI_CONFIG] + refused[STUB_PLAIN_DEVICE], 40000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_the_order_of_the_image),
		cmocka_unit_test(as_many_as_there_are),
		cmocka_unit_test(each_its_reason),
		cmocka_unit_test(transitional),
		cmocka_unit_test(features_asked),
		cmocka_unit_test(answers_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
