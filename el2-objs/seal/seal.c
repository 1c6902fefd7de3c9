// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page becomes ciphertext and is recognized again: ChaCha20-Poly1305 under a key of the VM's,
 * the counter as nonce, {VM, frame} authenticated. See README for what that stops.
 */
#include "boot.h"
#include "check.h"
#include "mem.h"
#include "seal.h"
#include "sysreg.h"

/* 16 bytes: two entries of a table for each frame, which never part. */
static u64 tag_address(u64 frame)
{
	return frame << (PAGE_SHIFT + 1);
}

_Static_assert(AEAD_TAG_SIZE == 2 * sizeof(u64), "a tag is two entries");

int seal_init(struct seal *s, u16 vm)
{
	int ret;

	s->tags = (struct s2){
		.root = pool_alloc(HYPSEC_ACC_SEAL),
		.ipa_bits = SEAL_IPA_BITS + 1,
		.vmid = vm,
		.acc = HYPSEC_ACC_SEAL,
	};
	if (!s->tags.root)
		return HYPSEC_NO_MEMORY;
	share_charge(vm, 1);		/* s2_destroy() takes it off again */
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
	if (s->tags.root)
		s2_destroy(&s->tags);
}

int seal_reserve(struct seal *s, u64 frame)
{
	return s2_split(&s->tags, tag_address(frame), 3);
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
	b->ad[0] = s->tags.vmid;
	b->ad[1] = frame;
	memset(b->nonce, 0, sizeof(b->nonce));
	memcpy(b->nonce, &counter, sizeof(counter));
	b->tag = (u8 *)s2_entry(&s->tags, tag_address(frame));
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
