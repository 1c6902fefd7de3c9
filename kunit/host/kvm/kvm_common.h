/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of KVM's calls: how they are made, and a record of what they lead to. */
#ifndef HYPSEC_KVM_COMMON_H
#define HYPSEC_KVM_COMMON_H

#include "kvm_host.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "kvm/layout.h"
#include "vcpu/run.h"

#define LINEAR		(0xffff000000000000UL - MEM_BASE)	/* kva - pa */
#define STRUCTS		(MEM_BASE + 2 * SZ_2M)			/* the host's kvm_vcpu and so on */

static unsigned int runs, adjusts, gic_loads, gic_saves, gic_clears;
static u64 ran;

u64 kvm_run_vcpu(kva_t host)
{
	runs++;
	ran = host.v;
	return 0x77;
}

void kvm_adjust_pc(u8 *k)
{
	assert_int_equal(KV64(k, 0), 0x1234);
	adjusts++;
}

u32 gic_aprs(const struct cpu_run *c)
{
	(void)c;
	return 4;
}

void gic_load_aprs(const struct gic_state *g, const struct cpu_run *c)
{
	(void)c;
	assert_int_equal(g->ap1r[3], 0xa13);
	gic_loads++;
}

void gic_save_aprs(struct gic_state *g, const struct cpu_run *c)
{
	(void)c;
	g->ap1r[3] = 0xb13;
	gic_saves++;
}

void gic_clear_lrs(const struct cpu_run *c)
{
	(void)c;
	gic_clears++;
}

/* True: a call there is; x0 is 0 then, as KVM wants it. */
static inline bool call(u64 fn, u64 x1, u64 x2, u64 x3)
{
	struct percpu *cpu = this_cpu();
	bool known;
	int i;

	for (i = 0; i < 31; i++)
		cpu->host.x[i] = 0xabc0 + i;
	cpu->host.x[0] = 0xabcUL << 32 | 0xc6000000 | fn;	/* SMCCC: w0 */
	cpu->host.x[1] = x1;
	cpu->host.x[2] = x2;
	cpu->host.x[3] = x3;
	known = kvm_host_call(cpu, 0xc6000000 | fn);
	assert_int_equal(cpu->host.x[0], known ? 0 : 0xabcUL << 32 | 0xc6000000 | fn);
	for (i = 4; i < 31; i++)
		assert_int_equal(cpu->host.x[i], 0xabc0 + i);
	assert_int_equal(cpu->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return known;
}

#define IPA0		0x80003000UL

static inline bool mapped(const struct vm *vm, u64 ipa)
{
	return s2_lookup(&vm->s2, ipa).pte & S2_VALID;
}

static inline void map(struct vm *vm, u64 ipa, u64 size)
{
	spin_lock(&vm->lock);
	assert_int_equal(s2_map(&vm->s2, ipa, PA(ALIGN_DOWN(0x80000000, size)), size,
				S2_R | S2_MEMATTR_WB), HYPSEC_OK);
	spin_unlock(&vm->lock);
}

static inline u64 kva(u64 pa)
{
	return pa + LINEAR;
}

static inline int begin(void **state)
{
	runs = adjusts = gic_loads = gic_saves = gic_clears = 0;
	memset(raw(STRUCTS), 0, 8 * PAGE_SIZE);
	*(u64 *)raw(STRUCTS) = 0x1234;
	return kvm_host_begin(state);
}

static inline int end(void **state)
{
	kvm_lease_end(cpu_run());
	return kvm_host_end(state);
}

#endif
