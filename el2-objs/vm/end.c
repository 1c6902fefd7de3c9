// SPDX-License-Identifier: GPL-2.0-only
/*
 * How VMs end, and how a dead one's pages come back.
 */
#include "vm/table.h"
#include "base/check.h"
#include "base/log.h"
#include "pool/pool.h"

#define RECLAIM_STEP	64		/* pages of a dead VM given back between two looks */
#define SCAN_STEP	256		/* entries looked at to find them; tables freed in one step */
#define LEAVE_SPINS	100000		/* far more than an exit takes */

void vm_reap_locked(struct vm *vm)
{
	if (vm->state == VM_DEAD && vm->pvm &&
	    !__atomic_load_n(&vm->running, __ATOMIC_SEQ_CST))
		vm_up_free(vm);
}

void vm_reap(struct vm *vm)
{
	spin_lock(&vm->lock);
	vm_reap_locked(vm);
	spin_unlock(&vm->lock);
}

void vm_leave(struct vm *vm)
{
	__atomic_fetch_sub(&vm->running, 1, __ATOMIC_SEQ_CST);
	/* Whoever ended it meanwhile has left the rest to the last vCPU. */
	if (unlikely(__atomic_load_n(&vm->state, __ATOMIC_SEQ_CST) == VM_DEAD))
		vm_reap(vm);
}

void vm_kill_locked(struct vm *vm, const char *why)
{
	CHECK(spin_held(&vm->lock));
	if (vm->state == VM_PROTECTING || vm->state == VM_PROTECTED) {
		/* Who sees it dead looks for what it owns. */
		if (READ_ONCE(vm->private_pages))
			__atomic_fetch_add(&vms_owing, 1, __ATOMIC_SEQ_CST);
		/* The state first, then the count: who leaves does it the other way round. */
		__atomic_store_n(&vm->state, VM_DEAD, __ATOMIC_SEQ_CST);
		vm->end_reason = why;
		/* No vCPU runs on: those inside, or on their way, fault and leave. */
		s2_drop(&vm->s2);
		tlb_flush_vmid(&vm->s2);
		/* Before its first page returns: pvm/sealed.c. */
		icache_inval_all();
		vm_up_forget(vm);
		vm_reap_locked(vm);
		hlog("vm %u: ended: %s", vm->id, why);
	}
}

void vm_kill(struct vm *vm, const char *why)
{
	spin_lock(&vm->lock);
	vm_kill_locked(vm, why);
	spin_unlock(&vm->lock);
}

/* Calls between vm_close_all() and vm_reopen(): one that is refused must not undo another's. */
static u32 closing;

bool vm_closing(void)
{
	return __atomic_load_n(&closing, __ATOMIC_SEQ_CST);
}

void vm_close_all(const char *why)
{
	u16 id;

	__atomic_fetch_add(&closing, 1, __ATOMIC_SEQ_CST);
	dsb(ish);
	/*
	 * VM_PROTECT looks at it with vm->lock held: what it made before is seen here, as
	 * vm_kill() takes that lock; what comes after is refused.
	 */
	for (id = 1; id <= nr_vms; id++) {
		unsigned int spins;
		struct vm *vm;

		vm = vm_by_id(id);
		if (!vm)
			continue;
		vm_kill(vm, why);
		/* Those inside fault at their next access, and leave; in a WFI there is none. */
		for (spins = 0; READ_ONCE(vm->running) && spins < LEAVE_SPINS; spins++)
			cpu_relax();
		vm_reap(vm);
		vm_put(vm);
	}
}

void vm_reopen(void)
{
	__atomic_fetch_sub(&closing, 1, __ATOMIC_SEQ_CST);
}

void vm_cut_off(void)
{
	u32 i, n;

	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];

		if (!vm->pvm || !vm->s2.root)
			continue;
		for (n = 0; n < (PAGE_SIZE / 8) << vm->s2.root_order; n++)
			WRITE_ONCE(vm->s2.root[n], 0);
	}
	/* All VMIDs, so that VTTBR_EL2 need not be switched; twice: pgt/tlb.c, FLUSH_DONE. */
	dsb(ish);
	tlbi(alle1is);
	dsb(ish);
	tlbi(alle1is);
	dsb(ish);
	isb();
}

void vm_wipe_all(void)
{
	bool broken = READ_ONCE(core_broken);
	u32 i;

	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];

		if (!broken)
			spin_lock(&vm->lock);
		if (broken || vm->state == VM_DEAD)
			vm_up_wipe(vm);
		if (!broken)
			spin_unlock(&vm->lock);
	}
}

/* Pages of a dead VM. With the last one nobody has to look for it any more. */
static void came_back(struct vm *vm, u32 pages)
{
	if (!__atomic_sub_fetch(&vm->private_pages, pages, __ATOMIC_RELEASE))
		__atomic_fetch_sub(&vms_owing, 1, __ATOMIC_RELEASE);
}

void vm_host_touch(pa_t pa, struct page_info pi)
{
	struct vm *vm = vm_by_id(pi.vm);
	struct page_info now;

	if (!vm)
		return;
	spin_lock(&vm->lock);
	/* What the record said may have changed before the lock was taken. */
	now = own_lookup(pa);
	if (now.state == PG_PRIVATE && now.vm == vm->id) {
		if (vm->state != VM_DEAD)
			(void)vm_up_seal(vm, now.frame, pa);	/* busy: the host tries again */
		else if (own_return(pa, vm->id, now.frame) == HYPSEC_OK)
			came_back(vm, 1);
	}
	spin_unlock(&vm->lock);
	vm_put(vm);
}

/*
 * Gives back what a dead VM owns, found by a walk of the record. A piece at a time:
 * vm->scan says how far it got. Return: HYPSEC_OK when done, or HYPSEC_RESTART.
 */
static int return_pages(struct vm *vm)
{
	u32 looks, returned = 0;

	for (looks = 0; looks < SCAN_STEP && returned < RECLAIM_STEP; looks++) {
		pa_t pa = PA(READ_ONCE(vm->scan));
		struct page_info pi;
		u64 size;

		if (pa.v >= pa_limit || !READ_ONCE(vm->private_pages)) {
			vm->scan = 0;
			/* Another CPU gives some back, which this scan has passed. */
			return READ_ONCE(vm->private_pages) ? HYPSEC_RESTART : HYPSEC_OK;
		}
		pi = own_lookup(pa);
		size = level_size(pi.level);
		if (pi.state == PG_PRIVATE && pi.vm == vm->id) {
			bool block = size == SZ_2M && IS_ALIGNED(pa.v, SZ_2M);
			int ret = block ? own_return_block(pa, vm->id, pi.frame) :
				own_return(pa, vm->id, pi.frame);
			u32 pages;

			/* A memory error: all but its page come back. */
			if (block && ret == HYPSEC_FAULT) {
				block = false;
				ret = own_return(pa, vm->id, pi.frame);
			}
			pages = block ? PAGES_2M : 1;
			/* In a slot of another CPU for a moment, or split meanwhile: once more. */
			if (ret == HYPSEC_BUSY || ret == HYPSEC_STATE)
				return HYPSEC_RESTART;
			if (ret == HYPSEC_OK)
				came_back(vm, pages);
			returned += pages;
			/* The middle of a block that has been joined behind the scan. */
			if (!block)
				size = PAGE_SIZE;
		}
		vm->scan = ALIGN_DOWN(pa.v, size) + size;
	}
	return HYPSEC_RESTART;
}

int vm_settle(kva_t kvm)
{
	u32 i;

	for (i = 0; __atomic_load_n(&vms_owing, __ATOMIC_ACQUIRE) && i < nr_vms; i++) {
		struct vm *vm = &vms[i];
		int ret = HYPSEC_OK;

		if (!READ_ONCE(vm->private_pages) || vm->host.kvm.v != kvm.v || !vm_ref(vm))
			continue;
		if (vm->state == VM_DEAD && vm->host.kvm.v == kvm.v)
			ret = return_pages(vm);
		vm_put(vm);
		if (ret)
			return ret;
	}
	return HYPSEC_OK;
}

/* A VM whose image was never there in full has no other line in the log. */
static void let_go(struct vm *vm, const char *why)
{
	bool early = READ_ONCE(vm->state) == VM_PROTECTING;

	vm_kill(vm, early ? "gone before all of its image was there (larger than its RAM?)" : why);
}

static int teardown_one(struct vm *vm)
{
	int ret = HYPSEC_OK;

	let_go(vm, "the host tore it down");
	if (vm->state == VM_DEAD) {
		vm_reap(vm);
		ret = return_pages(vm);
	}
	return ret;
}

int vm_teardown(kva_t kvm)
{
	u32 i, gone = 0;

	if (!kvm.v)
		return HYPSEC_INVALID;
	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];
		int ret;

		if (vm->host.kvm.v != kvm.v || !vm_ref(vm))
			continue;
		ret = vm->host.kvm.v == kvm.v ? teardown_one(vm) : HYPSEC_OK;
		vm_put(vm);
		if (ret)
			return ret;
		spin_lock(&vms_lock);
		if (vm->host.kvm.v == kvm.v)
			gone += vm_evict(vm);
		spin_unlock(&vms_lock);
		/* The host makes as many as it likes under one name, one after another. */
		if (gone == EVICT_STEP)
			return HYPSEC_RESTART;
	}
	return trash_step(SCAN_STEP) ? HYPSEC_RESTART : HYPSEC_OK;
}

int vm_end(kva_t kvm)
{
	bool named;
	u32 i;

	if (!kvm.v)
		return HYPSEC_INVALID;
	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[i];

		if (vm->host.kvm.v != kvm.v || !vm_ref(vm))
			continue;
		/*
		 * First the name, then the end: a vCPU that is inside may ask for protection in
		 * between, and finds that no name is left to run it by, or is ended too.
		 */
		spin_lock(&vms_lock);
		named = vm->host.kvm.v == kvm.v;
		if (named) {
			vm->host.kvm = KVA(0);
			vm->host.mmu = KVA(0);
		}
		spin_unlock(&vms_lock);
		if (named)
			let_go(vm, "its host has let go of it");
		vm_put(vm);
		spin_lock(&vms_lock);
		/* With pages to come back, or a vCPU inside, it stays, by its id alone. */
		if (named)
			vm_evict(vm);
		spin_unlock(&vms_lock);
	}
	return HYPSEC_OK;
}

u64 vm_reap_step(void)
{
	/* Each VM in turn: one with a page that is in use now does not hold up the others. */
	static u32 turn;
	u32 first = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED), i;
	bool worked = false;
	u64 left = 0;

	for (i = 0; i < nr_vms; i++) {
		struct vm *vm = &vms[(first + i) % nr_vms];

		if (READ_ONCE(vm->state) == VM_NONE ||
		    (vm->state == VM_ORDINARY && vm->host.kvm.v) || !vm_ref(vm))
			continue;
		if (vm->state == VM_DEAD) {
			vm_reap(vm);
			if (!worked && READ_ONCE(vm->private_pages)) {
				(void)return_pages(vm);
				worked = true;
			}
			left += READ_ONCE(vm->private_pages);
		}
		vm_put(vm);
		spin_lock(&vms_lock);
		/* One that the host can still run keeps its slot: a dead one's next run fails. */
		if (vm->state != VM_NONE && vm_unnamed(vm) && !vm_evict(vm))
			left++;
		spin_unlock(&vms_lock);
	}
	if (!left && trash_step(RECLAIM_STEP))
		left++;
	return left;
}
