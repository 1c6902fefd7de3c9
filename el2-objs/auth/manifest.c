// SPDX-License-Identifier: GPL-2.0-only
/* Is a manifest well formed? The attacker wrote it; nothing of it is trusted. */
#include "types.h"
#include "auth.h"

_Static_assert(sizeof(struct hypsec_part) == 80, "format");
_Static_assert(sizeof(struct hypsec_manifest) == 512, "format");
_Static_assert(offsetof(struct hypsec_manifest, parts) == 64, "format");
_Static_assert(offsetof(struct hypsec_manifest, signer) == 384, "format");
_Static_assert(offsetof(struct hypsec_manifest, signature) == 448, "format");

/* The stub begins with the arm64 Image header; code comes after it. */
#define IMAGE_HEADER_SIZE	64

static bool all_zero(const void *p, size_t n)
{
	const u8 *b = p;
	u8 or = 0;

	while (n--)
		or |= *b++;
	return or == 0;
}

/* Bytes a part covers in memory. Its size is at most HYPSEC_IMAGE_MAX here. */
static u64 span(const struct hypsec_part *p)
{
	return ALIGN_UP(p->size, PAGE_SIZE);
}

static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a_size && b_size && a < b + b_size && b < a + a_size;
}

static enum manifest_error check_part(const struct hypsec_manifest *m,
				      unsigned int type)
{
	const struct hypsec_part *p = &m->parts[type];

	if (!p->size) {
		if (type == HYPSEC_PART_STUB || type == HYPSEC_PART_KERNEL)
			return MANIFEST_EMPTY;
		/* One way to say "none", so that equal images are equal bytes. */
		return all_zero(p, sizeof(*p)) ? MANIFEST_OK : MANIFEST_EMPTY;
	}
	if (!IS_ALIGNED(p->offset, type == HYPSEC_PART_KERNEL ? SZ_2M : PAGE_SIZE))
		return MANIFEST_PART_ALIGN;
	/* mem_size is a page multiple, so rounding up stays inside it. */
	if (!range_ok(p->offset, p->size, m->mem_size))
		return MANIFEST_PART_RANGE;
	if (type == HYPSEC_PART_STUB && p->offset)
		return MANIFEST_STUB;
	return MANIFEST_OK;
}

static enum manifest_error check_layout(const struct hypsec_manifest *m,
					u64 manifest_offset)
{
	for (unsigned int i = 0; i < HYPSEC_PART_COUNT; i++) {
		enum manifest_error e = check_part(m, i);

		if (e != MANIFEST_OK)
			return e;
	}
	for (unsigned int i = 0; i < HYPSEC_PART_COUNT; i++) {
		const struct hypsec_part *a = &m->parts[i];

		/*
		 * A part over the manifest, or over another part, could give
		 * bytes two meanings, of which only one was looked at.
		 */
		if (overlap(a->offset, span(a), manifest_offset, PAGE_SIZE))
			return MANIFEST_OVERLAP;
		for (unsigned int j = 0; j < i; j++) {
			const struct hypsec_part *b = &m->parts[j];

			if (overlap(a->offset, span(a), b->offset, span(b)))
				return MANIFEST_OVERLAP;
		}
	}
	return MANIFEST_OK;
}

enum manifest_error manifest_check(const struct hypsec_manifest *m,
				   u64 manifest_offset, u64 image_ipa,
				   u64 ipa_limit)
{
	enum manifest_error e;

	if (m->magic != HYPSEC_MANIFEST_MAGIC)
		return MANIFEST_MAGIC;
	if (m->version != HYPSEC_MANIFEST_VERSION)
		return MANIFEST_VERSION;
	if (m->flags & ~HYPSEC_FLAGS_KNOWN)
		return MANIFEST_FLAGS;
	if (!all_zero(m->reserved, sizeof(m->reserved)) ||
	    !all_zero(m->reserved2, sizeof(m->reserved2)))
		return MANIFEST_RESERVED;
	if (!m->mem_size || !IS_ALIGNED(m->mem_size, PAGE_SIZE) ||
	    m->mem_size > HYPSEC_IMAGE_MAX)
		return MANIFEST_MEM_SIZE;
	/* The arm64 boot protocol wants the kernel, so also us, at 2 MiB. */
	if (!IS_ALIGNED(image_ipa, SZ_2M))
		return MANIFEST_IMAGE_ALIGN;
	if (!range_ok(image_ipa, m->mem_size, ipa_limit))
		return MANIFEST_IMAGE_RANGE;
	if (!IS_ALIGNED(manifest_offset, PAGE_SIZE) ||
	    !range_ok(manifest_offset, PAGE_SIZE, m->mem_size))
		return MANIFEST_PLACE;
	e = check_layout(m, manifest_offset);
	if (e != MANIFEST_OK)
		return e;
	if (!IS_ALIGNED(m->entry, 4) || m->entry < IMAGE_HEADER_SIZE ||
	    !range_ok(m->entry, 4, m->parts[HYPSEC_PART_STUB].size))
		return MANIFEST_ENTRY;
	return MANIFEST_OK;
}

const char *manifest_error_name(enum manifest_error e)
{
	switch (e) {
	case MANIFEST_OK:		return "ok";
	case MANIFEST_MAGIC:		return "magic";
	case MANIFEST_VERSION:		return "version";
	case MANIFEST_FLAGS:		return "unknown flag";
	case MANIFEST_RESERVED:		return "reserved field";
	case MANIFEST_MEM_SIZE:		return "mem_size";
	case MANIFEST_IMAGE_ALIGN:	return "image alignment";
	case MANIFEST_IMAGE_RANGE:	return "image range";
	case MANIFEST_PLACE:		return "manifest offset";
	case MANIFEST_EMPTY:		return "empty part";
	case MANIFEST_PART_ALIGN:	return "part alignment";
	case MANIFEST_PART_RANGE:	return "part range";
	case MANIFEST_STUB:		return "stub offset";
	case MANIFEST_OVERLAP:		return "overlap";
	case MANIFEST_ENTRY:		return "entry";
	case MANIFEST_ERROR_COUNT:	break;
	}
	return "unknown";
}
