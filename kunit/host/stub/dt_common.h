/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the device tree code share: a real tree, and how it is judged. */
#ifndef HYPSEC_HOST_DT_H
#define HYPSEC_HOST_DT_H

#include "test.h"
#include <libfdt.h>
#include "dt.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM	0x20000

static const struct vm_range image = { 0x40200000, 0x400000 };
static const struct vm_range dtb = { 0x48000000, 0x10000 };

static uint8_t *base;			/* the real tree */
static int base_size;

static inline int setup(void **state)
{
	FILE *f = fopen(VIRT_DTB, "rb");

	(void)state;
	assert_non_null(f);
	base = malloc(ROOM);
	base_size = (int)fread(base, 1, ROOM, f);
	fclose(f);
	return base_size < 1000 || base_size == ROOM ? -1 : 0;
}

static inline int teardown(void **state)
{
	(void)state;
	free(base);
	return 0;
}

/* A copy of it with room for changes; the caller frees it. */
static inline void *editable(void)
{
	void *fdt = malloc(ROOM);

	assert_int_equal(fdt_open_into(base, fdt, ROOM), 0);
	return fdt;
}

static inline enum dt_error judge(const void *fdt, size_t size, struct vm_desc *d)
{
	enum dt_error e = dt_parse(fdt, size, 0, d);

	return e == DT_OK ? dt_check(d, image, dtb, 0) : e;
}

/* The same of an image that shares memory. */
static inline enum dt_error judge_share(const void *fdt, size_t size, struct vm_desc *d,
					struct vm_share *s)
{
	enum dt_error e = judge(fdt, size, d);

	return e == DT_OK ? dt_devices(fdt, d, s) : e;
}

/* And that has a PCIe bus. */
static inline enum dt_error judge_pci(const void *fdt, size_t size, struct vm_desc *d,
				      struct vm_share *s)
{
	enum dt_error e = judge_share(fdt, size, d, s);

	return e == DT_OK ? dt_pci(fdt, d, s) : e;
}

static inline struct vm_boot boot_params(void)
{
	struct vm_boot b = {
		.cmdline = "console=ttyAMA0 quiet", .cmdline_size = 15,
		.initrd = { 0x40300000, 0x12345 }, .kaslr_seed = 0x1122334455667788,
		.security_version = 0x0123456789abcdef, .boot_mpidr = 0, .smp = true,
		.console = true,
	};

	memset(b.seed, 0x5a, sizeof(b.seed));
	memset(b.identity, 0x1d, sizeof(b.identity));
	memset(b.signer, 0x51, sizeof(b.signer));
	b.nr_keys = 2;
	memset(b.keys[0], 0x11, sizeof(b.keys[0]));
	memset(b.keys[1], 0x22, sizeof(b.keys[1]));
	memset(b.keys[2], 0x33, sizeof(b.keys[2]));
	return b;
}

#endif
