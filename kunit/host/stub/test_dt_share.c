// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot stub's device tree code for an image that shares memory with its host: which nodes
 * there are, and what of the host's is refused. See test_dt_pool.c for the place of the pool.
 */
#include "dt_common.h"

#define T0	"/virtio_mmio@a000000"
#define T31	"/virtio_mmio@a003e00"

/* QEMU's machine: 32 of them, one after the other, SPI 16 and on, edge. */
static void real_transports(void **state)
{
	uint32_t seen = 0;
	struct vm_share s;
	struct vm_desc d;

	(void)state;
	memset(&s, 0xa5, sizeof(s));
	assert_int_equal(judge_share(base, base_size, &d, &s), DT_OK);
	assert_int_equal(s.nr_transports, 32);
	assert_int_equal(s.nr_devices, 0);
	assert_int_equal(s.pool.size, 0);
	for (uint32_t i = 0; i < 32; i++) {
		uint64_t n = (s.transport[i].reg.base - 0xa000000) / 0x200;

		assert_true(n < 32);
		seen |= 1U << n;
		assert_int_equal(s.transport[i].reg.base, 0xa000000 + n * 0x200);
		assert_int_equal(s.transport[i].reg.size, 0x200);
		assert_int_equal(s.transport[i].irq.type, 0);
		assert_int_equal(s.transport[i].irq.number, 16 + n);
		assert_int_equal(s.transport[i].irq.flags, 1);
	}
	assert_int_equal(seen, 0xffffffff);
}

static const struct attack {
	const char *path, *prop;
	int cells;			/* of value; -1: delete; -2: string */
	uint32_t value[9];
	const char *string;
	enum dt_error want;
} attacks[] = {
	/* form */
	{ T0, "reg", -1, { 0 }, 0, DT_VIRTIO },
	{ T0, "reg", 0, { 0 }, 0, DT_VIRTIO },
	{ T0, "reg", 3, { 0, 0xa000000, 0 }, 0, DT_VIRTIO },
	{ T0, "reg", 8, { 0, 0xa000000, 0, 0x200, 0, 0xb000000, 0, 0x200 }, 0, DT_VIRTIO },
	{ T0, "interrupts", -1, { 0 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 0, { 0 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 2, { 0, 16 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 6, { 0, 16, 1, 0, 17, 1 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 1, 11, 1 }, 0, DT_VIRTIO },	/* the timer's */
	{ T0, "interrupts", 3, { 2, 16, 1 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 0, 988, 1 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 0, 0xfffffff0, 1 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 0, 16, 0 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 0, 16, 3 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 0, 16, 0x101 }, 0, DT_VIRTIO },
	{ T0, "interrupts", 3, { 0, 987, 4 }, 0, DT_OK },
	{ T0, "interrupts", 3, { 0, 0, 1 }, 0, DT_OK },
	/* size and place */
	{ T0, "reg", 4, { 0, 0xa000000, 0, 0 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0, 0xa000000, 0, 0x100 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0, 0xb000000, 0, 0x300 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0, 0xb000000, 0, 0x10200 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0, 0xb000000, 0x1000, 0 }, 0, DT_VIRTIO },
	/* Other VMMs than QEMU give each a page, or more. */
	{ T0, "reg", 4, { 0, 0xb000000, 0, 0x1000 }, 0, DT_OK },
	{ T0, "reg", 4, { 0, 0xb000000, 0, 0x10000 }, 0, DT_OK },
	{ T0, "reg", 4, { 0, 0x3ffffe00, 0, 0x400 }, 0, DT_VIRTIO_PLACE },	/* half of it is RAM */
	{ T0, "reg", 4, { 0, 0xb000000, 1, 0x200 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0, 0xb000100, 0, 0x200 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0, 0xb000001, 0, 0x200 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0x10000, 0, 0, 0x200 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0xffffffff, 0xfffffe00, 0, 0x200 }, 0, DT_VIRTIO },
	{ T0, "reg", 4, { 0xffff, 0xfffffe00, 0, 0x200 }, 0, DT_OK },
	{ T0, "reg", 4, { 0, 0, 0, 0x200 }, 0, DT_OK },
	/* RAM, its first and last bytes, and beside it */
	{ T0, "reg", 4, { 0, 0x40000000, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x40200000, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x5ffffe00, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x3ffffe00, 0, 0x200 }, 0, DT_OK },
	{ T0, "reg", 4, { 0, 0x60000000, 0, 0x200 }, 0, DT_OK },
	/* distributor, redistributors, UART */
	{ T0, "reg", 4, { 0, 0x8000000, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x800fe00, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x80a0000, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x8fffe00, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x9000000, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x9000e00, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0x9001000, 0, 0x200 }, 0, DT_OK },
	/* another transport, before and behind it in the tree */
	{ T0, "reg", 4, { 0, 0xa000200, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T0, "reg", 4, { 0, 0xa003e00, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	{ T31, "reg", 4, { 0, 0xa000000, 0, 0x200 }, 0, DT_VIRTIO_PLACE },
	/* Not there; nothing that is of no use to us does harm. */
	{ T0, "status", -2, { 0 }, "disabled", DT_OK },
	{ T0, "compatible", -2, { 0 }, "virtio,mmiox", DT_OK },
	{ T0, "memory-region", 1, { 1 }, 0, DT_OK },
	{ T0, "iommus", 2, { 1, 2 }, 0, DT_OK },
	{ T0, "interrupt-parent", 1, { 0xffffffff }, 0, DT_OK },
};

/* And an image that shares nothing does not read them at all. */
static void refuses_attacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		const struct attack *a = &attacks[i];
		void *fdt = editable();
		int node = fdt_path_offset(fdt, a->path);
		uint32_t value[9];
		struct vm_share s;
		struct vm_desc d;
		enum dt_error e;

		assert_true(node >= 0);
		for (int c = 0; c < a->cells; c++)
			value[c] = cpu_to_fdt32(a->value[c]);
		if (a->cells == -1)
			assert_int_equal(fdt_delprop(fdt, node, a->prop), 0);
		else if (a->cells == -2)
			assert_int_equal(fdt_setprop_string(fdt, node, a->prop, a->string), 0);
		else
			assert_int_equal(fdt_setprop(fdt, node, a->prop, value, 4 * a->cells), 0);
		assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
		e = dt_devices(fdt, &d, &s);
		if (e != a->want)
			print_error("attack %zu: %s %s: %d, not %d\n", i, a->path, a->prop, e,
				    a->want);
		assert_int_equal(e, a->want);
		free(fdt);
	}
}

/* 32 are taken, and one that is switched off does not count. */
static void not_one_more(void **state)
{
	fdt32_t reg[4] = { 0, cpu_to_fdt32(0xb000000), 0, cpu_to_fdt32(0x200) };
	fdt32_t irq[3] = { 0, cpu_to_fdt32(100), cpu_to_fdt32(4) };
	void *fdt = editable();
	int node = fdt_add_subnode(fdt, 0, "virtio_mmio@b000000");
	struct vm_share s;
	struct vm_desc d;

	(void)state;
	assert_int_equal(fdt_setprop_string(fdt, node, "compatible", "virtio,mmio"), 0);
	assert_int_equal(fdt_setprop(fdt, node, "reg", reg, sizeof(reg)), 0);
	assert_int_equal(fdt_setprop(fdt, node, "interrupts", irq, sizeof(irq)), 0);
	assert_int_equal(judge_share(fdt, ROOM, &d, &s), DT_VIRTIO);
	assert_int_equal(fdt_setprop_string(fdt, fdt_path_offset(fdt, T31), "status",
					    "disabled"), 0);
	assert_int_equal(judge_share(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(s.nr_transports, 32);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_not_equal(s.transport[i].reg.base, 0xa003e00);
	free(fdt);
}

/* Only what is under the root: an address below a bus is the bus's. */
static void nested_is_not_entered(void **state)
{
	void *fdt = editable();
	int node = fdt_add_subnode(fdt, fdt_path_offset(fdt, "/psci"), "virtio_mmio@40200000");
	struct vm_share s;
	struct vm_desc d;

	(void)state;
	assert_true(node >= 0);
	assert_int_equal(fdt_setprop_string(fdt, node, "compatible", "virtio,mmio"), 0);
	assert_int_equal(judge_share(fdt, ROOM, &d, &s), DT_OK);
	assert_int_equal(s.nr_transports, 32);
	free(fdt);
}

static void cells_are(const void *fdt, const char *path, const char *name, int n,
		      const uint32_t *want)
{
	int len, node = fdt_path_offset(fdt, path);
	const fdt32_t *p;

	assert_true(node >= 0);
	p = fdt_getprop(fdt, node, name, &len);
	assert_non_null(p);
	assert_int_equal(len, 4 * n);
	for (int i = 0; i < n; i++)
		assert_int_equal(fdt32_ld(p + i), want[i]);
}

#define CELLS(path, name, ...)						\
	cells_are(out, path, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4,	\
		  (uint32_t[]){ __VA_ARGS__ })

static int children(const void *fdt, int parent, const char *prefix)
{
	int n = 0, node;

	for (node = fdt_first_subnode(fdt, parent); node >= 0; node = fdt_next_subnode(fdt, node))
		n += !strncmp(fdt_get_name(fdt, node, NULL), prefix, strlen(prefix));
	return n;
}

static int properties(const void *fdt, const char *path)
{
	int n = 0, p;

	fdt_for_each_property_offset(p, fdt, fdt_path_offset(fdt, path))
		n++;
	return n;
}

#define POOL "/reserved-memory/dma-pool@58000000"
#define BLK "/virtio_mmio@a003e00"
#define NET "/virtio_mmio@a000400"

static void builds_share(void **state)
{
	uint64_t out[0x8000 / 8], without[0x8000 / 8];
	struct vm_boot b = boot_params();
	void *evil = editable();
	uint32_t at[2] = { 99, 99 };
	struct vm_share s, again;
	struct vm_desc d;
	int node;

	(void)state;
	/* A host that has its own ideas of pools */
	node = fdt_add_subnode(evil, 0, "reserved-memory");
	node = fdt_add_subnode(evil, node, "kernel@40200000");
	assert_int_equal(fdt_setprop_string(evil, node, "compatible", "restricted-dma-pool"), 0);
	assert_int_equal(fdt_setprop(evil, node, "no-map", "", 0), 0);
	assert_int_equal(judge_share(evil, ROOM, &d, &s), DT_OK);

	assert_int_equal(dt_build(without, sizeof(without), &d, &b), DT_OK);
	assert_true(fdt_path_offset(without, "/reserved-memory") < 0);
	assert_int_equal(children(without, 0, "virtio"), 0);
	b.share = &s;			/* no pool: no device either */
	s.nr_devices = 1;
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	assert_memory_equal(out, without, fdt_totalsize(without));

	s.pool = (struct vm_range){ 0x58000000, 0x4000000 };
	for (uint32_t i = 0; i < 32; i++) {
		if (s.transport[i].reg.base == 0xa003e00)
			at[0] = i;
		if (s.transport[i].reg.base == 0xa000400)
			at[1] = i;
	}
	s.nr_devices = 2;
	s.device[0] = (struct vm_device){ at[0], 2 };
	s.device[1] = (struct vm_device){ at[1], 1 };
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);

	assert_int_equal(children(out, fdt_path_offset(out, "/reserved-memory"), ""), 1);
	CELLS("/reserved-memory", "#address-cells", 2);
	CELLS("/reserved-memory", "#size-cells", 2);
	CELLS("/reserved-memory", "ranges");
	assert_int_equal(properties(out, "/reserved-memory"), 3);
	CELLS(POOL, "reg", 0, 0x58000000, 0, 0x4000000);
	CELLS(POOL, "phandle", 3);
	assert_string_equal(fdt_getprop(out, fdt_path_offset(out, POOL), "compatible", NULL),
			    "restricted-dma-pool");
	assert_int_equal(properties(out, POOL), 3);		/* no "no-map", no "reusable" */

	assert_int_equal(children(out, 0, "virtio"), 2);
	CELLS(BLK, "reg", 0, 0xa003e00, 0, 0x200);
	CELLS(BLK, "interrupts", 0, 47, 1);
	CELLS(BLK, "memory-region", 3);
	CELLS(BLK, "hypsec,virtio-device", 2);
	CELLS(BLK, "dma-coherent");
	assert_string_equal(fdt_getprop(out, fdt_path_offset(out, BLK), "compatible", NULL),
			    "virtio,mmio");
	assert_int_equal(properties(out, BLK), 6);
	CELLS(NET, "reg", 0, 0xa000400, 0, 0x200);
	CELLS(NET, "interrupts", 0, 18, 1);
	CELLS(NET, "memory-region", 3);
	CELLS(NET, "hypsec,virtio-device", 1);
	assert_int_equal(properties(out, NET), 6);
	/* the image's order */
	assert_true(fdt_path_offset(out, BLK) < fdt_path_offset(out, NET));
	assert_int_equal(fdt_num_mem_rsv(out), 0);

	/* Read back: these two, and nothing else has changed. */
	assert_int_equal(judge_share(out, sizeof(out), &d, &again), DT_OK);
	assert_int_equal(again.nr_transports, 2);
	assert_memory_equal(&again.transport[0], &s.transport[at[0]], sizeof(again.transport[0]));
	assert_memory_equal(&again.transport[1], &s.transport[at[1]], sizeof(again.transport[0]));
	free(evil);
}

/* A Realm's kernel knows itself where its devices' memory is, and must not see what moves it. */
static void builds_realm(void **state)
{
	uint64_t out[0x8000 / 8];
	struct vm_boot b = boot_params();
	struct vm_share s;
	struct vm_desc d;
	enum dt_error e;

	(void)state;
	e = judge_share(base, base_size, &d, &s);
	if (e == DT_OK)
		e = dt_pci(base, &d, &s);
	assert_int_equal(e, DT_OK);
	assert_int_not_equal(s.pci.ecam.size, 0);
	s.pool = (struct vm_range){ 0x8040000000, 0x20000000 };
	s.nr_devices = 1;
	s.device[0] = (struct vm_device){ 0, 2 };
	s.nr_functions = 1;
	s.function[0] = (struct vm_function){ 1, 1 };
	b.share = &s;
	b.realm = true;
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	assert_string_equal(fdt_getprop(out, fdt_path_offset(out, "/psci"), "method", NULL), "smc");
	assert_int_equal(children(out, 0, "reserved-memory") + children(out, 0, "pci"), 0);
	assert_int_equal(children(out, 0, "virtio"), 1);
	for (int node = fdt_first_subnode(out, 0); node >= 0; node = fdt_next_subnode(out, node))
		assert_null(fdt_getprop(out, node, "memory-region", NULL));
	/* The same that is none has all of it (control). */
	b.realm = false;
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	assert_string_equal(fdt_getprop(out, fdt_path_offset(out, "/psci"), "method", NULL), "hvc");
	assert_int_equal(children(out, 0, "reserved-memory") + children(out, 0, "pci"), 2);
	assert_non_null(fdt_getprop(out, fdt_path_offset(out, "/pcie@4010000000/virtio@1"),
				    "memory-region", NULL));
}

static void share_out_of_room(void **state)
{
	struct vm_boot b = boot_params();
	struct vm_share s;
	struct vm_desc d;
	bool done = false;

	(void)state;
	assert_int_equal(judge_share(base, base_size, &d, &s), DT_OK);
	s.pool = (struct vm_range){ 0x58000000, 0x4000000 };
	b.share = &s;
	for (s.nr_devices = 0; s.nr_devices < VM_MAX_DEVICES; s.nr_devices++)
		s.device[s.nr_devices] = (struct vm_device){ s.nr_devices, 2 };
	for (size_t size = 0; size < 0x2000; size += 8) {
		uint64_t *out = malloc(size ? size : 1);	/* ASan minds its end */
		enum dt_error e = dt_build(out, size, &d, &b);

		assert_true(e == (done ? DT_OK : DT_BUILD) || (e == DT_OK && !done));
		done = e == DT_OK;
		free(out);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_transports),
		cmocka_unit_test(refuses_attacks),
		cmocka_unit_test(not_one_more),
		cmocka_unit_test(nested_is_not_entered),
		cmocka_unit_test(builds_share),
		cmocka_unit_test(builds_realm),
		cmocka_unit_test(share_out_of_room),
	};

	return cmocka_run_group_tests_name("dt_share", tests, setup, teardown);
}
