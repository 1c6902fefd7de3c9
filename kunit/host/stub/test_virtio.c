// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the boot stub finds the devices that an image names: on registers of a host's that says what
 * it likes. Any access beside the transports' registers ends the test.
 */
#include "test.h"
#include "reason.h"
#include "virtio.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BASE		0xa000000
#define N		VM_MAX_TRANSPORTS

enum { RNG = 4, NET = 1, BLK = 2 };

/* One transport as QEMU has it, unless it lies. */
static struct registers {
	uint32_t magic, version, id, low, high, select;
} regs[N];
static bool at_random;
static unsigned int reads, writes;

static struct registers *find(uint64_t address, uint32_t *offset)
{
	uint64_t n = (address - BASE) / 0x200;

	assert_true(address >= BASE && n < N && address % 4 == 0);
	*offset = address % 0x200;
	return &regs[n];
}

uint32_t mmio_read32(uint64_t address)
{
	uint32_t offset;
	struct registers *r = find(address, &offset);

	reads++;
	if (at_random)
		return test_rand() % 3 ? (uint32_t)(test_rand() % 6) : 0x74726976;
	switch (offset) {
	case 0x000: return r->magic;
	case 0x004: return r->version;
	case 0x008: return r->id;
	case 0x010:
		if (r->select > 1)
			return 0;
		return r->select ? r->high : r->low;
	}
	fail();
	return 0;
}

/* The only thing that is written: which half of the features is shown. */
void mmio_write32(uint64_t address, uint32_t v)
{
	uint32_t offset;
	struct registers *r = find(address, &offset);

	writes++;
	assert_int_equal(offset, 0x014);
	r->select = v;
}

/* Transports in this order in the tree: @up, or from the highest address down. */
static struct vm_share machine(bool up)
{
	struct vm_share s = { .pool = { 0x58000000, 0x200000 }, .nr_transports = N };

	for (int i = 0; i < N; i++) {
		s.transport[i].reg.base = BASE + (up ? i : N - 1 - i) * 0x200;
		s.transport[i].reg.size = 0x200;
		/* nothing plugged in; select: what a firmware left there */
		regs[i] = (struct registers){ 0x74726976, 2, 0, ~2U, 0, 7 };
	}
	s.nr_devices = 99;
	reads = writes = 0;
	at_random = false;
	return s;
}

/* As QEMU plugs -device options in: the first at the highest address. */
static void plug(int n, uint32_t id)
{
	struct registers *r = &regs[N - 1 - n];

	r->id = id;
	r->low = 0;
	r->high = 2;
}

static uint64_t base_of(const struct vm_share *s, int device)
{
	return s->transport[s->device[device].transport].reg.base;
}

static void in_the_order_of_the_image(void **state)
{
	static const uint8_t want[8] = { BLK, NET, BLK, RNG };

	(void)state;
	for (int up = 0; up < 2; up++) {
		struct vm_share s = machine(up);

		plug(0, NET);
		plug(1, BLK);
		plug(2, 9);			/* named by nobody */
		plug(3, BLK);
		plug(4, RNG);
		plug(5, NET);			/* one more than the image has */
		assert_int_equal(virtio_find(&s, want), 0);
		assert_int_equal(s.nr_devices, 4);
		assert_int_equal(base_of(&s, 0), BASE + 30 * 0x200);
		assert_int_equal(base_of(&s, 1), BASE + 31 * 0x200);
		assert_int_equal(base_of(&s, 2), BASE + 28 * 0x200);
		assert_int_equal(base_of(&s, 3), BASE + 27 * 0x200);
		for (int i = 0; i < 4; i++)
			assert_int_equal(s.device[i].number, want[i]);
		assert_int_equal(writes, 4);
	}
}

/* All eight of one kind, and no more than there are. */
static void as_many_as_there_are(void **state)
{
	static const uint8_t want[8] = { BLK, BLK, BLK, BLK, BLK, BLK, BLK, BLK }, none[8];
	struct vm_share s = machine(true);

	(void)state;
	for (int i = 0; i < 7; i++)
		plug(i, BLK);
	assert_int_equal(virtio_find(&s, want), STUB_NO_DEVICE);
	assert_int_equal(s.nr_devices, 7);
	plug(7, BLK);
	assert_int_equal(virtio_find(&s, want), 0);
	assert_int_equal(s.nr_devices, 8);
	for (int i = 0; i < 8; i++)
		for (int j = 0; j < i; j++)
			assert_int_not_equal(s.device[i].transport, s.device[j].transport);
	/* Nothing is asked of a machine that has no transport, or where nothing is named. */
	s.nr_transports = 0;
	reads = 0;
	assert_int_equal(virtio_find(&s, want), STUB_NO_DEVICE);
	assert_int_equal(reads, 0);
	assert_int_equal(virtio_find(&s, none), 0);
	assert_int_equal(s.nr_devices, 0);
}

static void each_its_reason(void **state)
{
	static const uint8_t want[8] = { NET, BLK };
	static const struct {
		struct registers r;
		uint64_t want;
	} cases[] = {
		{ { 0x74726976, 2, BLK, 0, 2, 0 }, 0 },
		{ { 0x74726976, 2, BLK, ~2U, ~0U, 0 }, 0 },
		{ { 0x74726976, 2, 0, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { 0x74726976, 2, NET, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { 0x74726976, 2, BLK | 0x100, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { 0x74726976, 2, ~0U, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { 0, 2, BLK, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { ~0U, 2, BLK, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { 0x76697274, 2, BLK, 0, 2, 0 }, STUB_NO_DEVICE },
		{ { 0x74726976, 1, BLK, 0, 2, 0 }, STUB_LEGACY_DEVICE },
		{ { 0x74726976, 0, BLK, 0, 2, 0 }, STUB_LEGACY_DEVICE },
		{ { 0x74726976, 3, BLK, 0, 2, 0 }, STUB_LEGACY_DEVICE },
		{ { 0x74726976, ~0U, BLK, 0, 2, 0 }, STUB_LEGACY_DEVICE },
		/* no ACCESS_PLATFORM, though the same bit of the other half is set */
		{ { 0x74726976, 2, BLK, ~0U, 0, 0 }, STUB_PLAIN_DEVICE },
		{ { 0x74726976, 2, BLK, ~0U, ~2U, 0 }, STUB_PLAIN_DEVICE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vm_share s = machine(i % 2);

		plug(0, NET);
		regs[3] = cases[i].r;
		assert_int_equal(virtio_find(&s, want), cases[i].want);
		/* of which device it is */
		assert_int_equal(s.nr_devices, cases[i].want ? 1 : 2);
		if (!cases[i].want)
			assert_int_equal(base_of(&s, 1), BASE + 3 * 0x200);
	}
}

/*
 * Another answer each time: the outcome is the image's list or a refusal, each transport is used
 * once, and the stub comes to an end.
 */
static void answers_at_random(void **state)
{
	unsigned int taken = 0, refused[64] = { 0 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct vm_share s = machine(round % 2);
		uint8_t want[8] = { 0 };
		uint64_t reason;
		uint32_t n = test_rand() % 9, used = 0;

		for (uint32_t i = 0; i < n; i++)
			want[i] = 1 + test_rand() % 5;
		at_random = true;
		reason = virtio_find(&s, want);
		assert_true(reads <= N + 3 * n && writes <= n);
		assert_true(reason ? s.nr_devices < n : s.nr_devices == n);
		for (uint32_t i = 0; i < s.nr_devices; i++) {
			assert_int_equal(s.device[i].number, want[i]);
			assert_true(s.device[i].transport < N);
			assert_false(used & 1U << s.device[i].transport);
			used |= 1U << s.device[i].transport;
		}
		assert_int_equal(s.pool.base, 0x58000000);
		assert_int_equal(s.nr_transports, N);
		taken += !reason;
		assert_true(reason < 64);
		refused[reason]++;
	}
	assert_true(taken && refused[STUB_NO_DEVICE] && refused[STUB_LEGACY_DEVICE] &&
		    refused[STUB_PLAIN_DEVICE]);
	assert_int_equal(taken + refused[STUB_NO_DEVICE] + refused[STUB_LEGACY_DEVICE] +
			 refused[STUB_PLAIN_DEVICE], 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_the_order_of_the_image),
		cmocka_unit_test(as_many_as_there_are),
		cmocka_unit_test(each_its_reason),
		cmocka_unit_test(answers_at_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
