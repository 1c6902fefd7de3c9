// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may sign, what a signature does not excuse, and that each refusal has its
 * reason; then a host that changes pages while they are verified.
 */
#include "image_common.h"

/* --- who may sign --- */

/* OpenSSL's opinion of abi/hypsec_image.h: the first half of SHA-512. */
static void half_sha512(u8 *out, const void *p, size_t n)
{
	u8 full[64];

	SHA512(p, n, full);
	memcpy(out, full, 32);
}

static struct hypsec_signer listed(u64 min_version)
{
	struct hypsec_signer s = { .min_version = min_version };

	half_sha512(s.key_hash, manifest()->signer, 32);
	return s;
}

static enum image_error judged(u64 version)
{
	struct image_verify v;
	int ret;

	manifest()->security_version = version;
	sign_image();
	memset(host.claimed, 0, sizeof(host.claimed));
	ret = verify(&v);
	assert_int_equal(ret, v.error == IMG_OK ? HYPSEC_OK : HYPSEC_DENIED);
	/* The log names who signed. */
	assert_memory_equal(v.id.signer, listed(0).key_hash, 32);
	assert_int_equal(v.id.security_version, version);
	return v.error;
}

static void signer_policy(void **state)
{
	const struct hypsec_policy before = policy;
	struct hypsec_signer other;

	(void)state;
	make_image();
	test_fill(&other, sizeof(other));
	other.min_version = 0;

	/* All zero is the least: nobody. */
	policy = (struct hypsec_policy){ 0 };
	assert_int_equal(judged(0), IMG_SIGNER);
	assert_int_equal(judged(~0ULL), IMG_SIGNER);
	/* Somebody else */
	policy = (struct hypsec_policy){ .nr_signers = 1, .signer = { other } };
	assert_int_equal(judged(1), IMG_SIGNER);
	/* What is behind the end of the list is not on it. */
	policy.signer[1] = listed(0);
	assert_int_equal(judged(1), IMG_SIGNER);
	policy.nr_signers = 2;
	assert_int_equal(judged(0), IMG_OK);
	/* One bit beside */
	policy.signer[1].key_hash[31] ^= 1;
	assert_int_equal(judged(0), IMG_SIGNER);

	policy.signer[1] = listed(7);
	assert_int_equal(judged(0), IMG_OLD);
	assert_int_equal(judged(6), IMG_OLD);
	assert_int_equal(judged(7), IMG_OK);
	assert_int_equal(judged(~0ULL), IMG_OK);
	policy.signer[1] = listed(~0ULL);
	assert_int_equal(judged(~0ULL - 1), IMG_OLD);
	/* The key itself is not its hash. */
	memcpy(policy.signer[1].key_hash, manifest()->signer, 32);
	assert_int_equal(judged(9), IMG_SIGNER);
	/* Any signer, but this one not below its minimum */
	policy.any = 1;
	assert_int_equal(judged(0), IMG_OK);
	policy.signer[0] = listed(3);
	assert_int_equal(judged(2), IMG_OLD);
	assert_int_equal(judged(3), IMG_OK);
	/* Named twice: the stricter entry counts, wherever it is. */
	policy = (struct hypsec_policy){ .nr_signers = 2, .signer = { listed(1), listed(5) } };
	assert_int_equal(judged(4), IMG_OLD);
	policy.signer[1] = listed(0);
	assert_int_equal(judged(0), IMG_OLD);
	/* A full list */
	for (int i = 0; i < HYPSEC_MAX_SIGNERS; i++)
		policy.signer[i] = other;
	policy.nr_signers = HYPSEC_MAX_SIGNERS;
	assert_int_equal(judged(0), IMG_SIGNER);
	policy.signer[HYPSEC_MAX_SIGNERS - 1] = listed(0);
	assert_int_equal(judged(0), IMG_OK);
	policy = before;
}

/* Policies that the core does not install. */
static void policy_form(void **state)
{
	struct hypsec_policy p = { .nr_signers = HYPSEC_MAX_SIGNERS, .any = 1 };

	(void)state;
	assert_true(policy_valid(&p));
	p.nr_signers++;
	assert_false(policy_valid(&p));
	p.nr_signers = ~0U;
	assert_false(policy_valid(&p));
	p.nr_signers = 0;
	p.any = 2;
	assert_false(policy_valid(&p));
	memset(&p, 0, sizeof(p));
	assert_true(policy_valid(&p));
}

/* A listed signer is not asked before the signature: the host can write any key. */
static void listed_but_not_signed(void **state)
{
	const struct hypsec_policy before = policy;
	struct image_verify v;

	(void)state;
	make_image();
	policy = (struct hypsec_policy){ .nr_signers = 1, .signer = { listed(0) } };
	manifest()->security_version++;
	assert_int_equal(verify(&v), HYPSEC_BAD_SIGNATURE);
	assert_int_equal(v.error, IMG_SIGNATURE);
	memset(host.claimed, 0, sizeof(host.claimed));
	memset(manifest()->signature, 0, 64);
	assert_int_equal(verify(&v), HYPSEC_UNSIGNED);
	assert_int_equal(v.error, IMG_UNSIGNED);
	policy = before;
}

static void identity(void **state)
{
	struct hypsec_manifest *m = manifest();
	u8 seen[8][32], want[32];
	struct image_verify v;
	int n = 0;

	(void)state;
#define ANOTHER(change) do {							\
		make_image();							\
		change;								\
		sign_image();							\
		assert_int_equal(verify(&v), HYPSEC_OK);			\
		half_sha512(want, m, 448);					\
		assert_memory_equal(v.id.vm, want, 32);				\
		half_sha512(want, m->signer, 32);				\
		assert_memory_equal(v.id.signer, want, 32);			\
		for (int i = 0; i < n; i++)					\
			assert_memory_not_equal(v.id.vm, seen[i], 32);		\
		memcpy(seen[n++], v.id.vm, 32);					\
	} while (0)
	ANOTHER(m->flags = 0);
	ANOTHER(m->flags = HYPSEC_FLAG_DEBUG);
	ANOTHER(m->flags = HYPSEC_FLAG_SHARE);
	ANOTHER(m->flags = HYPSEC_FLAG_CONSOLE);
	ANOTHER(m->security_version = 1);
	ANOTHER(m->entry += 4);
	ANOTHER(host.mem[0x3000] ^= 1);			/* the command line */
	ANOTHER(host.mem[0x202ffe] ^= 1);		/* the kernel's last byte */
}

/* --- what a signature does not excuse --- */

static void signed_but_malformed(void **state)
{
	struct hypsec_manifest *m = manifest();
	struct image_verify v;

	(void)state;
#define MALFORMED(change, err) do {						\
		make_image();							\
		change;								\
		sign_manifest();						\
		assert_int_equal(verify(&v), HYPSEC_UNSIGNED);		\
		assert_int_equal(v.error, IMG_##err);				\
		/* the first page and the manifest, nothing else */		\
		for (u64 i = 0; i < PAGES; i++)					\
			assert_int_equal(host.claimed[i], i == 0 || i == 2);	\
	} while (0)
	MALFORMED(m->version = 2, VERSION);
	MALFORMED(m->flags = 0x80, FLAGS);
	MALFORMED(m->flags = HYPSEC_FLAG_RSI | HYPSEC_FLAG_PCI, SHARE);
	MALFORMED(m->flags = HYPSEC_FLAG_PCI, SHARE);
	MALFORMED(m->signed_at = 1, TIME);
	MALFORMED(m->flags = HYPSEC_FLAG_CLOCK, TIME);
	MALFORMED(m->parts[2].offset = 0x3000, OVERLAP);
	MALFORMED(m->parts[2].offset = 0x2000, OVERLAP);
	MALFORMED(m->parts[1].offset = 0, OVERLAP);
	MALFORMED(m->parts[0].size = 0x2001, OVERLAP);
	MALFORMED(m->parts[1].size = ~0ULL, PART_RANGE);
	MALFORMED(m->parts[1].size = -0x200000ULL, PART_RANGE);
	MALFORMED(m->parts[2].size = ~0xfffULL, PART_RANGE);
	MALFORMED(m->parts[2].offset = -0x2000ULL, PART_RANGE);
	MALFORMED(m->parts[3].offset = MEM_SIZE, PART_RANGE);
	MALFORMED(m->parts[3].size = MEM_SIZE, PART_RANGE);
	MALFORMED(m->mem_size = ~0xfffULL, MEM_SIZE);
	MALFORMED(m->mem_size = HYPSEC_IMAGE_MAX + PAGE_SIZE, MEM_SIZE);
	MALFORMED(m->entry = 0x1234, ENTRY);
	/* the rest of the manifest's page is not signed, so it is looked at */
	MALFORMED(host.mem[MANIFEST_AT + 512] = 1, RESERVED);
	MALFORMED(host.mem[MANIFEST_AT + 4095] = 1, RESERVED);
}

/* The VMM had only a part of the file: nothing, zeros, in the rest. */
static void truncated(void **state)
{
	static const struct { u64 size; enum image_error e; } cut[] = {
		{ 0, IMG_HEADER }, { 63, IMG_MAGIC }, { 0x800, IMG_MAGIC },
		{ 0x2000, IMG_MAGIC }, { 0x2008, IMG_VERSION },
		{ 0x2000 + 448, IMG_UNSIGNED }, { 0x2000 + 511, IMG_SIGNATURE },
		{ 0x2000 + 512, IMG_KERNEL_DIGEST }, { 0x3000, IMG_KERNEL_DIGEST },
		{ 0x200000, IMG_KERNEL_DIGEST }, { 0x202000, IMG_KERNEL_DIGEST },
		{ 0x202ffe, IMG_KERNEL_DIGEST },
	};
	struct image_verify v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cut); i++) {
		make_image();
		/* so that what is cut off is never zero anyway */
		host.mem[0x202ffe] = 0xa5;
		do {
			manifest()->security_version++;
			sign_image();
		} while (!manifest()->signature[63]);
		memset(host.mem + cut[i].size, 0, MEM_SIZE - cut[i].size);
		assert_int_not_equal(verify(&v), HYPSEC_OK);
		assert_int_equal(v.error, cut[i].e);
		assert_int_equal(v.stage, IMAGE_REFUSED);
	}
}

static void each_part_has_its_line(void **state)
{
	static const struct { u64 at; enum image_error e; } t[] = {
		{ 0x400, IMG_STUB_DIGEST }, { 0x200400, IMG_KERNEL_DIGEST },
		{ 0x5001, IMG_INITRD_DIGEST }, { 0x3001, IMG_CMDLINE_DIGEST },
	};
	struct image_verify v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		make_image();
		host.mem[t[i].at] ^= 0x10;
		assert_int_equal(verify(&v), HYPSEC_BAD_SIGNATURE);
		assert_int_equal(v.error, t[i].e);
	}
}

/*
 * A host that changes pages between any two looks of the core. Before its claim
 * a changed page is refused, afterwards the host writes to a page that is not there
 * any more; there is no third moment. @host.mem is what the host writes to, and
 * the verifier is given host.priv, which only the claim fills.
 */
static void changed_while_verified(void **state)
{
	static u8 copy[MEM_SIZE];
	unsigned int refused = 0, verified = 0;
	struct image_verify v;
	int ret;

	(void)state;
	for (int n = 0; n < 400; n++) {
		u64 at = test_rand() % 0x6000, hit;
		unsigned int when = test_rand() % 24, step = 0;
		bool claimed = false;

		if (test_rand() % 3 == 0)
			at = 0x200000 + test_rand() % 0x3000;
		make_image();
		memcpy(copy, host.mem, MEM_SIZE);
		image_verify_init(&v, BASE, LIMIT, &policy);
		hit = at / PAGE_SIZE;
		do {
			if (step++ == when) {
				claimed = host.claimed[hit];
				host.mem[at] ^= 1 << (test_rand() % 8);
			}
			ret = image_verify_step(&v, &host.src);
		} while (ret == HYPSEC_RESTART);
		if (step <= when || claimed) {
			assert_int_equal(ret, HYPSEC_OK);
			assert_clean(copy);
			verified++;
		} else {
			assert_int_equal(v.stage, IMAGE_REFUSED);
			refused++;
		}
	}
	assert_true(refused > 50 && verified > 50);
}

/* Whatever became of its stage: nothing is verified that has not been looked at. */
static void no_stage(void **state)
{
	struct image_verify v;

	(void)state;
	make_image();
	image_verify_init(&v, BASE, LIMIT, &policy);
	v.stage = IMAGE_REFUSED;
	assert_int_equal(image_verify_step(&v, &host.src), HYPSEC_STATE);
	v.stage = IMAGE_REFUSED + 1;
	assert_int_equal(image_verify_step(&v, &host.src), HYPSEC_STATE);
	assert_false(host.claimed[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signer_policy),
		cmocka_unit_test(policy_form),
		cmocka_unit_test(listed_but_not_signed),
		cmocka_unit_test(identity),
		cmocka_unit_test(signed_but_malformed),
		cmocka_unit_test(truncated),
		cmocka_unit_test(each_part_has_its_line),
		cmocka_unit_test(changed_while_verified),
		cmocka_unit_test(no_stage),
	};

	return run_image_tests("image_refused", tests, ARRAY_SIZE(tests));
}
