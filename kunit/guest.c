// SPDX-License-Identifier: GPL-2.0-only
/* KVM's part of running a guest, and the guest's memory; see guest.h. */
#include <linux/jiffies.h>
#include <asm/kvm_arm.h>
#include <asm/kvm_asm.h>
#include <asm/kvm_emulate.h>
#include <asm/neon.h>
#include "guest.h"
#include "puppet_signed.h"

const u8 *const hk_identity = puppet_identity;

static_assert(PUPPET_IMAGE_MAGIC == HYPSEC_IMAGE_MAGIC);

#define S2_VALID	BIT(0)
#define S2_TABLE	BIT(1)
#define S2_LEAF		(S2_VALID | S2_TABLE | BIT(10) | 3UL << 8 | 0xfUL << 2)
#define VTCR		(VTCR_EL2_RES1 | (64 - GUEST_IPA_BITS))
#define PTES		2048		/* in [GUEST_IMAGE, GUEST_POOL_END) */

/* --- the core's calls --- */

#define KVM_CALL(name)	KVM_HOST_SMCCC_FUNC(name)

/* Bit n: the core knows a VM n + 1 */
static u64 known_vms(void)
{
	struct arm_smccc_res res;
	unsigned int id;
	u64 known = 0;

	for (id = 1; id <= 64; id++) {
		if (hypsec_call_vm_info(id, &res) == HYPSEC_OK && res.a1 != HYPSEC_VM_NONE)
			known |= BIT_ULL(id - 1);
	}
	return known;
}

static int vm_info(struct hk_vm *vm, struct arm_smccc_res *res)
{
	return vm->id ? hypsec_call_vm_info(vm->id, res) : HYPSEC_RANGE;
}

int hk_vm_state(struct hk_vm *vm)
{
	struct arm_smccc_res res;

	return vm_info(vm, &res) == HYPSEC_OK ? (int)res.a1 : HYPSEC_VM_NONE;
}

u64 hk_vm_pages(struct hk_vm *vm)
{
	struct arm_smccc_res res;

	return vm_info(vm, &res) == HYPSEC_OK ? res.a2 : 0;
}

/*
 * Interrupts masked, as KVM does; the host's FP state is put away before, since the core
 * leaves that of a guest, or zeros.
 */
u64 hk_vcpu_run(struct kvm_vcpu *v)
{
	u64 code;

	kernel_neon_begin();
	code = hk_hvc(KVM_CALL(__kvm_vcpu_run), (u64)v, 0, 0).a1;
	kernel_neon_end();
	return code;
}

u64 hk_vm_run(struct hk_vcpu *c)
{
	u64 before = c->vm->id ? 0 : known_vms(), code;

	c->runs++;
	if (c->prepare)
		c->prepare(c);
	code = hk_vcpu_run(c->v);
	if (c->look)
		c->look(c, code);
	if (!c->vm->id)
		c->vm->id = fls64(known_vms() & ~before);
	return code;
}

void hk_log_clear(void)
{
	char text[25];
	unsigned int n;

	for (n = 0; n < 4096 && hk_read_log(text) == HYPSEC_OK && text[0]; n++)
		;
}

bool hk_log_has(const char *text)
{
	static char log[8192];
	char piece[25];
	size_t len = 0;

	log[0] = 0;
	while (len < sizeof(log) - 25 && hk_read_log(piece) == HYPSEC_OK && piece[0]) {
		len += strscpy(log + len, piece, sizeof(piece));
	}
	return strstr(log, text);
}

static void put_here(void *unused)
{
	hk_hvc(KVM_CALL(__kvm_timer_set_cntvoff), 0, 0, 0);
}

void hk_put(void)
{
	on_each_cpu(put_here, NULL, 1);
}

/* --- a VM --- */

struct kvm_vcpu *hk_vcpu_new(struct hk_vm *vm, unsigned int n)
{
	struct kvm_vcpu *v = kunit_kzalloc(vm->test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(vm->test, v);
	v->kvm = vm->kvm;
	v->arch.hw_mmu = &vm->kvm->arch.mmu;
	v->arch.hcr_el2 = HCR_GUEST_FLAGS;
	v->arch.debug_ptr = &v->arch.vcpu_debug_state;
	v->arch.vgic_cpu.vgic_v3.vgic_sre = 1;
	v->arch.vgic_cpu.vgic_v3.vgic_hcr = 1;
	v->arch.ctxt.sys_regs[MPIDR_EL1] = BIT(31) | n;
	v->arch.ctxt.sys_regs[SCTLR_EL1] = 0x00c50078;
	v->arch.ctxt.regs.pstate = PSR_MODE_EL1h | PSR_D_BIT | PSR_A_BIT | PSR_I_BIT | PSR_F_BIT;
	v->arch.ctxt.regs.pc = GUEST_IMAGE;
	return v;
}

static void make_manifest(struct hk_vm *vm)
{
	static const struct { u64 offset, size; } part[HYPSEC_PART_COUNT] = {
		{ 0, PAGE_SIZE }, { PUPPET_KERNEL, 6 }, { PUPPET_INITRD, 6 }, { PUPPET_CMDLINE, 7 },
	};
	struct hypsec_manifest *m = vm->manifest;
	unsigned int i;

	m->magic = HYPSEC_MANIFEST_MAGIC;
	m->version = HYPSEC_MANIFEST_VERSION;
	m->flags = HYPSEC_FLAG_SMP;
	m->security_version = 1;
	m->mem_size = PUPPET_MEM_SIZE;
	m->entry = *(const u32 *)&hk_puppet[4];
	for (i = 0; i < HYPSEC_PART_COUNT; i++) {
		m->parts[i].offset = part[i].offset;
		m->parts[i].size = part[i].size;
		memcpy(m->parts[i].sha512, &puppet_sha512[64 * i], 64);
	}
	memcpy(m->signer, puppet_signer, sizeof(m->signer));
	memcpy(m->signature, puppet_signature_smp, sizeof(m->signature));
}

void hk_image_up(struct hk_vm *vm)
{
	vm->manifest->flags = 0;
	memcpy(vm->manifest->signature, puppet_signature_up, sizeof(vm->manifest->signature));
}

/* Two of them from the @first on */
static void link_tables(struct hk_vm *vm, unsigned int first)
{
	unsigned int i;

	for (i = first; i < first + 2; i++)
		vm->pmd[(GUEST_IMAGE >> 21 & 511) + i] =
			(__pa(vm->pte) + i * PAGE_SIZE) | S2_VALID | S2_TABLE;
}

void hk_image_share(struct hk_vm *vm)
{
	vm->manifest->flags |= HYPSEC_FLAG_SHARE;
	vm->manifest->share_size = PUPPET_SHARE;
	memcpy(vm->manifest->signature, puppet_signature_share, sizeof(vm->manifest->signature));
	link_tables(vm, (GUEST_POOL - GUEST_IMAGE) >> 21);
}

void hk_image_rsi(struct hk_vm *vm)
{
	hk_image_share(vm);
	vm->manifest->flags |= HYPSEC_FLAG_RSI;
	memcpy(vm->manifest->signature, puppet_signature_rsi, sizeof(vm->manifest->signature));
	vm->pgd[(GUEST_UPPER + GUEST_POOL) >> 30] = vm->pgd[GUEST_POOL >> 30];
}

static void load_image(struct hk_vm *vm)
{
	__be32 *fdt = vm->dtb;

	memcpy(vm->image, hk_puppet, PAGE_SIZE);
	memcpy(vm->image + PUPPET_CMDLINE, "cmdline", 7);
	memcpy(vm->image + PUPPET_INITRD, "initrd", 6);
	memcpy(vm->kernel, "kernel", 6);
	fdt[0] = cpu_to_be32(0xd00dfeed);
	fdt[1] = cpu_to_be32(PAGE_SIZE);
	vm->manifest = vm->image + PUPPET_MANIFEST;
	make_manifest(vm);
}

static void end_action(void *vm)
{
	hk_vm_end(vm);
}

static void *table(struct hk_vm *vm, size_t size)
{
	void *p = kunit_kzalloc(vm->test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(vm->test, p);
	KUNIT_ASSERT_TRUE(vm->test, PAGE_ALIGNED(p));
	return p;
}

struct hk_vm *hk_vm_new(struct kunit *test)
{
	static u64 vmid;
	struct hk_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	vm->test = test;
	vm->kvm = kunit_kzalloc(test, sizeof(*vm->kvm), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vm->kvm);
	vm->pgd = table(vm, PAGE_SIZE);
	vm->pmd = table(vm, PAGE_SIZE);
	vm->pte = table(vm, 4 * PAGE_SIZE);
	vm->image = page_address(hk_host_pages(test, 9));
	vm->kernel = page_address(hk_host_pages(test, 0));
	vm->dtb = page_address(hk_host_pages(test, 0));
	vm->spare = page_address(hk_host_pages(test, 3));

	vm->pgd[GUEST_IMAGE >> 30] = __pa(vm->pmd) | S2_VALID | S2_TABLE;
	link_tables(vm, 0);
	atomic64_set(&vm->kvm->arch.mmu.vmid.id, ++vmid);
	vm->kvm->arch.mmu.pgd_phys = __pa(vm->pgd);
	vm->kvm->arch.mmu.vtcr = VTCR;
	for (i = 0; i < GUEST_VCPUS; i++) {
		vm->vcpu[i].vm = vm;
		vm->vcpu[i].v = hk_vcpu_new(vm, i);
	}

	load_image(vm);
	for (i = 0; i < 512; i++)
		hk_map(vm, GUEST_IMAGE + i * PAGE_SIZE, vm->image + i * PAGE_SIZE);
	hk_map(vm, GUEST_IMAGE + PUPPET_KERNEL, vm->kernel);
	hk_map(vm, GUEST_DTB, vm->dtb);
	/* Last, so that it comes first: what the core has mapped is still there. */
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_action, vm), 0);
	return vm;
}

int hk_teardown(struct hk_vm *vm)
{
	unsigned long end = jiffies + HK_HANG;
	struct arm_smccc_res res;
	int status;

	/*
	 * One that another CPU looks at right now may keep its name, and hypsec-mod's worker looks
	 * at all that are dead: told again.
	 */
	do {
		status = hypsec_call_vm_teardown((unsigned long)vm->kvm, &res);
		cond_resched();
	} while (!status && (res.a1 || (hk_vm_state(vm) != HYPSEC_VM_NONE &&
					time_before(jiffies, end))));
	return status;
}

void hk_vm_end(struct hk_vm *vm)
{
	if (vm->ended)
		return;
	vm->ended = true;
	hk_put();
	KUNIT_EXPECT_EQ(vm->test, hk_teardown(vm), HYPSEC_OK);
	KUNIT_EXPECT_EQ(vm->test, hk_vm_state(vm), HYPSEC_VM_NONE);
}

/* --- its stage 2 --- */

static void set_entry(struct hk_vm *vm, u64 ipa, u64 pte)
{
	u64 n = (ipa - GUEST_IMAGE) / PAGE_SIZE, old;

	KUNIT_ASSERT_LT(vm->test, n, PTES);
	old = vm->pte[n];
	/* Break, flush, make. */
	WRITE_ONCE(vm->pte[n], 0);
	if (old & S2_VALID)
		hk_hvc(KVM_CALL(__kvm_tlb_flush_vmid_ipa), (u64)&vm->kvm->arch.mmu, ipa, 3);
	WRITE_ONCE(vm->pte[n], pte);
}

void hk_map_pa(struct hk_vm *vm, u64 ipa, phys_addr_t pa, u64 prot)
{
	set_entry(vm, ipa, pa | prot | S2_LEAF);
}

void hk_map(struct hk_vm *vm, u64 ipa, void *kva)
{
	hk_map_pa(vm, ipa, __pa(kva), HK_RW);
}

void hk_unmap(struct hk_vm *vm, u64 ipa)
{
	set_entry(vm, ipa, 0);
}

void *hk_page(struct hk_vm *vm, u64 ipa)
{
	u64 pte = vm->pte[(ipa - GUEST_IMAGE) / PAGE_SIZE];

	return pte & S2_VALID ? __va(pte & GENMASK(47, 12)) : NULL;
}
