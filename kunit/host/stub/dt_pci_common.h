/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPSEC_HOST_DT_PCI_H
#define HYPSEC_HOST_DT_PCI_H

#include "dt_common.h"

#define PCI	"/pcie@10000000"
#define GIC	0xabcd0001	/* stands for its phandle, which depends on the number of CPUs */

#define INTX(slot, pin, spi)	slot, 0, 0, pin, GIC, 0, 0, 0, spi, 4

static inline fdt32_t cell(uint32_t v)
{
	if (v == GIC)
		v = fdt_get_phandle(base, fdt_path_offset(base, "/intc@8000000"));
	return cpu_to_fdt32(v);
}

#endif
