/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of shadows: one ordinary VM, its faults, and what may come of one. */
#ifndef HYPSEC_SHADOW_COMMON_H
#define HYPSEC_SHADOW_COMMON_H

#include "vm_common.h"
#include "vcpu/vcpu.h"

#define WB		(0xfUL << 2)
#define RWX		(S2_VALID | S2_R | S2_W | PTE_AF | WB)
#define PAGE_RWX	(RWX | S2_TABLE)
#define IPA0		0x40003000UL
#define READ		((u64)EC_DABT_LOW << ESR_EC_SHIFT | ESR_IL)
#define WRITE		(READ | ESR_WNR)
#define FETCH		((u64)EC_IABT_LOW << ESR_EC_SHIFT | ESR_IL)
#define LOW_BITS	0xabcUL		/* of a faulting address; FAR has them, HPFAR not */

static struct vcpu v;
static enum vcpu_exit code;

/* With what the vCPU has seen of KVM's table: fault() has none. */
static inline bool fault_seen(u64 esr, u64 ipa)
{
	bool again;

	v.vm = vm;
	v.esr = esr;
	v.far = ipa | LOW_BITS;
	v.hpfar = IPA_HPFAR(ipa);
	code = EXIT_TRAP;
	again = vcpu_faulted(&v, shadow_fault(&v, &code));
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_true(ptes_ordered());
	assert_false(tlb_stale(~0UL));
	return again;
}

static inline bool fault(u64 esr, u64 ipa)
{
	v.seen.size = 0;
	return fault_seen(esr, ipa);
}

/* The guest goes on, and has @pa at @ipa in a leaf of @size with @attr. */
static inline void maps(u64 esr, u64 ipa, u64 pa, u64 size, u64 attr)
{
	struct s2_leaf leaf;

	assert_true(fault(esr, ipa));
	assert_int_equal(aborts, 0);
	leaf = s2_lookup(&vm->s2, ipa);
	assert_true(leaf.pte & S2_VALID);
	assert_int_equal(leaf.size, size);
	assert_int_equal((leaf.pte & S2_ADDR) + (ipa & (size - 1)), pa);
	assert_int_equal(leaf.pte & (S2_R | S2_W | S2_XN | S2_MEMATTR), attr);
}

static inline bool mapped(u64 ipa)
{
	return s2_lookup(&vm->s2, ipa).pte & S2_VALID;
}

/* A claim that finds a stamp: the shadows are dropped, and then it can have the page. */
static inline void claim_drops(u64 pa)
{
	assert_int_equal(own_claim(PA(pa), 50, 1, true), HYPSEC_EPOCH);
	drop_all();
	assert_int_equal(own_claim(PA(pa), 50, 1, true), HYPSEC_OK);
	assert_int_equal(own_return(PA(pa), 50, 1), HYPSEC_OK);
}

/* It leaves; KVM is shown its own table's fault. */
static inline void forwards(u64 esr, u64 ipa, u64 type, u8 level)
{
	bool before = mapped(ipa);

	assert_false(fault(esr, ipa));
	assert_int_equal(code, EXIT_TRAP);
	assert_int_equal(v.esr, (esr & ~ESR_FSC) | type | level);
	assert_int_equal(v.far, ipa | LOW_BITS);
	assert_int_equal(v.hpfar, IPA_HPFAR(ipa));
	assert_int_equal(mapped(ipa), before);
	assert_int_equal(aborts, 0);
}

/* The guest takes an abort of its own. */
static inline void aborts_guest(u64 esr, u64 ipa)
{
	unsigned int n = aborts;

	assert_true(fault(esr, ipa));
	assert_int_equal(aborts, n + 1);
	assert_int_equal(abort_exec, ESR_EC(esr) == EC_IABT_LOW);
	assert_int_equal(abort_far, ipa | LOW_BITS);
	assert_false(mapped(ipa));
	aborts = n;
}

#endif
