// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of VMs. An ordinary VM is nothing but a shadow table, so its slot is
 * a cache entry: made when KVM runs a VM that is not known, given up when the slot
 * is needed or the host says that the VM is gone. A protected VM keeps its slot
 * until it owns no page.
 *
 * Reference: a user holds one in vm->refs. Who wants a slot for another VM
 * swaps 0 for VM_CLOSED, so that later users see that they came too late. Closed is a slot whose
 * VM is gone, and no other: to all who look, also for pages that a VM owns, there is nobody.
 */
#include "vm/table.h"
#include "base/check.h"
#include "base/irq.h"
#include "base/log.h"
#include "pool/pool.h"

static u64 clock;			/* VMs made so far: last_used is in these units */

/*
 * By a hash of its struct kvm_s2_mmu, the id of the VM that was found there last, or 0: a hint,
 * of any age, that spares a search.
 */
#define HINT_BITS	12
static u16 hints[BIT(HINT_BITS)];

static u16 *hint_of(kva_t mmu)
{
	return &hints[mmu.v * 0x9e3779b97f4a7c15UL >> (64 - HINT_BITS)];
}

bool vm_ref(struct vm *vm)
{
	if (likely(!(__atomic_fetch_add(&vm->refs, 1, __ATOMIC_ACQUIRE) & VM_CLOSED)))
		return true;
	__atomic_fetch_sub(&vm->refs, 1, __ATOMIC_RELEASE);
	return false;
}

void vm_put(struct vm *vm)
{
	u32 old = __atomic_fetch_sub(&vm->refs, 1, __ATOMIC_RELEASE);

	CHECK((old & ~VM_CLOSED) != 0);
}

static bool same_vm(const struct vm *vm, const struct vm_identity *id)
{
	/* No short cuts: nearly always they are, and a branch costs more than to compare. */
	return (vm->host.mmu.v == id->mmu.v) & (vm->host.kvm.v == id->kvm.v) &
	       (vm->host.pgd.v == id->pgd.v) & (vm->host.vtcr == id->vtcr);
}

#define IPA_BITS_MIN	32
#define IPA_BITS_MAX	52
#define SHADOW_BITS_MAX	48

static u8 ipa_bits(u64 vtcr)
{
	return (u8)(64 - FIELD(vtcr, 5, 0));
}

bool vm_identity_valid(const struct vm_identity *id)
{
	u8 bits = ipa_bits(id->vtcr);

	return id->kvm.v && id->mmu.v && bits >= IPA_BITS_MIN && bits <= IPA_BITS_MAX &&
	       IS_ALIGNED(id->pgd.v, PAGE_SIZE);
}

/* Locks: vms_lock. */
static struct vm *make_vm(const struct vm_identity *id)
{
	u8 bits = ipa_bits(id->vtcr);
	struct vm *vm;
	int ret;

	vm = vm_identity_valid(id) ? vm_find_slot() : NULL;
	if (!vm)
		return NULL;
	/*
	 * The input size is KVM's, so that the same addresses fault; but without LPA2 here
	 * nothing above 48 bits can be mapped (shadow.c refuses it).
	 */
	if (bits > SHADOW_BITS_MAX)
		bits = SHADOW_BITS_MAX;
	ret = s2_init(&vm->s2, bits, vm->id, HYPSEC_ACC_VM_S2);
	if (ret == HYPSEC_NO_MEMORY) {
		/*
		 * Other VMs' shadows are caches too: give up some that nobody uses. Where that is
		 * not enough the host tries again.
		 */
		u32 i, evicted;

		for (i = evicted = 0; i < nr_vms && evicted < EVICT_STEP; i++)
			evicted += (vms[i].state == VM_ORDINARY || vm_unnamed(&vms[i])) &&
				   vm_evict(&vms[i]);
		/* The pool frees what it needs of them. */
		ret = s2_init(&vm->s2, bits, vm->id, HYPSEC_ACC_VM_S2);
	}
	if (ret)
		return NULL;
	/* Where KVM does not trust them with that, as on CPUs with AC03_CPU_38, the core does not. */
	if (id->vtcr & S2_VTCR_HA)
		s2_track_use(&vm->s2);
	/* The VMID may be in TLBs still from its last user's root. */
	tlb_flush_vmid(&vm->s2);
	vm->host = *id;
	vm->flushes++;
	vm->running = 0;
	vm->private_pages = 0;
	vm->scan = 0;		/* the last VM here may have ended with a scan half done */
	vm->pvm = NULL;
	vm->powered_off = false;
	vm->told_waiting = false;
	vm->told_restored = false;
	vm->told_refused = 0;
	vm->last_used = ++clock;
	WRITE_ONCE(vm->state, VM_ORDINARY);
	/* Open, with the caller's reference. */
	__atomic_fetch_sub(&vm->refs, VM_CLOSED - 1, __ATOMIC_RELEASE);
	/* It can be found before an entry of KVM's table is read for it: kvm/hcalls.c, flush(). */
	dsb(ish);
	return vm;
}

/* KVM gave the VM another VMID: its TLB entries of before are to be forgotten. */
static void renew(struct vm *vm, u64 vmid_id)
{
	spin_lock(&vm->lock);
	if (vm->state == VM_ORDINARY && vm->host.vmid_id != vmid_id)
		s2_drop(&vm->s2);
	vm->host.vmid_id = vmid_id;
	spin_unlock(&vm->lock);
}

/*
 * The VM of this struct kvm has reset itself, or its VMM has, and not all of its pages are back.
 * The next one has them as its memory, and may tell a device to write to one: that would be gone
 * when the page is zeroed, at the first look of a CPU. Locks: vms_lock.
 */
static bool owes_pages(kva_t kvm)
{
	u32 i;

	for (i = 0; __atomic_load_n(&vms_owing, __ATOMIC_ACQUIRE) && i < nr_vms; i++) {
		if (vms[i].state == VM_DEAD && vms[i].powered_off &&
		    vms[i].host.kvm.v == kvm.v && READ_ONCE(vms[i].private_pages))
			return true;
	}
	return false;
}

/* @owes: out: owes_pages(), of the VM that has the name. Locks: vms_lock. */
static struct vm *lookup(const struct vm_identity *id, bool *owes)
{
	u32 i;

	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];

		if (vm->state == VM_NONE || vm->host.mmu.v != id->mmu.v)
			continue;
		if (same_vm(vm, id)) {
			/* What it owes was counted before it was dead. */
			if (__atomic_load_n(&vm->state, __ATOMIC_ACQUIRE) != VM_DEAD ||
			    !vm->powered_off || vm->running)
				return vm_ref(vm) ? vm : NULL;
			/*
			 * It ended itself: what runs next under its name is a new VM. Until then
			 * KVM's TLB calls are for it, and give back what KVM takes away.
			 */
			*owes = owes_pages(id->kvm);
			if (!*owes) {
				vm->host.mmu = KVA(0);
				vm_evict(vm);
			}
			continue;
		}
		/*
		 * The address has been reused for another VM: the one that had it
		 * cannot run again.
		 */
		if (vm->state == VM_ORDINARY || vm->state == VM_DEAD)
			vm_evict(vm);
		vm->host.mmu = KVA(0);
		if ((vm->state == VM_PROTECTING || vm->state == VM_PROTECTED) && vm_ref(vm))
			return vm;		/* vm_get() ends it and looks again */
	}
	return NULL;
}

/* Not the VM that ran here last, or it has changed. */
static __noinline struct vm *get_slowly(const struct vm_identity *id, bool *over)
{
	struct vm *vm;
	bool owes;

	for (;;) {
		spin_lock(&vms_lock);
		owes = false;
		vm = lookup(id, &owes);
		/* Two VMs with one name: KVM's calls would find either. lookup() decides. */
		owes = !vm && (owes || owes_pages(id->kvm));
		if (!vm && !owes)
			vm = make_vm(id);
		spin_unlock(&vms_lock);
		/* For as long as the host has no interrupt: its next try goes on with it. */
		while (owes && vm_settle(id->kvm) == HYPSEC_RESTART && !host_irq_pending())
			;
		*over = owes;
		if (!vm || same_vm(vm, id))
			break;
		vm_kill(vm, "the host reused its struct kvm");
		vm_put(vm);
	}
	this_cpu()->last_vm = vm;
	if (!vm)
		return NULL;
	if (vm->host.vmid_id != id->vmid_id)
		renew(vm, id->vmid_id);
	vm->last_used = READ_ONCE(clock);
	WRITE_ONCE(*hint_of(id->mmu), vm->id);
	return vm;
}

/* Of this name, or NULL: not the last one here, nor where it was found last. With a reference. */
static struct vm *hinted(kva_t mmu)
{
	struct vm *vm = this_cpu()->last_vm;
	u16 id;

	if (likely(vm && vm_ref(vm))) {
		if (likely(vm->host.mmu.v == mmu.v))
			return vm;
		vm_put(vm);
	}
	id = READ_ONCE(*hint_of(mmu));
	if (!id || !vm_ref(&vms[id - 1]))
		return NULL;
	vm = &vms[id - 1];
	if (vm->host.mmu.v == mmu.v) {
		this_cpu()->last_vm = vm;
		return vm;
	}
	vm_put(vm);
	return NULL;
}

struct vm *vm_get(const struct vm_identity *id, bool *over)
{
	struct vm *vm = hinted(id->mmu);

	/* Nearly always: no lock, and nothing that every run of every CPU would write. */
	if (likely(vm)) {
		/* A dead one too, unless lookup() has more to do about it: its VMM may ask all the time. */
		if (likely(same_vm(vm, id) && (vm->state != VM_DEAD || !READ_ONCE(vm->powered_off)) &&
			   vm->host.vmid_id == id->vmid_id)) {
			if (vm->last_used != READ_ONCE(clock))
				WRITE_ONCE(vm->last_used, clock);
			return vm;
		}
		vm_put(vm);
	}
	return get_slowly(id, over);
}

struct vm *vm_find(kva_t mmu)
{
	struct vm *vm = hinted(mmu);
	u32 i;

	if (vm)
		return vm;
	for (i = 0; i < nr_vms; i++) {
		vm = &vms[i];
		if (vm->host.mmu.v != mmu.v || !vm_ref(vm))
			continue;
		if (vm->host.mmu.v == mmu.v)
			return vm;
		vm_put(vm);
	}
	return NULL;
}

void vm_told_waiting(struct vm *vm)
{
	if (!__atomic_exchange_n(&vm->told_waiting, true, __ATOMIC_RELAXED))
		hlog("vm %u: waits for memory for its tables: donate pages", vm->id);
}

void vm_told_restored(struct vm *vm)
{
	if (!__atomic_exchange_n(&vm->told_restored, true, __ATOMIC_RELAXED))
		hlog("vm %u: not run: its VMM restores what it saved of a protected VM", vm->id);
}

struct vm *vm_by_id(u16 id)
{
	struct vm *vm;

	if (id < 1 || id > nr_vms)
		return NULL;
	vm = &vms[id - 1];
	if (!vm_ref(vm))
		return NULL;
	if (vm->state != VM_NONE)
		return vm;
	vm_put(vm);
	return NULL;
}
