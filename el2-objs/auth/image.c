// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verification of an image as a restartable state machine.
 *
 * Order: claim, then read. Each page is asked for through image_source before
 * a byte of it is looked at, so the host cannot exchange what was checked (the
 * published HypSec's order, and its reason). The manifest is copied once; the
 * copy is what is checked, what is used here and what the caller uses later.
 */
#include "auth/auth.h"
#include "base/check.h"

/* arm64 Image header (Documentation/arch/arm64/booting.rst) */
struct arm64_image {
	u32 code0, code1;
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 res2, res3, res4;
	u32 magic;
	u32 res5;
};
#define ARM64_IMAGE_MAGIC	0x644d5241U	/* "ARM\x64" */

_Static_assert(sizeof(struct arm64_image) == 64, "format");

void image_verify_init(struct image_verify *v, u64 image_ipa, u64 ipa_limit,
		       const struct hypsec_policy *policy)
{
	memset(v, 0, sizeof(*v));
	v->ipa = image_ipa;
	v->ipa_limit = ipa_limit;
	v->policy = policy;
	v->stage = IMAGE_HEADER;
	v->refused = HYPSEC_STATE;
}

static int refuse(struct image_verify *v, int status, enum image_error error)
{
	v->stage = IMAGE_REFUSED;
	v->refused = status;
	v->error = error;
	return status;
}

static int step_header(struct image_verify *v, struct image_source *src)
{
	struct arm64_image h;
	const void *va;
	int ret;

	/* Before anything is claimed: an address that can only be refused. */
	if (!IS_ALIGNED(v->ipa, SZ_2M) || !range_ok(v->ipa, PAGE_SIZE, v->ipa_limit))
		return refuse(v, HYPSEC_INVALID, IMG_IMAGE_ALIGN);

	ret = src->page(src, 0, true, &va);
	if (ret != HYPSEC_OK)
		return ret;

	memcpy(&h, va, sizeof(h));
	if (h.magic != ARM64_IMAGE_MAGIC || h.res2 != HYPSEC_IMAGE_MAGIC)
		return refuse(v, HYPSEC_UNSIGNED, IMG_HEADER);
	/* The rest of its checks need mem_size and are manifest_check()'s. */
	if (!IS_ALIGNED(h.res3, PAGE_SIZE) ||
	    !range_ok(h.res3, PAGE_SIZE, HYPSEC_IMAGE_MAX) ||
	    !range_ok(v->ipa + h.res3, PAGE_SIZE, v->ipa_limit))
		return refuse(v, HYPSEC_UNSIGNED, IMG_PLACE);

	v->manifest_offset = h.res3;
	v->stage = IMAGE_MANIFEST;
	return HYPSEC_OK;
}

/* The first half of SHA-512: abi/hypsec_image.h. */
static void hash(u8 *out, const void *data, size_t len)
{
	struct hypsec_sha512 h;
	u8 digest[SHA512_SIZE];

	hypsec_sha512_init(&h);
	hypsec_sha512_update(&h, data, len);
	hypsec_sha512_final(&h, digest);
	memcpy(out, digest, HYPSEC_HASH_SIZE);
}

static int step_manifest(struct image_verify *v, struct image_source *src)
{
	const struct hypsec_manifest *m = &v->m;
	enum image_error e;
	const void *va;
	int ret;

	ret = src->page(src, v->manifest_offset, true, &va);
	if (ret != HYPSEC_OK)
		return ret;

	memcpy(&v->m, va, sizeof(v->m));
	e = manifest_check(m, v->manifest_offset, v->ipa, v->ipa_limit);
	/* The guest keeps this page: leave the host no room in it. */
	if (e == IMG_OK && !all_zero((const u8 *)va + sizeof(*m), PAGE_SIZE - sizeof(*m)))
		e = IMG_RESERVED;
	if (e == IMG_OK && all_zero(m->signature, sizeof(m->signature)))
		e = IMG_UNSIGNED;
	if (e != IMG_OK)
		return refuse(v, HYPSEC_UNSIGNED, e);

	if (hypsec_ed25519_verify(m->signature, m, HYPSEC_MANIFEST_SIGNED, m->signer) !=
	    HYPSEC_OK)
		return refuse(v, HYPSEC_BAD_SIGNATURE, IMG_SIGNATURE);

	/* Now these are its signer's words, so worth a name in the log. */
	hash(v->id.vm, m, HYPSEC_MANIFEST_SIGNED);
	hash(v->id.signer, m->signer, sizeof(m->signer));
	v->id.security_version = m->security_version;
	e = policy_check(v->policy, v->id.signer, m->security_version);
	if (e != IMG_OK)
		return refuse(v, HYPSEC_DENIED, e);

	v->verified = PAGE_SIZE;
	hypsec_sha512_init(&v->hash);
	v->stage = IMAGE_PARTS;
	return HYPSEC_OK;
}

/* One page of a part, or the end of a part. */
static int step_part(struct image_verify *v, struct image_source *src)
{
	const struct hypsec_part *p = &v->m.parts[v->part];
	u8 digest[SHA512_SIZE];
	const void *va;
	int ret;

	if (v->done < p->size) {
		ret = src->page(src, p->offset + v->done, true, &va);
		if (ret != HYPSEC_OK)
			return ret;
		/* Whole pages: the zeros after a part's end are signed too. */
		hypsec_sha512_update(&v->hash, va, PAGE_SIZE);
		v->done += PAGE_SIZE;
		v->verified += PAGE_SIZE;
		if (v->done < p->size)
			return HYPSEC_OK;
	}

	if (p->size) {
		hypsec_sha512_final(&v->hash, digest);
		if (!hypsec_equal(digest, p->sha512, sizeof(digest)))
			return refuse(v, HYPSEC_BAD_SIGNATURE, IMG_STUB_DIGEST + v->part);
		hypsec_sha512_init(&v->hash);
	}
	v->done = 0;
	if (++v->part == HYPSEC_PART_COUNT)
		v->stage = IMAGE_REST;
	return HYPSEC_OK;
}

static bool in_file(const struct image_verify *v, u64 offset)
{
	if (offset == v->manifest_offset)
		return true;
	for (unsigned int i = 0; i < HYPSEC_PART_COUNT; i++) {
		const struct hypsec_part *p = &v->m.parts[i];

		if (offset >= p->offset && offset - p->offset < p->size)
			return true;
	}
	return false;
}

/* Gaps, the kernel's bss, the stub's scratch: zeroed, one page a call. */
static int step_rest(struct image_verify *v, struct image_source *src)
{
	const void *va;
	int ret;

	if (!in_file(v, v->done)) {
		ret = src->page(src, v->done, false, &va);
		if (ret != HYPSEC_OK)
			return ret;
		v->verified += PAGE_SIZE;
	}
	v->done += PAGE_SIZE;
	if (v->done == v->m.mem_size)
		v->stage = IMAGE_VERIFIED;
	return HYPSEC_OK;
}

int image_verify_step(struct image_verify *v, struct image_source *src)
{
	int ret;

	switch (v->stage) {
	case IMAGE_HEADER:
		ret = step_header(v, src);
		break;
	case IMAGE_MANIFEST:
		ret = step_manifest(v, src);
		break;
	case IMAGE_PARTS:
		ret = step_part(v, src);
		break;
	case IMAGE_REST:
		ret = step_rest(v, src);
		break;
	case IMAGE_VERIFIED:
		return HYPSEC_OK;
	case IMAGE_REFUSED:
	default:
		return v->refused;
	}
	return ret == HYPSEC_OK && v->stage != IMAGE_VERIFIED ? HYPSEC_RESTART : ret;
}
