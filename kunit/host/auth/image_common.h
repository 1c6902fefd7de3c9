/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small image signed with OpenSSL, and a host that owns every page of it until the
 * page is claimed.
 */
#ifndef IMAGE_COMMON_H
#define IMAGE_COMMON_H

#include "test.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "base/types.h"
#include "auth/auth.h"

#define BASE		0x40200000ULL
#define LIMIT		(1ULL << 40)
#define MEM_SIZE	0x208000ULL
#define PAGES		(MEM_SIZE / PAGE_SIZE)
#define MANIFEST_AT	0x2000ULL

struct host {
	struct image_source src;
	u8 mem[MEM_SIZE];		/* what the host last wrote */
	u8 priv[MEM_SIZE];		/* the pages, once claimed */
	bool claimed[PAGES], kept[PAGES];
	unsigned int calls, fail_every;
	bool scribble;			/* rewrite each page after its claim */
};

static struct host host;
static EVP_PKEY *key;
static struct hypsec_policy policy = { .any = 1 };

static inline int host_page(struct image_source *src, u64 offset, bool keep,
		     const void **va)
{
	struct host *h = container_of(src, struct host, src);
	u64 n = offset / PAGE_SIZE;

	static const u8 zero[PAGE_SIZE];

	assert_true(offset % PAGE_SIZE == 0 && offset < HYPSEC_IMAGE_MAX);
	/* A header may say that its manifest is further away: RAM, of the host's choice. */
	if (n >= PAGES) {
		*va = keep ? zero : NULL;
		return HYPSEC_OK;
	}
	if (h->fail_every && ++h->calls % h->fail_every == 0)
		return HYPSEC_EXIT;
	if (!h->claimed[n]) {
		h->claimed[n] = true;
		h->kept[n] = keep;
		if (keep)
			memcpy(h->priv + offset, h->mem + offset, PAGE_SIZE);
		else
			memset(h->priv + offset, 0, PAGE_SIZE);
		if (h->scribble)
			test_fill(h->mem + offset, PAGE_SIZE);
	}
	/* A page is never first kept and later zeroed, or the other way. */
	assert_int_equal(h->kept[n], keep);
	*va = keep ? h->priv + offset : NULL;
	return HYPSEC_OK;
}

static inline void digest(const struct hypsec_part *p, u8 *out)
{
	SHA512(host.mem + p->offset, ALIGN_UP(p->size, PAGE_SIZE), out);
}

static inline struct hypsec_manifest *manifest(void)
{
	return (void *)(host.mem + MANIFEST_AT);
}

/* Whatever the manifest says. */
static inline void sign_manifest(void)
{
	struct hypsec_manifest *m = manifest();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 32;

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, m->signer, &n), 1);
	n = 64;
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, m->signature, &n, (u8 *)m, 448), 1);
	EVP_MD_CTX_free(ctx);
}

static inline void sign_image(void)
{
	struct hypsec_manifest *m = manifest();

	for (int i = 0; i < HYPSEC_PART_COUNT; i++)
		if (m->parts[i].size)
			digest(&m->parts[i], m->parts[i].sha512);
	sign_manifest();
}

/* stub 2 pages, manifest, command line, initrd 2, gap, kernel 3, bss, scratch */
static inline void make_image(void)
{
	struct hypsec_manifest *m = (void *)(host.mem + MANIFEST_AT);

	memset(&host, 0, sizeof(host));
	host.src.page = host_page;
	test_fill(host.mem, 0x1234);
	memcpy(host.mem + 32, &(u64){ HYPSEC_IMAGE_MAGIC }, 8);
	memcpy(host.mem + 40, &(u64){ MANIFEST_AT }, 8);
	memcpy(host.mem + 56, "ARM\x64", 4);
	m->magic = HYPSEC_MANIFEST_MAGIC;
	m->version = HYPSEC_MANIFEST_VERSION;
	m->mem_size = MEM_SIZE;
	m->entry = 0x100;
	m->parts[HYPSEC_PART_STUB].size = 0x1234;
	m->parts[HYPSEC_PART_KERNEL].offset = 0x200000;
	m->parts[HYPSEC_PART_KERNEL].size = 0x2fff;
	m->parts[HYPSEC_PART_INITRD].offset = 0x4000;
	m->parts[HYPSEC_PART_INITRD].size = 0x2000;
	m->parts[HYPSEC_PART_CMDLINE].offset = 0x3000;
	m->parts[HYPSEC_PART_CMDLINE].size = 5;
	test_fill(host.mem + 0x200000, 0x2fff);
	test_fill(host.mem + 0x4000, 0x2000);
	memcpy(host.mem + 0x3000, "quiet", 5);
	sign_image();
}

static inline bool in_file(u64 offset)
{
	offset &= PAGE_MASK;
	return offset < 0x6000 || (offset >= 0x200000 && offset < 0x203000);
}

static inline int verify(struct image_verify *v)
{
	int ret, steps = 0;

	image_verify_init(v, BASE, LIMIT, &policy);
	do {
		u64 part = v->part, done = v->done;

		ret = image_verify_step(v, &host.src);
		assert_true(++steps < 100000);
		/* bounded: inside a part, a step is a page */
		if (v->part == part && v->stage == IMAGE_PARTS && v->done > done)
			assert_true(v->done - done == PAGE_SIZE);
	} while (ret == HYPSEC_RESTART || ret == HYPSEC_EXIT);
	return ret;
}

/* What the VM would start with: signed bytes, zeros, nothing of the host's. */
static inline void assert_clean(const u8 *signed_copy)
{
	for (u64 n = 0; n < PAGES; n++) {
		assert_true(host.claimed[n]);
		assert_memory_equal(host.priv + n * PAGE_SIZE,
				    signed_copy + n * PAGE_SIZE, PAGE_SIZE);
	}
}

/* With a key of this run. */
static inline int run_image_tests(const char *name, const struct CMUnitTest *tests, size_t n)
{
	u8 sk[32];
	int ret;

	test_fill(sk, sizeof(sk));
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, sk, 32);
	ret = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	EVP_PKEY_free(key);
	return ret;
}

#endif
