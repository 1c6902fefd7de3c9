// SPDX-License-Identifier: GPL-2.0-only
/*
 * The world switch: the host's EL1 state out, a guest's in, and back. Only what
 * EL1 can reach is switched; EL2's own registers never hold a value of a host
 * or guest that has not been through controls.c (or, SPSR_EL2, through here).
 *
 * Longer than other files: what is loaded, entered and unloaded is one order of writes and barriers, with
 * a half each side of the ERET, and is read, and inlined, as one.
 */
#include "vcpu/run.h"
#include "base/check.h"
#include "base/irq.h"

#define SR_SLOT(b, i) (((u64 *)(b))[i])
#include "vcpu/el1.h"

#define FGT_REGS(X) \
	X(HFGRTR_EL2, FGT_HFGRTR) X(HFGWTR_EL2, FGT_HFGWTR) X(HFGITR_EL2, FGT_HFGITR) \
	X(HDFGRTR_EL2, FGT_HDFGRTR) X(HDFGWTR_EL2, FGT_HDFGWTR)

#define KEY_REGS(X) \
	X(0, APIAKEYLO_EL1) X(1, APIAKEYHI_EL1) X(2, APIBKEYLO_EL1) X(3, APIBKEYHI_EL1) \
	X(4, APDAKEYLO_EL1) X(5, APDAKEYHI_EL1) X(6, APDBKEYLO_EL1) X(7, APDBKEYHI_EL1) \
	X(8, APGAKEYLO_EL1) X(9, APGAKEYHI_EL1)

static void keys_switch(u64 *save, const u64 *load)
{
#define X(i, r) save[i] = read_sysreg(r); write_sysreg(load[i], r);
	KEY_REGS(X)
#undef X
}

/* What the guest has that this host state must make room for. */
static bool has_keys(const struct vcpu *v, const struct cpu_run *c)
{
	return (v->hcr & (HCR_API | HCR_APK)) && c->feat->pauth;
}

/* A protected guest's cache selector that does not trap: left here, others would read and use it. */
static bool has_selector(const struct vcpu *v)
{
	return vcpu_private(v) && !(v->hcr & (HCR_TID2 | HCR_TID4));
}

static void load_optional(struct vcpu *v, struct cpu_run *c)
{
	if (has_selector(v)) {
		c->host.sr[GSR_CSSELR_EL1] = read_sysreg(CSSELR_EL1);
		write_sysreg(v->sr[GSR_CSSELR_EL1], CSSELR_EL1);
	}
	if (has_keys(v, c))
		keys_switch(c->host.apkey, v->keys);
	if (unlikely(v->extra && (v->hcr & HCR_ATA))) {
		c->host.rgsr = read_sysreg(RGSR_EL1);
		c->host.gcr = read_sysreg(GCR_EL1);
		write_sysreg(v->mte_rgsr, RGSR_EL1);
		write_sysreg(v->mte_gcr, GCR_EL1);
	}
}

static void unload_optional(struct vcpu *v, struct cpu_run *c)
{
	if (has_selector(v)) {
		v->sr[GSR_CSSELR_EL1] = read_sysreg(CSSELR_EL1);
		write_sysreg(c->host.sr[GSR_CSSELR_EL1], CSSELR_EL1);
	}
	if (has_keys(v, c))
		keys_switch(v->keys, c->host.apkey);
	if (unlikely(v->extra && (v->hcr & HCR_ATA))) {
		v->mte_rgsr = read_sysreg(RGSR_EL1);
		v->mte_gcr = read_sysreg(GCR_EL1);
		write_sysreg(c->host.rgsr, RGSR_EL1);
		write_sysreg(c->host.gcr, GCR_EL1);
	}
}

static void fgt_load(const struct vcpu *v, struct cpu_run *c)
{
#define X(r, i) write_sysreg(v->fgt[i], r);
	FGT_REGS(X)
	if (c->feat->amu) {
		X(HAFGRTR_EL2, FGT_HAFGRTR)
	}
#undef X
}

/* What host/regs.c has let the host do: it does not change. */
static void traps_know(struct host_state *h, const struct cpu_feat *f)
{
	h->hcr = read_sysreg(HCR_EL2);
	h->mdcr = read_sysreg(MDCR_EL2);
	h->cptr = read_sysreg(CPTR_EL2);
	h->cnthctl = read_sysreg(CNTHCTL_EL2);
	h->vbar = read_sysreg(VBAR_EL2);
	h->vpidr = read_sysreg(VPIDR_EL2);
	if (f->hcx)
		h->hcrx = read_sysreg(HCRX_EL2);
	if (f->fgt) {
#define X(r, i) h->fgt[i] = read_sysreg(r);
		FGT_REGS(X)
		if (f->amu) {
			X(HAFGRTR_EL2, FGT_HAFGRTR)
		}
#undef X
	}
	h->traps_known = true;
}

static void fgt_unload(struct cpu_run *c)
{
#define X(r, i) write_sysreg(c->host.fgt[i], r);
	FGT_REGS(X)
	if (c->feat->amu) {
		X(HAFGRTR_EL2, FGT_HAFGRTR)
	}
#undef X
}

static void traps_load(struct vcpu *v, struct cpu_run *c)
{
	struct host_state *h = &c->host;

	if (unlikely(!h->traps_known))
		traps_know(h, c->feat);
	write_sysreg(v->hcr, HCR_EL2);
	if (unlikely(v->extra && (v->hcr & HCR_VSE) && c->feat->ras))
		write_sysreg(v->vsesr, VSESR_EL2);
	write_sysreg(BIT(15), HSTR_EL2);	/* AArch32 c15: IMPLEMENTATION DEFINED */
	if (c->feat->pmu) {
		/* PMSELR must not name a counter that makes PMXEVCNTR UNDEFINED at EL1. */
		write_sysreg(0, PMSELR_EL0);
		h->pmuserenr = read_sysreg(PMUSERENR_EL0);
		write_sysreg(0xf, PMUSERENR_EL0);
	}
	write_sysreg(v->mdcr, MDCR_EL2);
	write_sysreg(v->cptr, CPTR_EL2);
	if (c->feat->hcx)
		write_sysreg(v->hcrx, HCRX_EL2);
	if (c->feat->fgt)
		fgt_load(v, c);
	write_sysreg(v->cnthctl, CNTHCTL_EL2);
	if (v->own_cntvoff) {
		timer_load(v, h);
		write_sysreg(v->midr, VPIDR_EL2);
	}
	write_sysreg(guest_vectors, VBAR_EL2);
}

static void traps_unload(struct vcpu *v, struct cpu_run *c)
{
	struct host_state *h = &c->host;

	/* Taking a virtual SError clears VSE: what is left of it is the host's to know. */
	if (unlikely(v->extra && (v->hcr & HCR_VSE)))
		v->hcr = (v->hcr & ~HCR_VSE) | (read_sysreg(HCR_EL2) & HCR_VSE);
	write_sysreg(h->hcr, HCR_EL2);
	write_sysreg(0, HSTR_EL2);
	if (c->feat->pmu)
		write_sysreg(h->pmuserenr, PMUSERENR_EL0);
	write_sysreg(h->mdcr, MDCR_EL2);
	write_sysreg(h->cptr, CPTR_EL2);
	if (c->feat->hcx)
		write_sysreg(h->hcrx, HCRX_EL2);
	if (c->feat->fgt)
		fgt_unload(c);
	write_sysreg(h->cnthctl, CNTHCTL_EL2);
	if (v->own_cntvoff) {
		timer_unload(v, h);
		write_sysreg(h->vpidr, VPIDR_EL2);
	}
	write_sysreg(h->vbar, VBAR_EL2);
}

void vcpu_begin(struct vcpu *v, struct cpu_run *c)
{
	struct percpu *cpu = this_cpu();
	u64 *b = c->host.sr;

	CHECK(!cpu->running);
	cpu->running = v;
	v->fp_loaded = false;
	if (c->feat->pmu && (vcpu_private(v) || (v->pmu_host | v->pmu_guest)))
		pmu_load(v);
	EL1_STATE(SR_SAVE2, SR_SAVE)
	SR(b, PAR_EL1) = read_par(c->feat);
	SR_SAVE2(SCTLR_EL1, TCR_EL1)
	if (unlikely(v->extra))
		el1_save_features(b, c->feat, v->hcr, v->hcrx);
	/* Streaming mode would change what the guest's FP instructions do. */
	if (c->feat->sme && !(read_sysreg(CPTR_EL2) & CPTR_TSM) && read_sysreg(SVCR))
		write_sysreg(0, SVCR);
	if (unlikely(c->feat->recorders))
		trace_stop(cpu);
	/* Walks of the host's regime that are under way end before it goes (D8.1.5). */
	dsb(nsh);
	if (c->feat->spec_at) {
		write_sysreg(SR(b, TCR_EL1) | TCR_EPD0 | TCR_EPD1, TCR_EL1);
		isb();
		/*
		 * With its MMU off there is no walk for EPD to stop: what this CPU fetches ahead
		 * would be translated by the VM's stage 2, under its VMID. KVM's is always on.
		 */
		if (unlikely(!(SR(b, SCTLR_EL1) & SCTLR_M))) {
			write_sysreg(SR(b, SCTLR_EL1) | SCTLR_M, SCTLR_EL1);
			isb();
		}
	}
}

/* Modes an ERET to a guest may have; every other one is an illegal return. */
static bool mode_ok(u64 pstate, const struct vcpu *v, const struct cpu_feat *f)
{
	bool el1_is_64 = v->hcr & HCR_RW;

	switch (FIELD(pstate, 4, 0)) {
	case SPSR_EL0T:
	case SPSR_EL1T:
	case SPSR_EL1H:
		return el1_is_64;
	case 0x10:				/* AArch32 User */
		return f->el0_32;
	case 0x11: case 0x12: case 0x13: case 0x17: case 0x1b: case 0x1f:
		return !el1_is_64;		/* FIQ IRQ SVC ABT UND SYS */
	}
	return false;
}

static u64 collect_serror(struct vcpu *v, const struct cpu_feat *f)
{
	if (f->ras) {
		/* The ESB at the vector deferred it. */
		v->disr = read_sysreg(DISR_EL1);
		if (likely(!v->disr))
			return 0;
		write_sysreg(0, DISR_EL1);
		return EXIT_SERROR_PENDING;
	}
	dsb(sy);
	isb();
	if (likely(!(read_sysreg(ISR_EL1) & SPSR_A)))
		return 0;
	return guest_serror();
}

/* An ordinary guest's registers are in KVM's structure, and that has a memory error. */
static bool registers_lost(const struct vcpu *v)
{
	return slots_lost() && !vcpu_private(v);
}

static enum vcpu_exit enter_once(struct vcpu *v, const struct cpu_feat *f)
{
	u64 pstate = READ_ONCE(v->r->pstate) & GENMASK(31, 0), pc = READ_ONCE(v->r->pc), code;

	/* Never to EL2 or EL3: the host may have written anything here. */
	if (unlikely(!mode_ok(pstate, v, f)) || registers_lost(v))
		return EXIT_IL;
	/*
	 * An abort at EL2 overwrites these: until the ERET nothing is read that is not the core's,
	 * but by enter.S, which then does not execute it.
	 */
	write_sysreg(pstate, SPSR_EL2);
	write_sysreg(pc, ELR_EL2);
	masked_end(this_cpu());
	code = guest_enter(v->r);
	masked_begin(this_cpu());
	pc = read_sysreg(ELR_EL2);
	pstate = read_sysreg(SPSR_EL2);
	if (!registers_lost(v)) {
		v->r->pc = pc;
		v->r->pstate = pstate;
	}
	if (registers_lost(v)) {
		/* Where it was, and why it came, is lost too. */
		(void)collect_serror(v, f);
		return EXIT_IL;
	}
	if (code != EXIT_IRQ) {
		u32 ec;

		v->esr = read_sysreg(ESR_EL2);
		ec = ESR_EC(v->esr);
		code |= collect_serror(v, f);
		/* The call is made again once the guest has taken its SError. */
		if (unlikely(code & EXIT_SERROR_PENDING) && (ec == EC_HVC32 || ec == EC_HVC64))
			v->r->pc -= 4;
	} else {
		code |= collect_serror(v, f);
	}
	return (enum vcpu_exit)code;
}

enum vcpu_exit vcpu_run_guest(struct vcpu *v, struct cpu_run *c, u64 sctlr, u64 tcr,
			      exit_handler handler)
{
	enum vcpu_exit code;

	s2_load(&v->vm->s2);
	traps_load(v, c);
	if (c->feat->spec_at) {
		isb();
		write_sysreg(sctlr, SCTLR_EL1);
		isb();
	} else {
		write_sysreg(sctlr, SCTLR_EL1);
	}
	write_sysreg(tcr, TCR_EL1);
	gic_load(v, c);
	if (unlikely(v->debug))
		debug_load(v, c);
	load_optional(v, c);

	do {
		/* Panicked on another CPU: no guest runs on. The next call is refused. */
		if (unlikely(READ_ONCE(core_broken))) {
			code = EXIT_IL;
			break;
		}
		/* Of what the handler read: PAR_EL1, and the guest's next store-exclusive. */
		if (unlikely(c->feat->par_dmb))
			dmb(sy);
		code = enter_once(v, c->feat);
	} while (handler(v, &code));

	unload_optional(v, c);
	if (v->fp_loaded)
		fp_unload(v, c);
	return code;
}

void vcpu_end(struct vcpu *v, struct cpu_run *c)
{
	struct percpu *cpu = this_cpu();
	u64 *b = c->host.sr;

	gic_unload(v, c);
	dsb(nsh);
	if (c->feat->spec_at) {
		write_sysreg(read_sysreg(TCR_EL1) | TCR_EPD0 | TCR_EPD1, TCR_EL1);
		isb();
		write_sysreg(read_sysreg(SCTLR_EL1) | SCTLR_M, SCTLR_EL1);
		isb();
	}
	traps_unload(v, c);
	s2_load(&host_s2);
	EL1_STATE(SR_LOAD2, SR_LOAD)
	SR_LOAD(PAR_EL1)
	write_sysreg(cpu->el2_snapshot[EL2S_VMPIDR], VMPIDR_EL2);
	if (c->feat->spec_at)
		isb();
	SR_LOAD(SCTLR_EL1)
	if (c->feat->spec_at)
		isb();
	SR_LOAD(TCR_EL1)
	if (unlikely(v->extra))
		el1_load_features(b, c->feat, v->hcr, v->hcrx);
	if (unlikely(v->debug))
		debug_unload(v, c);
	if (unlikely(c->feat->recorders))
		trace_resume(cpu);
	if (c->feat->pmu && (v->pmu_host | v->pmu_guest))
		pmu_unload(v);
	write_sysreg(cpu->trap_elr, ELR_EL2);
	write_sysreg(cpu->trap_spsr, SPSR_EL2);
	cpu->running = NULL;
}

/*
 * What another vCPU of the VM left here is under the same VMID: translations of other tables, or of
 * none, and instructions. KVM tells EL2 of the change (__kvm_flush_cpu_context()); a host need not.
 * Between VMs nothing is left: vm_get() and the end of a VM invalidate the VMID on all CPUs.
 */
static void forget_others(const struct vcpu *v)
{
	u8 *ran = &v->vm->ran[this_cpu()->id];

	if (likely(*ran == v->index + 1))
		return;
	tlb_flush_vmid_local(&v->vm->s2);
	*ran = v->index + 1;
}

enum vcpu_exit vcpu_run(struct vcpu *v, exit_handler handler)
{
	struct cpu_run *c = cpu_run();
	enum vcpu_exit code;

	forget_others(v);
	v->r = &v->regs;
	v->f = &v->fp;
	v->keys = v->apkey;
	vcpu_begin(v, c);
	guest_el1_load(v->sr, c->feat, v);
	code = vcpu_run_guest(v, c, v->sr[GSR_SCTLR_EL1], v->sr[GSR_TCR_EL1], handler);
	guest_el1_save(v->sr, c->feat, v);
	vcpu_end(v, c);
	return code;
}

/* core_panic() with a guest loaded: whatever of the guest can be lost is lost. */
void vcpu_panic_unload(struct percpu *cpu)
{
	struct vcpu *v = cpu->running;
	struct cpu_run *c;

	if (!v)
		return;
	c = cpu_run();
	unload_optional(v, c);
	if (v->fp_loaded)
		fp_unload(v, c);
	vcpu_end(v, c);
}
