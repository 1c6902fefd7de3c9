// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual CPU interface of the GICv3. Interrupt delivery is the host's, so
 * what it puts in the list registers is taken as it is; how many there are and
 * which control bits exist is not.
 */
#include "vcpu/run.h"

#define ICH_HCR_EN	BIT(0)
#define ICC_SRE_SRE	BIT(0)
#define ICC_SRE_ENABLE	BIT(3)
#define ICH_LR_STATE	(3UL << 62)
/* EN, UIE, LRENPIE, NPIE, VGrp{0,1}{E,D}IE, vSGIEOICount, TC, TALL0, TALL1, TSEI, TDIR, DVIM, EOIcount */
#define ICH_HCR_KNOWN	(GENMASK(8, 0) | GENMASK(15, 10) | GENMASK(31, 27))

/* TC, TALL0, TALL1, TDIR: on CPUs whose virtual CPU interface KVM emulates */
#define ICH_HCR_TRAPS	(GENMASK(12, 10) | BIT(14))

#define LRS_DOWN(X) \
	X(15) X(14) X(13) X(12) X(11) X(10) X(9) X(8) X(7) X(6) X(5) X(4) X(3) X(2) X(1) X(0)

static void lrs_write(const u64 *lr, u32 n)
{
	switch (n) {
#define X(i) case i + 1: write_sysreg(lr[i], ICH_LR##i##_EL2); __attribute__((fallthrough));
	LRS_DOWN(X)
#undef X
	default:
		break;
	}
}

static void lrs_read(u64 *lr, u32 n, u64 empty)
{
	switch (n) {
#define X(i) case i + 1: \
		if (empty & BIT(i)) \
			lr[i] &= ~ICH_LR_STATE; \
		else \
			lr[i] = read_sysreg(ICH_LR##i##_EL2); \
		write_sysreg(0, ICH_LR##i##_EL2); \
		__attribute__((fallthrough));
	LRS_DOWN(X)
#undef X
	default:
		break;
	}
}

void gic_clear_lrs(const struct cpu_run *c)
{
	static const u64 none[16];

	lrs_write(none, c->feat->lrs);
}

/**
 * gic_reset() - nothing is pending or active for a guest on this CPU
 *
 * List registers are UNKNOWN after a reset. KVM has EL2 clear them when it starts on a CPU, a call
 * that a host need not make.
 */
void gic_reset(void)
{
	static const struct gic_state none;

	gic_clear_lrs(cpu_run());
	gic_load_aprs(&none, cpu_run());
}

void gic_load(struct vcpu *v, struct cpu_run *c)
{
	struct gic_state *g = &v->gic;

	g->hcr &= ICH_HCR_KNOWN;
	if (g->used_lrs > c->feat->lrs)
		g->used_lrs = c->feat->lrs;
	/* An ordinary guest with nothing pending, on a CPU whose interface it uses itself. */
	g->quiet = !g->used_lrs && !g->vlpi && g->sre && !vcpu_private(v) &&
		   (g->hcr & (ICH_HCR_EN | ICH_HCR_TRAPS)) == ICH_HCR_EN;
	if (likely(g->quiet)) {
		write_sysreg(read_sysreg(ICC_SRE_EL2) & ~ICC_SRE_ENABLE, ICC_SRE_EL2);
		return;
	}

	/*
	 * VMCR.VFIQEn is RES1 while ICC_SRE_EL1.SRE is set, so SRE goes first. With
	 * no GIC at all SRE must be 1, or the traps below have no effect. A protected guest was
	 * promised 1: under the host's 0 its accesses to the interface would be UNDEFINED.
	 */
	if (vcpu_private(v)) {
		c->host.icc_sre = read_sysreg(ICC_SRE_EL1);
		if (unlikely(c->host.icc_sre != ICC_SRE_SRE)) {
			write_sysreg(ICC_SRE_SRE, ICC_SRE_EL1);
			isb();
		}
		/* Between runs the host can write it: the mask and enables are the guest's. */
		write_sysreg(g->vmcr, ICH_VMCR_EL2);
	} else if (!(g->hcr & ICH_HCR_EN)) {
		write_sysreg(ICC_SRE_SRE, ICC_SRE_EL1);
	} else if (!g->sre) {
		write_sysreg(0, ICC_SRE_EL1);
		isb();
		write_sysreg(g->vmcr, ICH_VMCR_EL2);
	}
	write_sysreg(read_sysreg(ICC_SRE_EL2) & ~ICC_SRE_ENABLE, ICC_SRE_EL2);

	if (g->used_lrs || g->vlpi || !g->sre || (g->hcr & ICH_HCR_TRAPS))
		write_sysreg(g->hcr, ICH_HCR_EL2);
	if (g->used_lrs)
		lrs_write(g->lr, g->used_lrs);
	if (!g->sre) {
		isb();
		dsb(sy);
	}
}

void gic_unload(struct vcpu *v, const struct cpu_run *c)
{
	struct gic_state *g = &v->gic;

	if (likely(g->quiet)) {
		write_sysreg(read_sysreg(ICC_SRE_EL2) | ICC_SRE_ENABLE, ICC_SRE_EL2);
		return;
	}
	if (!g->sre) {
		dsb(sy);
		isb();
	}
	if (g->used_lrs || g->vlpi) {
		u64 empty = g->used_lrs ? read_sysreg(ICH_ELRSR_EL2) : 0;

		/* All of it: its traps would be the host's. */
		write_sysreg(0, ICH_HCR_EL2);
		lrs_read(g->lr, g->used_lrs, empty);
	}
	if (!g->sre || vcpu_private(v))
		g->vmcr = (u32)read_sysreg(ICH_VMCR_EL2);
	write_sysreg(read_sysreg(ICC_SRE_EL2) | ICC_SRE_ENABLE, ICC_SRE_EL2);
	if (!g->sre) {
		isb();		/* ENABLE before SRE */
		write_sysreg(ICC_SRE_SRE, ICC_SRE_EL1);
	} else if (vcpu_private(v) && unlikely(c->host.icc_sre != ICC_SRE_SRE)) {
		isb();
		write_sysreg(c->host.icc_sre, ICC_SRE_EL1);
	}
	if (!g->sre || (g->hcr & ICH_HCR_TRAPS))
		write_sysreg(0, ICH_HCR_EL2);
}

/* Registers 1 to 3 of each group exist from 6 and 7 bits of preemption on. */
u32 gic_aprs(const struct cpu_run *c)
{
	return c->feat->pri_bits >= 7 ? 4 : c->feat->pri_bits >= 6 ? 2 : 1;
}

void gic_save_aprs(struct gic_state *g, const struct cpu_run *c)
{
	if (c->feat->pri_bits >= 7) {
		g->ap0r[3] = (u32)read_sysreg(ICH_AP0R3_EL2);
		g->ap0r[2] = (u32)read_sysreg(ICH_AP0R2_EL2);
		g->ap1r[3] = (u32)read_sysreg(ICH_AP1R3_EL2);
		g->ap1r[2] = (u32)read_sysreg(ICH_AP1R2_EL2);
	}
	if (c->feat->pri_bits >= 6) {
		g->ap0r[1] = (u32)read_sysreg(ICH_AP0R1_EL2);
		g->ap1r[1] = (u32)read_sysreg(ICH_AP1R1_EL2);
	}
	g->ap0r[0] = (u32)read_sysreg(ICH_AP0R0_EL2);
	g->ap1r[0] = (u32)read_sysreg(ICH_AP1R0_EL2);
}

void gic_load_aprs(const struct gic_state *g, const struct cpu_run *c)
{
	if (c->feat->pri_bits >= 7) {
		write_sysreg(g->ap0r[3], ICH_AP0R3_EL2);
		write_sysreg(g->ap0r[2], ICH_AP0R2_EL2);
		write_sysreg(g->ap1r[3], ICH_AP1R3_EL2);
		write_sysreg(g->ap1r[2], ICH_AP1R2_EL2);
	}
	if (c->feat->pri_bits >= 6) {
		write_sysreg(g->ap0r[1], ICH_AP0R1_EL2);
		write_sysreg(g->ap1r[1], ICH_AP1R1_EL2);
	}
	write_sysreg(g->ap0r[0], ICH_AP0R0_EL2);
	write_sysreg(g->ap1r[0], ICH_AP1R0_EL2);
}
