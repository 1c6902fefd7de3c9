// SPDX-License-Identifier: GPL-2.0-only
/* Pages, their owners, the pool, KVM's table and the shadow of pvm_world.h. */
#include "pvm_world.h"
#include "pool/pool.h"

static u8 pool_pages[32][PAGE_SIZE] __attribute__((aligned(4096)));
static bool pool_used[32];

void world_pool_new(void)
{
	memset(pool_used, 0, sizeof(pool_used));
	w.pool_left = ARRAY_SIZE(pool_used);
}

void world_map(u64 frame, unsigned int page, bool writable)
{
	assert_true(frame - w.frame0 < WORLD_PAGES && page < WORLD_PAGES);
	w.leaf[frame - w.frame0] = (struct kvm_leaf){
		.status = HYPSEC_OK, .level = 3, .r = true, .w = writable,
		.pa = PA(WORLD_RAM + page * PAGE_SIZE), .size = PAGE_SIZE,
	};
}

static unsigned int page_of(pa_t pa)
{
	assert_true(pa.v >= WORLD_RAM && (pa.v - WORLD_RAM) / PAGE_SIZE < WORLD_PAGES);
	return (pa.v - WORLD_RAM) / PAGE_SIZE;
}

void vm_host_touch(pa_t pa, struct page_info pi)
{
	unsigned int n = page_of(pa);

	assert_int_equal(w.locked, 0);
	assert_int_equal(pi.vm, w.dead->id);
	w.page[n] = (struct page_info){ .state = PG_HOST };
	memset(w.data[n], 0, PAGE_SIZE);
}

/* --- pool/, own/ --- */
bool pa_is_ram(pa_t pa, u64 size)
{
	return pa.v >= WORLD_RAM && range_ok(pa.v - WORLD_RAM, size, WORLD_PAGES * PAGE_SIZE);
}

struct page_info own_lookup(pa_t pa)
{
	if (!pa_is_ram(pa, PAGE_SIZE))
		return (struct page_info){ .state = PG_NONE };
	return w.page[page_of(pa)];
}

int own_claim(pa_t pa, u16 vm, u64 frame, bool zero)
{
	unsigned int n = page_of(pa);

	assert_int_equal(w.locked, 1);
	/* What it takes to seal the frame was put aside before it has a page. */
	assert_int_equal(w.tags_for, frame + 1);
	if (w.claim_next < 4 && w.claim_status[w.claim_next])
		return w.claim_status[w.claim_next++];
	if (w.page[n].state == PG_PRIVATE && w.page[n].vm == vm && w.page[n].frame == frame)
		return HYPSEC_OK;
	if (w.page[n].state != PG_HOST)
		return HYPSEC_DENIED;
	w.page[n] = (struct page_info){ .state = PG_PRIVATE, .vm = vm, .frame = frame };
	w.zeroed[n] = zero;
	w.claims++;
	return HYPSEC_OK;
}

int own_return(pa_t pa, u16 vm, u64 frame)
{
	unsigned int n = page_of(pa);

	if (w.page[n].state != PG_PRIVATE || w.page[n].vm != vm || w.page[n].frame != frame)
		return HYPSEC_DENIED;
	w.page[n] = (struct page_info){ .state = PG_HOST };
	w.returns++;
	return HYPSEC_OK;
}

/* Blocks are tested on the machine: test_seal_blocks.c, test_relinquish.c. */
int own_return_block(pa_t pa, u16 vm, u64 frame)
{
	(void)pa;
	(void)vm;
	(void)frame;
	return HYPSEC_STATE;
}

void s2_unhold(struct s2 *s2)
{
	(void)s2;
	fail();
}

void icache_inval_all(void) { }

void *slot_map_private(pa_t pa, u16 vm)
{
	unsigned int n = page_of(pa);

	assert_false(w.slot);
	if (w.page[n].state != PG_PRIVATE || w.page[n].vm != vm)
		return NULL;
	w.slot = true;
	return w.data[n];
}

int slot_unmap(enum slot_id id)
{
	bool lost = w.slot_lost;

	if (id == SLOT_VCPU || id == SLOT_FP)
		return HYPSEC_OK;
	assert_int_equal(id, SLOT_PAGE);
	assert_true(w.slot);
	w.slot = w.slot_lost = false;
	return lost ? HYPSEC_FAULT : HYPSEC_OK;
}

void slot_lose(enum slot_id id)
{
	this_cpu()->slots_lost |= BIT(id);
}

static u8 pool_memory[32][PAGE_SIZE];	/* behind the caches */

const void *world_memory(const void *page)
{
	return pool_memory[((const u8 *)page - pool_pages[0]) / PAGE_SIZE];
}

void page_zero(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void dcache_clean_inval_poc(const void *va, size_t n)
{
	size_t i = (size_t)((const u8 *)va - pool_pages[0]) / PAGE_SIZE;

	assert_true(i < 32 && va == pool_pages[i] && n == PAGE_SIZE);
	memcpy(pool_memory[i], va, n);
}

void *pool_alloc(enum hypsec_account acc)
{
	assert_int_equal(acc, HYPSEC_ACC_VM);
	if (!w.pool_left)
		return NULL;
	for (int i = 0; i < 32; i++) {
		if (pool_used[i])
			continue;
		pool_used[i] = true;
		w.pool_left--;
		w.pool_out++;
		memset(pool_pages[i], 0, PAGE_SIZE);
		memset(pool_memory[i], 0x5a, PAGE_SIZE);	/* whoever had it */
		return pool_pages[i];
	}
	return NULL;
}

void pool_free(void *page, enum hypsec_account acc)
{
	int i = ((u8 *)page - pool_pages[0]) / PAGE_SIZE;

	assert_int_equal(acc, HYPSEC_ACC_VM);
	assert_true(i >= 0 && i < 32 && pool_used[i]);
	/* Registers were there: gone from memory too, or a reset brings them back. */
	for (int k = 0; k < (int)PAGE_SIZE; k++)
		assert_int_equal(pool_pages[i][k] | pool_memory[i][k], 0);
	pool_used[i] = false;
	w.pool_out--;
	w.pool_left++;
}

bool share_ok(u16 vm)
{
	assert_int_equal(vm, world_vm.id);
	return !w.share_used_up;
}

void share_charge(u16 vm, s32 pages)
{
	assert_int_equal(vm, world_vm.id);
	w.charged += pages;
	assert_int_equal(w.charged, w.pool_out);
}

void vm_told_waiting(struct vm *vm)
{
	assert_ptr_equal(vm, &world_vm);
	w.waits++;
}

void vm_told_restored(struct vm *vm)
{
	assert_ptr_equal(vm, &world_vm);
	w.restored++;
}

/* --- pgt/, vm/ --- */
struct s2_leaf s2_lookup(const struct s2 *s2, u64 ia)
{
	u64 n = (ia >> PAGE_SHIFT) - w.frame0;

	assert_ptr_equal(s2, &world_vm.s2);
	if (n < WORLD_PAGES && w.shadow[n])
		return (struct s2_leaf){ (w.shadow[n] - 1) | S2_VALID | S2_TABLE, 3, PAGE_SIZE };
	return (struct s2_leaf){ 0, 1, SZ_1G };
}

int s2_split(struct s2 *s2, u64 ia, u8 level)
{
	assert_ptr_equal(s2, &world_vm.s2);
	assert_int_equal(level, 3);
	if (w.split_status)
		return w.split_status;
	w.tables_for = ia + 1;
	return HYPSEC_OK;
}

int s2_map(struct s2 *s2, u64 ia, pa_t pa, u64 size, u64 attr)
{
	u64 n = (ia >> PAGE_SHIFT) - w.frame0;

	assert_ptr_equal(s2, &world_vm.s2);
	assert_int_equal(size, PAGE_SIZE);
	assert_true((attr & (S2_R | S2_W)) == (S2_R | S2_W) && !(attr & S2_XN));
	assert_int_equal(w.tables_for, ia + 1);	/* s2_split() came first */
	assert_true(n < WORLD_PAGES);
	assert_int_equal(w.page[page_of(pa)].state, PG_PRIVATE);
	w.shadow[n] = pa.v + 1;
	return HYPSEC_OK;
}

void s2_replace(struct s2 *s2, u64 ia, u64 old, u64 new)
{
	u64 n = (ia >> PAGE_SHIFT) - w.frame0;

	assert_int_equal(s2_lookup(s2, ia).pte, old);
	assert_true(n < WORLD_PAGES && w.locked == 1);
	w.shadow[n] = new ? (new & S2_ADDR) + 1 : 0;
}

void s2_drop(struct s2 *s2)
{
	assert_ptr_equal(s2, &world_vm.s2);
	/* Set, it tells shadow_drop_all() that nothing is left to drop. */
	assert_false(s2->holds);
	memset(w.shadow, 0, sizeof(w.shadow));
	w.drops++;
}

struct kvm_leaf kvm_walk(const struct vm *vm, ipa_t ipa)
{
	u64 n = (ipa.v >> PAGE_SHIFT) - w.frame0;

	assert_true(spin_held(&vm->lock));
	if (n < WORLD_PAGES)
		return w.leaf[n];
	return (struct kvm_leaf){ .status = HYPSEC_RANGE, .level = 1 };
}

/* Nothing here is mapped by KVM in blocks, but in claims_in_block. */
__attribute__((weak)) int own_claim_block(pa_t pa, u16 vm, u64 frame)
{
	(void)pa;
	(void)vm;
	(void)frame;
	return HYPSEC_STATE;
}

bool pool_hold(unsigned int pages)
{
	w.holds += pages;
	return true;
}

void pool_unhold(unsigned int pages)
{
	w.holds -= pages;
}

void s2_merge(struct s2 *s2, u64 ia, u32 live)
{
	(void)ia;
	assert_ptr_equal(s2, &world_vm.s2);
	assert_int_equal(live, 0);
	assert_int_equal(w.locked, 1);
}
