// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suite hypsec_seal: what a kernel that wants EL2 back can try. Nothing here
 * may work; after each attempt the core must still be there, and its pages
 * still out of reach.
 */
#include <linux/cpu.h>
#include <linux/mman.h>
#include <linux/of.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <uapi/linux/psci.h>
#include <asm/cputype.h>
#include <asm/virt.h>
#include "core.h"

#define STUB_ERR	0xbadca11UL

static void expect_sealed(struct kunit *test, const char *after)
{
	struct arm_smccc_res res;
	u64 v;

	KUNIT_EXPECT_EQ_MSG(test, hypsec_call_version(&res), HYPSEC_OK, "after %s", after);
	KUNIT_EXPECT_EQ_MSG(test, res.a3, HYPSEC_PHASE_SEALED, "after %s", after);
	KUNIT_EXPECT_EQ_MSG(test, read_sysreg(CurrentEL), CurrentEL_EL1, "after %s", after);
	KUNIT_EXPECT_EQ_MSG(test, try_load(phys_to_virt(core_page(test)), &v), -EFAULT,
			    "after %s", after);
}

/*
 * A page of code for EL2: a vector table whose every entry answers 0xdead, which
 * also does for an entry point. Were it ever used, the next call would tell.
 */
static phys_addr_t trojan(struct kunit *test)
{
	struct page *page = host_pages(test, 0);
	__le32 *insn = page_address(page);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / 4; i += 32) {
		insn[i] = cpu_to_le32(0xd29bd5a0);	/* movz x0, #0xdead */
		insn[i + 1] = cpu_to_le32(0xd69f03e0);	/* eret */
	}
	/* EL2 would fetch with its MMU off. */
	for (i = 0; i < PAGE_SIZE / 4; i++)
		asm volatile("dc civac, %0" : : "r" (&insn[i]) : "memory");
	dsb(sy);
	return page_to_phys(page);
}

static void stub_calls(struct kunit *test)
{
	phys_addr_t pa = trojan(test);
	u64 n;

	KUNIT_EXPECT_EQ(test, core_hvc(HVC_SET_VECTORS, pa, 0, 0).a0, 0);
	expect_sealed(test, "SET_VECTORS");
	KUNIT_EXPECT_EQ(test, core_hvc(HVC_RESET_VECTORS, 0, 0, 0).a0, 0);
	expect_sealed(test, "RESET_VECTORS");
	KUNIT_EXPECT_EQ(test, core_hvc(HVC_SET_VECTORS, core_page(test), 0, 0).a0, 0);
	expect_sealed(test, "SET_VECTORS to the core's own page");
	core_hvc(HVC_FINALISE_EL2, pa, pa, pa);
	expect_sealed(test, "FINALISE_EL2");
	KUNIT_EXPECT_EQ(test, core_hvc(HVC_RESET_VECTORS, 0, 0, 0).a0, 0);
	/* 4 is GET_ICH_VTR in younger kernels; the others nobody's. */
	core_hvc(4, pa, pa, pa);
	for (n = 5; n < 16; n++)
		KUNIT_EXPECT_EQ(test, core_hvc(n, pa, pa, pa).a0, STUB_ERR);
	expect_sealed(test, "unknown stub calls");
}

/* What kexec and kdump do, on this CPU: the next kernel is at EL1, confined like this one. */
static void soft_restart_stays_at_el1(struct kunit *test)
{
	struct restarted at;

	soft_restart(test, &at);
	KUNIT_EXPECT_EQ(test, at.currentel, CurrentEL_EL1);
	KUNIT_EXPECT_EQ(test, at.sctlr & (SCTLR_ELx_M | SCTLR_ELx_C), 0);
	KUNIT_EXPECT_EQ(test, at.daif, 0x3c0);
	KUNIT_EXPECT_TRUE(test, at.args);
	expect_sealed(test, "SOFT_RESTART");
}

static void install_calls(struct kunit *test)
{
	struct arm_smccc_res res;

	KUNIT_EXPECT_EQ(test, hypsec_call_seal(&res), HYPSEC_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, hypsec_call_leave(&res), HYPSEC_NOT_SUPPORTED);
	expect_sealed(test, "install calls");
}

static int probe_page(phys_addr_t pa, u64 size, int state, void *arg)
{
	u64 *found = arg;
	u64 v;

	if (state != HYPSEC_PAGE_NOT_HOST)
		return 0;
	found[0]++;
	if (try_load(phys_to_virt(pa), &v) != -EFAULT ||
	    try_load(phys_to_virt(pa) + PAGE_SIZE - 8, &v) != -EFAULT)
		found[1]++;
	return 0;
}

/* Not one word of what the core holds can be read, whatever page it is in. */
static void every_page_of_the_core(struct kunit *test)
{
	u64 found[2] = { 0, 0 };

	walk_ram(probe_page, found);
	KUNIT_EXPECT_GT(test, found[0], 0);
	KUNIT_EXPECT_EQ(test, found[1], 0);
}

/* All kinds of access, through the linear map. */
static void every_access(struct kunit *test)
{
	void *va = phys_to_virt(core_page(test));
	enum access a;

	for (a = 0; a < ACC_COUNT; a++) {
		int err = try_access(a, va);

		/* Cleaning moves nothing to this kernel; the emulator does not even look. */
		if (err == 0 && (a == ACC_DC_CIVAC || a == ACC_DC_CVAC))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, err, -EFAULT, "%s", access_names[a]);
	}
	expect_sealed(test, "all accesses");
}

/* A mapping of the kernel's own making, with any attributes, is no way around. */
static void every_alias(struct kunit *test)
{
	struct page *page = pfn_to_page(PHYS_PFN(core_page(test)));
	const pgprot_t prot[] = {
		PAGE_KERNEL, PAGE_KERNEL_RO, PAGE_KERNEL_EXEC,
		pgprot_writecombine(PAGE_KERNEL), pgprot_noncached(PAGE_KERNEL),
		pgprot_device(PAGE_KERNEL),
	};
	unsigned int i;
	void *va;
	u64 v;

	for (i = 0; i < ARRAY_SIZE(prot); i++) {
		va = vmap(&page, 1, VM_MAP, prot[i]);
		KUNIT_ASSERT_NOT_NULL(test, va);
		KUNIT_EXPECT_EQ_MSG(test, try_load(va, &v), -EFAULT, "alias %u", i);
		KUNIT_EXPECT_EQ(test, v, 0);
		KUNIT_EXPECT_EQ_MSG(test, try_store(va, 0x5a), -EFAULT, "alias %u", i);
		KUNIT_EXPECT_EQ_MSG(test, try_access(ACC_LOAD_BYTE, va), -EFAULT, "alias %u", i);
		vunmap(va);
	}
	expect_sealed(test, "aliases");
}

/* What load_unaligned_zeropad() does: an access that ends in the core's page. */
static void straddling_access(struct kunit *test)
{
	struct page *pages = host_pages(test, 1);
	void *edge = page_address(pages) + PAGE_SIZE - 4;
	struct arm_smccc_res res;
	u64 v;

	*(u64 *)edge = ~0UL;
	KUNIT_ASSERT_EQ(test, hypsec_call_donate(page_to_phys(pages) + PAGE_SIZE, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, try_load(edge, &v), -EFAULT);
	KUNIT_EXPECT_EQ(test, v, 0);
	KUNIT_EXPECT_EQ(test, try_store(edge, 0), -EFAULT);
	KUNIT_EXPECT_EQ(test, *(u32 *)edge, ~0U);
}

/* A process that has given the page away, and the kernel on its behalf. */
static void user_access(struct kunit *test)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	struct arm_smccc_res res;
	struct page *page;
	char buf[64] = "";
	phys_addr_t pa;
	u64 v = 1;

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_LT(test, addr, (unsigned long)-4095);
	KUNIT_ASSERT_EQ(test, put_user(0x1234UL, (u64 __user *)addr), 0);
	KUNIT_ASSERT_EQ(test, put_user(0x5678UL, (u64 __user *)(addr + PAGE_SIZE)), 0);
	KUNIT_ASSERT_EQ(test, pin_user_pages_fast(addr, 1, FOLL_WRITE | FOLL_LONGTERM, &page), 1);
	pa = page_to_phys(page);
	KUNIT_ASSERT_EQ(test, hypsec_call_donate(pa, &res), HYPSEC_OK);

	KUNIT_EXPECT_EQ(test, get_user(v, (u64 __user *)addr), -EFAULT);
	KUNIT_EXPECT_EQ(test, v, 0);
	KUNIT_EXPECT_EQ(test, put_user(1UL, (u64 __user *)addr), -EFAULT);
	KUNIT_EXPECT_EQ(test, copy_from_user(buf, (void __user *)addr, 64), 64);
	KUNIT_EXPECT_EQ(test, copy_to_user((void __user *)addr, buf, 64), 64);
	KUNIT_EXPECT_EQ(test, clear_user((void __user *)addr, 64), 64);
	KUNIT_EXPECT_EQ(test, strncpy_from_user(buf, (void __user *)addr, 64), -EFAULT);
	KUNIT_EXPECT_EQ(test, strnlen_user((void __user *)addr, 64), 0);
	/* its neighbour is as it was */
	KUNIT_EXPECT_EQ(test, get_user(v, (u64 __user *)(addr + PAGE_SIZE)), 0);
	KUNIT_EXPECT_EQ(test, v, 0x5678);

	KUNIT_ASSERT_EQ(test, hypsec_call_reclaim(pa, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, get_user(v, (u64 __user *)addr), 0);
	KUNIT_EXPECT_EQ(test, v, 0);
	unpin_user_page(page);
	expect_sealed(test, "user accesses");
}

#define PSCI(v)		((u64)(s64)(v))
#define NO_SUCH_CPU	0xff00ffffffUL

static void read_mpidr(void *info)
{
	*(u64 *)info = read_cpuid_mpidr() & MPIDR_HWID_BITMASK;
}

static void cpu_on(struct kunit *test)
{
	phys_addr_t pa = trojan(test);
	unsigned int cpu;
	u64 mpidr;

	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, read_mpidr, &mpidr, 1);
		KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN64_CPU_ON, mpidr, pa, 0).a0,
				PSCI(PSCI_RET_ALREADY_ON));
		KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN_CPU_ON, mpidr, pa, 0).a0,
				PSCI(PSCI_RET_ALREADY_ON));
	}
	KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN64_CPU_ON, NO_SUCH_CPU, pa, 0).a0,
			PSCI(PSCI_RET_INVALID_PARAMS));
	KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN64_CPU_ON, 1UL << 31, pa, 0).a0,
			PSCI(PSCI_RET_INVALID_PARAMS));
	KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN64_CPU_ON, mpidr, pa + 2, 0).a0,
			PSCI(PSCI_RET_INVALID_ADDRESS));
	expect_sealed(test, "CPU_ON");
}

static void suspend(struct kunit *test)
{
	phys_addr_t pa = trojan(test);

	/* The emulator takes each for a WFI or refuses it; on hardware the CPU loses power. */
	if (!of_machine_is_compatible("linux,dummy-virt"))
		kunit_skip(test, "firmware would power this CPU down");
	core_smc(PSCI_0_2_FN64_CPU_SUSPEND, 0, pa, 0);
	expect_sealed(test, "CPU_SUSPEND to standby");
	core_smc(PSCI_0_2_FN64_CPU_SUSPEND, 0x10000, pa, 0);
	expect_sealed(test, "CPU_SUSPEND to power-down");
	core_smc(PSCI_1_0_FN64_CPU_DEFAULT_SUSPEND, pa, 0, 0);
	core_smc(PSCI_1_0_FN64_SYSTEM_SUSPEND, pa, 0, 0);
	expect_sealed(test, "SYSTEM_SUSPEND");
	KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN64_CPU_SUSPEND, 0, pa + 1, 0).a0,
			PSCI(PSCI_RET_INVALID_ADDRESS));
}

static void firmware_calls(struct kunit *test)
{
	static const u32 id[] = {
		0x84000063, 0x84000071, 0x84000072, 0x84000073, 0xc4000073,	/* FF-A */
		0xc4000020, 0xc4000021, 0xc4000023,			/* SDEI */
		PSCI_1_1_FN_MEM_PROTECT, PSCI_0_2_FN64_MIGRATE, PSCI_1_0_FN_CPU_FREEZE,
		0x8400001f, 0xc2000001, 0x82000001, 0xc3000001, 0xb2000000, 0x02000000,
		0xc5000020, 0xc6008000, 0x46000000, 0x80000003,
	};
	phys_addr_t pa = trojan(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(id); i++) {
		KUNIT_EXPECT_EQ_MSG(test, core_smc(id[i], pa, pa, pa).a0,
				    PSCI(PSCI_RET_NOT_SUPPORTED), "%x", id[i]);
		KUNIT_EXPECT_EQ_MSG(test, core_smc(id[i] | 0x10000, pa, pa, pa).a0,
				    PSCI(PSCI_RET_NOT_SUPPORTED), "%x, hint", id[i]);
		KUNIT_EXPECT_EQ_MSG(test,
				    core_smc(PSCI_1_0_FN_PSCI_FEATURES, id[i], 0, 0).a0,
				    PSCI(PSCI_RET_NOT_SUPPORTED), "FEATURES of %x", id[i]);
	}
	/* what is allowed still works */
	KUNIT_EXPECT_GE(test, core_smc(PSCI_0_2_FN_PSCI_VERSION, 0, 0, 0).a0, 2);
	KUNIT_EXPECT_EQ(test, core_smc(PSCI_0_2_FN64_AFFINITY_INFO, read_cpuid_mpidr() &
				       MPIDR_HWID_BITMASK, 0, 0).a0, 0);
	expect_sealed(test, "firmware calls");
}

/*
 * A firmware that has none of these calls refuses them too. That it was the core, and that
 * the call went no further, is in its log.
 */
static void refusals_are_logged(struct kunit *test)
{
	char line[256] = "", text[25];
	unsigned int n, tries;
	bool found = false;

	/*
	 * The core remembers 16 ids and says each once; hypsec-mod may read the line first.
	 * So a few ids, of which one has to be seen.
	 */
	for (tries = 0; tries < 6 && !found; tries++) {
		core_smc(0xc20000a0 + tries, 0, 0, 0);
		line[0] = 0;
		for (n = 0; n < 1024 && read_log(text) == HYPSEC_OK && text[0]; n++) {
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
	return try_load(phys_to_virt(*(phys_addr_t *)arg), &v) == -EFAULT ? 0 : -EACCES;
}

/* CPU_OFF and CPU_ON as sysfs does them: the CPU comes back under the core. */
static void cpu_off_and_on(struct kunit *test)
{
	phys_addr_t pa = core_page(test);
	unsigned int cpu = other_cpu(test), i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
		KUNIT_ASSERT_FALSE(test, cpu_online(cpu));
		expect_sealed(test, "CPU_OFF");
		/* While it is off the host may not start it where it likes. */
		KUNIT_ASSERT_EQ(test, add_cpu(cpu), 0);
		KUNIT_EXPECT_EQ(test, finish(start_on(test, cpu, check_cpu, &pa)), 0);
	}
}

/* Registers that reach past EL1 are dead ends: ACTLR_EL1 reads zero, whatever was written. */
static void auxiliary_control(struct kunit *test)
{
	write_sysreg(~0UL, actlr_el1);
	isb();
	KUNIT_EXPECT_EQ(test, read_sysreg(actlr_el1), 0);
	write_sysreg(0, actlr_el1);
	isb();
}

/*
 * KVM's calls with arguments KVM would not give. Zero last: whatever state of the host's
 * they set is harmless then.
 */
static void kvm_calls_with_nonsense(struct kunit *test)
{
	const u64 arg[] = {
		~0UL, 1, 7, 0x1000, 0x0000ffffffffffff, 0xffff7fffffffffff,
		(u64)phys_to_virt(core_page(test)), core_page(test),
		(u64)phys_to_virt(core_page(test)) - 64, (u64)test, 0,
	};
	unsigned int i;
	u64 id;

	for (id = 0; id < 0x80; id++) {
		for (i = 0; i < ARRAY_SIZE(arg); i++)
			core_hvc(0xc6000000 | id, arg[i], arg[ARRAY_SIZE(arg) - 1 - i], arg[i]);
		expect_sealed(test, "a call of KVM's");
	}
}

static struct kunit_case seal_cases[] = {
	KUNIT_CASE(refusals_are_logged),	/* before others use up the 16 ids */
	KUNIT_CASE(stub_calls),
	KUNIT_CASE(soft_restart_stays_at_el1),
	KUNIT_CASE(install_calls),
	KUNIT_CASE(every_page_of_the_core),
	KUNIT_CASE(every_access),
	KUNIT_CASE(every_alias),
	KUNIT_CASE(straddling_access),
	KUNIT_CASE(user_access),
	KUNIT_CASE(cpu_on),
	KUNIT_CASE(suspend),
	KUNIT_CASE(firmware_calls),
	KUNIT_CASE(cpu_off_and_on),
	KUNIT_CASE(auxiliary_control),
	KUNIT_CASE(kvm_calls_with_nonsense),
	{}
};

static struct kunit_suite seal_suite = {
	.name = "hypsec_seal",
	.init = core_init,
	.test_cases = seal_cases,
};
kunit_test_suite(seal_suite);
