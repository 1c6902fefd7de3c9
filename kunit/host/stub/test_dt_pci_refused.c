// SPDX-License-Identifier: GPL-2.0-only
/* A host's PCIe bridge that the boot stub does not accept: one change, one verdict. */
#include "dt_pci_common.h"

/* The three windows of QEMU's machine */
#define IO	0x1000000, 0, 0, 0, 0x3eff0000, 0, 0x10000
#define MEM32	0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0x2eff0000
#define MEM64	0x3000000, 0x80, 0, 0x80, 0, 0x80, 0

static const struct attack {
	const char *path, *prop;
	int cells;			/* of value; -1: delete; -2: string */
	uint32_t value[28];
	const char *string;
	enum dt_error want;
} attacks[] = {
	/* one bridge */
	{ PCI, "status", -2, { 0 }, "disabled", DT_PCI },
	{ PCI, "compatible", -2, { 0 }, "pci-host-cam-generic", DT_PCI },
	{ "/apb-pclk", "compatible", -2, { 0 }, "pci-host-ecam-generic", DT_PCI },
	{ PCI, "#address-cells", 1, { 2 }, 0, DT_PCI },
	{ PCI, "#address-cells", -1, { 0 }, 0, DT_PCI },
	{ PCI, "#size-cells", 1, { 1 }, 0, DT_PCI },
	{ PCI, "#interrupt-cells", 1, { 3 }, 0, DT_PCI },
	/* configuration space: form, and how many buses */
	{ PCI, "reg", -1, { 0 }, 0, DT_PCI },
	{ PCI, "reg", 8, { 0x40, 0x10000000, 0, 0x10000000, 0x50, 0, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0x40, 0x10000000, 0, 0 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0x40, 0x10000000, 0, 0x8000000 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0x40, 0x10000000, 0, 0x20000000 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0x40, 0x10000000, 1, 0x10000000 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0x40, 0x10080000, 0, 0x10000000 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0xffff, 0xf8000000, 0, 0x10000000 }, 0, DT_PCI },
	{ PCI, "reg", 4, { 0xffffffff, 0xf8000000, 0, 0x10000000 }, 0, DT_PCI },
	{ PCI, "bus-range", 2, { 0, 256 }, 0, DT_PCI },
	{ PCI, "bus-range", 2, { 0, 254 }, 0, DT_PCI },
	{ PCI, "bus-range", 2, { 1, 255 }, 0, DT_PCI },
	{ PCI, "bus-range", 2, { 0, 0xffffffff }, 0, DT_PCI },
	{ PCI, "bus-range", 1, { 0 }, 0, DT_PCI },
	{ PCI, "bus-range", -1, { 0 }, 0, DT_PCI },
	/* and its place: RAM, GIC, UART, a transport */
	{ PCI, "reg", 4, { 0, 0x50000000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0, 0x30100000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0, 0x5ff00000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0, 0x60000000, 0, 0x10000000 }, 0, DT_OK },
	{ PCI, "reg", 4, { 0, 0, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0, 0x9000000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0, 0xa000000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	/* a window */
	{ PCI, "reg", 4, { 0, 0x20000000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0x80, 0, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0xff, 0xf0000000, 0, 0x10000000 }, 0, DT_PCI_PLACE },
	{ PCI, "reg", 4, { 0x100, 0, 0, 0x10000000 }, 0, DT_OK },
	/* windows: form */
	{ PCI, "ranges", -1, { 0 }, 0, DT_PCI },
	{ PCI, "ranges", 0, { 0 }, 0, DT_PCI },
	{ PCI, "ranges", 8, { IO, 0 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { MEM32 }, 0, DT_OK },
	{ PCI, "ranges", 14, { MEM32, MEM64 }, 0, DT_OK },
	{ PCI, "ranges", 14, { MEM64, MEM32 }, 0, DT_OK },
	{ PCI, "ranges", 14, { IO, MEM64 }, 0, DT_PCI },	/* no room for most */
	{ PCI, "ranges", 14, { MEM32, MEM32 }, 0, DT_PCI_PLACE },
	{ PCI, "ranges", 28, { IO, MEM32, MEM64, 0x3000000, 0x200, 0, 0x200, 0, 0, 0x1000 },
	  0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x2000000, 0, 0x60000000, 0, 0x60000000, 0, 0x1000 },
	  0, DT_PCI },							/* twice */
	{ PCI, "ranges", 21, { MEM32, MEM64, 0x43000000, 0x200, 0, 0x200, 0, 0, 0x1000 },
	  0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x43000000, 0x200, 0, 0x200, 0, 0, 0x1000 }, 0, DT_OK },
	{ PCI, "ranges", 14, { MEM32, 0, 0, 0, 0x200, 0, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x42000000, 0, 0x10000000, 0, 0x10000000, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000800, 0, 0x10000000, 0, 0x10000000, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x82000000, 0, 0x10000000, 0, 0x10000000, 0, 0x1000 }, 0, DT_PCI },
	/* addresses */
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x10000000, 0, 0x11000000, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000000, 1, 0x10000000, 0, 0x10000000, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000000, 1, 0, 1, 0, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0xf0000000, 0, 0xf0000000, 0, 0x10000000 }, 0, DT_OK },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0xf0000000, 0, 0xf0000000, 0, 0x10001000 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x10000000, 0, 0x10000000, 0, 0x1800 }, 0, DT_PCI },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x10000800, 0, 0x10000800, 0, 0x1000 }, 0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x3000000, 0xffffffff, 0xfffff000, 0xffffffff, 0xfffff000,
			       0, 0x2000 }, 0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x3000000, 0x80, 0, 0x80, 0, 0xffffffff, 0xfffff000 },
	  0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x3000000, 0xffff, 0xfffff000, 0xffff, 0xfffff000,
			       0, 0x2000 }, 0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x1000000, 0, 0, 0, 0x3eff0000, 0, 0x20000 }, 0, DT_PCI },
	{ PCI, "ranges", 14, { MEM32, 0x1000000, 0, 0x1000, 0, 0x3eff0000, 0, 0x1000 }, 0, DT_PCI },
	/* over RAM, GIC, UART, a transport, configuration space, each other */
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x40000000, 0, 0x40000000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x5ffff000, 0, 0x5ffff000, 0, 0x2000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 14, { MEM32, 0x3000000, 0, 0x40200000, 0, 0x40200000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 14, { MEM32, 0x1000000, 0, 0, 0, 0x40200000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x8000000, 0, 0x8000000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x8fff000, 0, 0x8fff000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0x9000000, 0, 0x9000000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 7, { 0x2000000, 0, 0xa003000, 0, 0xa003000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 14, { MEM32, 0x3000000, 0x40, 0x1ffff000, 0x40, 0x1ffff000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 14, { MEM32, 0x3000000, 0, 0x3efef000, 0, 0x3efef000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	{ PCI, "ranges", 14, { MEM32, 0x1000000, 0, 0, 0, 0x20000000, 0, 0x1000 },
	  0, DT_PCI_PLACE },
	/* INTx */
	{ PCI, "interrupt-map-mask", -1, { 0 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 3, { 0x1800, 0, 7 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 4, { 0xf800, 0, 0, 7 }, 0, DT_OK },
	{ PCI, "interrupt-map-mask", 4, { 0xff00, 0, 0, 7 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 4, { 0x11800, 0, 0, 7 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 4, { 0x1800, 1, 0, 7 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 4, { 0x1800, 0, 1, 7 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 4, { 0x1800, 0, 0, 3 }, 0, DT_PCI },
	{ PCI, "interrupt-map-mask", 4, { 0x800, 0, 0, 7 }, 0, DT_PCI },
	{ PCI, "interrupt-map", -1, { 0 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 0, { 0 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 9, { INTX(0, 1, 3) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0, 1, 3) }, 0, DT_OK },
	{ PCI, "interrupt-map", 20, { INTX(0, 1, 3), INTX(0, 2, 3) }, 0, DT_OK },
	{ PCI, "interrupt-map", 20, { INTX(0, 1, 3), INTX(0, 1, 4) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0, 0, 3) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0, 5, 3) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0x2000, 1, 3) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0x10000, 1, 3) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0x100, 1, 3) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { INTX(0, 1, 988) }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { 0, 1, 0, 1, GIC, 0, 0, 0, 3, 4 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { 0, 0, 1, 1, GIC, 0, 0, 0, 3, 4 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { 0, 0, 0, 1, GIC + 1, 0, 0, 0, 3, 4 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { 0, 0, 0, 1, GIC, 0, 0, 1, 11, 4 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { 0, 0, 0, 1, GIC, 0, 0, 0, 3, 0 }, 0, DT_PCI },
	{ PCI, "interrupt-map", 10, { 0, 0, 0, 1, GIC, 0, 0, 0, 3, 0xf04 }, 0, DT_PCI },
	{ "/intc@8000000", "phandle", -1, { 0 }, 0, DT_PCI },
	{ "/intc@8000000", "phandle", 1, { 7 }, 0, DT_PCI },
	{ "/intc@8000000", "#address-cells", 1, { 3 }, 0, DT_PCI },
	{ "/intc@8000000", "#address-cells", 1, { 1 }, 0, DT_PCI },	/* 9 cells an entry then */
	{ "/intc@8000000", "#address-cells", 2, { 0, 2 }, 0, DT_PCI },
	{ "/intc@8000000", "#address-cells", 1, { 0xfffffff8 }, 0, DT_PCI },	/* 0 cells */
	{ "/intc@8000000", "#address-cells", 1, { 0xfffffff9 }, 0, DT_PCI },
	/* What is of no use to us does no harm. */
	{ PCI, "msi-map", 4, { 0, 0xdead, 0, 0x10000 }, 0, DT_OK },
	{ PCI, "msi-parent", 1, { 0xdead }, 0, DT_OK },
	{ PCI, "iommu-map", 4, { 0, 0xdead, 0, 0x10000 }, 0, DT_OK },
	{ PCI, "memory-region", 1, { 1 }, 0, DT_OK },
	{ PCI, "dma-ranges", 1, { 1 }, 0, DT_OK },
};

/* And of an image that has no PCIe bus it is not read. */
static void refuses_attacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		const struct attack *a = &attacks[i];
		void *fdt = editable();
		int node = fdt_path_offset(fdt, a->path);
		struct vm_share s;
		uint32_t value[28];
		struct vm_desc d;
		enum dt_error e;

		assert_true(node >= 0);
		for (int c = 0; c < a->cells; c++)
			value[c] = cell(a->value[c]);
		if (a->cells == -1)
			assert_int_equal(fdt_delprop(fdt, node, a->prop), 0);
		else if (a->cells == -2)
			assert_int_equal(fdt_setprop_string(fdt, node, a->prop, a->string), 0);
		else
			assert_int_equal(fdt_setprop(fdt, node, a->prop, value, 4 * a->cells), 0);
		assert_int_equal(judge_share(fdt, ROOM, &d, &s), DT_OK);
		assert_int_equal(s.pci.ecam.size, 0);
		e = dt_pci(fdt, &d, &s);
		if (e != a->want)
			print_error("attack %zu: %s %s: %d, not %d\n", i, a->path, a->prop, e,
				    a->want);
		assert_int_equal(e, a->want);
		free(fdt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_attacks),
	};

	return cmocka_run_group_tests_name("dt_pci_refused", tests, setup, teardown);
}
