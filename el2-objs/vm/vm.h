/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMs and vCPUs as data: their table, how they begin and end, and the stage 2 that each has:
 * of an ordinary one the shadow of KVM's. vcpu/ runs them; kvm/ translates KVM's structures and
 * calls to these; pvm/ is what makes a VM protected.
 */
#ifndef HYPSEC_VM_H
#define HYPSEC_VM_H

#include "abi/hypsec_attest.h"
#include "abi/hypsec_guest.h"
#include "base/lock.h"
#include "base/percpu.h"
#include "own/own.h"

/* Entries of KVM's tables that are read at once: kvm_walk_around(). */
#define KVM_AROUND	16

/* EL1&0 system registers of a guest that are swapped at every switch. */
#define GUEST_SYSREGS(X) \
	X(MPIDR_EL1) X(SCTLR_EL1) X(TCR_EL1) X(PAR_EL1) X(CSSELR_EL1) X(DISR_EL1) \
	/* in the pairs of EL1_STATE (vcpu/run.h): */ \
	X(CPACR_EL1) X(CONTEXTIDR_EL1) X(TTBR0_EL1) X(TTBR1_EL1) X(AFSR0_EL1) X(AFSR1_EL1) \
	X(ESR_EL1) X(MAIR_EL1) X(FAR_EL1) X(VBAR_EL1) X(TPIDR_EL0) X(TPIDRRO_EL0) \
	X(TPIDR_EL1) X(CNTKCTL_EL1) X(MDSCR_EL1) X(SPSR_EL1) X(SP_EL1) X(ELR_EL1) \
	X(AMAIR_EL1) \
	/* only with the feature (vcpu/switch.c): */ \
	X(TCR2_EL1) X(PIR_EL1) X(PIRE0_EL1) X(POR_EL1) X(POR_EL0) \
	X(TFSR_EL1) X(TFSRE0_EL1) X(ZCR_EL1) \
	/* AArch32 guests: */ \
	X(DACR32_EL2) X(IFSR32_EL2) X(FPEXC32_EL2) X(DBGVCR32_EL2)

enum guest_sysreg {
#define X(r) GSR_##r,
	GUEST_SYSREGS(X)
#undef X
	GSR_COUNT
};

struct vcpu_regs {			/* offsets known to vcpu/enter.S */
	u64 x[31];
	u64 sp_el0;
	u64 pc;
	u64 pstate;
};

struct fp_state {
	unsigned __int128 v[32];
	u32 fpsr, fpcr;
} __attribute__((aligned(16)));

struct gic_state {
	u64 lr[16];
	u32 used_lrs;
	u32 vmcr;
	u64 hcr;			/* offered by the host; filtered by vcpu/gic.c */
	u32 ap0r[4], ap1r[4];
	bool sre;
	bool quiet;			/* vcpu/gic.c: this run switches next to nothing */
	bool vlpi;			/* GICv4: the host made this vCPU resident (ordinary VMs only) */
};

/* The return value of a run, as KVM numbers them (ARM_EXCEPTION_*). */
enum vcpu_exit { EXIT_IRQ = 0, EXIT_SERROR = 1, EXIT_TRAP = 2, EXIT_IL = 3 };
#define EXIT_SERROR_PENDING	BIT(31)	/* in an exit code: KVM's ARM_EXIT_WITH_SERROR_BIT */

/* vCPU power states of a protected VM (PSCI 6.6 AFFINITY_INFO). */
enum vcpu_power { VCPU_OFF, VCPU_ON_PENDING, VCPU_ON };

/* FGT registers, by index in struct vcpu.fgt */
enum fgt { FGT_HFGRTR, FGT_HFGWTR, FGT_HFGITR, FGT_HDFGRTR, FGT_HDFGWTR, FGT_HAFGRTR, FGT_COUNT };

struct debug_regs;

/**
 * struct vcpu - what a guest's registers are loaded from and saved to
 *
 * A protected VM's vCPUs live in core pages, one each. The vCPU of an ordinary
 * VM lives in the host's memory: each CPU has one struct vcpu that stands for
 * the one it runs now, and @r, @f, @keys, @debug point into the host's structure.
 */
struct vcpu {
	struct vcpu_regs regs;		/* must be first */
	u64 sr[GSR_COUNT];
	struct fp_state fp;
	struct gic_state gic;
	u64 apkey[10];			/* APIA, APIB, APDA, APDB, APGA: lo, hi */
	struct vm *vm;
	/* The fault of the last exit (Arm ARM D17.2 ESR/FAR/HPFAR_EL2). */
	u64 esr, far, hpfar, disr;
	/* EL2 controls the core computed for this run */
	u64 hcr, mdcr, cptr, cnthctl, hcrx;
	u64 fgt[8];			/* by enum fgt */
	bool extra;			/* vcpu_extra(): any of what few guests have */
	bool fp_loaded;			/* guest FP/SIMD is in the registers now */
	/* where registers really are; vcpu_run() sets them to @regs, @fp, @apkey */
	struct vcpu_regs *r;
	struct fp_state *f;
	u64 *keys;
	bool own_cntvoff;		/* protected VMs: @cntvoff replaces the host's CNTVOFF_EL2, */
	u64 cntvoff, midr;		/* @midr is MIDR_EL1 of all its vCPUs, */
	u64 cntv_cval, cntv_ctl;	/* and the virtual timer is what the guest made it */
	u32 sve_vl;			/* bytes; 0: no SVE */
	void *sve_buf;			/* protected: a page; ordinary: @sve_pa mapped, while fp_loaded */
	/* ordinary VMs only */
	pa_t sve_pa;			/* KVM's SVE buffer */
	struct debug_regs *debug;	/* NULL: the guest's breakpoints are not in use */
	u64 mdccint;
	u64 mte_rgsr, mte_gcr;		/* with HCR_EL2.ATA */
	u64 fpmr;			/* with HCRX_EL2.EnFPM */
	u64 vsesr;			/* with HCR_EL2.VSE */
	u64 poffset;			/* CNTPCT_EL0 reads as that much less */
	u64 pmu_host, pmu_guest;	/* event counters to stop and start around a run */
	/* kvm/ordinary.c: of which offers of the host @hcr, @mdcr, @hcrx, @fgt were made */
	struct {
		bool valid;
		u64 hcr, mdcr, hcrx;
	} offered;
	bool asked;			/* KVM was told of a fault: @esr, @hpfar of @vm, @host */
	/* what KVM's table had where it was looked at last: a hint (vm/shadow.c) */
	struct {
		u64 base, size, around[KVM_AROUND];
		u8 level;
	} seen;
	/* protected VMs only */
	u32 index;			/* of pvm->vcpu[], and in its MPIDR; set once */
	kva_t host;			/* the struct kvm_vcpu bound to it, 0: none yet */
	u32 power;			/* enum vcpu_power; changed with pvm->vcpus_lock held */
	u32 busy;			/* 1 while loaded on some CPU: compare-and-swap */
	u64 on_entry, on_context;	/* CPU_ON as the guest asked for it */
	struct vcpu *on_by;		/* who did, until the host has answered or it runs */
	u32 pending;			/* what the host's next entry completes: pvm/exits.c */
	u32 pending_reg;		/* Rt of a forwarded load or register read */
	u64 pending_esr;
	u64 host_mdscr;			/* MDSCR_EL1.SS, MDE: of the host's debugger, for this run */
	u64 shown_pc;			/* the pc that KVM's structure was left with */
	u32 token_left;			/* bytes of @token not fetched yet; 0: none asked for */
	struct hypsec_token *token;	/* behind this structure, in its page */
};

#define VCPU_SVE_MAX	64		/* bytes of a vector of a protected VM's */
#define VM_MAX_VCPUS	128		/* of a protected VM */
#define VM_MAX_RAM	16
#define VM_MAX		4095		/* ids, of which nr_vms are in use */

enum vm_state { VM_NONE, VM_ORDINARY, VM_PROTECTING, VM_PROTECTED, VM_DEAD };

/* How the host names a VM: all of it untrusted, copied in once. */
struct vm_identity {
	kva_t kvm;			/* struct kvm */
	kva_t mmu;			/* struct kvm_s2_mmu */
	u64 vmid_id;			/* mmu->vmid.id, 64 bits, unique per generation */
	pa_t pgd;			/* mmu->pgd_phys */
	u64 vtcr;			/* mmu->vtcr: only DS and T0SZ are used, both checked */
};

/**
 * struct shared - frames that a protected VM shares with its host
 *
 * Behind them are whatever pages the host has there, as behind an ordinary VM's. Their entries in
 * vm->s2 have S2_SHARED, are of level 3, and are a cache. Protected by vm->lock.
 */
struct shared {
	u64 base, size;			/* bytes, 2 MiB multiples; set once */
	u32 grants;
	u64 grant[HYPSEC_GRANTS];	/* IPAs of single frames, in no order */
};

struct vm {
	struct spinlock lock;		/* RANK_VM: s2, host walks, everything below unless said */
	u32 refs;			/* look-ups hold one */
	u16 id;				/* 1..nr_vms: in annotations, and its hardware VMID */
	u16 running;			/* vCPUs inside now, or on their way: atomic, without the lock */
	u32 state;			/* enum vm_state */
	struct vm_identity host;
	struct s2 s2;			/* what the hardware walks */
	u64 last_used;			/* for eviction of idle ordinary VMs */
	u64 private_pages;		/* atomic */
	u64 scan;			/* VM_DEAD: how far the return of its pages got */
	u64 flushes;			/* KVM's TLB calls, for it and the slot's VMs before */
	u64 hand;			/* where shadow_age() goes on: any IPA */
	struct pvm *pvm;		/* NULL: ordinary */
	/*
	 * By CPU, 1 + the index of the vCPU of a protected VM that ran there last, or 0: under its
	 * VMID that CPU has no other's translations or instructions. Goes with @pvm.
	 */
	u8 *ran;
	/* NULL: none, and never was. Set with vm->lock held, looked at without; goes with @pvm. */
	struct shared *shared;
	/* VM_DEAD: by its own PSCI call, or reset by its VMM: what is run next is a new VM */
	bool powered_off;
	bool told_waiting;		/* the log has it that the pool had no page for it */
	bool told_restored;		/* and that it was saved of a protected VM */
	u32 told_refused;		/* the log has why VM_PROTECT was refused: a bit a status */
	const char *end_reason;		/* VM_DEAD: why, for the log and securityfs */
};

/*
 * Upwards, by these names (../README): what a protected VM is made of. pvm/up.c.
 *
 * The key that its sealed frames need is gone. Locks: vm->lock, held.
 */
void vm_up_forget(struct vm *vm);
/* Frees all that is kept for a dead VM with no vCPU inside. Locks: vm->lock, held. */
void vm_up_free(struct vm *vm);
/*
 * Erases the vCPUs' registers, in memory too. @vm is dead, or the core broken; a vCPU may still be
 * inside, and goes on to use the rest: who leaves does it once more for itself.
 */
void vm_up_wipe(struct vm *vm);
/*
 * The page at @pa of a private frame, @frame as its annotation says, goes to the host as
 * ciphertext: pvm_seal(). HYPSEC_OK, HYPSEC_BUSY, HYPSEC_DENIED. Locks: vm->lock, held.
 */
int vm_up_seal(struct vm *vm, u64 frame, pa_t pa);

/* --- vm.c, end.c, drop.c --- */
/**
 * vms_init() - room for VMs, by the size of memory
 *
 * One for each 16 MiB of RAM, at least 64, at most VM_MAX, or 255 with VMIDs of 8 bits. Where all
 * is taken an ordinary VM that does not run loses its shadow, a cache, to one that does.
 * @wide: VMIDs have 16 bits: s2_wide_vmids()
 * Context: install, after pool_init().
 * Return: HYPSEC_OK, HYPSEC_NO_MEMORY.
 */
int __must_check vms_init(bool wide);
/* Ids from 1 to this one are in use. */
u32 vm_last_id(void);
/**
 * vm_get() - the VM the host means, with a reference
 * An unknown identity makes a new ordinary VM (evicting an idle one if the table
 * is full); a known ordinary one whose vmid_id changed gets an empty shadow. Where its kvm, pgd or
 * vtcr changed it is another VM: the one that had this mmu is evicted, killed first if it was
 * protected, and becomes unknown.
 * @over: out, where there is none: the VM of this name has ended itself, and not all of its pages
 * are back.
 * Return: VM, or NULL (no memory, no slot, or pages of the VM that has reset itself under this
 * name are on their way back): the host tries again.
 */
struct vm *vm_get(const struct vm_identity *id, bool *over);
/* False: no VM can have this identity, vm_get() will always be NULL. */
bool vm_identity_valid(const struct vm_identity *id);
/* The VM for TLB maintenance: NULL if unknown. */
struct vm *vm_find(kva_t mmu);
struct vm *vm_by_id(u16 id);
void vm_put(struct vm *vm);
/* One line in the log, the first time: the pool has no page for @vm, which waits. */
void vm_told_waiting(struct vm *vm);
/* The same: it is not run, being a saved protected VM that is restored (kvm/adjust.c). */
void vm_told_restored(struct vm *vm);
/* Ends a protected VM: dead at once, root emptied, VMID invalidated, keys wiped, one log line. */
void vm_kill(struct vm *vm, const char *why);
/* The same with vm->lock held. vm->pvm may be gone afterwards. */
void vm_kill_locked(struct vm *vm, const char *why);
/*
 * Before the host's reset or power-off: every protected VM ends, vCPUs inside are waited
 * for (bounded), and VM_PROTECT is refused. No lock held.
 */
void vm_close_all(const char *why);
bool vm_closing(void);
void vm_reopen(void);	/* firmware has refused: the host goes on */
/*
 * The same of a broken core, without a lock: no protected guest reaches memory any more,
 * wherever it runs. For pvm/scrub.c.
 */
void vm_cut_off(void);
/*
 * After one of the two, and last before the machine goes: no register of a protected guest is left,
 * of one that is inside neither, as it erases what it writes back. Without a lock if the core
 * is broken.
 */
void vm_wipe_all(void);
/* Frees what pvm/ holds of @vm if it is dead and no vCPU is inside. Takes vm->lock. */
void vm_reap(struct vm *vm);
/* A vCPU counts itself out of vm->running; the last one of a dead VM does vm_reap(). */
void vm_leave(struct vm *vm);
/* The host says @kvm is gone (HYPSEC_VM_TEARDOWN): a step. Return: HYPSEC_OK, HYPSEC_RESTART. */
int vm_teardown(kva_t kvm);
/*
 * The same without its pages, in bounded time: dead at once, and no longer known as @kvm, whose
 * memory the host may use for another.
 */
int vm_end(kva_t kvm);
/* Gives back some of what dead VMs own. Return: 0 if all is back, else about the pages left. */
u64 vm_reap_step(void);
/*
 * KVM has taken pages away from a VM of @kvm. Which pages those that have ended had for which
 * frames is not known any more, so all that are left return, zeroed: a device may be next to read
 * or write them. Return: HYPSEC_OK, HYPSEC_RESTART. No lock held.
 */
int vm_settle(kva_t kvm);
/* The host touched a private page: it gets it, sealed, or zeroed if its VM is dead. */
void vm_host_touch(pa_t pa, struct page_info pi);
/*
 * KVM has taken a page from an ordinary @vm, so its host may be short of memory: of the next few
 * entries of the shadow, in turn, those go whose AF is clear in KVM's table. KVM sees the use of a
 * page only when the shadow asks for it again: a host that clears access flags without a flush, as
 * MGLRU does, would else take what is in use for idle, and swap it out. Locks: vm->lock.
 */
void shadow_age(struct vm *vm);
/* What is to become of a guest's stage-2 fault. */
enum shadow_result {
	SHADOW_HOST,		/* @v->esr is the host's to answer, a fault of KVM's own table */
	SHADOW_AGAIN,		/* mapped, or over: enter the guest */
	SHADOW_ABORT,		/* KVM has there what no guest can have: an external abort */
};
/*
 * A stage-2 fault of an ordinary guest. SHADOW_HOST with EXIT_IRQ: the pool has no page for it.
 * Locks: takes vm->lock.
 */
enum shadow_result shadow_fault(struct vcpu *v, enum vcpu_exit *code);
/*
 * KVM was told of the last fault of @v, of an ordinary VM, and runs it again: what it has by now is
 * mapped before the guest comes back to the instruction, which else would fault a second time. A
 * hint: @v->hpfar and @v->esr may be any. Locks: takes vm->lock.
 */
void shadow_answered(struct vcpu *v);
/* shadow_fault() of a protected one, at a frame that it shares. Locks: vm->lock is held, and let go of. */
enum shadow_result shadow_fault_unlock(struct vcpu *v, enum vcpu_exit *code);
#ifdef CONFIG_HYPSEC_SHARE
/*
 * shared.c: is any frame in @size bytes from @ipa one that a protected @vm shares; and what
 * its table has of such frames there goes, for KVM to be asked again. Locks: vm->lock.
 */
bool vm_shares(const struct vm *vm, u64 ipa, u64 size);
void vm_drop_shared(struct vm *vm, u64 ipa, u64 size);
#else
static inline bool vm_shares(const struct vm *vm, u64 ipa, u64 size)
{
	return false;
}

static inline void vm_drop_shared(struct vm *vm, u64 ipa, u64 size)
{
}
#endif
/*
 * Drops every host-page mapping of every shadow, new epoch. False: the host has an interrupt, and
 * who comes next goes on with it; try again what it was for. No lock held.
 */
bool __must_check shadow_drop_all(void);

/* --- walk.c: the stage 2 that KVM keeps for a VM, in the host's memory --- */

/* One leaf of the table KVM keeps for a VM. */
struct kvm_leaf {
	/* HYPSEC_OK: valid leaf; RANGE: no valid entry; DENIED: a table page is not HOST memory */
	int status;
	u8 level;
	bool r, w, x, af;
	u8 memattr;		/* MemAttr[3:0] */
	pa_t pa;		/* of the block's or page's start */
	u64 size;
};
/* Walks KVM's stage 2 for @vm in host memory. Locks: caller holds vm->lock. */
struct kvm_leaf kvm_walk(const struct vm *vm, ipa_t ipa);
/*
 * The same. Where the walk ends at level 3, @around, if it is not NULL, gets the KVM_AROUND entries
 * of its table that start at a multiple of that, its own among them, as they are: kvm_page_leaf().
 * All are read once. @entry: the one of the leaf, as read.
 */
struct kvm_entry {
	pa_t pa;
	u64 pte;
};
struct kvm_leaf kvm_walk_around(const struct vm *vm, ipa_t ipa, u64 *around,
				struct kvm_entry *entry);
/* What an entry of @around says. */
struct kvm_leaf kvm_page_leaf(const struct vm *vm, u64 pte);
/*
 * An access sets its entry's AF, as VTCR_EL2.HA, which KVM sets, asks of a CPU (Arm ARM D8.5.1).
 * @entry: of a leaf that allows the access and has AF clear. False: nothing is changed, KVM does
 * without such CPUs, or has another entry there, or no table any more.
 * Locks: caller holds vm->lock.
 */
bool kvm_set_used(const struct vm *vm, const struct kvm_entry *entry);

#endif
