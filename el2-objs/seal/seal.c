// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page becomes ciphertext and is recognized again: ChaCha20-Poly1305 under a key of the VM's,
 * the counter as nonce, {VM, frame} authenticated. See README for what that stops.
 */
#include "seal/seal.h"
#include "base/check.h"
#include "base/sysreg.h"
#include "pgt/pgt.h"
#include "pool/pool.h"

/* 16 bytes: two entries of a table for each frame, which never part. A table has half of them. */
#define TABLE_BITS	48
#define TABLE_FRAMES	BIT(TABLE_BITS - PAGE_SHIFT - 1)

_Static_assert(AEAD_TAG_SIZE == 2 * sizeof(u64), "a tag is two entries");
_Static_assert(SEAL_FRAMES == 2 * TABLE_FRAMES, "two tables");

static u64 tag_address(u64 frame)
{
	return (frame & (TABLE_FRAMES - 1)) << (PAGE_SHIFT + 1);
}

static unsigned int tag_table(u64 frame)
{
	CHECK(frame < SEAL_FRAMES);
	return frame / TABLE_FRAMES;
}

int seal_init(struct seal *s, u16 vm, u8 ipa_bits)
{
	int ret;

	for (u64 i = 0; i * TABLE_FRAMES < BIT(ipa_bits - PAGE_SHIFT); i++) {
		CHECK(i < ARRAY_SIZE(s->tags));
		s->tags[i] = (struct s2){
			.root = pool_alloc(HYPSEC_ACC_SEAL),
			.ipa_bits = TABLE_BITS,
			.vmid = vm,
			.acc = HYPSEC_ACC_SEAL,
		};
		if (!s->tags[i].root) {
			seal_free(s);
			return HYPSEC_NO_MEMORY;
		}
		share_charge(vm, 1);		/* s2_destroy() takes it off again */
	}
	ret = core_random(s->key, sizeof(s->key));
	if (ret != HYPSEC_OK)
		seal_free(s);
	return ret;
}

void seal_forget(struct seal *s)
{
	hypsec_wipe(s->key, sizeof(s->key));
	dcache_clean_inval_poc(s->key, sizeof(s->key));
}

void seal_free(struct seal *s)
{
	seal_forget(s);
	for (size_t i = 0; i < ARRAY_SIZE(s->tags); i++)
		if (s->tags[i].root)
			s2_destroy(&s->tags[i]);
}

int seal_reserve(struct seal *s, u64 frame)
{
	return s2_split(&s->tags[tag_table(frame)], tag_address(frame), 3);
}

/* What a page is encrypted with. The caller wipes it. */
struct box {
	u8 key[AEAD_KEY_SIZE];
	u64 ad[2];
	u8 nonce[AEAD_NONCE_SIZE];
	u8 *tag;
};

static void box_make(struct box *b, const struct seal *s, u64 frame, u64 counter)
{
	memcpy(b->key, s->key, sizeof(b->key));
	b->ad[0] = s->tags[0].vmid;
	b->ad[1] = frame;
	memset(b->nonce, 0, sizeof(b->nonce));
	memcpy(b->nonce, &counter, sizeof(counter));
	b->tag = (u8 *)s2_entry(&s->tags[tag_table(frame)], tag_address(frame));
}

u64 seal_page(struct seal *s, u64 frame, void *page)
{
	struct box b;
	bool broken;

	CHECK(s->counter < SEAL_COUNTER_MAX);
	s->counter++;
	box_make(&b, s, frame, s->counter);
	/*
	 * A broken core erases keys under the feet of who uses them (vm_cut_off()), after it
	 * has said that it is broken: under a key that is half erased nothing is handed out.
	 */
	dmb(ishld);
	broken = READ_ONCE(core_broken);
	if (broken)
		hypsec_wipe(&b, sizeof(b));
	CHECK(!broken);
	hypsec_aead_seal(page, b.tag, page, PAGE_SIZE, b.ad, sizeof(b.ad), b.nonce, b.key);
	hypsec_wipe(&b, sizeof(b));
	return s->counter;
}

int seal_open(struct seal *s, u64 frame, u64 counter, void *page)
{
	struct box b;
	int ret;

	box_make(&b, s, frame, counter);
	ret = hypsec_aead_open(page, b.tag, page, PAGE_SIZE, b.ad, sizeof(b.ad), b.nonce, b.key);
	hypsec_wipe(&b, sizeof(b));
	return ret;
}
