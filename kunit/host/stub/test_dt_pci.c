// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot stub's device tree code for an image that has the host's PCIe bus. See
 * test_dt_pci_refused.c for attacks.
 */
#include "dt_pci_common.h"

static void real_bridge(void **state)
{
	struct vm_share s;
	struct vm_desc d;

	(void)state;
	assert_int_equal(judge_pci(base, base_size, &d, &s), DT_OK);
	assert_int_equal(s.pci.ecam.base, 0x4010000000);
	assert_int_equal(s.pci.ecam.size, 0x10000000);
	assert_int_equal(s.pci.last_bus, 255);
	assert_int_equal(s.pci.nr_windows, 3);
	assert_int_equal(s.pci.window[0].space, VM_PCI_IO);
	assert_int_equal(s.pci.window[0].cpu.base, 0x3eff0000);
	assert_int_equal(s.pci.window[1].pci, 0x10000000);
	assert_int_equal(s.pci.window[1].cpu.size, 0x2eff0000);
	assert_int_equal(s.pci.window[2].cpu.base, 0x8000000000);
	assert_int_equal(s.pci.window[2].cpu.size, 0x8000000000);
	assert_int_equal(s.pci.mask, 0x1800);
	assert_int_equal(s.pci.nr_intx, 16);
	for (uint32_t i = 0; i < 16; i++) {
		assert_int_equal(s.pci.intx[i].slot, (i / 4) << 11);
		assert_int_equal(s.pci.intx[i].pin, 1 + i % 4);
		assert_int_equal(s.pci.intx[i].irq.number, 3 + (i / 4 + i) % 4);
		assert_int_equal(s.pci.intx[i].irq.flags, 4);
	}
}

static void set(void *fdt, const char *path, const char *name, int n, const uint32_t *v)
{
	fdt32_t c[16];

	for (int i = 0; i < n; i++)
		c[i] = cell(v[i]);
	assert_int_equal(fdt_setprop(fdt, fdt_path_offset(fdt, path), name, c, 4 * n), 0);
}

/* A map that is as long as it may be, and longer; a GIC whose interrupts have no address; buses. */
static void other_machines(void **state)
{
	fdt32_t map[33 * 10], *c = map;
	void *fdt = editable();
	struct vm_share s;
	struct vm_desc d;
	int node;

	(void)state;
	for (uint32_t i = 0; i < 33; i++) {
		const uint32_t entry[10] = { INTX(i / 4 << 11, 1 + i % 4, i) };

		for (int k = 0; k < 10; k++)
			*c++ = cell(entry[k]);
	}
	node = fdt_path_offset(fdt, PCI);
	fdt32_st((void *)fdt_getprop(fdt, node, "interrupt-map-mask", NULL), 0xf800);
	assert_int_equal(fdt_setprop(fdt, node, "interrupt-map", map, 32 * 40), 0);
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(s.pci.nr_intx, 32);
	node = fdt_path_offset(fdt, PCI);
	assert_int_equal(fdt_setprop(fdt, node, "interrupt-map", map, 33 * 40), 0);
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_PCI);

	c = map;
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t entry[8] = { 0, 0, 0, 1 + i, GIC, 0, i, 4 };

		for (int k = 0; k < 8; k++)
			*c++ = cell(entry[k]);
	}
	assert_int_equal(fdt_setprop(fdt, node, "interrupt-map", map, 4 * 32), 0);
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_PCI);
	node = fdt_path_offset(fdt, "/intc@8000000");
	assert_int_equal(fdt_delprop(fdt, node, "#address-cells"), 0);
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(s.pci.nr_intx, 4);
	assert_int_equal(s.pci.intx[3].irq.number, 3);

	/* 257 buses, and room for them */
	set(fdt, PCI, "bus-range", 2, (uint32_t[]) { 0, 256 });
	set(fdt, PCI, "reg", 4, (uint32_t[]) { 0x100, 0, 0, 0x10100000 });
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_PCI);
	set(fdt, PCI, "bus-range", 2, (uint32_t[]) { 0, 15 });
	set(fdt, PCI, "reg", 4, (uint32_t[]) { 0x100, 0, 0, 0x1000000 });
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(s.pci.last_bus, 15);
	free(fdt);
}

/* A GIC that is switched off is none, and a second bridge is one too many, as whole as it is. */
static void decoys(void **state)
{
	void *fdt = editable();
	struct vm_share s;
	struct vm_desc d;
	int p, len;

	(void)state;
	assert_true(fdt_add_subnode(fdt, 0, "decoy") >= 0);	/* the first */
	assert_int_equal(fdt_setprop_string(fdt, fdt_path_offset(fdt, "/decoy"), "compatible",
					    "arm,gic-v3"), 0);
	assert_int_equal(fdt_setprop_string(fdt, fdt_path_offset(fdt, "/decoy"), "status",
					    "disabled"), 0);
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_OK);
	free(fdt);

	fdt = editable();
	assert_true(fdt_add_subnode(fdt, 0, "pcie@10000000000") >= 0);
	fdt_for_each_property_offset(p, base, fdt_path_offset(base, PCI)) {
		const char *name;
		const void *v = fdt_getprop_by_offset(base, p, &name, &len);

		assert_int_equal(fdt_setprop(fdt, fdt_path_offset(fdt, "/pcie@10000000000"), name,
					     v, len), 0);
	}
	set(fdt, "/pcie@10000000000", "reg", 4, (uint32_t[]) { 0x100, 0, 0, 0x10000000 });
	set(fdt, "/pcie@10000000000", "ranges", 7,
	    (uint32_t[]) { 0x2000000, 0, 0x60000000, 0, 0x60000000, 0, 0x1000 });
	assert_int_equal(judge_share(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(dt_pci(fdt, &d, &s), DT_PCI);
	assert_int_equal(fdt_setprop_string(fdt, fdt_path_offset(fdt, PCI), "status",
					    "disabled"), 0);
	assert_int_equal(judge_pci(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(s.pci.ecam.base, 0x10000000000);
	free(fdt);
}

static const void *get(const void *fdt, const char *name, int size)
{
	const void *p;
	int len;

	p = fdt_getprop(fdt, fdt_path_offset(fdt, "/pcie@4010000000"), name, &len);
	assert_non_null(p);
	assert_int_equal(len, size);
	return p;
}

static void builds_bridge(void **state)
{
	static const char *const names[] = {
		"compatible", "device_type", "reg", "bus-range", "#address-cells", "#size-cells",
		"ranges", "#interrupt-cells", "interrupt-map-mask", "interrupt-map",
		"dma-coherent",
	};
	const void *host = base;
	struct vm_boot b = boot_params();
	struct vm_share s, again;
	uint64_t out[0x8000 / 8];
	struct vm_desc d;
	size_t n = 0;
	int p, len, node = fdt_path_offset(host, PCI);

	(void)state;
	assert_int_equal(judge_pci(base, base_size, &d, &s), DT_OK);
	b.share = &s;
	/* No pool, no bridge. */
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	assert_true(fdt_path_offset(out, "/pcie@4010000000") < 0);
	s.pool = (struct vm_range){ 0x58000000, 0x4000000 };
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	fdt_for_each_property_offset(p, out, fdt_path_offset(out, "/pcie@4010000000")) {
		const char *name;

		assert_non_null(fdt_getprop_by_offset(out, p, &name, NULL));
		assert_true(n < ARRAY_SIZE(names));
		assert_string_equal(name, names[n++]);
	}
	assert_int_equal(n, ARRAY_SIZE(names));
	for (n = 2; n < 9; n++) {		/* as the host has them */
		const void *theirs = fdt_getprop(host, node, names[n], &len);

		assert_memory_equal(get(out, names[n], len), theirs, len);
	}
	assert_string_equal(get(out, "compatible", 22), "pci-host-ecam-generic");
	assert_string_equal(get(out, "device_type", 4), "pci");
	for (int i = 0; i < 16; i++) {
		const fdt32_t *ours = (const fdt32_t *)get(out, "interrupt-map", 640) + 10 * i;
		const fdt32_t *theirs = (const fdt32_t *)fdt_getprop(host, node, "interrupt-map",
								     &len) + 10 * i;

		for (int c = 0; c < 10; c++)
			assert_int_equal(fdt32_ld(ours + c), c == 4 ? 1 : fdt32_ld(theirs + c));
	}
	/* Read back it is the same bridge. */
	assert_int_equal(judge_pci(out, sizeof(out), &d, &again), DT_OK);
	assert_memory_equal(&again.pci, &s.pci, sizeof(s.pci));
	assert_true(fdt_first_subnode(out, fdt_path_offset(out, "/pcie@4010000000")) < 0);
}

/*
 * Each device that is named has a node, its number and the pool; the bridge has no pool, so nothing
 * else behind it has one.
 */
static void builds_functions(void **state)
{
	static const char *const names[] = { "reg", "memory-region", "hypsec,virtio-device" };
	static const struct vm_function want[VM_MAX_DEVICES] = {
		{ 3, 2 }, { 1, 1 }, { 31, 2 }, { 0, 4 }, { 4, 26 }, { 5, 19 }, { 16, 3 }, { 30, 1 },
	};
	struct vm_boot b = boot_params();
	struct vm_share s, again;
	uint64_t out[0x8000 / 8];
	struct vm_desc d;
	int node, n = 0;

	(void)state;
	assert_int_equal(judge_pci(base, base_size, &d, &s), DT_OK);
	b.share = &s;
	s.pool = (struct vm_range){ 0x58000000, 0x4000000 };
	memcpy(s.function, want, sizeof(want));
	s.nr_functions = VM_MAX_DEVICES;
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	fdt_for_each_subnode(node, out, fdt_path_offset(out, "/pcie@4010000000")) {
		char name[16];
		const fdt32_t *reg;
		int len, p, k = 0;

		snprintf(name, sizeof(name), "virtio@%x", want[n].slot);
		assert_string_equal(fdt_get_name(out, node, NULL), name);
		reg = fdt_getprop(out, node, "reg", &len);
		assert_int_equal(len, 20);
		/* Linux goes by bits 15:8 alone: slot and function. */
		assert_int_equal(fdt32_ld(reg), want[n].slot << 11);
		for (int i = 1; i < 5; i++)
			assert_int_equal(fdt32_ld(reg + i), 0);
		assert_int_equal(fdt32_ld(fdt_getprop(out, node, "memory-region", &len)), 3);
		assert_int_equal(len, 4);
		assert_int_equal(fdt32_ld(fdt_getprop(out, node, "hypsec,virtio-device", &len)),
				 want[n].number);
		assert_int_equal(len, 4);
		fdt_for_each_property_offset(p, out, node) {
			const char *of = NULL;

			assert_non_null(fdt_getprop_by_offset(out, p, &of, NULL));
			assert_true(k < (int)ARRAY_SIZE(names));
			assert_string_equal(of, names[k++]);
		}
		assert_int_equal(k, ARRAY_SIZE(names));
		n++;
	}
	assert_int_equal(n, VM_MAX_DEVICES);
	assert_null(fdt_getprop(out, fdt_path_offset(out, "/pcie@4010000000"), "memory-region",
				NULL));
	assert_int_equal(judge_pci(out, sizeof(out), &d, &again), DT_OK);
	assert_memory_equal(&again.pci, &s.pci, sizeof(s.pci));
	/* No room is a refusal, wherever it ends. */
	for (size_t size = fdt_totalsize(out) - 0x400; size < fdt_totalsize(out); size += 8) {
		uint64_t *less = malloc(size);		/* ASan minds its end */

		assert_int_equal(dt_build(less, size, &d, &b), DT_BUILD);
		free(less);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_bridge),
		cmocka_unit_test(other_machines),
		cmocka_unit_test(decoys),
		cmocka_unit_test(builds_bridge),
		cmocka_unit_test(builds_functions),
	};

	return cmocka_run_group_tests_name("dt_pci", tests, setup, teardown);
}
