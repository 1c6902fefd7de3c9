// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shadow stage 2 of an ordinary VM: a software TLB of the table that KVM
 * keeps; and of a protected VM, the frames that it shares with its host. A fault
 * is answered from that table; what the table cannot answer is KVM's to handle, and
 * is described to it as a fault on its own table.
 *
 * The walk and the installation happen under vm->lock, which KVM's TLB calls take
 * too: after such a call no mapping, and no walk, of before is left.
 */
#include "vm/vm.h"
#include "base/check.h"
#include "base/sysreg.h"
#include "pool/pool.h"

/* Memory types KVM uses; anything else becomes Device, which is only slow. */
static u64 memattr(u8 attr, bool fwb)
{
	u64 wb = fwb ? S2_MEMATTR_WB_FWB : S2_MEMATTR_WB;

	if ((u64)attr << 2 == wb || attr == 5)		/* write-back, or Normal non-cacheable */
		return (u64)attr << 2;
	return S2_MEMATTR_DEVICE_nGnRE;
}

/* Of a protected VM nothing is executed that the host writes, and each such entry is known. */
static u64 leaf_attr(const struct vcpu *v, const struct kvm_leaf *leaf)
{
	return (leaf->r ? S2_R : 0) | (leaf->w ? S2_W : 0) | (leaf->x ? 0 : S2_XN) |
	       memattr(leaf->memattr, v->hcr & HCR_FWB) |
	       (v->vm->s2.holds ? S2_XN | S2_SHARED : 0);
}

/* Is what the VM's table has for @ipa KVM's to say? If not, the fault is over: it comes again. */
static bool answers(const struct vm *vm, u64 ipa)
{
	return vm->state == VM_ORDINARY ||
	       (vm->state == VM_PROTECTED && vm_shares(vm, ipa, PAGE_SIZE));
}

static bool allows(const struct kvm_leaf *leaf, u64 esr)
{
	if (esr & ESR_S1PTW)		/* a permission fault of a walk is its update of a flag */
		return (esr & ESR_FSC_TYPE) == FSC_PERM ? leaf->w : leaf->r;
	if (ESR_EC(esr) == EC_IABT_LOW)
		return leaf->x;
	if ((esr & ESR_WNR) && !(esr & ESR_CM))
		return leaf->w;
	return leaf->r;
}

/*
 * KVM decides by the fault's type and level between changing its entry and making
 * one, so both must be those of KVM's table, not of ours (or it does nothing, and
 * the guest faults for ever).
 */
static int forward(struct vcpu *v, u64 type, u8 level)
{
	v->esr = (v->esr & ~ESR_FSC) | type | level;
	return HYPSEC_EXIT;
}

static int map_leaf(struct vcpu *v, u64 ipa, const struct kvm_leaf *leaf, pa_t *page)
{
	struct s2 *s2 = &v->vm->s2;
	u64 offset = ALIGN_DOWN(ipa, PAGE_SIZE) & (leaf->size - 1);
	u64 max = leaf->size < SZ_1G ? leaf->size : SZ_1G, attr = leaf_attr(v, leaf);
	s64 size;
	int ret;

	/* A block would be one of a protected VM's own: they come with a page for their split. */
	if (s2->holds)
		max = PAGE_SIZE;
	if (!share_ok(v->vm->id)) {
		if (s2->holds)
			return HYPSEC_NO_MEMORY;
		/* What it has is a cache: it gives that back first. */
		s2_drop(s2);
		if (!share_ok(v->vm->id))
			return HYPSEC_NO_MEMORY;
	}
	/* Both start where a block of that size may: they agree below it (walk.c). */
	*page = PA(leaf->pa.v + offset);
	size = own_stamp(*page, max);
	if (size < 0)
		return (int)size;
	ret = s2_map(s2, ALIGN_DOWN(ipa, size), PA(ALIGN_DOWN(page->v, size)), size, attr);
	if (ret == HYPSEC_NO_MEMORY && !s2->holds) {
		/*
		 * The shadow is a cache: what it has now may be the wrong part. The pool
		 * frees of it as many pages as the second try needs.
		 */
		s2_drop(s2);
		ret = s2_map(s2, ALIGN_DOWN(ipa, size), PA(ALIGN_DOWN(page->v, size)), size, attr);
	}
	return ret;
}

/* Of an entry at level 3: a page that KVM knows to be in use. */
#define PAGE_IN_USE	(S2_VALID | S2_TABLE | S2_AF)

/*
 * As a TLB fetches a line of entries: what KVM has next to the page, where the shadow has nothing.
 * After a drop, of which a host that ages pages may need many, each fault brings back KVM_AROUND
 * pages. One whose AF is clear stays out: its first use is for KVM to see.
 */
static void map_around(struct vcpu *v, u64 ipa)
{
	u64 at = ALIGN_DOWN(ipa, KVM_AROUND * PAGE_SIZE), page[KVM_AROUND];
	const u64 *there = s2_entry(&v->vm->s2, at), *around = v->seen.around;
	struct kvm_leaf leaf;
	bool any = false;
	u32 i;

	for (i = 0; i < KVM_AROUND; i++) {
		page[i] = 0;
		if (there[i] || (around[i] & PAGE_IN_USE) != PAGE_IN_USE ||
		    !answers(v->vm, at + i * PAGE_SIZE))
			continue;
		leaf = kvm_page_leaf(v->vm, around[i]);
		if (!range_ok(leaf.pa.v, PAGE_SIZE, pa_limit))
			continue;
		page[i] = leaf.pa.v | leaf_attr(v, &leaf);
		any = true;
	}
	if (!any)
		return;
	/* What is not the host's stays out. */
	own_stamp_pages(page, KVM_AROUND);
	s2_fill(&v->vm->s2, at, page, KVM_AROUND);
}

/* Where the walk has ended, for seen_empty(): below a hole, or next to what else is in a table. */
static void see(struct vcpu *v, u64 ipa, const struct kvm_leaf *leaf)
{
	v->seen.level = leaf->level;
	v->seen.size = leaf->status == HYPSEC_RANGE ? level_size(leaf->level) : 0;
	if (leaf->level == 3 && (leaf->status == HYPSEC_OK || leaf->status == HYPSEC_RANGE))
		v->seen.size = KVM_AROUND * PAGE_SIZE;
	v->seen.base = ALIGN_DOWN(ipa, v->seen.size);
}

/*
 * KVM's table had nothing there when it was last looked at for this vCPU. That is a hint, as KVM
 * makes no call when it fills an entry. Told of a fault that is none KVM leaves its entry as it
 * is, and shadow_answered() looks at the table: it happens once.
 */
static bool seen_empty(const struct vcpu *v, u64 ipa)
{
	return ipa - v->seen.base < v->seen.size &&
	       (v->seen.level < 3 ||
		!(v->seen.around[(ipa >> PAGE_SHIFT) % KVM_AROUND] & S2_VALID));
}

/* @beside: what is around it in KVM's table is mapped, too. */
static int resolve(struct vcpu *v, u64 ipa, pa_t *page, bool beside)
{
	struct kvm_entry entry;
	struct kvm_leaf leaf;
	int ret;

	if (!answers(v->vm, ipa))
		return HYPSEC_OK;
	leaf = kvm_walk_around(v->vm, IPA(ipa), v->seen.around, &entry);
	see(v, ipa, &leaf);
	if (leaf.status != HYPSEC_OK)
		return forward(v, FSC_TRANS, leaf.level);
	if (!leaf.af && !(allows(&leaf, v->esr) && kvm_set_used(v->vm, &entry)))
		return forward(v, FSC_ACCESS, leaf.level);
	if (!allows(&leaf, v->esr))
		return forward(v, FSC_PERM, leaf.level);
	ret = map_leaf(v, ipa, &leaf, page);
	if (ret == HYPSEC_OK && beside && leaf.size == PAGE_SIZE)
		map_around(v, ipa);
	return ret;
}

#define AGE_LOOKS	32	/* entries and holes, for one that is mapped */
#define AGE_GROUPS	4	/* of KVM_AROUND pages: so many are new to a CPU for one that goes */

/*
 * A page or block that the VM has, and whose AF is clear in KVM's entry, if @kvm_has it: either hardware tells
 * whether it has been used, or it leaves the shadow and the next use tells.
 */
static void age(struct vm *vm, u64 at, u64 size, const struct kvm_entry *entry, bool kvm_has)
{
	if (!kvm_has || !s2_tracks_use(&vm->s2))
		s2_unmap(&vm->s2, at, size);
	else if (s2_take_used(&vm->s2, at))
		(void)kvm_set_used(vm, entry);
}

/* The next of them. False: there was none within AGE_LOOKS. */
static bool age_group(struct vm *vm)
{
	u64 around[KVM_AROUND], at = vm->hand, size;
	struct kvm_entry entry;
	struct kvm_leaf leaf;
	struct s2 *s2 = &vm->s2;
	unsigned int looks, i;

	for (looks = 0; ; looks++) {
		struct s2_leaf there;

		if (looks == AGE_LOOKS || at >> s2->ipa_bits) {
			vm->hand = at >> s2->ipa_bits ? 0 : at;
			return false;
		}
		there = s2_lookup(s2, at);
		size = there.size;
		if (there.pte & S2_VALID)
			break;
		at = ALIGN_DOWN(at, size) + size;
	}
	leaf = kvm_walk_around(vm, IPA(at), around, &entry);
	if (size == PAGE_SIZE && leaf.level == 3 &&
	    (leaf.status == HYPSEC_OK || leaf.status == HYPSEC_RANGE)) {
		at = ALIGN_DOWN(at, KVM_AROUND * PAGE_SIZE);
		entry.pa.v = ALIGN_DOWN(entry.pa.v, sizeof(around));
		for (i = 0; i < KVM_AROUND; i++, at += PAGE_SIZE, entry.pa.v += sizeof(*around)) {
			entry.pte = around[i];
			if ((around[i] & PAGE_IN_USE) != PAGE_IN_USE &&
			    (s2_lookup(s2, at).pte & S2_VALID))
				age(vm, at, PAGE_SIZE, &entry,
				    ((around[i] | S2_AF) & PAGE_IN_USE) == PAGE_IN_USE);
		}
	} else {
		at = ALIGN_DOWN(at, size);
		if (leaf.status != HYPSEC_OK || !leaf.af)
			age(vm, at, size, &entry, leaf.status == HYPSEC_OK && leaf.size == size);
		at += size;
	}
	vm->hand = at;
	return true;
}

void shadow_age(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < AGE_GROUPS && age_group(vm); i++)
		;
}

enum shadow_result shadow_fault_unlock(struct vcpu *v, enum vcpu_exit *code)
{
	u64 type = v->esr & ESR_FSC_TYPE, ipa = HPFAR_IPA(v->hpfar);
	struct vm *vm = v->vm;
	struct page_info pi;
	pa_t page = PA(0);
	int ret;

	ret = resolve(v, ipa, &page, true);
	/* An entry that allows it is there: what the CPU faulted on is an older one. */
	if (ret == HYPSEC_OK && type == FSC_PERM)
		tlb_flush_ipa(&vm->s2, ipa & PAGE_MASK);
	spin_unlock(&vm->lock);

	switch (ret) {
	case HYPSEC_OK:
		return SHADOW_AGAIN;
	case HYPSEC_EXIT:
		v->asked = true;
		return SHADOW_HOST;
	case HYPSEC_NO_MEMORY:
		/* The host tops the pool up between two runs. */
		vm_told_waiting(vm);
		*code = EXIT_IRQ;
		return SHADOW_HOST;
	}

	/* KVM maps a page that is not the host's any more. */
	pi = own_lookup(page);
	if (pi.state == PG_PRIVATE) {
		vm_host_touch(page, pi);
		return SHADOW_AGAIN;
	}
	if (pi.state == PG_HOST || pi.state == PG_MOVING)
		return SHADOW_AGAIN;
	return SHADOW_ABORT;
}

enum shadow_result shadow_fault(struct vcpu *v, enum vcpu_exit *code)
{
	u64 type = v->esr & ESR_FSC_TYPE, ipa = HPFAR_IPA(v->hpfar);
	struct vm *vm = v->vm;

	if (type != FSC_TRANS && type != FSC_ACCESS && type != FSC_PERM)
		return SHADOW_HOST;
	if (ipa >> vm->s2.ipa_bits) {
		/* Past KVM's IPA space it injects the fault; inside, we cannot map it. */
		if (!(ipa >> (64 - FIELD(vm->host.vtcr, 5, 0))))
			*code = EXIT_IL;
		return SHADOW_HOST;
	}
	if (type == FSC_TRANS && seen_empty(v, ipa)) {
		(void)forward(v, FSC_TRANS, v->seen.level);
		v->asked = true;
		return SHADOW_HOST;
	}
	spin_lock(&vm->lock);
	return shadow_fault_unlock(v, code);
}

void shadow_answered(struct vcpu *v)
{
	u64 ipa = HPFAR_IPA(v->hpfar);
	struct vm *vm = v->vm;
	pa_t page;

	/* Of another VM, that had its place and more bits of address. */
	if (ipa >> vm->s2.ipa_bits)
		return;
	spin_lock(&vm->lock);
	/*
	 * Whatever stands against it, the guest faults once more and hears of it then. That one
	 * page is new: what is beside it came with the faults before.
	 */
	(void)resolve(v, ipa, &page, false);
	spin_unlock(&vm->lock);
}
