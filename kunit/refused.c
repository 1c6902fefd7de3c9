// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypsec_auth, the images that end the VM that asks with them: each thing that may be wrong
 * with one, and the line that the log has for it.
 */
#include "auth.h"

#define CHANGE(name, ...) \
	static void name(struct hk_vm *vm) \
	{ \
		struct hypsec_manifest *m = vm->manifest; \
		u64 *h = vm->image;	/* the arm64 header, by words */ \
		\
		__VA_ARGS__; \
		(void)m; \
		(void)h; \
	}

CHANGE(no_magic, h[7] = 0)
CHANGE(other_image, h[4]++)
CHANGE(manifest_unaligned, h[5]++)
CHANGE(manifest_outside, memcpy(vm->dtb, m, PAGE_SIZE); h[5] = GUEST_DTB - GUEST_IMAGE)
CHANGE(manifest_wraps, h[5] = -PAGE_SIZE)
CHANGE(manifest_past_max, h[5] = HYPSEC_IMAGE_MAX)
CHANGE(truncated, memset(m, 0, PAGE_SIZE))
CHANGE(version, m->version++)
CHANGE(version_0, m->version = 0)
/* The first that has no meaning yet: those that have are the lowest. */
CHANGE(unknown_flag, m->flags |= HYPSEC_FLAGS_KNOWN + 1)
CHANGE(all_flags, m->flags = ~0U)
CHANGE(time_without_clock, m->signed_at = 1)
CHANGE(clock_without_time, m->flags |= HYPSEC_FLAG_CLOCK)
CHANGE(share_not_allowed, m->share_size = SZ_2M)
CHANGE(share_unaligned, m->flags |= HYPSEC_FLAG_SHARE; m->share_size = SZ_2M + PAGE_SIZE)
CHANGE(share_large, m->flags |= HYPSEC_FLAG_SHARE; m->share_size = HYPSEC_SHARE_MAX + SZ_2M)
CHANGE(device_without_share, m->virtio[0] = 2)
CHANGE(pci_without_share, m->flags |= HYPSEC_FLAG_PCI)
CHANGE(shares_more, hk_image_share(vm); m->share_size *= 2)
CHANGE(other_family, m->family[31] = 1)
CHANGE(rest_of_page, ((u8 *)m)[PAGE_SIZE - 1] = 1)
CHANGE(no_size, m->mem_size = 0)
CHANGE(size_unaligned, m->mem_size++)
CHANGE(size_large, m->mem_size = HYPSEC_IMAGE_MAX + PAGE_SIZE)
CHANGE(size_wraps, m->mem_size = -PAGE_SIZE)
CHANGE(no_kernel, m->parts[HYPSEC_PART_KERNEL].size = 0)
CHANGE(no_stub, m->parts[HYPSEC_PART_STUB].size = 0)
CHANGE(digest_of_nothing, m->parts[HYPSEC_PART_INITRD].size = 0)
CHANGE(kernel_unaligned, m->parts[HYPSEC_PART_KERNEL].offset -= PAGE_SIZE)
CHANGE(initrd_unaligned, m->parts[HYPSEC_PART_INITRD].offset += 8)
CHANGE(part_large, m->parts[HYPSEC_PART_KERNEL].size = PAGE_SIZE + 1)
CHANGE(part_wraps, m->parts[HYPSEC_PART_INITRD].offset = -PAGE_SIZE)
CHANGE(part_size_wraps, m->parts[HYPSEC_PART_CMDLINE].size = -PUPPET_CMDLINE)
CHANGE(stub_elsewhere, m->parts[HYPSEC_PART_STUB].offset = 0x4000)
CHANGE(over_manifest, m->parts[HYPSEC_PART_INITRD].offset = PUPPET_MANIFEST)
CHANGE(over_part, m->parts[HYPSEC_PART_INITRD].offset = PUPPET_CMDLINE)
CHANGE(over_by_padding, m->parts[HYPSEC_PART_CMDLINE].size = PAGE_SIZE + 1)
CHANGE(entry_in_header, m->entry = 0x3c)
CHANGE(entry_unaligned, m->entry += 2)
CHANGE(entry_outside, m->entry = PAGE_SIZE)
CHANGE(entry_wraps, m->entry = -4)
CHANGE(unsigned_image, memset(m->signature, 0, sizeof(m->signature)))
CHANGE(signature_bit, m->signature[63] ^= 0x10)
CHANGE(signature_r, m->signature[0] ^= 1)
CHANGE(other_signer, m->signer[5] ^= 1)
CHANGE(zero_signer, memset(m->signer, 0, sizeof(m->signer)))
CHANGE(raised_version, m->security_version++)
CHANGE(dropped_flag, m->flags = 0)
CHANGE(other_digest, m->parts[HYPSEC_PART_KERNEL].sha512[0] ^= 1)
CHANGE(stub_changed, ((u8 *)vm->image)[PAGE_SIZE - 1] ^= 1)
CHANGE(header_changed, h[2]++)
CHANGE(kernel_changed, ((u8 *)vm->kernel)[0] ^= 1)
CHANGE(kernel_padding, ((u8 *)vm->kernel)[PAGE_SIZE - 1] = 1)
CHANGE(initrd_changed, ((u8 *)vm->image)[PUPPET_INITRD + 6] = 1)
CHANGE(cmdline_changed, ((u8 *)vm->image)[PUPPET_CMDLINE] ^= 1)
CHANGE(dtb_magic, ((u8 *)vm->dtb)[0] = 0)
CHANGE(dtb_short, ((__be32 *)vm->dtb)[1] = cpu_to_be32(39))
CHANGE(dtb_long, ((__be32 *)vm->dtb)[1] = cpu_to_be32(HYPSEC_DTB_MAX + 1))
CHANGE(dtb_huge, ((__be32 *)vm->dtb)[1] = cpu_to_be32(~0U))
CHANGE(nothing)
/* As the last 2 MiB of its address space the guest has the first of its image. */
CHANGE(high, vm->pgd[511] = vm->pgd[GUEST_IMAGE >> 30];
	     vm->pmd[511] = vm->pmd[GUEST_IMAGE >> 21 & 511])
CHANGE(high_dtb, vm->pgd[511] = vm->pgd[GUEST_IMAGE >> 30];
		 vm->pmd[511] = vm->pmd[(GUEST_IMAGE >> 21 & 511) + 1];
		 hk_map(vm, GUEST_IMAGE + 0x3ff000, vm->dtb);
		 ((__be32 *)vm->dtb)[1] = cpu_to_be32(PAGE_SIZE + 1))
CHANGE(page_twice, hk_map(vm, GUEST_IMAGE + 0x7000, vm->image + 0x6000))
CHANGE(page_twice_in_parts, hk_map(vm, GUEST_IMAGE + PUPPET_CMDLINE, vm->image + PUPPET_INITRD))
CHANGE(page_of_core, hk_map_pa(vm, GUEST_IMAGE + PUPPET_INITRD, hk_core_page(vm->test), HK_RW))
CHANGE(gap_of_core, hk_map_pa(vm, GUEST_IMAGE + 0x7000, hk_core_page(vm->test), HK_RW))
CHANGE(page_no_ram, hk_map_pa(vm, GUEST_IMAGE + 0x7000, 0x9000000, HK_RW))
CHANGE(page_past_ram, hk_map_pa(vm, GUEST_IMAGE + 0x7000, 1UL << 40, HK_RW))
CHANGE(table_of_core, vm->pmd[(GUEST_IMAGE >> 21 & 511) + 1] = hk_core_page(vm->test) | 3)
CHANGE(table_no_ram, vm->pmd[(GUEST_IMAGE >> 21 & 511) + 1] = 0x9000000 | 3)

static void donated(struct hk_vm *vm)
{
	struct page *page = hk_host_pages(vm->test, 0);
	struct arm_smccc_res res;

	KUNIT_ASSERT_EQ(vm->test, hypsec_call_donate(page_to_phys(page), &res), HYPSEC_OK);
	hk_map_pa(vm, GUEST_IMAGE + 0x7000, page_to_phys(page), HK_RW);
}

#define TOP		(BIT_ULL(GUEST_IPA_BITS) - SZ_2M)
#define NOT_OWN		"backs its image with a page that is not its own"
#define SHARES		"what it would share with its host, or its list of devices"
#define TREE		"device tree: "

static const struct refused {
	void (*change)(struct hk_vm *vm);
	const char *name, *log;
	u64 image, dtb;			/* 0: as always */
} refused[] = {
#define R(change, log, at...) { change, #change, log, at }
	R(no_magic, "not a protected one"), R(other_image, "not a protected one"),
	R(manifest_unaligned, "manifest lies outside"), R(manifest_outside, "manifest lies outside"),
	R(manifest_wraps, "manifest lies outside"), R(manifest_past_max, "manifest lies outside"),
	R(truncated, "no manifest where its header says"),
	R(version, "manifest of a version"), R(version_0, "manifest of a version"),
	R(unknown_flag, "a flag that is not known"), R(all_flags, "a flag that is not known"),
	R(time_without_clock, "a clock without a time"),
	R(clock_without_time, "a clock without a time"), R(rest_of_page, "what is reserved"),
	R(share_not_allowed, SHARES), R(share_unaligned, SHARES), R(share_large, SHARES),
	R(device_without_share, SHARES),
	R(pci_without_share, SHARES), R(shares_more, "wrong signature"),
	R(no_size, "its size in memory"), R(size_unaligned, "its size in memory"),
	R(size_large, "its size in memory"), R(size_wraps, "its size in memory"),
	R(high, "wraps or leaves the address space", TOP),
	R(no_kernel, "no stub or kernel"), R(no_stub, "no stub or kernel"),
	R(digest_of_nothing, "no stub or kernel, or a digest of nothing"),
	R(kernel_unaligned, "a part is not aligned"), R(initrd_unaligned, "a part is not aligned"),
	R(part_large, "a part wraps or leaves"), R(part_wraps, "a part wraps or leaves"),
	R(part_size_wraps, "a part wraps or leaves"), R(stub_elsewhere, "not at its start"),
	R(over_manifest, "parts overlap"), R(over_part, "parts overlap"),
	R(over_by_padding, "parts overlap"),
	R(entry_in_header, "its entry is not in"), R(entry_unaligned, "its entry is not in"),
	R(entry_outside, "its entry is not in"), R(entry_wraps, "its entry is not in"),
	R(unsigned_image, "image: unsigned"), R(signature_bit, "wrong signature"),
	R(signature_r, "wrong signature"), R(other_signer, "wrong signature"),
	R(zero_signer, "wrong signature"), R(raised_version, "wrong signature"),
	R(dropped_flag, "wrong signature"), R(other_family, "wrong signature"),
	R(other_digest, "wrong signature"),
	R(stub_changed, "the stub is not what was signed"),
	R(header_changed, "the stub is not what was signed"),
	R(kernel_changed, "the kernel is not what was signed"),
	R(kernel_padding, "the kernel is not what was signed"),
	R(initrd_changed, "the initrd is not what was signed"),
	R(cmdline_changed, "the command line is not what was signed"),
	R(dtb_magic, TREE), R(dtb_short, TREE), R(dtb_long, TREE), R(dtb_huge, TREE),
	R(nothing, TREE, 0, GUEST_IMAGE + 0x8000), R(nothing, TREE, 0, GUEST_DTB + 8),
	R(high_dtb, TREE, 0, BIT_ULL(GUEST_IPA_BITS) - PAGE_SIZE),
	R(page_twice, NOT_OWN), R(page_twice_in_parts, NOT_OWN),
	R(page_of_core, NOT_OWN), R(gap_of_core, NOT_OWN), R(page_no_ram, NOT_OWN),
	R(page_past_ram, NOT_OWN), R(table_of_core, NOT_OWN), R(table_no_ram, NOT_OWN),
	R(donated, NOT_OWN),
};

void refused_images(struct kunit *test)
{
	const struct refused *r = test->param_value;
	struct accounts before;
	unsigned int tries;
	bool logged = false;

	/* hypsec-mod reads the log too, twice a second: then it is not there to be seen. */
	for (tries = 0; tries < 3 && !logged; tries++) {
		struct hk_vm *vm = hk_vm_new(test);
		struct hk_exit e;

		r->change(vm);
		hk_read_accounts(test, &before);
		hk_log_clear();
		e = hk_protect(vm, r->image ?: GUEST_IMAGE, r->dtb ?: GUEST_DTB);
		logged = hk_log_has(r->log);
		KUNIT_EXPECT_EQ_MSG(test, e.what, HK_IL, "ESR %llx, x0 %lld", e.esr,
				    vm->vcpu[0].res[0]);
		KUNIT_EXPECT_EQ(test, hk_vm_state(vm), HYPSEC_VM_DEAD);
		/* No second try: the guest that asked is one that the host could change. */
		KUNIT_EXPECT_EQ(test, hk_vm_run(&vm->vcpu[0]), ARM_EXCEPTION_IL);
		KUNIT_EXPECT_EQ(test, hk_vm_run(&vm->vcpu[1]), ARM_EXCEPTION_IL);
		hk_vm_end(vm);
		expect_accounts(test, &before);
	}
	KUNIT_EXPECT_TRUE_MSG(test, logged, "not in the log: %s", r->log);
}

KUNIT_ARRAY_PARAM_DESC(refusals, refused, name);

const void *next_refused(const void *prev, char *desc)
{
	return refusals_gen_params(prev, desc);
}
