// SPDX-License-Identifier: GPL-2.0-only
/*
 * pvm/sysregs.def, the inventory of what a protected guest reaches: no encoding in two classes,
 * every class what it says: against sysreg.c, vcpu/'s traps and world switch, idregs.def.
 */
#include "cpu.h"

#define HOST	KVA(0xffff000012340000)
#define ANY	(-1)
#define RT	5

enum class { SWITCHED, VIRTUAL, NATIVE, ANSWERED, HIDDEN, ABSENT, LEFT, CLASSES };
enum kind { NO_KIND, FIXED, READ, ID, MDSCR, SGI, CNTP_CTL, CSSELR, CCSIDR };
/* How an access of EL1 or EL0 comes to EL2: from what vcpu_controls_protected() sets. */
enum trap {
	NO_TRAP, TID1, TID2, TID3, TID5, TDA, TDRA, TDOSA, TACR, TSW, TIDCP, SRE, IMO, PCEN, TTA,
	TPM, TPMS, E2PB, E2TB, TTRF, TAM, TERR, TZ, TSM, ATA, TLOR, ENSCXT, FGT, HCRX
};
#define PVM_ID_NONE	PVM_ID_COUNT

static const struct row {
	const char *name;
	int f[5];
	enum class class;
	enum kind kind;
	u64 value;
	enum trap trap;
	int id, shift;
} rows[] = {
#define ROW(class, o0, o1, n, m, o2, name, ...)	{ #name, { o0, o1, n, m, o2 }, class, __VA_ARGS__ },
#define SWITCHED(...)	ROW(SWITCHED, __VA_ARGS__, NO_KIND, 0, NO_TRAP, PVM_ID_NONE, 0)
#define VIRTUAL(...)	ROW(VIRTUAL, __VA_ARGS__, NO_KIND, 0, NO_TRAP, PVM_ID_NONE, 0)
#define NATIVE(...)	ROW(NATIVE, __VA_ARGS__, NO_KIND, 0, NO_TRAP, PVM_ID_NONE, 0)
#define ABSENT(...)	ROW(ABSENT, __VA_ARGS__, NO_KIND, 0, NO_TRAP, PVM_ID_NONE, 0)
#define LEFT(...)	ROW(LEFT, __VA_ARGS__, NO_KIND, 0, NO_TRAP, PVM_ID_NONE, 0)
#define ANSWERED(o0, o1, n, m, o2, name, kind, value, trap) \
	ROW(ANSWERED, o0, o1, n, m, o2, name, kind, value, trap, PVM_ID_NONE, 0)
#define HIDDEN(o0, o1, n, m, o2, name, trap, id, shift) \
	ROW(HIDDEN, o0, o1, n, m, o2, name, NO_KIND, 0, trap, PVM_ID_##id, shift)
#include "pvm/sysregs.def"
#undef SWITCHED
#undef VIRTUAL
#undef NATIVE
#undef ABSENT
#undef LEFT
#undef ANSWERED
#undef HIDDEN
};

static bool matches(const struct row *r, const int *e)
{
	for (int i = 0; i < 5; i++)
		if (r->f[i] != ANY && r->f[i] != e[i])
			return false;
	return true;
}

static const struct row *find(const int *e)
{
	const struct row *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!matches(&rows[i], e))
			continue;
		if (found)
			fail_msg("%s and %s are the same encoding", found->name, rows[i].name);
		found = &rows[i];
	}
	return found;
}

static void decode(u32 n, int *e)
{
	e[0] = n >> 14;
	e[1] = n >> 11 & 7;
	e[2] = n >> 7 & 15;
	e[3] = n >> 3 & 15;
	e[4] = n & 7;
}

static bool trap(struct vcpu *v, const int *e, bool read)
{
	enum vcpu_exit code = EXIT_TRAP;

	v->esr = (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | RT << 5 | (read ? ESR_SYS_READ : 0) |
		ESR_SYS((u64)e[0], (u64)e[1], (u64)e[2], (u64)e[3], (u64)e[4]);
	return pvm_sysreg(v, &code);
}

/* All 65536, both directions, as if each of them trapped. */
static void every_encoding(void **state)
{
	unsigned int count[CLASSES] = { 0 }, unlisted = 0;
	int e[5];
	(void)state;

	for (u32 n = 0; n < 0x10000; n++) {
		const struct row *r;

		decode(n, e);
		r = find(e);
		if (r)
			count[r->class]++;
		else
			unlisted++;
		for (int read = 0; read < 2; read++) {
			struct vcpu *v = &world_vcpu[0], before;
			bool undef = !r || r->class != ANSWERED, again;

			world_new();
			cpu_new();
			world_pvm.id[PVM_ID_CTR] = 0x84448004;
			world_secrets(v);
			v->regs.pstate = SPSR_EL1H;
			if (r && r->kind == CNTP_CTL)
				v->regs.x[RT] = 0;
			if (r && r->class == ANSWERED)
				undef = read ? r->kind == SGI : r->kind == READ || r->kind == ID ||
					r->kind == CCSIDR;
			before = *v;
			again = trap(v, e, read);
			if (undef) {
				assert_true(again);
				assert_int_equal(v->sr[GSR_ESR_EL1], ESR_IL);
				assert_int_equal(v->sr[GSR_ELR_EL1], before.regs.pc);
				assert_int_equal(v->regs.pc, before.sr[GSR_VBAR_EL1] + 0x200);
				assert_memory_equal(v->regs.x, before.regs.x, sizeof(before.regs.x));
				continue;
			}
			/* Only software-generated interrupts leave, and only their register. */
			assert_int_equal(again, r->kind != SGI);
			if (r->kind == SGI)
				continue;
			if (read && (r->kind == FIXED || r->kind == READ))
				assert_int_equal(v->regs.x[RT], r->value);
			before.regs.pc += 4;
			before.regs.x[RT] = v->regs.x[RT];
			before.esr = v->esr;
			if (r->kind == CSSELR)
				before.sr[GSR_CSSELR_EL1] = v->sr[GSR_CSSELR_EL1];
			assert_memory_equal(v, &before, sizeof(before));
		}
	}
	/* The allow-list does not grow unseen. */
	assert_int_equal(count[ANSWERED], 3 + 7 * 8 + 3 + 6 + 3 + 1 + 8 + 15);
	assert_int_equal(count[LEFT], 4);
	print_message("# %zu rows: %u switched, %u virtual, %u native, %u answered, %u hidden, "
		      "%u absent, %u left; %u unlisted\n", ARRAY_SIZE(rows), count[SWITCHED],
		      count[VIRTUAL], count[NATIVE], count[ANSWERED], count[HIDDEN], count[ABSENT],
		      count[LEFT], unlisted);
}

/*
 * What CPUs of two kinds make of the identification of caches: CTR_EL0 may be read as it is if
 * both have the same, the geometry if it is of the format that the guest is told of.
 */
static const struct {
	u64 ctr[2], mmfr2[2], trap;
} caches[] = {
	{ { 0x84448004, 0x84448004 }, { 0, 0 }, 0 },
	{ { 0x84448004, 0x84448003 }, { 0, 0 }, HCR_TID2 },
	{ { 0x84448004, 0x94448004 }, { BIT(56), BIT(56) }, HCR_TID2 },
	/* A bit that the guest is not shown tells CPUs apart as well. */
	{ { 0x84448004, 0x2084448004 }, { BIT(56), BIT(57) }, HCR_TID2 },
	{ { 0x84448004, 0x84448004 }, { BIT(56), BIT(57) }, HCR_TID4 },
	{ { 0x84448004, 0x84448004 }, { BIT(56), 0 }, 0 },
	{ { 0x84448004, 0x84448004 }, { 0, BIT(56) }, 0 },
	{ { 0x84448004, 0x84448004 }, { 0, BIT(20) }, HCR_TID2 },
	{ { 0x84448004, 0x84448004 }, { BIT(20), BIT(56) }, HCR_TID2 },
	{ { 0x84448004, 0x84448004 }, { BIT(20) | BIT(56), BIT(20) | BIT(56) }, HCR_TID4 },
}, *cache;

static bool traps(const struct vcpu *v, enum trap t)
{
	u64 any_fgt = 0;

	for (int i = 0; i < FGT_COUNT; i++)
		any_fgt |= v->fgt[i];
	switch (t) {
	case TID1:	return v->hcr & HCR_TID1;
	case TID2:	return (v->hcr & (HCR_TID2 | HCR_TID4)) == cache->trap;
	case TID3:	return v->hcr & HCR_TID3;
	case TID5:	return v->hcr & HCR_TID5;
	case TACR:	return v->hcr & HCR_TACR;
	case TSW:	return v->hcr & HCR_TSW;
	case TIDCP:	return v->hcr & HCR_TIDCP;
	case TERR:	return v->hcr & HCR_TERR;
	case TLOR:	return v->hcr & HCR_TLOR;
	case IMO:	return (v->hcr & (HCR_IMO | HCR_FMO)) == (HCR_IMO | HCR_FMO);
	case ATA:	return !(v->hcr & HCR_ATA);
	case ENSCXT:	return !(v->hcr & HCR_ENSCXT);
	case TDA:	return v->mdcr & MDCR_TDA;
	case TDRA:	return v->mdcr & MDCR_TDRA;
	case TDOSA:	return v->mdcr & MDCR_TDOSA;
	case TPM:	return (v->mdcr & MDCR_TPM) && (v->mdcr & MDCR_TPMCR);
	case TPMS:	return v->mdcr & MDCR_TPMS;
	case TTRF:	return v->mdcr & MDCR_TTRF;
	/* 0b10: EL1's regime, and its accesses to the buffer's registers trap */
	case E2PB:	return (v->mdcr & MDCR_E2PB) == SR_VAL(2, 12);
	case E2TB:	return (v->mdcr & MDCR_E2TB) == SR_VAL(2, 24);
	case TTA:	return v->cptr & CPTR_TTA;
	case TAM:	return v->cptr & CPTR_TAM;
	case TZ:	return v->cptr & CPTR_TZ;
	case TSM:	return v->cptr & CPTR_TSM;
	case PCEN:	return !(v->cnthctl & CNTHCTL_EL1PCEN);
	/* registers that are hidden have negative polarity */
	case FGT:	return !any_fgt;
	case HCRX:	return !v->hcrx;
	case SRE:	return !(SREG(ICC_SRE_EL2) & 8);
	default:	return false;
	}
}

/* A selector that does not trap is the guest's own: nobody else's is seen, or changed. */
static u64 selected;

static void check_selector(void)
{
	if (cache->trap)
		return;
	assert_int_equal(SREG(CSSELR_EL1), selected);
	SREG(CSSELR_EL1) = selected = test_rand() & 15;
}

static u64 check_traps(struct vcpu_regs *r)
{
	check_selector();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((rows[i].class == ANSWERED || rows[i].class == HIDDEN) &&
		    !traps(&world_vcpu[0], rows[i].trap))
			fail_msg("%s does not trap", rows[i].name);
	/* What was computed is what is loaded. */
	assert_int_equal(SREG(HCR_EL2), world_vcpu[0].hcr);
	assert_int_equal(SREG(MDCR_EL2), world_vcpu[0].mdcr);
	assert_int_equal(SREG(CPTR_EL2), world_vcpu[0].cptr);
	assert_int_equal(SREG(CNTHCTL_EL2), world_vcpu[0].cnthctl);
	assert_int_equal(SREG(HCRX_EL2), world_vcpu[0].hcrx);
	assert_int_equal(SREG(HFGRTR_EL2) | SREG(HFGWTR_EL2) | SREG(HFGITR_EL2) |
			 SREG(HDFGRTR_EL2) | SREG(HDFGWTR_EL2), 0);
	/* VIRTUAL */
	assert_int_equal(SREG(VPIDR_EL2), world_vcpu[0].midr);
	assert_int_equal(SREG(VMPIDR_EL2), world_vcpu[0].sr[GSR_MPIDR_EL1]);
	assert_int_equal(SREG(CNTVOFF_EL2), world_vcpu[0].cntvoff);
	return EXIT_IRQ;
}

static void trapped_by(void **state)
{
	struct vm *vm;
	(void)state;

	for (cache = caches; cache < caches + ARRAY_SIZE(caches); cache++) {
		vm = world_new();
		cpu_new();
		for (int cpu = 0; cpu < 2; cpu++) {
			world_cpus[cpu].id_regs[PVM_ID_CTR] = cache->ctr[cpu];
			world_cpus[cpu].id_regs[PVM_ID_MMFR2] = cache->mmfr2[cpu];
		}
		world_pvm.cache_trap = pvm_cache_trap();
		assert_int_equal(world_pvm.cache_trap, cache->trap);
		world_secrets(&world_vcpu[0]);
		world_vcpu[0].regs.pstate = SPSR_EL1H;
		world_vcpu[0].midr = test_rand();
		world_vcpu[0].cntvoff = test_rand();
		SREG(VPIDR_EL2) = 0x1234;
		SREG(CNTHCTL_EL2) = 3;
		SREG(MDCR_EL2) = ~0UL;
		cpu_guest = check_traps;
		selected = world_vcpu[0].sr[GSR_CSSELR_EL1];
		for (int run = 0; run < 3; run++) {
			u64 host = SREG(CSSELR_EL1) = 16 + run;

			test_fill(cpu_kvm_vcpu, sizeof(cpu_kvm_vcpu));
			*(u64 *)(cpu_kvm_vcpu + KVM_SR_MPIDR_EL1) = BIT(31);
			assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
			assert_int_equal(SREG(VPIDR_EL2), 0x1234);
			assert_int_equal(SREG(CSSELR_EL1), host);
		}
	}
}

/* Of what CPUs may have, nothing is shown that is hidden: on any of them, and on a mixture. */
static void ids_hide(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		world_new();
		for (int cpu = 0; cpu < 2; cpu++)
			for (int id = 0; id < PVM_ID_COUNT; id++)
				world_cpus[cpu].id_regs[id] = round ? test_rand() : ~0UL;
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (rows[i].class == HIDDEN && rows[i].id != PVM_ID_NONE &&
			    (pvm_id_common(rows[i].id, 48) >> rows[i].shift & 15))
				fail_msg("%s is hidden, but advertised", rows[i].name);
	}
}

/* SWITCHED rows by the names read_sysreg() may have for them. */
static u64 *switched(const struct row *r)
{
	char enc[24];

	snprintf(enc, sizeof(enc), "S%d_%d_C%d_C%d_%d", r->f[0], r->f[1], r->f[2], r->f[3], r->f[4]);
	for (unsigned int i = 0; i < cpu_regs.n; i++)
		if (!strcmp(cpu_regs.r[i].name, r->name) || !strcmp(cpu_regs.r[i].name, enc))
			return &cpu_regs.r[i].v;
	return NULL;
}

static u64 guest_value[ARRAY_SIZE(rows)];
static unsigned int runs, tested;

static u64 use_registers(struct vcpu_regs *r)
{
	runs++;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 *reg = rows[i].class == SWITCHED ? switched(&rows[i]) : NULL;

		if (!reg)
			continue;
		if (runs > 1 && *reg != guest_value[i])
			fail_msg("%s is not what the guest left there", rows[i].name);
		*reg = guest_value[i] = test_rand();
	}
	return EXIT_IRQ;
}

static void switched_rows(void **state)
{
	u64 host[ARRAY_SIZE(rows)] = { 0 };
	struct vm *vm;
	(void)state;

	vm = world_new();
	cpu_new();
	world_vcpu[0].regs.pstate = SPSR_EL1H;
	memset(cpu_kvm_vcpu, 0, sizeof(cpu_kvm_vcpu));
	cpu_guest = use_registers;
	for (int n = 0; n < 5; n++) {
		tested = 0;
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			u64 *reg = rows[i].class == SWITCHED ? switched(&rows[i]) : NULL;

			if (reg)
				*reg = host[i] = test_rand();
		}
		SREG(ELR_EL2) = 0;
		SREG(SPSR_EL2) = SPSR_EL1H;
		assert_int_equal(cpu_run_vcpu(vm, HOST), EXIT_IRQ);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			u64 *reg = rows[i].class == SWITCHED ? switched(&rows[i]) : NULL;

			/* enter.S, fpsimd.S and, with FP in use, fp.c: test_canary.c */
			if (rows[i].class == SWITCHED && !reg)
				assert_true(!strcmp(rows[i].name, "SP_EL0") ||
					    !strcmp(rows[i].name, __sr_str(ZCR_EL1)) ||
					    !strcmp(rows[i].name, "FPCR") ||
					    !strcmp(rows[i].name, "FPSR"));
			if (!reg)
				continue;
			tested++;
			if (*reg != host[i])
				fail_msg("the host finds %s changed", rows[i].name);
		}
	}
	assert_int_equal(runs, 5);
	assert_int_equal(tested, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_encoding),
		cmocka_unit_test(trapped_by),
		cmocka_unit_test(ids_hide),
		cmocka_unit_test(switched_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
