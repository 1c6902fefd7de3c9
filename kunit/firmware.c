// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_seal, the part of it that goes through firmware: PSCI starts and wakes CPUs
 * at EL2, other services could be talked into worse.
 */
#include <linux/cpu.h>
#include <linux/of.h>
#include <uapi/linux/psci.h>
#include <asm/cputype.h>
#include "seal.h"

#define PSCI(v)		((u64)(s64)(v))
#define NO_SUCH_CPU	0xff00ffffffUL

static void read_mpidr(void *info)
{
	*(u64 *)info = read_cpuid_mpidr() & MPIDR_HWID_BITMASK;
}

void firmware_cpu_on(struct kunit *test)
{
	phys_addr_t pa = hk_trojan(test);
	unsigned int cpu;
	u64 mpidr;

	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, read_mpidr, &mpidr, 1);
		KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN64_CPU_ON, mpidr, pa, 0).a0,
				PSCI(PSCI_RET_ALREADY_ON));
		KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN_CPU_ON, mpidr, pa, 0).a0,
				PSCI(PSCI_RET_ALREADY_ON));
	}
	KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN64_CPU_ON, NO_SUCH_CPU, pa, 0).a0,
			PSCI(PSCI_RET_INVALID_PARAMS));
	KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN64_CPU_ON, 1UL << 31, pa, 0).a0,
			PSCI(PSCI_RET_INVALID_PARAMS));
	KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN64_CPU_ON, mpidr, pa + 2, 0).a0,
			PSCI(PSCI_RET_INVALID_ADDRESS));
	hk_expect_sealed(test, "CPU_ON");
}

void firmware_suspend(struct kunit *test)
{
	phys_addr_t pa = hk_trojan(test);

	/* The emulator takes each for a WFI or refuses it; on hardware the CPU loses power. */
	if (!of_machine_is_compatible("linux,dummy-virt"))
		kunit_skip(test, "firmware would power this CPU down");
	hk_smc(PSCI_0_2_FN64_CPU_SUSPEND, 0, pa, 0);
	hk_expect_sealed(test, "CPU_SUSPEND to standby");
	hk_smc(PSCI_0_2_FN64_CPU_SUSPEND, 0x10000, pa, 0);
	hk_expect_sealed(test, "CPU_SUSPEND to power-down");
	hk_smc(PSCI_1_0_FN64_CPU_DEFAULT_SUSPEND, pa, 0, 0);
	hk_smc(PSCI_1_0_FN64_SYSTEM_SUSPEND, pa, 0, 0);
	hk_expect_sealed(test, "SYSTEM_SUSPEND");
	KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN64_CPU_SUSPEND, 0, pa + 1, 0).a0,
			PSCI(PSCI_RET_INVALID_ADDRESS));
}

void firmware_calls(struct kunit *test)
{
	static const u32 id[] = {
		0x84000063, 0x84000071, 0x84000072, 0x84000073, 0xc4000073,	/* FF-A */
		0xc4000020, 0xc4000021, 0xc4000023,			/* SDEI */
		PSCI_1_1_FN_MEM_PROTECT, PSCI_0_2_FN64_MIGRATE, PSCI_1_0_FN_CPU_FREEZE,
		0x8400001f, 0xc2000001, 0x82000001, 0xc3000001, 0xb2000000, 0x02000000,
		0xc5000020, 0xc6008000, 0x46000000, 0x80000003,
	};
	phys_addr_t pa = hk_trojan(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(id); i++) {
		KUNIT_EXPECT_EQ_MSG(test, hk_smc(id[i], pa, pa, pa).a0,
				    PSCI(PSCI_RET_NOT_SUPPORTED), "%x", id[i]);
		KUNIT_EXPECT_EQ_MSG(test, hk_smc(id[i] | 0x10000, pa, pa, pa).a0,
				    PSCI(PSCI_RET_NOT_SUPPORTED), "%x, hint", id[i]);
		KUNIT_EXPECT_EQ_MSG(test,
				    hk_smc(PSCI_1_0_FN_PSCI_FEATURES, id[i], 0, 0).a0,
				    PSCI(PSCI_RET_NOT_SUPPORTED), "FEATURES of %x", id[i]);
	}
	/* what is allowed still works */
	KUNIT_EXPECT_GE(test, hk_smc(PSCI_0_2_FN_PSCI_VERSION, 0, 0, 0).a0, 2);
	KUNIT_EXPECT_EQ(test, hk_smc(PSCI_0_2_FN64_AFFINITY_INFO, read_cpuid_mpidr() &
				       MPIDR_HWID_BITMASK, 0, 0).a0, 0);
	hk_expect_sealed(test, "firmware calls");
}

/*
 * A firmware that has none of these calls refuses them too. That it was the core, and that
 * the call went no further, is in its log.
 */
void firmware_refusals_are_logged(struct kunit *test)
{
	char line[256] = "", text[25];
	unsigned int n, tries;
	bool found = false;

	/*
	 * The core remembers 16 ids and says each once; hypsec-mod may read the line first.
	 * So a few ids, of which one has to be seen.
	 */
	for (tries = 0; tries < 6 && !found; tries++) {
		hk_smc(0xc20000a0 + tries, 0, 0, 0);
		line[0] = 0;
		for (n = 0; n < 1024 && hk_read_log(text) == HYPSEC_OK && text[0]; n++) {
			if (strlen(line) + 24 >= sizeof(line))
				memmove(line, line + 128, strlen(line + 128) + 1);
			strcat(line, text);
			if (strstr(line, "call c20000a") && strstr(line, "refused"))
				found = true;
		}
	}
	KUNIT_EXPECT_TRUE(test, found);
}

static int check_cpu(void *arg)
{
	struct arm_smccc_res res;
	u64 v;

	if (read_sysreg(CurrentEL) != CurrentEL_EL1)
		return -EPERM;
	if (hypsec_call_version(&res) != HYPSEC_OK || res.a3 != HYPSEC_PHASE_SEALED)
		return -ENODEV;
	return hk_try_load(phys_to_virt(*(phys_addr_t *)arg), &v) == -EFAULT ? 0 : -EACCES;
}

/* CPU_OFF and CPU_ON as sysfs does them: the CPU comes back under the core. */
void firmware_cpu_off_and_on(struct kunit *test)
{
	phys_addr_t pa = hk_core_page(test);
	unsigned int cpu = hk_other_cpu(test), i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
		KUNIT_ASSERT_FALSE(test, cpu_online(cpu));
		hk_expect_sealed(test, "CPU_OFF");
		/* While it is off the host may not start it where it likes. */
		KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
		KUNIT_EXPECT_EQ(test, hk_finish(hk_start_on(test, cpu, check_cpu, &pa)), 0);
	}
}
