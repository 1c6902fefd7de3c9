/* SPDX-License-Identifier: GPL-2.0-only */
/* Protected VMs: what pvm/ keeps of one, and what its files offer each other. */
#ifndef PVM_PRIV_H
#define PVM_PRIV_H

#include "pvm/pvm.h"
#include "auth/auth.h"
#include "base/check.h"
#include "base/esr.h"
#include "base/sysreg.h"
#include "seal/seal.h"

/* ID registers that a protected guest may read as something but zero. */
#define PVM_ID_REGS(X) \
	X(PFR0, 0, 4, 0) X(PFR1, 0, 4, 1) X(ZFR0, 0, 4, 4) X(DFR0, 0, 5, 0) \
	X(ISAR0, 0, 6, 0) X(ISAR1, 0, 6, 1) X(ISAR2, 0, 6, 2) \
	X(MMFR0, 0, 7, 0) X(MMFR1, 0, 7, 1) X(MMFR2, 0, 7, 2) \
	X(CTR, 3, 0, 1)			/* not an ID_ register, but as constant */

enum pvm_id {
#define X(name, op1, crm, op2) PVM_ID_##name,
	PVM_ID_REGS(X)
#undef X
	PVM_ID_COUNT
};
_Static_assert(PVM_ID_COUNT <= CPU_ID_REGS, "struct percpu.id_regs");

struct pvm_range {
	u64 base, size;
};

/**
 * struct pvm - the protected side of a VM
 *
 * Made by VM_PROTECT, freed by pvm_free() once no vCPU is inside. Protected by
 * vm->lock, but for what is marked: set once, before the VM is PROTECTED.
 */
struct pvm {
	/* NULL: never asked for. Set once, with vcpus_lock held, looked at without; own pages. */
	struct vcpu *vcpu[VM_MAX_VCPUS];
	struct spinlock vcpus_lock;		/* RANK_VCPUS: their host, power, on_* */
	u8 ran[HYPSEC_MAX_CPUS];		/* vm->ran */
	u64 cntvoff, midr;			/* set once: of all vCPUs */
	u32 sve_vl;				/* set once: bytes, 0: no SVE */
	u64 id[PVM_ID_COUNT];			/* set once */
	u64 cache_trap;				/* set once: pvm_cpus */
	u64 flags;				/* set once: HYPSEC_FLAG_*, verified */
	/* The image and device tree as VM_PROTECT found them: RAM too. */
	struct pvm_range image, dtb;		/* set once */
	struct pvm_range ram[VM_MAX_RAM];
	u32 nr_ram;
	struct shared shared;			/* vm->shared, once it has something in it */
	u8 rem[HYPSEC_REMS][HYPSEC_REM_SIZE];	/* a Realm's extensible measurements */
	/* Progress of VM_PROTECT: touched by the vCPU that asked, and no other. */
	struct image_verify verify;
	u64 dtb_ipa, dtb_size, dtb_done;	/* bytes; dtb_size is as stated in it */
	u64 verified, to_verify;		/* bytes; written by that vCPU, read by any: no lock */
	struct seal seal;
};

/*
 * A frame of a protected VM is what its entry in the VM's stage 2 says, under vm->lock: nothing
 * (0: never touched), valid (private: mapped, and the page's annotation names the frame), or
 * invalid and not 0: sealed, with this counter, or given up by a Realm (FRAME_EMPTY), which aborts
 * until the guest takes it back. Entries of the last three kinds are of level 3.
 */
#define FRAME_EMPTY		BIT(63)		/* no counter gets there: SEAL_COUNTER_MAX */
#define FRAME_SEALED(counter)	((counter) << 1)
static inline u64 frame_counter(u64 pte)	/* 0: not sealed */
{
	return pte & (S2_VALID | FRAME_EMPTY) ? 0 : pte >> 1;
}

/* What an exit shows the host and takes from it: pvm/exposure.def. */
enum pvm_exposure {
#define EXPOSE(name, ...) SHOW_##name,
#include "pvm/exposure.def"
#undef EXPOSE
	SHOW_COUNT
};

/* The VM's signer lets its host debug it: no such word is taken before it is verified. */
static inline bool pvm_debuggable(const struct vm *vm)
{
#ifdef CONFIG_HYPSEC_GUEST_DEBUG
	return unlikely(vm->pvm->flags & HYPSEC_FLAG_DEBUG);
#else
	return false;
#endif
}

/* All that is private, and devices, lie below. A Realm's upper half is not private. */
static inline u64 pvm_private_end(const struct vm *vm)
{
	return BIT(vm->s2.ipa_bits - !!(vm->pvm->flags & HYPSEC_FLAG_RSI));
}

/* --- pvm/exits.c --- */
/* vcpu_run()'s handler for protected vCPUs. */
bool pvm_exit(struct vcpu *v, enum vcpu_exit *code);
/* Ends the VM for @why; returns false, for use as a handler's result. */
bool pvm_die(struct vcpu *v, const char *why, enum vcpu_exit *code);
/* The same when the VM is dead already. */
bool pvm_is_dead(struct vcpu *v, enum vcpu_exit *code);

/* --- pvm/exposure.c --- */
/* Leave the guest showing @what; returns false, for use as a handler's result. */
bool pvm_show(struct vcpu *v, enum pvm_exposure what, enum vcpu_exit *code);
/* The same for a RAM fault: a write, without syndrome, of fault status @fsc. */
void pvm_show_fault(struct vcpu *v, ipa_t ipa, u64 fsc);
/*
 * The pool has no page for @v's VM: the guest leaves, and comes back to what it did. The host
 * sees a WFE, which yields the CPU, and which hypsec-mod makes a sleep.
 */
bool pvm_show_wait(struct vcpu *v, enum vcpu_exit *code);
/* Fills what the host sees of @v's last exit; clears what it offered. */
enum vcpu_exit pvm_expose(const struct vcpu *v, struct host_io *io);
/* Applies what the host may answer to @v's last exit, and forgets that exit. */
void pvm_accept(struct vcpu *v, const struct host_io *io);

/* --- pvm/debug.c: nothing at all, unless the VM's manifest says HYPSEC_FLAG_DEBUG --- */
#ifdef CONFIG_HYPSEC_GUEST_DEBUG
/* Before a run, after the controls: what the host's debugger wants of @v. */
void pvm_debug_load(struct vcpu *v, const struct host_io *io);
/* After it: what it is shown; @v is without anything of the debugger's again. */
void pvm_debug_unload(struct vcpu *v, struct host_io *io);
/* A breakpoint, watchpoint, software step or BRK that came to EL2. */
bool pvm_debug_exit(struct vcpu *v, enum vcpu_exit *code);
#else
static inline void pvm_debug_load(struct vcpu *v, const struct host_io *io)
{
	v->host_mdscr = 0;
}

static inline void pvm_debug_unload(struct vcpu *v, struct host_io *io)
{
}

static inline bool pvm_debug_exit(struct vcpu *v, enum vcpu_exit *code)
{
	vcpu_inject_undef(v);
	return true;
}
#endif

/* --- pvm/fault.c --- */
bool pvm_in_ram(const struct pvm *p, u64 ipa, u64 size);
int pvm_add_ram(struct vm *vm, u64 base, u64 size);
/**
 * pvm_claim() - make the page behind a guest frame the VM's, and map it
 * @v: the vCPU that needs it
 * @ipa: page aligned, in RAM
 * @zero: false: keep the contents the host put there
 * @pa: out, may be NULL
 *
 * A frame that is mapped already stays as it is.
 * Return: HYPSEC_OK; HYPSEC_EXIT the host must map a page first, @v shows the
 * fault; HYPSEC_BUSY; HYPSEC_NO_MEMORY; HYPSEC_DENIED the host offers a page
 * that is not its own; HYPSEC_DEAD.
 * Locks: takes vm->lock.
 */
int pvm_claim(struct vcpu *v, ipa_t ipa, bool zero, pa_t *pa);
/* The guest needs the frame at @ipa, in RAM. True: it has it now, and does what it did again. */
bool pvm_ram_fault(struct vcpu *v, ipa_t ipa, enum vcpu_exit *code);
bool pvm_abort(struct vcpu *v, enum vcpu_exit *code);
/* Takes vm->lock, behind others that zero 2 MiB each. False: the host's interrupts come first. */
bool __must_check pvm_lock(struct vm *vm);

/* --- pvm/sealed.c; pvm_seal() and pvm_invalidate() are in pvm.h --- */
/*
 * pvm_unseal() - the page that the host has for a sealed frame becomes the VM's
 * @entry: the frame's entry, as it is
 * @pa: what the host offers
 *
 * Return: HYPSEC_OK: private, and not mapped yet: the entry is 0; HYPSEC_BAD_SIGNATURE: not the
 * page that was sealed last: it is the host's still, zeroed; else as own_claim().
 * Locks: caller holds vm->lock.
 */
int pvm_unseal(struct vm *vm, ipa_t ipa, u64 entry, pa_t pa);

/*
 * pvm_give() - the page of a private frame goes to the host as it is: the guest shares it
 *
 * The frame's entry is 0 then. Return, locks: as pvm_seal().
 */
int pvm_give(struct vm *vm, u64 frame, pa_t pa);

/* --- pvm/shared.c --- */
#ifdef CONFIG_HYPSEC_SHARE
/*
 * HYPSEC_GUEST_SHARE, _GRANT and _REVOKE: abi/hypsec_guest.h has arguments and results. Others:
 * HYPSEC_DEAD, and of REVOKE what pvm_claim() says of the page that the host has. Take vm->lock.
 */
int pvm_share(struct vm *vm, u64 base, u64 size);
int pvm_grant(struct vm *vm, u64 ipa);
int pvm_revoke(struct vcpu *v, u64 ipa);
/* A stage-2 abort at a frame that is shared: as pvm_abort(). vm->lock is held, and let go of. */
bool pvm_shared_abort(struct vcpu *v, enum vcpu_exit *code);
#else
static inline int pvm_share(struct vm *vm, u64 base, u64 size)
{
	return HYPSEC_NOT_SUPPORTED;
}

static inline int pvm_grant(struct vm *vm, u64 ipa)
{
	return HYPSEC_NOT_SUPPORTED;
}

static inline int pvm_revoke(struct vcpu *v, u64 ipa)
{
	return HYPSEC_NOT_SUPPORTED;
}

/* vm_shares() says that there are none. It would have to let go of vm->lock. */
static inline bool pvm_shared_abort(struct vcpu *v, enum vcpu_exit *code)
{
	CHECK(false);
	return false;
}
#endif

/* --- pvm/relinquish.c --- */
#ifdef CONFIG_HYPSEC_RELINQUISH
/**
 * pvm_relinquish() - HYPSEC_GUEST_RELINQUISH
 * @ipa: of the first frame
 * @pages: how many
 * @done: out: how many of them, from the first on, are as if never touched; the rest is as it was
 *
 * Return: HYPSEC_OK: at least one; else none: HYPSEC_INVALID unaligned or none asked for;
 * HYPSEC_RANGE not RAM; HYPSEC_BUSY; HYPSEC_NO_MEMORY; HYPSEC_DEAD.
 * Locks: takes vm->lock.
 */
int pvm_relinquish(struct vm *vm, u64 ipa, u64 pages, u64 *done);
/* The same, and the frames abort from then on: FRAME_EMPTY. They may be that already. */
int pvm_empty(struct vm *vm, u64 ipa, u64 pages, u64 *done);
#else
static inline int pvm_relinquish(struct vm *vm, u64 ipa, u64 pages, u64 *done)
{
	return HYPSEC_NOT_SUPPORTED;
}
#endif

/* --- pvm/rsi.c --- */
#ifdef CONFIG_HYPSEC_RSI
/* An SMC of a Realm with a function of abi/hypsec_rsi.h, at the instruction. */
bool pvm_rsi(struct vcpu *v, u32 fn, enum vcpu_exit *code);
#else
/* No image that asks for it is verified. */
static inline bool pvm_rsi(struct vcpu *v, u32 fn, enum vcpu_exit *code)
{
	return pvm_die(v, "a Realm", code);
}
#endif

/* --- pvm/mmio.c --- */
/* True if @esr, of a data abort outside RAM, is one the host can emulate. */
bool mmio_forwardable(u64 esr);
/* What a store writes: the bytes accessed and no others. */
u64 mmio_store_value(u64 esr, u64 reg);
/* What a load leaves in its register, of whatever the host offers. */
u64 mmio_load_value(u64 esr, u64 offered);

/* --- pvm/psci.c, pvm/smccc.c, pvm/sysreg.c --- */
bool pvm_call(struct vcpu *v, enum vcpu_exit *code);
bool pvm_psci(struct vcpu *v, u32 fn, enum vcpu_exit *code);
/* The host's answer @ret to a forwarded CPU_ON. */
void psci_cpu_on_done(struct vcpu *v, u64 ret);
/* Architectural reset state, and where to start. Caller: vm->lock or sole owner. */
void pvm_vcpu_reset(struct vcpu *v, u64 pc, u64 x0, u64 x1, u64 x2);
/* A call's result; all other registers are preserved (SMCCC 2.6). */
static inline void call_result(struct vcpu *v, s64 x0)
{
	v->regs.x[0] = (u64)x0;
}

bool pvm_sysreg(struct vcpu *v, enum vcpu_exit *code);
/* The ID register as a protected guest sees it, of the hardware's @hw. */
u64 pvm_id_value(enum pvm_id reg, u64 hw, u8 ipa_bits);

/* --- pvm/cpus.c --- */
/**
 * struct pvm_cpus - what all CPUs have, and a guest is told
 *
 * Linux reads CTR_EL0 for each piece of code that it changes, programs that make code do so too: a stock
 * kernel's start is 90,000 of these. No need to trap where all CPUs have the same.
 */
extern struct pvm_cpus {
	u64 id[PVM_ID_COUNT];		/* for 48 bits of address: pvm_id_value() */
	u64 midr;			/* MIDR_EL1 */
	u64 cache_trap;			/* of HCR_EL2: TID2 (CTR_EL0 and the caches), TID4 (the caches) or 0 */
	s32 wa[WA_COUNT];
	u32 sve_vl;			/* bytes, 0: no SVE */
} pvm_cpus;
/* It is made of these. */
u64 pvm_id_common(enum pvm_id reg, u8 ipa_bits);
u64 pvm_cache_trap(void);
u64 pvm_midr(void);
s32 pvm_workaround_common(unsigned int i);
/* --- pvm/identity.c --- */
/* A line of @hash, of 32 bytes. Caller: @vm->pvm cannot go away. */
void pvm_log_name(const struct vm *vm, const char *what, const u8 *hash);

/* --- pvm/pages.c; pvm_free() and pvm_wipe() are in pvm.h --- */
/*
 * @out: zeroed, without a vCPU. HYPSEC_NO_MEMORY, HYPSEC_STATE (no random numbers): nothing is
 * taken. Locks: vm->lock.
 */
int __must_check pvm_alloc(struct vm *vm, struct pvm **out);
/* vCPU @i of @p, off, not in @p->vcpu yet. NULL: no memory. Locks: takes RANK_POOL. */
struct vcpu *pvm_vcpu_new(struct vm *vm, const struct pvm *p, unsigned int i);
/* Erases and frees one. NULL: nothing. */
void pvm_vcpu_discard(const struct vm *vm, struct vcpu *v);
/* Erases and frees; for a VM that did not become protected. NULL: nothing. */
void pvm_discard(const struct vm *vm, struct pvm *p);

/* --- pvm/protect.c --- */
int pvm_protect_step(struct vcpu *v);

/* MPIDR of vCPU @i, as KVM numbers them (reset_mpidr(), sys_regs.c): 16 in a cluster. */
static inline u64 pvm_mpidr(unsigned int i)
{
	return BIT(31) | (i >> 4) << 8 | (i & 0xf);
}
/* Index of the vCPU with these affinity fields, or -1. */
static inline int pvm_vcpu_index(u64 aff)
{
	u64 i = aff >> 8 << 4 | (aff & 0xf);

	return i < VM_MAX_VCPUS && !(aff & 0xf0) ? (int)i : -1;
}

/* --- pvm/firmware.c --- */
void pvm_ask_firmware(struct percpu *cpu);	/* install, on each CPU */
/*
 * What ARCH_FEATURES tells a protected guest of SMCCC_ARCH_WORKAROUND_1 to _3, on any CPU. _2 is for good, as
 * KVM has it: pvm_ssbd_begin() sees to it that it is on. Where a CPU has none, guests are told so.
 */
s32 pvm_workaround(u32 fn);
/* Around a run, on this CPU. True: pvm_ssbd_end() is to follow. */
bool pvm_ssbd_begin(struct percpu *cpu);
void pvm_ssbd_end(struct percpu *cpu);

/* --- pvm/hw.c: the registers this folder touches; the workstation has others --- */
u64 pvm_hw_mdscr(void);			/* the loaded guest's MDSCR_EL1 */
void pvm_hw_set_mdscr(u64 v);

#endif
