/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of VM_PROTECT: an ordinary VM whose guest asks for it. */
#ifndef HYPSEC_PROTECT_COMMON_H
#define HYPSEC_PROTECT_COMMON_H

#include "pvm_world.h"
#include "abi/hypsec_guest.h"

#define IMAGE	0x40200000UL
#define DTB	0x40210000UL		/* frame 16 of the world */
#define HOST	KVA(0xffff000012340000)

static struct vm *vm;
static struct vcpu scratch;		/* of the ordinary VM */
static struct vcpu_regs host_regs;

static inline void start(void)
{
	vm = world_new();
	memset(&scratch, 0, sizeof(scratch));
	memset(&host_regs, 0, sizeof(host_regs));
	scratch.vm = vm;
	scratch.r = &host_regs;
	vm->state = VM_ORDINARY;
	vm->pvm = NULL;
	vm->running = 1;
	vm->host.mmu = KVA(0xffff000012300000);
	w.manifest.mem_size = 0x10000;
	w.manifest.entry = 0x40;
	w.manifest.flags = HYPSEC_FLAG_SMP;
}

static inline s64 protect(u64 image, u64 dtb, bool *left)
{
	enum vcpu_exit code = EXIT_TRAP;

	host_regs.x[0] = HYPSEC_GUEST_PROTECT;
	host_regs.x[1] = image;
	host_regs.x[2] = dtb;
	pvm_know_cpus();
	*left = !pvm_guest_call(&scratch, HOST, &code);
	assert_int_equal(w.locked, 0);
	if (*left)
		assert_int_equal(code, EXIT_IRQ);
	return (s64)host_regs.x[0];
}

static inline void set_dtb(unsigned int page, u32 magic, u32 size)
{
	u8 *d = w.data[page];

	for (int i = 0; i < 4; i++) {
		d[i] = magic >> (24 - 8 * i);
		d[4 + i] = size >> (24 - 8 * i);
	}
}

/* Everything mapped by KVM: frame n to page n. */
static inline void map_all(void)
{
	for (unsigned int i = 0; i < WORLD_PAGES; i++)
		world_map(w.frame0 + i, i, true);
	set_dtb(16, 0xd00dfeed, 0x1800);
}

static inline struct vcpu *begin(void)
{
	bool left;

	scratch.sr[GSR_MPIDR_EL1] = BIT(31) | 2;
	protect(IMAGE, DTB, &left);
	assert_true(left);
	assert_int_equal(vm->state, VM_PROTECTING);
	assert_int_equal(w.drops, 1);
	assert_true(vm->s2.holds);
	assert_int_equal(w.pool_out, world_cpus[0].sve_vl ? 3 : 2);
	/* The others are made when the guest asks for one. */
	for (int i = 0; i < VM_MAX_VCPUS; i++)
		assert_true(!vm->pvm->vcpu[i] == (i != 2));
	assert_int_equal(vm->pvm->vcpu[2]->power, VCPU_ON);
	assert_int_equal(vm->pvm->vcpu[2]->index, 2);
	assert_int_equal(vm->pvm->vcpu[2]->host.v, HOST.v);
	assert_ptr_equal(vm->ran, vm->pvm->ran);
	return vm->pvm->vcpu[2];
}

#endif
