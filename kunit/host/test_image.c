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
static struct hypsec_policy policy = { .any = 1 };

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

static struct hypsec_manifest *manifest(void)
{
	return (void *)(host.mem + MANIFEST_AT);
}

/* Whatever the manifest says. */
static void sign_manifest(void)
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

static void sign_image(void)
{
	struct hypsec_manifest *m = manifest();

	for (int i = 0; i < HYPSEC_PART_COUNT; i++)
		if (m->parts[i].size)
			digest(&m->parts[i], m->parts[i].sha512);
	sign_manifest();
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

	image_verify_init(v, BASE, LIMIT, &policy);
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
	/* a valid image of another signer: any may sign here, told apart by v.id */
	assert_int_equal(verify(&v, ~0ULL), HYPSEC_OK);
	assert_memory_not_equal(v.m.signer, pk, 32);
	memset(host.claimed, 0, sizeof(host.claimed));
	memcpy(m->signer, pk, 32);
	assert_int_equal(verify(&v, ~0ULL), HYPSEC_BAD_SIGNATURE);
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
		assert_int_equal(image_verify_step(&v, &host.src, ~0ULL),
				 HYPSEC_INVALID);
		assert_false(host.claimed[0]);
	}
	make_image();
	image_verify_init(&v, LIMIT - SZ_2M, LIMIT, &policy);
	assert_int_equal(image_verify_step(&v, &host.src, ~0ULL), HYPSEC_UNSIGNED);
	assert_int_equal(v.error, IMG_IMAGE_RANGE);
}

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
	ret = verify(&v, 4096);
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
	assert_int_equal(verify(&v, 4096), HYPSEC_BAD_SIGNATURE);
	assert_int_equal(v.error, IMG_SIGNATURE);
	memset(host.claimed, 0, sizeof(host.claimed));
	memset(manifest()->signature, 0, 64);
	assert_int_equal(verify(&v, 4096), HYPSEC_UNSIGNED);
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
		assert_int_equal(verify(&v, 4096), HYPSEC_OK);			\
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
		assert_int_equal(verify(&v, 4096), HYPSEC_UNSIGNED);		\
		assert_int_equal(v.error, IMG_##err);				\
		/* the first page and the manifest, nothing else */		\
		for (u64 i = 0; i < PAGES; i++)					\
			assert_int_equal(host.claimed[i], i == 0 || i == 2);	\
	} while (0)
	MALFORMED(m->version = 2, VERSION);
	MALFORMED(m->flags = 8, FLAGS);
	MALFORMED(m->reserved[1] = 1, RESERVED);
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
		assert_int_not_equal(verify(&v, 4096), HYPSEC_OK);
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
		assert_int_equal(verify(&v, 4096), HYPSEC_BAD_SIGNATURE);
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
			ret = image_verify_step(&v, &host.src, 4096);
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
		cmocka_unit_test(signer_policy),
		cmocka_unit_test(policy_form),
		cmocka_unit_test(listed_but_not_signed),
		cmocka_unit_test(identity),
		cmocka_unit_test(signed_but_malformed),
		cmocka_unit_test(truncated),
		cmocka_unit_test(each_part_has_its_line),
		cmocka_unit_test(changed_while_verified),
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
