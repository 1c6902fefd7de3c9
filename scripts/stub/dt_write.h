/* SPDX-License-Identifier: GPL-2.0-only */
/* Nodes and properties of the guest's device tree, for what writes it: dt_build.c, dt_share.c */
#ifndef HYPSEC_STUB_DT_WRITE_H
#define HYPSEC_STUB_DT_WRITE_H

#include <libfdt.h>
#include "dt.h"

#define PHANDLE_GIC	1
#define PHANDLE_CLOCK	2
#define PHANDLE_POOL	3

struct dt_out {
	void *fdt;
	int err;		/* the first error; everything later is skipped */
};

void dt_begin(struct dt_out *o, const char *name);
/* name@unit-address */
void dt_begin_at(struct dt_out *o, const char *name, uint64_t unit);
void dt_end(struct dt_out *o);

void dt_put(struct dt_out *o, const char *name, const void *p, size_t n);
void dt_put_str(struct dt_out *o, const char *name, const char *s);
void dt_put_u32(struct dt_out *o, const char *name, uint32_t v);
void dt_put_u64(struct dt_out *o, const char *name, uint64_t v);
/* At most VM_TIMER_IRQS */
void dt_put_irqs(struct dt_out *o, const struct vm_irq *irq, uint32_t n);

/* Address and size in two cells each, as the root of this tree says. */
void dt_set_range(fdt32_t *c, struct vm_range r);

/* What is shared with the host, and the devices that use it; nothing where nothing is. */
void dt_build_share(struct dt_out *o, const struct vm_boot *b);

#endif
