// SPDX-License-Identifier: GPL-2.0-only
#include "pvm_world.h"

#define __weak __attribute__((weak))

struct world w;
struct pvm world_pvm;
struct vcpu world_vcpu[VM_MAX_VCPUS];
struct vm world_vm;
static struct vm dead_vm;
static struct percpu world_cpu;
struct percpu world_cpus[2];
u32 nr_cpus = 2;
struct hypsec_install core_install;
u64 pa_limit = 1UL << 40;

struct vm *world_new(void)
{
	memset(&w, 0, sizeof(w));
	memset(&world_vm, 0, sizeof(world_vm));
	memset(&world_pvm, 0, sizeof(world_pvm));
	memset(world_vcpu, 0, sizeof(world_vcpu));
	world_pool_new();
	memset(world_cpus, 0, sizeof(world_cpus));
	w.irq_after = -1;
	w.frame0 = 0x40200;
	w.dead = &dead_vm;
	dead_vm.id = 9;
	dead_vm.state = VM_DEAD;

	world_vm.id = 3;
	world_vm.state = VM_PROTECTED;
	world_vm.s2.ipa_bits = 40;
	world_vm.pvm = &world_pvm;
	world_pvm.image = (struct pvm_range){ 0x40200000, 0x10000 };
	world_pvm.verify.m.flags = HYPSEC_FLAG_SMP;
	for (unsigned int i = 0; i < VM_MAX_VCPUS; i++) {
		world_pvm.vcpu[i] = &world_vcpu[i];
		world_vcpu[i].vm = &world_vm;
		world_vcpu[i].r = &world_vcpu[i].regs;
	}
	world_vcpu[0].power = VCPU_ON;
	world_vcpu[0].host = KVA(0xffff000012340000);
	for (unsigned int i = 0; i < WORLD_PAGES; i++) {
		w.page[i].state = PG_HOST;
		w.leaf[i] = (struct kvm_leaf){ .status = HYPSEC_RANGE, .level = 2 };
	}
	return &world_vm;
}

void world_secrets(struct vcpu *v)
{
	test_fill(v->regs.x, sizeof(v->regs.x));
	v->regs.sp_el0 = test_rand();
	v->regs.pc = test_rand() & ~3UL;
	test_fill(v->sr, sizeof(v->sr));
	test_fill(&v->fp, sizeof(v->fp));
	test_fill(v->apkey, sizeof(v->apkey));
}

/* --- locks, logging --- */
void spin_lock(struct spinlock *l)
{
	assert_int_equal(l->owner, 0);
	l->owner = 1;
	w.locked++;
}

bool spin_try(struct spinlock *l)
{
	if (l->owner)
		return false;
	spin_lock(l);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	assert_int_equal(l->owner, 1);
	l->owner = 0;
	w.locked--;
	w.unlocks++;
}

bool spin_held(const struct spinlock *l)
{
	return l->owner;
}

void hlog(const char *fmt, ...)
{
	size_t n = strlen(w.log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w.log + n, sizeof(w.log) - n, fmt, ap);
	va_end(ap);
	strncat(w.log, "\n", sizeof(w.log) - strlen(w.log) - 1);
}

struct percpu *this_cpu(void)
{
	return &world_cpu;
}

struct percpu *cpu_by_id(u32 id)
{
	assert_true(id < nr_cpus);
	return &world_cpus[id];
}

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

bool world_closing;

bool vm_closing(void)
{
	return world_closing;
}

void vm_kill(struct vm *vm, const char *why)
{
	assert_int_equal(w.locked, 0);
	vm->state = VM_DEAD;
	w.killed = why;
}

struct vm *vm_by_id(u16 id)
{
	return id == w.dead->id ? w.dead : id == world_vm.id ? &world_vm : NULL;
}

void vm_put(struct vm *vm)
{
	assert_non_null(vm);
}

void shadow_drop_all(void)
{
	assert_int_equal(w.locked, 0);
	w.epochs++;
}

/* --- hardware --- */
u64 pvm_hw_midr(void)
{
	return 0x410fd0c1;
}

u64 pvm_hw_mdscr(void)
{
	return w.mdscr;
}

void pvm_hw_set_mdscr(u64 v)
{
	w.mdscr = v;
}

struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	(void)x0;
	(void)x1;
	(void)x2;
	(void)x3;
	w.smcs++;
	return w.smc;
}

bool host_irq_pending(void)
{
	return w.irq_after >= 0 && w.irq_after-- == 0;
}

int core_random(void *out, size_t n)
{
	if (w.random_status) {
		memset(out, 0, n);
		return w.random_status;
	}
	memset(out, 0xff, n);
	return HYPSEC_OK;
}

void hypsec_wipe(void *p, size_t n)
{
	memset(p, 0, n);
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

__weak int image_verify_step(struct image_verify *v, struct image_source *src, u64 budget)
{
	unsigned int i = w.verify_next;
	const void *va;
	int ret;

	assert_true(budget <= 2 * PAGE_SIZE);
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

/* --- seal/ and pvm/sealed.c: frames are never sealed here --- */
__weak int seal_init(struct seal *s, u16 vm)
{
	(void)vm;
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

__weak void hcall_restart(struct percpu *cpu)
{
	(void)cpu;
	fail();
}
