// SPDX-License-Identifier: GPL-2.0-only
/*
 * __kvm_vcpu_run() of an ordinary VM: registers go straight between the CPU and
 * KVM's structure: they are the host's to know and to set. What steers EL2 is
 * read once and goes through controls.c.
 */
#include "kvm/vcpu.h"
#include "abi/hypsec_guest.h"
#include "pvm/pvm.h"

#define SR_SLOT(b, i) (*(u64 *)((u8 *)(b) + kvm_sr[i]))
#include "vcpu/el1.h"

#define SYS_CNTPCT	ESR_SYS(3UL, 3UL, 14UL, 0UL, 1UL)
#define SYS_CNTPCTSS	ESR_SYS(3UL, 3UL, 14UL, 0UL, 5UL)

static bool read_sve(u8 *k, struct vcpu *v, const struct cpu_feat *f)
{
	u32 vl;

	v->sve_vl = 0;
	if (!(KV8(k, KVM_VCPU_CFLAGS) & KVM_FLAG_GUEST_HAS_SVE) || !f->sve)
		return true;
	vl = KV32(k, KVM_VCPU_SVE_MAX_VL);
	if (!vl || vl > 256 || vl % 16 ||
	    kva_to_pa(KVA(KV64(k, KVM_VCPU_SVE_STATE)), vl * 34 + vl / 8, &v->sve_pa) ||
	    !IS_ALIGNED(v->sve_pa.v, 16))
		return false;
	v->sve_vl = vl;
	v->sr[GSR_ZCR_EL1] = KV64(k, KVM_SR_ZCR_EL1);
	return true;
}

/*
 * Nearly always of the same offers as at the last run of an ordinary vCPU here: what was made of
 * them is as good for this one. A virtual SError is not among them, as the guest takes it out of
 * v->hcr; kvm/lease.c forgets them when what else they are made of has changed.
 */
static void read_controls(u8 *k, struct vcpu *v, struct cpu_run *c)
{
	u64 hcr = KV64(k, KVM_VCPU_HCR), mdcr = KV64(k, KVM_VCPU_MDCR);
	u64 hcrx = KV64(k, KVM_VCPU_HCRX);

	if (likely(v->offered.valid && v->offered.hcr == hcr && v->offered.mdcr == mdcr &&
		   v->offered.hcrx == hcrx)) {
		v->cptr = vcpu_cptr();
		return;
	}
	v->poffset = c->lease.poffset;
	vcpu_controls_ordinary(v, hcr, mdcr, hcrx, c->lease.fgu);
	v->offered.valid = !(hcr & HCR_VSE);
	v->offered.hcr = hcr;
	v->offered.mdcr = mdcr;
	v->offered.hcrx = hcrx;
}

static void load_extra(u8 *k, struct vcpu *v)
{
	if (v->hcr & HCR_VSE)
		v->vsesr = KV64(k, KVM_VCPU_VSESR);
	if (v->hcr & HCR_ATA) {
		v->mte_rgsr = KV64(k, KVM_SR_RGSR_EL1);
		v->mte_gcr = KV64(k, KVM_SR_GCR_EL1);
	}
	if (v->hcrx & HCRX_EnFPM)
		v->fpmr = KV64(k, KVM_SR_FPMR);
}

static void store_extra(u8 *k, const struct vcpu *v)
{
	/* Other threads set VI and VF meanwhile: only what has changed is written. */
	if (!(v->hcr & HCR_VSE) && (KV64(k, KVM_VCPU_HCR) & HCR_VSE))
		KV64(k, KVM_VCPU_HCR) &= ~(u64)HCR_VSE;
	if (v->hcr & HCR_ATA) {
		KV64(k, KVM_SR_RGSR_EL1) = v->mte_rgsr;
		KV64(k, KVM_SR_GCR_EL1) = v->mte_gcr;
	}
	if (v->hcrx & HCRX_EnFPM)
		KV64(k, KVM_SR_FPMR) = v->fpmr;
}

static bool load_ordinary(u8 *k, kva_t host, struct vcpu *v, struct cpu_run *c)
{
	const struct cpu_feat *f = c->feat;

	_Static_assert(sizeof(struct vcpu_regs) == KVM_VCPU_SPSR_ABT - KVM_VCPU_REGS,
		       "struct user_pt_regs");
	v->r = (struct vcpu_regs *)(k + KVM_VCPU_REGS);
	v->f = (struct fp_state *)(k + KVM_VCPU_FP);
	v->keys = (u64 *)(k + KVM_SR_APIAKEYLO_EL1);
	v->host = host;
	if (!read_sve(k, v, f))
		return false;
	read_controls(k, v, c);
	v->debug = read_debug(k, host);
	if (unlikely(v->debug))
		v->mdccint = KV64(k, KVM_SR_MDCCINT_EL1);
	if (KVM_HAS_PMU) {
		v->pmu_host = KV64(k, KVM_VCPU_PMU_HOST);
		v->pmu_guest = KV64(k, KVM_VCPU_PMU_GUEST);
	}
	if (unlikely(v->extra))
		load_extra(k, v);
	read_gic(k, &v->gic, f);
	return true;
}

/* EL1 in AArch32: banked registers that AArch64 reaches by names of their own. */
static void load32(u8 *k)
{
	write_sysreg(KV64(k, KVM_VCPU_SPSR_ABT), SPSR_ABT);
	write_sysreg(KV64(k, KVM_VCPU_SPSR_UND), SPSR_UND);
	write_sysreg(KV64(k, KVM_VCPU_SPSR_IRQ), SPSR_IRQ);
	write_sysreg(KV64(k, KVM_VCPU_SPSR_FIQ), SPSR_FIQ);
	write_sysreg(KV64(k, KVM_SR_DACR32_EL2), DACR32_EL2);
	write_sysreg(KV64(k, KVM_SR_IFSR32_EL2), IFSR32_EL2);
	if (KV8(k, KVM_VCPU_IFLAGS) & KVM_FLAG_DEBUG_DIRTY)
		write_sysreg(KV64(k, KVM_SR_DBGVCR32_EL2), DBGVCR32_EL2);
	/* FPEXC.EN, or FP traps go to EL1 before CPTR_EL2.TFP is looked at. */
	write_sysreg(BIT(30), FPEXC32_EL2);
}

static void save32(u8 *k, const struct vcpu *v)
{
	KV64(k, KVM_VCPU_SPSR_ABT) = read_sysreg(SPSR_ABT);
	KV64(k, KVM_VCPU_SPSR_UND) = read_sysreg(SPSR_UND);
	KV64(k, KVM_VCPU_SPSR_IRQ) = read_sysreg(SPSR_IRQ);
	KV64(k, KVM_VCPU_SPSR_FIQ) = read_sysreg(SPSR_FIQ);
	KV64(k, KVM_SR_DACR32_EL2) = read_sysreg(DACR32_EL2);
	KV64(k, KVM_SR_IFSR32_EL2) = read_sysreg(IFSR32_EL2);
	if (v->debug)
		KV64(k, KVM_SR_DBGVCR32_EL2) = read_sysreg(DBGVCR32_EL2);
}

static bool is_our_call(const struct vcpu *v)
{
	return !(v->esr & ESR_CALL_IMM) &&
	       ((u32)v->r->x[0] & ~0xffU) == (HYPSEC_GUEST_VERSION & ~0xffU);
}

/* The physical counter with an offset: KVM's EL1 side does not emulate it. */
static bool read_cntpct(struct vcpu *v)
{
	u64 reg = v->esr & ESR_SYS_REG, rt = ESR_SYS_RT(v->esr), now;

	if ((reg != SYS_CNTPCT && reg != SYS_CNTPCTSS) || !(v->esr & ESR_SYS_READ))
		return false;
	/* No ISB before: the exception was one. */
	now = read_sysreg(CNTPCT_EL0) - v->poffset;
	if (rt != 31)
		v->r->x[rt] = now;
	vcpu_skip(v);
	return true;
}

static __noinline bool other_exit(struct vcpu *v, enum vcpu_exit *code)
{
	u8 *k = (u8 *)v->r - KVM_VCPU_REGS;

	switch (ESR_EC(v->esr)) {
	case EC_HVC64:
		v->sr[GSR_MPIDR_EL1] = KV64(k, KVM_SR_MPIDR_EL1);
		return pvm_guest_call(v, v->host, code);
	case EC_SYS64:
		return read_cntpct(v);
	case EC_FP:
	case EC_SVE:
		if (!vcpu_exit_common(v, code))
			return false;
		if (!(v->hcr & HCR_RW))
			write_sysreg(KV64(k, KVM_SR_FPEXC32_EL2), FPEXC32_EL2);
		return true;
	case EC_IABT_LOW:
	case EC_DABT_LOW:
		return vcpu_exit_common(v, code) || vcpu_faulted(v, shadow_fault(v, code));
	case EC_WATCHPT_LOW:
		return vcpu_exit_common(v, code);
	}
	return false;
}

static bool ordinary_exit(struct vcpu *v, enum vcpu_exit *code)
{
	u64 ec = ESR_EC(v->esr);

	/* Most are the host's, and are known to be without a frame for calls. */
	if (*code != EXIT_TRAP || ec == EC_WFX || (ec == EC_HVC64 && likely(!is_our_call(v))))
		return false;
	return other_exit(v, code);
}

static void store_ordinary(u8 *k, struct vcpu *v, struct cpu_run *c, u64 code)
{
	u32 ec = ESR_EC(v->esr);

	if ((code & ~EXIT_SERROR_PENDING) != EXIT_IRQ) {
		KV64(k, KVM_VCPU_ESR) = v->esr;
		if (ec == EC_DABT_LOW || ec == EC_IABT_LOW || ec == EC_WATCHPT_LOW) {
			KV64(k, KVM_VCPU_FAR) = v->far;
			KV64(k, KVM_VCPU_HPFAR) = v->hpfar;
		}
	}
	if (c->feat->ras)
		KV64(k, KVM_VCPU_DISR) = v->disr;
	if (unlikely(v->extra))
		store_extra(k, v);
	if (unlikely(v->debug)) {
		KV64(k, KVM_SR_MDCCINT_EL1) = v->mdccint;
		KV8(k, KVM_VCPU_IFLAGS) &= ~KVM_FLAG_DEBUG_DIRTY;
	}
	if (unlikely(v->sve_vl))
		KV64(k, KVM_SR_ZCR_EL1) = v->sr[GSR_ZCR_EL1];
	write_gic(k, &v->gic);
}

enum vcpu_exit kvm_run_ordinary(struct vm *vm, u8 *k, kva_t host, struct cpu_run *c)
{
	struct vcpu *v = &c->vcpu;
	enum vcpu_exit code;
	bool aarch32, asked;

	/* What was seen for another vCPU, or by this one long ago, says nothing. */
	if (unlikely(v->vm != vm || v->host.v != host.v)) {
		v->asked = false;
		v->seen.size = 0;
	}
	/* What KVM has emulated it has no page for. */
	asked = v->asked && !(KV8(k, KVM_VCPU_IFLAGS) & IFLAGS_DONE);
	v->asked = false;
	v->vm = vm;
	if (unlikely(REG(k, R_PC) >> 2 == HYPSEC_SHOWN_PC >> 2) && kvm_shown(k)) {
		if (kvm_shown(k) == HYPSEC_OVER_PC)
			return EXIT_IRQ;
		vm_told_restored(vm);
		return EXIT_IL;
	}
	if (!load_ordinary(k, host, v, c))
		return EXIT_IL;
	aarch32 = !(v->hcr & HCR_RW);
	if (asked)
		shadow_answered(v);
	kvm_adjust_pc(k);
	if (slots_lost())
		return EXIT_IL;		/* whatever it is: kvm_run_vcpu() */

	vcpu_begin(v, c);
	if (unlikely(aarch32))
		load32(k);
	guest_el1_load(k, c->feat, v);
	code = vcpu_run_guest(v, c, KV64(k, KVM_SR_SCTLR_EL1), KV64(k, KVM_SR_TCR_EL1),
			      ordinary_exit);
	guest_el1_save(k, c->feat, v);
	if (unlikely(aarch32))
		save32(k, v);
	vcpu_end(v, c);

	if (!slots_lost())
		store_ordinary(k, v, c, code);
	return code;
}
