// SPDX-License-Identifier: GPL-2.0-only
/*
 * image_verify_step() against a host that owns every page until it is claimed:
 * a small image signed with OpenSSL, then every kind of tampering.
 */
#include "test.h"
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "types.h"
#include "auth.h"

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

static int host_page(struct image_source *src, u64 offset, bool keep,
		     const void **va)
{
	struct host *h = container_of(src, struct host, src);
	u64 n = offset / PAGE_SIZE;

	assert_true(offset % PAGE_SIZE == 0 && n < PAGES);
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

static void digest(const struct hypsec_part *p, u8 *out)
{
	SHA512(host.mem + p->offset, ALIGN_UP(p->size, PAGE_SIZE), out);
}

static void sign_image(void)
{
	struct hypsec_manifest *m = (void *)(host.mem + MANIFEST_AT);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 64;

	for (int i = 0; i < HYPSEC_PART_COUNT; i++)
		if (m->parts[i].size)
			digest(&m->parts[i], m->parts[i].sha512);
	n = 32;
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, m->signer, &n), 1);
	n = 64;
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, m->signature, &n, (u8 *)m, 448), 1);
	EVP_MD_CTX_free(ctx);
}

/* stub 2 pages, manifest, command line, initrd 2, gap, kernel 3, bss, scratch */
static void make_image(void)
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

static bool in_file(u64 offset)
{
	offset &= PAGE_MASK;
	return offset < 0x6000 || (offset >= 0x200000 && offset < 0x203000);
}

static int verify(struct image_verify *v, u64 budget)
{
	int ret, steps = 0;

	image_verify_init(v, BASE, LIMIT);
	do {
		u64 part = v->part, done = v->done;

		ret = image_verify_step(v, &host.src, budget);
		assert_true(++steps < 100000);
		/* bounded: inside a part, no step goes further than it may */
		if (v->part == part && v->stage == IMAGE_PARTS && v->done > done)
			assert_true(v->done - done <= ALIGN_UP(budget, PAGE_SIZE));
	} while (ret == HYPSEC_RESTART || ret == HYPSEC_EXIT);
	return ret;
}

/* What the VM would start with: signed bytes, zeros, nothing of the host's. */
static void assert_clean(const u8 *signed_copy)
{
	for (u64 n = 0; n < PAGES; n++) {
		assert_true(host.claimed[n]);
		assert_memory_equal(host.priv + n * PAGE_SIZE,
				    signed_copy + n * PAGE_SIZE, PAGE_SIZE);
	}
}

static void good_image(void **state)
{
	static u8 copy[MEM_SIZE];
	static const u64 budgets[] = { 1, 4096, 4097, 12288, 1 << 20, ~0ULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(budgets); i++) {
		for (unsigned int fail = 0; fail < 8; fail += i % 2 ? 7 : 2) {
			struct image_verify v;

			make_image();
			memcpy(copy, host.mem, MEM_SIZE);
			/* the host fills what is not signed */
			for (u64 n = 0; n < PAGES; n++)
				if (!in_file(n * PAGE_SIZE))
					test_fill(host.mem + n * PAGE_SIZE, PAGE_SIZE);
			host.fail_every = fail;
			host.scribble = true;
			assert_int_equal(verify(&v, budgets[i]), HYPSEC_OK);
			assert_int_equal(v.stage, IMAGE_VERIFIED);
			assert_memory_equal(&v.m, copy + MANIFEST_AT, 512);
			assert_clean(copy);
			assert_int_equal(image_verify_step(&v, &host.src, 1),
					 HYPSEC_OK);
		}
	}
}

static void any_wrong_byte(void **state)
{
	(void)state;
	for (int i = 0; i < 600; i++) {
		struct image_verify v;
		u64 at, pages[] = { 0, 1, 2, 3, 4, 5, 0x200, 0x201, 0x202 };
		int ret;

		make_image();
		at = pages[test_rand() % ARRAY_SIZE(pages)] * PAGE_SIZE;
		/* half of them in the first 512 bytes of a page */
		at += test_rand() % (i % 2 ? 512 : PAGE_SIZE);
		host.mem[at] ^= 1 << (test_rand() % 8);
		ret = verify(&v, 12288);
		if (ret != HYPSEC_UNSIGNED && ret != HYPSEC_BAD_SIGNATURE)
			print_error("offset %#lx\n", at);
		assert_true(ret == HYPSEC_UNSIGNED || ret == HYPSEC_BAD_SIGNATURE);
		assert_int_equal(v.stage, IMAGE_REFUSED);
		/* and no second chance with the right bytes */
		host.mem[at] ^= 0xff;
		memset(host.claimed, 0, sizeof(host.claimed));
		assert_int_equal(image_verify_step(&v, &host.src, ~0ULL), ret);
	}
}

static void padding_is_signed(void **state)
{
	/* after the stub, the manifest, the command line, the kernel */
	static const u64 at[] = { 0x1234, 0x1fff, 0x2200, 0x2fff, 0x3005, 0x202fff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		struct image_verify v;

		make_image();
		host.mem[at[i]] = 1;
		assert_int_equal(verify(&v, ~0ULL), at[i] >> 12 == 2 ?
				 HYPSEC_UNSIGNED : HYPSEC_BAD_SIGNATURE);
	}
}

static void swapped_parts(void **state)
{
	u8 page[PAGE_SIZE];
	struct image_verify v;

	(void)state;
	make_image();
	memcpy(page, host.mem + 0x4000, PAGE_SIZE);
	memcpy(host.mem + 0x4000, host.mem + 0x5000, PAGE_SIZE);
	memcpy(host.mem + 0x5000, page, PAGE_SIZE);
	assert_int_equal(verify(&v, 4096), HYPSEC_BAD_SIGNATURE);
}

/* A signature by another key than the manifest names, or with its own swapped. */
static void wrong_signer(void **state)
{
	struct hypsec_manifest *m = (void *)(host.mem + MANIFEST_AT);
	EVP_PKEY *other, *mine = key;
	struct image_verify v;
	u8 sk[32], pk[32];

	(void)state;
	test_fill(sk, 32);
	other = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, sk, 32);
	make_image();
	memcpy(pk, m->signer, 32);
	key = other;
	sign_image();
	key = mine;
	/* a valid image of another signer: accepted here, told apart by v.m.signer */
	assert_int_equal(verify(&v, ~0ULL), HYPSEC_OK);
	assert_memory_not_equal(v.m.signer, pk, 32);
	memset(host.claimed, 0, sizeof(host.claimed));
	memcpy(m->signer, pk, 32);
	assert_int_equal(verify(&v, ~0ULL), HYPSEC_BAD_SIGNATURE);
	EVP_PKEY_free(other);
}

static void bad_header(void **state)
{
	static const u64 offsets[] = { 1, 0x2001, HYPSEC_IMAGE_MAX, ~0xfffULL,
				       1ULL << 63, LIMIT };
	struct image_verify v;

	(void)state;
	make_image();
	host.mem[56] = 'a';
	assert_int_equal(verify(&v, 4096), HYPSEC_UNSIGNED);
	make_image();
	host.mem[32] ^= 1;
	assert_int_equal(verify(&v, 4096), HYPSEC_UNSIGNED);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		make_image();
		memcpy(host.mem + 40, &offsets[i], 8);
		/* host_page() asserts that no wild page is asked for */
		assert_int_equal(verify(&v, 4096), HYPSEC_UNSIGNED);
	}
	/* a malformed manifest is told apart in the log */
	make_image();
	host.mem[MANIFEST_AT + 8] = 9;
	assert_int_equal(verify(&v, 4096), HYPSEC_UNSIGNED);
	assert_int_equal(v.error, MANIFEST_VERSION);
}

static void bad_address(void **state)
{
	static const u64 bases[] = { 1, 0x1000, BASE + 0x1000, LIMIT, ~0x1fffffULL };
	struct image_verify v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		make_image();
		image_verify_init(&v, bases[i], LIMIT);
		assert_int_equal(image_verify_step(&v, &host.src, ~0ULL),
				 HYPSEC_INVALID);
		assert_false(host.claimed[0]);
	}
	make_image();
	image_verify_init(&v, LIMIT - SZ_2M, LIMIT);
	assert_int_equal(image_verify_step(&v, &host.src, ~0ULL), HYPSEC_UNSIGNED);
	assert_int_equal(v.error, MANIFEST_IMAGE_RANGE);
}

/* --- an image made by scripts/hypsec-image --- */

struct file {
	struct image_source src;
	u8 *data;
	u64 size, zeroed, kept;
};

static int file_page(struct image_source *src, u64 offset, bool keep,
		     const void **va)
{
	struct file *f = container_of(src, struct file, src);

	if (!keep) {
		f->zeroed++;
		return HYPSEC_OK;
	}
	f->kept++;
	assert_true(offset + PAGE_SIZE <= f->size);
	*va = f->data + offset;
	return HYPSEC_OK;
}

static int verify_file(struct image_verify *v, struct file *f)
{
	int ret;

	image_verify_init(v, BASE, LIMIT);
	do
		ret = image_verify_step(v, &f->src, 12288);
	while (ret == HYPSEC_RESTART);
	return ret;
}

static void tool_image(void **state)
{
	struct file f = { .src = { file_page } };
	struct image_verify v;
	FILE *in = fopen(TOOL_IMAGE, "rb");
	u64 image_size;

	(void)state;
	assert_non_null(in);
	f.data = malloc(8 << 20);
	f.size = fread(f.data, 1, 8 << 20, in);
	fclose(in);
	assert_int_equal(verify_file(&v, &f), HYPSEC_OK);
	memcpy(&image_size, f.data + 16, 8);
	assert_int_equal(v.m.mem_size, image_size);
	assert_int_equal(v.m.flags, HYPSEC_FLAG_SMP);
	assert_int_equal(v.m.parts[HYPSEC_PART_KERNEL].size, 100065);
	assert_int_equal(v.m.parts[HYPSEC_PART_INITRD].size, 50001);
	assert_int_equal(v.m.parts[HYPSEC_PART_CMDLINE].size, 5);
	/* the header's page is read once more than the others */
	assert_true(f.zeroed + f.kept - 1 == image_size / PAGE_SIZE);
	assert_true(f.zeroed >= 0x200000 / PAGE_SIZE - 25);
	for (int i = 0; i < 100; i++) {
		u64 at = v.m.parts[i % 4].offset +
			test_rand() % v.m.parts[i % 4].size;

		f.data[at] ^= 1;
		assert_int_not_equal(verify_file(&v, &f), HYPSEC_OK);
		f.data[at] ^= 1;
		assert_int_equal(verify_file(&v, &f), HYPSEC_OK);
	}
	free(f.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_image),
		cmocka_unit_test(any_wrong_byte),
		cmocka_unit_test(padding_is_signed),
		cmocka_unit_test(swapped_parts),
		cmocka_unit_test(wrong_signer),
		cmocka_unit_test(bad_header),
		cmocka_unit_test(bad_address),
		cmocka_unit_test(tool_image),
	};
	u8 sk[32];
	int ret;

	test_fill(sk, sizeof(sk));
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, sk, 32);
	ret = cmocka_run_group_tests_name("image", tests, NULL, NULL);
	EVP_PKEY_free(key);
	return ret;
}
