// SPDX-License-Identifier: GPL-2.0-only
/* manifest_check(): every field, every way it can be wrong. */
#include "test.h"
#include "base/types.h"
#include "auth/auth.h"

#define IPA_LIMIT	(1ULL << 40)
#define BASE		0x40200000ULL
#define PLACE		0x3000ULL

static struct hypsec_manifest good(void)
{
	struct hypsec_manifest m;

	memset(&m, 0, sizeof(m));
	m.magic = HYPSEC_MANIFEST_MAGIC;
	m.version = HYPSEC_MANIFEST_VERSION;
	m.flags = HYPSEC_FLAG_SMP;
	m.mem_size = 0x800000;
	m.entry = 0x40;
	m.parts[HYPSEC_PART_STUB] = (struct hypsec_part){ 0, 0x2001, { 1 } };
	m.parts[HYPSEC_PART_KERNEL] = (struct hypsec_part){ 0x200000, 0x300001, { 2 } };
	m.parts[HYPSEC_PART_INITRD] = (struct hypsec_part){ 0x5000, 0x10000, { 3 } };
	m.parts[HYPSEC_PART_CMDLINE] = (struct hypsec_part){ 0x4000, 13, { 4 } };
	return m;
}

static enum image_error check(const struct hypsec_manifest *m)
{
	return manifest_check(m, PLACE, BASE, IPA_LIMIT);
}

static void accepts_good(void **state)
{
	struct hypsec_manifest m = good();

	(void)state;
	assert_int_equal(check(&m), IMG_OK);
	m.flags = HYPSEC_FLAGS_KNOWN & ~HYPSEC_FLAG_RSI;
	m.share_size = 0x200000;		/* FLAG_PCI */
	m.signed_at = ~0ULL;			/* FLAG_CLOCK */
	m.security_version = ~0ULL;
	memset(m.signer, 0xff, sizeof(m.signer));
	memset(m.family, 0xff, sizeof(m.family));
	memset(m.signature, 0xff, sizeof(m.signature));
	memset(&m.parts[HYPSEC_PART_INITRD], 0, sizeof(struct hypsec_part));
	memset(&m.parts[HYPSEC_PART_CMDLINE], 0, sizeof(struct hypsec_part));
	assert_int_equal(check(&m), IMG_OK);
	/* up to the very end of the image, and of the address space */
	m.parts[HYPSEC_PART_KERNEL].size = m.mem_size - 0x200000;
	assert_int_equal(check(&m), IMG_OK);
	assert_int_equal(manifest_check(&m, PLACE, IPA_LIMIT - m.mem_size,
					IPA_LIMIT), IMG_OK);
}

/* field, value, error: each alone in a good manifest */
#define CASES(_)							\
	_(magic, 0, MAGIC)						\
	_(magic, HYPSEC_IMAGE_MAGIC, MAGIC)				\
	_(version, 0, VERSION)						\
	_(version, 2, VERSION)						\
	_(flags, 1U << 7, FLAGS)					\
	_(flags, HYPSEC_FLAG_CLOCK, TIME)				\
	_(flags, HYPSEC_FLAG_PCI, SHARE)				\
	_(flags, HYPSEC_FLAG_PCI | HYPSEC_FLAG_SHARE, SHARE)		\
	_(flags, HYPSEC_FLAG_PCI | HYPSEC_FLAG_RSI, SHARE)		\
	_(flags, 1U << 31, FLAGS)					\
	_(signed_at, 1, TIME)						\
	_(signed_at, 1ULL << 63, TIME)					\
	_(share_size, 1, SHARE)						\
	_(share_size, 0x200000, SHARE)					\
	_(virtio[0], 2, SHARE)						\
	_(virtio[7], 2, SHARE)						\
	_(mem_size, 0, MEM_SIZE)					\
	_(mem_size, 0x800800, MEM_SIZE)					\
	_(mem_size, HYPSEC_IMAGE_MAX + 0x1000, MEM_SIZE)		\
	_(mem_size, ~0xfffULL, MEM_SIZE)				\
	_(mem_size, 0x3000, PLACE)					\
	_(entry, 0, ENTRY)						\
	_(entry, 0x3c, ENTRY)						\
	_(entry, 0x42, ENTRY)						\
	_(entry, 0x2000, ENTRY)						\
	_(entry, 0x200000, ENTRY)					\
	_(entry, ~3ULL, ENTRY)						\
	_(parts[HYPSEC_PART_STUB].size, 0, EMPTY)			\
	_(parts[HYPSEC_PART_STUB].size, 0x43, ENTRY)			\
	_(parts[HYPSEC_PART_STUB].size, 0x3001, OVERLAP)		\
	_(parts[HYPSEC_PART_STUB].size, ~0ULL, PART_RANGE)		\
	_(parts[HYPSEC_PART_STUB].offset, 0x1000, STUB)			\
	_(parts[HYPSEC_PART_STUB].offset, 8, PART_ALIGN)		\
	_(parts[HYPSEC_PART_KERNEL].size, 0, EMPTY)			\
	_(parts[HYPSEC_PART_KERNEL].size, 0x600001, PART_RANGE)		\
	_(parts[HYPSEC_PART_KERNEL].offset, 0x201000, PART_ALIGN)	\
	_(parts[HYPSEC_PART_KERNEL].offset, 0x600000, PART_RANGE)	\
	_(parts[HYPSEC_PART_KERNEL].offset, 0, OVERLAP)			\
	_(parts[HYPSEC_PART_KERNEL].offset, ~0x1fffffULL, PART_RANGE)	\
	_(parts[HYPSEC_PART_INITRD].size, 0, EMPTY)			\
	_(parts[HYPSEC_PART_INITRD].size, 0x1fb001, OVERLAP)		\
	_(parts[HYPSEC_PART_INITRD].size, ~0xfffULL, PART_RANGE)	\
	_(parts[HYPSEC_PART_INITRD].offset, 0x5001, PART_ALIGN)		\
	_(parts[HYPSEC_PART_INITRD].offset, 0x3000, OVERLAP)		\
	_(parts[HYPSEC_PART_INITRD].offset, 0x2000, OVERLAP)		\
	_(parts[HYPSEC_PART_INITRD].offset, 0x4000, OVERLAP)		\
	_(parts[HYPSEC_PART_INITRD].offset, ~0xfffULL, PART_RANGE)	\
	_(parts[HYPSEC_PART_CMDLINE].size, 0, EMPTY)			\
	_(parts[HYPSEC_PART_CMDLINE].offset, 0x500000, OVERLAP)		\
	_(parts[HYPSEC_PART_CMDLINE].offset, 0x800000, PART_RANGE)

static void refuses_each_field(void **state)
{
	(void)state;
#define CASE(field, value, err) {					\
		struct hypsec_manifest m = good();			\
		m.field = (value);					\
		if (check(&m) != IMG_##err)			\
			print_error("%s = %s\n", #field, #value);	\
		assert_int_equal(check(&m), IMG_##err);		\
	}
	CASES(CASE)
}

/* What is shared: only with the signer's word for it, and written down in one way. */
static void sharing(void **state)
{
	static const struct {
		u64 size;
		u8 virtio[HYPSEC_VIRTIO_MAX];
		enum image_error e;
	} cases[] = {
		{ 0, { 0 }, IMG_OK },
		{ 0x200000, { 0 }, IMG_OK },
		{ HYPSEC_SHARE_MAX, { 2, 1, 4, 3, 19, 26, 0xff, 2 }, IMG_OK },
		{ 0x200000, { 2, 1 }, IMG_OK },
		{ 0x1ff000, { 0 }, IMG_SHARE },
		{ 0x201000, { 0 }, IMG_SHARE },
		{ HYPSEC_SHARE_MAX + 0x200000, { 0 }, IMG_SHARE },
		{ 1ULL << 63, { 0 }, IMG_SHARE },
		{ 0, { 2 }, IMG_SHARE },
		{ 0x200000, { 0, 2 }, IMG_SHARE },
		{ 0x200000, { 2, 0, 0, 0, 0, 0, 0, 1 }, IMG_SHARE },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hypsec_manifest m = good();

		m.flags = HYPSEC_FLAG_SHARE;
		m.share_size = cases[i].size;
		memcpy(m.virtio, cases[i].virtio, sizeof(m.virtio));
		assert_int_equal(check(&m), cases[i].e);
		m.flags |= HYPSEC_FLAG_PCI;
		assert_int_equal(check(&m), cases[i].size ? cases[i].e : IMG_SHARE);
		m.flags = 0;
		if (cases[i].size)
			assert_int_equal(check(&m), IMG_SHARE);
	}
}

/* A Realm: its share is a BAR, there is no bus; the image is in the lower half. */
static void realms(void **state)
{
	static const struct {
		u64 size;
		enum image_error e;
	} cases[] = {
		{ 0, IMG_OK },
		{ 0x200000, IMG_OK },
		{ 1ULL << 30, IMG_OK },
		{ HYPSEC_RSI_SHARE_MAX, IMG_OK },
		{ 0x600000, IMG_SHARE },
		{ 0x100000, IMG_SHARE },
		{ HYPSEC_RSI_SHARE_MAX + 0x200000, IMG_SHARE },
		{ 2 * HYPSEC_RSI_SHARE_MAX, IMG_SHARE },
		{ 1ULL << 63, IMG_SHARE },
	};
	struct hypsec_manifest m = good();

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		m.flags = HYPSEC_FLAG_RSI | HYPSEC_FLAG_SHARE;
		m.share_size = cases[i].size;
		assert_int_equal(check(&m), cases[i].e);
		m.flags |= HYPSEC_FLAG_PCI;
		assert_int_equal(check(&m), IMG_SHARE);
		m.flags = HYPSEC_FLAG_RSI;
		if (cases[i].size)
			assert_int_equal(check(&m), IMG_SHARE);
	}
	m = good();
	for (unsigned int rsi = 0; rsi < 2; rsi++) {
		m.flags = rsi ? HYPSEC_FLAG_RSI : 0;
		assert_int_equal(manifest_check(&m, PLACE, IPA_LIMIT / 2 - m.mem_size, IPA_LIMIT), IMG_OK);
		assert_int_equal(manifest_check(&m, PLACE, IPA_LIMIT / 2, IPA_LIMIT),
				 rsi ? IMG_IMAGE_RANGE : IMG_OK);
		assert_int_equal(manifest_check(&m, PLACE, IPA_LIMIT / 2 + 0x200000 - m.mem_size, IPA_LIMIT),
				 rsi ? IMG_IMAGE_RANGE : IMG_OK);
	}
}

static void refuses_places(void **state)
{
	static const struct {
		u64 place, base, limit;
		enum image_error e;
	} cases[] = {
		{ PLACE + 8, BASE, IPA_LIMIT, IMG_PLACE },
		{ 0x800000, BASE, IPA_LIMIT, IMG_PLACE },
		{ ~0xfffULL, BASE, IPA_LIMIT, IMG_PLACE },
		{ 0, BASE, IPA_LIMIT, IMG_OVERLAP },
		{ 0x200000, BASE, IPA_LIMIT, IMG_OVERLAP },
		{ 0x500000, BASE, IPA_LIMIT, IMG_OVERLAP },
		{ PLACE, BASE + 0x1000, IPA_LIMIT, IMG_IMAGE_ALIGN },
		{ PLACE, BASE + 0x100000, IPA_LIMIT, IMG_IMAGE_ALIGN },
		{ PLACE, IPA_LIMIT, IPA_LIMIT, IMG_IMAGE_RANGE },
		{ PLACE, IPA_LIMIT - 0x600000, IPA_LIMIT, IMG_IMAGE_RANGE },
		{ PLACE, ~0x1fffffULL, IPA_LIMIT, IMG_IMAGE_RANGE },
		{ PLACE, ~0x1fffffULL, ~0ULL, IMG_IMAGE_RANGE },
		{ PLACE, BASE, 0, IMG_IMAGE_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hypsec_manifest m = good();

		assert_int_equal(manifest_check(&m, cases[i].place,
						cases[i].base, cases[i].limit),
				 cases[i].e);
	}
}

/* Every error of the manifest alone is in the tables above; each text is there once. */
static void errors_are_covered(void **state)
{
	static const int seen[] = {
#define ERR(field, value, err) IMG_##err,
		CASES(ERR)
		IMG_OK, IMG_PLACE, IMG_IMAGE_ALIGN, IMG_IMAGE_RANGE,
		IMG_HEADER,		/* test_image.c */
		IMG_LEFT_OUT,		/* test_left_out.c */
		IMG_RESERVED,		/* test_image_refused.c: it is behind the manifest */
	};

	(void)state;
	for (int e = 0; e < IMG_COUNT; e++) {
		bool found = e >= IMG_UNSIGNED;		/* test_image_refused.c */

		for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
			found |= seen[i] == e;
		assert_true(found);
		assert_memory_equal(image_error_text(e), "image: ", 7);
		/* "vm 64: ended: " and this fit into a line of the log */
		assert_true(strlen(image_error_text(e)) < 140);
		for (int f = 0; f < e; f++)
			assert_string_not_equal(image_error_text(e), image_error_text(f));
	}
	assert_string_equal(image_error_text(IMG_COUNT), image_error_text(IMG_HEADER));
}

/*
 * Random manifests near the edges: whatever is accepted must be what is
 * promised. One mark for each page of the image; 128-bit sums cannot wrap.
 */
static void accepted_is_sound(void **state)
{
	static const u64 edges[] = {
		0, 1, 0x40, 0xfff, 0x1000, 0x2000, 0x3000, 0x4000, 0x1fffff,
		0x200000, 0x400000, 0x600000, 0x7ff000, 0x7fffff, 0x800000,
		HYPSEC_IMAGE_MAX, 1ULL << 32, 1ULL << 63, ~0xfffULL, ~0ULL,
	};
	unsigned int accepted = 0;

	(void)state;
	for (int n = 0; n < 300000; n++) {
		struct hypsec_manifest m = good();
		static u8 mark[0x800000 >> 12];
		u64 place = PLACE, base = BASE;

		for (int k = 1 + test_rand() % 3; k; k--) {
			u64 v = edges[test_rand() % ARRAY_SIZE(edges)];
			struct hypsec_part *p = &m.parts[test_rand() % 4];

			if (test_rand() % 4 == 0)
				v += (test_rand() % 3 - 1) << (test_rand() % 22);
			switch (test_rand() % 6) {
			case 0:
				p->offset = v;
				break;
			case 1:
				p->size = v;
				break;
			case 2:
				m.entry = v;
				break;
			case 3:
				place = v;
				break;
			case 4:
				base = v;
				break;
			case 5:
				p->offset = v;
				p->size = 0x1000;
				break;
			}
		}
		if (manifest_check(&m, place, base, IPA_LIMIT) != IMG_OK)
			continue;
		accepted++;
		memset(mark, 0, sizeof(mark));
		assert_true(base % SZ_2M == 0);
		assert_true((unsigned __int128)base + m.mem_size <= IPA_LIMIT);
		assert_true(place % 4096 == 0 && place <= m.mem_size - 4096);
		mark[place >> 12] = 1;
		for (int i = 0; i < HYPSEC_PART_COUNT; i++) {
			struct hypsec_part *p = &m.parts[i];

			assert_true((unsigned __int128)p->offset + p->size <=
				    m.mem_size);
			for (u64 o = 0; o < p->size; o += 4096) {
				assert_int_equal(mark[(p->offset + o) >> 12], 0);
				mark[(p->offset + o) >> 12] = 1;
			}
		}
		assert_true(m.entry >= 64 && m.entry % 4 == 0 &&
			    m.entry + 4 <= m.parts[HYPSEC_PART_STUB].size);
	}
	assert_true(accepted > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_good),
		cmocka_unit_test(refuses_each_field),
		cmocka_unit_test(sharing), cmocka_unit_test(realms),
		cmocka_unit_test(refuses_places),
		cmocka_unit_test(errors_are_covered),
		cmocka_unit_test(accepted_is_sound),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
