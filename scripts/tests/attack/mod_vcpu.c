// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM's own structures show of a guest, and changing them under a running
 * guest. Two probes see every entry and exit: the last KVM function called
 * before the vCPU runs and the first one after.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <asm/esr.h>

#include "attack_mod.h"

#define MAX_CORRUPT	8

/* Taken by the probes, with interrupts off, and by ioctls. */
static DEFINE_RAW_SPINLOCK(hook_lock);
static struct corrupt_rule {
	struct attack_corrupt c;
	u64 seen, applied;
	u64 old, new;			/* ATTACK_DURING */
	void *changed;			/* where, while a guest runs */
} rules[MAX_CORRUPT];
static unsigned int nr_rules;
static struct attack_watch watch;	/* tgid 0: not watching */
static struct needle *watch_needle;

#define VCPU_FIELD(n, f)						\
	{ .base = ATTACK_OF_VCPU, .name = n,				\
	  .offset = offsetof(struct kvm_vcpu, f),			\
	  .size = sizeof_field(struct kvm_vcpu, f) }
#define KVM_FIELD(n, f)							\
	{ .base = ATTACK_OF_KVM, .name = n,				\
	  .offset = offsetof(struct kvm, f),				\
	  .size = sizeof_field(struct kvm, f) }
#define MMU_FIELD(n, f)							\
	{ .base = ATTACK_OF_MMU, .name = n,				\
	  .offset = offsetof(struct kvm_s2_mmu, f),			\
	  .size = sizeof_field(struct kvm_s2_mmu, f) }
#define SYSREG(n, r)	VCPU_FIELD(n, arch.ctxt.sys_regs[r])

static const struct attack_field fields[] = {
	VCPU_FIELD("regs", arch.ctxt.regs.regs),
	VCPU_FIELD("x0", arch.ctxt.regs.regs[0]),
	VCPU_FIELD("x1", arch.ctxt.regs.regs[1]),
	VCPU_FIELD("x2", arch.ctxt.regs.regs[2]),
	VCPU_FIELD("x3", arch.ctxt.regs.regs[3]),
	VCPU_FIELD("x19", arch.ctxt.regs.regs[19]),
	VCPU_FIELD("x30", arch.ctxt.regs.regs[30]),
	VCPU_FIELD("sp_el0", arch.ctxt.regs.sp),
	VCPU_FIELD("pc", arch.ctxt.regs.pc),
	VCPU_FIELD("pstate", arch.ctxt.regs.pstate),
	VCPU_FIELD("v8", arch.ctxt.fp_regs.vregs[8]),
	VCPU_FIELD("fp_regs", arch.ctxt.fp_regs),
	VCPU_FIELD("sys_regs", arch.ctxt.sys_regs),
	SYSREG("sctlr_el1", SCTLR_EL1),
	SYSREG("ttbr0_el1", TTBR0_EL1),
	SYSREG("ttbr1_el1", TTBR1_EL1),
	SYSREG("tcr_el1", TCR_EL1),
	SYSREG("vbar_el1", VBAR_EL1),
	SYSREG("mair_el1", MAIR_EL1),
	SYSREG("mpidr_el1", MPIDR_EL1),
	SYSREG("mdscr_el1", MDSCR_EL1),
	SYSREG("elr_el1", ELR_EL1),
	SYSREG("spsr_el1", SPSR_EL1),
	SYSREG("tpidr_el1", TPIDR_EL1),
	VCPU_FIELD("hw_mmu", arch.hw_mmu),
	VCPU_FIELD("hcr_el2", arch.hcr_el2),
	VCPU_FIELD("hcrx_el2", arch.hcrx_el2),
	VCPU_FIELD("mdcr_el2", arch.mdcr_el2),
	VCPU_FIELD("vsesr_el2", arch.vsesr_el2),
	VCPU_FIELD("esr_el2", arch.fault.esr_el2),
	VCPU_FIELD("far_el2", arch.fault.far_el2),
	VCPU_FIELD("hpfar_el2", arch.fault.hpfar_el2),
	VCPU_FIELD("disr_el1", arch.fault.disr_el1),
	VCPU_FIELD("cflags", arch.cflags),
	VCPU_FIELD("iflags", arch.iflags),
	VCPU_FIELD("sflags", arch.sflags),
	VCPU_FIELD("sve_state", arch.sve_state),
	VCPU_FIELD("sve_max_vl", arch.sve_max_vl),
	VCPU_FIELD("debug_ptr", arch.debug_ptr),
	VCPU_FIELD("vgic_hcr", arch.vgic_cpu.vgic_v3.vgic_hcr),
	VCPU_FIELD("vgic_vmcr", arch.vgic_cpu.vgic_v3.vgic_vmcr),
	VCPU_FIELD("vgic_sre", arch.vgic_cpu.vgic_v3.vgic_sre),
	VCPU_FIELD("vgic_ap1r0", arch.vgic_cpu.vgic_v3.vgic_ap1r[0]),
	VCPU_FIELD("vgic_lr0", arch.vgic_cpu.vgic_v3.vgic_lr[0]),
	VCPU_FIELD("vgic_used_lrs", arch.vgic_cpu.vgic_v3.used_lrs),
	VCPU_FIELD("vcpu_id", vcpu_id),
	VCPU_FIELD("vcpu_idx", vcpu_idx),
	VCPU_FIELD("kvm", kvm),
	KVM_FIELD("fgu", arch.fgu),
	KVM_FIELD("kvm_flags", arch.flags),
	KVM_FIELD("voffset", arch.timer_data.voffset),
	MMU_FIELD("vmid", vmid.id),
	MMU_FIELD("pgd_phys", pgd_phys),
	MMU_FIELD("vtcr", vtcr),
	MMU_FIELD("mmu_arch", arch),
};

int attack_field(struct attack_field *f)
{
	if (f->index >= ARRAY_SIZE(fields))
		return -ENOENT;
	f->base = fields[f->index].base;
	f->offset = fields[f->index].offset;
	f->size = fields[f->index].size;
	memcpy(f->name, fields[f->index].name, sizeof(f->name));
	return 0;
}

int attack_vcpu(struct attack_vcpu *v)
{
	struct file *file = fget(v->fd);
	struct kvm_vcpu *vcpu;
	int ret = -EINVAL;

	if (!file)
		return -EBADF;
	if (!strncmp(file->f_path.dentry->d_name.name, "kvm-vcpu:", 9)) {
		vcpu = file->private_data;
		v->vcpu = (u64)vcpu;
		v->kvm = (u64)vcpu->kvm;
		v->mmu = (u64)vcpu->arch.hw_mmu;
		v->vcpu_size = sizeof(*vcpu);
		v->kvm_size = sizeof(*vcpu->kvm);
		v->sve_state = (u64)vcpu->arch.sve_state;
		v->sve_size = v->sve_state ? vcpu_sve_state_size(vcpu) : 0;
		ret = 0;
	}
	fput(file);
	return ret;
}

/* Field of @size bytes at @p: new = (old & and) ^ xor. */
static void change(struct corrupt_rule *r, u8 *p)
{
	const struct attack_corrupt *c = &r->c;
	u64 v = 0;

	memcpy(&v, p, c->size);
	r->old = v;
	v = (v & c->and_mask) ^ c->xor_mask;
	memcpy(p, &v, c->size);
	r->new = 0;
	memcpy(&r->new, p, c->size);
	if (c->when == ATTACK_DURING)
		r->changed = p;
	r->applied++;
	watch.corrupted++;
}

static void put_back(void)
{
	struct corrupt_rule *r;
	u64 v;

	/* In reverse, should two rules name one field. */
	for (r = rules + nr_rules; r-- > rules;) {
		if (!r->changed || r->c.tgid != current->tgid)
			continue;
		v = 0;
		memcpy(&v, r->changed, r->c.size);
		if (v == r->new)
			memcpy(r->changed, &r->old, r->c.size);
		r->changed = NULL;
	}
}

static void apply_rules(struct kvm_vcpu *vcpu, bool entry)
{
	struct corrupt_rule *r;
	void *base[] = {
		[ATTACK_OF_VCPU] = vcpu,
		[ATTACK_OF_KVM] = vcpu->kvm,
		[ATTACK_OF_MMU] = vcpu->arch.hw_mmu,
	};

	for (r = rules; r < rules + nr_rules; r++) {
		if (entry != (r->c.when != ATTACK_AT_EXIT) || r->c.tgid != current->tgid)
			continue;
		if (r->c.ec_plus_1 &&
		    ESR_ELx_EC(vcpu->arch.fault.esr_el2) != r->c.ec_plus_1 - 1)
			continue;
		if (r->seen++ < r->c.skip || (r->c.count && r->applied >= r->c.count))
			continue;
		if (!r->changed)
			change(r, base[r->c.base] + r->c.offset);
	}
}

static void read_simd(u64 v[64])
{
	asm volatile(".arch_extension simd\n"
		     "st1 {v0.2d, v1.2d, v2.2d, v3.2d}, [%0], #64\n"
		     "st1 {v4.2d, v5.2d, v6.2d, v7.2d}, [%0], #64\n"
		     "st1 {v8.2d, v9.2d, v10.2d, v11.2d}, [%0], #64\n"
		     "st1 {v12.2d, v13.2d, v14.2d, v15.2d}, [%0], #64\n"
		     "st1 {v16.2d, v17.2d, v18.2d, v19.2d}, [%0], #64\n"
		     "st1 {v20.2d, v21.2d, v22.2d, v23.2d}, [%0], #64\n"
		     "st1 {v24.2d, v25.2d, v26.2d, v27.2d}, [%0], #64\n"
		     "st1 {v28.2d, v29.2d, v30.2d, v31.2d}, [%0], #64\n"
		     : "+r" (v) : : "memory");
}

static void watch_exit(struct kvm_vcpu *vcpu)
{
	struct needle_count ctxt = {}, live = {};
	u64 simd[64];

	watch.exits++;
	needle_search(watch_needle, &vcpu->arch.ctxt,
		      round_down(sizeof(vcpu->arch.ctxt), 8), &ctxt);
	read_simd(simd);
	needle_search(watch_needle, simd, sizeof(simd), &live);
	memzero_explicit(simd, sizeof(simd));
	watch.words_ctxt += ctxt.words;
	watch.words_live += live.words;
}

/* Both probed functions take the vCPU as their first argument. */
static int at_entry(struct kprobe *p, struct pt_regs *regs)
{
	raw_spin_lock(&hook_lock);
	apply_rules((struct kvm_vcpu *)regs->regs[0], true);
	raw_spin_unlock(&hook_lock);
	return 0;
}

static int at_exit(struct kprobe *p, struct pt_regs *regs)
{
	raw_spin_lock(&hook_lock);
	put_back();
	if (watch.tgid && watch.tgid == current->tgid)
		watch_exit((struct kvm_vcpu *)regs->regs[0]);
	apply_rules((struct kvm_vcpu *)regs->regs[0], false);
	raw_spin_unlock(&hook_lock);
	return 0;
}

static struct kprobe hooks[] = {
	{ .symbol_name = "kvm_arch_vcpu_ctxflush_fp", .pre_handler = at_entry },
	{ .symbol_name = "kvm_arm_clear_debug", .pre_handler = at_exit },
};

static size_t base_size(u32 base)
{
	switch (base) {
	case ATTACK_OF_VCPU:
		return sizeof(struct kvm_vcpu);
	case ATTACK_OF_KVM:
		return sizeof(struct kvm);
	case ATTACK_OF_MMU:
		return sizeof(struct kvm_s2_mmu);
	default:
		return 0;
	}
}

int attack_corrupt(const struct attack_corrupt *c)
{
	size_t size = base_size(c->base);
	unsigned long flags;
	int ret = -ENOSPC;

	if (!c->size || c->size > 8 || c->offset > size || c->size > size - c->offset ||
	    c->tgid <= 0 || c->when > ATTACK_DURING)
		return -EINVAL;
	raw_spin_lock_irqsave(&hook_lock, flags);
	if (nr_rules < MAX_CORRUPT) {
		rules[nr_rules++] = (struct corrupt_rule){ .c = *c };
		ret = 0;
	}
	raw_spin_unlock_irqrestore(&hook_lock, flags);
	return ret;
}

int attack_watch(const struct attack_watch *w)
{
	struct needle *n = kvmalloc(sizeof(*n), GFP_KERNEL), *old;
	unsigned long flags;

	if (!n)
		return -ENOMEM;
	if (w->tgid <= 0 || needle_init(n, &w->secret)) {
		kvfree(n);
		return -EINVAL;
	}
	raw_spin_lock_irqsave(&hook_lock, flags);
	old = watch_needle;
	watch_needle = n;
	watch = (struct attack_watch){ .tgid = w->tgid };
	raw_spin_unlock_irqrestore(&hook_lock, flags);
	kvfree(old);
	return 0;
}

void attack_result(struct attack_watch *w)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&hook_lock, flags);
	*w = watch;
	raw_spin_unlock_irqrestore(&hook_lock, flags);
}

/*
 * Ends watching and all corruption; the counts can still be read. For a guest
 * that has not left: call it when it has.
 */
void attack_stop(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&hook_lock, flags);
	watch.tgid = 0;
	nr_rules = 0;
	raw_spin_unlock_irqrestore(&hook_lock, flags);
}

int attack_hooks_init(void)
{
	int ret, i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		ret = register_kprobe(&hooks[i]);
		if (ret) {
			pr_err("attack: no probe at %s: %d\n", hooks[i].symbol_name, ret);
			while (i--)
				unregister_kprobe(&hooks[i]);
			return ret;
		}
	}
	return 0;
}

void attack_hooks_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		unregister_kprobe(&hooks[i]);
	kvfree(watch_needle);
}
