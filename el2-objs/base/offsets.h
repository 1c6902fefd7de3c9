/* SPDX-License-Identifier: GPL-2.0-only */
/* What assembly knows of struct percpu; install/install.c asserts each. */
#ifndef HYPSEC_OFFSETS_H
#define HYPSEC_OFFSETS_H

#define CPU_GUEST_FRAME	256
#define CPU_TRAP_ESR	384
#define CPU_TRAP_ELR	392
#define CPU_TRAP_SPSR	400
#define CPU_HARDEN	408

#endif
