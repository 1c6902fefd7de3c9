// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an ordinary vCPU uses now and then: SVE and FP, breakpoints, event counters, a call of ours.
 * Of each the host names the place, or the size: what of that is followed.
 */
#include "pvm/canary_common.h"
#include "abi/hypsec_guest.h"

#define SVE_VL		32U
#define SVE_SIZE	(SVE_VL * 34 + SVE_VL / 8)

static u8 *const k = cpu_kvm_vcpu;
static struct {
	unsigned int entered;
	u64 esr[4];			/* at the end of each entry; 0: an interrupt */
	u64 zcr, fpmr;
	u8 sve[SVE_SIZE];
	struct reg_file hw;
} t;

/* How the host names the VM, and whether there is one. */
static struct vm_identity named;
static bool valid, none;

bool vm_identity_valid(const struct vm_identity *id)
{
	assert_memory_equal(id, &named, sizeof(named));
	return valid;
}

struct vm *vm_get(const struct vm_identity *id, bool *over)
{
	*over = false;
	named = *id;
	if (none)
		return NULL;
	vm->refs++;
	return vm;
}

/* A call of the guest's, and what became of it. */
static unsigned int calls;
static u64 call_mpidr;

bool pvm_guest_call(struct vcpu *v, kva_t host, enum vcpu_exit *code)
{
	assert_int_equal(host.v, HOST.v);
	call_mpidr = v->sr[GSR_MPIDR_EL1];
	calls++;
	*code = EXIT_IL;
	return false;
}

static u64 in_guest(struct vcpu_regs *r)
{
	u64 esr = t.esr[t.entered];

	(void)r;
	t.hw = cpu_regs;
	if (t.entered++ && !(SREG(CPTR_EL2) & CPTR_TZ)) {
		assert_int_equal(sve_vl(), SVE_VL);
		assert_memory_equal(cpu_sve, t.sve, SVE_SIZE);
		assert_int_equal(SREG(ZCR_EL1), t.zcr);
		test_fill(cpu_sve, SVE_SIZE);
		memcpy(t.sve, cpu_sve, SVE_SIZE);
		SREG(ZCR_EL1) = t.zcr = test_rand();
	}
	if (t.entered == 2 && !(SREG(CPTR_EL2) & CPTR_TFP)) {
		assert_int_equal(SREG(FPMR), t.fpmr);
		SREG(FPMR) = t.fpmr = test_rand();
	}
	SREG(SPSR_EL2) = SPSR_EL1H;
	SREG(ESR_EL2) = esr;
	return esr ? EXIT_TRAP : EXIT_IRQ;
}

static void prepare(void)
{
	begin(SHOW_NOTHING);
	memset(&t, 0, sizeof(t));
	calls = 0;
	vm->state = VM_ORDINARY;
	cpu_guest = in_guest;
	SREG(VTTBR_EL2) = (u64)&host_s2;
	SREG(ICC_SRE_EL1) = 1;
	k[KVM_VCPU_IFLAGS] = k[KVM_VCPU_CFLAGS] = 0;
	REG64(k, KVM_VCPU_HCR) = HCR_RW;
	REG64(k, KVM_VCPU_HCRX) = ~0UL;
	GICR(k, SRE) = 1;
	GPR(k, 33) = SPSR_EL1H;
	t.fpmr = REG64(k, KVM_SR_FPMR);
	t.zcr = REG64(k, KVM_SR_ZCR_EL1);
}

static void with_sve(u32 vl, u32 at)
{
	prepare();
	k[KVM_VCPU_CFLAGS] = KVM_FLAG_GUEST_HAS_SVE;
	REG32(k, KVM_VCPU_SVE_MAX_VL) = vl;
	REG64(k, KVM_VCPU_SVE_STATE) = CPU_LINEAR + CPU_MORE + at;
	test_fill(cpu_more, sizeof(cpu_more));
	memcpy(t.sve, cpu_more, SVE_SIZE);
	t.esr[0] = (u64)EC_SVE << ESR_EC_SHIFT | ESR_IL;
}

static u64 run(void)
{
	u64 code = cpu_run_vcpu(vm, HOST);

	assert_int_equal(vm->running, 0);
	assert_null(this_cpu()->running);
	return code;
}

static void sve(void **state)
{
	u64 zcr_el1, zcr_el2;
	(void)state;

	with_sve(SVE_VL, 0);
	zcr_el1 = SREG(ZCR_EL1);
	zcr_el2 = SREG(ZCR_EL2);
	cpu_fp_clears = 0;
	assert_int_equal(run(), EXIT_IRQ);
	assert_int_equal(t.entered, 2);
	assert_memory_equal(cpu_more, t.sve, SVE_SIZE);
	assert_int_equal(REG64(k, KVM_SR_ZCR_EL1), t.zcr);
	assert_int_equal(SREG(ZCR_EL1), zcr_el1);
	assert_int_equal(SREG(ZCR_EL2), zcr_el2);
	assert_int_equal(REG64(k, KVM_SR_FPMR), t.fpmr);
	/* KVM takes what is in the registers for nobody's: nothing is to be hidden from it. */
	assert_int_equal(cpu_fp_clears, 0);
	/* FP alone loads the same; where it is loaded already the trap is KVM's. */
	with_sve(SVE_VL, 0);
	t.esr[0] = (u64)EC_FP << ESR_EC_SHIFT | ESR_IL;
	t.esr[1] = (u64)EC_SVE << ESR_EC_SHIFT | ESR_IL;
	assert_int_equal(run(), EXIT_TRAP);
	assert_int_equal(t.entered, 2);
	/* A vCPU without, after one with SVE on this CPU: that one's registers stay as they are. */
	with_sve(SVE_VL, 0);
	assert_int_equal(run(), EXIT_IRQ);
	t.entered = 0;
	k[KVM_VCPU_CFLAGS] = 0;
	assert_int_equal(run(), EXIT_TRAP);
	assert_int_equal(t.entered, 1);
	assert_memory_equal(cpu_more, t.sve, SVE_SIZE);
	assert_int_equal(REG64(k, KVM_SR_ZCR_EL1), t.zcr);
	/* A vCPU without SVE: KVM's to say that it is UNDEFINED. */
	with_sve(SVE_VL, 0);
	k[KVM_VCPU_CFLAGS] = 0;
	assert_int_equal(run(), EXIT_TRAP);
	assert_int_equal(t.entered, 1);
	assert_int_equal(REG64(k, KVM_SR_ZCR_EL1), t.zcr);
	with_sve(SVE_VL, 0);
	this_feat.sve = false;
	assert_int_equal(run(), EXIT_TRAP);
	/* Without FPMR of its own it has none, whatever else it has; with that alone it has one. */
	for (int has = 0; has < 2; has++) {
		u64 kvms;

		prepare();
		REG64(k, KVM_VCPU_HCRX) = has ? HCRX_EnFPM : ~(u64)HCRX_EnFPM;
		kvms = REG64(k, KVM_SR_FPMR);
		t.fpmr = has ? kvms : SREG(FPMR);
		t.esr[0] = (u64)EC_FP << ESR_EC_SHIFT | ESR_IL;
		assert_int_equal(run(), EXIT_IRQ);
		assert_int_equal(t.entered, 2);
		assert_int_equal(REG64(k, KVM_SR_FPMR), has ? t.fpmr : kvms);
		if (!has)
			assert_int_equal(SREG(FPMR), t.fpmr);
	}
}

static void sve_refused(void **state)
{
	(void)state;
	for (u32 vl = 0; vl < 300; vl++) {
		bool ok = vl && vl % 16 == 0 && vl <= 256;

		/* After a run that was good: what that left on this CPU is not gone by. */
		with_sve(SVE_VL, 0);
		t.esr[0] = 0;
		assert_int_equal(run(), EXIT_IRQ);
		t.entered = 0;
		REG32(k, KVM_VCPU_SVE_MAX_VL) = vl;
		assert_int_equal(run(), ok ? EXIT_IRQ : EXIT_IL);
		assert_int_equal(t.entered, ok);
	}
	/* Stored by pairs of 16 bytes; all of it is to be there. */
	for (u32 at = 0; at < 32; at++) {
		with_sve(SVE_VL, at);
		t.esr[0] = 0;
		assert_int_equal(run(), at % 16 ? EXIT_IL : EXIT_IRQ);
	}
	for (u32 vl = 16; vl <= 256; vl += 16) {
		u32 last = ALIGN_DOWN(CPU_MORE_SIZE - vl * 34 - vl / 8, 16);

		/* Seen before the guest uses it. */
		for (u32 more = 0; more <= 16; more += 16) {
			with_sve(vl, last + more);
			t.esr[0] = 0;
			assert_int_equal(run(), more ? EXIT_IL : EXIT_IRQ);
			assert_int_equal(t.entered, !more);
		}
	}
	/* Longer than this CPU's: the layout would be another. */
	with_sve(SVE_VL, 0);
	cpu_sve_max = 16;
	assert_int_equal(run(), EXIT_IL);
	assert_int_equal(t.entered, 1);
	assert_memory_equal(cpu_more, t.sve, SVE_SIZE);
	cpu_sve_max = 256;
}

static u64 hw(const char *name)
{
	for (unsigned int i = 0; i < t.hw.n; i++)
		if (!strcmp(t.hw.r[i].name, name))
			return t.hw.r[i].v;
	fail_msg("no %s", name);
	return 0;
}

/* A set inside its own structure, and nothing else. */
static void breakpoints(void **state)
{
	static const u32 last = KVM_VCPU_SIZE - KVM_DBG_SIZE;
	static const struct { u64 off; bool dirty, ok; } e[] = {
		{ 1024, true, true }, { 1024, false, false }, { last, true, true },
		{ last + 8, true, false }, { -8UL, true, false }, { 1028, true, false },
		{ BIT(40), true, false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(e); i++) {
		u64 bcr0, wvr15, mdccint, hosts, hosts_mdccint;

		prepare();
		k[KVM_VCPU_IFLAGS] = e[i].dirty ? KVM_FLAG_DEBUG_DIRTY : 0;
		/* KASAN's tags are not part of an address. */
		REG64(k, KVM_VCPU_DEBUG_PTR) = (HOST.v + e[i].off) ^ 0x5aUL << 56;
		bcr0 = e[i].ok ? REG64(k, e[i].off) : 0;
		wvr15 = e[i].ok ? REG64(k, e[i].off + 504) : 0;
		mdccint = REG64(k, KVM_SR_MDCCINT_EL1);
		hosts = SREG(DBGBCR0_EL1);
		hosts_mdccint = SREG(MDCCINT_EL1);
		assert_int_equal(run(), EXIT_IRQ);
		assert_int_equal(hw(NAME(DBGBCR0_EL1)), e[i].ok ? bcr0 : hosts);
		assert_int_equal(hw(NAME(MDCCINT_EL1)), e[i].ok ? mdccint : hosts_mdccint);
		if (e[i].ok)
			assert_int_equal(hw(NAME(DBGWVR15_EL1)), wvr15);
		assert_int_equal(SREG(DBGBCR0_EL1), hosts);
		assert_int_equal(SREG(MDCCINT_EL1), hosts_mdccint);
		assert_int_equal(k[KVM_VCPU_IFLAGS] & KVM_FLAG_DEBUG_DIRTY,
				 e[i].dirty && !e[i].ok ? KVM_FLAG_DEBUG_DIRTY : 0);
		assert_int_equal(REG64(k, KVM_SR_MDCCINT_EL1), mdccint);
	}
}

/* Each side's events stand still while the other runs. */
static void counters(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		u64 of_host = i & 1 ? test_rand() | 1 : 0, of_guest = i & 2 ? test_rand() | 1 : 0;

		prepare();
		REG64(k, KVM_VCPU_PMU_HOST) = of_host;
		REG64(k, KVM_VCPU_PMU_GUEST) = of_guest;
		SREG(PMCNTENSET_EL0) = SREG(PMCNTENCLR_EL0) = 0;
		run();
		assert_int_equal(hw(NAME(PMCNTENCLR_EL0)), of_host);
		assert_int_equal(hw(NAME(PMCNTENSET_EL0)), of_guest);
		assert_int_equal(SREG(PMCNTENSET_EL0), i & 1 ? of_host : of_guest);
		assert_int_equal(SREG(PMCNTENCLR_EL0), i & 2 ? of_guest : of_host);
	}
}

static struct vcpu offered;		/* what controls.c makes of the host's offers */

static u64 sees_offered(struct vcpu_regs *r)
{
	assert_int_equal(SREG(HCR_EL2), offered.hcr);
	assert_int_equal(SREG(MDCR_EL2), offered.mdcr);
	assert_int_equal(SREG(HCRX_EL2), offered.hcrx);
	assert_int_equal(SREG(CPTR_EL2), offered.cptr);
	assert_int_equal(SREG(CNTHCTL_EL2), offered.cnthctl);
	assert_int_equal(SREG(HFGRTR_EL2), offered.fgt[FGT_HFGRTR]);
	assert_int_equal(SREG(HFGITR_EL2), offered.fgt[FGT_HFGITR]);
	/* It takes its virtual SError, or not; and has used FP. */
	if (test_rand() & 1)
		SREG(HCR_EL2) &= ~HCR_VSE;
	cpu_state.vcpu.cptr &= ~CPTR_TFP;
	SREG(ESR_EL2) = 0;
	return EXIT_IRQ;
}

/* Each run has what is offered for it, whatever was at the last: that is remembered (kvm/ordinary.c). */
static void offers(void **state)
{
	static const struct { u32 at; u64 bits; } turn[] = {
		{ KVM_VCPU_HCR, HCR_TWI | HCR_TWE }, { KVM_VCPU_HCR, HCR_VSE },
		{ KVM_VCPU_HCR, HCR_VI }, { KVM_VCPU_MDCR, MDCR_TDE },
		{ KVM_VCPU_HCRX, HCRX_MSCEn },
	};
	(void)state;

	prepare();
	cpu_guest = sees_offered;
	for (int i = 0; i < 2000; i++) {
		size_t which = test_rand() % (2 * ARRAY_SIZE(turn));
		bool leased = !(test_rand() % 64);

		if (which < ARRAY_SIZE(turn))
			REG64(k, turn[which].at) ^= turn[which].bits;
		if (leased) {		/* as kvm/lease.c reads them */
			cpu_state.lease.poffset = test_rand() & 1;
			cpu_state.lease.fgu[FGT_HFGRTR] = test_rand();
			cpu_state.vcpu.offered.valid = false;
		}
		memset(&offered, 0, sizeof(offered));
		offered.poffset = cpu_state.lease.poffset;
		vcpu_controls_ordinary(&offered, REG64(k, KVM_VCPU_HCR), REG64(k, KVM_VCPU_MDCR),
				       REG64(k, KVM_VCPU_HCRX), cpu_state.lease.fgu);
		run();
	}
}

static void names(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		prepare();
		test_fill(cpu_mmu, sizeof(cpu_mmu));
		cpu_state.lease.mmu = KVA(0xffff0000abcd0000);
		valid = i == 1;
		none = i != 0;
		/* One that can be: the host tries again. */
		assert_int_equal(run(), i == 2 ? EXIT_IL : EXIT_IRQ);
		assert_int_equal(t.entered, !none);
		assert_int_equal(named.kvm.v, KVA(REG64(k, KVM_VCPU_KVM)).v);
		assert_int_equal(named.mmu.v, KVA(0xffff0000abcd0000).v);
		assert_int_equal(named.vmid_id, REG64(cpu_mmu, KVM_MMU_VMID));
		assert_int_equal(named.pgd.v, REG64(cpu_mmu, KVM_MMU_PGD));
		assert_int_equal(named.vtcr, REG64(cpu_mmu, KVM_MMU_VTCR));
	}
	none = false;
	/* No vCPU, no VM that is looked for. */
	prepare();
	memset(&named, 0, sizeof(named));
	cpu_no_lease = true;
	assert_int_equal(run(), EXIT_IL);
	cpu_no_lease = false;
	assert_int_equal(t.entered, 0);
	assert_int_equal(named.kvm.v, 0);
}

static u32 state_then;

static void decided(const struct spinlock *l)
{
	assert_ptr_equal(l, &vm->lock);
	assert_int_equal(vm->running, 1);	/* VM_PROTECT can see it */
	world_lock_hook = NULL;
	vm->state = state_then;
}

/* A run meets VM_PROTECT, which then goes on, or takes it back. */
static void meets_protect(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		prepare();
		vm->state = VM_PROTECTING;
		state_then = i ? VM_ORDINARY : VM_DEAD;
		world_lock_hook = decided;
		run();
		assert_null(world_lock_hook);
		assert_int_equal(t.entered, i);
	}
}

static void our_calls(void **state)
{
	static const struct { u64 x0, imm; bool ours; } e[] = {
		{ HYPSEC_GUEST_VERSION, 0, true }, { HYPSEC_GUEST_VERSION | 0xff, 0, true },
		{ HYPSEC_GUEST_VERSION | BIT(40), 0, true }, { HYPSEC_GUEST_VERSION, 1, false },
		{ HYPSEC_GUEST_VERSION, 0x8000, false }, { HYPSEC_GUEST_VERSION + 0x100, 0, false },
		{ HYPSEC_GUEST_VERSION - 1, 0, false }, { 0x84000000, 0, false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(e); i++) {
		prepare();
		GPR(k, 0) = e[i].x0;
		t.esr[0] = (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL | e[i].imm;
		assert_int_equal(run(), e[i].ours ? EXIT_IL : EXIT_TRAP);
		assert_int_equal(calls, e[i].ours);
		if (e[i].ours)
			assert_int_equal(call_mpidr, REG64(k, KVM_SR_MPIDR_EL1));
	}
}

static void stays_ordinary(const struct spinlock *l)
{
	if (l == &vm->lock)
		vm->state = VM_ORDINARY;
}

/* VM_PROTECT has seen this vCPU, and takes back what this vCPU has seen. */
static void stayed_ordinary(void **state)
{
	struct vcpu before;
	(void)state;

	prepare();
	before = world_vcpu[0];
	vm->state = VM_PROTECTING;
	world_lock_hook = stays_ordinary;
	run();
	world_lock_hook = NULL;
	assert_int_equal(t.entered, 1);
	assert_memory_equal(&world_vcpu[0], &before, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stayed_ordinary),
		cmocka_unit_test(sve),
		cmocka_unit_test(sve_refused),
		cmocka_unit_test(breakpoints),
		cmocka_unit_test(counters),
		cmocka_unit_test(our_calls),
		cmocka_unit_test(offers),
		cmocka_unit_test(names),
		cmocka_unit_test(meets_protect),
	};

	warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
