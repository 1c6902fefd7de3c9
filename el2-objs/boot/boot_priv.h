/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of boot/ only. */
#ifndef HYPSEC_BOOT_PRIV_H
#define HYPSEC_BOOT_PRIV_H

#include "boot.h"
#include "../abi/hypsec_bundle.h"

/* bundle.lds */
extern struct hypsec_bundle bundle_header;

/* entry.S */
extern u64 boot_ttbr;
void el2_switch_tables(u64 ttbr);
void __noreturn el2_leave(struct percpu *cpu, u64 sctlr);
void __noreturn host_enter_el1(u64 x0);
s64 core_install_cpu(struct percpu *cpu, struct hypsec_install *in, u64 stub_hcr,
		     u64 stub_sctlr);
void __noreturn core_late_cpu(struct percpu *cpu);

/* el2map.c: @next: first page of the pool, moved past the tables built. */
int el2map_init(pa_t *next);
u64 el2map_ttbr(void);
/* From now on table pages come from the pool; accounts those built before. */
void el2map_use_pool(void);

/* el2regs.c */
void el2_take_snapshot(struct percpu *cpu, u64 stub_hcr, u64 stub_sctlr);
void __noreturn install_leave(struct percpu *cpu);
/* All that pvm_record_cpu() finds out: of @cpu, which nobody has asked, as it is of @twin. */
static inline void cpu_known_as(struct percpu *cpu, const struct percpu *twin)
{
	memcpy(cpu->id_regs, twin->id_regs, sizeof(cpu->id_regs));
	memcpy(cpu->wa, twin->wa, sizeof(cpu->wa));
	cpu->midr = twin->midr;
	cpu->harden = twin->harden;
	cpu->ssbd = twin->ssbd == SSBD_NONE ? SSBD_NONE : SSBD_UNKNOWN;
	cpu->tlbi_range = twin->tlbi_range;
	cpu->sve_vl = twin->sve_vl;
}
/* What kind of CPU this is: equal for two that can stand in for each other. */
void el2_read_kind(u64 *kind);

/* random.c */
int __must_check core_random_seed(const void *entropy, size_t n);

/* rndr.c: a word of FEAT_RNG's, which this CPU has; false: none now */
bool hw_rndrrs(u64 *v);

/* panic.c */
void __noreturn core_exception(u64 esr, u64 elr, u64 far);

#endif
