// SPDX-License-Identifier: GPL-2.0-only
/*
 * image_verify_step() against a host that owns every page until it is claimed:
 * a small image signed with OpenSSL, then every kind of tampering. What is refused
 * although it is signed: test_image_refused.c.
 */
#include "image_common.h"

static void good_image(void **state)
{
	static u8 copy[MEM_SIZE];

	(void)state;
	for (int i = 0; i < 6; i++) {
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
			assert_int_equal(verify(&v), HYPSEC_OK);
			assert_int_equal(v.stage, IMAGE_VERIFIED);
			assert_memory_equal(&v.m, copy + MANIFEST_AT, 512);
			assert_clean(copy);
			assert_int_equal(image_verify_step(&v, &host.src), HYPSEC_OK);
		}
	}
}

/* Parts that an image may not have. */
static void without_parts(void **state)
{
	static u8 copy[MEM_SIZE];

	(void)state;
	for (int without = 1; without < 4; without++) {
		struct hypsec_manifest *m = manifest();
		struct image_verify v;

		make_image();
		if (without & 1)
			m->parts[HYPSEC_PART_INITRD] = (struct hypsec_part){ 0 };
		if (without & 2)
			m->parts[HYPSEC_PART_CMDLINE] = (struct hypsec_part){ 0 };
		sign_image();
		memcpy(copy, host.mem, MEM_SIZE);
		if (without & 1)
			memset(copy + 0x4000, 0, 0x2000);
		if (without & 2)
			memset(copy + 0x3000, 0, 0x1000);
		assert_int_equal(verify(&v), HYPSEC_OK);
		assert_int_equal(v.verified, MEM_SIZE);
		assert_clean(copy);
	}
}

/* The last page of a part is signed with as little as a byte in it. */
static void part_sizes(void **state)
{
	static const u64 sizes[] = { 1, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2000 };
	static u8 copy[MEM_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct image_verify v;

		make_image();
		manifest()->parts[HYPSEC_PART_INITRD].size = sizes[i];
		memset(host.mem + 0x4000 + sizes[i], 0, 0x2000 - sizes[i]);
		sign_image();
		memcpy(copy, host.mem, MEM_SIZE);
		assert_int_equal(verify(&v), HYPSEC_OK);
		assert_int_equal(v.verified, MEM_SIZE);
		assert_clean(copy);
	}
}

static unsigned int fail_at;

static int fails_once(struct image_source *src, u64 offset, bool keep, const void **va)
{
	if (!fail_at--)
		return HYPSEC_NO_MEMORY;
	return host_page(src, offset, keep, va);
}

/* A page that is not to be had now: the caller is told so, and goes on from there. */
static void told_why(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 40; n++) {
		struct image_verify v;
		int ret;

		make_image();
		host.src.page = fails_once;
		fail_at = n;
		image_verify_init(&v, BASE, LIMIT, &policy);
		do
			ret = image_verify_step(&v, &host.src);
		while (ret == HYPSEC_RESTART);
		assert_int_equal(ret, HYPSEC_NO_MEMORY);
		do
			ret = image_verify_step(&v, &host.src);
		while (ret == HYPSEC_RESTART);
		assert_int_equal(ret, HYPSEC_OK);
		assert_int_equal(v.verified, MEM_SIZE);
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
		ret = verify(&v);
		if (ret != HYPSEC_UNSIGNED && ret != HYPSEC_BAD_SIGNATURE)
			print_error("offset %#lx\n", at);
		assert_true(ret == HYPSEC_UNSIGNED || ret == HYPSEC_BAD_SIGNATURE);
		assert_int_equal(v.stage, IMAGE_REFUSED);
		/* and no second chance with the right bytes */
		host.mem[at] ^= 0xff;
		memset(host.claimed, 0, sizeof(host.claimed));
		assert_int_equal(image_verify_step(&v, &host.src), ret);
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
		assert_int_equal(verify(&v), at[i] >> 12 == 2 ?
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
	assert_int_equal(verify(&v), HYPSEC_BAD_SIGNATURE);
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
	/* a valid image of another signer: any may sign here, told apart by v.id */
	assert_int_equal(verify(&v), HYPSEC_OK);
	assert_memory_not_equal(v.m.signer, pk, 32);
	memset(host.claimed, 0, sizeof(host.claimed));
	memcpy(m->signer, pk, 32);
	assert_int_equal(verify(&v), HYPSEC_BAD_SIGNATURE);
	assert_int_equal(v.error, IMG_SIGNATURE);
	/* not a name that the signer has signed */
	assert_int_equal(v.id.signer[0] | v.id.vm[0] | v.id.security_version, 0);
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
	assert_int_equal(verify(&v), HYPSEC_UNSIGNED);
	make_image();
	host.mem[32] ^= 1;
	assert_int_equal(verify(&v), HYPSEC_UNSIGNED);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		make_image();
		memcpy(host.mem + 40, &offsets[i], 8);
		/* host_page() asserts that no wild page is asked for */
		assert_int_equal(verify(&v), HYPSEC_UNSIGNED);
	}
	/* a malformed manifest is told apart in the log */
	make_image();
	host.mem[MANIFEST_AT + 8] = 9;
	assert_int_equal(verify(&v), HYPSEC_UNSIGNED);
	assert_int_equal(v.error, IMG_VERSION);
}

static void bad_address(void **state)
{
	static const u64 bases[] = { 1, 0x1000, BASE + 0x1000, LIMIT, ~0x1fffffULL };
	struct image_verify v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		make_image();
		image_verify_init(&v, bases[i], LIMIT, &policy);
		assert_int_equal(image_verify_step(&v, &host.src), HYPSEC_INVALID);
		assert_false(host.claimed[0]);
	}
	make_image();
	image_verify_init(&v, LIMIT - SZ_2M, LIMIT, &policy);
	assert_int_equal(image_verify_step(&v, &host.src), HYPSEC_RESTART);
	assert_int_equal(image_verify_step(&v, &host.src), HYPSEC_UNSIGNED);
	assert_int_equal(v.error, IMG_IMAGE_RANGE);
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

	image_verify_init(v, BASE, LIMIT, &policy);
	do
		ret = image_verify_step(v, &f->src);
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
	assert_int_equal(v.verified, image_size);
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
		cmocka_unit_test(without_parts),
		cmocka_unit_test(part_sizes),
		cmocka_unit_test(told_why),
		cmocka_unit_test(any_wrong_byte),
		cmocka_unit_test(padding_is_signed),
		cmocka_unit_test(swapped_parts),
		cmocka_unit_test(wrong_signer),
		cmocka_unit_test(bad_header),
		cmocka_unit_test(bad_address),
		cmocka_unit_test(tool_image),
	};

	return run_image_tests("image", tests, ARRAY_SIZE(tests));
}
