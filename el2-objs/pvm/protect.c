// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM_PROTECT: an ordinary VM becomes a protected one (README, States).
 *
 *   ordinary --guest call--> PROTECTING --image verified--> PROTECTED
 *                                 `-----refused, or anything else-----> DEAD
 *
 * While PROTECTING no vCPU runs. The one that asked carries the work: KVM runs it
 * again and again, each run does a piece, and returns to the host for an
 * interrupt or for a page that the host has not mapped yet.
 */
#include "pvm/priv.h"
#include "abi/hypsec_guest.h"
#include "base/check.h"
#include "base/core.h"
#include "base/irq.h"
#include "base/log.h"
#include "pgt/pgt.h"

#define FDT_MAGIC	0xd00dfeed
#define FDT_HEADER_SIZE	40

/* One line a VM for each kind: its guest may ask in a loop. */
static void tell_refused(struct vm *vm, int status, const char *why)
{
	u32 kind = BIT(-status);

	if (!(__atomic_fetch_or(&vm->told_refused, kind, __ATOMIC_RELAXED) & kind))
		hlog("vm %u: not protected: %s", vm->id, why);
}

/*
 * Everything that can be refused is, before anything changes. @why: out, with a refusal.
 * vm->lock held.
 */
static int protect_begin(struct vcpu *v, kva_t host_vcpu, u64 image, u64 dtb, const char **why)
{
	struct vm *vm = v->vm;
	u64 limit = BIT(vm->s2.ipa_bits);
	struct pvm *p;
	struct vcpu *boot;
	int i, ret;

	*why = "another vCPU has asked, or its host is ending it";
	/* Without a name no vCPU of it would run again, nor could the host end it: vm_end(). */
	if (vm->state != VM_ORDINARY || vm_closing() || !vm->host.mmu.v)
		return HYPSEC_STATE;
	*why = "another vCPU of it runs";
	/* Its registers are the host's, and would stay loaded. */
	if (vm->running != 1)
		return HYPSEC_BUSY;
	*why = "its image is not at a multiple of 2 MiB, or its device tree not of 8 bytes";
	if (!IS_ALIGNED(image, SZ_2M) || !IS_ALIGNED(dtb, 8))
		return HYPSEC_INVALID;
	*why = "its image or device tree is outside of its address space";
	if (!range_ok(image, PAGE_SIZE, limit) || !range_ok(dtb, PAGE_SIZE, limit))
		return HYPSEC_RANGE;
	*why = "the vCPU that asks is not one of the first 128";
	i = pvm_vcpu_index(v->sr[GSR_MPIDR_EL1] & MPIDR_AFF);
	if (i < 0)
		return HYPSEC_NOT_SUPPORTED;

	ret = pvm_alloc(vm, &p);
	*why = "the core has no random numbers";
	if (ret != HYPSEC_OK)
		return ret;
	p->cntvoff = this_cpu()->host_cntvoff;
	p->midr = pvm_cpus.midr;
	boot = p->vcpu[i] = pvm_vcpu_new(vm, p, i);
	if (!boot) {
		pvm_discard(vm, p);
		return HYPSEC_NO_MEMORY;
	}

	image_verify_init(&p->verify, image, limit, &core_install.policy);
	p->image = (struct pvm_range){ image, 0 };
	p->dtb_ipa = dtb;
	for (unsigned int id = 0; id < PVM_ID_COUNT; id++)
		p->id[id] = pvm_id_value(id, pvm_cpus.id[id], vm->s2.ipa_bits);
	p->cache_trap = pvm_cpus.cache_trap;
	boot->host = host_vcpu;
	boot->shown_pc = READ_ONCE(v->r->pc);
	boot->power = VCPU_ON;

	/*
	 * vCPUs enter without the lock (kvm/run.c): they count themselves, then look at
	 * the state. So the state first, then the count: one of the two sees the other.
	 */
	__atomic_store_n(&vm->state, VM_PROTECTING, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&vm->running, __ATOMIC_SEQ_CST) != 1) {
		__atomic_store_n(&vm->state, VM_ORDINARY, __ATOMIC_SEQ_CST);
		pvm_discard(vm, p);
		*why = "another vCPU of it runs";
		return HYPSEC_BUSY;
	}
	/* From here on nothing fails: the ordinary identity ends. */
	s2_drop(&vm->s2);
	/* From here on shadow_drop_all() passes it by, without the lock. */
	__atomic_store_n(&vm->s2.holds, true, __ATOMIC_RELEASE);
	vm->pvm = p;
	vm->ran = p->ran;
	vm->powered_off = false;
	return HYPSEC_OK;
}

/**
 * pvm_guest_call() - an HVC in our range, of an ordinary VM's vCPU
 * @v: the vCPU, its registers where vcpu.r says, past the HVC
 * @host_vcpu: the struct kvm_vcpu that runs
 * @code: exit code for the host, if the result is false
 *
 * Return: true: answered, enter the guest again; false: leave it.
 * Locks: takes vm->lock.
 */
bool pvm_guest_call(struct vcpu *v, kva_t host_vcpu, enum vcpu_exit *code)
{
	u32 fn = (u32)v->r->x[0];
	const char *why;
	u64 image, dtb;
	int ret;

	switch (fn) {
	case HYPSEC_GUEST_VERSION:
		v->r->x[1] = HYPSEC_ABI_VERSION;
		v->r->x[2] = 0;
		ret = HYPSEC_OK;
		break;
	case HYPSEC_GUEST_PROTECT:
		image = READ_ONCE(v->r->x[1]);
		dtb = READ_ONCE(v->r->x[2]);
		spin_lock(&v->vm->lock);
		ret = protect_begin(v, host_vcpu, image, dtb, &why);
		spin_unlock(&v->vm->lock);
		if (ret == HYPSEC_OK) {
			hlog("vm %u: asks for protection", v->vm->id);
			*code = EXIT_IRQ;
			return false;
		}
		if (ret == HYPSEC_NO_MEMORY) {
			/*
			 * Nothing is wrong with the guest: it makes this call again. The host
			 * sees a WFE and may sleep (pvm_show_wait()); it skips that, to the HVC.
			 */
			vm_told_waiting(v->vm);
			v->r->pc -= 8;
			v->esr = HYPSEC_ESR_WAIT;
			*code = EXIT_TRAP;
			return false;
		}
		tell_refused(v->vm, ret, why);
		break;
	case HYPSEC_GUEST_RAM ... HYPSEC_GUEST_REVOKE:
		ret = HYPSEC_STATE;
		break;
	default:
		ret = HYPSEC_NOT_SUPPORTED;
		break;
	}
	v->r->x[0] = (u64)(s64)ret;
	return true;
}

/* Pages of the image for auth/, one at a time. */
struct claim_source {
	struct image_source src;
	struct vcpu *v;
	bool mapped, lost;
};

/* @lost stays: a page that was not read whole has been taken for another. */
static void source_close(struct claim_source *c)
{
	if (c->mapped && slot_unmap(SLOT_PAGE) != HYPSEC_OK)
		c->lost = true;
	c->mapped = false;
}

/* Makes the page at @ipa the VM's, and readable here. */
static int source_open(struct claim_source *c, u64 ipa, const void **va)
{
	pa_t pa;
	int ret;

	source_close(c);
	ret = pvm_claim(c->v, IPA(ipa), false, &pa);
	if (ret != HYPSEC_OK)
		return ret;
	*va = slot_map_private(pa, c->v->vm->id);
	if (!*va)
		return HYPSEC_BUSY;	/* sealed by the host's touch meanwhile: once more */
	c->mapped = true;
	return HYPSEC_OK;
}

static int source_page(struct image_source *src, u64 offset, bool keep,
		       const void **va)
{
	struct claim_source *c = container_of(src, struct claim_source, src);
	u64 ipa = c->v->vm->pvm->image.base + offset;

	if (keep)
		return source_open(c, ipa, va);
	source_close(c);
	*va = NULL;
	return pvm_claim(c->v, IPA(ipa), true, NULL);
}

static u32 be32(const u8 *b)
{
	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

/*
 * The device tree keeps its contents: the stub reads it as hostile input. Claimed
 * so that it stays what the stub has checked.
 */
static int step_dtb(struct vcpu *v, struct claim_source *c)
{
	struct pvm *p = v->vm->pvm;
	u64 first = p->dtb_ipa & PAGE_MASK, size, end;
	const void *va;
	const u8 *h;
	int ret;

	if (!p->dtb.size) {
		ret = source_open(c, first, &va);
		if (ret != HYPSEC_OK)
			return ret;
		h = (const u8 *)va + (p->dtb_ipa - first);	/* 8 bytes: aligned */
		size = be32(h + 4);
		if (be32(h) != FDT_MAGIC || size < FDT_HEADER_SIZE || size > HYPSEC_DTB_MAX)
			return HYPSEC_INVALID;
		end = ALIGN_UP(p->dtb_ipa + size, PAGE_SIZE);
		if (end > p->verify.ipa_limit >> !!(p->verify.m.flags & HYPSEC_FLAG_RSI))
			return HYPSEC_RANGE;
		/* The stub's memory: it would overwrite what it reads. */
		if (first < p->image.base + p->image.size && p->image.base < end)
			return HYPSEC_RANGE;
		spin_lock(&v->vm->lock);
		p->dtb = (struct pvm_range){ first, end - first };
		spin_unlock(&v->vm->lock);
		p->dtb_done = PAGE_SIZE;
		p->dtb_size = size;
		return HYPSEC_RESTART;
	}
	if (p->dtb_done == p->dtb.size)
		return HYPSEC_OK;
	ret = pvm_claim(v, IPA(p->dtb.base + p->dtb_done), false, NULL);
	if (ret != HYPSEC_OK)
		return ret;
	p->dtb_done += PAGE_SIZE;
	return HYPSEC_RESTART;
}

/* One page of work, more or less: HYPSEC_RESTART until all is done. */
static int step(struct vcpu *v)
{
	struct claim_source c = { .src = { source_page }, .v = v };
	struct pvm *p = v->vm->pvm;
	int ret;

	ret = image_verify_step(&p->verify, &c.src);
	if (p->verify.verified) {
		WRITE_ONCE(p->to_verify, p->verify.m.mem_size);
		WRITE_ONCE(p->verified, p->verify.verified);
	}
	if (ret == HYPSEC_OK) {
		if (!p->image.size) {
			spin_lock(&v->vm->lock);
			p->image.size = p->verify.m.mem_size;
			spin_unlock(&v->vm->lock);
		}
		ret = step_dtb(v, &c);
	}
	source_close(&c);
	return c.lost ? HYPSEC_FAULT : ret;
}

static const char *refusal(const struct pvm *p, int status)
{
	if (status == HYPSEC_FAULT)
		return "a memory error in a page of its image";
	if (p->verify.error != IMG_OK)
		return image_error_text(p->verify.error);
	switch (status) {
	case HYPSEC_NO_MEMORY:
		return "no memory to protect it";
	case HYPSEC_BAD_SIGNATURE:
		return "the host gave back another page than it was given";
	case HYPSEC_DENIED:
		return "the host backs its image with a page that is not its own, or no RAM";
	default:
		return "device tree: no, too large, or misplaced";
	}
}

/* The verified stub, entered in a state that the host had no part in. */
static int enter(struct vcpu *v)
{
	struct vm *vm = v->vm;
	struct pvm *p = vm->pvm;
	int ret = HYPSEC_DEAD;

	spin_lock(&vm->lock);
	if (vm->state == VM_PROTECTING) {
		pvm_vcpu_reset(v, p->image.base + p->verify.m.entry, p->dtb_ipa,
			       p->dtb_size, p->image.base);
		p->flags = p->verify.m.flags;
		/* Who sees this, without the lock, sees what was set above: pvm_run(). */
		__atomic_store_n(&vm->state, VM_PROTECTED, __ATOMIC_RELEASE);
		ret = HYPSEC_OK;
	}
	spin_unlock(&vm->lock);
	if (ret == HYPSEC_OK) {
		pvm_log_name(vm, "signer", p->verify.id.signer);
		pvm_log_name(vm, "identity", p->verify.id.vm);
		hlog("vm %u: protected, image %lx, %lu KiB%s", vm->id, p->image.base,
		     p->image.size >> 10, pvm_debuggable(vm) ? ", the host may debug it" : "");
	}
	return ret;
}

/**
 * pvm_protect_step() - carry VM_PROTECT on
 * @v: the vCPU that asked
 *
 * Host interrupts are looked for after each page: at most one page's hash
 * (90,000 instructions) or the signature (510,000) between two.
 * Return: HYPSEC_OK: protected, @v is ready to run; HYPSEC_RESTART: the host
 * has an interrupt; HYPSEC_EXIT: the host must map or donate a page, @v shows which;
 * else the VM is dead.
 */
int pvm_protect_step(struct vcpu *v)
{
	struct pvm *p = v->vm->pvm;
	enum vcpu_exit code;
	int ret;

	for (;;) {
		ret = step(v);
		if (ret == HYPSEC_OK)
			return enter(v);
		if (ret == HYPSEC_EXIT)
			return ret;
		if (ret == HYPSEC_BUSY)
			return HYPSEC_RESTART;
		if (ret == HYPSEC_NO_MEMORY) {
			pvm_show_wait(v, &code);
			return HYPSEC_EXIT;
		}
		if (ret != HYPSEC_RESTART)
			break;
		if (host_irq_pending())
			return HYPSEC_RESTART;
	}
	if (p->verify.error == IMG_SIGNER || p->verify.error == IMG_OLD)
		pvm_log_name(v->vm, "signer", p->verify.id.signer);
	if (ret != HYPSEC_DEAD)
		vm_kill(v->vm, refusal(p, ret));
	return HYPSEC_DEAD;
}
