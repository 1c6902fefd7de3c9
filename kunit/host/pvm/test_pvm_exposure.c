// SPDX-License-Identifier: GPL-2.0-only
/* What the host sees, and may answer: every row of exposure.def, both ways. */
#include "pvm_world.h"

#define MMIO(write, sas, sse, sf) \
	((u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | ESR_ISV | (u64)(sas) << ESR_SAS_SHIFT | \
	 (sse ? ESR_SSE : 0) | (sf ? ESR_SF : 0) | (write ? ESR_WNR : 0) | FSC_TRANS | 3)

static struct vcpu *fresh(void)
{
	world_new();
	return &world_vcpu[0];
}

/* How a row's exit is produced, with all that may vary random. */
static void produce(struct vcpu *v, enum pvm_exposure what, u64 esr, u32 reg)
{
	enum vcpu_exit code;

	v->esr = esr;
	v->pending_reg = reg;
	pvm_show(v, what, &code);
	if (what == SHOW_RAM)
		pvm_show_fault(v, IPA(0x40201000), FSC_TRANS | 2);
}

static u64 esr_for(enum pvm_exposure what)
{
	switch (what) {
	case SHOW_LOAD:
		return MMIO(0, 2, 0, 0);
	case SHOW_STORE:
		return MMIO(1, 0, 0, 0);
	case SHOW_SGI:
		return (u64)EC_SYS64 << ESR_EC_SHIFT | ESR_IL | ESR_SYS(3, 0, 12, 11, 5);
	case SHOW_WFX:
		return (u64)EC_WFX << ESR_EC_SHIFT | ESR_IL | ESR_WFX_WFE;
	default:
		return 0;
	}
}

/* None of a guest's own waits looks to the host like one for pages. */
static void only_one_waits_for_pages(void **state)
{
	(void)state;
	for (u64 iss = 0; iss < 1024; iss++) {
		struct vcpu *v = fresh();
		struct host_io io;

		produce(v, SHOW_WFX, (u64)EC_WFX << ESR_EC_SHIFT | ESR_IL | iss, 0);
		pvm_expose(v, &io);
		assert_int_not_equal(io.esr, HYPSEC_ESR_WAIT);
	}
}

/*
 * Noninterference: two guests that differ in everything but what a row is meant to
 * show give the host the same bits.
 */
static void shows_nothing_else(void **state)
{
	struct host_io a, b;
	(void)state;

	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; !debug_row(what) && round < 200; round++) {
			struct host_io *io[2] = { &a, &b };
			u64 stored = test_rand(), page_offset = test_rand() & 0xfff;
			bool out_reg = what == SHOW_STORE || what == SHOW_SGI;

			for (int i = 0; i < 2; i++) {
				struct vcpu *v = fresh();
				u32 reg = test_rand() % 31;
				u64 noise = what == SHOW_WFX ? 0x3e0 | BIT(1) :
					what == SHOW_SGI ? 0x3e0 : GENMASK(20, 16) | ESR_AR;

				world_secrets(v);
				memset(io[i], 0xa5, sizeof(a));
				v->far = (test_rand() & ~0xfffUL) | page_offset;
				v->hpfar = IPA_HPFAR(0x09000000UL) | (test_rand() & ~GENMASK(43, 4));
				if (what != SHOW_LOAD && what != SHOW_STORE && what != SHOW_RAM &&
				    what != SHOW_SHARED)
					v->hpfar = test_rand();
				if (what == SHOW_CPU_ON)
					reg = 5;
				if (out_reg)
					v->regs.x[reg] = what == SHOW_STORE ?
						(test_rand() & ~0xffUL) | (stored & 0xff) : stored;
				if (what == SHOW_SERROR)
					noise = 0;
				produce(v, what, esr_for(what) | (test_rand() & noise), reg);
				pvm_expose(v, io[i]);
			}
			assert_int_equal(a.esr, b.esr);
			assert_int_equal(a.far, b.far);
			assert_int_equal(a.hpfar, b.hpfar);
			assert_int_equal(a.out_mask, b.out_mask);
			assert_memory_equal(a.out_x, b.out_x, sizeof(a.out_x));
			for (int n = 0; n < 31; n++)
				if (!(a.out_mask & (1U << n)))
					assert_int_equal(a.out_x[n], 0);
			assert_true(a.out_mask <= 3);
			if (what != SHOW_LOAD && what != SHOW_STORE)
				assert_int_equal(a.far, 0);
		}
	}
}

static void shows_what_it_must(void **state)
{
	struct vcpu *v = fresh();
	struct host_io io;
	(void)state;

	v->far = 0xffff800080123018;
	v->hpfar = IPA_HPFAR(0x09000000UL);
	v->regs.x[7] = 0x1122334455667788;
	produce(v, SHOW_STORE, MMIO(1, 1, 0, 0) | 7 << ESR_SRT_SHIFT, 7);
	assert_int_equal(pvm_expose(v, &io), EXIT_TRAP);
	assert_int_equal(io.esr, MMIO(1, 1, 0, 0));
	assert_int_equal(io.far, 0x018);
	assert_int_equal(io.hpfar, 0x90000);
	assert_int_equal(io.out_mask, 1);
	assert_int_equal(io.out_x[0], 0x7788);

	produce(v, SHOW_STORE, MMIO(1, 3, 0, 1), 31);
	pvm_expose(v, &io);
	assert_int_equal(io.out_x[0], 0);

	pvm_show_fault(v, IPA(0x40201000), FSC_PERM | 2);
	assert_int_equal(pvm_expose(v, &io), EXIT_TRAP);
	assert_int_equal(io.esr, (u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL | ESR_WNR | FSC_PERM | 2);
	assert_int_equal(io.hpfar, 0x402010);
	assert_int_equal(io.far, 0);

	produce(v, SHOW_CPU_ON, 0, 5);
	pvm_expose(v, &io);
	assert_int_equal(io.esr, (u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL);
	assert_int_equal(io.out_x[0], PSCI_CPU_ON64);
	assert_int_equal(io.out_x[1], 5);
	assert_int_equal(io.out_mask, 3);

	produce(v, SHOW_NOTHING, test_rand(), 0);
	assert_int_equal(pvm_expose(v, &io), EXIT_IRQ);
	assert_int_equal(io.esr, 0);
}

/* The host offers everything, always; only the row's columns may have an effect. */
static void takes_nothing_else(void **state)
{
	(void)state;
	for (int what = 0; what < SHOW_COUNT; what++) {
		for (int round = 0; round < 100; round++) {
			struct vcpu *v = fresh(), before;
			struct host_io io;
			u32 reg = test_rand() % 32;
			bool skip, load;

			world_secrets(v);
			if (what == SHOW_CPU_ON)
				reg %= WORLD_VCPUS;
			produce(v, what, esr_for(what), reg);
			before = *v;
			test_fill(&io, sizeof(io));
			io.inc_pc = round & 1;
			io.exception = round & 2;
			pvm_accept(v, &io);

			load = what == SHOW_LOAD;
			skip = load || what == SHOW_STORE;
			if (io.exception && skip) {
				assert_int_equal(w.aborts, 1);
				assert_int_equal(w.skips, 0);
			} else {
				assert_int_equal(w.aborts, 0);
				skip = skip || what == SHOW_WFX || what == SHOW_SGI;
				assert_int_equal(w.skips, skip && io.inc_pc);
				if (load && io.inc_pc && reg < 31)
					before.regs.x[reg] = (u32)io.x[0];
				if (skip && io.inc_pc)
					before.regs.pc += 4;
			}
			if (what == SHOW_SUSPEND)
				before.regs.x[0] = PSCI_SUCCESS;
			if (what == SHOW_CPU_ON)
				before.regs.x[0] = io.x[0];	/* fake psci_cpu_on_done() */
			before.pending = v->pending;
			assert_int_equal(v->pending, SHOW_NOTHING);
			assert_memory_equal(v, &before, sizeof(*v));

			/* And not twice. */
			pvm_accept(v, &io);
			assert_memory_equal(v, &before, sizeof(*v));
		}
	}
	/* Of no kind: the core's mistake. */
	world_vcpu[0].pending = SHOW_COUNT;
	expect_assert_failure(pvm_accept(&world_vcpu[0], &(struct host_io){ 0 }));
}

static void load_values(void **state)
{
	static const struct {
		int sas, sse, sf;
		u64 offered, expected;
	} t[] = {
		{ 0, 0, 0, ~0UL, 0xff },
		{ 0, 1, 0, 0x80, 0xffffff80 },
		{ 0, 1, 1, 0x80, ~0x7fUL },
		{ 0, 1, 1, 0x7f, 0x7f },
		{ 1, 0, 1, 0x12345678, 0x5678 },
		{ 1, 1, 0, 0x18000, 0xffff8000 },
		{ 2, 0, 0, ~0UL, 0xffffffff },
		{ 2, 1, 1, 0x80000000, 0xffffffff80000000 },
		{ 2, 0, 1, 0x180000000, 0x80000000 },
		{ 3, 0, 1, 0x8123456789abcdef, 0x8123456789abcdef },
		{ 3, 1, 1, 0x8123456789abcdef, 0x8123456789abcdef },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(mmio_load_value(MMIO(0, t[i].sas, t[i].sse, t[i].sf), t[i].offered),
				 t[i].expected);
	assert_int_equal(mmio_store_value(MMIO(1, 0, 0, 0), ~0UL), 0xff);
	assert_int_equal(mmio_store_value(MMIO(1, 1, 0, 0), ~0UL), 0xffff);
	assert_int_equal(mmio_store_value(MMIO(1, 2, 0, 0), ~0UL), 0xffffffff);
	assert_int_equal(mmio_store_value(MMIO(1, 3, 0, 1), ~0UL), ~0UL);
}

static void forwardable(void **state)
{
	(void)state;
	assert_true(mmio_forwardable(MMIO(0, 2, 0, 0)));
	assert_true(mmio_forwardable(MMIO(1, 0, 0, 0)));
	assert_false(mmio_forwardable(MMIO(1, 0, 0, 0) & ~ESR_ISV));
	assert_false(mmio_forwardable(MMIO(1, 0, 0, 0) | ESR_S1PTW));
	assert_false(mmio_forwardable(MMIO(1, 0, 0, 0) | ESR_CM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_nothing_else),
		cmocka_unit_test(only_one_waits_for_pages),
		cmocka_unit_test(shows_what_it_must),
		cmocka_unit_test(takes_nothing_else),
		cmocka_unit_test(load_values),
		cmocka_unit_test(forwardable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
