// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's calls (abi/hcalls.def). Each checks its arguments and calls one
 * operation of own/ or vm/ that either happens whole or not at all.
 */
#include "host/host.h"
#include "auth/auth.h"
#include "base/check.h"
#include "base/core.h"
#include "base/irq.h"
#include "base/log.h"
#include "firmware/firmware.h"
#include "pool/pool.h"
#include "pvm/pvm.h"

#define LOG_BYTES	24		/* x1-x3 */

#define SAME(a, b) _Static_assert((int)(a) == (int)(b), #a " is part of the ABI")
SAME(HYPSEC_VM_NONE, VM_NONE);
SAME(HYPSEC_VM_ORDINARY, VM_ORDINARY);
SAME(HYPSEC_VM_PROTECTING, VM_PROTECTING);
SAME(HYPSEC_VM_PROTECTED, VM_PROTECTED);
SAME(HYPSEC_VM_DEAD, VM_DEAD);

static const u64 options = 0
#ifdef CONFIG_HYPSEC_ATTEST
	| HYPSEC_FEAT_ATTEST
#endif
#ifdef CONFIG_HYPSEC_SHARE
	| HYPSEC_FEAT_SHARE
#endif
#ifdef CONFIG_HYPSEC_RELINQUISH
	| HYPSEC_FEAT_RELINQUISH
#endif
#ifdef CONFIG_HYPSEC_RSI
	| HYPSEC_FEAT_RSI
#endif
#ifdef CONFIG_HYPSEC_GUEST_DEBUG
	| HYPSEC_FEAT_GUEST_DEBUG
#endif
	;

int hc_version(struct percpu *cpu, const u64 *arg, u64 *val)
{
	val[0] = HYPSEC_ABI_MAJOR << 16 | HYPSEC_ABI_MINOR;
	val[1] = (psci_mem_protect ? HYPSEC_FEAT_MEM_PROTECT : 0) | core_random_sources() | options;
#ifdef HYPSEC_DEBUG
	val[1] |= HYPSEC_FEAT_DEBUG;
#endif
	val[2] = READ_ONCE(core_broken) ? HYPSEC_PHASE_BROKEN : READ_ONCE(core_phase);
	return HYPSEC_OK;
}

int hc_account(struct percpu *cpu, const u64 *arg, u64 *val)
{
	if (arg[0] >= HYPSEC_ACC_COUNT)
		return HYPSEC_RANGE;
	val[0] = pool_account((enum hypsec_account)arg[0]);
	val[1] = arg[0] == HYPSEC_ACC_FREE && pool_wanted();
	return HYPSEC_OK;
}

/* A page of RAM, by its first byte. MMIO is nobody's to give away. */
static int page_arg(u64 v, pa_t *pa)
{
	if (!IS_ALIGNED(v, PAGE_SIZE))
		return HYPSEC_INVALID;
	if (!range_ok(v, PAGE_SIZE, pa_limit) || !pa_is_ram(PA(v), PAGE_SIZE))
		return HYPSEC_RANGE;
	*pa = PA(v);
	return HYPSEC_OK;
}

/*
 * A page leaves HOST only when no shadow maps it (mem.h, own_stamp()). Dropping
 * the shadows starts a new epoch; a VM that runs meanwhile may stamp the very page
 * again, so a host that keeps mapping it gets BUSY, not an endless loop at EL2.
 */
#define EPOCH_TRIES	4

static int page_call(u64 v, int (*op)(pa_t pa))
{
	int status, tries;
	pa_t pa;

	status = page_arg(v, &pa);
	if (status)
		return status;
	for (tries = 0; tries < EPOCH_TRIES; tries++) {
		status = op(pa);
		if (status != HYPSEC_EPOCH)
			return status;
		/* The host takes its interrupt, and makes the call once more. */
		if (!shadow_drop_all())
			return HYPSEC_RESTART;
	}
	return HYPSEC_BUSY;
}

int hc_donate(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return page_call(arg[0], own_donate);
}

int hc_reclaim(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return page_call(arg[0], own_reclaim);
}

int hc_share(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return page_call(arg[0], own_share);
}

int hc_unshare(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return page_call(arg[0], own_unshare);
}

/*
 * Whose a page is that is not the host's stays hidden: "not yours" is what a
 * touch would have shown. The level of a host entry tells whether a neighbour
 * was given away, which touching the neighbours would have shown too.
 */
int hc_page_info(struct percpu *cpu, const u64 *arg, u64 *val)
{
	struct page_info pi;
	int status;
	pa_t pa;

	status = page_arg(arg[0], &pa);
	if (status)
		return status;
	pi = own_lookup(pa);
	if (pi.state != PG_HOST) {
		val[0] = HYPSEC_PAGE_NOT_HOST;
		return HYPSEC_OK;
	}
	val[0] = pi.shared ? HYPSEC_PAGE_SHARED : HYPSEC_PAGE_HOST;
	val[1] = pi.level;
	return HYPSEC_OK;
}

int hc_vm_teardown(struct percpu *cpu, const u64 *arg, u64 *val)
{
	int status = vm_teardown(KVA(arg[0]));

	/* The caller's to go on with: between two steps it may let others run. */
	val[0] = status == HYPSEC_RESTART;
	return val[0] ? HYPSEC_OK : status;
}

int hc_vm_end(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return vm_end(KVA(arg[0]));
}

int hc_vm_reap(struct percpu *cpu, const u64 *arg, u64 *val)
{
	val[0] = vm_reap_step();
	return HYPSEC_OK;
}

/* A VM by its id, with a reference. */
static int vm_arg(u64 id, struct vm **vm)
{
	if (id < 1 || id > vm_last_id())
		return HYPSEC_RANGE;
	*vm = vm_by_id((u16)id);
	return *vm ? HYPSEC_OK : HYPSEC_STATE;
}

int hc_vm_info(struct percpu *cpu, const u64 *arg, u64 *val)
{
	struct vm *vm;
	int status = vm_arg(arg[0], &vm);

	if (status)
		return status == HYPSEC_STATE ? HYPSEC_OK : status;	/* HYPSEC_VM_NONE */
	val[0] = READ_ONCE(vm->state);
	val[1] = READ_ONCE(vm->private_pages);
	val[2] = READ_ONCE(vm->running);
	vm_put(vm);
	return HYPSEC_OK;
}

int hc_vm_identity(struct percpu *cpu, const u64 *arg, u64 *val)
{
	struct vm *vm;
	int status = vm_arg(arg[0], &vm);

	if (status)
		return status;
	status = pvm_identity(vm, arg[1], val);
	vm_put(vm);
	return status;
}

int hc_vm_status(struct percpu *cpu, const u64 *arg, u64 *val)
{
	struct vm *vm;
	int status = vm_arg(arg[0], &vm);

	if (status)
		return status;
	status = pvm_status(vm, val);
	vm_put(vm);
	return status;
}

int hc_platform(struct percpu *cpu, const u64 *arg, u64 *val)
{
	return platform_piece(0, arg[0], val);
}

int hc_lost(struct percpu *cpu, const u64 *arg, u64 *val)
{
	pa_t pa = PA(0);
	int status = lost_page(arg[0], &pa);

	val[0] = pa.v;
	return status;
}

int hc_log(struct percpu *cpu, const u64 *arg, u64 *val)
{
	_Static_assert(LOG_BYTES == 3 * sizeof(*val), "fills the result registers");
	log_read(val, LOG_BYTES);
	return HYPSEC_OK;
}

int hc_stats(struct percpu *cpu, const u64 *arg, u64 *val)
{
#ifdef HYPSEC_DEBUG
	if (arg[0] > HYPSEC_STATS_RESET)
		return HYPSEC_RANGE;
	masked_longest(val, arg[0] == HYPSEC_STATS_RESET);
	return HYPSEC_OK;
#else
	return HYPSEC_STATE;
#endif
}
