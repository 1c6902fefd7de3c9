// SPDX-License-Identifier: GPL-2.0-only
/* What stands for the parts of the core that a test of pvm/ has not linked. */
#include "pvm_world.h"

#define __weak __attribute__((weak))

/* --- vcpu/ --- */
__weak void vcpu_inject_undef(struct vcpu *v)
{
	(void)v;
	w.undefs++;
}

__weak void vcpu_inject_debug(struct vcpu *v)
{
	(void)v;
	w.undefs++;
}

__weak void vcpu_inject_abort(struct vcpu *v, bool iabt, u64 far)
{
	(void)v;
	w.aborts++;
	w.abort_is_instruction = iabt;
	w.abort_far = far;
}

__weak void vcpu_skip(struct vcpu *v)
{
	v->regs.pc += 4;
	w.skips++;
}

__weak void vcpu_controls_protected(struct vcpu *v)
{
	(void)v;
}

__weak bool vcpu_exit_common(struct vcpu *v, enum vcpu_exit *code)
{
	(void)v;
	(void)code;
	return false;
}

__weak enum vcpu_exit vcpu_run(struct vcpu *v,
			       bool (*handler)(struct vcpu *v, enum vcpu_exit *code))
{
	enum vcpu_exit code = EXIT_IRQ;

	assert_int_equal(w.locked, 0);
	assert_false(handler(v, &code));
	return code;
}

/* --- auth/ --- */
__weak void image_verify_init(struct image_verify *v, u64 image_ipa, u64 ipa_limit,
			      const struct hypsec_policy *policy)
{
	memset(v, 0, sizeof(*v));
	v->policy = policy;
	v->ipa = image_ipa;
	v->ipa_limit = ipa_limit;
}

__weak int image_verify_step(struct image_verify *v, struct image_source *src)
{
	unsigned int i = w.verify_next;
	const void *va;
	int ret;

	assert_true(i < ARRAY_SIZE(w.verify_status));
	if (w.verify_page[i]) {
		ret = src->page(src, w.verify_page[i] - 1, true, &va);
		if (ret)
			return ret;
		w.verify_page[i] = 0;
	}
	v->m = w.manifest;
	v->id = w.identity;
	if (w.verify_status[i]) {
		w.verify_next++;
		v->error = w.verify_error;
		return w.verify_status[i];
	}
	return HYPSEC_OK;
}

__weak const char *image_error_text(enum image_error e)
{
	static const char text[] = "image errors, by number: 0123456789012345678901234567890";

	assert_true(e < IMG_COUNT);
	return text + e;
}

__weak int platform_sealing_key(const struct image_verify *v, u64 version,
				struct hypsec_sealing_key *key)
{
	w.asked_for = v;
	w.asked_version = version;
	test_fill(&w.sealing_key, sizeof(w.sealing_key));
	*key = w.sealing_key;
	return w.platform_status;
}

__weak int platform_report(const struct image_verify *v, const u8 *nonce, u8 *sig)
{
	w.asked_for = v;
	for (int i = 0; i < 64; i++)
		sig[i] = ~nonce[i];
	return w.platform_status;
}

__weak int platform_piece(u32 flags, u64 n, u64 *val)
{
	if (n >= HYPSEC_PLATFORM_PIECES)
		return HYPSEC_RANGE;
	for (int i = 0; i < 3; i++)
		val[i] = flags + n + i;
	return HYPSEC_OK;
}

/* --- the parts of pvm/ that a test left out --- */
__weak void psci_cpu_on_done(struct vcpu *v, u64 ret)
{
	v->regs.x[0] = ret;
}

__weak bool pvm_die(struct vcpu *v, const char *why, enum vcpu_exit *code)
{
	vm_kill(v->vm, why);
	return pvm_show(v, SHOW_DEAD, code);
}

__weak bool pvm_is_dead(struct vcpu *v, enum vcpu_exit *code)
{
	if (v->vm->state != VM_DEAD)
		return false;
	pvm_show(v, SHOW_DEAD, code);
	return true;
}

__weak bool pvm_sysreg(struct vcpu *v, enum vcpu_exit *code)
{
	(void)v;
	(void)code;
	return true;
}

__weak int pvm_protect_step(struct vcpu *v)
{
	(void)v;
	return HYPSEC_RESTART;
}

__weak void pvm_vcpu_reset(struct vcpu *v, u64 pc, u64 x0, u64 x1, u64 x2)
{
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.pc = pc;
	v->regs.x[0] = x0;
	v->regs.x[1] = x1;
	v->regs.x[2] = x2;
}

__weak void pvm_free(struct vm *vm)
{
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(vm->running, 0);
	vm->pvm = NULL;
}

__weak void pvm_wipe_vcpu(struct vcpu *v)
{
	assert_true(v->vm->state == VM_DEAD || core_broken);
	memset(&v->regs, 0, sizeof(v->regs));
	memset(v->sr, 0, sizeof(v->sr));
	v->on_context = 0;
}

/* pages.c, where it is not linked: of one vCPU at a time. */
__weak struct vcpu *pvm_vcpu_new(struct vm *vm, const struct pvm *p, unsigned int i)
{
	assert_ptr_equal(p, vm->pvm);
	assert_int_equal(w.locked, 0);
	if (!w.pool_left)
		return NULL;
	w.pool_left--;
	w.pool_out++;
	world_new_vcpu = (struct vcpu){ .vm = vm, .index = i, .r = &world_new_vcpu.regs };
	return &world_new_vcpu;
}

__weak void pvm_vcpu_discard(const struct vm *vm, struct vcpu *v)
{
	assert_ptr_equal(v, &world_new_vcpu);
	assert_ptr_equal(v->vm, vm);
	w.pool_out--;
}

__weak void vm_leave(struct vm *vm)
{
	if (!--vm->running && vm->state == VM_DEAD && vm->pvm)
		pvm_free(vm);
}

/* --- seal/ and pvm/sealed.c: frames are never sealed here --- */
__weak int seal_init(struct seal *s, u16 vm, u8 ipa_bits)
{
	(void)vm;
	w.seal_bits = ipa_bits;
	memset(s->key, 0x5e, sizeof(s->key));
	return w.random_status;
}

__weak void seal_forget(struct seal *s)
{
	memset(s->key, 0, sizeof(s->key));
}

__weak void seal_free(struct seal *s)
{
	seal_forget(s);
}

__weak int seal_reserve(struct seal *s, u64 frame)
{
	assert_ptr_equal(s, &world_vm.pvm->seal);
	w.tags_for = frame + 1;
	return w.reserve_status;
}

__weak int pvm_unseal(struct vm *vm, ipa_t ipa, u64 entry, pa_t pa)
{
	(void)vm;
	(void)ipa;
	(void)entry;
	(void)pa;
	fail();
	return HYPSEC_DENIED;
}

__weak void icache_inval_all(void)
{
}

__weak int vm_settle(kva_t kvm)
{
	(void)kvm;
	return HYPSEC_OK;
}

__weak int pvm_invalidate(struct vm *vm, u64 *start, u64 *size)
{
	(void)vm;
	(void)start;
	(void)size;
	return HYPSEC_OK;
}

__weak bool vm_shares(const struct vm *vm, u64 ipa, u64 size)
{
	(void)vm;
	(void)ipa;
	(void)size;
	return false;
}

__weak int pvm_give(struct vm *vm, u64 frame, pa_t pa)
{
	(void)vm;
	(void)frame;
	(void)pa;
	fail();
	return HYPSEC_DENIED;
}

__weak bool pvm_shared_abort(struct vcpu *v, enum vcpu_exit *code)
{
	(void)v;
	(void)code;
	fail();
	return false;
}

/* What they are asked, and what they answer: w.shared_call, _arg and _status */
static int shared_call(u32 fn, u64 ipa, u64 size)
{
	w.shared_call = fn;
	w.shared_arg[0] = ipa;
	w.shared_arg[1] = size;
	return w.shared_status;
}

__weak int pvm_share(struct vm *vm, u64 base, u64 size)
{
	(void)vm;
	return shared_call(HYPSEC_GUEST_SHARE, base, size);
}

__weak int pvm_grant(struct vm *vm, u64 ipa)
{
	(void)vm;
	return shared_call(HYPSEC_GUEST_GRANT, ipa, 0);
}

__weak int pvm_revoke(struct vcpu *v, u64 ipa)
{
	(void)v;
	return shared_call(HYPSEC_GUEST_REVOKE, ipa, 0);
}

/* Recorded in the same way: the call is answered, with 0. */
__weak bool pvm_rsi(struct vcpu *v, u32 fn, enum vcpu_exit *code)
{
	(void)code;
	w.shared_call = fn;
	v->regs.pc += 4;
	v->regs.x[0] = 0;
	return true;
}

__weak void hcall_restart(struct percpu *cpu)
{
	(void)cpu;
	fail();
}
