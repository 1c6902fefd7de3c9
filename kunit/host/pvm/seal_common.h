/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protected VMs whose frames are sealed and come home, above pgt/, own/, vm/end.c and
 * vm/walk.c on the fake machine. The test is the host: it writes KVM's table and memory.
 */
#ifndef HYPSEC_SEAL_COMMON_H
#define HYPSEC_SEAL_COMMON_H

#include <openssl/evp.h>
#include "vm/vm_common.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "pvm/priv.h"

#define PAGE_RWX	(PTE_AF | S2_TABLE | S2_VALID | S2_R | S2_W | S2_MEMATTR_WB)
#ifdef MACHINE_1T
#define GUEST_RAM	(1023UL * SZ_1G)	/* its last GiB */
#define OTHER_GIB	(1022UL * SZ_1G)	/* nothing has been there */
#else
#define GUEST_RAM	SZ_1G
#define OTHER_GIB	(2UL * SZ_1G)
#endif
#define FRAME		((GUEST_RAM >> PAGE_SHIFT) + 0x205)
#define PAGE_A		(GUEST_PAGES + 3 * PAGE_SIZE)
#define PAGE_B		(GUEST_PAGES + 9 * PAGE_SIZE)

static struct vcpu *v;			/* of vm, on CPU 0 */

/* --- what stands for the rest of the core --- */
struct pvm_cpus pvm_cpus;		/* without SVE */

static int random_status;

int core_random(void *out, size_t n)
{
	test_fill(out, n);
	return random_status;
}

static int irq_after = -1;		/* host_irq_pending(): true at the n-th look; -1 never */

bool host_irq_pending(void)
{
	assert_int_equal(this_cpu()->ranks_held, 0);
	return irq_after >= 0 && irq_after-- == 0;
}

bool pvm_die(struct vcpu *vcpu, const char *why, enum vcpu_exit *code)
{
	vm_kill(vcpu->vm, why);
	return pvm_show(vcpu, SHOW_DEAD, code);
}

bool pvm_is_dead(struct vcpu *vcpu, enum vcpu_exit *code)
{
	return READ_ONCE(vcpu->vm->state) == VM_DEAD && !pvm_show(vcpu, SHOW_DEAD, code);
}

void psci_cpu_on_done(struct vcpu *vcpu, u64 ret)
{
	(void)vcpu;
	(void)ret;
	fail();
}

static bool may_skip;			/* the instruction that trapped is one to be skipped */

void vcpu_skip(struct vcpu *vcpu)
{
	assert_true(may_skip);
	vcpu->regs.pc += 4;
}

/* While a page is encrypted nobody reaches it: not the host, and no guest by any TLB. */
void __real_hypsec_aead_seal(void *dst, u8 *tag, const void *src, size_t len, const void *ad,
			     size_t ad_len, const u8 *nonce, const u8 *key);
void __wrap_hypsec_aead_seal(void *dst, u8 *tag, const void *src, size_t len, const void *ad,
			     size_t ad_len, const u8 *nonce, const u8 *key);

int __real_hypsec_aead_open(void *dst, const u8 *tag, const void *src, size_t len,
			    const void *ad, size_t ad_len, const u8 *nonce, const u8 *key);
int __wrap_hypsec_aead_open(void *dst, const u8 *tag, const void *src, size_t len,
			    const void *ad, size_t ad_len, const u8 *nonce, const u8 *key);
void __real_hypsec_wipe(void *p, size_t len);
void __wrap_hypsec_wipe(void *p, size_t len);

/* A copy of the key, on the stack: it is erased before anything else goes on. */
static const u8 *key_copy;
static const u8 *watched_key;		/* and any other copy of this one */
static unsigned int copies_wiped;

void __wrap_hypsec_wipe(void *p, size_t len)
{
	if (watched_key && p != watched_key && memmem(p, len, watched_key, AEAD_KEY_SIZE))
		copies_wiped++;
	if (key_copy >= (u8 *)p && key_copy + AEAD_KEY_SIZE <= (u8 *)p + len)
		key_copy = NULL;
	__real_hypsec_wipe(p, len);
}

int __wrap_hypsec_aead_open(void *dst, const u8 *tag, const void *src, size_t len,
			    const void *ad, size_t ad_len, const u8 *nonce, const u8 *key)
{
	assert_null(key_copy);
	key_copy = key;
	return __real_hypsec_aead_open(dst, tag, src, len, ad, ad_len, nonce, key);
}

static unsigned int seals;
static struct {
	u64 ad[2], counter;
	u8 key[32], nonce[12], tag[16];
	void (*hook)(void);
} last;

void __wrap_hypsec_aead_seal(void *dst, u8 *tag, const void *src, size_t len, const void *ad,
			     size_t ad_len, const u8 *nonce, const u8 *key)
{
	u64 pa = this_cpu()->slot[SLOT_PAGE].pa;

	assert_int_equal(len, PAGE_SIZE);
	assert_int_equal(ad_len, sizeof(last.ad));
	assert_int_equal(own_peek(PA(pa)).state, PG_MOVING);
	assert_false(host_can(pa, false, false));
	assert_false(tlb_stale(pa));
	/* What is in memory counts: the guest may have written there past the caches. */
	assert_true(page_is_clean(pa) || poison_met());
	assert_null(key_copy);
	key_copy = key;
	__real_hypsec_aead_seal(dst, tag, src, len, ad, ad_len, nonce, key);
	page_dirtied(pa);
	memcpy(last.key, key, 32);
	memcpy(last.nonce, nonce, 12);
	memcpy(&last.counter, nonce, 8);
	assert_true(all_zero(nonce + 8, 4));
	memcpy(last.ad, ad, 16);
	memcpy(last.tag, tag, 16);
	seals++;
}

/* --- VMs --- */
/* Makes @m, just made, a protected one with RAM from 1 GiB on to the end of the GiB GUEST_RAM. Return: its first vCPU. */
static inline struct vcpu *make_protected(struct vm *m)
{
	struct pvm *p;

	spin_lock(&m->lock);
	assert_int_equal(pvm_alloc(m, &p), HYPSEC_OK);
	p->vcpu[0] = pvm_vcpu_new(m, p, 0);
	assert_non_null(p->vcpu[0]);
	p->ram[0] = (struct pvm_range){ SZ_1G, GUEST_RAM };
	p->nr_ram = 1;
	s2_drop(&m->s2);
	m->s2.holds = true;
	m->pvm = p;
	m->state = VM_PROTECTED;
	spin_unlock(&m->lock);
	return p->vcpu[0];
}

static inline int begin_protected(void **state)
{
	int ret = begin(state);

	v = make_protected(vm);
	seals = 0;
	irq_after = -1;
	return ret;
}

/* KVM has @page for @frame. */
static inline void kvm_maps(u64 frame, u64 page)
{
	*kvm_entry(&id, frame << PAGE_SHIFT, 3) = page ? page | PAGE_RWX : 0;
}

/* The guest touches @frame. */
static inline int touch(u64 frame)
{
	int ret = pvm_claim(v, IPA(frame << PAGE_SHIFT), true, NULL);

	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_null(key_copy);
	assert_true(slots_empty());
	return ret;
}

static inline u64 entry(u64 frame)
{
	return s2_lookup(&vm->s2, frame << PAGE_SHIFT).pte;
}

/* True if the guest reaches @frame at @page, and nobody else does. */
static inline bool private(u64 frame, u64 page)
{
	struct page_info pi = own_lookup(PA(page));

	return (entry(frame) & S2_VALID) && (entry(frame) & S2_ADDR) == page &&
	       pi.state == PG_PRIVATE && pi.vm == vm->id && pi.frame == frame &&
	       !host_can(page, false, false);
}

static inline bool sealed(u64 frame)
{
	return frame_counter(entry(frame)) != 0;
}

/* The guest writes: by its own mapping, past what the core sees. */
static inline void guest_fills(u64 frame, u8 *copy)
{
	assert_true(entry(frame) & S2_VALID);
	test_fill(copy, PAGE_SIZE);
	memcpy(raw(entry(frame) & S2_ADDR), copy, PAGE_SIZE);
	page_dirtied(entry(frame) & S2_ADDR);
}

/* The host touches @page: as own/host_s2.c finds it. */
static inline void host_touches(u64 page)
{
	struct page_info pi = own_lookup(PA(page));

	if (pi.state == PG_PRIVATE)
		vm_host_touch(PA(page), pi);
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_null(key_copy);
	assert_true(slots_empty());
}

static inline bool is_zero(u64 page)
{
	return !raw(page)[0] && !memcmp(raw(page), raw(page) + 1, PAGE_SIZE - 1);
}

/* --- the same cipher by OpenSSL: @out of @in, with what the core was seen to use --- */
static inline void openssl_seals(u8 *out, u8 *tag, const u8 *in)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, last.key,
					    last.nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, (const u8 *)last.ad, sizeof(last.ad)), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out, &n, in, PAGE_SIZE), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, out + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
	EVP_CIPHER_CTX_free(c);
}

#define SEAL_TEST(t) cmocka_unit_test_setup_teardown(t, begin_protected, end)

#endif
