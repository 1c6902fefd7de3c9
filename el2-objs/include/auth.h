/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Authentication of a protected VM's image (abi/hypsec_image.h). Pure logic,
 * implemented in auth/: no lock, no allocation, no hardware. The caller owns
 * the pages and hands them over one by one through struct image_source.
 */
#ifndef HYPSEC_AUTH_H
#define HYPSEC_AUTH_H

#include "types.h"
#include "crypto.h"
#include "../abi/hypsec_abi.h"
#include "../abi/hypsec_image.h"

/* Why a manifest was refused, in the order of the checks. */
enum manifest_error {
	MANIFEST_OK,
	MANIFEST_MAGIC,		/* not a manifest */
	MANIFEST_VERSION,	/* of a format this core does not know */
	MANIFEST_FLAGS,		/* a flag this core does not know */
	MANIFEST_RESERVED,	/* a reserved field is not zero */
	MANIFEST_MEM_SIZE,	/* zero, no 4 KiB multiple or over the maximum */
	MANIFEST_IMAGE_ALIGN,	/* image not at a 2 MiB multiple */
	MANIFEST_IMAGE_RANGE,	/* image wraps or leaves the guest's address space */
	MANIFEST_PLACE,		/* manifest unaligned or outside the image */
	MANIFEST_EMPTY,		/* no stub or kernel, or place or digest of nothing */
	MANIFEST_PART_ALIGN,	/* a part not at 4 KiB; kernel not at 2 MiB */
	MANIFEST_PART_RANGE,	/* a part wraps or leaves the image */
	MANIFEST_STUB,		/* the stub is not at offset 0 */
	MANIFEST_OVERLAP,	/* two parts, or a part and the manifest, overlap */
	MANIFEST_ENTRY,		/* entry unaligned, in the header or outside the stub */
	MANIFEST_ERROR_COUNT
};

/**
 * manifest_check() - is every field of a manifest acceptable?
 * @m: the core's own copy; host memory would be fetched twice
 * @manifest_offset: where the manifest page lies, bytes from the image base
 * @image_ipa: where the image lies
 * @ipa_limit: size of the guest's address space in bytes
 *
 * Says nothing about the signature. Every field is either checked here or
 * (security_version, signer, digests) free.
 * Return: MANIFEST_OK or the first error found.
 */
enum manifest_error __must_check
manifest_check(const struct hypsec_manifest *m, u64 manifest_offset,
	       u64 image_ipa, u64 ipa_limit);

/* One word or two for the log. */
const char *manifest_error_name(enum manifest_error e);

/**
 * struct image_source - where image_verify_step() gets the image from
 * @page: makes one page of the image private to the VM and readable here
 *
 * @page is called with a page-aligned offset from the image base. @keep true:
 * claim the page with its contents; false: claim it and zero it. After it
 * returned HYPSEC_OK nobody but the core can write to the page, ever again,
 * unless verification succeeds and the VM runs: that is why a digest computed
 * afterwards holds. *@va is then valid until the next call (NULL is allowed
 * for @keep false). It is asked for a page more than once and must then leave
 * it as it is. Any other status stops the step and is passed on; the next
 * step asks for the same page again.
 */
struct image_source {
	int (*page)(struct image_source *src, u64 offset, bool keep,
		    const void **va);
};

enum image_stage {
	IMAGE_HEADER,
	IMAGE_MANIFEST,
	IMAGE_PARTS,
	IMAGE_REST,
	IMAGE_VERIFIED,
	IMAGE_REFUSED,
};

/* Progress of one verification. Kept by the core between restarts. */
struct image_verify {
	struct hypsec_manifest m;	/* trusted once stage is IMAGE_VERIFIED */
	struct hypsec_sha512 hash;
	u64 ipa, ipa_limit;		/* image base, end of address space */
	u64 manifest_offset;
	u64 done;			/* bytes of the part, or of the image */
	u32 part;			/* enum hypsec_part_type */
	enum image_stage stage;
	int refused;			/* status, at IMAGE_REFUSED */
	enum manifest_error error;	/* cause of HYPSEC_UNSIGNED, if in the manifest */
};

/**
 * image_verify_init() - start
 * @v: all of it is set
 * @image_ipa: guest address of the image, as the guest named it
 * @ipa_limit: size of the guest's address space in bytes
 */
void image_verify_init(struct image_verify *v, u64 image_ipa, u64 ipa_limit);

/**
 * image_verify_step() - do a bounded piece of the work
 * @v: progress
 * @src: the image
 * @budget: bytes to go through in this step; at least one page is done
 *
 * One page costs about 100k instructions, the signature, which has a step of
 * its own, 490k (cortex-a72 code, counted under -icount). When it returns HYPSEC_OK every page of [0, mem_size) has been
 * claimed, and holds what the signer signed or zeros: nothing in it was chosen
 * by the host.
 * Return: HYPSEC_OK verified; HYPSEC_RESTART more to do; HYPSEC_UNSIGNED not
 * an image or a bad manifest; HYPSEC_BAD_SIGNATURE; or what @src returned.
 * Once refused, always refused.
 */
int __must_check image_verify_step(struct image_verify *v,
				   struct image_source *src, u64 budget);

#endif
