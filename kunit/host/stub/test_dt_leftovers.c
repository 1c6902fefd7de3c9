// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a host may leave in a device tree that a kernel would act on, each by name: the new tree
 * is, byte for byte, the one that is made without it. And trees that point into themselves.
 */
#include "dt_common.h"

#define EVIL	0x40200000	/* the image */

/* One node with one property of each kind that the binding has; "" ends. */
struct node {
	const char *parent, *name;
	const char *strings[4][2];	/* name, value */
	const char *reg;		/* of this name: EVIL, one page */
};

static const struct leftover {
	const char *what;
	struct node node[3];
} leftovers[] = {
	{ "reserved-memory over the kernel", {
		{ "/", "reserved-memory", { { "ranges", "" } }, NULL },
		{ "/reserved-memory", "kernel@40200000", { { "no-map", "" } }, "reg" } } },
	{ "reserved-memory: a DMA pool that is shared with the host", {
		{ "/", "reserved-memory", { { "ranges", "" } }, NULL },
		{ "/reserved-memory", "dma@40200000",
		  { { "compatible", "restricted-dma-pool" } }, "reg" } } },
	{ "ramoops", {
		{ "/", "reserved-memory", { { "ranges", "" } }, NULL },
		{ "/reserved-memory", "ramoops@40200000", { { "compatible", "ramoops" } }, "reg" },
		{ "/", "ramoops@40200000", { { "compatible", "ramoops" } }, "reg" } } },
	{ "pmem", { { "/", "pmem@40200000", { { "compatible", "pmem-region" },
						{ "volatile", "" } }, "reg" } } },
	{ "a memory node under another name", {
		{ "/", "hidden@40200000", { { "compatible", "memory" } }, "reg" } } },
	{ "PSCI 0.1 function ids", {
		{ "/psci", "", { { "cpu_on", "\x84\x01\x01" }, { "cpu_off", "\x84\x01\x01" },
				 { "migrate", "\x84\x01\x01" },
				 { "compatible", "arm,psci-0.2" } }, NULL } } },
	{ "spin-table", {
		{ "/cpus/cpu@1", "", { { "enable-method", "spin-table" } }, "cpu-release-addr" } } },
	{ "SCMI over shared memory", {
		{ "/", "sram@40200000", { { "compatible", "mmio-sram" }, { "ranges", "" } }, "reg" },
		{ "/sram@40200000", "scmi@0", { { "compatible", "arm,scmi-shmem" } }, "reg" },
		{ "/", "scmi", { { "compatible", "arm,scmi-smc" } }, "shmem" } } },
	{ "OP-TEE, FF-A, firmware", {
		{ "/", "firmware", { { "label", "" } }, NULL },
		{ "/firmware", "optee", { { "compatible", "linaro,optee-tz" }, { "method", "smc" } },
		  NULL } } },
	{ "the kexec and kdump hand-over", {
		{ "/chosen", "", { { "linux,elfcorehdr", "0123456789abcde" },
				   { "linux,usable-memory-range", "0123456789abcde" } },
		  "linux,ima-kexec-buffer" } } },
	{ "UEFI tables", {
		{ "/chosen", "", { { "linux,uefi-system-table", "0123456" },
				   { "linux,uefi-secure-boot", "\x01\x01\x01" } },
		  "linux,uefi-mmap-start" } } },
	{ "an initrd and a command line of the host's", {
		{ "/chosen", "", { { "bootargs", "init=/bin/sh" },
				   { "linux,initrd-end", "0123456" } },
		  "linux,initrd-start" } } },
	{ "PCIe, virtio, pvpanic, fw-cfg", {
		{ "/", "evil-virtio@40200000", { { "compatible", "virtio,mmio" } }, "reg" },
		{ "/", "evil-fw-cfg@40200000", { { "compatible", "qemu,fw-cfg-mmio" } }, "reg" } } },
	{ "an ITS, whose tables would be the host's", {
		{ "/intc@8000000", "evil-its@40200000",
		  { { "compatible", "arm,gic-v3-its" }, { "msi-controller", "" } }, "reg" } } },
};

static void build(const void *fdt, void *out, size_t room)
{
	struct vm_boot b = boot_params();
	struct vm_desc d;

	memset(out, 0, room);
	assert_int_equal(judge(fdt, ROOM, &d), DT_OK);
	assert_int_equal(dt_build(out, room, &d, &b), DT_OK);
}

static void add(void *fdt, const struct node *n)
{
	fdt32_t reg[4] = { 0, cpu_to_fdt32(EVIL), 0, cpu_to_fdt32(0x1000) };
	int node = fdt_path_offset(fdt, n->parent);

	assert_true(node >= 0);
	if (*n->name)
		node = fdt_add_subnode(fdt, node, n->name);
	assert_true(node >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(n->strings) && n->strings[i][0]; i++)
		assert_int_equal(fdt_setprop_string(fdt, node, n->strings[i][0],
						    n->strings[i][1]), 0);
	if (n->reg)
		assert_int_equal(fdt_setprop(fdt, node, n->reg, reg, sizeof(reg)), 0);
}

static void none_survives(void **state)
{
	static uint64_t clean[0x8000 / 8], out[0x8000 / 8];

	(void)state;
	void *fdt = editable();

	build(fdt, clean, sizeof(clean));
	for (size_t i = 0; i < ARRAY_SIZE(leftovers); i++) {
		const struct leftover *l = &leftovers[i];

		free(fdt);
		fdt = editable();
		for (size_t n = 0; n < ARRAY_SIZE(l->node) && l->node[n].name; n++)
			add(fdt, &l->node[n]);
		assert_true(memcmp(fdt, base, base_size));
		build(fdt, out, sizeof(out));
		if (memcmp(out, clean, sizeof(out)))
			fail_msg("%s: survives", l->what);
	}
	free(fdt);
}

/* The reservation map names what the kernel must leave alone: its own text, the initrd. */
static void memreserve(void **state)
{
	static uint64_t clean[0x8000 / 8], out[0x8000 / 8];
	void *fdt = editable();

	(void)state;
	build(fdt, clean, sizeof(clean));
	for (int i = 0; i < 20; i++)
		assert_int_equal(fdt_add_mem_rsv(fdt, EVIL + i * 0x1000, 0x1000), 0);
	assert_int_equal(fdt_num_mem_rsv(fdt), 20);
	build(fdt, out, sizeof(out));
	assert_int_equal(fdt_num_mem_rsv(out), 0);
	assert_memory_equal(out, clean, sizeof(out));
	free(fdt);
}

/* PSCI 0.1 alone has no function ids that anybody has agreed on; spin-table CPUs start by memory. */
static void no_other_psci(void **state)
{
	void *fdt = editable();
	int node = fdt_path_offset(fdt, "/psci");
	struct vm_desc d;

	(void)state;
	assert_int_equal(fdt_setprop_string(fdt, node, "compatible", "arm,psci"), 0);
	assert_int_equal(fdt_setprop_u32(fdt, node, "cpu_on", 0x84000003), 0);
	assert_int_equal(judge(fdt, ROOM, &d), DT_MISSING);
	assert_int_equal(fdt_del_node(fdt, node), 0);
	node = fdt_path_offset(fdt, "/cpus/cpu@1");
	assert_int_equal(fdt_setprop_string(fdt, node, "enable-method", "spin-table"), 0);
	assert_int_equal(judge(fdt, ROOM, &d), DT_MISSING);
	free(fdt);
}

/* Nodes that refer to themselves or in a ring: no reference is followed. */
static void cyclic_references(void **state)
{
	static uint64_t clean[0x8000 / 8], out[0x8000 / 8];
	static const char *const path[] = { "/intc@8000000", "/timer", "/pl011@9000000",
					    "/apb-pclk" };
	void *fdt = editable();

	(void)state;
	build(fdt, clean, sizeof(clean));
	for (uint32_t i = 0; i < ARRAY_SIZE(path); i++) {
		int node = fdt_path_offset(fdt, path[i]);

		fdt_setprop_u32(fdt, node, "phandle", i + 1);
		node = fdt_path_offset(fdt, path[i]);
		fdt_setprop_u32(fdt, node, "interrupt-parent", (i + 1) % 4 + 1);
		node = fdt_path_offset(fdt, path[i]);
		fdt_setprop_u32(fdt, node, "clocks", (i + 1) % 4 + 1);
		node = fdt_path_offset(fdt, path[i]);
		assert_int_equal(fdt_setprop_string(fdt, node, "ranges", path[i]), 0);
	}
	build(fdt, out, sizeof(out));
	assert_memory_equal(out, clean, sizeof(out));
	free(fdt);
}

/* Blocks of the blob that lie over each other or over the header. */
static void cyclic_blocks(void **state)
{
	uint32_t o_struct = fdt_off_dt_struct(base), o_str = fdt_off_dt_strings(base);
	uint32_t o_rsv = fdt_off_mem_rsvmap(base);
	const uint32_t at[] = { 0, 4, 8, 16, 28, 40, o_rsv, o_struct, o_struct + 8, o_str,
				o_str + 4, (uint32_t)base_size - 4, (uint32_t)base_size };
	struct vm_desc good, d;

	(void)state;
	assert_int_equal(judge(base, base_size, &good), DT_OK);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		for (int word = 2; word <= 4; word++) {	/* struct, strings, reservations */
			uint8_t *fdt = malloc(base_size);
			enum dt_error e;

			memcpy(fdt, base, base_size);
			fdt32_st(fdt + 4 * word, at[i]);
			e = judge(fdt, base_size, &d);
			/* The structure is elsewhere, or names mean nothing: not another machine. */
			if (e == DT_OK)
				assert_memory_equal(&d, &good, sizeof(d));
			if (word == 2 && at[i] != o_struct)
				assert_int_not_equal(e, DT_OK);
			if (word == 3 && at[i] != o_str)
				assert_int_not_equal(e, DT_OK);
			free(fdt);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_survives),
		cmocka_unit_test(memreserve),
		cmocka_unit_test(no_other_psci),
		cmocka_unit_test(cyclic_references),
		cmocka_unit_test(cyclic_blocks),
	};

	return cmocka_run_group_tests_name("dt_leftovers", tests, setup, teardown);
}
