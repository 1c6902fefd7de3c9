/* SPDX-License-Identifier: GPL-2.0-only */
/* How CPUs come up: may it be left to the core? */
#ifndef HYPSEC_BRINGUP_H
#define HYPSEC_BRINGUP_H

/* bringup_judge.c: of one CPU, or of all that @where stands for; the reason is in the log */
bool hypsec_bringup_ok(const char *where, const char *method, const char *conduit);

/* bringup.c */
int hypsec_check_bringup(void);
bool hypsec_cpu_mpidr(unsigned int cpu, u64 *mpidr);

#endif
