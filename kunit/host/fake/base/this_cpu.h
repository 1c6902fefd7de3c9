/* SPDX-License-Identifier: GPL-2.0-only */
/* Instead of el2-objs/base/this_cpu.h: each test has its CPUs. */
#ifndef HYPSEC_THIS_CPU_H
#define HYPSEC_THIS_CPU_H

struct percpu *this_cpu(void);

#endif
