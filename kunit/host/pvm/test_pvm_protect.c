// SPDX-License-Identifier: GPL-2.0-only
/* VM_PROTECT: what it claims, and that it can be interrupted anywhere. */
#include "protect_common.h"

static void ordinary_calls(void **state)
{
	enum vcpu_exit code;
	(void)state;

	start();
	host_regs.x[0] = HYPSEC_GUEST_VERSION;
	assert_true(pvm_guest_call(&scratch, HOST, &code));
	assert_int_equal(host_regs.x[0], HYPSEC_OK);
	assert_int_equal(host_regs.x[2], 0);
	/* They exist, and are not for this VM. */
	for (u64 fn = HYPSEC_GUEST_RAM; fn <= HYPSEC_GUEST_REVOKE + 1; fn++) {
		host_regs.x[0] = fn;
		assert_true(pvm_guest_call(&scratch, HOST, &code));
		assert_int_equal(host_regs.x[0], fn <= HYPSEC_GUEST_REVOKE ? HYPSEC_STATE :
				 HYPSEC_NOT_SUPPORTED);
	}
	assert_int_equal(host_regs.x[1], HYPSEC_ABI_VERSION);
}

static void protects(void **state)
{
	struct vcpu *v;
	(void)state;

	start();
	map_all();
	/* Vectors of 64 bytes on one CPU, 48 on the other: 32 is what both have. */
	world_cpus[0].sve_vl = 64;
	world_cpus[1].sve_vl = 48;
	/* A CPU with PAN and one without: a host could run any vCPU on either. */
	world_cpus[0].id_regs[PVM_ID_MMFR1] = 0x300000;
	world_cpus[0].id_regs[PVM_ID_ISAR0] = world_cpus[1].id_regs[PVM_ID_ISAR0] = 0x200000;
	/* And with other caches. */
	world_cpus[0].id_regs[PVM_ID_CTR] = 0x84448004;
	world_cpus[1].id_regs[PVM_ID_CTR] = 0x84448003;
	/* Registers of before are the host's: none may survive. */
	host_regs.pc = 0x40200104;
	v = begin();
	/* What the host has of it is no reset (pvm/exits.c). */
	assert_int_equal(v->shown_pc, 0x40200104);
	assert_int_equal(vm->pvm->id[PVM_ID_MMFR1], 0);
	assert_int_equal(vm->pvm->id[PVM_ID_ISAR0], 0x200000);
	assert_int_equal(vm->pvm->cache_trap, HCR_TID2);
	assert_int_equal(v->midr, world_cpus[0].midr);
	assert_int_equal(v->sve_vl, 32);
	assert_non_null(v->sve_buf);
	world_secrets(v);
	w.verify_page[0] = 1;		/* offset 0 */
	w.verify_page[1] = 0x3000 + 1;
	w.verify_status[0] = HYPSEC_RESTART;
	assert_int_equal(pvm_protect_step(v), HYPSEC_OK);
	assert_int_equal(vm->state, VM_PROTECTED);
	assert_false(w.slot);
	assert_int_equal(v->regs.pc, IMAGE + 0x40);
	assert_int_equal(v->regs.pstate, SPSR_EL1H | SPSR_DAIF);
	assert_int_equal(v->regs.x[0], DTB);
	assert_int_equal(v->regs.x[1], 0x1800);
	assert_int_equal(v->regs.x[2], IMAGE);
	for (int i = 3; i < 31; i++)
		assert_int_equal(v->regs.x[i], 0);
	assert_int_equal(v->regs.sp_el0, 0);
	for (int i = 0; i < GSR_COUNT; i++) {
		if (i == GSR_SCTLR_EL1)
			assert_int_equal(v->sr[i], 0xc50078);
		else if (i == GSR_MPIDR_EL1)
			assert_int_equal(v->sr[i], BIT(31) | 2);
		else
			assert_int_equal(v->sr[i], 0);
	}
	/* Claimed with their contents, and where they were. */
	assert_int_equal(w.page[0].state, PG_PRIVATE);
	assert_int_equal(w.page[3].frame, w.frame0 + 3);
	assert_int_equal(w.page[16].state, PG_PRIVATE);
	assert_int_equal(w.page[17].state, PG_PRIVATE);
	assert_int_equal(w.page[18].state, PG_HOST);
	assert_false(w.zeroed[0] || w.zeroed[3] || w.zeroed[16] || w.zeroed[17]);
	/* RAM: the image and the tree. */
	assert_true(pvm_in_ram(vm->pvm, IMAGE, 0x10000));
	assert_true(pvm_in_ram(vm->pvm, DTB, 0x2000));
	assert_false(pvm_in_ram(vm->pvm, DTB, 0x2001));
}

/* With no page mapped at first, and an interrupt at every look. */
static void restarts(void **state)
{
	unsigned int exits = 0, restarts = 0;
	struct host_io io;
	struct vcpu *v;
	int ret;
	(void)state;

	start();
	set_dtb(16, 0xd00dfeed, 0x1800);
	v = begin();
	for (int i = 0; i < 4; i++) {
		w.verify_page[i] = i * PAGE_SIZE + 1;
		w.verify_status[i] = HYPSEC_RESTART;
	}
	do {
		w.irq_after = 0;
		ret = pvm_protect_step(v);
		assert_false(w.slot);
		assert_int_equal(w.locked, 0);
		if (ret == HYPSEC_EXIT) {
			u64 frame;

			assert_int_equal(pvm_expose(v, &io), EXIT_TRAP);
			frame = HPFAR_IPA(io.hpfar) >> PAGE_SHIFT;
			world_map(frame, frame - w.frame0, true);
			exits++;
		} else if (ret == HYPSEC_RESTART) {
			restarts++;
		}
		assert_true(exits + restarts < 50);
	} while (ret == HYPSEC_EXIT || ret == HYPSEC_RESTART);
	assert_int_equal(ret, HYPSEC_OK);
	assert_int_equal(exits, 6);		/* 4 of the image, 2 of the tree */
	assert_int_equal(restarts, 6);
	assert_int_equal(w.claims, 6);
}

/* No memory for a table, in the middle of the work: it waits, and goes on. */
static void waits_for_memory(void **state)
{
	struct host_io io;
	struct vcpu *v;
	(void)state;

	for (int page = 0; page < 2; page++) {
		start();
		map_all();
		v = begin();
		w.verify_page[0] = 0x3000 + 1;
		w.verify_status[0] = HYPSEC_RESTART;
		if (page) {
			/* The image is done, the tree is next. */
			w.irq_after = 0;
			assert_int_equal(pvm_protect_step(v), HYPSEC_RESTART);
			w.irq_after = -1;
		}
		for (int i = 0; i < 2; i++) {
			w.share_used_up = !i;
			w.split_status = i ? HYPSEC_NO_MEMORY : 0;
			assert_int_equal(pvm_protect_step(v), HYPSEC_EXIT);
			assert_int_equal(pvm_expose(v, &io), EXIT_TRAP);
			assert_int_equal(io.esr, HYPSEC_ESR_WAIT);
			assert_int_equal(vm->state, VM_PROTECTING);
			assert_false(w.slot);
		}
		assert_int_equal(w.waits, 2);
		w.split_status = 0;
		assert_int_equal(pvm_protect_step(v), HYPSEC_OK);
		assert_int_equal(vm->state, VM_PROTECTED);
		assert_null(w.killed);
	}
}

static void ram(void **state)
{
	(void)state;
	start();
	vm->pvm = &world_pvm;
	assert_int_equal(pvm_add_ram(vm, 0x40000000, 0x1000), HYPSEC_STATE);
	vm->state = VM_PROTECTED;
	assert_int_equal(pvm_add_ram(vm, 0x40000000, 0), HYPSEC_INVALID);
	assert_int_equal(pvm_add_ram(vm, 0x40000800, 0x1000), HYPSEC_INVALID);
	assert_int_equal(pvm_add_ram(vm, 0x40000000, 0x1800), HYPSEC_INVALID);
	assert_int_equal(pvm_add_ram(vm, BIT(40) - 0x1000, 0x2000), HYPSEC_RANGE);
	assert_int_equal(pvm_add_ram(vm, PAGE_MASK, 0x2000), HYPSEC_RANGE);
	assert_int_equal(pvm_add_ram(vm, 0, PAGE_MASK), HYPSEC_RANGE);
	assert_int_equal(pvm_add_ram(vm, 0x40000000, 0x10000000), HYPSEC_OK);
	assert_int_equal(pvm_add_ram(vm, 0x4ffff000, 0x1000), HYPSEC_DENIED);
	assert_int_equal(pvm_add_ram(vm, 0x3ffff000, 0x2000), HYPSEC_DENIED);
	assert_int_equal(pvm_add_ram(vm, 0, 0x80000000), HYPSEC_DENIED);
	assert_int_equal(pvm_add_ram(vm, 0x3ffff000, 0x1000), HYPSEC_OK);
	assert_int_equal(pvm_add_ram(vm, BIT(40) - 0x1000, 0x1000), HYPSEC_OK);
	for (u64 i = 0; i < 13; i++)
		assert_int_equal(pvm_add_ram(vm, 0x50000000 + 0x10000 * i, 0x1000), HYPSEC_OK);
	assert_int_equal(pvm_add_ram(vm, 0x60000000, 0x1000), HYPSEC_NO_MEMORY);
	assert_int_equal(world_pvm.nr_ram, 16);
	assert_true(pvm_in_ram(&world_pvm, 0x500c0000, 0x1000));
	assert_false(pvm_in_ram(&world_pvm, 0x60000000, 0x1000));
}

/* RAM is what was named, and no byte more: not what stands behind the last range that counts. */
static void ram_ends(void **state)
{
	struct pvm_range *r = world_pvm.ram;
	(void)state;

	start();
	vm->pvm = &world_pvm;
	vm->state = VM_PROTECTED;
	world_pvm.image = world_pvm.dtb = (struct pvm_range){ 0, 0 };
	for (unsigned int n = 0; n <= VM_MAX_RAM; n++) {
		/* One that is not counted (yet) overlaps the next to be named, and is no RAM. */
		if (n < VM_MAX_RAM)
			r[n] = (struct pvm_range){ 0x40000000 + n * 0x10000, 0x1000 };
		world_pvm.nr_ram = n;
		for (u64 i = 0; i <= VM_MAX_RAM; i++) {
			u64 base = 0x40000000 + i * 0x10000;

			assert_int_equal(pvm_in_ram(&world_pvm, base, 0x1000), i < n);
			assert_false(pvm_in_ram(&world_pvm, base, 0x1001));
			assert_false(pvm_in_ram(&world_pvm, base - 1, 2));
			assert_false(pvm_in_ram(&world_pvm, base + 0x1000, 1));
			assert_int_equal(pvm_in_ram(&world_pvm, base + 0xfff, 1), i < n);
		}
		assert_int_equal(pvm_add_ram(vm, 0x40000000 + n * 0x10000, 0x1000),
				 n < VM_MAX_RAM ? HYPSEC_OK : HYPSEC_NO_MEMORY);
	}
	assert_int_equal(world_pvm.nr_ram, VM_MAX_RAM);
	/* The image and the device tree are RAM too. */
	world_pvm.image = (struct pvm_range){ 0x80000000, 0x2000 };
	world_pvm.dtb = (struct pvm_range){ 0x90000000, 0x1000 };
	assert_true(pvm_in_ram(&world_pvm, 0x80001000, 0x1000));
	assert_true(pvm_in_ram(&world_pvm, 0x90000000, 0x1000));
	assert_false(pvm_in_ram(&world_pvm, 0x80002000, 0x1000));
	assert_false(pvm_in_ram(&world_pvm, 0x8ffff000, 0x1000));
}

/* Of a vCPU that is still inside: no register is left, and what it needs to leave is. */
static void wipe(void **state)
{
	struct vcpu *v;
	(void)state;

	start();
	world_cpus[0].sve_vl = 16;
	world_cpus[1].sve_vl = 32;
	v = begin();
	assert_int_equal(v->sve_vl, 16);
	memset(v->sve_buf, 0xa5, PAGE_SIZE);
	memset(&v->regs, 0xa5, sizeof(v->regs));
	memset(v->sr, 0xa5, sizeof(v->sr));
	memset(&v->fp, 0xa5, sizeof(v->fp));
	memset(v->apkey, 0xa5, sizeof(v->apkey));
	v->on_context = 0xa5;
	v->busy = 1;
	dcache_clean_inval_poc(v, PAGE_SIZE);
	dcache_clean_inval_poc(v->sve_buf, PAGE_SIZE);
	pvm_wipe(vm);
	assert_memory_equal(world_memory(v), v, PAGE_SIZE);
	assert_true(all_zero(v->sve_buf, PAGE_SIZE) && all_zero(world_memory(v->sve_buf), PAGE_SIZE));
	assert_int_equal(v->on_context, 0);
	assert_true(all_zero(&v->regs, sizeof(v->regs)) && all_zero(v->sr, sizeof(v->sr)) &&
		    all_zero(&v->fp, sizeof(v->fp)) && all_zero(v->apkey, sizeof(v->apkey)));
	assert_int_equal(v->busy, 1);
	assert_ptr_equal(v->vm, vm);
	assert_int_equal(v->power, VCPU_ON);
	/* One that was ordinary has nothing here. */
	vm->pvm = NULL;
	pvm_wipe(vm);
}

/* One that the guest asked for, as VM_PROTECT makes the first, and full of secrets. */
static struct vcpu *ask_for(struct vcpu *v, unsigned int i)
{
	enum vcpu_exit code = EXIT_TRAP;
	struct vcpu *made;

	v->regs.x[1] = pvm_mpidr(i) & MPIDR_AFF;
	v->regs.x[2] = IMAGE;
	v->regs.x[3] = 0xc0de;
	assert_false(pvm_psci(v, PSCI_CPU_ON64, &code));
	made = vm->pvm->vcpu[i];
	assert_non_null(made);
	psci_cpu_on_done(v, PSCI_SUCCESS);
	assert_int_equal(made->index, i);
	assert_int_equal(made->power, VCPU_ON_PENDING);
	assert_int_equal(made->cntvoff, 0x1234);
	assert_true(made->own_cntvoff);
	assert_int_equal(made->midr, v->midr);
	assert_int_equal(made->sve_vl, v->sve_vl);
	assert_ptr_equal(made->vm, vm);
	assert_ptr_equal(made->r, &made->regs);
	assert_ptr_equal(made->token, made + 1);
	return made;
}

static void fill(struct vcpu *v)
{
	memset(&v->regs, 0xa5, sizeof(v->regs));
	memset(v->sr, 0xa5, sizeof(v->sr));
	memset(&v->fp, 0xa5, sizeof(v->fp));
	memset(v->apkey, 0xa5, sizeof(v->apkey));
	v->on_context = 0xa5;
	dcache_clean_inval_poc(v, PAGE_SIZE);
	if (v->sve_buf) {
		memset(v->sve_buf, 0xa5, PAGE_SIZE);
		dcache_clean_inval_poc(v->sve_buf, PAGE_SIZE);
	}
}

/* Those that a guest asked for, with SVE and without: erased and given back as the first one is. */
static void all_of_them(void **state)
{
	static const unsigned int asked[] = { 0, 15, 16, 64, VM_MAX_VCPUS - 1 };
	struct vcpu *v, *made[ARRAY_SIZE(asked) + 1];
	(void)state;

	for (int sve = 0; sve < 2; sve++) {
		start();
		world_cpus[0].sve_vl = world_cpus[1].sve_vl = 16 * sve;
		this_cpu()->host_cntvoff = 0x1234;
		v = begin();
		vm->state = VM_PROTECTED;
		vm->pvm->image.size = SZ_2M;
		vm->pvm->verify.m.flags = HYPSEC_FLAG_SMP;
		made[0] = v;
		for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
			made[i + 1] = ask_for(v, asked[i]);
		assert_int_equal(w.pool_out, 1 + (1 + sve) * ARRAY_SIZE(made));
		for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
			assert_int_equal(!!made[i]->sve_buf, sve);
			fill(made[i]);
		}
		vm->state = VM_DEAD;
		pvm_wipe(vm);
		for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
			v = made[i];
			assert_memory_equal(world_memory(v), v, PAGE_SIZE);
			assert_true(all_zero(&v->regs, sizeof(v->regs)) && all_zero(v->sr, sizeof(v->sr)) &&
				    all_zero(&v->fp, sizeof(v->fp)) &&
				    all_zero(v->apkey, sizeof(v->apkey)) && !v->on_context);
			assert_true(!sve || (all_zero(v->sve_buf, PAGE_SIZE) &&
					     all_zero(world_memory(v->sve_buf), PAGE_SIZE)));
		}
		vm->running = 0;
		spin_lock(&vm->lock);
		pvm_free(vm);
		spin_unlock(&vm->lock);
		assert_int_equal(w.pool_out, 0);
		assert_null(vm->pvm);
		assert_null(vm->ran);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_calls),
		cmocka_unit_test(protects),
		cmocka_unit_test(restarts),
		cmocka_unit_test(waits_for_memory),
		cmocka_unit_test(ram),
		cmocka_unit_test(ram_ends),
		cmocka_unit_test(wipe),
		cmocka_unit_test(all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
