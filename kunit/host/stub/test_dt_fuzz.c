// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot stub's device tree code under truncation and random damage. What is
 * accepted must be sound, judged here by arithmetic that cannot wrap and by
 * reading the new tree back. HYPSEC_FUZZ: how many rounds.
 */
#include "dt_common.h"

/* Every length the host could claim, in a buffer that ASan guards. */
static void truncated(void **state)
{
	struct vm_desc d;

	(void)state;
	for (int size = 0; size < base_size; size++) {
		uint64_t *cut;

		if (size > 200 && size % 13)
			continue;
		cut = malloc(size ? size : 1);
		memcpy(cut, base, size);
		assert_int_equal(judge(cut, size, &d), DT_HEADER);
		/* and with a header that believes it */
		if (size >= 8) {
			fdt_set_totalsize(cut, size);
			assert_int_not_equal(judge(cut, size, &d), DT_OK);
		}
		free(cut);
	}
}

static void header_words(void **state)
{
	static const uint32_t values[] = {
		0, 1, 4, 8, 16, 17, 27, 28, 40, 48, 0x1000, 0x7fffffff,
		0x80000000, 0xfffffff0, 0xfffffffc, 0xffffffff,
	};
	struct vm_desc d;

	(void)state;
	for (int word = 0; word < 10; word++) {
		for (size_t i = 0; i < ARRAY_SIZE(values) + 64; i++) {
			uint8_t *fdt = malloc(base_size);
			uint32_t v = i < ARRAY_SIZE(values) ? values[i] :
				     (uint32_t)test_rand() % (base_size + 8);

			memcpy(fdt, base, base_size);
			fdt32_st(fdt + 4 * word, v);
			/* boot_cpuid_phys and last_comp_version may be anything */
			judge(fdt, base_size, &d);
			free(fdt);
		}
	}
}

/* --- random damage --- */

static bool meet(struct vm_range a, struct vm_range b)
{
	unsigned __int128 ae = (unsigned __int128)a.base + a.size;
	unsigned __int128 be = (unsigned __int128)b.base + b.size;

	return a.base < be && b.base < ae;
}

static void assert_sound(const struct vm_desc *d)
{
	struct vm_range all[32];
	int n = 0;
	uint64_t image_pages = 0;	/* no page counts twice: no two ranges meet */
	bool has_boot = false;

	assert_true(d->nr_ram >= 1 && d->nr_ram <= VM_MAX_RAM);
	assert_true(d->nr_cpus >= 1 && d->nr_cpus <= VM_MAX_CPUS);
	assert_true(d->nr_redist >= 1 && d->nr_redist <= VM_MAX_REDIST);
	assert_true(d->nr_uarts <= VM_MAX_UARTS && d->psci);
	for (uint32_t i = 0; i < d->nr_ram; i++) {
		all[n++] = d->ram[i];
		for (uint64_t p = image.base; p < image.base + image.size; p += 4096)
			image_pages += p - d->ram[i].base < d->ram[i].size;
	}
	all[n++] = d->dist;
	for (uint32_t i = 0; i < d->nr_redist; i++)
		all[n++] = d->redist[i];
	for (uint32_t i = 0; i < d->nr_uarts; i++)
		all[n++] = d->uart[i].reg;
	for (int i = 0; i < n; i++) {
		assert_true(all[i].size && all[i].base % 4096 == 0 &&
			    all[i].size % 4096 == 0);
		assert_true((unsigned __int128)all[i].base + all[i].size <=
			    (1ULL << 48));
		for (int j = 0; j < i; j++)
			assert_false(meet(all[i], all[j]));
	}
	for (uint32_t i = 0; i < d->nr_cpus; i++) {
		assert_false(d->mpidr[i] & ~0xff00ffffffULL);
		has_boot |= d->mpidr[i] == 0;
		for (uint32_t j = 0; j < i; j++)
			assert_true(d->mpidr[i] != d->mpidr[j]);
	}
	assert_true(image_pages == image.size / 4096 && has_boot);
}

/* Transports and PCIe bridge, beside what assert_sound() has seen. */
static void assert_share_sound(const struct vm_desc *d, const struct vm_share *s)
{
	struct vm_range all[80];
	int n = 0, fixed, pci;

	for (uint32_t i = 0; i < d->nr_ram; i++)
		all[n++] = d->ram[i];
	all[n++] = d->dist;
	for (uint32_t i = 0; i < d->nr_redist; i++)
		all[n++] = d->redist[i];
	for (uint32_t i = 0; i < d->nr_uarts; i++)
		all[n++] = d->uart[i].reg;
	fixed = n;
	assert_true(s->nr_transports <= VM_MAX_TRANSPORTS && !s->nr_devices && !s->pool.size);
	for (uint32_t i = 0; i < s->nr_transports; i++)
		all[n++] = s->transport[i].reg;
	pci = n;
	if (s->pci.ecam.size)
		all[n++] = s->pci.ecam;
	for (uint32_t i = 0; i < s->pci.nr_windows; i++)
		all[n++] = s->pci.window[i].cpu;
	for (int i = pci; i < n; i++) {
		assert_true(all[i].size && all[i].base % 4096 == 0 && all[i].size % 4096 == 0);
		assert_true((unsigned __int128)all[i].base + all[i].size <= 1ULL << 48);
		for (int j = 0; j < i; j++)
			assert_false(meet(all[i], all[j]));
	}
	for (uint32_t i = 0; i < s->pci.nr_intx; i++)
		assert_true(s->pci.intx[i].irq.type == 0 && s->pci.intx[i].irq.number < 988);
	for (int i = fixed; i < pci; i++) {
		assert_true(all[i].size >= 0x200 && all[i].size <= 0x10000 &&
			    all[i].size % 0x200 == 0 && all[i].base % 0x200 == 0);
		assert_true((unsigned __int128)all[i].base + all[i].size <= 1ULL << 48);
		for (int j = 0; j < i; j++)
			assert_false(meet(all[i], all[j]));
	}
}

static void share(const void *fdt, const struct vm_desc *d, struct vm_boot b, long shares[2])
{
	uint64_t out[0x8000 / 8], size = (1 + test_rand() % 32) << 21;
	struct vm_share s, again;
	struct vm_desc other;
	bool in = false, pci = false;

	if (dt_devices(fdt, d, &s) != DT_OK)
		return;
	assert_share_sound(d, &s);
	b.share = &s;
	if (dt_pci(fdt, d, &s) == DT_OK) {
		assert_share_sound(d, &s);
		assert_true(s.pci.ecam.size && s.pci.nr_windows && s.pci.nr_intx);
		pci = true;
	} else {
		memset(&s.pci, 0, sizeof(s.pci));
	}
	if (!dt_pool(d, image, dtb, size, &s.pool))
		return;
	assert_true(s.pool.size == size && s.pool.base % 0x200000 == 0);
	assert_false(meet(s.pool, image) || meet(s.pool, dtb));
	for (uint32_t i = 0; i < d->nr_ram; i++)
		in |= s.pool.base >= d->ram[i].base && size <= d->ram[i].size &&
		      s.pool.base - d->ram[i].base <= d->ram[i].size - size;
	assert_true(in);
	for (uint32_t i = 0, n = test_rand() % (VM_MAX_DEVICES + 1); i < n && i < s.nr_transports; i++)
		s.device[s.nr_devices++] = (struct vm_device){ s.nr_transports - 1 - i, 1 + i };
	for (uint32_t i = 0; pci && i < VM_MAX_DEVICES - s.nr_devices; i++)
		s.function[s.nr_functions++] = (struct vm_function){ test_rand() % 32, 1 + i };
	assert_int_equal(dt_build(out, sizeof(out), d, &b), DT_OK);
	assert_int_equal(judge_share(out, sizeof(out), &other, &again), DT_OK);
	assert_memory_equal(d, &other, sizeof(other));
	assert_int_equal(again.nr_transports, s.nr_devices);
	for (uint32_t i = 0; i < s.nr_devices; i++)
		assert_memory_equal(&again.transport[i], &s.transport[s.device[i].transport],
				    sizeof(again.transport[i]));
	assert_int_equal(dt_pci(out, &other, &again), pci ? DT_OK : DT_PCI);
	if (pci)
		assert_memory_equal(&again.pci, &s.pci, sizeof(s.pci));
	shares[0]++;
	shares[1] += pci;
}

/* Words that matter more often than chance would find them. */
static uint32_t word(int size)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 4, 9, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000,
		0x40000000, 0x40200000, 0x8000000, 0x9000000, 0x10000, 0x1000,
		0x200, 0xa000200, 0xa003e00, 0x5ffffe00,
	};
	uint64_t r = test_rand();

	switch (r % 4) {
	case 0: return cpu_to_fdt32(values[(r >> 8) % ARRAY_SIZE(values)]);
	case 1: return cpu_to_fdt32((uint32_t)(r >> 8) % (size + 16));
	case 2: return cpu_to_fdt32((uint32_t)(r >> 8) % 10);
	default: return (uint32_t)(r >> 16);
	}
}

static void fuzz(void **state)
{
	const char *env = getenv("HYPSEC_FUZZ");
	long rounds = env ? atol(env) : 10000, accepted = 0, changed = 0, shares[2] = { 0 };
	struct vm_boot b = boot_params();
	struct vm_desc good, d, again;

	(void)state;
	assert_int_equal(judge(base, base_size, &good), DT_OK);
	for (long i = 0; i < rounds; i++) {
		/* exact size: a read past the end is seen */
		uint8_t *fdt = malloc(base_size);
		int hits = 1 + test_rand() % 4;

		memcpy(fdt, base, base_size);
		while (hits--) {
			int at = test_rand() % (base_size / 4) * 4;

			switch (test_rand() % 4) {
			case 0:
				fdt[test_rand() % base_size] ^= 1 << (test_rand() % 8);
				break;
			case 1:		/* a piece of the tree elsewhere */
				memmove(fdt + at, fdt + test_rand() %
					(base_size - at > 64 ? base_size - 64 : 1),
					base_size - at > 64 ? test_rand() % 64 : 0);
				break;
			default:
				memcpy(fdt + at, &(uint32_t){ word(base_size) }, 4);
			}
		}
		if (judge(fdt, base_size, &d) == DT_OK) {
			uint64_t out[0x8000 / 8];

			accepted++;
			changed += memcmp(&d, &good, sizeof(d)) != 0;
			assert_sound(&d);
			assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
			assert_int_equal(judge(out, sizeof(out), &again), DT_OK);
			assert_memory_equal(&d, &again, sizeof(d));
			share(fdt, &d, b, shares);
		}
		free(fdt);
	}
	printf("%ld of %ld accepted, %ld of them another machine, %ld with devices, %ld PCIe\n",
	       accepted, rounds, changed, shares[0], shares[1]);
	assert_true(accepted > rounds / 100 && accepted < rounds);
	assert_true(shares[1] > rounds / 200 && shares[1] < shares[0] && shares[0] < accepted);
	assert_true(changed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncated),
		cmocka_unit_test(header_words),
		cmocka_unit_test(fuzz),
	};

	return cmocka_run_group_tests_name("dt_fuzz", tests, setup, teardown);
}
