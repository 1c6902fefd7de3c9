// SPDX-License-Identifier: GPL-2.0-only
/* Where the boot stub puts what an image shares with its host. */
#include "dt_common.h"

#define M	0x100000ULL

static const struct pool_case {
	struct vm_range ram[3], image, dtb;
	uint64_t size, want;		/* 0: none */
} pools[] = {
	/* the highest place */
	{ { { 1024 * M, 512 * M } }, { 1026 * M, 4 * M }, { 1152 * M, 65536 }, 64 * M, 1472 * M },
	{ { { 1024 * M, 512 * M } }, { 1026 * M, 4 * M }, { 1152 * M, 65536 }, 2 * M, 1534 * M },
	/* RAM that ends odd */
	{ { { 1024 * M, 511 * M + 0x1000 } }, { 1026 * M, 4 * M }, { 1152 * M, 65536 }, 2 * M,
	  1532 * M },
	/* the tree at the end: below it, also where only its first byte is in the way */
	{ { { 1024 * M, 512 * M } }, { 1026 * M, 4 * M }, { 1535 * M, 65536 }, 2 * M, 1532 * M },
	{ { { 1024 * M, 512 * M } }, { 1026 * M, 4 * M }, { 1534 * M - 8, 16 }, 4 * M, 1528 * M },
	{ { { 1024 * M, 512 * M } }, { 1026 * M, 4 * M }, { 1532 * M - 8, 8 }, 4 * M, 1532 * M },
	/* tree, then image */
	{ { { 1024 * M, 64 * M } }, { 1082 * M, 4 * M }, { 1086 * M, 16 }, 2 * M, 1080 * M },
	{ { { 1024 * M, 64 * M } }, { 1086 * M, 2 * M }, { 1085 * M, 16 }, 2 * M, 1082 * M },
	/* It fits exactly, and does not. */
	{ { { 1024 * M, 64 * M } }, { 1056 * M, 32 * M }, { 1087 * M, 16 }, 32 * M, 1024 * M },
	{ { { 1024 * M, 64 * M } }, { 1056 * M, 32 * M }, { 1087 * M, 16 }, 34 * M, 0 },
	{ { { 1025 * M, 63 * M } }, { 1056 * M, 32 * M }, { 1087 * M, 16 }, 32 * M, 0 },
	{ { { 1024 * M, 64 * M } }, { 1026 * M, 4 * M }, { 1032 * M, 16 }, 128 * M, 0 },
	{ { { 1024 * M, 1 * M } }, { 1026 * M, 4 * M }, { 1032 * M, 16 }, 2 * M, 0 },
	/* not across two ranges, also adjacent ones; in the one where there is room */
	{ { { 1024 * M, 32 * M }, { 1056 * M, 32 * M } }, { 1026 * M, 4 * M }, { 1032 * M, 16 },
	  34 * M, 0 },
	{ { { 2048 * M, 2 * M }, { 1024 * M, 64 * M } }, { 1026 * M, 4 * M }, { 1032 * M, 16 },
	  16 * M, 1072 * M },
	{ { { 2048 * M, 64 * M }, { 1024 * M, 64 * M } }, { 1026 * M, 4 * M }, { 1032 * M, 16 },
	  16 * M, 2096 * M },
	{ { { 1024 * M, 64 * M }, { 2048 * M, 64 * M } }, { 1026 * M, 4 * M }, { 1032 * M, 16 },
	  16 * M, 2096 * M },
	/* below 4 GiB, where there is room, and else the highest */
	{ { { 1024 * M, 8192 * M } }, { 1026 * M, 4 * M }, { 1152 * M, 65536 }, 64 * M, 4032 * M },
	{ { { 1024 * M, 32 * M }, { 8192 * M, 64 * M } }, { 1026 * M, 4 * M }, { 1040 * M, 16 },
	  8 * M, 1048 * M },
	{ { { 1024 * M, 32 * M }, { 8192 * M, 64 * M } }, { 1026 * M, 4 * M }, { 1040 * M, 16 },
	  64 * M, 8192 * M },
	{ { { 1024 * M, 32 * M }, { 8192 * M, 64 * M }, { 16384 * M, 96 * M } },
	  { 1026 * M, 4 * M }, { 1040 * M, 16 }, 64 * M, 16416 * M },
	{ { { 3072 * M, 1025 * M } }, { 3072 * M, 1023 * M }, { 4095 * M, 16 }, 2 * M, 0 },
	{ { { VM_IPA_LIMIT - 64 * M, 64 * M } }, { VM_IPA_LIMIT - 8 * M, 8 * M },
	  { VM_IPA_LIMIT - 10 * M, 16 }, 2 * M, VM_IPA_LIMIT - 12 * M },
	{ { { 0, 64 * M } }, { 2 * M, 62 * M }, { 8, 16 }, 2 * M, 0 },
	{ { { 0, 64 * M } }, { 2 * M, 62 * M }, { 3 * M, 16 }, 2 * M, 1 },	/* at 0 */
};

static void places(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pools); i++) {
		const struct pool_case *c = &pools[i];
		struct vm_range pool = { 1, 1 };
		struct vm_desc d = { 0 };
		bool found;

		while (d.nr_ram < 3 && c->ram[d.nr_ram].size) {
			d.ram[d.nr_ram] = c->ram[d.nr_ram];
			d.nr_ram++;
		}
		found = dt_pool(&d, c->image, c->dtb, c->size, &pool);
		if (found != !!c->want || (found && pool.base != (c->want & ~1ULL)))
			print_error("case %zu: %d %#lx\n", i, found, pool.base);
		assert_int_equal(found, !!c->want);
		if (found) {
			assert_int_equal(pool.base, c->want & ~1ULL);
			assert_int_equal(pool.size, c->size);
		}
	}
}

/* Against a search of every place there is. */
static bool free_at(const struct vm_desc *d, struct vm_range image, struct vm_range dtb,
		    uint64_t at, uint64_t size)
{
	bool in = false;

	for (uint32_t i = 0; i < d->nr_ram; i++)
		in |= at >= d->ram[i].base && at + size <= d->ram[i].base + d->ram[i].size;
	return in && (at + size <= image.base || at >= image.base + image.size) &&
	       (at + size <= dtb.base || at >= dtb.base + dtb.size);
}

static void places_at_random(void **state)
{
	int found = 0, high = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint64_t size = (1 + test_rand() % 6) * 2 * M, end = 4080 * M;
		uint64_t low = 0, best = 0;
		struct vm_range im, tree, pool;
		struct vm_desc d = { 0 };

		/* around 4 GiB, in pages; image and tree anywhere */
		d.nr_ram = 1 + test_rand() % 4;
		for (uint32_t i = 0; i < d.nr_ram; i++) {
			d.ram[i].base = end + test_rand() % 2 * 0x1000 * (test_rand() % 1024);
			d.ram[i].size = 0x1000 * (1 + test_rand() % 4096);
			end = d.ram[i].base + d.ram[i].size;
		}
		im = (struct vm_range){ 4080 * M + test_rand() % 16 * 2 * M, 2 * M };
		tree = (struct vm_range){ 4080 * M + test_rand() % (32 * M) / 8 * 8, 4096 };
		for (uint64_t at = 4080 * M; at < end; at += 2 * M)
			if (free_at(&d, im, tree, at, size))
				*(at + size <= 4096 * M ? &low : &best) = at;
		if (low)
			best = low;
		assert_int_equal(dt_pool(&d, im, tree, size, &pool), best != 0);
		if (best)
			assert_int_equal(pool.base, best);
		found += best != 0;
		high += best + size > 4096 * M;
	}
	assert_true(found > 300 && found < 2900 && high > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(places_at_random),
	};

	return cmocka_run_group_tests_name("dt_pool", tests, setup, teardown);
}
