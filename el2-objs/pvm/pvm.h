/* SPDX-License-Identifier: GPL-2.0-only */
/* Protected VMs: what kvm/ and host/ ask of them. */
#ifndef HYPSEC_PVM_H
#define HYPSEC_PVM_H

#include "vcpu/vcpu.h"

/* What a protected vCPU and the host exchange in one run: all that kvm/ lets through. */
struct host_io {
	/* in: offers of the host, copied once */
	u64 x[31];
	u64 mpidr;
	bool inc_pc;		/* INCREMENT_PC: the host completed the access or call */
	bool exception;		/* PENDING_EXCEPTION: the host wants one injected */
	u64 wfx;		/* HCR_EL2.TWI|TWE it asks for */
	u64 pc_in, pstate_in;	/* what is in its structure: to tell a reset */
	struct gic_state gic;
	/* in: of a debugger; looked at for a VM that may be debugged only (pvm/debug.c) */
	u64 mdscr;		/* MDSCR_EL1 (and @pstate_in) as the debugger wants it */
	struct debug_regs *debug;	/* breakpoints, watchpoints; NULL: none */
	/* out: written back; everything not set here is written as a constant */
	u64 esr, far, hpfar;
	u32 out_mask;		/* bits 0 to 30: out_x[n] is meant; others are written 0 */
	bool reset;		/* the VMM has reset this vCPU: its structure is the next VM's */
	bool shown;		/* @sr, @sp, @pstate are meant: the VM may be debugged */
	u64 sp, pc, pstate;
	u64 out_x[31];
	u64 sr[GSR_COUNT];
};

/* Install, on each CPU: what it has, for the ID registers of protected guests. */
void pvm_record_cpu(struct percpu *cpu);
/* What all CPUs have, from then on. Before the seal; all are recorded. */
void pvm_know_cpus(void);
/*
 * Called by the shim for a run of a VM whose state is PROTECTING, PROTECTED or DEAD, and which has
 * the caller in vm->running. Takes pvm->vcpus_lock.
 */
enum vcpu_exit pvm_run(struct vm *vm, kva_t host_vcpu, struct host_io *io);
/* A guest's HVC in our range, from an ordinary VM: true if handled here (x0.. set). */
bool pvm_guest_call(struct vcpu *v, kva_t host_vcpu, enum vcpu_exit *code);
/* Piece @n of @vm's struct hypsec_identity. RANGE: @n; STATE: not protected. Takes vm->lock. */
int pvm_identity(struct vm *vm, u64 n, u64 *val);
/* @vm's flags, bytes verified, bytes of its image. STATE: never asked to be protected, or dead. */
int pvm_status(struct vm *vm, u64 *val);
/*
 * Erases the vCPUs' registers, in memory too. @vm is dead, or the core broken; a vCPU may still
 * be inside, and goes on to use the rest: who leaves does it once more for itself.
 */
void pvm_wipe(struct vm *vm);
void pvm_wipe_vcpu(struct vcpu *v);
/* The key that its sealed frames need is gone. Locks: vm->lock, held. */
void pvm_forget(struct vm *vm);
/*
 * pvm_seal() - the page of a private frame goes to the host as ciphertext
 * @pa: the page; @frame: as its annotation says
 *
 * The next access of the guest faults, and brings back whatever page the host has for the frame.
 * Return: HYPSEC_OK; HYPSEC_BUSY: in use here or moving, try again; HYPSEC_DENIED not its page.
 * Locks: caller holds vm->lock, of a VM that is PROTECTING or PROTECTED; SLOT_PAGE is empty.
 */
int pvm_seal(struct vm *vm, u64 frame, pa_t pa);
/*
 * pvm_invalidate() - KVM has changed its table in a range
 * @start, @size: bytes of IPA, page aligned; on return what is left of them
 *
 * Seals what KVM has taken away: private frames in the range for which KVM's table does not have
 * their page any more. Of VMs that are not protected: nothing.
 * Progress is the caller's: KVM makes such calls for one VM on several CPUs at once.
 * Return: HYPSEC_OK, or HYPSEC_RESTART: call again with what is left. Locks: takes vm->lock.
 */
int pvm_invalidate(struct vm *vm, u64 *start, u64 *size);
/* Frees what pvm/ holds for a dead VM with no running vCPU. Locks: vm->lock, held. */
void pvm_free(struct vm *vm);

/**
 * scrub_private() - erase every private page
 *
 * Ends all protected VMs first: a dead VM's vCPUs on other CPUs reach nothing
 * any more, so nothing is written behind the walk, and no page becomes private.
 * Walks the record, so what it costs is the size of the host's tables, plus the
 * private pages.
 * Locks: none held; takes those of vm_close_all(), RANK_HOST_S2.
 */
void scrub_private(void);

#endif
