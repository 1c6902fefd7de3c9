// SPDX-License-Identifier: GPL-2.0-only
/* Memory that ACPI says may be plugged in: without NVDIMMs, wherever they are named. */
#include "test.h"
#include <linux/acpi.h>
#include <linux/mm.h>
#include "plug.h"

#define BIT(n)	(1UL << (n))
#define GIB	BIT(30)
#define LIMIT	BIT(40)
#define WINDOW	(16 * GIB)		/* all that may be plugged in, in one entry */
#define PLUG	(ACPI_SRAT_MEM_ENABLED | ACPI_SRAT_MEM_HOT_PLUGGABLE)
#define NVDIMM	(ACPI_SRAT_MEM_ENABLED | ACPI_SRAT_MEM_NON_VOLATILE)

void fake_pr_err(const char *fmt, ...)
{
	(void)fmt;
}

/* Tables in memory of exactly their size. */
static struct acpi_table_header *srat, *nfit;
static struct hypsec_ram r[HYPSEC_MAX_RAM];
static struct plug p;

static void *table(struct acpi_table_header **t, u32 size)
{
	u32 old = (*t)->length;

	*t = realloc(*t, old + size);
	memset((char *)*t + old, 0, size);
	(*t)->length = old + size;
	return (char *)*t + old;
}

static int begin(void **state)
{
	(void)state;
	srat = calloc(1, sizeof(struct acpi_table_srat));
	srat->length = sizeof(struct acpi_table_srat);
	nfit = calloc(1, sizeof(struct acpi_table_nfit));
	nfit->length = sizeof(struct acpi_table_nfit);
	p = (struct plug){ .r = r, .limit = LIMIT };
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(srat);
	free(nfit);
	return 0;
}

static void srat_has(u32 flags, u64 base, u64 length)
{
	struct acpi_srat_mem_affinity *m = table(&srat, sizeof(*m));

	*m = (struct acpi_srat_mem_affinity){
		.header = { ACPI_SRAT_TYPE_MEMORY_AFFINITY, sizeof(*m) }, .flags = flags,
		.base_address = base, .length = length,
	};
}

/* As before ACPI 6.4, without the last field, or with it. */
static void nfit_has(u64 base, u64 length, bool cookie)
{
	size_t size = sizeof(struct acpi_nfit_system_address) - (cookie ? 0 : 8);
	struct acpi_nfit_system_address s = {
		.header = { ACPI_NFIT_TYPE_SYSTEM_ADDRESS, (u8)size },
		.address = base, .length = length,
	};

	memcpy(table(&nfit, (u32)size), &s, size);
}

static void are(u32 nr, const struct hypsec_ram *want)
{
	assert_int_equal(p.nr, nr);
	for (u32 i = 0; i < nr; i++) {
		assert_int_equal(r[i].base, want[i].base);
		assert_int_equal(r[i].size, want[i].size);
	}
}

#define ARE(...) are(ARRAY_SIZE(((const struct hypsec_ram[]){ __VA_ARGS__ })), \
		     (const struct hypsec_ram[]){ __VA_ARGS__ })

static void what_is_named(void **state)
{
	struct acpi_subtable_header *other;

	(void)state;
	plug_acpi(&p, NULL, nfit);
	assert_int_equal(p.nr, 0);
	srat_has(ACPI_SRAT_MEM_ENABLED, GIB, GIB);			/* there always */
	srat_has(ACPI_SRAT_MEM_HOT_PLUGGABLE, 4 * GIB, GIB);		/* not in use */
	srat_has(PLUG, 6 * GIB + 1, 2 * PAGE_SIZE);			/* one whole page */
	other = table(&srat, 16);
	*other = (struct acpi_subtable_header){ 0, 16 };		/* a CPU */
	srat_has(PLUG, 8 * GIB, GIB);
	srat_has(PLUG, LIMIT - GIB, 3 * GIB);
	srat_has(PLUG, ~0UL << 12, 2 * PAGE_SIZE);			/* past everything */
	plug_acpi(&p, srat, NULL);
	ARE({ 6 * GIB + PAGE_SIZE, PAGE_SIZE }, { 8 * GIB, GIB }, { LIMIT - GIB, GIB });
	assert_int_equal(p.lost, 2 * GIB + 1);
}

/* An entry of no volatile memory in a window, before or after it in the table. */
static void srat_cuts(void **state)
{
	(void)state;
	srat_has(NVDIMM, WINDOW + GIB, GIB);
	srat_has(PLUG, WINDOW, 8 * GIB);
	srat_has(NVDIMM | PLUG, WINDOW + 4 * GIB + 5, PAGE_SIZE);	/* two pages */
	srat_has(ACPI_SRAT_MEM_NON_VOLATILE, WINDOW + 6 * GIB, GIB);	/* not in use */
	plug_acpi(&p, srat, NULL);
	ARE({ WINDOW, GIB }, { WINDOW + 2 * GIB, 2 * GIB },
	    { WINDOW + 4 * GIB + 2 * PAGE_SIZE, 4 * GIB - 2 * PAGE_SIZE });
	assert_int_equal(p.lost, 0);
}

static void nfit_cuts(void **state)
{
	struct acpi_nfit_header *other;

	(void)state;
	srat_has(PLUG, WINDOW, 8 * GIB);
	nfit_has(WINDOW, GIB, false);
	other = table(&nfit, 8);
	*other = (struct acpi_nfit_header){ 7, 8 };			/* capabilities */
	nfit_has(WINDOW + 2 * GIB, GIB, true);
	nfit_has(0, 0, true);						/* control region */
	nfit_has(WINDOW + 7 * GIB, ~0UL, true);				/* wraps */
	plug_acpi(&p, srat, nfit);
	ARE({ WINDOW + GIB, GIB }, { WINDOW + 3 * GIB, 4 * GIB });
	/* Nor are they taken from what is added by others. */
	plug_add(&p, GIB, 2 * GIB);
	assert_int_equal(p.nr, 3);
}

/* What is cut off, or has an entry with no end, is read as far as it goes. */
static void damaged(void **state)
{
	u32 whole;

	(void)state;
	srat_has(PLUG, WINDOW, GIB);
	srat_has(PLUG, WINDOW + 2 * GIB, GIB);
	nfit_has(WINDOW, PAGE_SIZE, true);
	nfit_has(WINDOW + PAGE_SIZE, PAGE_SIZE, true);
	whole = srat->length;
	for (u32 cut = 1; cut <= 8; cut++) {
		srat->length = whole - cut;
		srat = realloc(srat, srat->length);
		nfit->length--;
		nfit = realloc(nfit, nfit->length);
		p.nr = 0;
		plug_acpi(&p, srat, nfit);
		ARE({ WINDOW + PAGE_SIZE, GIB - PAGE_SIZE });
	}
	((u8 *)srat)[sizeof(struct acpi_table_srat) + 1] = 0;
	p.nr = 0;
	plug_acpi(&p, srat, nfit);
	assert_int_equal(p.nr, 0);
	srat->length = nfit->length = 0;
	plug_acpi(&p, srat, nfit);
	assert_int_equal(p.nr, 0);
}

/* In more pieces than have a place: none of them is taken for RAM. */
static void too_many(void **state)
{
	u32 i;

	(void)state;
	srat_has(PLUG, WINDOW, 8 * GIB);
	for (i = 1; i < HYPSEC_MAX_RAM; i++)
		nfit_has(WINDOW + i * 4 * PAGE_SIZE, PAGE_SIZE, true);
	plug_acpi(&p, srat, nfit);
	assert_int_equal(p.nr, HYPSEC_MAX_RAM);
	nfit_has(WINDOW + i * 4 * PAGE_SIZE, PAGE_SIZE, true);
	p.nr = 0;
	plug_acpi(&p, srat, nfit);
	assert_int_equal(p.nr, 0);
	assert_int_equal(p.lost, 8 * GIB - (HYPSEC_MAX_RAM - 1) * PAGE_SIZE);
}

static u64 joined(struct hypsec_ram *ram, u32 *nr)
{
	u64 later = plug_join(&p, ram, nr);

	memcpy(r, ram, *nr * sizeof(*ram));
	p.nr = *nr;
	return later;
}

/* What is there is so marked, also where all around may be plugged in. */
static void join(void **state)
{
	struct hypsec_ram ram[HYPSEC_MAX_RAM] = {
		{ GIB, GIB }, { WINDOW, PAGE_SIZE }, { WINDOW + GIB, GIB }, { 2 * LIMIT, GIB },
	};
	u32 nr = 4;

	(void)state;
	plug_add(&p, 0, PAGE_SIZE);
	plug_add(&p, 2 * GIB, 3 * GIB);
	plug_add(&p, WINDOW, WINDOW + 4 * GIB);
	assert_int_equal(joined(ram, &nr), BIT(0) | BIT(2) | BIT(4) | BIT(6));
	ARE({ 0, PAGE_SIZE }, { GIB, GIB }, { 2 * GIB, GIB }, { WINDOW, PAGE_SIZE },
	    { WINDOW + PAGE_SIZE, GIB - PAGE_SIZE }, { WINDOW + GIB, GIB },
	    { WINDOW + 2 * GIB, 2 * GIB }, { 2 * LIMIT, GIB });
	assert_int_equal(p.lost, 0);
}

/* What is there has a place, what may come where there is one left. */
static void join_many(void **state)
{
	struct hypsec_ram ram[HYPSEC_MAX_RAM];
	u32 nr = HYPSEC_MAX_RAM - 2;

	(void)state;
	for (u32 i = 0; i < nr; i++)
		ram[i] = (struct hypsec_ram){ (3 * i + 5) * GIB, GIB };
	plug_add(&p, 0, GIB);
	plug_add(&p, 2 * GIB, 3 * GIB);
	plug_add(&p, LIMIT / 2, LIMIT / 2 + GIB);
	assert_int_equal(joined(ram, &nr), BIT(0) | BIT(1));
	assert_int_equal(nr, HYPSEC_MAX_RAM);
	assert_int_equal(r[1].base, 2 * GIB);
	assert_int_equal(r[nr - 1].base, (3 * (HYPSEC_MAX_RAM - 3) + 5) * GIB);
	assert_int_equal(p.lost, GIB);

	/* Nothing may come, or nothing has a place. */
	p.nr = 0;
	assert_int_equal(joined(ram, &nr), 0);
	p.nr = 0;
	plug_add(&p, 0, 4 * GIB);
	assert_int_equal(joined(ram, &nr), 0);
	assert_int_equal(nr, HYPSEC_MAX_RAM);
	assert_int_equal(p.lost, 3 * GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_named, begin, end),
		cmocka_unit_test_setup_teardown(srat_cuts, begin, end),
		cmocka_unit_test_setup_teardown(nfit_cuts, begin, end),
		cmocka_unit_test_setup_teardown(damaged, begin, end),
		cmocka_unit_test_setup_teardown(too_many, begin, end),
		cmocka_unit_test_setup_teardown(join, begin, end),
		cmocka_unit_test_setup_teardown(join_many, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
