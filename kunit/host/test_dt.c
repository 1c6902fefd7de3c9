// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot stub's device tree code: a real tree and a table of attacks; see
 * test_dt_fuzz.c for random damage.
 */
#include "dt_common.h"

static void *editable(void)
{
	void *fdt = malloc(ROOM);

	assert_int_equal(fdt_open_into(base, fdt, ROOM), 0);
	return fdt;
}

static void accepts_real(void **state)
{
	struct vm_desc d;

	(void)state;
	assert_int_equal(judge(base, base_size, &d), DT_OK);
	assert_int_equal(d.nr_ram, 1);
	assert_int_equal(d.ram[0].base, 0x40000000);
	assert_int_equal(d.ram[0].size, 0x20000000);
	assert_int_equal(d.nr_cpus, 2);
	assert_int_equal(d.mpidr[0], 0);
	assert_int_equal(d.mpidr[1], 1);
	assert_int_equal(d.dist.base, 0x8000000);
	assert_int_equal(d.nr_redist, 1);
	assert_int_equal(d.redist[0].base, 0x80a0000);
	assert_int_equal(d.redist[0].size, 0xf60000);
	assert_int_equal(d.timer[2].number, 11);
	assert_true(d.timer_always_on);
	assert_int_equal(d.nr_uarts, 1);
	assert_int_equal(d.uart[0].reg.base, 0x9000000);
	assert_int_equal(d.uart[0].irq.number, 1);
}

static const void *get(const void *fdt, const char *path, const char *name,
		       int size)
{
	int len, node = fdt_path_offset(fdt, path);
	const void *p;

	assert_true(node >= 0);
	p = fdt_getprop(fdt, node, name, &len);
	assert_non_null(p);
	assert_int_equal(len, size);
	return p;
}

/* The new tree holds what was allowed, and no node beside it. */
static void builds_allow_list(void **state)
{
	static const char *const allowed[] = {
		"", "chosen", "aliases", "memory@40000000", "cpus", "cpu@0",
		"cpu@1", "psci", "interrupt-controller@8000000", "timer",
		"apb-pclk", "pl011@9000000",
	};
	struct vm_boot b = boot_params();
	uint64_t out[0x8000 / 8];
	struct vm_desc d, again;
	size_t seen = 0;
	int depth = -1;

	(void)state;
	assert_int_equal(judge(base, base_size, &d), DT_OK);
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	for (int n = fdt_next_node(out, -1, &depth); n >= 0 && depth >= 0;
	     n = fdt_next_node(out, n, &depth)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(allowed) &&
		       strcmp(fdt_get_name(out, n, NULL), allowed[i]))
			i++;
		assert_true(i < ARRAY_SIZE(allowed));
		seen++;
	}
	assert_int_equal(seen, ARRAY_SIZE(allowed));
	assert_int_equal(fdt_num_mem_rsv(out), 0);

	assert_string_equal(get(out, "/chosen", "bootargs", 16), "console=ttyAMA0");
	assert_string_equal(get(out, "/chosen", "stdout-path", 8), "serial0");
	assert_string_equal(get(out, "/aliases", "serial0", 15), "/pl011@9000000");
	assert_int_equal(fdt64_ld(get(out, "/chosen", "linux,initrd-start", 8)),
			 0x40300000);
	assert_int_equal(fdt64_ld(get(out, "/chosen", "linux,initrd-end", 8)),
			 0x40312345);
	assert_int_equal(fdt64_ld(get(out, "/chosen", "kaslr-seed", 8)),
			 0x1122334455667788);
	assert_memory_equal(get(out, "/chosen", "rng-seed", 64), b.seed, 64);
	assert_memory_equal(get(out, "/chosen", "hypsec,identity", 32), b.identity, 32);
	assert_memory_equal(get(out, "/chosen", "hypsec,signer", 32), b.signer, 32);
	assert_int_equal(fdt64_ld(get(out, "/chosen", "hypsec,security-version", 8)),
			 b.security_version);
	assert_memory_equal(get(out, "/chosen", "security-hypsec-sealing-keys", 64), b.keys, 64);
	assert_string_equal(get(out, "/chosen", "hypsec,sealing-source", 10), "ephemeral");

	/* read back, it describes the same machine */
	assert_int_equal(judge(out, sizeof(out), &again), DT_OK);
	assert_memory_equal(&d, &again, sizeof(d));

	/* one CPU, no initrd, no command line */
	b.smp = false;
	b.initrd.size = 0;
	b.cmdline_size = 0;
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	assert_true(fdt_path_offset(out, "/cpus/cpu@1") < 0);
	assert_string_equal(get(out, "/chosen", "bootargs", 1), "");
	assert_null(fdt_getprop(out, fdt_path_offset(out, "/chosen"),
				"linux,initrd-start", NULL));
}

static void build_out_of_room(void **state)
{
	struct vm_boot b = boot_params();
	struct vm_desc d;
	bool done = false;

	(void)state;
	assert_int_equal(judge(base, base_size, &d), DT_OK);
	for (size_t size = 0; size < 0x2000; size += 8) {
		uint64_t *out = malloc(size ? size : 1);	/* ASan minds its end */
		enum dt_error e = dt_build(out, size, &d, &b);

		assert_true(e == (done ? DT_OK : DT_BUILD) || (e == DT_OK && !done));
		done = e == DT_OK;
		free(out);
	}
	assert_true(done);
}

/* --- attacks: one change to the real tree, one verdict --- */

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
	{ MEM, "reg", 8, { 0, 0x40000000, 0, 0x400000, 0, 0x40400000, 0, 0x10000000 },
	  0, DT_IMAGE },
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

/* Nothing the host writes into /chosen and the like is in the new tree. */
static void host_text_is_dropped(void **state)
{
	static const char evil[] = "EVILEVIL";
	struct vm_boot b = boot_params();
	uint64_t out[0x8000 / 8];
	void *fdt = editable();
	struct vm_desc d;
	int depth = -1, n = 0;

	(void)state;
	/* from the last node to the first: offsets stay valid */
	int nodes[256];

	for (int node = fdt_next_node(fdt, -1, &depth);
	     node >= 0 && depth >= 0 && n < 256;
	     node = fdt_next_node(fdt, node, &depth))
		nodes[n++] = node;
	while (n--) {
		assert_int_equal(fdt_setprop_string(fdt, nodes[n], evil, evil), 0);
		assert_int_equal(fdt_setprop_string(fdt, nodes[n], "label", evil), 0);
		assert_true(fdt_add_subnode(fdt, nodes[n], evil) >= 0);
	}
	assert_int_equal(fdt_setprop_string(fdt, fdt_path_offset(fdt, "/chosen"),
					    "bootargs", evil), 0);
	assert_int_equal(fdt_setprop_string(fdt, 0, "model", evil), 0);
	memset(out, 0, sizeof(out));
	assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	assert_null(memmem(out, sizeof(out), evil, 4));
	free(fdt);
}

static void nine_cpus(void **state)
{
	void *fdt = editable();
	int cpus = fdt_path_offset(fdt, "/cpus");
	struct vm_desc d;
	char name[16];

	(void)state;
	for (unsigned int i = 2; i < 9; i++) {
		int node;

		assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
		assert_int_equal(d.nr_cpus, i);
		snprintf(name, sizeof(name), "cpu@%x", i);
		node = fdt_add_subnode(fdt, cpus, name);
		assert_true(node >= 0);
		fdt_setprop_string(fdt, node, "device_type", "cpu");
		fdt_setprop_u32(fdt, node, "reg", i);
	}
	assert_int_equal(judge(fdt, ROOM, &d), DT_TOO_MANY);
	free(fdt);
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
		cmocka_unit_test(accepts_real),
		cmocka_unit_test(builds_allow_list),
		cmocka_unit_test(build_out_of_room),
		cmocka_unit_test(refuses_attacks),
		cmocka_unit_test(host_text_is_dropped),
		cmocka_unit_test(nine_cpus),
		cmocka_unit_test(deep_and_wide),
	};

	return cmocka_run_group_tests_name("dt", tests, setup, teardown);
}
