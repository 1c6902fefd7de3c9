// SPDX-License-Identifier: GPL-2.0-only
/* Properties of a hostile device tree: each is of the form that is asked for, or it is refused. */
#include <libfdt.h>
#include "dt_read.h"

const void *dt_prop(const void *fdt, int node, const char *name, int *len)
{
	const void *p = fdt_getprop(fdt, node, name, len);

	return p && *len >= 0 ? p : NULL;
}

bool dt_is(const void *fdt, int node, const char *name, const char *value)
{
	int len, size = (int)strlen(value) + 1;
	const void *p = dt_prop(fdt, node, name, &len);

	return p && len == size && !memcmp(p, value, size);
}

bool dt_compatible(const void *fdt, int node, const char *value)
{
	int len;
	const char *p = dt_prop(fdt, node, "compatible", &len);

	return p && fdt_stringlist_contains(p, len, value);
}

bool dt_disabled(const void *fdt, int node)
{
	int len;

	return dt_prop(fdt, node, "status", &len) &&
	       !dt_is(fdt, node, "status", "okay") &&
	       !dt_is(fdt, node, "status", "ok");
}

bool dt_u32(const void *fdt, int node, const char *name, uint32_t *v)
{
	int len;
	const fdt32_t *p = dt_prop(fdt, node, name, &len);

	if (!p || len != 4)
		return false;
	*v = fdt32_ld(p);
	return true;
}

enum dt_error dt_read_cells(const void *fdt, int node, struct dt_cells *c, uint32_t min_size)
{
	if (!dt_u32(fdt, node, "#address-cells", &c->address) ||
	    !dt_u32(fdt, node, "#size-cells", &c->size))
		return DT_CELLS;
	if (c->address < 1 || c->address > 2 || c->size < min_size || c->size > 2)
		return DT_CELLS;
	return DT_OK;
}

uint64_t dt_read_number(const fdt32_t **p, uint32_t cells)
{
	uint64_t v = 0;

	while (cells--)
		v = v << 32 | fdt32_ld((*p)++);
	return v;
}

enum dt_error dt_read_reg(const void *fdt, int node, struct dt_cells c, struct vm_range *r,
			  uint32_t min, uint32_t max, uint32_t *n)
{
	uint32_t entry = 4 * (c.address + c.size);
	const fdt32_t *p;
	int len;

	p = dt_prop(fdt, node, "reg", &len);
	if (!p || len % entry || len / entry < min)
		return DT_REG;
	if (len / entry > max)
		return DT_TOO_MANY;
	*n = len / entry;
	for (uint32_t i = 0; i < *n; i++) {
		r[i].base = dt_read_number(&p, c.address);
		r[i].size = dt_read_number(&p, c.size);
	}
	return DT_OK;
}

bool dt_read_irq(const fdt32_t *p, uint32_t type, struct vm_irq *irq)
{
	uint32_t trigger;

	irq->type = fdt32_ld(p);
	irq->number = fdt32_ld(p + 1);
	irq->flags = fdt32_ld(p + 2);
	if (irq->type != type || irq->number >= (type ? 16 : 988))
		return false;
	/* edge rising, edge falling, level high, level low */
	trigger = irq->flags & 0xf;
	if (trigger != 1 && trigger != 2 && trigger != 4 && trigger != 8)
		return false;
	return !(irq->flags & (type ? ~0xff0fU : ~0xfU));
}

enum dt_error dt_read_irqs(const void *fdt, int node, uint32_t type, struct vm_irq *irq,
			   uint32_t min, uint32_t max, uint32_t *n)
{
	const fdt32_t *p;
	int len;

	p = dt_prop(fdt, node, "interrupts", &len);
	if (!p || len % 12 || len / 12 < (int)min || len / 12 > (int)max)
		return DT_IRQ;
	*n = len / 12;
	for (uint32_t i = 0; i < *n; i++, p += 3)
		if (!dt_read_irq(p, type, &irq[i]))
			return DT_IRQ;
	return DT_OK;
}
