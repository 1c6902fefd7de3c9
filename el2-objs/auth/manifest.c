// SPDX-License-Identifier: GPL-2.0-only
/* Is a manifest well formed? The attacker wrote it; nothing of it is trusted. */
#include "auth/auth.h"

/* The table in abi/hypsec_image.h */
#define AT(member, offset) \
	_Static_assert(offsetof(struct hypsec_manifest, member) == (offset), #member)
AT(version, 8); AT(flags, 12); AT(security_version, 16); AT(mem_size, 24); AT(entry, 32);
AT(share_size, 40); AT(virtio, 48); AT(signed_at, 56); AT(parts, 64); AT(signer, 384);
AT(family, 416); AT(signature, HYPSEC_MANIFEST_SIGNED);
_Static_assert(sizeof(struct hypsec_part) == 80, "format");
_Static_assert(sizeof(struct hypsec_manifest) == 512, "format");

/* What an image may ask for: not what is left out (Kconfig). */
static const u32 flags_built = HYPSEC_FLAGS_KNOWN
#ifndef CONFIG_HYPSEC_SHARE
	& ~(HYPSEC_FLAG_SHARE | HYPSEC_FLAG_PCI)
#endif
#ifndef CONFIG_HYPSEC_RSI
	& ~HYPSEC_FLAG_RSI
#endif
#ifndef CONFIG_HYPSEC_GUEST_DEBUG
	& ~HYPSEC_FLAG_DEBUG
#endif
	;

/* The stub begins with the arm64 Image header; code comes after it. */
#define IMAGE_HEADER_SIZE	64

/* Bytes a part covers in memory. Its size is at most HYPSEC_IMAGE_MAX here. */
static u64 span(const struct hypsec_part *p)
{
	return ALIGN_UP(p->size, PAGE_SIZE);
}

static bool overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a_size && b_size && a < b + b_size && b < a + a_size;
}

static enum image_error check_part(const struct hypsec_manifest *m,
				      unsigned int type)
{
	const struct hypsec_part *p = &m->parts[type];

	if (!p->size) {
		if (type == HYPSEC_PART_STUB || type == HYPSEC_PART_KERNEL)
			return IMG_EMPTY;
		/* One way to say "none", so that equal images are equal bytes. */
		return all_zero(p, sizeof(*p)) ? IMG_OK : IMG_EMPTY;
	}
	if (!IS_ALIGNED(p->offset, type == HYPSEC_PART_KERNEL ? SZ_2M : PAGE_SIZE))
		return IMG_PART_ALIGN;
	/* mem_size is a page multiple, so rounding up stays inside it. */
	if (!range_ok(p->offset, p->size, m->mem_size))
		return IMG_PART_RANGE;
	if (type == HYPSEC_PART_STUB && p->offset)
		return IMG_STUB;
	return IMG_OK;
}

static enum image_error check_layout(const struct hypsec_manifest *m,
					u64 manifest_offset)
{
	for (unsigned int i = 0; i < HYPSEC_PART_COUNT; i++) {
		enum image_error e = check_part(m, i);

		if (e != IMG_OK)
			return e;
	}
	for (unsigned int i = 0; i < HYPSEC_PART_COUNT; i++) {
		const struct hypsec_part *a = &m->parts[i];

		/*
		 * A part over the manifest, or over another part, could give
		 * bytes two meanings, of which only one was looked at.
		 */
		if (overlap(a->offset, span(a), manifest_offset, PAGE_SIZE))
			return IMG_OVERLAP;
		for (unsigned int j = 0; j < i; j++) {
			const struct hypsec_part *b = &m->parts[j];

			if (overlap(a->offset, span(a), b->offset, span(b)))
				return IMG_OVERLAP;
		}
	}
	return IMG_OK;
}

/* What the guest may share with its host, and the devices it has for that. */
static bool share_valid(const struct hypsec_manifest *m)
{
	bool more = m->share_size;
	bool rsi = m->flags & HYPSEC_FLAG_RSI;

	if (m->share_size > (rsi ? HYPSEC_RSI_SHARE_MAX : HYPSEC_SHARE_MAX) ||
	    !IS_ALIGNED(m->share_size, SZ_2M) ||
	    (m->share_size && !(m->flags & HYPSEC_FLAG_SHARE)) ||
	    (!m->share_size && m->flags & HYPSEC_FLAG_PCI))
		return false;
	/* It is a BAR's size; and a kernel that knows of the bus would move that BAR. */
	if (rsi && ((m->share_size & (m->share_size - 1)) || m->flags & HYPSEC_FLAG_PCI))
		return false;
	/* One way to write a list down: no device after the last. */
	for (unsigned int i = 0; i < HYPSEC_VIRTIO_MAX; i++) {
		if (m->virtio[i] && !more)
			return false;
		more = more && m->virtio[i];
	}
	return true;
}

enum image_error manifest_check(const struct hypsec_manifest *m,
				   u64 manifest_offset, u64 image_ipa,
				   u64 ipa_limit)
{
	enum image_error e;

	if (m->magic != HYPSEC_MANIFEST_MAGIC)
		return IMG_MAGIC;
	if (m->version != HYPSEC_MANIFEST_VERSION)
		return IMG_VERSION;
	if (m->flags & ~HYPSEC_FLAGS_KNOWN)
		return IMG_FLAGS;
	if (m->flags & ~flags_built)
		return IMG_LEFT_OUT;
	/* One way to say that there is no clock. */
	if (!m->signed_at != !(m->flags & HYPSEC_FLAG_CLOCK))
		return IMG_TIME;
	if (!share_valid(m))
		return IMG_SHARE;
	if (!m->mem_size || !IS_ALIGNED(m->mem_size, PAGE_SIZE) ||
	    m->mem_size > HYPSEC_IMAGE_MAX)
		return IMG_MEM_SIZE;
	/* The arm64 boot protocol wants the kernel, so also us, at 2 MiB. */
	if (!IS_ALIGNED(image_ipa, SZ_2M))
		return IMG_IMAGE_ALIGN;
	/* Of a Realm nothing in the upper half is private. */
	if (!range_ok(image_ipa, m->mem_size, ipa_limit >> !!(m->flags & HYPSEC_FLAG_RSI)))
		return IMG_IMAGE_RANGE;
	if (!IS_ALIGNED(manifest_offset, PAGE_SIZE) ||
	    !range_ok(manifest_offset, PAGE_SIZE, m->mem_size))
		return IMG_PLACE;
	e = check_layout(m, manifest_offset);
	if (e != IMG_OK)
		return e;
	if (!IS_ALIGNED(m->entry, 4) || m->entry < IMAGE_HEADER_SIZE ||
	    !range_ok(m->entry, 4, m->parts[HYPSEC_PART_STUB].size))
		return IMG_ENTRY;
	return IMG_OK;
}

const char *image_error_text(enum image_error e)
{
	static const char * const text[] = {
#define X(name, text) text,
		IMAGE_ERRORS(X)
#undef X
	};

	return text[e < IMG_COUNT ? e : IMG_HEADER];
}
