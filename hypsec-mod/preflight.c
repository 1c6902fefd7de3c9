// SPDX-License-Identifier: GPL-2.0-only
/*
 * May HypSec be installed here? Each check that fails says in one line what is
 * wrong and what to do; none changes anything.
 */
#define pr_fmt(fmt) "hypsec: " fmt

#include <linux/arm-smccc.h>
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/dcache.h>
#include <linux/irqchip/arm-gic-v3.h>
#include <linux/slab.h>
#include <asm/cpufeature.h>
#include <asm/virt.h>
#include "bringup.h"
#include "hypsec.h"

/*
 * Is the hyp stub, or KVM over it, what answers HVC? An HVC where EL2 is not
 * Linux's is UNDEFINED, so it cannot just be tried. Built in, the kernel's own
 * record of how it was entered is at hand; a module can see that KVM, which has
 * looked at that record, is up.
 */
static bool el2_is_ours(void)
{
#ifndef MODULE
	return is_hyp_mode_available();
#else
	struct dentry *kvm = debugfs_lookup("kvm", NULL);

	if (!kvm)
		return false;
	dput(kvm);
	return true;
#endif
}

static bool core_answers(void)
{
	struct arm_smccc_res res;

	return hypsec_call_version(&res) == HYPSEC_OK && res.a1 >> 16;
}

static int check_el2(void)
{
	if (is_kernel_in_hyp_mode()) {
		pr_err("the kernel itself runs at EL2 (VHE); boot with kvm-arm.mode=nvhe\n");
		return -EOPNOTSUPP;
	}
	if (cpuid_feature_extract_signed_field(read_sanitised_ftr_reg(SYS_ID_AA64MMFR4_EL1),
					       ID_AA64MMFR4_EL1_E2H0_SHIFT) < 0) {
		pr_err("this CPU has no EL2 without VHE (E2H is RES1); it is not supported\n");
		return -EOPNOTSUPP;
	}
	/* SMCCC_CONDUIT_NONE: firmware too old to say. */
	if (arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_HVC) {
		pr_err("a hypervisor below this kernel owns EL2; install on the machine itself\n");
		return -ENODEV;
	}
	if (!el2_is_ours()) {
		pr_err("EL2 is not reachable: KVM did not initialise; see the kvm lines of the kernel log (firmware must enter Linux at EL2, debugfs must not be off)\n");
		return -ENODEV;
	}
	if (is_protected_kvm_enabled()) {
		pr_err("KVM's protected mode owns EL2; boot with kvm-arm.mode=nvhe\n");
		return -EBUSY;
	}
	if (cpus_have_final_cap(ARM64_KVM_HVHE)) {
		pr_err("EL2 runs with HCR_EL2.E2H set (hVHE); boot with kvm-arm.mode=nvhe and without arm64_sw.hvhe\n");
		return -EOPNOTSUPP;
	}
	if (core_answers()) {
		pr_err("HypSec is installed already, for good; another one takes a reboot\n");
		return -EEXIST;
	}
	return 0;
}

static int check_cpu(void)
{
	u64 mmfr0 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1);
	u64 pfr0 = read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1);
	unsigned int gran;

	if (!cpuid_feature_extract_unsigned_field(pfr0, ID_AA64PFR0_EL1_GIC_SHIFT) ||
	    !(read_sysreg_s(SYS_ICC_SRE_EL1) & ICC_SRE_EL1_SRE)) {
		pr_err("no GICv3 system registers; a GICv3 or later is needed\n");
		return -ENODEV;
	}
	/* The core enters guests by the host's mask: no interrupt would end a run. */
	if (system_uses_irq_prio_masking()) {
		pr_err("the kernel masks interrupts by priority, which EL2 cannot see past; boot without irqchip.gicv3_pseudo_nmi=1\n");
		return -EOPNOTSUPP;
	}
	/* Stage 2, then stage 1, which it defers to */
	gran = cpuid_feature_extract_unsigned_field(mmfr0, ID_AA64MMFR0_EL1_TGRAN4_2_SHIFT);
	if (gran == ID_AA64MMFR0_EL1_TGRAN4_2_NI || !IS_ENABLED(CONFIG_ARM64_4K_PAGES)) {
		pr_err("4 KiB pages are needed, in the CPU's stage 2 and in this kernel\n");
		return -EOPNOTSUPP;
	}
	if (num_online_cpus() > HYPSEC_MAX_CPUS) {
		pr_err("%u CPUs are online, at most %u are supported; boot with maxcpus=%u\n",
		       num_online_cpus(), HYPSEC_MAX_CPUS, HYPSEC_MAX_CPUS);
		return -E2BIG;
	}
	if (num_present_cpus() > HYPSEC_MAX_CPUS)
		pr_warn("%u CPUs are present, at most %u are supported: of those that are offline now some will stay so\n",
			num_present_cpus(), HYPSEC_MAX_CPUS);
	return 0;
}

static int check_memory(void)
{
	struct hypsec_ram *ram;
	u64 limit, end, later, lost;
	u32 nr;
	int ret;

	ram = kcalloc(HYPSEC_MAX_RAM, sizeof(*ram), GFP_KERNEL);
	if (!ram)
		return -ENOMEM;
	ret = hypsec_ram_map(ram, &nr, &later, &lost);
	if (ret == -E2BIG)
		pr_err("RAM has more than %u separate ranges; this machine is not supported\n",
		       HYPSEC_MAX_RAM);
	else if (ret)
		pr_err("the RAM map cannot be read (%d)\n", ret);
	if (!ret) {
		end = ram[nr - 1].base + ram[nr - 1].size;
		limit = hypsec_pa_limit();
		if (end > limit) {
			pr_err("RAM ends at %#llx, above the %#llx that the core can address; boot with mem=\n",
			       end, limit);
			ret = -ERANGE;
		} else if (lost) {
			pr_warn("%llu MiB of memory that may be plugged in have no place in the RAM map and stay unused\n",
				lost >> 20);
		}
	}
	kfree(ram);
	return ret;
}

int hypsec_preflight(void)
{
	int ret = check_el2();

	if (!ret)
		ret = hypsec_check_bringup();
	if (!ret)
		ret = check_cpu();
	if (!ret)
		ret = check_memory();
	return ret;
}
