/* SPDX-License-Identifier: GPL-2.0-only */
/* Properties of the host's device tree, for what reads them: dt_parse.c, dt_devices.c */
#ifndef HYPSEC_STUB_DT_READ_H
#define HYPSEC_STUB_DT_READ_H

#include <libfdt.h>
#include "dt.h"

struct dt_cells {
	uint32_t address, size;
};

/* A property's value, or NULL; *len in bytes. */
const void *dt_prop(const void *fdt, int node, const char *name, int *len);
bool dt_is(const void *fdt, int node, const char *name, const char *value);
bool dt_compatible(const void *fdt, int node, const char *value);
bool dt_disabled(const void *fdt, int node);
bool dt_u32(const void *fdt, int node, const char *name, uint32_t *v);

enum dt_error dt_read_cells(const void *fdt, int node, struct dt_cells *c, uint32_t min_size);
uint64_t dt_read_number(const fdt32_t **p, uint32_t cells);

/* All of a node's reg into @r; between @min and @max of them. */
enum dt_error dt_read_reg(const void *fdt, int node, struct dt_cells c, struct vm_range *r,
			  uint32_t min, uint32_t max, uint32_t *n);

/* One specifier of three cells; all of a node's interrupts. */
bool dt_read_irq(const fdt32_t *p, uint32_t type, struct vm_irq *irq);
enum dt_error dt_read_irqs(const void *fdt, int node, uint32_t type, struct vm_irq *irq,
			   uint32_t min, uint32_t max, uint32_t *n);

#endif
