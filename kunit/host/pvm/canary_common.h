/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole __kvm_vcpu_run() of a protected vCPU, for every row of exposure.def: a guest that leaves
 * with it, all its registers random, and a host that answers.
 */
#ifndef CANARY_COMMON_H
#define CANARY_COMMON_H

#include "cpu.h"

#define HOST		KVA(0xffff000012340000)
#define ROUNDS		60
#define DEVICE		0x09000000UL
#define RAM_FRAME	0x40201UL
#define REG64(base, off) (*(u64 *)((base) + (off)))
#define REG32(base, off) (*(u32 *)((base) + (off)))
/* The host means vCPU @i. */
static inline void name_vcpu(u8 *host, unsigned int i)
{
	REG64(host, KVM_SR_MPIDR_EL1) = pvm_mpidr(i);
}

#define GPR(base, n)	REG64(base, KVM_VCPU_REGS + 8 * (n))
#define LR(base, n)	REG64(base, KVM_VCPU_GIC + KVM_GIC_LR + 8 * (n))
#define GICR(base, f)	REG32(base, KVM_VCPU_GIC + KVM_GIC_##f)
#define IFLAGS_DONE	(KVM_FLAG_PENDING_EXCEPTION | KVM_FLAG_EXCEPT_MASK | KVM_FLAG_INCREMENT_PC)
#define LR_STATE	(3UL << 62)
/* State, HW, group; priority; pINTID; vINTID: no NMI, nothing that has no meaning yet */
#define LR_TAKEN	(GENMASK(63, 60) | GENMASK(55, 48) | GENMASK(44, 0))
/* Enable and maintenance interrupts: UIE, LRENPIE, NPIE, VGrp*IE; EOIcount */
#define GIC_HCR_TAKEN	(GENMASK(7, 0) | GENMASK(31, 27))

enum out { OUT_NONE, OUT_REG, OUT_FN, OUT_TARGET };
enum take { TAKE_NOTHING, TAKE_SKIP, TAKE_STORE, TAKE_LOAD, TAKE_CPU_ON, TAKE_DONE };
static const struct {
	const char *name;
	u64 iss, far;
	u32 fn, exit, ec;
	bool hpfar;
	enum out out;
	enum take take;
} rows[SHOW_COUNT] = {
#define EXPOSE(name, exit, ec, iss, far, hpfar, fn, out, take) \
	[SHOW_##name] = { #name, iss, far, fn, exit, ec, hpfar, out, take },
#include "pvm/exposure.def"
#undef EXPOSE
};

/* Rows after which the vCPU does not run again. */
static inline bool ends(enum pvm_exposure what)
{
	return what == SHOW_CPU_OFF || what == SHOW_OFF || what == SHOW_RESET ||
	       what == SHOW_RESET2 || what == SHOW_DEAD;
}

/* What the guest does next, and what it found when it was entered. */
static struct {
	enum pvm_exposure what;
	u32 rt;
	u64 esr, far, hpfar, value;
	unsigned int entered;
	struct vcpu_regs regs;
	struct vcpu vcpu;
	struct reg_file hw;
} g;
static struct vm *vm;

/* Registers of the CPU that are EL2's: neither the host nor a guest reads them. */
static inline bool is_el2(const char *name)
{
	size_t n = strlen(name);

	return !strncmp(name, "S3_4_", 5) || (n > 4 && !strcmp(name + n - 4, "_EL2"));
}

static inline bool in_list(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

#define NAME(r) __sr_str(r)
/* The platform's: an SError that is recorded or an interrupt pending would be an exit. */
static const char *const platform[] = {
	NAME(DISR_EL1), NAME(ISR_EL1), NAME(ID_AA64PFR0_EL1), NULL
};

/*
 * Registers that a guest does not reach: all accesses trap (pvm/sysregs.def). Where one does
 * something by itself, check_trapped() of test_canary.c says what it must be.
 */
static const char *const trapped[] = {
	NAME(CNTVCT_EL0),		/* nobody chooses it: it counts */
	/* MDCR_EL2.TPM, TPMS, E2PB, E2TB, TTRF */
	NAME(PMCNTENSET_EL0), NAME(PMCNTENCLR_EL0), NAME(PMSELR_EL0), NAME(PMUSERENR_EL0),
	NAME(PMSCR_EL1), NAME(PMBLIMITR_EL1), NAME(TRBLIMITR_EL1), NAME(TRFCR_EL1),
	NAME(BRBCR_EL1),		/* HDFGRTR_EL2.nBRBCTL */
	NAME(SVCR),			/* CPTR_EL2.TSM */
	NAME(ZCR_EL1),			/* CPTR_EL2.TZ, until FP is in use */
	NAME(ICC_SRE_EL1),		/* ICC_SRE_EL2.Enable */
	NULL
};

static inline u64 guest(struct vcpu_regs *r)
{
	struct vcpu *v = &world_vcpu[0];

	g.entered++;
	g.regs = *r;
	g.vcpu = *v;
	g.hw = cpu_regs;
	if (g.entered > 1)
		return EXIT_IRQ;

	/* It has used all of its registers meanwhile. */
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!is_el2(cpu_regs.r[i].name) && !in_list(cpu_regs.r[i].name, platform) &&
		    !in_list(cpu_regs.r[i].name, trapped))
			cpu_regs.r[i].v = test_rand();
	test_fill(r->x, sizeof(r->x));
	r->sp_el0 = test_rand();
	SREG(ELR_EL2) = test_rand() & ~3UL;
	SREG(SPSR_EL2) = g.what == SHOW_DEAD ? SPSR_MODE32 : SPSR_EL1H | (test_rand() & 0xf00003c0);
	SREG(ICH_ELRSR_EL2) = test_rand();
	SREG(FAR_EL2) = g.far;
	SREG(HPFAR_EL2) = g.hpfar;
	SREG(ESR_EL2) = g.esr;
	r->x[30] = test_rand();
	if (g.rt < 31)
		g.value = r->x[g.rt];
	else
		g.value = 0;

	switch (g.what) {
	case SHOW_NOTHING:
	case SHOW_DEAD:
		return EXIT_IRQ;
	case SHOW_SERROR:
		return EXIT_SERROR;
	case SHOW_CPU_ON:
		r->x[0] = PSCI_CPU_ON64;
		r->x[1] = 5;
		r->x[2] = 0x40201000;
		break;
	case SHOW_SUSPEND:
		r->x[0] = PSCI_CPU_SUSPEND64;
		break;
	case SHOW_CPU_OFF:
	case SHOW_OFF:
	case SHOW_RESET:
	case SHOW_RESET2:
		r->x[0] = rows[g.what].fn;
		r->x[1] = 0;
		break;
	default:
		break;
	}
	return EXIT_TRAP;
}

static inline u64 any_esr(enum pvm_exposure what)
{
	u64 rnd = test_rand() & ESR_ISS, ec = rows[what].ec;

	switch (what) {
	case SHOW_RAM:
	case SHOW_WAIT:
		ec = test_rand() & 1 ? EC_DABT_LOW : EC_IABT_LOW;
		rnd = (rnd & ~(u64)(ESR_FSC | ESR_S1PTW)) | FSC_TRANS | (rnd & 3);
		break;
	case SHOW_SHARED:
		ec = EC_DABT_LOW;
		rnd = (rnd & ~(u64)(ESR_FSC | ESR_S1PTW | ESR_CM)) | FSC_TRANS | (rnd & 3);
		break;
	case SHOW_LOAD:
	case SHOW_STORE:
		rnd &= ~(u64)(ESR_FSC | ESR_S1PTW | ESR_CM | ESR_WNR);
		rnd |= ESR_ISV | FSC_TRANS | 1 | (what == SHOW_STORE ? ESR_WNR : 0);
		g.rt = ESR_SRT(rnd);
		break;
	case SHOW_SGI:
		g.rt = test_rand() % 32;
		rnd = ESR_SYS(3, 0, 12, 11, 5) | g.rt << 5;
		break;
	case SHOW_SUSPEND:
		ec = EC_HVC64;
		rnd = 0;
		break;
	case SHOW_STEP:
	case SHOW_BREAK:
	case SHOW_WATCH:
		break;
	default:
		if (ec == EC_HVC64)
			rnd = 0;
		break;
	}
	return ec << ESR_EC_SHIFT | ESR_IL | rnd;
}

/* A guest with random registers, about to leave with @what; a host with the same. */
static inline void begin(enum pvm_exposure what)
{
	vm = world_new();
	cpu_new();
	memset(&g, 0, sizeof(g));
	g.what = what;
	g.rt = 0;
	g.esr = any_esr(what);
	g.far = test_rand();
	w.share_used_up = what == SHOW_WAIT;
	g.hpfar = IPA_HPFAR(DEVICE);
	if (what == SHOW_RAM || what == SHOW_WAIT || what == SHOW_SHARED)
		g.hpfar = IPA_HPFAR(RAM_FRAME << PAGE_SHIFT);
	if (what == SHOW_SHARED) {
		world_pvm.shared = (struct shared){ .grants = 1, .grant = { RAM_FRAME << PAGE_SHIFT } };
		vm->shared = &world_pvm.shared;
	}
	cpu_guest = guest;

	for (unsigned int i = 0; i < WORLD_VCPUS; i++)
		world_secrets(&world_vcpu[i]);
	world_vcpu[0].regs.pstate = SPSR_EL1H;
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!in_list(cpu_regs.r[i].name, platform))
			cpu_regs.r[i].v = test_rand();
	this_cpu()->trap_elr = test_rand();
	this_cpu()->trap_spsr = test_rand();
	SREG(CPTR_EL2) &= ~(u64)CPTR_TSM;	/* the host has SME, or SVCR would be 0 */
	this_cpu()->el2_snapshot[EL2S_VMPIDR] = SREG(VMPIDR_EL2);
	test_fill(cpu_kvm_vcpu, sizeof(cpu_kvm_vcpu));
	name_vcpu(cpu_kvm_vcpu, 0);
	/* The names of all registers: the first run of all only makes them. */
	g.entered = 0;
}

static inline void warm_up(void)
{
	begin(SHOW_NOTHING);
	/* In the file, whether the core knows it or not. */
	SREG(BRBCR_EL1) = 0;
	/* The host's would arm its breakpoints and its software step in the guest. */
	SREG(MDSCR_EL1) = 0;
	cpu_run_vcpu(vm, HOST);
}

/* Everything a run depends on, so that two can start from the same. */
static struct {
	struct vm vm;
	struct pvm pvm;
	struct vcpu vcpu[WORLD_VCPUS];
	struct world w;
	struct reg_file hw;
	struct cpu_run cpu;
} saved;

static inline void save(void)
{
	saved.vm = *vm;
	saved.pvm = world_pvm;
	memcpy(saved.vcpu, world_vcpu, sizeof(saved.vcpu));
	saved.w = w;
	saved.hw = cpu_regs;
	saved.cpu = cpu_state;
}

static inline void restore(void)
{
	*vm = saved.vm;
	world_pvm = saved.pvm;
	memcpy(world_vcpu, saved.vcpu, sizeof(saved.vcpu));
	w = saved.w;
	cpu_regs = saved.hw;
	cpu_state = saved.cpu;
	g.entered = 1;			/* the next exit is an interrupt */
}

struct seen {
	u64 code;
	unsigned int entered;
	struct vcpu_regs regs;
	struct vcpu vcpu;
	struct reg_file hw;
	struct vcpu others[WORLD_VCPUS];
	u32 state;
};

static inline void enter(struct seen *s, const u8 *image)
{
	memcpy(cpu_kvm_vcpu, image, KVM_VCPU_SIZE);
	g.hw.n = 0;
	s->code = cpu_run_vcpu(vm, HOST);
	s->entered = g.entered - 1;
	s->regs = g.regs;
	s->vcpu = g.vcpu;
	s->hw = g.hw;
	memcpy(s->others, world_vcpu, sizeof(s->others));
	s->state = vm->state;
}

static inline bool takes_flags(enum pvm_exposure what)
{
	return rows[what].take == TAKE_SKIP || rows[what].take == TAKE_STORE ||
	       rows[what].take == TAKE_LOAD;
}

static inline bool takes_x0(enum pvm_exposure what)
{
	return rows[what].take == TAKE_LOAD || rows[what].take == TAKE_CPU_ON;
}

/*
 * Two hosts that give the same answer. One writes nothing else; the other writes all of its
 * structure and all registers of EL1. The guest cannot tell them apart.
 */
static inline void images(enum pvm_exposure what, u8 *benign, u8 *hostile)
{
	u64 lr, hcr = test_rand();
	u8 flags = (u8)test_rand();

	memset(benign, 0, KVM_VCPU_SIZE);
	test_fill(hostile, KVM_VCPU_SIZE);
	if (takes_flags(what)) {
		u8 taken = KVM_FLAG_PENDING_EXCEPTION | KVM_FLAG_INCREMENT_PC;

		benign[KVM_VCPU_IFLAGS] = flags & taken;
		hostile[KVM_VCPU_IFLAGS] = (hostile[KVM_VCPU_IFLAGS] & ~taken) | (flags & taken);
	}
	if (takes_x0(what)) {
		u64 x0 = rows[what].take == TAKE_CPU_ON && (flags & 0x80) ? 0 : test_rand();

		GPR(benign, 0) = GPR(hostile, 0) = x0;
	}
	name_vcpu(benign, 0);
	name_vcpu(hostile, 0);
	REG64(benign, KVM_VCPU_HCR) = hcr & (HCR_TWI | HCR_TWE);
	REG64(hostile, KVM_VCPU_HCR) = hcr;
	GICR(benign, HCR) = GICR(hostile, HCR) & GIC_HCR_TAKEN;
	GICR(benign, SRE) = 1;
	GICR(hostile, SRE) = test_rand() & 1;
	GICR(benign, USED_LRS) = GICR(hostile, USED_LRS) = test_rand() % 17;
	for (int i = 0; i < 16; i++) {
		lr = test_rand();
		LR(benign, i) = lr & LR_TAKEN;
		LR(hostile, i) = lr;
	}
}

#endif
