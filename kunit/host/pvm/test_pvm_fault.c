// SPDX-License-Identifier: GPL-2.0-only
/* Stage-2 aborts of a protected VM: whose page a frame gets, and who may know. */
#include "pvm_world.h"

#define FRAME	0x40205UL
#define IPA_OF	(FRAME << PAGE_SHIFT)
#define UART	0x09000000UL

static struct vm *vm;
static struct vcpu *v;

static void start(void)
{
	vm = world_new();
	v = &world_vcpu[0];
}

static bool fault(u64 ec, u64 iss, u64 ipa, enum vcpu_exit *code)
{
	bool again;

	v->esr = ec << ESR_EC_SHIFT | ESR_IL | iss;
	v->hpfar = IPA_HPFAR(ipa);
	v->far = 0xffff000012345678;
	*code = EXIT_TRAP;
	again = pvm_abort(v, code);
	assert_int_equal(w.locked, 0);
	return again;
}

static void claims(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	world_map(FRAME, 7, true);
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 2, IPA_OF, &code));
	assert_int_equal(w.page[7].state, PG_PRIVATE);
	assert_int_equal(w.page[7].vm, vm->id);
	assert_int_equal(w.page[7].frame, FRAME);
	assert_true(w.zeroed[7]);
	assert_int_equal(w.shadow[FRAME - w.frame0], WORLD_RAM + 7 * PAGE_SIZE + 1);
	assert_int_equal(vm->private_pages, 1);

	/* Also for a fetch, and for a walk of the guest's own tables. */
	world_map(FRAME + 1, 8, true);
	assert_true(fault(EC_IABT_LOW, FSC_TRANS | 3, IPA_OF + PAGE_SIZE, &code));
	world_map(FRAME + 2, 9, true);
	assert_true(fault(EC_DABT_LOW, ESR_S1PTW | FSC_TRANS | 3, IPA_OF + 2 * PAGE_SIZE, &code));
	assert_int_equal(w.claims, 3);
	assert_int_equal(w.aborts, 0);
}

/* A page inside a 2 MiB block of KVM's. */
static void claims_in_block(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	w.leaf[FRAME - w.frame0] = (struct kvm_leaf){
		.status = HYPSEC_OK, .level = 2, .r = true, .w = true,
		.pa = PA(WORLD_RAM), .size = SZ_2M,
	};
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(w.page[5].state, PG_PRIVATE);
}

static void asks_for_a_page(void **state)
{
	struct host_io io;
	enum vcpu_exit code;
	(void)state;

	/* Whatever the guest did, and with a syndrome too: a write without one. */
	static const u64 iss[] = {
		FSC_TRANS | 3,
		ESR_ISV | 2UL << ESR_SAS_SHIFT | 7UL << ESR_SRT_SHIFT | FSC_TRANS | 3,
		ESR_S1PTW | FSC_TRANS | 1,
		ESR_CM | ESR_WNR | FSC_TRANS | 3,
	};

	for (size_t i = 0; i < ARRAY_SIZE(iss); i++) {
		for (int fetch = 0; fetch < 2; fetch++) {
			start();
			w.leaf[FRAME - w.frame0].level = 2;
			assert_false(fault(fetch ? EC_IABT_LOW : EC_DABT_LOW, iss[i], IPA_OF, &code));
			assert_int_equal(pvm_expose(v, &io), EXIT_TRAP);
			assert_int_equal(code, EXIT_TRAP);
			assert_int_equal(io.esr, (u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL |
					 ESR_WNR | FSC_TRANS | 2);
			assert_int_equal(io.hpfar, IPA_HPFAR(IPA_OF));
			assert_int_equal(io.far | io.out_mask, 0);
			assert_int_equal(w.claims, 0);
		}
	}
	/* Read-only (the zero page, KSM's, the page cache's): a permission fault. */
	start();
	world_map(FRAME, 7, false);
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	pvm_expose(v, &io);
	assert_int_equal(io.esr & 0x3f, FSC_PERM | 3);
	assert_int_equal(w.page[7].state, PG_HOST);
}

/* A frame keeps its page, whatever KVM's table says later. */
static void keeps_its_page(void **state)
{
	enum vcpu_exit code;
	pa_t pa;
	(void)state;

	start();
	world_map(FRAME, 7, true);
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	world_map(FRAME, 8, true);
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(w.page[8].state, PG_HOST);
	assert_int_equal(pvm_claim(v, IPA(IPA_OF), false, &pa), HYPSEC_OK);
	assert_int_equal(pa.v, WORLD_RAM + 7 * PAGE_SIZE);
	/* Nor is one page given to two frames. */
	world_map(FRAME + 1, 7, true);
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF + PAGE_SIZE, &code));
	assert_int_equal(code, EXIT_IL);
	assert_non_null(w.killed);
	assert_int_equal(vm->private_pages, 1);
}

static void not_the_hosts_to_give(void **state)
{
	static const struct page_info stolen[] = {
		{ .state = PG_CORE },
		{ .state = PG_PRIVATE, .vm = 4, .frame = FRAME },
		{ .state = PG_PRIVATE, .vm = 3, .frame = FRAME + 1 },
		{ .state = PG_NONE },
	};
	enum vcpu_exit code;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(stolen); i++) {
		start();
		world_map(FRAME, 7, true);
		w.page[7] = stolen[i];
		assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
		assert_int_equal(code, EXIT_IL);
		assert_non_null(w.killed);
		assert_int_equal(w.page[7].state, stolen[i].state);
		assert_int_equal(w.shadow[FRAME - w.frame0], 0);
	}
	/* Not RAM at all. */
	start();
	world_map(FRAME, 0, true);
	w.leaf[FRAME - w.frame0].pa = PA(0x08000000);
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_non_null(w.killed);
	/* A table of KVM's in a page that is not the host's. */
	start();
	w.leaf[FRAME - w.frame0].status = HYPSEC_DENIED;
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_non_null(w.killed);
	/* What a dead VM has not given back yet is no reason to die. */
	start();
	world_map(FRAME, 7, true);
	w.page[7] = (struct page_info){ .state = PG_PRIVATE, .vm = 9, .frame = 1 };
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(w.page[7].vm, vm->id);
	assert_null(w.killed);
}

/*
 * Nothing has changed, and what the guest did is done again whatever the host answers: it sees a
 * WFE, and nothing of the fault.
 */
static void waited(enum vcpu_exit code)
{
	struct host_io io = { .inc_pc = true, .exception = true };
	u64 pc = v->regs.pc;

	assert_int_equal(code, EXIT_TRAP);
	assert_int_equal(pvm_expose(v, &io), EXIT_TRAP);
	assert_int_equal(io.esr, HYPSEC_ESR_WAIT);
	assert_int_equal(io.hpfar | io.far | io.out_mask, 0);
	pvm_accept(v, &io);
	assert_int_equal(v->regs.pc, pc);
	assert_int_equal(w.skips + w.aborts, 0);
	assert_int_equal(w.page[7].state, PG_HOST);
	assert_int_equal(vm->private_pages, 0);
	assert_int_equal(w.claims + w.returns, 0);
	assert_int_equal(w.waits, 1);
	assert_null(w.killed);
}

/* The host has an interrupt while shadows are dropped: the guest comes back to the instruction. */
static void stopped(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	world_map(FRAME, 7, true);
	w.claim_status[0] = HYPSEC_EPOCH;
	w.drop_stopped = true;
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(code, EXIT_IRQ);
	assert_int_equal(w.epochs, 1);
	assert_int_equal(w.claims, 0);
	assert_null(w.killed);
}

static void retries(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	world_map(FRAME, 7, true);
	w.claim_status[0] = HYPSEC_EPOCH;
	w.claim_status[1] = HYPSEC_EPOCH;
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(w.epochs, 2);
	assert_int_equal(w.claims, 1);

	start();
	world_map(FRAME, 7, true);
	for (int i = 0; i < 4; i++)
		w.claim_status[i] = HYPSEC_EPOCH;
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(code, EXIT_IRQ);
	assert_int_equal(w.page[7].state, PG_HOST);

	start();
	world_map(FRAME, 7, true);
	w.claim_status[0] = HYPSEC_BUSY;
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(code, EXIT_IRQ);
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));

	/* No memory for a table: nothing has changed, the VM can be continued. */
	start();
	world_map(FRAME, 7, true);
	w.split_status = HYPSEC_NO_MEMORY;
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	waited(code);
	w.split_status = 0;
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));

	/* The same where there is some, but for VMs that have less. */
	start();
	world_map(FRAME, 7, true);
	w.share_used_up = true;
	assert_false(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	waited(code);
	/* A frame that has its page needs none. */
	w.share_used_up = false;
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	w.share_used_up = true;
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
}

static void ram_is_what_was_declared(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	world_pvm.image = (struct pvm_range){ 0x40200000, 0x5000 };
	assert_true(pvm_in_ram(&world_pvm, 0x40200000, 0x5000));
	assert_false(pvm_in_ram(&world_pvm, 0x40200000, 0x5001));
	assert_false(pvm_in_ram(&world_pvm, 0x401ff000, 0x2000));
	assert_false(pvm_in_ram(&world_pvm, 0x40204000, ~0UL));
	assert_false(pvm_in_ram(&world_pvm, ~0UL - 1, 4));
	world_map(FRAME, 7, true);
	/* The host maps it, the guest did not say that it is RAM. */
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(w.aborts, 1);
	assert_int_equal(w.claims, 0);
	world_pvm.ram[0] = (struct pvm_range){ 0x40000000, 0x10000000 };
	world_pvm.nr_ram = 1;
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(w.claims, 1);
}

static void devices(void **state)
{
	const u64 isv = ESR_ISV | 2UL << ESR_SAS_SHIFT | 7UL << ESR_SRT_SHIFT | FSC_TRANS | 1;
	struct host_io io;
	enum vcpu_exit code;
	(void)state;

	start();
	assert_false(fault(EC_DABT_LOW, isv, UART, &code));
	assert_int_equal(v->pending, SHOW_LOAD);
	assert_int_equal(v->pending_reg, 7);
	pvm_expose(v, &io);
	assert_int_equal(io.far, 0x678);
	assert_int_equal(io.esr & (GENMASK(20, 16) | 0x3f), FSC_TRANS | 3);
	assert_false(fault(EC_DABT_LOW, isv | ESR_WNR, UART, &code));
	assert_int_equal(v->pending, SHOW_STORE);

	/* No syndrome, a fetch, a table walk: an abort from here, and no exit. */
	assert_true(fault(EC_DABT_LOW, FSC_TRANS | 1, UART, &code));
	assert_int_equal(w.aborts, 1);
	assert_false(w.abort_is_instruction);
	assert_int_equal(w.abort_far, 0xffff000012345678);
	assert_true(fault(EC_IABT_LOW, FSC_TRANS | 1, UART, &code));
	assert_int_equal(w.aborts, 2);
	assert_true(w.abort_is_instruction);
	assert_true(fault(EC_DABT_LOW, ESR_S1PTW | FSC_TRANS | 1, UART, &code));
	assert_int_equal(w.aborts, 3);
	/* Cache maintenance of nothing. */
	assert_true(fault(EC_DABT_LOW, ESR_CM | ESR_WNR | FSC_TRANS | 1, UART, &code));
	assert_int_equal(w.aborts, 3);
	assert_int_equal(w.skips, 1);
	/* Past the end of the address space; the platform's own aborts. */
	assert_true(fault(EC_DABT_LOW, isv, BIT(40), &code));
	assert_int_equal(w.aborts, 4);
	assert_true(fault(EC_DABT_LOW, isv | FSC_EXTABT, IPA_OF, &code));
	assert_int_equal(w.aborts, 5);
	/* Nothing is mapped, whatever KVM has there. */
	assert_int_equal(w.claims, 0);
}

static void dead(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	world_map(FRAME, 7, true);
	vm->state = VM_DEAD;
	assert_int_equal(pvm_claim(v, IPA(IPA_OF), true, NULL), HYPSEC_DEAD);
	assert_int_equal(w.claims, 0);
	fault(EC_DABT_LOW, FSC_TRANS | 3, IPA_OF, &code);
	assert_int_equal(w.claims, 0);
	/* A store to RAM with a syndrome: nothing of it reaches the host. */
	assert_false(fault(EC_DABT_LOW, ESR_ISV | ESR_WNR | FSC_TRANS | 3, IPA_OF, &code));
	assert_int_equal(code, EXIT_IL);
	assert_int_equal(v->pending, SHOW_DEAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims),
		cmocka_unit_test(claims_in_block),
		cmocka_unit_test(asks_for_a_page),
		cmocka_unit_test(keeps_its_page),
		cmocka_unit_test(not_the_hosts_to_give),
		cmocka_unit_test(retries),
		cmocka_unit_test(stopped),
		cmocka_unit_test(ram_is_what_was_declared),
		cmocka_unit_test(devices),
		cmocka_unit_test(dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
