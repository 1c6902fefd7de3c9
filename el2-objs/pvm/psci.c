// SPDX-License-Identifier: GPL-2.0-only
/*
 * PSCI (DEN0022F) for protected guests. Which vCPU is on, and where it starts,
 * is known here and nowhere else: KVM would keep entry point and context in the
 * host's memory, where they could be exchanged. KVM is told what it needs to
 * schedule: that a vCPU starts or stops, and that the VM ends.
 */
#include "pvm/priv.h"
#include "abi/hypsec_reason.h"
#include "base/check.h"
#include "base/log.h"
#include "base/psci.h"
#include "pool/pool.h"

#define VERSION_1_1	0x10001
#define TOS_NOT_PRESENT	2		/* MIGRATE_INFO_TYPE */

/* KVM's value (sys_regs.c): RES1 bits and EE, MMU and caches off. */
#define RESET_SCTLR	0x00c50078

void pvm_vcpu_reset(struct vcpu *v, u64 pc, u64 x0, u64 x1, u64 x2)
{
	memset(&v->regs, 0, sizeof(v->regs));
	memset(v->sr, 0, sizeof(v->sr));
	memset(&v->fp, 0, sizeof(v->fp));
	memset(v->apkey, 0, sizeof(v->apkey));
	if (v->sve_buf)
		memset(v->sve_buf, 0, PAGE_SIZE);
	v->gic.vmcr = 0;
	v->cntv_ctl = 0;
	v->cntv_cval = 0;
	v->fp_loaded = false;
	v->pending = SHOW_NOTHING;
	v->token_left = 0;

	v->regs.pc = pc;
	v->regs.pstate = SPSR_EL1H | SPSR_DAIF;
	v->regs.x[0] = x0;
	v->regs.x[1] = x1;
	v->regs.x[2] = x2;
	v->sr[GSR_SCTLR_EL1] = RESET_SCTLR;
	v->sr[GSR_MPIDR_EL1] = pvm_mpidr(v->index);
}

static s64 features(u32 fn)
{
	switch (fn & ~SMCCC_SVE_HINT) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_CPU_ON64:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2_64:
	case PSCI_FEATURES:
	case SMCCC_VERSION:
		return PSCI_SUCCESS;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

static s64 affinity_info(struct vm *vm, u64 aff, u64 level)
{
	struct pvm *p = vm->pvm;
	s64 ret = PSCI_INVALID_PARAMETERS;
	enum vcpu_power power;
	const struct vcpu *t;
	u64 mask;

	if ((aff & ~MPIDR_AFF) || level > 3)
		return PSCI_INVALID_PARAMETERS;
	mask = MPIDR_AFF & ~(level == 3 ? GENMASK(23, 0) : BIT(level * 8) - 1);

	/* Without the lock: its vCPUs would wait for one another, the host's interrupts masked. */
	for (unsigned int i = 0; i < VM_MAX_VCPUS; i++) {
		if (((pvm_mpidr(i) ^ aff) & mask) != 0)
			continue;
		t = __atomic_load_n(&p->vcpu[i], __ATOMIC_ACQUIRE);
		/* Who sees it off sees what it did before: cpu_off(). */
		power = t ? __atomic_load_n(&t->power, __ATOMIC_ACQUIRE) : VCPU_OFF;
		if (power == VCPU_ON)
			ret = PSCI_AFF_ON;
		else if (power == VCPU_ON_PENDING && ret != PSCI_AFF_ON)
			ret = PSCI_AFF_ON_PENDING;
		else if (ret < 0)
			ret = PSCI_AFF_OFF;
	}
	return ret;
}

/* vCPU @i, made where it was never on. NULL: the pool has no page for it. */
static struct vcpu *target(struct vm *vm, unsigned int i)
{
	struct pvm *p = vm->pvm;
	struct vcpu *t = __atomic_load_n(&p->vcpu[i], __ATOMIC_ACQUIRE), *new;

	if (t)
		return t;
	new = share_ok(vm->id) ? pvm_vcpu_new(vm, p, i) : NULL;
	if (!new)
		return NULL;
	spin_lock(&p->vcpus_lock);
	t = p->vcpu[i];
	if (!t)
		__atomic_store_n(&p->vcpu[i], new, __ATOMIC_RELEASE);
	spin_unlock(&p->vcpus_lock);
	if (!t)
		return new;
	/* Two have asked for it at once. */
	pvm_vcpu_discard(vm, new);
	return t;
}

/* Validates and records; PSCI_SUCCESS: to be forwarded. @wait: out: for a page, then once more. */
static s64 cpu_on(struct vcpu *v, u64 aff, u64 entry, u64 context, bool *wait)
{
	struct vm *vm = v->vm;
	struct pvm *p = vm->pvm;
	struct vcpu *t;
	bool in_ram;
	s64 ret;
	int i;

	i = (aff & ~MPIDR_AFF) ? -1 : pvm_vcpu_index(aff);
	if (i < 0)
		return PSCI_INVALID_PARAMETERS;
	if (!(p->verify.m.flags & HYPSEC_FLAG_SMP))
		return PSCI_DENIED;
	/* What is RAM stays so. */
	spin_lock(&vm->lock);
	in_ram = pvm_in_ram(p, entry, 4);
	spin_unlock(&vm->lock);
	if (!IS_ALIGNED(entry, 4) || !in_ram)
		return PSCI_INVALID_ADDRESS;
	t = target(vm, i);
	*wait = !t;
	if (!t)
		return PSCI_INTERNAL_FAILURE;

	spin_lock(&p->vcpus_lock);
	if (t->power != VCPU_OFF) {
		ret = t->power == VCPU_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
	} else {
		t->on_entry = entry;
		t->on_context = context;
		t->on_by = v;
		t->power = VCPU_ON_PENDING;
		v->pending_reg = i;
		ret = PSCI_SUCCESS;
	}
	spin_unlock(&p->vcpus_lock);

	/* As where a vCPU leaves (pvm_run()): who ends the VM has erased @t before this, perhaps. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (unlikely(READ_ONCE(vm->state) == VM_DEAD || READ_ONCE(core_broken)))
		pvm_wipe_vcpu(t);
	return ret;
}

void psci_cpu_on_done(struct vcpu *v, u64 host)
{
	struct pvm *p = v->vm->pvm;
	struct vcpu *t;
	s64 ret = (s32)host;

	CHECK(v->pending_reg < VM_MAX_VCPUS && p->vcpu[v->pending_reg]);
	t = p->vcpu[v->pending_reg];

	spin_lock(&p->vcpus_lock);
	if (t->on_by != v) {
		/*
		 * It has run: whatever the host says now, it was started. If it is pending
		 * again, that is another vCPU's call, and not this answer's to undo.
		 */
		ret = PSCI_SUCCESS;
	} else if (ret != PSCI_SUCCESS) {
		t->power = VCPU_OFF;
		t->on_entry = t->on_context = 0;
	}
	if (t->on_by == v)
		t->on_by = NULL;
	spin_unlock(&p->vcpus_lock);

	if (ret == PSCI_ALREADY_ON) {
		/*
		 * We know that it is off: KVM has not finished its CPU_OFF. The
		 * guest calls again, its registers are as they were.
		 */
		v->regs.pc -= 4;
		return;
	}
	/* KVM has no such vCPU; all other reasons to refuse would have been found here. */
	if (ret != PSCI_SUCCESS && ret != PSCI_INVALID_PARAMETERS)
		ret = PSCI_INTERNAL_FAILURE;
	call_result(v, ret);
}

static bool cpu_off(struct vcpu *v, enum vcpu_exit *code)
{
	struct pvm *p = v->vm->pvm;

	spin_lock(&p->vcpus_lock);
	/* Behind all that it did: affinity_info() looks without the lock. */
	__atomic_store_n(&v->power, VCPU_OFF, __ATOMIC_RELEASE);
	spin_unlock(&p->vcpus_lock);
	return pvm_show(v, SHOW_CPU_OFF, code);
}

/* The VM is dead before the host hears of it: nothing runs on, nothing leaks. */
static bool system_end(struct vcpu *v, enum pvm_exposure what,
		       enum vcpu_exit *code)
{
	/* A boot stub says why; a kernel's x1 is its own affair. Any guest's word: no text. */
	if (what == SHOW_OFF && v->regs.x[1] >> 32 == HYPSEC_REASON_MARK)
		hlog("vm %u: its boot stub " HYPSEC_REASON_IN_LOG "%u", v->vm->id,
		     (u32)v->regs.x[1]);
	WRITE_ONCE(v->vm->powered_off, true);
	vm_kill(v->vm, what == SHOW_OFF ? "powered off by its guest" :
					  "reset by its guest");
	return pvm_show(v, what, code);
}

/**
 * pvm_psci() - a PSCI call of a protected guest
 * @v: the vCPU, past the instruction
 * @fn: function id, SVE hint removed
 *
 * Return: true to enter the guest again.
 * Locks: takes vm->lock, pvm->vcpus_lock, RANK_TRASH, RANK_POOL.
 */
bool pvm_psci(struct vcpu *v, u32 fn, enum vcpu_exit *code)
{
	u64 mask = fn & SMCCC_SMC64 ? ~0UL : GENMASK(31, 0);
	u64 a1 = v->regs.x[1] & mask, a2 = v->regs.x[2] & mask;
	u64 a3 = v->regs.x[3] & mask;
	bool wait = false;
	s64 ret;

	switch (fn) {
	case PSCI_VERSION:
		ret = VERSION_1_1;
		break;
	case PSCI_FEATURES:
		ret = features((u32)a1);
		break;
	case PSCI_MIGRATE_INFO_TYPE:
		ret = TOS_NOT_PRESENT;
		break;
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO64:
		ret = affinity_info(v->vm, a1, a2);
		break;
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND64:
		/* Power-down states too: the architecture lets them return. */
		return pvm_show(v, SHOW_SUSPEND, code);
	case PSCI_CPU_ON:
	case PSCI_CPU_ON64:
		ret = cpu_on(v, a1, a2, a3, &wait);
		if (wait) {
			/* As psci_cpu_on_done(): it calls again. */
			v->regs.pc -= 4;
			return pvm_show_wait(v, code);
		}
		if (ret == PSCI_SUCCESS)
			return pvm_show(v, SHOW_CPU_ON, code);
		break;
	case PSCI_CPU_OFF:
		return cpu_off(v, code);
	case PSCI_SYSTEM_OFF:
		return system_end(v, SHOW_OFF, code);
	case PSCI_SYSTEM_RESET:
		return system_end(v, SHOW_RESET, code);
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2_64:
		/* Warm reset, or a vendor's: both are a reset here. */
		if (a1 && !(a1 & BIT(31))) {
			ret = PSCI_INVALID_PARAMETERS;
			break;
		}
		return system_end(v, SHOW_RESET2, code);
	default:
		ret = PSCI_NOT_SUPPORTED;
		break;
	}
	call_result(v, ret);
	return true;
}
