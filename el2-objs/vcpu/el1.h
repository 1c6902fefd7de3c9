/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies a guest's EL1&0 registers between the CPU and memory, straight-line.
 * Includers define SR_SLOT(base, i), an lvalue for enum guest_sysreg @i: in KVM's
 * structure (kvm/ordinary.c) or in ours (vcpu/switch.c). SCTLR_EL1 and TCR_EL1 are
 * vcpu_run_guest()'s to load. An access need not be volatile, where the memory is KVM's either: a
 * value goes to the guest's register or comes from it, and what it is changes nothing here.
 */
#define SR(b, r) SR_SLOT(b, GSR_##r)
/* ## here and not through SR(): @r is a macro for registers without a name */
#define SR_LOAD(r) write_sysreg(SR_SLOT(b, GSR_##r), r);
#define SR_SAVE(r) SR_SLOT(b, GSR_##r) = read_sysreg(r);
/* The empty asm: the compiler has both in registers at once, so it loads them at once. */
#define SR_LOAD2(r, s) { \
	u64 __x = SR_SLOT(b, GSR_##r), __y = SR_SLOT(b, GSR_##s); \
	asm volatile("" : : "r" (__x), "r" (__y)); \
	write_sysreg(__x, r); \
	write_sysreg(__y, s); \
}
#define SR_SAVE2(r, s) { \
	u64 __x = read_sysreg(r), __y = read_sysreg(s); \
	SR_SLOT(b, GSR_##r) = __x; \
	SR_SLOT(b, GSR_##s) = __y; \
}

static __always_inline void el1_load_features(void *b, const struct cpu_feat *f, u64 hcr, u64 hcrx)
{
	if (hcrx & HCRX_TCR2En) {
		SR_LOAD(TCR2_EL1)
		if (f->s1pie) {
			SR_LOAD(PIR_EL1)
			SR_LOAD(PIRE0_EL1)
		}
		if (f->s1poe) {
			SR_LOAD(POR_EL1)
			SR_LOAD(POR_EL0)
		}
	}
	if (hcr & HCR_ATA) {
		SR_LOAD(TFSR_EL1)
		SR_LOAD(TFSRE0_EL1)
	}
}

static __always_inline void el1_save_features(void *b, const struct cpu_feat *f, u64 hcr, u64 hcrx)
{
	if (hcrx & HCRX_TCR2En) {
		SR_SAVE(TCR2_EL1)
		if (f->s1pie) {
			SR_SAVE(PIR_EL1)
			SR_SAVE(PIRE0_EL1)
		}
		if (f->s1poe) {
			SR_SAVE(POR_EL1)
			SR_SAVE(POR_EL0)
		}
	}
	if (hcr & HCR_ATA) {
		SR_SAVE(TFSR_EL1)
		SR_SAVE(TFSRE0_EL1)
	}
}

/* A77 (1508412): without the DMBs the CPU may come to a halt, at the will of a guest. */
static __always_inline u64 read_par(const struct cpu_feat *f)
{
	u64 par;

	if (unlikely(f->par_dmb))
		dmb(sy);
	par = read_sysreg(PAR_EL1);
	if (unlikely(f->par_dmb))
		dmb(sy);
	return par;
}

static __always_inline void guest_el1_load(void *b, const struct cpu_feat *f, const struct vcpu *v)
{
	EL1_STATE(SR_LOAD2, SR_LOAD)
	SR_LOAD(PAR_EL1)
	write_sysreg(SR(b, MPIDR_EL1), VMPIDR_EL2);
	if (f->ras)
		write_sysreg(SR(b, DISR_EL1), VDISR_EL2);
	if (unlikely(v->extra))
		el1_load_features(b, f, v->hcr, v->hcrx);
}

static __always_inline void guest_el1_save(void *b, const struct cpu_feat *f, const struct vcpu *v)
{
	EL1_STATE(SR_SAVE2, SR_SAVE)
	SR(b, PAR_EL1) = read_par(f);
	SR_SAVE2(SCTLR_EL1, TCR_EL1)
	if (f->ras)
		SR(b, DISR_EL1) = read_sysreg(VDISR_EL2);
	if (unlikely(v->extra))
		el1_save_features(b, f, v->hcr, v->hcrx);
}
