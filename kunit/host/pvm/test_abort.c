// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory error, at every point of everything that the core does to a page that is not its own:
 * it costs that access, and that VM where the page was its. Nobody gets what was in the page, no
 * lock is held, the accounts are exact, and the trap goes back to where it came from.
 */
#include "blocks_common.h"
#include "host/host.h"

#define TRAP_ELR	0xffff800000012344UL
#define TRAP_SPSR	0x600003c5UL
#define COPY		(GUEST_PAGES + 7 * SZ_2M)

static u8 secret[PAGE_SIZE];		/* what the guest has in PAGE_A, or page 5 of the block */
static int status;

static void has_page(void)
{
	kvm_maps(FRAME, PAGE_A);
	assert_int_equal(touch(FRAME), HYPSEC_OK);
	guest_fills(FRAME, secret);
}

static void has_sealed(void)
{
	has_page();
	host_touches(PAGE_A);
	assert_true(sealed(FRAME));
}

static void has_block(void)
{
	kvm_maps_block(BASE, BLOCK);
	assert_int_equal(touch(BASE), HYPSEC_OK);
	test_fill(secret, PAGE_SIZE);
	memcpy(raw(BLOCK + 5 * PAGE_SIZE), secret, PAGE_SIZE);
	page_dirtied(BLOCK + 5 * PAGE_SIZE);
}

static void is_dead(void)
{
	has_page();
	vm_kill(vm, "test");
}

static void block_is_dead(void)
{
	has_block();
	vm_kill(vm, "test");
}

static void mapped_by_kvm(void) { kvm_maps(FRAME, PAGE_A); }
static void block_by_kvm(void) { kvm_maps_block(BASE, BLOCK); }
static void nothing(void) { }

static void claim(void) { status = touch(FRAME); }

static void claim_contents(void)
{
	status = pvm_claim(v, IPA(FRAME << PAGE_SHIFT), false, NULL);
}

static void claim_block(void) { status = touch(BASE + 5); }
static void host_looks(void) { host_touches(PAGE_A); }
static void host_looks_into_block(void) { host_touches(BLOCK + 5 * PAGE_SIZE); }

static void kvm_takes_away(void)
{
	u64 start = FRAME << PAGE_SHIFT, size = PAGE_SIZE;

	kvm_maps(FRAME, 0);
	status = pvm_invalidate(vm, &start, &size);
	assert_int_equal(status, HYPSEC_OK);
}

static void reap(void)
{
	unsigned int n;

	for (n = 0; vm->private_pages; n++) {
		assert_true(n < 1000);
		vm_reap_step();
	}
}

static void relinquish(void)
{
	u64 done;

	status = pvm_relinquish(vm, FRAME << PAGE_SHIFT, 1, &done);
	assert_int_equal(status, HYPSEC_OK);
	assert_int_equal(done, 1);
}

static void relinquish_block(void)
{
	u64 at, done;

	for (at = 0; at < PAGES_2M; at += done) {
		status = pvm_relinquish(vm, (BASE + at) << PAGE_SHIFT, PAGES_2M - at, &done);
		assert_int_equal(status, HYPSEC_OK);
		assert_true(done);
	}
}

static void donate(void)
{
	status = own_donate(PA(COPY));
	if (status == HYPSEC_OK)
		assert_int_equal(own_reclaim(PA(COPY)), HYPSEC_OK);
}

static u8 buf[PAGE_SIZE];

static void copy_in(void) { status = copy_from_host(buf, PA(COPY + 100), 2000); }
static void copy_out(void) { status = copy_to_host(PA(COPY + 100), buf, 2000); }

enum cost {
	ACCESS,			/* is told, and the page is the host's still */
	VM,			/* the VM is dead */
	NOTHING,		/* what was asked for is done all the same */
};

static const struct operation {
	const char *name;
	void (*prepare)(void), (*act)(void);
	u64 page;		/* with the error; 0: KVM's last table */
	enum cost cost;
} operations[] = {
	{ "claim", mapped_by_kvm, claim, PAGE_A, ACCESS },
	{ "claim with contents", mapped_by_kvm, claim_contents, PAGE_A, ACCESS },
	{ "walk", mapped_by_kvm, claim, 0, ACCESS },
	{ "open", has_sealed, claim, PAGE_A, ACCESS },
	{ "seal, touched", has_page, host_looks, PAGE_A, VM },
	{ "seal, taken away", has_page, kvm_takes_away, PAGE_A, VM },
	{ "seal of a block", has_block, host_looks_into_block, BLOCK + 5 * PAGE_SIZE, VM },
	{ "return, touched", is_dead, host_looks, PAGE_A, NOTHING },
	{ "return, reaped", is_dead, reap, PAGE_A, NOTHING },
	{ "relinquish", has_page, relinquish, PAGE_A, NOTHING },
	{ "donate", nothing, donate, COPY, ACCESS },
	{ "copy in", nothing, copy_in, COPY, ACCESS },
	{ "copy out", nothing, copy_out, COPY, ACCESS },
	{ "claim a block", block_by_kvm, claim_block, BLOCK + 5 * PAGE_SIZE, ACCESS },
	{ "return a block", block_is_dead, reap, BLOCK + 5 * PAGE_SIZE, NOTHING },
	{ "relinquish a block", has_block, relinquish_block, BLOCK + 5 * PAGE_SIZE, NOTHING },
};

/* Private pages of the VM, by the record. */
static u64 recorded(void)
{
	static const u64 from[] = { PAGE_A & ~(SZ_2M - 1), BLOCK };
	u64 n = 0;

	for (unsigned int i = 0; i < 2; i++)
		for (u64 pa = from[i]; pa < from[i] + SZ_2M; pa += PAGE_SIZE)
			n += own_lookup(PA(pa)).state == PG_PRIVATE;
	return n;
}

static void no_secret(u64 pa)
{
	for (u64 at = 0; at < PAGE_SIZE; at += 16)
		assert_memory_not_equal(raw(pa) + at, secret + at, 16);
}

static u64 kvm_table(void)
{
	return *kvm_entry(&id, FRAME << PAGE_SHIFT, 2) & S2_ADDR;
}

/* What is nobody's becomes the host's again, for the next round. */
static void exchange_module(u64 pa)
{
	s2_replace(&host_s2, pa, ANN_LOST, pa | S2_R | S2_W | S2_MEMATTR_WB | S2_SH_INNER |
		   S2_AF | S2_TABLE | S2_VALID);
	account_add(HYPSEC_ACC_LOST, -1);
	assert_int_equal(own_share(PA(pa)), HYPSEC_OK);
	assert_int_equal(own_unshare(PA(pa)), HYPSEC_OK);
}

static bool met, lost_one, zeroed_one;

/* @event: as poison(), ~0: none. Return: events of the operation. */
static unsigned int round_of(const struct operation *o, unsigned int event, unsigned int maps)
{
	void *state = NULL;
	struct page_info pi;
	unsigned int events;
	u64 page;

	begin_protected(&state);
	test_fill(secret, PAGE_SIZE);
	o->prepare();
	page = o->page ? o->page : kvm_table();
	this_cpu()->trap_elr = TRAP_ELR;
	this_cpu()->trap_spsr = TRAP_SPSR;
	write_sysreg(TRAP_ELR, ELR_EL2);
	write_sysreg(TRAP_SPSR, SPSR_EL2);
	status = HYPSEC_OK;
	counts_reset();
	poison(event == ~0U ? 0 : page, event == ~0U ? 0 : event, maps);
	o->act();
	events = counts.events;
	met = poison_met();
	poison(0, 0, 0);

	pi = own_lookup(PA(page));
	assert_int_equal(this_cpu()->ranks_held, 0);
	assert_true(slots_empty());
	assert_int_equal(this_cpu()->slots_lost, 0);
	assert_false(tlb_stale(~0UL));
	assert_int_equal(read_sysreg(ELR_EL2), TRAP_ELR);
	assert_int_equal(read_sysreg(SPSR_EL2), TRAP_SPSR);
	assert_true(is_zero(el2_slot_scrap(0).v));
	/* In memory too: what is in the caches alone is gone with the power, and the rest is not. */
	assert_true(page_is_clean(el2_slot_scrap(0).v));
	assert_int_equal(vm->private_pages, recorded());
	assert_int_equal(pool_account(HYPSEC_ACC_PRIVATE), recorded());
	assert_int_equal(pool_account(HYPSEC_ACC_LOST), pi.state == PG_LOST);
	assert_int_equal(host_can(page, false, false), pi.state == PG_HOST);
	if (pi.state == PG_HOST)
		no_secret(page);
	return events;
}

static void round_ends(const struct operation *o)
{
	struct page_info pi = own_lookup(PA(o->page ? o->page : kvm_table()));
	void *state = NULL;

	/* Blocks go on by the page: only who is given this page is told. */
	if (met && o->act != claim_block) {
		assert_int_equal(status, o->cost == ACCESS ? HYPSEC_FAULT : HYPSEC_OK);
		assert_int_equal(vm->state == VM_DEAD, o->cost == VM || o->prepare == is_dead ||
				 o->prepare == block_is_dead);
		assert_int_not_equal(pi.state, PG_PRIVATE);
		/* What the host had there before is the host's still. */
		if (o->cost == ACCESS && o->prepare != has_sealed)
			assert_int_equal(pi.state, PG_HOST);
	} else if (!met) {
		assert_int_equal(status, HYPSEC_OK);
		assert_int_equal(vm->state == VM_DEAD, o->prepare == is_dead ||
				 o->prepare == block_is_dead);
		assert_int_not_equal(pi.state, PG_LOST);
	}
	lost_one |= pi.state == PG_LOST;
	zeroed_one |= met && pi.state == PG_HOST && o->page && is_zero(o->page);
	if (pi.state == PG_LOST)
		exchange_module(o->page);
	end(&state);
}

static void sweep(const struct operation *o)
{
	unsigned int events = round_of(o, ~0U, 0), all = 0, first = 6, step;

	round_ends(o);
	assert_true(events);
	step = events > 175 ? events / 25 : 7;
	if (events > 2000)		/* of 2 MiB, by the page */
		first = 1, step = events / 3;
	for (unsigned int maps = 1; maps <= 3; maps++) {
		for (unsigned int at = 0; at < events; at += at < first ? 1 : step * maps) {
			round_of(o, at, maps);
			all += met;
			round_ends(o);
		}
	}
	if (!all)
		fail_msg("%s: no access was aborted", o->name);
}

static void everywhere(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
		sweep(&operations[i]);
		/* A page that lets itself be zeroed is not lost. */
		if (operations[i].cost != ACCESS && operations[i].page) {
			assert_true(lost_one && zeroed_one);
			lost_one = zeroed_one = false;
		}
	}
}

/* The page that is nobody's: the host cannot have it back, nor give it to anybody. */
static void nobodys(void **state)
{
	const struct operation *o = &operations[4];

	(void)state;
	round_of(o, 1, 2);
	assert_true(met);
	assert_int_equal(own_lookup(PA(PAGE_A)).state, PG_LOST);
	assert_int_equal(own_donate(PA(PAGE_A)), HYPSEC_DENIED);
	assert_int_equal(own_reclaim(PA(PAGE_A)), HYPSEC_DENIED);
	assert_int_equal(own_share(PA(PAGE_A)), HYPSEC_DENIED);
	assert_int_equal(own_claim(PA(PAGE_A), 9, 1, true), HYPSEC_DENIED);
	assert_int_equal(own_return(PA(PAGE_A), vm->id, FRAME), HYPSEC_DENIED);
	assert_null(slot_map(SLOT_COPY, PA(PAGE_A), 8));
	assert_null(slot_map_private(PA(PAGE_A), vm->id));
	injected = 0;
	write_sysreg((PAGE_A >> PAGE_SHIFT) << 4, HPFAR_EL2);
	host_abort(0x24UL << 26 | 0x07);
	assert_int_equal(injected, 1);
	round_ends(o);
}

/* What is no failure of the memory in a slot is nobody's to mend. */
static void other_aborts(void **state)
{
	u64 dabt = (u64)EC_DABT_CUR << ESR_EC_SHIFT | ESR_IL, far;
	struct percpu *cpu = this_cpu();
	u8 *p, *q;

	(void)state;
	begin_protected(state);
	raw(COPY)[9] = 0x99;
	p = slot_map(SLOT_COPY, PA(COPY), 2 * PAGE_SIZE);
	q = slot_map(SLOT_WALK, PA(COPY), 8);
	far = (u64)p;
	/* Faults of the tables: translation, permission, walk, conflict; a fetch; a lower EL. */
	assert_false(slot_abort(dabt | 0x07, far));
	assert_false(slot_abort(dabt | 0x0f, far));
	assert_false(slot_abort(dabt | 0x15, far));
	assert_false(slot_abort(dabt | 0x1d, far));
	assert_false(slot_abort(dabt | 0x21, far));
	assert_false(slot_abort(dabt | 0x30, far));
	assert_false(slot_abort((u64)EC_IABT_CUR << ESR_EC_SHIFT | FSC_EXTABT, far));
	assert_false(slot_abort((u64)EC_DABT_LOW << ESR_EC_SHIFT | FSC_EXTABT, far));
	/* Uncontainable; the core's own memory; another CPU's window; past what is mapped. */
	assert_false(slot_abort(dabt | FSC_EXTABT | ESR_SET_UC, far));
	assert_false(slot_abort(dabt | FSC_EXTABT, (u64)core_va(PA(REGION))));
	assert_false(slot_abort(dabt | FSC_EXTABT, 0));
	assert_false(slot_abort(dabt | FSC_EXTABT, (u64)el2_slot_va(1, cpu->slot[SLOT_COPY].at)));
	assert_false(slot_abort(dabt | FSC_EXTABT, far + 2 * PAGE_SIZE));
	assert_false(slot_abort(dabt | FSC_EXTABT, far - 1));
	assert_int_equal(cpu->slots_lost, 0);
	assert_int_equal(p[9], 0x99);

	/* Its second page; once. The others stay. */
	assert_true(slot_abort(dabt | FSC_PARITY, far + 2 * PAGE_SIZE - 1));
	assert_false(slot_abort(dabt | FSC_PARITY, far + PAGE_SIZE));
	assert_int_equal(cpu->slots_lost, BIT(SLOT_COPY));
	assert_int_equal(p[9], 0x99);
	assert_int_equal(p[PAGE_SIZE + 9], 0);
	memset(p + PAGE_SIZE, 0x33, PAGE_SIZE);
	assert_int_equal(raw(COPY + PAGE_SIZE)[0], 0);
	/* Without an address all of them; then it is the core's own. */
	assert_true(slot_abort(dabt | FSC_EXTABT | ESR_FNV, 0));
	assert_int_equal(cpu->slots_lost, BIT(SLOT_COPY) | BIT(SLOT_WALK));
	assert_false(slot_abort(dabt | FSC_EXTABT | ESR_FNV, 0));
	assert_int_not_equal(q[9], 0x99);
	assert_int_equal(slot_unmap(SLOT_COPY), HYPSEC_FAULT);
	assert_int_equal(q[0], 0);		/* nothing is left from one to the next */
	assert_int_equal(slot_unmap(SLOT_WALK), HYPSEC_FAULT);
	assert_int_equal(cpu->slots_lost, 0);
	assert_non_null(slot_map(SLOT_COPY, PA(COPY), 8));
	assert_int_equal(slot_unmap(SLOT_COPY), HYPSEC_OK);
	end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_aborts),
		cmocka_unit_test(everywhere),
		cmocka_unit_test(nobodys),
	};

	return cmocka_run_group_tests(tests, kvm_host_boot, NULL);
}
