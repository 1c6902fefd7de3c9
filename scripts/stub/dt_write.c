// SPDX-License-Identifier: GPL-2.0-only
/* Nodes and properties of the guest's device tree. */
#include "dt_write.h"

void dt_begin(struct dt_out *o, const char *name)
{
	if (!o->err)
		o->err = fdt_begin_node(o->fdt, name);
}

void dt_begin_at(struct dt_out *o, const char *name, uint64_t unit)
{
	char full[48];
	size_t n = strlen(name);
	int digits = 1;

	while (digits < 16 && unit >> (4 * digits))
		digits++;
	memcpy(full, name, n);
	full[n++] = '@';
	while (digits--)
		full[n++] = "0123456789abcdef"[unit >> (4 * digits) & 0xf];
	full[n] = 0;
	dt_begin(o, full);
}

void dt_end(struct dt_out *o)
{
	if (!o->err)
		o->err = fdt_end_node(o->fdt);
}

void dt_put(struct dt_out *o, const char *name, const void *p, size_t n)
{
	if (!o->err)
		o->err = fdt_property(o->fdt, name, p, (int)n);
}

void dt_put_str(struct dt_out *o, const char *name, const char *s)
{
	dt_put(o, name, s, strlen(s) + 1);
}

void dt_put_u32(struct dt_out *o, const char *name, uint32_t v)
{
	if (!o->err)
		o->err = fdt_property_u32(o->fdt, name, v);
}

void dt_put_u64(struct dt_out *o, const char *name, uint64_t v)
{
	if (!o->err)
		o->err = fdt_property_u64(o->fdt, name, v);
}

void dt_set_range(fdt32_t *c, struct vm_range r)
{
	c[0] = cpu_to_fdt32((uint32_t)(r.base >> 32));
	c[1] = cpu_to_fdt32((uint32_t)r.base);
	c[2] = cpu_to_fdt32((uint32_t)(r.size >> 32));
	c[3] = cpu_to_fdt32((uint32_t)r.size);
}

void dt_put_irqs(struct dt_out *o, const struct vm_irq *irq, uint32_t n)
{
	fdt32_t c[3 * VM_TIMER_IRQS];

	for (uint32_t i = 0; i < n; i++) {
		c[3 * i] = cpu_to_fdt32(irq[i].type);
		c[3 * i + 1] = cpu_to_fdt32(irq[i].number);
		c[3 * i + 2] = cpu_to_fdt32(irq[i].flags);
	}
	dt_put(o, "interrupts", c, 12 * n);
}
