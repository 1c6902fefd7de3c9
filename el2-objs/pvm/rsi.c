// SPDX-License-Identifier: GPL-2.0-only
/*
 * Realm Services Interface (DEN0137 1.0, B5): with it a stock kernel runs as an Arm CCA Realm. All
 * of it is answered here; the host hears at most of a frame that it has no page for. Nothing makes
 * a private frame shared: what is shared lies in the unprotected half, and is other memory.
 */
#include "pvm/priv.h"
#include "abi/hypsec_rsi.h"
#include "base/psci.h"

#define LOOKS	256		/* entries, in one call */

/* Beside RSI_*: the call is not done. The guest makes it again, at once or after it has left. */
enum { AGAIN = -1, LEAVE = -2 };

_Static_assert(sizeof(struct rsi_host_call) == RSI_HOST_CALL_ALIGN, "DEN0137, B5.4.3");

/* Takes vm->lock, of a VM that lives. Return: RSI_SUCCESS or LEAVE. */
static int lock(struct vcpu *v, enum vcpu_exit *code)
{
	if (!pvm_lock(v->vm)) {
		pvm_show(v, SHOW_NOTHING, code);
		return LEAVE;
	}
	if (v->vm->state == VM_PROTECTED)
		return RSI_SUCCESS;
	spin_unlock(&v->vm->lock);
	pvm_is_dead(v, code);
	return LEAVE;
}

/*
 * The page of the guest's own frame at @ipa, for close_page(). vm->lock is held until then, or the
 * host could have the page taken away and given for another frame of the same VM, which would be
 * written to instead.
 */
static int open_page(struct vcpu *v, u64 ipa, void **va, enum vcpu_exit *code)
{
	struct vm *vm = v->vm;
	struct s2_leaf leaf;
	int ret = lock(v, code);

	if (ret != RSI_SUCCESS)
		return ret;
	leaf = s2_lookup(&vm->s2, ipa);
	if (!pvm_in_ram(vm->pvm, ipa, PAGE_SIZE) || leaf.pte == FRAME_EMPTY) {
		ret = RSI_ERROR_INPUT;
	} else if (!(leaf.pte & S2_VALID)) {
		spin_unlock(&vm->lock);
		return pvm_ram_fault(v, IPA(ipa), code) ? AGAIN : LEAVE;
	} else {
		*va = slot_map_private(PA((leaf.pte & S2_ADDR) + (ipa & (leaf.size - 1))), vm->id);
		if (*va)
			return RSI_SUCCESS;
		ret = AGAIN;
	}
	spin_unlock(&vm->lock);
	return ret;
}

static int close_page(struct vcpu *v, enum vcpu_exit *code)
{
	bool lost = slot_unmap(SLOT_PAGE) != HYPSEC_OK;

	spin_unlock(&v->vm->lock);
	if (!lost)
		return RSI_SUCCESS;
	pvm_die(v, "a memory error in a page of its", code);
	return LEAVE;
}

/* [base, top) is whole frames of the protected half. */
static bool protected_range(const struct vm *vm, u64 base, u64 top)
{
	return IS_ALIGNED(base | top, PAGE_SIZE) && base < top && top <= pvm_private_end(vm);
}

static int realm_config(struct vcpu *v, enum vcpu_exit *code)
{
	u64 ipa = v->regs.x[1];
	struct rsi_realm_config *c;
	void *va;
	int ret;

	if (!protected_range(v->vm, ipa, ipa + PAGE_SIZE))
		return RSI_ERROR_INPUT;
	ret = open_page(v, ipa, &va, code);
	if (ret != RSI_SUCCESS)
		return ret;
	page_zero(va);
	c = va;
	c->ipa_width = v->vm->s2.ipa_bits;
	c->hash_algo = RSI_HASH_SHA_512;
	return close_page(v, code);
}

/*
 * Is @ipa RAM, as the guest's stub has said (VM_RAM)? @end: up to where that, or the contrary,
 * holds: in, at most that far.
 */
static bool ram_until(const struct pvm *p, u64 ipa, u64 *end)
{
	u64 far = 0, near = *end;

	for (u32 i = 0; i < p->nr_ram + 2; i++) {
		const struct pvm_range *r = i < 2 ? (i ? &p->dtb : &p->image) : &p->ram[i - 2];

		if (ipa - r->base < r->size)
			far = r->base + r->size > far ? r->base + r->size : far;
		else if (r->size && r->base > ipa && r->base < near)
			near = r->base;
	}
	if (!far)
		*end = near;
	else if (far < *end)
		*end = far;
	return far;
}

/* The first frame behind the entry at @ipa, at most @end. */
static u64 next(const struct s2_leaf *leaf, u64 ipa, u64 end)
{
	ipa = ALIGN_DOWN(ipa, leaf->size) + leaf->size;
	return ipa < end ? ipa : end;
}

/* Frames that were given up from @at on are as if never touched. False: one is no RAM. */
static bool take_back(struct vm *vm, u64 *at, u64 top)
{
	for (u32 i = 0; i < LOOKS && *at < top; i++) {
		struct s2_leaf leaf = s2_lookup(&vm->s2, *at);
		u64 end = top;

		if (!ram_until(vm->pvm, *at, &end))
			return false;
		if (leaf.pte == FRAME_EMPTY)
			s2_replace(&vm->s2, *at, FRAME_EMPTY, 0);
		*at = next(&leaf, *at, end);
	}
	return true;
}

/*
 * RAM that is RAM keeps what is in it. EMPTY destroys it: the host has the pages back, zeroed, and
 * whoever touches the frame aborts, as the specification says, until it is RAM again and zero. A
 * guest that goes on with the unprotected alias finds other memory there, never what it had.
 * Frames of devices stay what they are: as if the host had rejected it. Frames are never
 * DESTROYED (a host that loses one ends the VM), so the flags say nothing.
 */
static int ipa_state_set(struct vcpu *v, enum vcpu_exit *code)
{
	u64 base = v->regs.x[1], top = v->regs.x[2], ripas = v->regs.x[3], at = base, done;
	bool accept = true;
	int ret;

	if (!protected_range(v->vm, base, top) || ripas > RSI_RIPAS_RAM)
		return RSI_ERROR_INPUT;
	if (ripas == RSI_RIPAS_RAM) {
		ret = lock(v, code);
		if (ret != RSI_SUCCESS)
			return ret;
		accept = take_back(v->vm, &at, top);
		spin_unlock(&v->vm->lock);
	} else {
		switch (pvm_empty(v->vm, base, (top - base) >> PAGE_SHIFT, &done)) {
		case HYPSEC_RANGE:
			accept = false;
			break;
		case HYPSEC_NO_MEMORY:
			pvm_show_wait(v, code);
			return LEAVE;
		case HYPSEC_DEAD:
			pvm_is_dead(v, code);
			return LEAVE;
		}
		at += done << PAGE_SHIFT;
	}
	v->regs.x[1] = at;
	v->regs.x[2] = accept ? RSI_ACCEPT : RSI_REJECT;
	return RSI_SUCCESS;
}

/*
 * What is not RAM is DEV, so that a guest reaches its devices at their plain address. They are the
 * host's all the same, and not what the specification means with it: README.
 */
static int ipa_state_get(struct vcpu *v, enum vcpu_exit *code)
{
	u64 base = v->regs.x[1], top = v->regs.x[2], at = base;
	struct vm *vm = v->vm;
	struct s2_leaf leaf;
	bool ram, empty;
	int ret;

	if (!protected_range(vm, base, top))
		return RSI_ERROR_INPUT;
	ret = lock(v, code);
	if (ret != RSI_SUCCESS)
		return ret;
	ram = ram_until(vm->pvm, base, &top);
	leaf = s2_lookup(&vm->s2, at);
	empty = leaf.pte == FRAME_EMPTY;
	for (u32 i = 0; ram && i < LOOKS && at < top && (leaf.pte == FRAME_EMPTY) == empty; i++) {
		at = next(&leaf, at, top);
		leaf = s2_lookup(&vm->s2, at);
	}
	spin_unlock(&vm->lock);
	v->regs.x[1] = ram ? at : top;
	v->regs.x[2] = !ram ? RSI_RIPAS_DEV : empty ? RSI_RIPAS_EMPTY : RSI_RIPAS_RAM;
	return RSI_SUCCESS;
}

/* Index 0 is what the image is: its identity, of 32 bytes. The others are the guest's to extend. */
static int measurement_read(struct vcpu *v, enum vcpu_exit *code)
{
	struct pvm *p = v->vm->pvm;
	u64 index = v->regs.x[1];
	int ret;

	if (index > HYPSEC_REMS)
		return RSI_ERROR_INPUT;
	ret = lock(v, code);
	if (ret != RSI_SUCCESS)
		return ret;
	memset(&v->regs.x[1], 0, HYPSEC_REM_SIZE);
	if (index)
		memcpy(&v->regs.x[1], p->rem[index - 1], HYPSEC_REM_SIZE);
	else
		memcpy(&v->regs.x[1], p->verify.id.vm, sizeof(p->verify.id.vm));
	spin_unlock(&v->vm->lock);
	return RSI_SUCCESS;
}

/* SHA-512 of the old one and of 64 bytes: what is given, then zeros (B3, RemExtend). */
static int measurement_extend(struct vcpu *v, enum vcpu_exit *code)
{
	u64 index = v->regs.x[1], size = v->regs.x[2];
	u8 value[HYPSEC_REM_SIZE] = { 0 }, *rem;
	struct hypsec_sha512 h;
	int ret;

	if (index < 1 || index > HYPSEC_REMS || size > sizeof(value))
		return RSI_ERROR_INPUT;
	memcpy(value, &v->regs.x[3], size);
	rem = v->vm->pvm->rem[index - 1];
	ret = lock(v, code);
	if (ret != RSI_SUCCESS)
		return ret;
	hypsec_sha512_init(&h);
	hypsec_sha512_update(&h, rem, HYPSEC_REM_SIZE);
	hypsec_sha512_update(&h, value, sizeof(value));
	hypsec_sha512_final(&h, rem);
	spin_unlock(&v->vm->lock);
	return RSI_SUCCESS;
}

/* One at a time for each vCPU, made here: however long it takes to fetch, it is of now. */
static int token_init(struct vcpu *v, enum vcpu_exit *code)
{
	struct hypsec_token *t = v->token;
	struct pvm *p = v->vm->pvm;
	int ret = lock(v, code);

	if (ret != RSI_SUCCESS)
		return ret;
	memcpy(t->rem, p->rem, sizeof(t->rem));
	spin_unlock(&v->vm->lock);
	memcpy(t->challenge, &v->regs.x[1], sizeof(t->challenge));
	v->token_left = 0;
	if (platform_token(&p->verify, t) != HYPSEC_OK)
		return RSI_ERROR_UNKNOWN;
	v->token_left = sizeof(*t);
	v->regs.x[1] = sizeof(*t);
	return RSI_SUCCESS;
}

static int token_continue(struct vcpu *v, enum vcpu_exit *code)
{
	u64 ipa = v->regs.x[1], offset = v->regs.x[2], size = v->regs.x[3];
	void *va;
	int ret = RSI_SUCCESS;

	if (!protected_range(v->vm, ipa, ipa + PAGE_SIZE) || offset >= PAGE_SIZE ||
	    size > PAGE_SIZE - offset)
		ret = RSI_ERROR_INPUT;
	else if (!v->token_left)
		ret = RSI_ERROR_STATE;
	if (ret == RSI_SUCCESS)
		ret = open_page(v, ipa, &va, code);
	if (ret != RSI_SUCCESS) {
		if (ret > RSI_SUCCESS)
			v->regs.x[1] = 0;
		return ret;
	}
	if (size > v->token_left)
		size = v->token_left;
	memcpy((u8 *)va + offset, (u8 *)(v->token + 1) - v->token_left, size);
	ret = close_page(v, code);
	if (ret != RSI_SUCCESS)
		return ret;
	v->token_left -= size;
	v->regs.x[1] = size;
	return v->token_left ? RSI_INCOMPLETE : RSI_SUCCESS;
}

/*
 * No call but PSCI's leaves the core, so the host's part is played here: the answer is what KVM
 * gives to a call that it does not know.
 */
static int host_call(struct vcpu *v, enum vcpu_exit *code)
{
	u64 ipa = v->regs.x[1], page = ALIGN_DOWN(ipa, PAGE_SIZE);
	struct rsi_host_call *c;
	void *va;
	int ret;

	if (!IS_ALIGNED(ipa, RSI_HOST_CALL_ALIGN) ||
	    !protected_range(v->vm, page, page + PAGE_SIZE))
		return RSI_ERROR_INPUT;
	ret = open_page(v, page, &va, code);
	if (ret != RSI_SUCCESS)
		return ret;
	c = (struct rsi_host_call *)((u8 *)va + (ipa - page));
	c->gprs[0] = (u64)SMCCC_NOT_SUPPORTED;
	return close_page(v, code);
}

static int call(struct vcpu *v, u32 fn, enum vcpu_exit *code)
{
	u64 req = v->regs.x[1];

	switch (fn) {
	case RSI_VERSION:
		/* One revision: the lower one and the higher. */
		v->regs.x[1] = v->regs.x[2] = RSI_VERSION_1_0;
		return req == RSI_VERSION_1_0 ? RSI_SUCCESS : RSI_ERROR_INPUT;
	case RSI_FEATURES:
		v->regs.x[1] = 0;
		return RSI_SUCCESS;
	case RSI_MEASUREMENT_READ:
		return measurement_read(v, code);
	case RSI_MEASUREMENT_EXTEND:
		return measurement_extend(v, code);
	case RSI_ATTESTATION_TOKEN_INIT:
		return token_init(v, code);
	case RSI_ATTESTATION_TOKEN_CONTINUE:
		return token_continue(v, code);
	case RSI_REALM_CONFIG:
		return realm_config(v, code);
	case RSI_IPA_STATE_SET:
		return ipa_state_set(v, code);
	case RSI_IPA_STATE_GET:
		return ipa_state_get(v, code);
	default:
		return host_call(v, code);
	}
}

bool pvm_rsi(struct vcpu *v, u32 fn, enum vcpu_exit *code)
{
	int ret = call(v, fn, code);

	if (ret == LEAVE)
		return false;
	if (ret != AGAIN) {
		vcpu_skip(v);
		call_result(v, ret);
	}
	return true;
}
