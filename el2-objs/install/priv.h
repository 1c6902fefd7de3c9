/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of install/ only. */
#ifndef HYPSEC_INSTALL_PRIV_H
#define HYPSEC_INSTALL_PRIV_H

#include "abi/hypsec_abi.h"
#include "base/percpu.h"

/* entry.S */
extern u64 boot_ttbr;
void el2_switch_tables(u64 ttbr);
void __noreturn host_enter_el1(u64 x0);
extern const char el2_cpu_entry[];	/* physical address a CPU powers up at; x0 = its struct percpu */
s64 core_install_cpu(struct percpu *cpu, struct hypsec_install *in, u64 stub_hcr,
		     u64 stub_sctlr);
void __noreturn core_late_cpu(struct percpu *cpu);
void el2_enter_host(struct percpu *cpu, u64 pc, u64 arg) __noreturn;	/* EL1h, MMU off, DAIF masked */

#endif
