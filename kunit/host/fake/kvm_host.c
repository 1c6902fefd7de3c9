// SPDX-License-Identifier: GPL-2.0-only
/* The host of kvm_host.h, and the parts of the core that vm.c and shadow.c call. */
#include "kvm_host.h"
#include "base/check.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "pvm/pvm.h"

#define __weak __attribute__((weak))

unsigned int pvm_freed, pvm_forgot, pvm_sealed, pvm_wiped, aborts;
bool abort_exec;
u64 abort_far;

static u8 pvm_stands_for[8];
struct pvm *const a_pvm = (struct pvm *)pvm_stands_for;

int irq_at = -1;

__weak bool host_irq_pending(void)
{
	return irq_at >= 0 && irq_at-- == 0;
}

static u64 start[HYPSEC_ACC_COUNT];
static u64 next_page;

__weak void pvm_free(struct vm *vm)
{
	assert_true(spin_held(&vm->lock));
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(vm->running, 0);
	assert_ptr_equal(vm->pvm, a_pvm);
	vm->pvm = NULL;
	pvm_freed++;
}

__weak void pvm_wipe(struct vm *vm)
{
	assert_true(core_broken || (spin_held(&vm->lock) && vm->state == VM_DEAD));
	pvm_wiped += vm->pvm == a_pvm;
}

__weak void pvm_forget(struct vm *vm)
{
	assert_true(spin_held(&vm->lock));
	assert_ptr_equal(vm->pvm, a_pvm);
	pvm_forgot++;
}

/* As pvm/sealed.c, with a cipher that a test can read. */
static int seal_work(void *page, void *arg)
{
	(void)arg;
	memset(page, 0xc1, PAGE_SIZE);
	return HYPSEC_OK;
}

__weak int pvm_seal(struct vm *vm, u64 frame, pa_t pa)
{
	u64 ia = frame << PAGE_SHIFT;
	int ret;

	assert_true(spin_held(&vm->lock) && vm->state != VM_DEAD);
	ret = own_seal(pa, vm->id, frame, seal_work, NULL);
	if (ret)
		return ret;
	s2_replace(&vm->s2, ia, s2_lookup(&vm->s2, ia).pte, 2);
	vm->private_pages--;
	pvm_sealed++;
	return HYPSEC_OK;
}

u64 invalidated, invalidated_size;
int invalidate_status;
bool invalidate_kills;

/* With HYPSEC_RESTART it has done a page. */
__weak int pvm_invalidate(struct vm *vm, u64 *start, u64 *size)
{
	assert_true(!spin_held(&vm->lock) && vm->refs);
	if (invalidate_kills)
		vm_kill(vm, "meanwhile");
	invalidated = *start;
	invalidated_size = *size;
	if (invalidate_status == HYPSEC_RESTART) {
		*start += PAGE_SIZE;
		*size -= PAGE_SIZE;
	}
	return invalidate_status;
}

unsigned int aged;

__weak void shadow_age(struct vm *vm)
{
	assert_true(spin_held(&vm->lock) && vm->state == VM_ORDINARY);
	aged++;
}

unsigned int restarts;

void hcall_restart(struct percpu *cpu)
{
	(void)cpu;
	restarts++;
}

void vcpu_inject_abort(struct vcpu *v, bool iabt, u64 far)
{
	(void)v;
	assert_int_equal(this_cpu()->ranks_held, 0);
	aborts++;
	abort_exec = iabt;
	abort_far = far;
}

/* Where vcpu/cpu.c is not linked nobody needs it. */
__weak void cpu_run_init(void)
{
}

/* As vcpu/exit.c. */
__weak bool vcpu_faulted(struct vcpu *v, enum shadow_result what)
{
	if (what == SHADOW_ABORT)
		vcpu_inject_abort(v, v->esr >> 26 == 0x20, v->far);
	return what != SHADOW_HOST;
}

int kvm_host_boot(void **state)
{
	u32 i;

	(void)state;
	machine_reset(5);		/* 48 bits */
	machine_boot();
	assert_int_equal(vms_init(false), HYPSEC_OK);
	/* For so many at once there are pages. */
	assert_true(nr_vms >= 64);
	nr_vms = 64;
	cpu_run_init();
	/* The TLB model follows the first VMs; there is no room in it for all. */
	for (i = 0; i < 7; i++)
		tlb_watch(&vms[i].s2);
	return 0;
}

static void empty_trash(void)
{
	while (trash_step(64))
		;
}

/* Stamps that the last test left would make a claim fail now, or when their number comes round. */
static void clear_stamps(void)
{
	struct s2_leaf leaf;
	u64 pa;

	drop_all();
	for (pa = MEM_BASE; pa < MEM_BASE + MEM_SIZE; pa = ALIGN_DOWN(pa, leaf.size) + leaf.size) {
		leaf = s2_lookup(&host_s2, pa);
		if ((leaf.pte & S2_VALID) && (leaf.pte & S2_SW))
			s2_replace(&host_s2, pa, leaf.pte, leaf.pte & ~S2_SW);
	}
}

int kvm_host_begin(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(vms_in(VM_NONE), nr_vms);
	clear_stamps();
	empty_trash();
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		start[i] = pool_account(i);
	for (i = 0; i < FAKE_CPUS; i++) {
		cpu_switch(i);
		this_cpu()->last_vm = NULL;
	}
	cpu_switch(0);
	next_page = KVM_TABLES;
	pvm_freed = pvm_forgot = pvm_sealed = restarts = 0;
	invalidate_status = HYPSEC_OK;
	invalidate_kills = false;
	aborts = 0;
	irq_at = -1;
	return 0;
}

/* What the host can do about any VM: it tears them all down, and every page comes back. */
int kvm_host_end(void **state)
{
	unsigned int i, owing = 0;

	(void)state;
	lock_hook = NULL;
	pte_hook = NULL;
	cpu_switch(0);
	for (i = 0; i < nr_vms; i++)
		owing += vms[i].state == VM_DEAD && vms[i].private_pages;
	assert_int_equal(vms_owing, owing);
	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];

		if (vm->state == VM_NONE)
			continue;
		assert_int_equal(vm->refs, 0);
		while (vm->state != VM_NONE && vm_teardown(vm->host.kvm) == HYPSEC_RESTART)
			;
		assert_int_equal(vm->state, VM_NONE);
	}
	assert_int_equal(vms_owing, 0);
	empty_trash();
	for (i = 0; i < HYPSEC_ACC_COUNT; i++)
		assert_int_equal(pool_account(i), start[i]);
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_false(tlb_stale(~0UL));
	return 0;
}

unsigned int vms_in(u32 s)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr_vms; i++)
		n += vms[i].state == s;
	return n;
}

u64 kvm_page(void)
{
	u64 pa = next_page;

	next_page += PAGE_SIZE;
	memset(raw(pa), 0, PAGE_SIZE);
	return pa;
}

/* As KVM's stage2_pgtable_levels(): up to 16 tables side by side at the top. */
u8 kvm_start_level(unsigned int bits)
{
	if (bits > 43)
		return 0;
	return bits > 34 ? 1 : 2;
}

static unsigned int level_bits(u8 level)
{
	return 39 - 9 * level;
}

struct vm_identity kvm_vm(unsigned int n, unsigned int bits)
{
	u64 linear = 0xffff000000000000UL;
	struct vm_identity id = {
		.kvm = KVA(linear + 0x100000 + n * 0x4000),
		.mmu = KVA(linear + 0x100400 + n * 0x4000),
		.vmid_id = 0x10000 + n,
		.vtcr = VTCR(bits),
	};
	unsigned int top = level_bits(kvm_start_level(bits)) + 9, i;

	/* Tables side by side are aligned to their size. */
	if (bits > top)
		next_page = ALIGN_UP(next_page, PAGE_SIZE << (bits - top));
	id.pgd = PA(kvm_page());
	for (i = 1; bits > top && i < 1U << (bits - top); i++)
		kvm_page();
	return id;
}

struct vm *kvm_get(const struct vm_identity *id)
{
	bool over;
	struct vm *vm = vm_get(id, &over);

	assert_int_equal(this_cpu()->ranks_held, 0);
	return vm;
}

struct vm *kvm_ran(const struct vm_identity *id)
{
	struct vm *vm = kvm_get(id);

	assert_non_null(vm);
	vm_put(vm);
	return vm;
}

void protect(struct vm *vm)
{
	assert_int_equal(vm->state, VM_ORDINARY);
	spin_lock(&vm->lock);
	s2_drop(&vm->s2);
	vm->s2.holds = true;
	vm->pvm = a_pvm;
	vm->state = VM_PROTECTED;
	spin_unlock(&vm->lock);
}

void give_private(struct vm *vm, u64 pa, u64 frame)
{
	spin_lock(&vm->lock);
	assert_int_equal(own_claim(PA(pa), vm->id, frame, true), HYPSEC_OK);
	vm->private_pages++;
	assert_int_equal(s2_map(&vm->s2, frame << PAGE_SHIFT, PA(pa), PAGE_SIZE,
				S2_R | S2_W | S2_MEMATTR_WB), HYPSEC_OK);
	spin_unlock(&vm->lock);
}

void kvm_flushes(const struct vm_identity *id)
{
	for (u32 i = 0; i < nr_vms; i++)
		if (vms[i].host.mmu.v == id->mmu.v)
			vms[i].flushes++;
}

u64 *kvm_entry(const struct vm_identity *id, u64 ipa, u8 level)
{
	unsigned int bits = 64 - (id->vtcr & 0x3f);
	u8 l = kvm_start_level(bits);
	u64 table = id->pgd.v, mask = BIT(bits) - 1;

	/* Above pages KVM breaks, calls, and makes. */
	if (level < 3)
		kvm_flushes(id);
	for (;; l++) {
		u64 *entry = (u64 *)raw(table) + ((ipa & mask) >> level_bits(l));

		if (l == level)
			return entry;
		if (!*entry)
			*entry = kvm_page() | S2_TABLE | S2_VALID;
		assert_int_equal(*entry & 3, 3);
		table = *entry & GENMASK(47, 12);
		mask = BIT(level_bits(l)) - 1;
	}
}
