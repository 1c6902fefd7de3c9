/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bundle: el2-objs/ linked at address 0 by install/bundle.lds, which writes
 * this header at its start.
 */
#ifndef HYPSEC_ABI_BUNDLE_H
#define HYPSEC_ABI_BUNDLE_H

#define HYPSEC_BUNDLE_MAGIC	0x4c444e4243535948

struct hypsec_bundle {			/* offsets and sizes in bytes */
	__UINT64_TYPE__ magic;
	__UINT64_TYPE__ image_size;	/* in memory, page multiple */
	__UINT64_TYPE__ file_size;	/* in the blob; from here to image_size: zero */
	__UINT64_TYPE__ text_end;	/* [0, text_end): executable */
	__UINT64_TYPE__ rodata_end;	/* [text_end, rodata_end): read-only; then writable */
	__UINT64_TYPE__ rela;		/* Elf64_Rela[], all R_AARCH64_RELATIVE */
	__UINT64_TYPE__ rela_count;
	/*
	 * Entered by the hyp stub's SOFT_RESTART: EL2, MMU off; x0 = the CPU's
	 * struct percpu, x1 = TTBR0_EL2, x2 = struct hypsec_install on the first
	 * CPU, 0 on the others. Returns to after the HVC, x0 = status.
	 */
	__UINT64_TYPE__ entry_install;
};

#endif
