/* SPDX-License-Identifier: GPL-2.0-only */
/* Function identifiers of firmware calls (SMCCC DEN0028, PSCI DEN0022, TRNG DEN0098). */
#ifndef HYPSEC_SMCCC_H
#define HYPSEC_SMCCC_H

#include "types.h"

struct percpu;

#define SMC64_CALL		0x40000000U
#define SMC_HINT		0x00010000U	/* "no live SVE state" */

#define SMCCC_VERSION		0x80000000U
#define SMCCC_ARCH_FEATURES	0x80000001U
#define SMCCC_ARCH_SOC_ID	0x80000002U
#define SMCCC_WORKAROUND_1	0x80008000U
#define SMCCC_WORKAROUND_2	0x80007fffU
#define SMCCC_WORKAROUND_3	0x80003fffU

#define SMCCC_STD_COUNT		0x8400ff00U
#define SMCCC_STD_UID		0x8400ff01U
#define SMCCC_STD_REVISION	0x8400ff03U

#define TRNG_VERSION		0x84000050U
#define TRNG_FEATURES		0x84000051U
#define TRNG_GET_UUID		0x84000052U
#define TRNG_RND		0x84000053U

#define PSCI_FIRST		0x84000000U
#define PSCI_LAST		0x8400001fU
#define PSCI_VERSION		0x84000000U
#define PSCI_CPU_SUSPEND	0x84000001U
#define PSCI_CPU_OFF		0x84000002U
#define PSCI_CPU_ON		0x84000003U
#define PSCI_AFFINITY_INFO	0x84000004U
#define PSCI_MIGRATE		0x84000005U
#define PSCI_MIGRATE_INFO_TYPE	0x84000006U
#define PSCI_MIGRATE_INFO_UP_CPU 0x84000007U
#define PSCI_SYSTEM_OFF		0x84000008U
#define PSCI_SYSTEM_RESET	0x84000009U
#define PSCI_FEATURES		0x8400000aU
#define PSCI_CPU_FREEZE		0x8400000bU
#define PSCI_CPU_DEFAULT_SUSPEND 0x8400000cU
#define PSCI_NODE_HW_STATE	0x8400000dU
#define PSCI_SYSTEM_SUSPEND	0x8400000eU
#define PSCI_SET_SUSPEND_MODE	0x8400000fU
#define PSCI_STAT_RESIDENCY	0x84000010U
#define PSCI_STAT_COUNT		0x84000011U
#define PSCI_SYSTEM_RESET2	0x84000012U
#define PSCI_MEM_PROTECT	0x84000013U

#define SMC_NOT_SUPPORTED	((u64)-1)
#define PSCI_OK			((u64)0)
#define PSCI_INVALID_PARAMETERS	((u64)-2)
#define PSCI_ON_PENDING		((u64)-5)
#define PSCI_INVALID_ADDRESS	((u64)-9)

#define PSCI_VERSION_1_0	0x10000U

/* Bits of MPIDR_EL1 that are the affinity, which is all PSCI names a CPU by */
#define MPIDR_AFFINITY		0xff00ffffffUL

/* hcall/psci.c. @id without the hint bit. True if PSCI_FEATURES may tell of it. */
bool psci_offered(u32 id);
/* Serves a PSCI call of the host; @arg: x1-x3 as the host gave them. Returns x0. */
u64 psci_relay(struct percpu *cpu, u32 id, const u64 *arg);
/* hcall/scrub.c: no private page is readable after this. */
void scrub_private(void);

#endif
