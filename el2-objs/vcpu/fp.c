// SPDX-License-Identifier: GPL-2.0-only
/*
 * FP, SIMD and SVE: loaded at the guest's first use, saved at every exit to the
 * host. KVM has put the host's own state away before it asks for a run and
 * looks at no register afterwards unless told that the guest owns them, which
 * it never is.
 */
#include "vcpu/run.h"

#define SVE_FFR(vl)	((vl) * 34)	/* offset in the buffer: 32 Z, 16 P of vl / 8 */
#define SVE_BUFFER(vl)	(SVE_FFR(vl) + (vl) / 8)

/* Room for the longest vector of a protected guest: Z, P and FFR in one page. */
_Static_assert(SVE_BUFFER(VCPU_SVE_MAX) <= PAGE_SIZE, "struct vcpu.sve_buf");
static const u64 no_sve[SVE_BUFFER(VCPU_SVE_MAX) / 8];

/**
 * sve_measure() - the longest vectors that a protected guest can have on this CPU
 * @cpu: this CPU, not confined yet: CPTR_EL2 is as the host's early boot left it
 * Return: bytes, at most VCPU_SVE_MAX; 0: no SVE, or not opened to EL1.
 */
u32 sve_measure(const struct percpu *cpu)
{
	u64 zcr;
	u32 vl;

	if (!FIELD(read_sysreg(ID_AA64PFR0_EL1), 35, 32) ||
	    (cpu->el2_snapshot[EL2S_CPTR] & CPTR_TZ))
		return 0;
	zcr = read_sysreg(ZCR_EL2);
	write_sysreg(VCPU_SVE_MAX / 16 - 1, ZCR_EL2);
	isb();
	vl = (u32)sve_vl();
	write_sysreg(zcr, ZCR_EL2);
	isb();
	return vl;
}

static void fpmr_load(struct vcpu *v, struct cpu_run *c)
{
	if (v->hcrx & HCRX_EnFPM) {
		c->host.fpmr = read_sysreg(FPMR);
		write_sysreg(v->fpmr, FPMR);
	}
}

static bool sve_trap(struct vcpu *v, struct cpu_run *c)
{
	u8 *buf = vcpu_private(v) ? v->sve_buf :
		slot_map(SLOT_FP, v->sve_pa, SVE_BUFFER(v->sve_vl));

	if (!buf)
		return false;
	v->cptr &= ~(CPTR_TFP | CPTR_TZ);
	write_sysreg(v->cptr, CPTR_EL2);
	isb();
	c->host.zcr_el2 = read_sysreg(ZCR_EL2);
	c->host.zcr_el1 = read_sysreg(ZCR_EL1);
	write_sysreg(v->sve_vl / 16 - 1, ZCR_EL2);
	isb();
	/* The layout follows the vector length: it must be the one KVM sized the buffer for. */
	if (sve_vl() != v->sve_vl) {
		write_sysreg(c->host.zcr_el2, ZCR_EL2);
		if (!vcpu_private(v))
			(void)!slot_unmap(SLOT_FP);
		v->cptr |= CPTR_TFP | CPTR_TZ;
		write_sysreg(v->cptr, CPTR_EL2);
		return false;
	}
	v->sve_buf = buf;
	sve_load(buf + SVE_FFR(v->sve_vl), &v->f->fpsr);
	write_sysreg(v->sr[GSR_ZCR_EL1], ZCR_EL1);
	return true;
}

/**
 * fp_trap() - the guest used FP for the first time since it was entered
 * Return: false: the host's SVE buffer or vector length is not usable.
 */
bool fp_trap(struct vcpu *v, struct cpu_run *c)
{
	if (v->sve_vl) {
		if (!sve_trap(v, c))
			return false;
	} else {
		v->cptr &= ~CPTR_TFP;
		write_sysreg(v->cptr, CPTR_EL2);
		isb();
		fp_load(v->f);
	}
	fpmr_load(v, c);
	v->fp_loaded = true;
	return true;
}

void fp_unload(struct vcpu *v, struct cpu_run *c)
{
	if (v->hcrx & HCRX_EnFPM) {
		v->fpmr = read_sysreg(FPMR);
		write_sysreg(c->host.fpmr, FPMR);
	}
	if (v->sve_vl) {
		v->sr[GSR_ZCR_EL1] = read_sysreg(ZCR_EL1);
		sve_save((u8 *)v->sve_buf + SVE_FFR(v->sve_vl), &v->f->fpsr);
		if (vcpu_private(v))
			sve_load((const u8 *)no_sve + SVE_FFR(v->sve_vl), no_sve);
		else if (slot_unmap(SLOT_FP) != HYPSEC_OK)
			slot_lose(SLOT_LEASE_VCPU);	/* of one vCPU with it */
		write_sysreg(c->host.zcr_el2, ZCR_EL2);
		write_sysreg(c->host.zcr_el1, ZCR_EL1);
	} else {
		fp_save(v->f);
	}
	if (vcpu_private(v))
		fp_clear();	/* the host must find nothing of a protected guest */
	v->fp_loaded = false;
}
