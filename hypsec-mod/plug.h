/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that firmware says may be plugged in. */
#ifndef HYPSEC_PLUG_H
#define HYPSEC_PLUG_H

#include "../el2-objs/abi/hypsec_abi.h"

struct acpi_table_header;

struct plug {
	struct hypsec_ram *r;	/* HYPSEC_MAX_RAM of them: whole pages, as ranges.h has sets */
	u32 nr;
	u64 limit;	/* the end of what the core can address */
	u64 lost;	/* bytes that had no place */
};

/* plug.c: @end is exclusive */
void plug_add(struct plug *p, u64 start, u64 end);
void plug_cut(struct plug *p, u64 start, u64 end);
void plug_acpi(struct plug *p, const struct acpi_table_header *srat,
	       const struct acpi_table_header *nfit);
u64 plug_join(struct plug *p, struct hypsec_ram *ram, u32 *nr);

#endif
