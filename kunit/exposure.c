// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a vCPU's structure the core may change, and with what, from its own table
 * (el2-objs/pvm/exposure.def); and a structure that is full of surprises before.
 */
#include <linux/random.h>
#include <linux/stringify.h>
#include <uapi/linux/psci.h>
#include "guest.h"

enum { EXIT_IRQ, EXIT_SERROR, EXIT_TRAP, EXIT_IL };
enum out { OUT_NONE, OUT_REG, OUT_FN, OUT_TARGET };

#define PSCI_CPU_ON64		PSCI_0_2_FN64_CPU_ON
#define PSCI_CPU_OFF		PSCI_0_2_FN_CPU_OFF
#define PSCI_SYSTEM_OFF		PSCI_0_2_FN_SYSTEM_OFF
#define PSCI_SYSTEM_RESET	PSCI_0_2_FN_SYSTEM_RESET
#define PSCI_SYSTEM_RESET2	PSCI_1_1_FN_SYSTEM_RESET2

static const struct row {
	const char *name;
	u64 exit, ec, iss, far;
	bool hpfar;
	u64 fn;
	enum out out;
} rows[] = {
#define EXPOSE(name, exit, ec, iss, far, hpfar, fn, out, accept) \
	{ __stringify(name), exit, ec, iss, far, hpfar, fn, out },
#include "../el2-objs/pvm/exposure.def"
#undef EXPOSE
};

/* State; HW, Group; Priority; pINTID; vINTID */
#define LR_STATE	GENMASK(63, 62)
#define LR_FIELDS	(LR_STATE | GENMASK(61, 60) | GENMASK(55, 48) | GENMASK(44, 0))

struct hk_watch {
	struct kvm_vcpu before, want;
	u64 irqs;
};

/* Why @v, after an exit by @code, is not what @r allows; NULL: it is. */
static const char *differs(const struct row *r, const struct kvm_vcpu *v, u64 code)
{
	const struct kvm_vcpu_fault_info *f = &v->arch.fault;
	const u64 *x = v->arch.ctxt.regs.regs;
	unsigned int shown = r->out == OUT_NONE ? 0 : r->out == OUT_TARGET ? 2 : 1, i;

	if (code != r->exit)
		return "exit code";
	if (r->ec ? (f->esr_el2 & ~(r->iss & ESR_ISS)) != (r->ec << ESR_EC_SHIFT | ESR_IL) :
		    f->esr_el2)
		return "ESR";
	if (f->far_el2 & ~r->far)
		return "FAR";
	if (f->hpfar_el2 & ~(r->hpfar ? GENMASK(43, 4) : 0))
		return "HPFAR";
	if ((r->out == OUT_FN || r->out == OUT_TARGET) && x[0] != r->fn)
		return "function";
	if (r->out == OUT_TARGET && x[1] & ~0x70fUL)	/* 128, 16 in a cluster */
		return "target";
	/* Only of the size that the instruction stores. */
	if (r->out == OUT_REG && r->ec == EC_DABT_LOW &&
	    x[0] & ~GENMASK((8U << FIELD_GET(ESR_SAS, f->esr_el2)) - 1, 0))
		return "bytes not stored";
	if (r->ec == EC_DABT_LOW && !(r->iss & ESR_WNR) && f->esr_el2 & ESR_WNR)
		return "a store";
	for (i = shown; i < 31; i++)
		if (x[i])
			return "registers";
	return NULL;
}

/*
 * An interrupt that was pending may be active, and one that was active be gone; bits that the
 * CPU's list registers do not have are 0.
 */
static void moved_on(struct vgic_v3_cpu_if *want, const struct vgic_v3_cpu_if *gic)
{
	unsigned int i;

	for (i = 0; i < min_t(u32, want->used_lrs, ARRAY_SIZE(want->vgic_lr)); i++) {
		u64 *lr = &want->vgic_lr[i];

		if (!(gic->vgic_lr[i] & ~(LR_STATE | (*lr & LR_FIELDS))))
			*lr = gic->vgic_lr[i];
	}
}

static void check(struct hk_vcpu *c, u64 code)
{
	struct kunit *test = c->vm->test;
	struct hk_watch *w = c->watch;
	const struct kvm_vcpu *v = c->v;
	struct kvm_vcpu *want = &w->want;
	const char *why = "no row";
	size_t i, at = 0;

	w->irqs += code == EXIT_IRQ;
	for (i = 0; i < ARRAY_SIZE(rows) && why; i++)
		if (rows[i].exit == code)
			why = differs(&rows[i], v, code);
	KUNIT_EXPECT_NULL_MSG(test, why, "exit %llu, ESR %llx FAR %llx HPFAR %llx x0 %llx", code,
			      v->arch.fault.esr_el2, v->arch.fault.far_el2,
			      v->arch.fault.hpfar_el2, v->arch.ctxt.regs.regs[0]);

	/* All other bytes: constants, or as they were. */
	*want = w->before;
	want->arch.ctxt.regs = v->arch.ctxt.regs;
	want->arch.ctxt.regs.sp = 0;
	/* OVER: that its VM has ended itself, it knows. */
	if (want->arch.ctxt.regs.pc != HYPSEC_OVER_PC)
		want->arch.ctxt.regs.pc = HYPSEC_SHOWN_PC;
	want->arch.ctxt.regs.pstate = PSR_MODE_EL1h;
	want->arch.fault.esr_el2 = v->arch.fault.esr_el2;
	want->arch.fault.far_el2 = v->arch.fault.far_el2;
	want->arch.fault.hpfar_el2 = v->arch.fault.hpfar_el2;
	want->arch.fault.disr_el1 = 0;
	vcpu_clear_flag(want, PENDING_EXCEPTION);
	vcpu_clear_flag(want, INCREMENT_PC);
	vcpu_clear_flag(want, EXCEPT_MASK);
	vcpu_clear_flag(want, DEBUG_DIRTY);
	want->arch.hcr_el2 &= ~HCR_VSE;
	moved_on(&want->arch.vgic_cpu.vgic_v3, &v->arch.vgic_cpu.vgic_v3);
	if (memcmp(want, v, sizeof(*v))) {
		while (((u8 *)want)[at] == ((u8 *)v)[at])
			at++;
		KUNIT_FAIL(test, "exit %llu: byte %zu of the structure has changed", code, at);
	}
}

/* Everything but what names the vCPU and what the harness has just answered. */
static void scramble(struct hk_vcpu *c)
{
	struct kvm_vcpu *v = c->v, *old = &c->watch->before;

	*old = *v;
	get_random_bytes(v, sizeof(*v));
	v->kvm = old->kvm;
	v->arch.hw_mmu = old->arch.hw_mmu;
	v->arch.iflags = old->arch.iflags;
	vcpu_set_flag(v, DEBUG_DIRTY);
	/* Virtual errors and interrupts, none of which is taken; waits are. */
	v->arch.hcr_el2 |= HCR_VSE | HCR_VF | HCR_VI | HCR_TWI | HCR_TWE;
	v->arch.ctxt.regs.regs[0] = old->arch.ctxt.regs.regs[0];
	v->arch.ctxt.sys_regs[MPIDR_EL1] = old->arch.ctxt.sys_regs[MPIDR_EL1];
	if (c->offer)
		c->offer(c, &v->arch.vgic_cpu.vgic_v3);
	else
		v->arch.vgic_cpu.vgic_v3.used_lrs = 0;
	*old = *v;
}

void hk_watch(struct hk_vcpu *c)
{
	c->watch = kunit_kzalloc(c->vm->test, sizeof(*c->watch), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(c->vm->test, c->watch);
	c->prepare = scramble;
	c->look = check;
}

u64 hk_watched_irqs(const struct hk_vcpu *c)
{
	return c->watch->irqs;
}
