// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole __kvm_vcpu_run() of a protected vCPU, for every row of exposure.def: which bytes of
 * KVM's structure and which registers of the CPU the host finds changed, and what of
 * the bytes and registers it changes itself the guest then runs with.
 */
#include "cpu.h"
#include "hcall.h"

#define HOST		KVA(0xffff000012340000)
#define ROUNDS		60
#define DEVICE		0x09000000UL
#define REG64(base, off) (*(u64 *)((base) + (off)))
#define REG32(base, off) (*(u32 *)((base) + (off)))
#define GPR(base, n)	REG64(base, KVM_VCPU_REGS + 8 * (n))
#define LR(base, n)	REG64(base, KVM_VCPU_GIC + KVM_GIC_LR + 8 * (n))
#define GICR(base, f)	REG32(base, KVM_VCPU_GIC + KVM_GIC_##f)
#define IFLAGS_DONE	(KVM_FLAG_PENDING_EXCEPTION | KVM_FLAG_EXCEPT_MASK | KVM_FLAG_INCREMENT_PC)
#define LR_STATE	(3UL << 62)
#define LR_NMI		BIT(59)
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
#include "../../el2-objs/pvm/exposure.def"
#undef EXPOSE
};

/* Rows after which the vCPU does not run again. */
static bool ends(enum pvm_exposure what)
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
static bool is_el2(const char *name)
{
	size_t n = strlen(name);

	return !strncmp(name, "S3_4_", 5) || (n > 4 && !strcmp(name + n - 4, "_EL2"));
}

static bool in_list(const char *name, const char *const *list)
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

/* Registers that a guest runs with as they are: all accesses trap (pvm/sysregs.def). */
static const char *const trapped[] = {
	/* MDCR_EL2.TPM, TPMS, E2PB, E2TB, TTRF */
	NAME(PMCNTENSET_EL0), NAME(PMCNTENCLR_EL0), NAME(PMSELR_EL0), NAME(PMUSERENR_EL0),
	NAME(PMSCR_EL1), NAME(PMBLIMITR_EL1), NAME(TRBLIMITR_EL1), NAME(TRFCR_EL1),
	NAME(BRBCR_EL1),		/* HDFGRTR_EL2.nBRBCTL */
	NAME(SVCR),			/* CPTR_EL2.TSM */
	NAME(ZCR_EL1),			/* CPTR_EL2.TZ, until FP is in use */
	NAME(ICC_SRE_EL1),		/* ICC_SRE_EL2.Enable */
	NULL
};

static u64 guest(struct vcpu_regs *r)
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

static u64 any_esr(enum pvm_exposure what)
{
	u64 rnd = test_rand() & ESR_ISS, ec = rows[what].ec;

	switch (what) {
	case SHOW_RAM:
		ec = test_rand() & 1 ? EC_DABT_LOW : EC_IABT_LOW;
		rnd = (rnd & ~(u64)(ESR_FSC | ESR_S1PTW)) | FSC_TRANS | (rnd & 3);
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
	default:
		if (ec == EC_HVC64)
			rnd = 0;
		break;
	}
	return ec << ESR_EC_SHIFT | ESR_IL | rnd;
}

/* A guest with random registers, about to leave with @what; a host with the same. */
static void begin(enum pvm_exposure what)
{
	vm = world_new();
	cpu_new();
	memset(&g, 0, sizeof(g));
	g.what = what;
	g.rt = 0;
	g.esr = any_esr(what);
	g.far = test_rand();
	g.hpfar = what == SHOW_RAM ? IPA_HPFAR(0x40201000UL) : IPA_HPFAR(DEVICE);
	cpu_guest = guest;

	for (unsigned int i = 0; i < VM_MAX_VCPUS; i++)
		world_secrets(&world_vcpu[i]);
	world_vcpu[0].regs.pstate = SPSR_EL1H;
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!in_list(cpu_regs.r[i].name, platform))
			cpu_regs.r[i].v = test_rand();
	this_cpu()->trap_elr = test_rand();
	this_cpu()->trap_spsr = test_rand();
	SREG(CPTR_EL2) &= ~(u64)CPTR_TSM;	/* the host has SME, or SVCR would be 0 */
	SREG(ICC_SRE_EL1) = 1;			/* Linux with a GICv3 */
	cpu_state.host.vmpidr = SREG(VMPIDR_EL2);
	test_fill(cpu_kvm_vcpu, sizeof(cpu_kvm_vcpu));
	/* The names of all registers: the first run of all only makes them. */
	g.entered = 0;
}

/* What the host's structure must be after an exit: @k as before it. */
static void expected(u8 *k, enum pvm_exposure what)
{
	u32 used = GICR(k, USED_LRS) < 16 ? GICR(k, USED_LRS) : 16;
	u64 esr = g.esr, value = g.value;

	for (int n = 0; n < 33; n++)
		GPR(k, n) = 0;
	GPR(k, 33) = SPSR_EL1H;
	switch (rows[what].out) {
	case OUT_NONE:
		break;
	case OUT_REG:
		if (what == SHOW_STORE && FIELD(esr, 23, 22) < 3)
			value &= BIT(8 << FIELD(esr, 23, 22)) - 1;
		GPR(k, 0) = value;
		break;
	case OUT_TARGET:
		GPR(k, 1) = 5;
		/* fall through */
	case OUT_FN:
		GPR(k, 0) = rows[what].fn;
		break;
	}
	if (what == SHOW_RAM)
		esr = ESR_WNR | FSC_TRANS | 2;		/* whatever the guest did */
	if (what == SHOW_LOAD || what == SHOW_STORE)
		esr = (esr & ~(u64)ESR_FSC) | FSC_TRANS | 3;
	REG64(k, KVM_VCPU_ESR) = rows[what].ec ? (u64)rows[what].ec << ESR_EC_SHIFT | ESR_IL |
		(esr & rows[what].iss) : 0;
	REG64(k, KVM_VCPU_FAR) = g.far & rows[what].far;
	REG64(k, KVM_VCPU_HPFAR) = rows[what].hpfar ? g.hpfar : 0;
	REG64(k, KVM_VCPU_DISR) = 0;
	k[KVM_VCPU_IFLAGS] &= ~(IFLAGS_DONE | KVM_FLAG_DEBUG_DIRTY);
	REG64(k, KVM_VCPU_HCR) &= ~(u64)HCR_VSE;
	/* List registers: only their state may have moved on. */
	for (u32 i = 0; i < used; i++) {
		u64 now = LR(cpu_kvm_vcpu, i);

		if (g.entered)
			assert_int_equal((now ^ LR(k, i)) & ~(LR_STATE | LR_NMI), 0);
		LR(k, i) = now;
	}
}

/* Registers that need not be as the host left them: none holds anything of the guest's. */
static const char *const changed[] = {
	NAME(PMSELR_EL0),		/* 0 */
	NAME(SVCR),			/* 0: KVM has saved the host's SME state */
	NAME(PMCNTENCLR_EL0),		/* written to, not a register to read */
	NULL
};

static const char *const restored[] = {
	NAME(HCR_EL2), NAME(MDCR_EL2), NAME(CPTR_EL2), NAME(HCRX_EL2), NAME(CNTHCTL_EL2),
	NAME(VBAR_EL2), NAME(CNTVOFF_EL2), NAME(VPIDR_EL2), NAME(VMPIDR_EL2), NAME(HFGRTR_EL2),
	NAME(HFGWTR_EL2), NAME(HFGITR_EL2), NAME(HDFGRTR_EL2), NAME(HDFGWTR_EL2),
	NAME(HAFGRTR_EL2), NULL
};

static void check_hardware(const struct reg_file *before)
{
	for (unsigned int i = 0; i < cpu_regs.n; i++) {
		const char *name = cpu_regs.r[i].name;

		if (is_el2(name))
			continue;
		if (!in_list(name, changed) && cpu_regs.r[i].v != before->r[i].v)
			fail_msg("%s: the host finds %s changed", rows[g.what].name, name);
	}
	/* What EL2 decides for the host is in force again. */
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (in_list(cpu_regs.r[i].name, restored) && cpu_regs.r[i].v != before->r[i].v)
			fail_msg("%s stays as it was for the guest", cpu_regs.r[i].name);
	assert_int_equal(SREG(VTTBR_EL2), (u64)&host_s2);
	assert_int_equal(SREG(ELR_EL2), this_cpu()->trap_elr);
	assert_int_equal(SREG(SPSR_EL2), this_cpu()->trap_spsr);
	assert_int_equal(SREG(PMSELR_EL0), 0);
	assert_int_equal(SREG(SVCR), 0);
}

static void warm_up(void)
{
	begin(SHOW_NOTHING);
	/* In the file, whether the core knows it or not. */
	SREG(BRBCR_EL1) = 0;
	cpu_run_vcpu(vm, HOST);
}

static void only_the_table_out(void **state)
{
	static u8 want[KVM_VCPU_SIZE];
	static struct reg_file before;
	(void)state;

	warm_up();
	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; round < ROUNDS; round++) {
			u64 code;

			begin(what);
			memcpy(want, cpu_kvm_vcpu, sizeof(want));
			before = cpu_regs;
			code = cpu_run_vcpu(vm, HOST);
			assert_int_equal(g.entered, 1);
			assert_int_equal(code, rows[what].exit);
			expected(want, what);
			for (size_t i = 0; i < sizeof(want); i++)
				if (want[i] != cpu_kvm_vcpu[i])
					fail_msg("%s: byte %zu of the host's vCPU is %#x, not %#x",
						 rows[what].name, i, cpu_kvm_vcpu[i], want[i]);
			check_hardware(&before);
		}
	}
}

/* FP registers are loaded at their first use, and gone before the host runs. */
static u64 guest_uses_fp(struct vcpu_regs *r)
{
	if (g.entered++)
		return EXIT_IRQ;
	SREG(ESR_EL2) = (u64)EC_FP << ESR_EC_SHIFT | ESR_IL;
	SREG(SPSR_EL2) = SPSR_EL1H;
	return EXIT_TRAP;
}

static void no_fp_left(void **state)
{
	(void)state;
	warm_up();
	begin(SHOW_NOTHING);
	cpu_guest = guest_uses_fp;
	cpu_fp_clears = 0;
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
	assert_int_equal(g.entered, 2);
	assert_int_equal(cpu_fp_clears, 1);
	assert_int_equal(world_vcpu[0].fp.fpcr, 0x77777777);
	assert_false(world_vcpu[0].fp_loaded);
}

/* SVE: the same, with vectors of the VM's length in a page of its own. */
#define SVE_VL		32

static u64 sve_guest_zcr;

static u64 guest_uses_sve(struct vcpu_regs *r)
{
	SREG(ESR_EL2) = (u64)EC_SVE << ESR_EC_SHIFT | ESR_IL;
	SREG(SPSR_EL2) = SPSR_EL1H;
	if (!(g.entered++ & 1))
		return EXIT_TRAP;
	/* Loaded: what it left there before, at its length. */
	assert_int_equal(sve_vl(), SVE_VL);
	assert_false(SREG(CPTR_EL2) & (CPTR_TZ | CPTR_TFP));
	if (g.entered > 2) {
		assert_int_equal(SREG(ZCR_EL1), sve_guest_zcr);
		for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
			assert_int_equal(cpu_sve[i], (u8)(i + 1));
	} else {
		assert_int_equal(SREG(ZCR_EL1), 0);
		for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
			assert_int_equal(cpu_sve[i], 0);
	}
	for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
		cpu_sve[i] = (u8)(i + 1);
	SREG(ZCR_EL1) = sve_guest_zcr = test_rand();
	return EXIT_IRQ;
}

static void no_sve_left(void **state)
{
	static u8 page[PAGE_SIZE] __attribute__((aligned(16)));
	u64 zcr_el1, zcr_el2;
	(void)state;

	warm_up();
	begin(SHOW_NOTHING);
	memset(page, 0xa5, sizeof(page));
	world_vcpu[0].sve_buf = page;
	world_vcpu[0].sve_vl = SVE_VL;
	pvm_vcpu_reset(&world_vcpu[0], 0x40200000, 0, 0, 0);
	cpu_guest = guest_uses_sve;
	for (int n = 0; n < 3; n++) {
		memset(cpu_sve, 0xee, sizeof(cpu_sve));	/* KVM has saved the host's */
		SREG(ZCR_EL1) = zcr_el1 = test_rand();
		SREG(ZCR_EL2) = zcr_el2 = 15;
		assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
		assert_int_equal(g.entered, 2 * n + 2);
		assert_int_equal(SREG(ZCR_EL1), zcr_el1);
		assert_int_equal(SREG(ZCR_EL2), zcr_el2);
		for (int i = 0; i < SVE_VL * 34 + SVE_VL / 8; i++)
			assert_int_equal(cpu_sve[i], 0);
		assert_int_equal(page[0], 1);
		assert_int_equal(page[SVE_VL * 34 + SVE_VL / 8], 0);
	}
	/* A CPU without that length: not silently another one. */
	cpu_sve_max = 16;
	g.entered = 0;
	assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IL);
	assert_int_equal(vm->state, VM_DEAD);
	cpu_sve_max = 256;
}

static void sve_lengths(void **state)
{
	struct percpu cpu = { 0 };
	(void)state;

	cpu_new();
	SREG(ZCR_EL2) = 9;
	assert_int_equal(sve_measure(&cpu), 0);
	SREG(ID_AA64PFR0_EL1) = 1UL << 32;
	assert_int_equal(sve_measure(&cpu), VCPU_SVE_MAX);
	cpu_sve_max = 32;
	assert_int_equal(sve_measure(&cpu), 32);
	assert_int_equal(SREG(ZCR_EL2), 9);
	cpu.el2_snapshot[EL2S_CPTR] = CPTR_TZ;
	assert_int_equal(sve_measure(&cpu), 0);
	cpu_sve_max = 256;
}

/* Everything a run depends on, so that two can start from the same. */
static struct {
	struct vm vm;
	struct pvm pvm;
	struct vcpu vcpu[VM_MAX_VCPUS];
	struct world w;
	struct reg_file hw;
	struct cpu_run cpu;
} saved;

static void save(void)
{
	saved.vm = *vm;
	saved.pvm = world_pvm;
	memcpy(saved.vcpu, world_vcpu, sizeof(saved.vcpu));
	saved.w = w;
	saved.hw = cpu_regs;
	saved.cpu = cpu_state;
}

static void restore(void)
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
	struct vcpu others[VM_MAX_VCPUS];
	u32 state;
};

static void enter(struct seen *s, const u8 *image)
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

static bool takes_flags(enum pvm_exposure what)
{
	return rows[what].take == TAKE_SKIP || rows[what].take == TAKE_STORE ||
	       rows[what].take == TAKE_LOAD;
}

static bool takes_x0(enum pvm_exposure what)
{
	return rows[what].take == TAKE_LOAD || rows[what].take == TAKE_CPU_ON;
}

/*
 * Two hosts that give the same answer. One writes nothing else; the other writes all of its
 * structure and all registers of EL1. The guest cannot tell them apart.
 */
static void images(enum pvm_exposure what, u8 *benign, u8 *hostile)
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
	REG64(benign, KVM_VCPU_HCR) = hcr & (HCR_TWI | HCR_TWE);
	REG64(hostile, KVM_VCPU_HCR) = hcr;
	GICR(benign, HCR) = GICR(hostile, HCR) & GIC_HCR_TAKEN;
	GICR(benign, SRE) = 1;
	GICR(hostile, SRE) = test_rand() & 1;
	GICR(benign, USED_LRS) = GICR(hostile, USED_LRS) = test_rand() % 17;
	for (int i = 0; i < 16; i++) {
		lr = test_rand();
		LR(benign, i) = lr & ~LR_NMI;
		LR(hostile, i) = lr;
	}
}

static void compare(const struct seen *a, const struct seen *b)
{
	const char *row = rows[g.what].name;

	assert_int_equal(a->code, b->code);
	assert_int_equal(a->entered, b->entered);
	assert_int_equal(a->state, b->state);
	for (int i = 1; i < VM_MAX_VCPUS; i++)
		if (memcmp(&a->others[i], &b->others[i], sizeof(a->others[i])))
			fail_msg("%s: the host's structure changed vCPU %d", row, i);
	if (!a->entered)
		return;
	if (memcmp(&a->regs, &b->regs, sizeof(a->regs)))
		fail_msg("%s: general registers, pc or PSTATE are the host's to choose", row);
	assert_memory_equal(a->vcpu.sr, b->vcpu.sr, sizeof(a->vcpu.sr));
	assert_memory_equal(&a->vcpu.fp, &b->vcpu.fp, sizeof(a->vcpu.fp));
	assert_memory_equal(a->vcpu.apkey, b->vcpu.apkey, sizeof(a->vcpu.apkey));
	for (unsigned int i = 0; i < a->hw.n; i++)
		if (a->hw.r[i].v != b->hw.r[i].v && !in_list(a->hw.r[i].name, trapped))
			fail_msg("%s: the guest runs with %s of the host's choice: %#llx, %#llx",
				 row, a->hw.r[i].name, (unsigned long long)a->hw.r[i].v,
				 (unsigned long long)b->hw.r[i].v);
}

/* The units that record what a guest does are off. */
static void check_recorders(const struct reg_file *hw)
{
	for (unsigned int i = 0; i < hw->n; i++) {
		const char *name = hw->r[i].name;

		if (!strcmp(name, NAME(PMBLIMITR_EL1)) || !strcmp(name, NAME(TRBLIMITR_EL1)))
			assert_false(hw->r[i].v & 1);
		if (!strcmp(name, NAME(TRFCR_EL1)) || !strcmp(name, NAME(BRBCR_EL1)))
			assert_int_equal(hw->r[i].v & 3, 0);	/* E0, E1 */
	}
}

static void only_the_table_in(void **state)
{
	static u8 benign[KVM_VCPU_SIZE], hostile[KVM_VCPU_SIZE];
	static struct seen a, b;
	(void)state;

	warm_up();
	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; round < ROUNDS; round++) {
			begin(what);
			cpu_run_vcpu(vm, HOST);
			assert_int_equal(g.entered, 1);
			images(what, benign, hostile);
			save();

			restore();
			for (unsigned int i = 0; i < cpu_regs.n; i++)
				if (!is_el2(cpu_regs.r[i].name))
					cpu_regs.r[i].v = 0;
			enter(&a, benign);
			restore();
			for (unsigned int i = 0; i < cpu_regs.n; i++)
				if (!is_el2(cpu_regs.r[i].name) &&
				    !in_list(cpu_regs.r[i].name, platform))
					cpu_regs.r[i].v = test_rand();
			enter(&b, hostile);

			assert_int_equal(a.entered, !ends(what));
			compare(&a, &b);
			if (a.entered)
				check_recorders(&b.hw);
			/* A vCPU that is off or dead shows nothing, changes nothing. */
			if (ends(what)) {
				for (int n = 0; n < 33; n++)
					assert_int_equal(GPR(cpu_kvm_vcpu, n), 0);
				assert_int_equal(REG64(cpu_kvm_vcpu, KVM_VCPU_ESR), 0);
				assert_memory_equal(world_vcpu, saved.vcpu, sizeof(saved.vcpu));
			}
		}
	}
}

/* An answer of "exception" to a device access, whatever else it says: an external abort. */
static void only_an_abort(void **state)
{
	static u8 benign[KVM_VCPU_SIZE], hostile[KVM_VCPU_SIZE];
	static struct seen s;
	(void)state;

	warm_up();
	for (int round = 0; round < ROUNDS; round++) {
		enum pvm_exposure what = round & 1 ? SHOW_LOAD : SHOW_STORE;
		u64 pc, pstate;

		begin(what);
		cpu_run_vcpu(vm, HOST);
		pc = world_vcpu[0].regs.pc;
		pstate = world_vcpu[0].regs.pstate;
		images(what, benign, hostile);
		hostile[KVM_VCPU_IFLAGS] |= KVM_FLAG_PENDING_EXCEPTION;
		save();
		restore();
		enter(&s, hostile);
		assert_int_equal(s.entered, 1);
		assert_int_equal(s.regs.pc, saved.vcpu[0].sr[GSR_VBAR_EL1] + 0x200);
		assert_int_equal(s.regs.pstate & (SPSR_MODE | SPSR_MODE32 | SPSR_DAIF),
				 SPSR_EL1H | SPSR_DAIF);
		assert_memory_equal(s.regs.x, saved.vcpu[0].regs.x, sizeof(s.regs.x));
		assert_int_equal(s.vcpu.sr[GSR_ESR_EL1],
				 (u64)EC_DABT_CUR << ESR_EC_SHIFT | ESR_IL | FSC_EXTABT);
		assert_int_equal(s.vcpu.sr[GSR_FAR_EL1], g.far);
		assert_int_equal(s.vcpu.sr[GSR_ELR_EL1], pc);
		assert_int_equal(s.vcpu.sr[GSR_SPSR_EL1], pstate);
		/* No virtual SError, IRQ or FIQ by HCR_EL2. */
		assert_int_equal(s.vcpu.hcr & (HCR_VSE | HCR_VI | HCR_VF), 0);
		assert_int_equal(s.vcpu.hcr & ~(HCR_TWI | HCR_TWE),
				 saved.vcpu[0].hcr & ~(HCR_TWI | HCR_TWE));
	}
}

/*
 * KVM's other calls between two runs: nothing of a protected vCPU changes but its CPU interface's
 * ICH_VMCR_EL2 and ICH_AP*R_EL2, its mappings stay, its counter does not jump.
 */
static void other_calls(void **state)
{
	static struct vcpu before[VM_MAX_VCPUS];
	static u8 k[KVM_VCPU_SIZE];
	unsigned int known = 0;
	(void)state;

	warm_up();
	for (u64 id = 0; id < 128; id++) {
		struct percpu *cpu = this_cpu();
		u64 offset = test_rand();

		if (id == KVM_FN_kvm_vcpu_run)
			continue;
		begin(SHOW_LOAD);
		for (int i = 0; i < VM_MAX_VCPUS; i++)
			world_vcpu[i].cntvoff = offset;
		cpu_run_vcpu(vm, HOST);
		memcpy(before, world_vcpu, sizeof(before));
		memcpy(k, cpu_kvm_vcpu, sizeof(k));
		cpu_kvm_vcpu[KVM_VCPU_IFLAGS] |= KVM_FLAG_PENDING_EXCEPTION;
		k[KVM_VCPU_IFLAGS] |= KVM_FLAG_PENDING_EXCEPTION;
		w.drops = cpu_unmaps = 0;
		test_fill(cpu->host.x, sizeof(cpu->host.x));
		cpu->host.x[1] = CPU_LINEAR;
		if (id == KVM_FN_vgic_v3_save_vmcr_aprs || id == KVM_FN_vgic_v3_restore_vmcr_aprs)
			cpu->host.x[1] += KVM_VCPU_GIC;
		known += kvm_host_call(cpu, id);

		assert_memory_equal(world_vcpu, before, sizeof(before));
		assert_int_equal(w.drops + cpu_unmaps, 0);
		for (size_t i = 0; i < sizeof(k); i++) {
			size_t in_gic = i - KVM_VCPU_GIC;

			if (id == KVM_FN_vgic_v3_save_vmcr_aprs && in_gic >= KVM_GIC_VMCR &&
			    in_gic < KVM_GIC_LR)
				continue;
			assert_int_equal(k[i], cpu_kvm_vcpu[i]);
		}
		cpu_run_vcpu(vm, HOST);
		for (unsigned int i = 0; i < g.hw.n; i++)
			if (!strcmp(g.hw.r[i].name, NAME(CNTVOFF_EL2)))
				assert_int_equal(g.hw.r[i].v, offset);
	}
	assert_true(known > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_table_out),
		cmocka_unit_test(no_fp_left),
		cmocka_unit_test(no_sve_left),
		cmocka_unit_test(sve_lengths),
		cmocka_unit_test(only_the_table_in),
		cmocka_unit_test(only_an_abort),
		cmocka_unit_test(other_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
