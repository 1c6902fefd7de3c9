/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What pvm/ sees of the rest of the core, as a small world with a memory: host
 * pages and their owners, KVM's table, the shadow. Everything is recorded.
 * Functions of the core that a test does not link are weak in pvm_absent.c, and record too.
 */
#ifndef FAKE_PVM_WORLD_H
#define FAKE_PVM_WORLD_H

#include "test.h"
#include "base/types.h"
#include "base/core.h"
#include "crypto/crypto.h"
#include "pgt/pgt.h"
#include "base/check.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "base/log.h"
#include "base/psci.h"
#include "pvm/priv.h"

#define WORLD_PAGES	64
#define WORLD_RAM	0x80000000UL	/* PA of host page 0 */

/* Called before a lock is taken: another CPU may come first. */
extern void (*world_lock_hook)(const struct spinlock *l);

struct world {
	/* events */
	unsigned int undefs, aborts, skips, drops, epochs, unlocks;
	bool abort_is_instruction;
	u64 abort_far;
	const char *killed;
	int locked;			/* locks held: checked by the fakes */

	/* host pages */
	struct page_info page[WORLD_PAGES];
	u8 data[WORLD_PAGES][PAGE_SIZE];
	bool zeroed[WORLD_PAGES];
	int claim_status[4];		/* of the next claims, if not HYPSEC_OK */
	unsigned int claim_next;
	unsigned int claims, returns;

	/* KVM's table and the shadow, by frame minus frame0 */
	u64 frame0;
	struct kvm_leaf leaf[WORLD_PAGES];
	u64 shadow[WORLD_PAGES];	/* PA + 1, 0: none */
	int split_status, reserve_status;
	u64 tags_for;			/* frame + 1 of the last seal_reserve() */
	u64 tables_for;			/* address + 1 of the last s2_split() */

	struct vm *dead;		/* found by vm_by_id() */

	/* pool */
	int pool_left, pool_out;
	int holds;
	bool drop_stopped;		/* shadow_drop_all(): the host has an interrupt */
	bool share_used_up;		/* share_ok() says no */
	s32 charged;			/* to the VM */
	unsigned int waits;		/* vm_told_waiting() */
	unsigned int restored;		/* vm_told_restored() */
	/* hardware */
	u64 mdscr;
	int random_status;
	u8 seal_bits;			/* of the address space that seal_init() was asked for */
	struct smc_res smc;
	unsigned int smcs;
	u32 smc_fn;			/* the last one */
	u64 smc_arg;
	int irq_after;			/* host_irq_pending() is true from the n-th call; -1: never */
	bool slot, slot_lost;

	/* auth/, scripted */
	int verify_status[8];
	unsigned int verify_next;
	u64 verify_page[8];		/* offset + 1 to ask for before answering */
	enum image_error verify_error;	/* with a bad status */
	struct hypsec_manifest manifest;
	struct hypsec_identity identity;
	/* its secrets: what they answer, for whom they were asked */
	int platform_status;
	const struct image_verify *asked_for;
	u64 asked_version;
	struct hypsec_sealing_key sealing_key;

	/* pvm/shared.c, where it is not linked */
	u32 shared_call;
	u64 shared_arg[2];
	int shared_status;

	char log[2048];			/* the core's lines so far */
};

/* Rows that only a VM has which may be debugged: test_debug.c. */
static inline bool debug_row(int what)
{
	return what == SHOW_STEP || what == SHOW_BREAK || what == SHOW_WATCH;
}

extern struct world w;
extern bool world_closing;		/* the host is about to be reset */

/* For world_new(): the pool is full. */
void world_pool_new(void);
/* What memory has of a page of the pool, without the caches. */
const void *world_memory(const void *page);
/* A new world with one protected VM, all its vCPUs off but number 0. */
struct vm *world_new(void);
/* Makes KVM's table map @frame to host page @page. */
void world_map(u64 frame, unsigned int page, bool writable);
extern struct vm world_vm;
extern struct pvm world_pvm;
extern struct percpu world_cpus[2];	/* for their ID registers */
/* What there is of vCPUs. Others a guest may ask for: world_new_vcpu, w.pool_left allowing. */
#define WORLD_VCPUS	8
extern struct vcpu world_vcpu[WORLD_VCPUS], world_new_vcpu;
/* Fills the guest-visible registers with random numbers. */
void world_secrets(struct vcpu *v);

/* As kvm/run.c does. */
static inline enum vcpu_exit world_run(kva_t host, struct host_io *io)
{
	enum vcpu_exit code;

	world_vm.running++;
	code = pvm_run(&world_vm, host, io);
	vm_leave(&world_vm);
	return code;
}

#endif
