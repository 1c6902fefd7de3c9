/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine to run pool/, pgt/ and own/ on: system registers, memory that the core sees
 * only where it is mapped, and a model of what the TLBs may hold. Given to the
 * compiler with -include, it takes the place of sysreg.h's instructions and of
 * core_va.h; the implementation is hw.c.
 *
 * The TLB model is the worst hardware allowed: every translation that was ever valid
 * is in every TLB until an invalidation that covers it is complete. hw.c fails the
 * test at the instruction that breaks a rule:
 *  - an entry goes from valid to valid by break-before-make, or only permissions change;
 *  - nothing is zeroed, used as a table again, or mapped again while a stale
 *    translation to it may be live;
 *  - a descriptor in a table that a walk cache may hold is never valid by accident;
 *  - VTTBR_EL2 is switched only with stage 1 walks stopped, each register in force by an ISB;
 *  - a page of a slot window is there after DSB and ISB, and changes only after a broadcast
 *    invalidation; no page changes hands that some CPU can reach through one;
 *  - a page that another CPU has mapped for the core is there after an ISB.
 */
#ifndef HYPSEC_FAKE_HW_H
#define HYPSEC_FAKE_HW_H

#include "base/sysreg.h"
#include "base/types.h"

u64 fake_read_sysreg(const char *name);
void fake_write_sysreg(const char *name, u64 v);
void fake_tlbi(const char *op, u64 arg);
void fake_dc(const char *op, u64 va);
void fake_ic(const char *op);
void fake_barrier(const char *op);
void fake_pte_write(u64 *ptep, u64 pte);
void *fake_core_va(u64 pa);
u64 fake_core_pa(const void *va);

/* The C library has one of its own; word for word that of vcpu/run.h. */
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))

#undef read_sysreg
#undef write_sysreg
#undef dsb
#undef dmb
#undef tlbi
#undef tlbi_arg
#undef tlbi_ripas2e1is
#undef dc
#undef ic
#undef cpu_relax
#define read_sysreg(r)		fake_read_sysreg(__sr_str(r))
#define write_sysreg(v, r)	fake_write_sysreg(__sr_str(r), (u64)(v))
#define dsb(opt)		fake_barrier("dsb " #opt)
#define dmb(opt)		fake_barrier("dmb " #opt)
#define isb()			fake_barrier("isb")
#define tlbi(op)		fake_tlbi(#op, 0)
#define tlbi_arg(op, a)		fake_tlbi(#op, (u64)(a))
#define tlbi_ripas2e1is(a)	fake_tlbi("ripas2e1is", (u64)(a))
#define dc(op, va)		fake_dc(#op, (u64)(va))
#define ic(op)			fake_ic(#op)
#define cpu_relax()		do { } while (0)	/* one thread: nobody comes meanwhile */

#define HYPSEC_CORE_VA_H	/* not the real one */

static inline void *core_va(pa_t pa)
{
	return fake_core_va(pa.v);
}

static inline pa_t core_pa(const void *va)
{
	return PA(fake_core_pa(va));
}

static inline void pte_write(u64 *ptep, u64 pte)
{
	fake_pte_write(ptep, pte);
}

#endif
