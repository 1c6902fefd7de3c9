/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System registers as named variables, for tests that look at what was written to
 * each. Given to the compiler with -include: it takes the place of the real
 * read_sysreg() and write_sysreg(), the bit names stay.
 */
#ifndef HYPSEC_FAKE_SYSREG_ARRAY_H
#define HYPSEC_FAKE_SYSREG_ARRAY_H

#include "base/sysreg.h"

/* A register never written reads zero. */
u64 *fake_reg(const char *name);

#undef read_sysreg
#undef write_sysreg
#define read_sysreg(r)		(*fake_reg(__sr_str(r)))
#define write_sysreg(v, r)	(*fake_reg(__sr_str(r)) = (u64)(v))
#define SREG(r)			(*fake_reg(__sr_str(r)))
#ifndef FAKE_SREG_ONLY			/* kvm/ has a REG() of its own */
#define REG(r)			SREG(r)
#endif
#undef dsb
#undef psb_csync
#undef tsb_csync
#define dsb(opt)		((void)0)
#ifdef FAKE_ISB				/* the test's: what was written is in force */
void fake_isb(void);
#define isb()			fake_isb()
#else
#define isb()			((void)0)
#endif
#define psb_csync()		((void)0)
#define tsb_csync()		((void)0)

#ifdef FAKE_CPU				/* fake/cpu_order.c: what comes before what */
u64 cpu_mrs(const char *name);
void cpu_msr(const char *name, u64 v);
void cpu_barrier(const char *op);
#undef read_sysreg
#undef write_sysreg
#undef dsb
#undef isb
#undef dmb
#undef psb_csync
#undef tsb_csync
#define read_sysreg(r)		cpu_mrs(__sr_str(r))
#define write_sysreg(v, r)	cpu_msr(__sr_str(r), (u64)(v))
#define dsb(opt)		cpu_barrier("dsb " #opt)
#define dmb(opt)		cpu_barrier("dmb " #opt)
#define isb()			cpu_barrier("isb")
#define psb_csync()		cpu_barrier("psb csync")
#define tsb_csync()		cpu_barrier("tsb csync")
#endif

/* The C library's is as good, but it is another one than vcpu/run.h's. */
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))

#endif
