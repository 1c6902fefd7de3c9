// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot stub's device tree code: a real tree in, the allow-list out. See test_dt_refused.c
 * for attacks, test_dt_fuzz.c for random damage.
 */
#include "dt_common.h"

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

/*
 * What comes in on a console is the host's: a shell there, which a stock initrd opens when
 * it finds no root, is the host's. Without the signer's word no node leads to a UART.
 */
static void no_console_unless_signed(void **state)
{
	static const char *const gone[] = { "/pl011@9000000", "/apb-pclk", "/aliases" };
	struct vm_boot b = boot_params();
	uint64_t out[0x8000 / 8];
	void *fdt = editable();
	int depth = -1, node;
	struct vm_desc d;

	(void)state;
	/* A host that insists */
	assert_int_equal(fdt_setprop_string(fdt, fdt_path_offset(fdt, "/chosen"), "stdout-path",
					    "/pl011@9000000"), 0);
	assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
	b.console = false;
	assert_int_equal(dt_build(out, sizeof(out), &d, &b), DT_OK);
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		assert_true(fdt_path_offset(out, gone[i]) < 0);
	assert_null(fdt_getprop(out, fdt_path_offset(out, "/chosen"), "stdout-path", NULL));
	for (node = fdt_next_node(out, -1, &depth); node >= 0 && depth >= 0;
	     node = fdt_next_node(out, node, &depth))
		assert_int_not_equal(fdt_node_check_compatible(out, node, "arm,pl011"), 0);
	/* All else is there. */
	assert_string_equal(get(out, "/chosen", "bootargs", 16), "console=ttyAMA0");
	assert_true(fdt_path_offset(out, "/interrupt-controller@8000000") >= 0);
	assert_true(fdt_path_offset(out, "/timer") >= 0);
	free(fdt);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_real),
		cmocka_unit_test(builds_allow_list),
		cmocka_unit_test(no_console_unless_signed),
		cmocka_unit_test(build_out_of_room),
		cmocka_unit_test(host_text_is_dropped),
	};

	return cmocka_run_group_tests_name("dt", tests, setup, teardown);
}
