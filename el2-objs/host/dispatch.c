// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every synchronous exception of the host that EL2 gets: what it is, who
 * handles it. Decodes only; nothing here looks into an argument.
 *
 * Never seen from the host, so not handled apart: EC 0x12 and 0x13 (HVC and SMC
 * of AArch32) because HCR_EL2.RW makes EL1 AArch64 and both are UNDEFINED at
 * EL0, where AArch32 may run; SVC and other EL0 exceptions because HCR_EL2.TGE
 * is 0, so they go to EL1.
 */
#include "host/host.h"
#include "base/check.h"
#include "base/core.h"
#include "base/irq.h"
#include "base/log.h"
#include "base/sysreg.h"
#include "firmware/firmware.h"
#include "kvm/kvm.h"
#include "vcpu/vcpu.h"

/* HVC_STUB_HCALL_NR is below, HVC_STUB_ERR as in asm/virt.h */
#define STUB_CALLS	16
#define STUB_ERR	0xbadca11

#define KVM_CALL_FIRST	HYPSEC_CALL_BASE
#define KVM_CALL_LAST	(HYPSEC_CALL_BASE + 0x7f)

/* SPSR.M[3:2]: EL1, AArch64 (AArch32 exists at EL0 only) */
#define FROM_EL1(spsr)	(((spsr) & (SPSR_MODE & ~1UL)) == SPSR_EL1T && !((spsr) & SPSR_MODE32))

static void take_args(u64 *arg, const u64 *x, unsigned int arity)
{
	unsigned int i;

	for (i = 0; i < arity; i++)
		arg[i] = x[1 + i];
}

/* Nothing a handler left behind reaches the host: not on failure, not beyond the table. */
static int give_values(int status, u64 *val, unsigned int values)
{
	unsigned int i;

	CHECK(status >= HYPSEC_FAULT || status == HYPSEC_RESTART);
	for (i = status ? 0 : values; i < 3; i++)
		val[i] = 0;
	return status;
}

static int own_call(struct percpu *cpu, u32 id, const u64 *x, u64 *val)
{
	u32 phase = READ_ONCE(core_broken) ? HYPSEC_PHASE_BROKEN : READ_ONCE(core_phase);
	u64 arg[4] = { 0 };

	switch (id) {
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	case HYPSEC_CALL_##NAME: \
		_Static_assert((nr) <= 0xff + 0x8000 && (nr) >= 0x8000, "not our range"); \
		_Static_assert((arity) <= ARRAY_SIZE(arg) && (values) <= 3, "registers"); \
		if (!((phases) & (1U << phase))) \
			break; \
		take_args(arg, x, (arity)); \
		return give_values(handler(cpu, arg, val), val, (values));
#include "abi/hcalls.def"
#undef HYPSEC_CALL
	}
	return phase == HYPSEC_PHASE_BROKEN ? HYPSEC_BROKEN : HYPSEC_NOT_SUPPORTED;
}

/*
 * KVM takes x0 != 0 for a bug of its own (a WARN, which may be set to panic) and
 * then uses x1 all the same, so a broken core answers success with x1 = "illegal
 * exception return": each run fails with KVM_EXIT_FAIL_ENTRY, no guest enters,
 * and the host goes on.
 */
static void kvm_broken(u64 *x)
{
	x[0] = 0;
	x[1] = EXIT_IL;
}

static bool is_kvm_call(u32 id)
{
	return id >= KVM_CALL_FIRST && id <= KVM_CALL_LAST;
}

/**
 * host_hvc_broken() - answer the HVC during which the core broke
 * @cpu: this CPU, x0 as it came
 */
void host_hvc_broken(struct percpu *cpu)
{
	u64 *x = cpu->host.x;

	if (is_kvm_call((u32)x[0] & ~HYPSEC_CALL_HINT)) {
		kvm_broken(x);
		return;
	}
	x[0] = (u64)HYPSEC_BROKEN;
	x[1] = 0;
	x[2] = 0;
	x[3] = 0;
}

/* Not one of KVM's. @imm: the instruction's */
static __noinline void other_hvc(struct percpu *cpu, u32 id, u64 imm)
{
	u64 *x = cpu->host.x;
	u64 val[3] = { 0 };
	int status;

	if (imm) {			/* SMCCC: immediates other than 0 are reserved */
		x[0] = (u64)HYPSEC_NOT_SUPPORTED;
		return;		/* what follows would say so of that identifier */
	}
	if (x[0] < STUB_CALLS) {
		if (!kvm_stub_call(cpu))
			x[0] = STUB_ERR;
		return;
	}
	if (id < HYPSEC_CALL_FIRST || id > HYPSEC_CALL_LAST) {
		x[0] = (u64)HYPSEC_NOT_SUPPORTED;
		return;
	}
	status = own_call(cpu, id, x, val);
	if (status == HYPSEC_RESTART) {
		hcall_restart(cpu);	/* its arguments are as they were */
		return;
	}
	x[0] = (u64)(s64)status;
	x[1] = val[0];
	x[2] = val[1];
	x[3] = val[2];
}

static void host_hvc(struct percpu *cpu, u64 esr)
{
	u64 *x = cpu->host.x, imm = FIELD(esr, 15, 0);
	/* SMCCC: the identifier is W0, whatever the upper half holds. */
	u32 id = (u32)x[0] & ~HYPSEC_CALL_HINT;

	if (unlikely(imm || !is_kvm_call(id)))
		other_hvc(cpu, id, imm);
	else if (unlikely(READ_ONCE(core_broken)))
		kvm_broken(x);
	else if (unlikely(!kvm_host_call(cpu, id)))
		x[0] = (u64)HYPSEC_NOT_SUPPORTED;
}

/*
 * ISS of a trapped MSR, MRS or System instruction (Arm ARM D17.2.37). TIDCP
 * traps the IMPLEMENTATION DEFINED ones, TACR traps ACTLR_EL1: some of them
 * switch features of the whole CPU, EL2's included. TAM and TTA trap activity
 * monitors and trace units (host/regs.c). EL1 drivers for them (cluster PMU, EDAC,
 * frequency invariance, CoreSight) exist in stock kernels and must not bring the host
 * down: they read zero, a counter that stands still and a unit that is not there, and
 * their writes are lost. At EL0 they are UNDEFINED, as on hardware that lets nothing
 * through.
 */
static void host_sys64(struct percpu *cpu, u64 esr)
{
	static bool told;
	u32 op0 = FIELD(esr, 21, 20), op2 = FIELD(esr, 19, 17), op1 = FIELD(esr, 16, 14);
	u32 crn = FIELD(esr, 13, 10), crm = FIELD(esr, 4, 1), rt = FIELD(esr, 9, 5);
	bool actlr = op0 == 3 && op1 == 0 && crn == 1 && crm == 0 && op2 == 1;
	bool impdef = (op0 == 1 || op0 == 3) && (crn == 11 || crn == 15);
	bool amu = op0 == 3 && op1 == 3 && crn == 13 && crm >= 2;
	bool trace = op0 == 2 && op1 == 1 && crn < 8;

	if (!FROM_EL1(read_sysreg(SPSR_EL2)) || !(actlr || impdef || amu || trace)) {
		host_inject_undef();
		return;
	}
	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		hlog("host: S%u_%u_C%u_C%u_%u reads zero, writes ignored (this once)",
		     op0, op1, crn, crm, op2);
	if ((esr & BIT(0)) && rt != 31)
		cpu->host.x[rt] = 0;
	host_skip();
}

static __noinline void other_trap(struct percpu *cpu, u64 esr)
{
	switch (ESR_EC(esr)) {
	case EC_SMC64:
		if (FIELD(esr, 15, 0))
			cpu->host.x[0] = (u64)HYPSEC_NOT_SUPPORTED;
		else
			host_smc(cpu);
		/* Unlike HVC's, ELR is the instruction itself. Last: slot_unmap() may restore it. */
		host_skip();
		break;
	case EC_IABT_LOW:
	case EC_DABT_LOW:
		host_abort(esr);
		break;
	case EC_SYS64:
		host_sys64(cpu, esr);
		break;
	default:
		/* Nothing else is trapped; if hardware disagrees, the host has no such thing. */
		host_inject_undef();
	}
}

/**
 * host_trap() - serve a synchronous exception of the host
 * @cpu: this CPU; x0-x30 of the host are in @cpu->host and are what it gets back
 *
 * ELR_EL2, SPSR_EL2, ESR_EL2, FAR_EL2 and HPFAR_EL2 hold the exception;
 * ELR_EL2 and SPSR_EL2 on return are where the host goes on.
 */
void host_trap(struct percpu *cpu)
{
	u64 esr = read_sysreg(ESR_EL2);

	masked_trap(cpu, esr);
	/* The most frequent trap by far comes first, and its way is short. */
	if (likely(ESR_EC(esr) == EC_HVC64))
		host_hvc(cpu, esr);
	else
		other_trap(cpu, esr);
	/* After a panic on another CPU these may never hold again. */
	if (!READ_ONCE(core_broken)) {
		CHECK(slots_empty());
		CHECK(!cpu->ranks_held);
	}
	masked_end(cpu);
}
