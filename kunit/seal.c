// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suite hypsec_seal: what a kernel that wants EL2 back can try. Nothing here
 * may work; after each attempt the core must still be there, and its pages
 * still out of reach.
 */
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/virt.h>
#include "seal.h"

#define STUB_ERR	0xbadca11UL

void hk_expect_sealed(struct kunit *test, const char *after)
{
	struct arm_smccc_res res;
	u64 v;

	KUNIT_EXPECT_EQ_MSG(test, hypsec_call_version(&res), HYPSEC_OK, "after %s", after);
	KUNIT_EXPECT_EQ_MSG(test, res.a3, HYPSEC_PHASE_SEALED, "after %s", after);
	KUNIT_EXPECT_EQ_MSG(test, read_sysreg(CurrentEL), CurrentEL_EL1, "after %s", after);
	KUNIT_EXPECT_EQ_MSG(test, hk_try_load(phys_to_virt(hk_core_page(test)), &v), -EFAULT,
			    "after %s", after);
}

/*
 * A page of code for EL2: a vector table whose every entry answers 0xdead, which
 * also does for an entry point. Were it ever used, the next call would tell.
 */
phys_addr_t hk_trojan(struct kunit *test)
{
	struct page *page = hk_host_pages(test, 0);
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
	phys_addr_t pa = hk_trojan(test);
	u64 n;

	KUNIT_EXPECT_EQ(test, hk_hvc(HVC_SET_VECTORS, pa, 0, 0).a0, 0);
	hk_expect_sealed(test, "SET_VECTORS");
	KUNIT_EXPECT_EQ(test, hk_hvc(HVC_RESET_VECTORS, 0, 0, 0).a0, 0);
	hk_expect_sealed(test, "RESET_VECTORS");
	KUNIT_EXPECT_EQ(test, hk_hvc(HVC_SET_VECTORS, hk_core_page(test), 0, 0).a0, 0);
	hk_expect_sealed(test, "SET_VECTORS to the core's own page");
	hk_hvc(HVC_FINALISE_EL2, pa, pa, pa);
	hk_expect_sealed(test, "FINALISE_EL2");
	KUNIT_EXPECT_EQ(test, hk_hvc(HVC_RESET_VECTORS, 0, 0, 0).a0, 0);
	/* 4 is GET_ICH_VTR in younger kernels; the others nobody's. */
	hk_hvc(4, pa, pa, pa);
	for (n = 5; n < 16; n++)
		KUNIT_EXPECT_EQ(test, hk_hvc(n, pa, pa, pa).a0, STUB_ERR);
	hk_expect_sealed(test, "unknown stub calls");
}

/* What kexec and kdump do, on this CPU: the next kernel is at EL1, confined like this one. */
static void soft_restart_stays_at_el1(struct kunit *test)
{
	struct restarted at;

	hk_soft_restart(test, &at);
	KUNIT_EXPECT_EQ(test, at.currentel, CurrentEL_EL1);
	KUNIT_EXPECT_EQ(test, at.sctlr & (SCTLR_ELx_M | SCTLR_ELx_C), 0);
	KUNIT_EXPECT_EQ(test, at.daif, 0x3c0);
	KUNIT_EXPECT_TRUE(test, at.args);
	hk_expect_sealed(test, "SOFT_RESTART");
}

static void install_calls(struct kunit *test)
{
	struct arm_smccc_res res;

	KUNIT_EXPECT_EQ(test, hypsec_call_seal(&res), HYPSEC_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, hypsec_call_leave(&res), HYPSEC_NOT_SUPPORTED);
	hk_expect_sealed(test, "install calls");
}

static int probe_page(phys_addr_t pa, u64 size, int state, void *arg)
{
	u64 *found = arg;
	u64 v;

	if (state != HYPSEC_PAGE_NOT_HOST)
		return 0;
	found[0]++;
	if (hk_try_load(phys_to_virt(pa), &v) != -EFAULT ||
	    hk_try_load(phys_to_virt(pa) + PAGE_SIZE - 8, &v) != -EFAULT)
		found[1]++;
	return 0;
}

/* Not one word of what the core holds can be read, whatever page it is in. */
static void every_page_of_the_core(struct kunit *test)
{
	u64 found[2] = { 0, 0 };

	hk_walk_ram(probe_page, found);
	KUNIT_EXPECT_GT(test, found[0], 0);
	KUNIT_EXPECT_EQ(test, found[1], 0);
}

/* All kinds of access, through the linear map. */
static void every_access(struct kunit *test)
{
	void *va = phys_to_virt(hk_core_page(test));
	enum access a;

	for (a = 0; a < ACC_COUNT; a++) {
		int err = hk_try_access(a, va);

		/* Cleaning moves nothing to this kernel; the emulator does not even look. */
		if (err == 0 && (a == ACC_DC_CIVAC || a == ACC_DC_CVAC))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, err, -EFAULT, "%s", hk_access_names[a]);
	}
	hk_expect_sealed(test, "all accesses");
}

/* A mapping of the kernel's own making, with any attributes, is no way around. */
static void every_alias(struct kunit *test)
{
	struct page *page = pfn_to_page(PHYS_PFN(hk_core_page(test)));
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
		KUNIT_EXPECT_EQ_MSG(test, hk_try_load(va, &v), -EFAULT, "alias %u", i);
		KUNIT_EXPECT_EQ(test, v, 0);
		KUNIT_EXPECT_EQ_MSG(test, hk_try_store(va, 0x5a), -EFAULT, "alias %u", i);
		KUNIT_EXPECT_EQ_MSG(test, hk_try_access(ACC_LOAD_BYTE, va), -EFAULT, "alias %u", i);
		vunmap(va);
	}
	hk_expect_sealed(test, "aliases");
}

/* What load_unaligned_zeropad() does: an access that ends in the core's page. */
static void straddling_access(struct kunit *test)
{
	struct page *pages = hk_host_pages(test, 1);
	void *edge = page_address(pages) + PAGE_SIZE - 4;
	struct arm_smccc_res res;
	u64 v;

	*(u64 *)edge = ~0UL;
	KUNIT_ASSERT_EQ(test, hypsec_call_donate(page_to_phys(pages) + PAGE_SIZE, &res), HYPSEC_OK);
	KUNIT_EXPECT_EQ(test, hk_try_load(edge, &v), -EFAULT);
	KUNIT_EXPECT_EQ(test, v, 0);
	KUNIT_EXPECT_EQ(test, hk_try_store(edge, 0), -EFAULT);
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
	hk_expect_sealed(test, "user accesses");
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
		(u64)phys_to_virt(hk_core_page(test)), hk_core_page(test),
		(u64)phys_to_virt(hk_core_page(test)) - 64, (u64)test, 0,
	};
	unsigned int i;
	u64 id;

	for (id = 0; id < 0x80; id++) {
		for (i = 0; i < ARRAY_SIZE(arg); i++)
			hk_hvc(0xc6000000 | id, arg[i], arg[ARRAY_SIZE(arg) - 1 - i], arg[i]);
		hk_expect_sealed(test, "a call of KVM's");
	}
}

static struct kunit_case seal_cases[] = {
	KUNIT_CASE(firmware_refusals_are_logged),	/* before others use up the 16 ids */
	KUNIT_CASE(stub_calls),
	KUNIT_CASE(soft_restart_stays_at_el1),
	KUNIT_CASE(install_calls),
	KUNIT_CASE(every_page_of_the_core),
	KUNIT_CASE(every_access),
	KUNIT_CASE(every_alias),
	KUNIT_CASE(straddling_access),
	KUNIT_CASE(user_access),
	KUNIT_CASE(firmware_cpu_on),
	KUNIT_CASE(firmware_suspend),
	KUNIT_CASE(firmware_calls),
	KUNIT_CASE(firmware_cpu_off_and_on),
	KUNIT_CASE(auxiliary_control),
	KUNIT_CASE(kvm_calls_with_nonsense),
	{}
};

static struct kunit_suite seal_suite = {
	.name = "hypsec_seal",
	.init = hk_init,
	.test_cases = seal_cases,
};
kunit_test_suite(seal_suite);
