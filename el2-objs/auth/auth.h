/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Authentication of a protected VM's image (abi/hypsec_image.h). Pure logic,
 * implemented in auth/: no lock, no allocation, no hardware. The caller owns
 * the pages and hands them over one by one through struct image_source.
 */
#ifndef HYPSEC_AUTH_H
#define HYPSEC_AUTH_H

#include "abi/hypsec_abi.h"
#include "abi/hypsec_attest.h"
#include "abi/hypsec_image.h"
#include "base/types.h"
#include "crypto/crypto.h"

/* Why an image is refused, in the order of the checks; the text is for the log. */
#define IMAGE_ERRORS(X) \
	X(OK, "image: good") \
	X(HEADER, "image: not a protected one") \
	X(MAGIC, "image: no manifest where its header says (truncated?)") \
	X(VERSION, "image: manifest of a version that is not known") \
	X(FLAGS, "image: a flag that is not known") \
	X(LEFT_OUT, "image: asks for sharing, debugging or RSI, which this core is built without") \
	X(RESERVED, "image: what is reserved in the manifest's page is not zero") \
	X(TIME, "image: a clock without a time of signing, or such a time without a clock") \
	X(SHARE, "image: what it would share with its host, or its list of devices, makes no sense") \
	X(MEM_SIZE, "image: its size in memory is zero, too large or no 4 KiB multiple") \
	X(IMAGE_ALIGN, "image: not at a 2 MiB multiple") \
	X(IMAGE_RANGE, "image: wraps or leaves the address space") \
	X(PLACE, "image: its manifest lies outside") \
	X(EMPTY, "image: no stub or kernel, or a digest of nothing") \
	X(PART_ALIGN, "image: a part is not aligned") \
	X(PART_RANGE, "image: a part wraps or leaves the image") \
	X(STUB, "image: the stub is not at its start") \
	X(OVERLAP, "image: parts overlap") \
	X(ENTRY, "image: its entry is not in the stub") \
	X(UNSIGNED, "image: unsigned") \
	X(SIGNATURE, "image: wrong signature") \
	X(SIGNER, "image: unknown signer") \
	X(OLD, "image: older than its signer's minimum") \
	/* as enum hypsec_part_type */ \
	X(STUB_DIGEST, "image: the stub is not what was signed (changed or truncated)") \
	X(KERNEL_DIGEST, "image: the kernel is not what was signed (changed or truncated)") \
	X(INITRD_DIGEST, "image: the initrd is not what was signed (changed or truncated)") \
	X(CMDLINE_DIGEST, "image: the command line is not what was signed (changed or truncated)")

enum image_error {
#define X(name, text) IMG_##name,
	IMAGE_ERRORS(X)
#undef X
	IMG_COUNT
};

static inline bool all_zero(const void *p, size_t n)
{
	const u8 *b = p;
	u8 or = 0;

	while (n--)
		or |= *b++;
	return or == 0;
}

/**
 * manifest_check() - is every field of a manifest acceptable?
 * @m: the core's own copy; host memory would be fetched twice
 * @manifest_offset: where the manifest page lies, bytes from the image base
 * @image_ipa: where the image lies
 * @ipa_limit: size of the guest's address space in bytes
 *
 * Says nothing about the signature or the signer. Every field is either checked
 * here or (security_version, signer, family, digests) free.
 * Return: IMG_OK or the first error found.
 */
enum image_error __must_check
manifest_check(const struct hypsec_manifest *m, u64 manifest_offset,
	       u64 image_ipa, u64 ipa_limit);

const char *image_error_text(enum image_error e);

/* Can @p be one that the module made? */
bool policy_valid(const struct hypsec_policy *p);

/**
 * policy_check() - may this signer's image of this version run?
 * @p: valid
 * @signer: HYPSEC_HASH_SIZE bytes, the hash of the signer's key
 *
 * Return: IMG_OK, IMG_SIGNER or IMG_OLD.
 */
enum image_error __must_check
policy_check(const struct hypsec_policy *p, const u8 *signer, u64 version);

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
	struct hypsec_identity id;	/* set with the signature checked */
	const struct hypsec_policy *policy;
	struct hypsec_sha512 hash;
	u64 ipa, ipa_limit;		/* image base, end of address space */
	u64 manifest_offset;
	u64 done;			/* bytes of the part, or of the image */
	u64 verified;			/* bytes so far, of m.mem_size; 0 until the signature is checked */
	u32 part;			/* enum hypsec_part_type */
	enum image_stage stage;
	int refused;			/* status, at IMAGE_REFUSED */
	enum image_error error;		/* and why */
};

/**
 * image_verify_init() - start
 * @v: all of it is set
 * @image_ipa: guest address of the image, as the guest named it
 * @ipa_limit: size of the guest's address space in bytes
 * @policy: who may sign; not copied
 */
void image_verify_init(struct image_verify *v, u64 image_ipa, u64 ipa_limit,
		       const struct hypsec_policy *policy);

/**
 * image_verify_step() - do a bounded piece of the work
 * @v: progress
 * @src: the image
 *
 * At most one page, which costs about 90k instructions, or the signature,
 * 510k, instructions. When it returns
 * HYPSEC_OK every page of [0, mem_size) has been claimed, and holds what the
 * signer signed or zeros: nothing in it was chosen by the host.
 * Return: HYPSEC_OK verified; HYPSEC_RESTART more to do; refused, with @v->error
 * set: HYPSEC_UNSIGNED not a signed image, HYPSEC_BAD_SIGNATURE, HYPSEC_DENIED
 * by the policy; or what @src returned. Once refused, always refused.
 */
int __must_check image_verify_step(struct image_verify *v, struct image_source *src);

/* --- auth/platform.c: the platform secret and the platform key --- */

#define PLATFORM_RANDOM		(ED25519_SEED_SIZE + HYPSEC_SECRET_SIZE)

#ifdef CONFIG_HYPSEC_ATTEST

/* Is it one of enum hypsec_source, with a secret exactly where there should be one? */
bool platform_valid(const struct hypsec_install *in);

/**
 * platform_init() - take the secret over, make the platform key
 * @in: valid; its secret is wiped
 * @random: PLATFORM_RANDOM random bytes, wiped
 *
 * At install, once, before any other CPU is in the core.
 */
void platform_init(struct hypsec_install *in, u8 *random);

/* Before memory outlives the core: both secrets are gone, also from the caches. */
void platform_wipe(void);

/**
 * platform_sealing_key() - a key for what this image keeps
 * @v: IMAGE_VERIFIED
 * @version: security version to make it for
 * @key: out, wiped by the caller
 *
 * Return: HYPSEC_OK; HYPSEC_DENIED: @version is over the image's own: an old image
 * must not read what a newer one has sealed; HYPSEC_STATE: wiped.
 */
int __must_check platform_sealing_key(const struct image_verify *v, u64 version,
				      struct hypsec_sealing_key *key);

/**
 * platform_report() - sign who a VM is, and on what core
 * @v: IMAGE_VERIFIED
 * @nonce: HYPSEC_NONCE_SIZE bytes of the VM's choice
 * @sig: out, ED25519_SIG_SIZE bytes
 *
 * About 210,000 instructions. Return: HYPSEC_OK; HYPSEC_STATE: wiped.
 */
int __must_check platform_report(const struct image_verify *v, const u8 *nonce, u8 *sig);

/**
 * platform_token() - the same for a token, of what is in it
 * @t: challenge and rem are set; out: the rest
 *
 * The report's version is another: of what a guest has signed by itself nothing is a token.
 * Return: as platform_report().
 */
int __must_check platform_token(const struct image_verify *v, struct hypsec_token *t);

/* Piece @n of struct hypsec_platform with @flags. Return: HYPSEC_OK or HYPSEC_RANGE. */
int __must_check platform_piece(u32 flags, u64 n, u64 *val);

#else

/* No secret is taken, and none is made. */
static inline bool platform_valid(const struct hypsec_install *in)
{
	return in->source == HYPSEC_EPHEMERAL && all_zero(in->secret, sizeof(in->secret));
}

static inline void platform_init(struct hypsec_install *in, u8 *random)
{
	hypsec_wipe(random, PLATFORM_RANDOM);
}

static inline void platform_wipe(void)
{
}

static inline int platform_sealing_key(const struct image_verify *v, u64 version,
				       struct hypsec_sealing_key *key)
{
	return HYPSEC_NOT_SUPPORTED;
}

static inline int platform_report(const struct image_verify *v, const u8 *nonce, u8 *sig)
{
	return HYPSEC_NOT_SUPPORTED;
}

static inline int platform_piece(u32 flags, u64 n, u64 *val)
{
	return HYPSEC_NOT_SUPPORTED;
}

#endif

#endif
