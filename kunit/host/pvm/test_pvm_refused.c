// SPDX-License-Identifier: GPL-2.0-only
/* VM_PROTECT: what it refuses, and what the VM dies of. */
#include "protect_common.h"

/*
 * No memory: nothing is lost, nothing is said, and the guest makes the call again: what it left
 * with is a WFE before the call, which the host skips.
 */
static void no_memory(void)
{
	enum vcpu_exit code = EXIT_IRQ;

	host_regs.pc = 0x40200104;
	host_regs.x[0] = HYPSEC_GUEST_PROTECT;
	host_regs.x[1] = IMAGE;
	host_regs.x[2] = DTB;
	w.waits = 0;
	pvm_know_cpus();
	assert_false(pvm_guest_call(&scratch, HOST, &code));
	assert_int_equal(w.locked, 0);
	assert_int_equal(code, EXIT_TRAP);
	assert_int_equal(scratch.esr, HYPSEC_ESR_WAIT);
	assert_int_equal(host_regs.pc + 4, 0x40200100);
	assert_int_equal(host_regs.x[0], HYPSEC_GUEST_PROTECT);
	assert_int_equal(host_regs.x[1], IMAGE);
	assert_int_equal(host_regs.x[2], DTB);
	assert_int_equal(w.waits, 1);
	assert_int_equal(w.pool_out, 0);
}

/* Asked for once more: @ret again, and a line only if none of this VM's said so before. */
static void refused(u64 image, u64 dtb, s64 ret, bool said)
{
	bool left;

	for (int i = 0; i < 3; i++) {
		w.log[0] = 0;
		assert_int_equal(protect(image, dtb, &left), ret);
		assert_false(left);
		if (i || said)
			assert_string_equal(w.log, "");
		else
			assert_memory_equal(w.log, "vm 3: not protected: ", 21);
	}
}

/* A line for each kind of refusal, however often the guest asks. */
static void says_why(void **state)
{
	(void)state;
	start();
	refused(IMAGE + PAGE_SIZE, DTB, HYPSEC_INVALID, false);
	refused(IMAGE, BIT(40), HYPSEC_RANGE, false);
	refused(IMAGE, DTB + 4, HYPSEC_INVALID, true);
	vm->running = 2;
	refused(IMAGE, DTB, HYPSEC_BUSY, false);
	vm->running = 1;
	scratch.sr[GSR_MPIDR_EL1] = BIT(31) | 0x800;
	refused(IMAGE, DTB, HYPSEC_NOT_SUPPORTED, false);
	scratch.sr[GSR_MPIDR_EL1] = 0;
	world_closing = true;
	refused(IMAGE, DTB, HYPSEC_STATE, false);
	world_closing = false;
	refused(~0UL, DTB, HYPSEC_INVALID, true);
	assert_int_equal(vm->state, VM_ORDINARY);
	/* Another VM has lines of its own; a call that no one knows has none. */
	start();
	refused(IMAGE, BIT(40), HYPSEC_RANGE, false);
	host_regs.x[0] = HYPSEC_GUEST_REVOKE + 1;
	assert_true(pvm_guest_call(&scratch, HOST, &(enum vcpu_exit){ 0 }));
	assert_string_equal(w.log, "");
}

/* Without random numbers there is no key: memory would not help, so nothing is waited for. */
static void no_random_numbers(void **state)
{
	(void)state;
	start();
	w.random_status = HYPSEC_STATE;
	refused(IMAGE, DTB, HYPSEC_STATE, false);
	assert_int_equal(w.waits, 0);
	assert_int_equal(w.pool_out, 0);
	assert_null(vm->pvm);
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_int_equal(w.drops, 0);
}

/* All the bits that a VM can have. */
static void address_space_of_48_bits(void **state)
{
	bool left;
	(void)state;

	start();
	vm->s2.ipa_bits = 48;
	refused(BIT(48), DTB, HYPSEC_RANGE, false);
	protect(BIT(48) - SZ_2M, BIT(48) - PAGE_SIZE, &left);
	assert_true(left);
	assert_int_equal(vm->state, VM_PROTECTING);
	assert_int_equal(w.seal_bits, 48);
}

static void refuses(void **state)
{
	static const struct { u64 image, dtb; s64 ret; } t[] = {
		{ IMAGE + PAGE_SIZE, DTB, HYPSEC_INVALID },
		{ IMAGE, DTB + 4, HYPSEC_INVALID },
		{ BIT(40), DTB, HYPSEC_RANGE },
		{ ~(SZ_2M - 1), DTB, HYPSEC_RANGE },
		{ IMAGE, BIT(40), HYPSEC_RANGE },
		{ IMAGE, ~7UL, HYPSEC_RANGE },
	};
	bool left;
	(void)state;

	start();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(protect(t[i].image, t[i].dtb, &left), t[i].ret);
		assert_false(left);
	}
	vm->running = 2;
	assert_int_equal(protect(IMAGE, DTB, &left), HYPSEC_BUSY);
	vm->running = 1;
	scratch.sr[GSR_MPIDR_EL1] = BIT(31) | 0x800;
	assert_int_equal(protect(IMAGE, DTB, &left), HYPSEC_NOT_SUPPORTED);
	scratch.sr[GSR_MPIDR_EL1] = BIT(31) | 0x10;
	assert_int_equal(protect(IMAGE, DTB, &left), HYPSEC_NOT_SUPPORTED);
	scratch.sr[GSR_MPIDR_EL1] = 0;
	for (enum vm_state s = VM_PROTECTING; s <= VM_DEAD; s++) {
		vm->state = s;
		assert_int_equal(protect(IMAGE, DTB, &left), HYPSEC_STATE);
	}
	vm->state = VM_ORDINARY;
	/* A VM that became protected behind the scrub would outlive it in memory. */
	world_closing = true;
	assert_int_equal(protect(IMAGE, DTB, &left), HYPSEC_STATE);
	world_closing = false;
	/* The host has let go of it: no vCPU of it will run again. */
	vm->host.mmu = KVA(0);
	assert_int_equal(protect(IMAGE, DTB, &left), HYPSEC_STATE);
	vm->host.mmu = KVA(0xffff000012300000);
	/* Nothing is lost, however far the pool went. */
	for (int sve = 0; sve < 2; sve++) {
		world_cpus[0].sve_vl = world_cpus[1].sve_vl = 16 * sve;
		for (int n = 0; n <= 1 + sve; n++) {
			w.pool_left = n;
			no_memory();
		}
	}
	/* One CPU without SVE: nobody has it, and it costs nothing. */
	world_cpus[0].sve_vl = 0;
	w.pool_left = 1;
	no_memory();
	assert_null(vm->pvm);
	assert_int_equal(vm->state, VM_ORDINARY);
	assert_int_equal(w.drops, 0);
}

static void bad_dtb(void **state)
{
	static const struct { u64 dtb; u32 magic, size; } t[] = {
		{ DTB, 0xedfe0dd0, 0x1800 },
		{ DTB, 0xd00dfeed, 39 },
		{ DTB, 0xd00dfeed, HYPSEC_DTB_MAX + 1 },
		{ DTB, 0xd00dfeed, ~0U },
		{ IMAGE + 0x8000, 0xd00dfeed, 0x1800 },	/* inside the image */
		{ IMAGE - 0x1000, 0xd00dfeed, 0x1800 },	/* runs into it */
	};
	struct vcpu *v;
	bool left;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		start();
		w.frame0 -= 1;
		for (unsigned int n = 0; n < WORLD_PAGES; n++)
			world_map(w.frame0 + n, n, true);
		set_dtb((t[i].dtb >> PAGE_SHIFT) - w.frame0, t[i].magic, t[i].size);
		protect(IMAGE, t[i].dtb, &left);
		assert_true(left);
		v = vm->pvm->vcpu[0];
		assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
		assert_int_equal(vm->state, VM_DEAD);
		assert_non_null(w.killed);
		assert_false(w.slot);
	}
	/* Up to the image is below it. */
	start();
	w.frame0 -= 2;
	for (unsigned int n = 0; n < WORLD_PAGES; n++)
		world_map(w.frame0 + n, n, true);
	set_dtb(0, 0xd00dfeed, 0x1800);
	protect(IMAGE, IMAGE - 2 * PAGE_SIZE, &left);
	assert_int_equal(pvm_protect_step(vm->pvm->vcpu[0]), HYPSEC_OK);
	assert_int_equal(vm->state, VM_PROTECTED);
	/* Just below the end of the address space, and over it. */
	start();
	w.frame0 = (BIT(40) >> PAGE_SHIFT) - 1;
	world_map(w.frame0, 1, true);
	set_dtb(1, 0xd00dfeed, 0x1001);
	protect(IMAGE, BIT(40) - PAGE_SIZE, &left);
	assert_int_equal(pvm_protect_step(vm->pvm->vcpu[0]), HYPSEC_DEAD);
	/* A Realm's is below the half where nothing is private. */
	for (u32 rsi = 0; rsi < 2; rsi++) {
		start();
		w.manifest.flags = rsi ? HYPSEC_FLAG_RSI : 0;
		w.frame0 = (BIT(39) >> PAGE_SHIFT) - 1;
		world_map(w.frame0, 1, true);
		world_map(w.frame0 + 1, 2, true);
		set_dtb(1, 0xd00dfeed, 0x1001);
		protect(IMAGE, BIT(39) - PAGE_SIZE, &left);
		assert_int_equal(pvm_protect_step(vm->pvm->vcpu[0]), rsi ? HYPSEC_DEAD : HYPSEC_OK);
	}
}

static void dies(void **state)
{
	static const int status[] = {
		HYPSEC_UNSIGNED, HYPSEC_BAD_SIGNATURE, HYPSEC_INVALID, HYPSEC_STATE,
	};
	struct vcpu *v;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(status); i++) {
		start();
		map_all();
		v = begin();
		w.verify_status[0] = status[i];
		assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
		assert_int_equal(vm->state, VM_DEAD);
		/*
		 * One that counts itself on its way in, to find the VM dead under the lock:
		 * the core once took it for a broken invariant.
		 */
		vm->running = 1;
		spin_lock(&vm->lock);
		pvm_free(vm);
		spin_unlock(&vm->lock);
		assert_int_equal(w.pool_out, 0);
	}
	/* Killed by someone else meanwhile: it must not come back to life. */
	start();
	map_all();
	v = begin();
	vm_kill(vm, "test");
	assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
	assert_int_equal(vm->state, VM_DEAD);
	assert_string_equal(w.killed, "test");
	/* The host backs the image with a page of another VM. */
	start();
	map_all();
	w.page[0] = (struct page_info){ .state = PG_PRIVATE, .vm = 4, .frame = 1 };
	v = begin();
	w.verify_page[0] = 1;
	assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
	assert_int_equal(w.page[0].vm, 4);
	assert_non_null(strstr(w.killed, "not its own, or no RAM"));
	/* A page of it was sealed, and another comes home: whose fault it is, the log says. */
	start();
	map_all();
	v = begin();
	w.verify_page[0] = 1;
	w.claim_status[0] = HYPSEC_BAD_SIGNATURE;
	assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
	assert_non_null(strstr(w.killed, "gave back another page"));
	/* With a device, at any page of it */
	for (u64 n = 0; n < 4; n++) {
		start();
		map_all();
		w.leaf[n].pa = PA(0x09000000);
		v = begin();
		w.verify_page[0] = n * PAGE_SIZE + 1;
		assert_int_equal(pvm_protect_step(v), HYPSEC_DEAD);
		assert_non_null(strstr(w.killed, "not its own, or no RAM"));
		assert_int_equal(w.claims, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(says_why),
		cmocka_unit_test(no_random_numbers),
		cmocka_unit_test(address_space_of_48_bits),
		cmocka_unit_test(bad_dtb),
		cmocka_unit_test(dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
