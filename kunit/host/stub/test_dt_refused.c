// SPDX-License-Identifier: GPL-2.0-only
/* What the boot stub does not accept: one change to the real tree, one verdict. */
#include "dt_common.h"

struct attack {
	const char *path, *prop;
	int cells;			/* of value; -1: delete; -2: string */
	uint32_t value[16];
	const char *string;
	enum dt_error want;
};

#define MEM	"/memory@40000000"
#define GIC	"/intc@8000000"
#define UART	"/pl011@9000000"
#define PPI4	1, 13, 4, 1, 14, 4, 1, 11, 4

static const struct attack attacks[] = {
	/* cells */
	{ "/", "#address-cells", 1, { 0 }, 0, DT_CELLS },
	{ "/", "#address-cells", 1, { 3 }, 0, DT_CELLS },
	{ "/", "#address-cells", 1, { 0xffffffff }, 0, DT_CELLS },
	{ "/", "#address-cells", 2, { 0, 2 }, 0, DT_CELLS },
	{ "/", "#address-cells", -1, { 0 }, 0, DT_CELLS },
	{ "/", "#size-cells", 1, { 0 }, 0, DT_CELLS },
	{ "/", "#size-cells", 1, { 0x40000001 }, 0, DT_CELLS },
	{ "/cpus", "#size-cells", 1, { 1 }, 0, DT_CELLS },
	{ "/cpus", "#address-cells", 1, { 4 }, 0, DT_CELLS },
	{ "/cpus", "#address-cells", 1, { 2 }, 0, DT_REG },
	{ GIC, "#interrupt-cells", 1, { 4 }, 0, DT_CELLS },
	/* memory */
	{ MEM, "reg", -1, { 0 }, 0, DT_REG },
	{ MEM, "reg", 0, { 0 }, 0, DT_REG },
	{ MEM, "reg", 3, { 0, 0x40000000, 0 }, 0, DT_REG },
	{ MEM, "reg", 4, { 0, 0x40000000, 0, 0 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0, 0x40000000, 0, 0x20000800 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0, 0x40000010, 0, 0x20000000 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0, 0x40000000, 0xffffffff, 0xfffff000 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0xffffffff, 0xfffff000, 0, 0x2000 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0x10000, 0, 0, 0x1000 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0, 0x40000000, 0x10000, 0 }, 0, DT_RANGE },
	{ MEM, "reg", 4, { 0, 0, 0, 0x80000000 }, 0, DT_OVERLAP },
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x20000000, 0, 0x5ffff000, 0, 0x1000 },
	  0, DT_OVERLAP },
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x20000000, 0, 0x9000000, 0, 0x1000 },
	  0, DT_OVERLAP },
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x20000000, 0, 0x8ff0000, 0, 0x1000 },
	  0, DT_OVERLAP },
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x20000000, 0, 0x80000000, 0, 0 },
	  0, DT_RANGE },
	{ MEM, "reg", 4, { 0, 0x40000000, 0, 0x300000 }, 0, DT_IMAGE },
	{ MEM, "reg", 4, { 0, 0x40201000, 0, 0x20000000 }, 0, DT_IMAGE },
	{ MEM, "reg", 4, { 0, 0x40000000, 0, 0x8001000 }, 0, DT_IMAGE },
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x400000, 0, 0x40401000, 0, 0x10000000 },
	  0, DT_IMAGE },
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x400000, 0, 0x40400000, 0, 0x10000000 },
	  0, DT_OK },
	{ MEM, "device_type", -2, { 0 }, "memorx", DT_MISSING },
	{ MEM, "status", -2, { 0 }, "disabled", DT_MISSING },
	/* CPUs */
	{ "/cpus/cpu@1", "reg", 1, { 0 }, 0, DT_CPU },
	{ "/cpus/cpu@0", "reg", 1, { 2 }, 0, DT_CPU },
	{ "/cpus/cpu@1", "reg", 1, { 0x80000001 }, 0, DT_CPU },
	{ "/cpus/cpu@1", "reg", 2, { 0, 1 }, 0, DT_REG },
	{ "/cpus/cpu@0", "status", -2, { 0 }, "disabled", DT_CPU },
	/* GIC */
	{ GIC, "compatible", -2, { 0 }, "arm,gic-400", DT_MISSING },
	{ GIC, "reg", 4, { 0, 0x8000000, 0, 0x10000 }, 0, DT_REG },
	{ GIC, "reg", 8, { 0, 0x8000000, 0, 0x10000, 0, 0x8000000, 0, 0x100000 },
	  0, DT_OVERLAP },
	{ GIC, "reg", 8, { 0, 0x40000000, 0, 0x10000, 0, 0x80a0000, 0, 0x100000 },
	  0, DT_OVERLAP },
	{ GIC, "reg", 8, { 0, 0x8001000, 0, 0x10000, 0, 0x80a0000, 0, 0x100000 },
	  0, DT_RANGE },
	{ GIC, "reg", 8, { 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x20000 },
	  0, DT_RANGE },
	{ GIC, "reg", 8, { 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0xff, 0 },
	  0, DT_RANGE },
	{ GIC, "#redistributor-regions", 1, { 0 }, 0, DT_TOO_MANY },
	{ GIC, "#redistributor-regions", 1, { 0xffffffff }, 0, DT_TOO_MANY },
	{ GIC, "#redistributor-regions", 1, { 2 }, 0, DT_REG },
	{ GIC, "#redistributor-regions", 2, { 0, 1 }, 0, DT_REG },
	/* timer */
	{ "/timer", "interrupts", 9, { PPI4 }, 0, DT_IRQ },
	{ "/timer", "interrupts", 15, { PPI4, 1, 10, 4, 1, 12, 4 }, 0, DT_IRQ },
	{ "/timer", "interrupts", 12, { PPI4, 0, 10, 4 }, 0, DT_IRQ },
	{ "/timer", "interrupts", 12, { PPI4, 1, 16, 4 }, 0, DT_IRQ },
	{ "/timer", "interrupts", 12, { PPI4, 1, 0xffffffff, 4 }, 0, DT_IRQ },
	{ "/timer", "interrupts", 12, { PPI4, 1, 10, 0 }, 0, DT_IRQ },
	{ "/timer", "interrupts", 12, { PPI4, 1, 10, 0x80000004 }, 0, DT_IRQ },
	{ "/timer", "interrupts", -1, { 0 }, 0, DT_IRQ },
	{ "/timer", "compatible", -2, { 0 }, "arm,armv7-timer", DT_MISSING },
	{ "/timer", "compatible", -2, { 0 }, "arm,armv8-timerx", DT_MISSING },
	/* PSCI */
	{ "/psci", "method", -2, { 0 }, "smc", DT_PSCI },
	{ "/psci", "method", -2, { 0 }, "hvcx", DT_PSCI },
	{ "/psci", "method", -1, { 0 }, 0, DT_PSCI },
	{ "/psci", "compatible", -2, { 0 }, "arm,psci", DT_MISSING },
	{ "/apb-pclk", "compatible", -2, { 0 }, "arm,psci-1.0", DT_TWICE },
	{ "/apb-pclk", "compatible", -2, { 0 }, "arm,armv8-timer", DT_TWICE },
	{ "/apb-pclk", "compatible", -2, { 0 }, "arm,gic-v3", DT_TWICE },
	/* UART */
	{ UART, "reg", 4, { 0, 0x40000000, 0, 0x1000 }, 0, DT_OVERLAP },
	{ UART, "reg", 4, { 0, 0x8000000, 0, 0x1000 }, 0, DT_OVERLAP },
	{ UART, "reg", 4, { 0, 0x9000004, 0, 0x1000 }, 0, DT_RANGE },
	{ UART, "reg", 4, { 0, 0x9000000, 0, 0 }, 0, DT_RANGE },
	{ UART, "reg", 8, { 0, 0x9000000, 0, 0x1000, 0, 0xa000000, 0, 0x1000 },
	  0, DT_TOO_MANY },
	{ UART, "interrupts", 3, { 1, 1, 4 }, 0, DT_IRQ },
	{ UART, "interrupts", 3, { 0, 988, 4 }, 0, DT_IRQ },
	{ UART, "interrupts", 6, { 0, 1, 4, 0, 2, 4 }, 0, DT_IRQ },
	/* What is of no use to us does no harm. */
	{ "/", "interrupt-parent", 1, { 0xffffffff }, 0, DT_OK },
	{ GIC, "interrupt-parent", 1, { 0x8003 }, 0, DT_OK },
	{ GIC, "phandle", 1, { 0 }, 0, DT_OK },
	{ "/chosen", "bootargs", -2, { 0 }, "init=/bin/sh", DT_OK },
	{ "/chosen", "linux,initrd-start", 2, { 0, 0x40200000 }, 0, DT_OK },
	{ UART, "clocks", 2, { 0xdead, 0xbeef }, 0, DT_OK },
	{ UART, "status", -2, { 0 }, "disabled", DT_OK },
};

static void refuses_attacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		const struct attack *a = &attacks[i];
		void *fdt = editable();
		int node = fdt_path_offset(fdt, a->path);
		uint32_t value[16];
		struct vm_desc d;
		enum dt_error e;

		assert_true(node >= 0);
		for (int c = 0; c < a->cells; c++)
			value[c] = cpu_to_fdt32(a->value[c]);
		if (a->cells == -1)
			assert_int_equal(fdt_delprop(fdt, node, a->prop), 0);
		else if (a->cells == -2)
			assert_int_equal(fdt_setprop_string(fdt, node, a->prop,
							    a->string), 0);
		else
			assert_int_equal(fdt_setprop(fdt, node, a->prop, value,
						     4 * a->cells), 0);
		e = judge(fdt, ROOM, &d);
		if (e != a->want)
			print_error("attack %zu: %s %s: %d, not %d\n", i, a->path,
				    a->prop, e, a->want);
		assert_int_equal(e, a->want);
		free(fdt);
	}
}

/* More CPUs than a protected VM has: some, with the one that runs, and each once. */
static void many_cpus(void **state)
{
	void *fdt = editable();
	int cpus = fdt_path_offset(fdt, "/cpus");
	/* Where QEMU puts the redistributors of more than 123 is another place. */
	const fdt64_t gic[] = { cpu_to_fdt64(0x8000000), cpu_to_fdt64(0x10000),
				cpu_to_fdt64(0x4000000000), cpu_to_fdt64(0x4000000) };
	struct vm_desc d;
	char name[16];

	(void)state;
	assert_int_equal(fdt_setprop(fdt, fdt_path_offset(fdt, "/intc@8000000"), "reg", gic,
				     sizeof(gic)), 0);
	for (unsigned int i = 2; i < VM_MAX_CPUS + 4; i++) {
		bool boot = false;
		int node;

		assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
		assert_int_equal(d.nr_cpus, i < VM_MAX_CPUS ? i : VM_MAX_CPUS);
		assert_int_equal(d.cpus_left_out, i - d.nr_cpus);
		/* Any of them may be the one that runs. */
		for (uint32_t id = 0; id < i; id += i < 20 || id + 5 > i ? 1 : 11, boot = false) {
			assert_int_equal(dt_parse(fdt, ROOM, id, &d), DT_OK);
			assert_int_equal(dt_check(&d, image, dtb, id), DT_OK);
			for (uint32_t n = 0; n < d.nr_cpus; n++)
				boot |= d.mpidr[n] == id;
			assert_true(boot);
		}
		assert_int_equal(dt_parse(fdt, ROOM, i, &d), DT_OK);
		assert_int_equal(dt_check(&d, image, dtb, i), DT_CPU);
		snprintf(name, sizeof(name), "cpu@%x", i);
		/* It comes before the others. */
		node = fdt_add_subnode(fdt, cpus, name);
		assert_true(node >= 0);
		fdt_setprop_string(fdt, node, "device_type", "cpu");
		fdt_setprop_u32(fdt, node, "reg", i);
	}
	/* The one that runs, twice: among the first and behind them. */
	assert_int_equal(fdt_setprop_u32(fdt, fdt_path_offset(fdt, "/cpus/cpu@13"), "reg", 0), 0);
	assert_int_equal(judge(fdt, ROOM, &d), DT_CPU);
	free(fdt);
}

/* RAM: @n pieces of @size, @step apart, and a large one behind them; the last comes first. */
static enum dt_error in_pieces(uint32_t n, uint64_t step, uint64_t size, struct vm_desc *d)
{
	void *fdt = editable();
	fdt64_t reg[2 * 20];
	enum dt_error e;

	for (uint32_t i = 0; i <= n; i++) {
		reg[2 * i] = cpu_to_fdt64(0x40000000 + (n - i) * step);
		reg[2 * i + 1] = cpu_to_fdt64(i ? size : 0x10000000);
	}
	assert_int_equal(fdt_setprop(fdt, fdt_path_offset(fdt, MEM), "reg", reg, 16 * (n + 1)), 0);
	e = judge(fdt, ROOM, d);
	free(fdt);
	return e;
}

/* As of several NUMA nodes: image and tree may lie across adjacent ones, and over no hole. */
static void ram_in_pieces(void **state)
{
	struct vm_desc d;

	(void)state;
	assert_int_equal(in_pieces(15, 0x100000, 0x100000, &d), DT_OK);
	assert_int_equal(d.nr_ram, 16);
	assert_int_equal(in_pieces(16, 0x100000, 0x100000, &d), DT_TOO_MANY);
	assert_int_equal(in_pieces(15, 0x101000, 0x100000, &d), DT_IMAGE);
	assert_int_equal(in_pieces(1, 0x400000, 0x400000, &d), DT_OK);
	/* A hole before, at the start, in the middle, at the end of and behind the image */
	assert_int_equal(in_pieces(1, 0x200000, 0x1ff000, &d), DT_OK);
	assert_int_equal(in_pieces(1, 0x201000, 0x200000, &d), DT_IMAGE);
	assert_int_equal(in_pieces(1, 0x400000, 0x3ff000, &d), DT_IMAGE);
	assert_int_equal(in_pieces(1, 0x600000, 0x5ff000, &d), DT_IMAGE);
	assert_int_equal(in_pieces(1, 0x601000, 0x600000, &d), DT_OK);
	/* The same of the tree */
	assert_int_equal(in_pieces(1, 0x8008000, 0x8008000, &d), DT_OK);
	assert_int_equal(in_pieces(1, 0x8000000, 0x7fff000, &d), DT_OK);
	assert_int_equal(in_pieces(1, 0x8001000, 0x8000000, &d), DT_IMAGE);
	assert_int_equal(in_pieces(1, 0x8010000, 0x800f000, &d), DT_IMAGE);
	assert_int_equal(in_pieces(1, 0x8011000, 0x8010000, &d), DT_OK);
}

static void deep_and_wide(void **state)
{
	static uint64_t big[0x20000 / 8];
	struct vm_desc d;
	void *fdt = editable();
	int node = fdt_path_offset(fdt, "/chosen");

	(void)state;
	for (int i = 0; i < 100; i++) {
		node = fdt_add_subnode(fdt, node, "deep");
		assert_true(node > 0);
	}
	assert_int_equal(judge(fdt, ROOM, &d), DT_DEPTH);
	free(fdt);

	/* Many nodes are fine, too many would only cost time. */
	fdt = editable();
	node = fdt_path_offset(fdt, "/chosen");
	for (int i = 0; i < 60; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		assert_true(fdt_add_subnode(fdt, node, name) > 0);
	}
	assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
	free(fdt);
	assert_int_equal(fdt_create(big, sizeof(big)), 0);
	fdt_finish_reservemap(big);
	fdt_begin_node(big, "");
	fdt_property_u32(big, "#address-cells", 2);
	fdt_property_u32(big, "#size-cells", 2);
	for (int i = 0; i < 4096; i++) {
		fdt_begin_node(big, "n");
		fdt_end_node(big);
	}
	fdt_end_node(big);
	assert_int_equal(fdt_finish(big), 0);
	assert_int_equal(judge(big, sizeof(big), &d), DT_NODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_attacks),
		cmocka_unit_test(many_cpus),
		cmocka_unit_test(ram_in_pieces),
		cmocka_unit_test(deep_and_wide),
	};

	return cmocka_run_group_tests_name("dt refused", tests, setup, teardown);
}
