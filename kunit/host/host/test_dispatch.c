// SPDX-License-Identifier: GPL-2.0-only
/* What the host gets for its calls: in every phase, and for ids that do not exist. */
#include "dispatch_common.h"

static const struct call {
	u32 id;
	unsigned int phases, arity, values;
	const char *name;
} calls[] = {
#define HYPSEC_CALL(nr, NAME, name, phases, caller, arity, values, handler, what) \
	{ HYPSEC_CALL_##NAME, phases, arity, values, #name },
#include "abi/hcalls.def"
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
					  c->id == HYPSEC_CALL_VM_IDENTITY ||
					  c->id == HYPSEC_CALL_VM_STATUS ? 7 :
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
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		assert_int_equal(hvc(other[i], 1), RET(HYPSEC_NOT_SUPPORTED));
		assert_int_equal(cpu.host.x[1], 1);	/* not ours to write */
	}
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
	for (status = HYPSEC_FAULT; status <= 0; status++)
		assert_int_equal(hvc(HYPSEC_CALL_RECLAIM, RAM_START), RET(status));
	/* One that is internal would be a bug of ours: never let out. */
	status = HYPSEC_EXIT;
	expect_assert_failure(hvc(HYPSEC_CALL_RECLAIM, RAM_START));
}

/*
 * Shadows are being dropped, and the host has an interrupt: it takes that, and makes the call once
 * more, with what it asked for.
 */
static void call_once_more(void **state)
{
	(void)state;
	drop_stopped = true;
	epochs = 1;
	assert_int_equal(hvc_imm(0, HYPSEC_CALL_DONATE | HYPSEC_CALL_HINT, RAM_START, 2, 3),
			 HYPSEC_CALL_DONATE | HYPSEC_CALL_HINT);
	assert_int_equal(REG(ELR_EL2), PC - 4);
	assert_int_equal(cpu.host.x[1], RAM_START);
	assert_int_equal(cpu.host.x[2], 2);
	assert_int_equal(cpu.host.x[3], 3);
	assert_int_equal(drops, 1);
	assert_int_equal(ops, 1);
	drop_stopped = false;
}

static void steps(void **state)
{
	(void)state;
	status = HYPSEC_RESTART;
	assert_int_equal(hvc(HYPSEC_CALL_VM_TEARDOWN | HYPSEC_CALL_HINT, 0x1111), HYPSEC_OK);
	/* The host is past the HVC: it decides whether somebody else runs before the next. */
	assert_int_equal(REG(ELR_EL2), PC);
	assert_int_equal(cpu.host.x[1], 1);
	assert_int_equal(last_pa, 0x1111);
	status = HYPSEC_OK;
	assert_int_equal(hvc(HYPSEC_CALL_VM_TEARDOWN, 0x1111), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 0);
	status = HYPSEC_INVALID;
	assert_int_equal(hvc(HYPSEC_CALL_VM_TEARDOWN, 0), RET(HYPSEC_INVALID));
	assert_int_equal(cpu.host.x[1], 0);
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

	for (int i = 0; i < 2; i++) {
		wanted = i;
		hvc(HYPSEC_CALL_ACCOUNT, HYPSEC_ACC_FREE);
		assert_int_equal(cpu.host.x[1], 1000 + HYPSEC_ACC_FREE);
		assert_int_equal(cpu.host.x[2], i);
	}
	hvc(HYPSEC_CALL_ACCOUNT, HYPSEC_ACC_VM);
	assert_int_equal(cpu.host.x[2], 0);
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
						  PG_MOVING, PG_LOST };
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
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, 1), HYPSEC_OK);
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, VM_MAX), HYPSEC_OK);
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, VM_MAX + 1), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_INFO, 1UL << 16 | 7), RET(HYPSEC_RANGE));

	hvc_imm(0, HYPSEC_CALL_VM_IDENTITY, 7, 2, 0);
	assert_int_equal(cpu.host.x[0], HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 2);
	assert_int_equal(cpu.host.x[3], 0x1d);
	assert_int_equal(hvc(HYPSEC_CALL_VM_IDENTITY, 8), RET(HYPSEC_STATE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_IDENTITY, 0), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_IDENTITY, VM_MAX + 1), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_IDENTITY, 1UL << 16 | 7), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_STATUS, 7), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], HYPSEC_FLAG_DEBUG);
	assert_int_equal(cpu.host.x[2], 0x1000);
	assert_int_equal(cpu.host.x[3], 0x2000);
	assert_int_equal(hvc(HYPSEC_CALL_VM_STATUS, 8), RET(HYPSEC_STATE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_STATUS, 0), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_STATUS, VM_MAX + 1), RET(HYPSEC_RANGE));
	assert_int_equal(hvc(HYPSEC_CALL_VM_STATUS, 1UL << 16 | 7), RET(HYPSEC_RANGE));
	status = HYPSEC_STATE;
	assert_int_equal(hvc(HYPSEC_CALL_VM_STATUS, 7), RET(HYPSEC_STATE));
	assert_int_equal(cpu.host.x[1] | cpu.host.x[2] | cpu.host.x[3], 0);
	assert_int_equal(hvc(HYPSEC_CALL_VM_IDENTITY, 7), RET(HYPSEC_STATE));
	assert_int_equal(cpu.host.x[1] | cpu.host.x[2] | cpu.host.x[3], 0);
	assert_int_equal(vm_refs, 0);

	status = HYPSEC_OK;
	assert_int_equal(hvc(HYPSEC_CALL_LOST, 2), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], RAM_START + 2);
	assert_int_equal(hvc(HYPSEC_CALL_PLATFORM, 2), HYPSEC_OK);
	assert_int_equal(cpu.host.x[1], 2);
	assert_int_equal(cpu.host.x[3], 0x1d);
	status = HYPSEC_RANGE;
	assert_int_equal(hvc(HYPSEC_CALL_LOST, 3), RET(HYPSEC_RANGE));
	assert_int_equal(cpu.host.x[1], 0);
	assert_int_equal(hvc(HYPSEC_CALL_PLATFORM, 3), RET(HYPSEC_RANGE));
	assert_int_equal(cpu.host.x[1] | cpu.host.x[2] | cpu.host.x[3], 0);
	status = HYPSEC_OK;

	log_text = "a line of log that is longer than one call";
	char got[64] = "";
	do {
		assert_int_equal(hvc(HYPSEC_CALL_LOG, 0), HYPSEC_OK);
		strncat(got, (char *)&cpu.host.x[1], 24);
	} while (cpu.host.x[1]);
	assert_string_equal(got, "a line of log that is longer than one call");
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
	/* The HVC that broke it: KVM's, by whatever id of KVM's, is told from the module's. */
	for (u32 n = 0; n <= 0xffff; n++)
		for (int hint = 0; hint < 2; hint++) {
			u64 *x = cpu.host.x;

			for (int i = 0; i < 5; i++)
				x[i] = JUNK + i;
			x[0] = HYPSEC_CALL_BASE + n + (hint ? HYPSEC_CALL_HINT : 0);
			host_hvc_broken(&cpu);
			assert_int_equal(x[0], n <= 0x7f ? 0 : RET(HYPSEC_BROKEN));
			assert_int_equal(x[1], n <= 0x7f ? EXIT_IL : 0);
			if (n > 0x7f)
				assert_int_equal(x[2] | x[3], 0);
			assert_int_equal(x[4], JUNK + 4);
		}
	cpu.host.x[0] = HYPSEC_CALL_BASE - 1;
	host_hvc_broken(&cpu);
	assert_int_equal(cpu.host.x[0], RET(HYPSEC_BROKEN));
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

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, reset)
	static const struct CMUnitTest tests[] = {
		T(every_call_in_every_phase), T(a_failed_call_says_nothing_else),
		T(ids_that_do_not_exist), T(immediate_must_be_zero), T(stub_calls_are_full_width),
		T(page_arguments), T(epochs_are_retried_but_not_for_ever),
		T(statuses_reach_the_host),
		T(call_once_more), T(steps), T(results),
		T(broken_core), T(nothing_stays_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
