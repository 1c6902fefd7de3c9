// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host gets for every exception it can take to EL2: its calls in every
 * phase, ids that do not exist, traps, and the state of an injected exception.
 */
#include "test.h"
#include "check.h"
#include "hcall.h"
#include "log.h"
#include "mem.h"
#include "s2.h"
#include "vcpu.h"

#define RET(v)		((u64)(s64)(v))
#define PC		0xffff800080123450UL
#define VBAR		0xffff800080010800UL
#define EL1H		(SPSR_EL1H | SPSR_DAIF)
#define JUNK		0x5a5a000000000000UL

static struct {
	char name[24];
	u64 v;
} regs[32];
static unsigned int nr_regs;

u64 *fake_reg(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_regs; i++)
		if (!strcmp(regs[i].name, name))
			return &regs[i].v;
	assert_true(nr_regs < 32 && strlen(name) < sizeof(regs[0].name));
	strcpy(regs[nr_regs].name, name);
	regs[nr_regs].v = 0;
	return &regs[nr_regs++].v;
}

static struct percpu cpu;
static int status;			/* what the operation behind a call returns */
static int epochs;			/* HYPSEC_EPOCH that many times first */
static int ops, drops, kvm_calls, stub_calls, aborts, smcs;
static u64 last_pa, last_kvm_id, slow;
static bool slots_used, kvm_knows, stub_knows;
static struct page_info page;
static struct vm vm;
static int vm_refs;
static const char *log_text;

u32 nr_cpus = 1;
u64 pa_limit = 1UL << 40;
bool psci_mem_protect;
#define RAM_START	0x40000000UL
#define RAM_END		0xc0000000UL

bool pa_is_ram(pa_t pa, u64 size)
{
	return pa.v >= RAM_START && pa.v + size <= RAM_END;
}

static int op(pa_t pa)
{
	ops++;
	REG(CNTPCT_EL0) += slow;
	last_pa = pa.v;
	if (epochs) {
		epochs--;
		return HYPSEC_EPOCH;
	}
	return status;
}

struct percpu *this_cpu(void) { return &cpu; }
int own_donate(pa_t pa) { return op(pa); }
int own_reclaim(pa_t pa) { return op(pa); }
int own_share(pa_t pa) { return op(pa); }
int own_unshare(pa_t pa) { return op(pa); }
struct page_info own_lookup(pa_t pa) { last_pa = pa.v; return page; }
void shadow_drop_all(void) { drops++; }
u64 pool_account(enum hypsec_account acc) { return 1000 + acc; }
bool slots_empty(void) { return !slots_used; }
void host_abort(u64 esr) { (void)esr; aborts++; }
void host_smc(struct percpu *c) { c->host.x[0] = 0x5c; smcs++; }
int vm_teardown(kva_t kvm) { last_pa = kvm.v; return status; }
struct vm *vm_by_id(u16 id) { vm_refs += id == 7; return id == 7 ? &vm : NULL; }
void vm_put(struct vm *v) { assert_ptr_equal(v, &vm); vm_refs--; }
void hlog(const char *fmt, ...) { (void)fmt; }

size_t log_read(void *dst, size_t n)
{
	size_t len = strlen(log_text);

	if (len > n)
		len = n;
	memcpy(dst, log_text, len);
	log_text += len;
	return len;
}

int hc_seal(struct percpu *c, const u64 *arg, u64 *val)
{
	(void)c, (void)arg;
	val[0] = val[1] = val[2] = JUNK;	/* beyond the table: must not be seen */
	return status;
}

int hc_leave(struct percpu *c, const u64 *arg, u64 *val)
{
	return hc_seal(c, arg, val);
}

bool kvm_host_call(struct percpu *c, u64 id)
{
	kvm_calls++;
	last_kvm_id = id;
	c->host.x[0] = 0x4b;
	return kvm_knows;
}

bool kvm_stub_call(struct percpu *c)
{
	(void)c;
	stub_calls++;
	return stub_knows;
}

static int reset(void **state)
{
	(void)state;
	nr_regs = 0;
	memset(&cpu, 0, sizeof(cpu));
	memset(&vm, 0, sizeof(vm));
	status = epochs = ops = drops = kvm_calls = stub_calls = aborts = smcs = vm_refs = 0;
	slots_used = false;
	last_pa = last_kvm_id = 0;
	kvm_knows = stub_knows = true;
	page = (struct page_info){ .state = PG_HOST, .level = 2 };
	core_broken = false;
	core_phase = HYPSEC_PHASE_SEALED;
	log_text = "";
	return 0;
}

static void trap(u64 esr, u64 spsr)
{
	REG(ESR_EL2) = esr;
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = spsr;
	REG(VBAR_EL1) = VBAR;
	host_trap(&cpu);
}

static u64 esr_of(u64 ec, u64 iss)
{
	return ec << ESR_EC_SHIFT | ESR_IL | iss;
}

/* An HVC #imm with recognisable values everywhere else; x4-x30 must come back. */
static u64 hvc_imm(u64 imm, u64 x0, u64 x1, u64 x2, u64 x3)
{
	u64 *x = cpu.host.x;
	int i;

	for (i = 0; i < 31; i++)
		x[i] = JUNK + i;
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	trap(esr_of(EC_HVC64, imm), EL1H);
	for (i = 4; i < 31; i++)
		assert_int_equal(x[i], JUNK + i);
	assert_int_equal(REG(SPSR_EL2), EL1H);
	return x[0];
}

static u64 hvc(u64 x0, u64 x1)
{
	u64 r = hvc_imm(0, x0, x1, JUNK + 2, JUNK + 3);

	assert_int_equal(REG(ELR_EL2), PC);
	return r;
}

static const struct call {
	u32 id;
	unsigned int phases, arity, values;
	const char *name;
} calls[] = {
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	{ HYPSEC_CALL_##NAME, phases, arity, values, #name },
#include "../../el2-objs/abi/hcalls.def"
#undef HYPSEC_CALL
};

static void every_call_in_every_phase(void **state)
{
	unsigned int i, phase, hint, v;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		for (phase = 0; phase < HYPSEC_PHASE_COUNT; phase++) {
			for (hint = 0; hint < 3; hint++) {
				const struct call *c = &calls[i];
				u64 id = c->id | (hint == 1 ? HYPSEC_CALL_HINT : 0) |
					 (hint == 2 ? 0xffffffff00000000 : 0);
				u64 arg = c->id == HYPSEC_CALL_ACCOUNT ? 3 :
					  c->id == HYPSEC_CALL_VM_INFO ? 7 :
					  c->id == HYPSEC_CALL_STATS ? 1 : RAM_START;
				bool here = c->phases & 1U << phase;
				u64 r;

				reset(NULL);
				core_phase = phase == HYPSEC_PHASE_BROKEN ?
					HYPSEC_PHASE_SEALED : phase;
				core_broken = phase == HYPSEC_PHASE_BROKEN;
				r = hvc(id, arg);
				if (here)
					assert_int_equal(r, HYPSEC_OK);
				else if (phase == HYPSEC_PHASE_BROKEN)
					assert_int_equal(r, RET(HYPSEC_BROKEN));
				else
					assert_int_equal(r, RET(HYPSEC_NOT_SUPPORTED));
				for (v = here ? c->values : 0; v < 3; v++)
					assert_int_equal(cpu.host.x[1 + v], 0);
				if (!here)
					assert_int_equal(ops, 0);
			}
		}
	}
}

static void a_failed_call_says_nothing_else(void **state)
{
	(void)state;
	core_phase = HYPSEC_PHASE_INSTALL;
	status = HYPSEC_STATE;
	assert_int_equal(hvc(HYPSEC_CALL_SEAL, 0), RET(HYPSEC_STATE));
	assert_int_equal(cpu.host.x[1] | cpu.host.x[2] | cpu.host.x[3], 0);
	core_phase = HYPSEC_PHASE_SEALED;
	page.state = PG_PRIVATE;
	assert_int_equal(hvc(HYPSEC_CALL_ACCOUNT, HYPSEC_ACC_COUNT), RET(HYPSEC_RANGE));
	assert_int_equal(cpu.host.x[1] | cpu.host.x[2] | cpu.host.x[3], 0);
}

static void ids_that_do_not_exist(void **state)
{
	u32 n;
	unsigned int i;

	(void)state;
	for (n = 0; n <= 0xffff; n++) {
		u32 id = HYPSEC_CALL_BASE + n;
		bool known = false;

		for (i = 0; i < ARRAY_SIZE(calls); i++)
			known |= calls[i].id == id;
		if (known)
			continue;
		kvm_calls = 0;
		if (n <= 0x7f) {
			assert_int_equal(hvc(id, 1), 0x4b);
			assert_int_equal(last_kvm_id, id);
			assert_int_equal(kvm_calls, 1);
		} else {
			assert_int_equal(hvc(id, 1), RET(HYPSEC_NOT_SUPPORTED));
			assert_int_equal(kvm_calls, 0);
		}
	}
	assert_int_equal(ops + stub_calls + smcs, 0);
	/* Other owners, SMC32, yielding; what is PSCI by SMC is nothing by HVC. */
	static const u32 other[] = { 0x84000000, 0xc4000003, 0x86008000, 0x46008000, 0xc7008000,
				     0xc5000020, 0x80000000, 0x10, 0xff, 0xc6028000 };
	for (i = 0; i < ARRAY_SIZE(other); i++)
		assert_int_equal(hvc(other[i], 1), RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(ops + stub_calls + smcs + kvm_calls, 0);
	kvm_knows = false;
	assert_int_equal(hvc(0xc600007f, 0), RET(HYPSEC_NOT_SUPPORTED));
}

static void immediate_must_be_zero(void **state)
{
	(void)state;
	assert_int_equal(hvc_imm(1, HYPSEC_CALL_VERSION, 1, 2, 3), RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(hvc_imm(0xffff, 2, 1, 2, 3), RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(cpu.host.x[1], 1);
	assert_int_equal(stub_calls, 0);
}

static void stub_calls_are_full_width(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < 16; i++)
		assert_int_equal(hvc(i, 0), i);
	assert_int_equal(stub_calls, 16);
	assert_int_equal(hvc(1UL << 32 | 2, 0), RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(hvc(16, 0), RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(stub_calls, 16);
	stub_knows = false;
	assert_int_equal(hvc(9, 0), 0xbadca11);
}

static void page_arguments(void **state)
{
	static const u32 id[] = { HYPSEC_CALL_DONATE, HYPSEC_CALL_RECLAIM, HYPSEC_CALL_SHARE,
				  HYPSEC_CALL_UNSHARE, HYPSEC_CALL_PAGE_INFO };
	static const u64 invalid[] = { 1, RAM_START + 8, RAM_START + 0xfff, RAM_END - 1, ~0UL,
				       1UL << 63 | 1 };
	static const u64 range[] = { 0, RAM_START - PAGE_SIZE, RAM_END, 0x09000000, 1UL << 40,
				     (1UL << 40) + RAM_START, 1UL << 63, ~0UL << 12,
				     0xffff000040000000 };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(id); i++) {
		for (j = 0; j < ARRAY_SIZE(invalid); j++)
			assert_int_equal(hvc(id[i], invalid[j]), RET(HYPSEC_INVALID));
		for (j = 0; j < ARRAY_SIZE(range); j++)
			assert_int_equal(hvc(id[i], range[j]), RET(HYPSEC_RANGE));
		assert_int_equal(ops, 0);
		assert_int_equal(last_pa, 0);
		assert_int_equal(hvc(id[i], RAM_END - PAGE_SIZE), HYPSEC_OK);
		assert_int_equal(last_pa, RAM_END - PAGE_SIZE);
		last_pa = 0;
		ops = 0;
	}
}

static void epochs_are_retried_but_not_for_ever(void **state)
{
	(void)state;
	epochs = 1;
	assert_int_equal(hvc(HYPSEC_CALL_DONATE, RAM_START), HYPSEC_OK);
	assert_int_equal(drops, 1);
	assert_int_equal(ops, 2);
	epochs = 1000;
	ops = drops = 0;
	assert_int_equal(hvc(HYPSEC_CALL_DONATE, RAM_START), RET(HYPSEC_BUSY));
	assert_int_equal(ops, drops);
	assert_true(ops >= 2 && ops <= 16);
}

static void statuses_reach_the_host(void **state)
{
	(void)state;
	for (status = HYPSEC_BROKEN; status <= 0; status++)
		assert_int_equal(hvc(HYPSEC_CALL_RECLAIM, RAM_START), RET(status));
	/* One that is internal would be a bug of ours: never let out. */
	status = HYPSEC_EXIT;
	expect_assert_failure(hvc(HYPSEC_CALL_RECLAIM, RAM_START));
}

static void restart(void **state)
{
	(void)state;
	status = HYPSEC_RESTART;
	hvc_imm(0, HYPSEC_CALL_VM_TEARDOWN | HYPSEC_CALL_HINT, 0x1111, 0x2222, 0x3333);
	/* The same HVC again, with the same arguments. */
	assert_int_equal(REG(ELR_EL2), PC - 4);
	assert_int_equal(cpu.host.x[0], HYPSEC_CALL_VM_TEARDOWN | HYPSEC_CALL_HINT);
	assert_int_equal(cpu.host.x[1], 0x1111);
	assert_int_equal(cpu.host.x[2], 0x2222);
	assert_int_equal(cpu.host.x[3], 0x3333);
	assert_int_equal(last_pa, 0x1111);
}

static void results(void **state)
{
	(void)state;
	psci_mem_protect = true;
	assert_int_equal(hvc(HYPSEC_CALL_VERSION, 0), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], HYPSEC_ABI_MAJOR << 16 | HYPSEC_ABI_MINOR);
	assert_int_equal(cpu.host.x[2] & HYPSEC_FEAT_MEM_PROTECT, HYPSEC_FEAT_MEM_PROTECT);
	assert_int_equal(cpu.host.x[3], HYPSEC_PHASE_SEALED);
	psci_mem_protect = false;
	hvc(HYPSEC_CALL_VERSION, 0);
	assert_int_equal(cpu.host.x[2] & HYPSEC_FEAT_MEM_PROTECT, 0);

	hvc(HYPSEC_CALL_ACCOUNT, HYPSEC_ACC_VM);
	assert_int_equal(cpu.host.x[1], 1000 + HYPSEC_ACC_VM);
	assert_int_equal(hvc(HYPSEC_CALL_ACCOUNT, ~0UL), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_ACCOUNT, 1UL << 32), RET(HYPSEC_RANGE));

	assert_int_equal(hvc(HYPSEC_CALL_PAGE_INFO, RAM_START), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], HYPSEC_PAGE_HOST);
	assert_int_equal(cpu.host.x[2], 2);
	page.shared = true;
	hvc(HYPSEC_CALL_PAGE_INFO, RAM_START);
	assert_int_equal(cpu.host.x[1], HYPSEC_PAGE_SHARED);
	/* Of a page that is not the host's all states look the same. */
	static const enum page_state hidden[] = { PG_NONE, PG_CORE, PG_PRIVATE, PG_DONATED,
						  PG_MOVING };
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		page = (struct page_info){ hidden[i], 5, 6, true, 3 };
		assert_int_equal(hvc(HYPSEC_CALL_PAGE_INFO, RAM_START), HYPSEC_OK);
		assert_int_equal(cpu.host.x[1], HYPSEC_PAGE_NOT_HOST);
		assert_int_equal(cpu.host.x[2] | cpu.host.x[3], 0);
	}

	vm.state = VM_PROTECTED;
	vm.private_pages = 77;
	vm.running = 2;
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, 7), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], HYPSEC_VM_PROTECTED);
	assert_int_equal(cpu.host.x[2], 77);
	assert_int_equal(cpu.host.x[3], 2);
	assert_int_equal(vm_refs, 0);
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, 8), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], HYPSEC_VM_NONE);
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, 0), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, VM_MAX), HYPSEC_OK);
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, VM_MAX + 1), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, 1UL << 16 | 7), RET(HYPSEC_RANGE));

	log_text = "a line of log that is longer than one call";
	char got[64] = "";
	do {
		assert_int_equal(hvc(HYPSEC_CALL_LOG, 0), HYPSEC_OK);
		strncat(got, (char *)&cpu.host.x[1], 24);
	} while (cpu.host.x[1]);
	assert_string_equal(got, "a line of log that is longer than one call");
}

static void longest_masked_time(void **state)
{
	(void)state;
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_RESET);
	assert_int_equal(hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 0);

	slow = 500;			/* ticks that pass in own_share() */
	hvc(HYPSEC_CALL_SHARE, RAM_START);
	slow = 300;
	hvc(HYPSEC_CALL_SHARE, RAM_START);
	slow = 0;
	assert_int_equal(hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_RESET), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 500);
	assert_int_equal(cpu.host.x[2], esr_of(EC_HVC64, 0));
	assert_int_equal(cpu.host.x[3], HYPSEC_CALL_SHARE);
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ);
	assert_int_equal(cpu.host.x[1], 0);
	assert_int_equal(hvc(HYPSEC_CALL_STATS, 2), RET(HYPSEC_RANGE));

	/* What a guest runs is not counted. */
	masked_trap(&cpu, 0);
	REG(CNTPCT_EL0) += 7;
	masked_end(&cpu);
	REG(CNTPCT_EL0) += 1000000;
	masked_begin(&cpu);
	REG(CNTPCT_EL0) += 9;
	masked_end(&cpu);
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ);
	assert_int_equal(cpu.host.x[1], 9);

	/* Long work that looks for interrupts on its way counts piece by piece. */
	masked_trap(&cpu, 0);
	REG(CNTPCT_EL0) += 8;
	assert_false(host_irq_pending());
	REG(CNTPCT_EL0) += 10;
	REG(ISR_EL1) = 1 << 7;
	assert_true(host_irq_pending());
	REG(CNTPCT_EL0) += 1;
	masked_end(&cpu);
	hvc(HYPSEC_CALL_STATS, HYPSEC_STATS_READ);
	assert_int_equal(cpu.host.x[1], 11);
}

static void broken_core(void **state)
{
	(void)state;
	core_broken = true;
	slots_used = true;		/* another CPU's panic left them: no second panic */
	assert_int_equal(hvc(0xc6000009, 0), 0);
	assert_int_equal(cpu.host.x[1], EXIT_IL);
	assert_int_equal(kvm_calls, 0);
	assert_int_equal(hvc(HYPSEC_CALL_DONATE, RAM_START), RET(HYPSEC_BROKEN));
	assert_int_equal(hvc(0xc60080ff, 0), RET(HYPSEC_BROKEN));
	assert_int_equal(ops, 0);
	hvc(HYPSEC_CALL_VERSION, 0);
	assert_int_equal(cpu.host.x[3], HYPSEC_PHASE_BROKEN);
	/* The host can still power CPUs, and the machine, off. */
	trap(esr_of(EC_SMC64, 0), EL1H);
	assert_int_equal(smcs, 1);
}

static void nothing_stays_mapped(void **state)
{
	(void)state;
	slots_used = true;
	expect_assert_failure(hvc(HYPSEC_CALL_VERSION, 0));
	slots_used = false;
	cpu.ranks_held = 1;
	expect_assert_failure(hvc(HYPSEC_CALL_VERSION, 0));
}

static void smc(void **state)
{
	(void)state;
	trap(esr_of(EC_SMC64, 0), EL1H | SPSR_SS | SPSR_BTYPE);
	assert_int_equal(smcs, 1);
	assert_int_equal(REG(ELR_EL2), PC + 4);
	assert_int_equal(REG(SPSR_EL2), EL1H);
	trap(esr_of(EC_SMC64, 1), EL1H);
	assert_int_equal(smcs, 1);
	assert_int_equal(cpu.host.x[0], RET(HYPSEC_NOT_SUPPORTED));
	assert_int_equal(REG(ELR_EL2), PC + 4);
}

static void aborts_go_to_the_stage_2_owner(void **state)
{
	(void)state;
	trap(esr_of(EC_DABT_LOW, 0), EL1H);
	trap(esr_of(EC_IABT_LOW, 0), EL1H);
	assert_int_equal(aborts, 2);
	assert_int_equal(REG(ELR_EL2), PC);
}

static void assert_undef(u64 vector, u64 spsr)
{
	assert_int_equal(REG(ELR_EL2), VBAR + vector);
	assert_int_equal(REG(ELR_EL1), PC);
	assert_int_equal(REG(SPSR_EL1), spsr);
	assert_int_equal(REG(ESR_EL1), ESR_IL);
	assert_int_equal(REG(SPSR_EL2) & (SPSR_MODE | SPSR_MODE32 | SPSR_DAIF), EL1H);
}

static u64 sys(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2, u32 rt, bool read)
{
	return esr_of(EC_SYS64, (u64)op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 |
		      crm << 1 | read);
}

static void trapped_registers(void **state)
{
	(void)state;
	/* IMPLEMENTATION DEFINED and ACTLR_EL1: RAZ/WI at EL1 */
	static const u32 enc[][5] = { { 3, 0, 1, 0, 1 }, { 3, 0, 15, 5, 0 }, { 3, 1, 11, 0, 2 },
				      { 1, 0, 15, 0, 0 }, { 1, 7, 11, 3, 3 } };
	for (size_t i = 0; i < ARRAY_SIZE(enc); i++) {
		const u32 *e = enc[i];

		cpu.host.x[5] = JUNK;
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, true), EL1H);
		assert_int_equal(cpu.host.x[5], 0);
		assert_int_equal(REG(ELR_EL2), PC + 4);
		cpu.host.x[5] = JUNK;
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, false), SPSR_EL1T);
		assert_int_equal(cpu.host.x[5], JUNK);
		assert_int_equal(REG(ELR_EL2), PC + 4);
		trap(sys(e[0], e[1], e[2], e[3], e[4], 31, true), EL1H);
		assert_int_equal(REG(ELR_EL2), PC + 4);
		/* not for user space */
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, true), 0);
		assert_undef(0x400, 0);
		assert_int_equal(cpu.host.x[5], JUNK);
	}
	/* Nothing else is emulated: ACTLR_EL1's neighbours, ID registers, DC CISW */
	static const u32 no[][5] = { { 3, 0, 1, 0, 0 }, { 3, 0, 1, 1, 1 }, { 3, 4, 1, 0, 1 },
				     { 3, 0, 0, 4, 0 }, { 1, 0, 7, 14, 2 }, { 2, 0, 0, 2, 2 },
				     { 2, 0, 11, 0, 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		const u32 *e = no[i];

		cpu.host.x[5] = JUNK;
		trap(sys(e[0], e[1], e[2], e[3], e[4], 5, true), EL1H);
		assert_undef(0x200, EL1H);
		assert_int_equal(cpu.host.x[5], JUNK);
	}
}

static void everything_else_is_undefined(void **state)
{
	u64 ec;

	(void)state;
	for (ec = 0; ec < 64; ec++) {
		if (ec == EC_HVC64 || ec == EC_SMC64 || ec == EC_SYS64 || ec == EC_DABT_LOW ||
		    ec == EC_IABT_LOW)
			continue;
		trap(esr_of(ec, 0x123), EL1H);
		assert_undef(0x200, EL1H);
	}
	assert_int_equal(smcs + aborts + ops + kvm_calls + stub_calls, 0);
}

static void vectors(void **state)
{
	(void)state;
	trap(0, SPSR_EL1T | SPSR_PAN);
	assert_undef(0x000, SPSR_EL1T | SPSR_PAN);
	trap(0, SPSR_EL1H);
	assert_undef(0x200, SPSR_EL1H);
	trap(0, SPSR_EL0T);
	assert_undef(0x400, SPSR_EL0T);
	trap(0, SPSR_MODE32);
	assert_undef(0x600, SPSR_MODE32);
}

/* Arm ARM, AArch64.TakeException(): each PSTATE bit by itself. */
static void pstate(void **state)
{
	static const u64 kept = 0xfUL << 28 | SPSR_DIT | SPSR_PAN;
	int bit;

	(void)state;
	REG(SCTLR_EL1) = 1UL << 23;	/* SPAN: PAN is left alone */
	REG(ID_AA64MMFR1_EL1) = 1UL << 20;
	for (bit = 0; bit < 64; bit++) {
		u64 spsr = 1UL << bit;

		if (spsr & (SPSR_MODE | SPSR_MODE32))
			continue;
		trap(0, spsr | SPSR_EL1H);
		assert_int_equal(REG(SPSR_EL2), EL1H | (spsr & kept));
		assert_int_equal(REG(SPSR_EL1), spsr | SPSR_EL1H);
	}
	REG(SCTLR_EL1) = 0;
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_PAN);
	REG(ID_AA64MMFR1_EL1) = 0;
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H);

	REG(ID_AA64PFR1_EL1) = 0x22UL << 4;		/* SSBS, MTE */
	trap(0, SPSR_EL1H | SPSR_SSBS);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_TCO);
	REG(SCTLR_EL1) = 1UL << 44;			/* DSSBS */
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_TCO | SPSR_SSBS);
	REG(ID_AA64PFR1_EL1) = 1UL << 36;		/* NMI */
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H | SPSR_ALLINT);
	REG(SCTLR_EL1) |= 1UL << 62;			/* SPINTMASK */
	trap(0, SPSR_EL1H);
	assert_int_equal(REG(SPSR_EL2), EL1H);
}

static void injected_aborts(void **state)
{
	/* A store with a syndrome, at stage 2, level 3 */
	u64 iss = ESR_ISV | 3UL << ESR_SAS_SHIFT | ESR_SSE | 7UL << ESR_SRT_SHIFT | ESR_SF |
		  ESR_AR | ESR_VNCR | ESR_FNV | ESR_EA | ESR_S1PTW | FSC_TRANS | 3;

	(void)state;
	reset(NULL);
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL1H;
	REG(VBAR_EL1) = VBAR;
	host_inject_abort(false, false, esr_of(EC_DABT_LOW, iss | ESR_WNR), 0xffff123);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_DABT_CUR, ESR_WNR | FSC_ALIGN));
	assert_int_equal(REG(FAR_EL1), 0xffff123);
	assert_int_equal(REG(ELR_EL1), PC);
	assert_int_equal(REG(ELR_EL2), VBAR + 0x200);

	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL0T;
	host_inject_abort(false, true, esr_of(EC_DABT_LOW, iss | ESR_CM | ESR_WNR), 1);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_DABT_LOW, ESR_WNR | ESR_CM | FSC_ALIGN));
	assert_int_equal(REG(ELR_EL2), VBAR + 0x400);

	/* A 16-bit T32 instruction: IL stays 0 for data, is 1 for a fetch */
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_MODE32;
	host_inject_abort(false, true, (u64)EC_DABT_LOW << ESR_EC_SHIFT | iss, 2);
	assert_int_equal(REG(ESR_EL1), (u64)EC_DABT_LOW << ESR_EC_SHIFT | FSC_ALIGN);
	assert_int_equal(REG(ELR_EL2), VBAR + 0x600);
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL0T;
	host_inject_abort(true, true, (u64)EC_IABT_LOW << ESR_EC_SHIFT | ESR_S1PTW | 7, 3);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_IABT_LOW, FSC_ALIGN));
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = SPSR_EL1H;
	host_inject_abort(true, false, esr_of(EC_IABT_LOW, 7), 3);
	assert_int_equal(REG(ESR_EL1), esr_of(EC_IABT_CUR, FSC_ALIGN));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	static const struct CMUnitTest tests[] = {
		T(every_call_in_every_phase), T(a_failed_call_says_nothing_else),
		T(ids_that_do_not_exist), T(immediate_must_be_zero), T(stub_calls_are_full_width),
		T(page_arguments), T(epochs_are_retried_but_not_for_ever),
		T(statuses_reach_the_host), T(restart), T(results), T(longest_masked_time), T(broken_core),
		T(nothing_stays_mapped), T(smc), T(aborts_go_to_the_stage_2_owner),
		T(trapped_registers), T(everything_else_is_undefined), T(vectors), T(pstate),
		T(injected_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
