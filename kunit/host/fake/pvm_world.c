// SPDX-License-Identifier: GPL-2.0-only
#include "pvm_world.h"

#define __weak __attribute__((weak))

struct world w;
struct pvm world_pvm;
struct vcpu world_vcpu[VM_MAX_VCPUS];
static struct vm world_vm, dead_vm;
static struct percpu world_cpu;
static u8 pool_pages[32][PAGE_SIZE] __attribute__((aligned(4096)));
static bool pool_used[32];
struct hypsec_install core_install;
u64 pa_limit = 1UL << 40;

struct vm *world_new(void)
{
	memset(&w, 0, sizeof(w));
	memset(&world_vm, 0, sizeof(world_vm));
	memset(&world_pvm, 0, sizeof(world_pvm));
	memset(world_vcpu, 0, sizeof(world_vcpu));
	memset(pool_used, 0, sizeof(pool_used));
	w.irq_after = -1;
	w.pool_left = 32;
	w.frame0 = 0x40200;
	w.dead = &dead_vm;
	dead_vm.id = 9;
	dead_vm.state = VM_DEAD;

	world_vm.id = 3;
	world_vm.state = VM_PROTECTED;
	world_vm.s2.ipa_bits = 40;
	world_vm.pvm = &world_pvm;
	world_pvm.image = (struct pvm_range){ 0x40200000, 0x10000 };
	world_pvm.verify.m.flags = HYPSEC_FLAG_SMP;
	for (unsigned int i = 0; i < VM_MAX_VCPUS; i++) {
		world_pvm.vcpu[i] = &world_vcpu[i];
		world_vcpu[i].vm = &world_vm;
		world_vcpu[i].r = &world_vcpu[i].regs;
	}
	world_vcpu[0].power = VCPU_ON;
	world_vcpu[0].host = KVA(0xffff000012340000);
	for (unsigned int i = 0; i < WORLD_PAGES; i++) {
		w.page[i].state = PG_HOST;
		w.leaf[i] = (struct kvm_leaf){ .status = HYPSEC_RANGE, .level = 2 };
	}
	return &world_vm;
}

void world_map(u64 frame, unsigned int page, bool writable)
{
	assert_true(frame - w.frame0 < WORLD_PAGES && page < WORLD_PAGES);
	w.leaf[frame - w.frame0] = (struct kvm_leaf){
		.status = HYPSEC_OK, .level = 3, .r = true, .w = writable,
		.pa = PA(WORLD_RAM + page * PAGE_SIZE), .size = PAGE_SIZE,
	};
}

void world_secrets(struct vcpu *v)
{
	test_fill(v->regs.x, sizeof(v->regs.x));
	v->regs.sp_el0 = test_rand();
	v->regs.pc = test_rand() & ~3UL;
	test_fill(v->sr, sizeof(v->sr));
	test_fill(&v->fp, sizeof(v->fp));
	test_fill(v->apkey, sizeof(v->apkey));
}

static unsigned int page_of(pa_t pa)
{
	assert_true(pa.v >= WORLD_RAM && (pa.v - WORLD_RAM) / PAGE_SIZE < WORLD_PAGES);
	return (pa.v - WORLD_RAM) / PAGE_SIZE;
}

/* --- locks, logging --- */
void spin_lock(struct spinlock *l)
{
	assert_int_equal(l->owner, 0);
	l->owner = 1;
	w.locked++;
}

void spin_unlock(struct spinlock *l)
{
	assert_int_equal(l->owner, 1);
	l->owner = 0;
	w.locked--;
	w.unlocks++;
}

bool spin_held(const struct spinlock *l)
{
	return l->owner;
}

void hlog(const char *fmt, ...)
{
	(void)fmt;
}

struct percpu *this_cpu(void)
{
	return &world_cpu;
}

/* --- vcpu/ --- */
void vcpu_inject_undef(struct vcpu *v)
{
	(void)v;
	w.undefs++;
}

void vcpu_inject_abort(struct vcpu *v, bool iabt, u64 far)
{
	(void)v;
	w.aborts++;
	w.abort_is_instruction = iabt;
	w.abort_far = far;
}

void vcpu_skip(struct vcpu *v)
{
	v->regs.pc += 4;
	w.skips++;
}

void vcpu_controls_protected(struct vcpu *v)
{
	(void)v;
}

bool vcpu_exit_common(struct vcpu *v, enum vcpu_exit *code)
{
	(void)v;
	(void)code;
	return false;
}

__weak enum vcpu_exit vcpu_run(struct vcpu *v,
			       bool (*handler)(struct vcpu *v, enum vcpu_exit *code))
{
	enum vcpu_exit code = EXIT_IRQ;

	assert_int_equal(w.locked, 0);
	assert_false(handler(v, &code));
	return code;
}

bool world_closing;

bool vm_closing(void)
{
	return world_closing;
}

void vm_kill(struct vm *vm, const char *why)
{
	assert_int_equal(w.locked, 0);
	vm->state = VM_DEAD;
	w.killed = why;
}

struct vm *vm_by_id(u16 id)
{
	return id == w.dead->id ? w.dead : id == world_vm.id ? &world_vm : NULL;
}

void vm_put(struct vm *vm)
{
	assert_non_null(vm);
}

void vm_host_touch(pa_t pa, struct page_info pi)
{
	unsigned int n = page_of(pa);

	assert_int_equal(w.locked, 0);
	assert_int_equal(pi.vm, w.dead->id);
	w.page[n] = (struct page_info){ .state = PG_HOST };
	memset(w.data[n], 0, PAGE_SIZE);
}

void shadow_drop_all(void)
{
	assert_int_equal(w.locked, 0);
	w.epochs++;
}

/* --- mem/ --- */
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

void *slot_map_private(pa_t pa, u16 vm)
{
	unsigned int n = page_of(pa);

	assert_false(w.slot);
	if (w.page[n].state != PG_PRIVATE || w.page[n].vm != vm)
		return NULL;
	w.slot = true;
	return w.data[n];
}

void slot_unmap(enum slot_id id)
{
	assert_int_equal(id, SLOT_PAGE);
	assert_true(w.slot);
	w.slot = false;
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
		return pool_pages[i];
	}
	return NULL;
}

void pool_free(void *page, enum hypsec_account acc)
{
	int i = ((u8 *)page - pool_pages[0]) / PAGE_SIZE;

	assert_int_equal(acc, HYPSEC_ACC_VM);
	assert_true(i >= 0 && i < 32 && pool_used[i]);
	pool_used[i] = false;
	w.pool_out--;
	w.pool_left++;
}

/* --- s2/, kvm/ --- */
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

void s2_drop(struct s2 *s2)
{
	assert_ptr_equal(s2, &world_vm.s2);
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

/* --- hardware --- */
u64 pvm_hw_id(enum pvm_id reg)
{
	return w.id[reg];
}

u64 pvm_hw_counter(void)
{
	return w.counter;
}

u64 pvm_hw_ctr(void)
{
	return 0x8444c004;
}

u64 pvm_hw_clidr(void)
{
	return 0x0a200023;
}

u64 pvm_hw_ccsidr(u64 csselr)
{
	return 0x700fe01a + csselr;
}

u64 pvm_hw_mdscr(void)
{
	return w.mdscr;
}

void pvm_hw_set_mdscr(u64 v)
{
	w.mdscr = v;
}

struct smc_res smc_call(u64 x0, u64 x1, u64 x2, u64 x3)
{
	(void)x0;
	(void)x1;
	(void)x2;
	(void)x3;
	w.smcs++;
	return w.smc;
}

bool host_irq_pending(void)
{
	return w.irq_after >= 0 && w.irq_after-- == 0;
}

int core_random(void *out, size_t n)
{
	if (w.random_status) {
		memset(out, 0, n);
		return w.random_status;
	}
	memset(out, 0xff, n);
	return HYPSEC_OK;
}

void hypsec_wipe(void *p, size_t n)
{
	memset(p, 0, n);
}

/* --- auth/ --- */
__weak void image_verify_init(struct image_verify *v, u64 image_ipa, u64 ipa_limit)
{
	memset(v, 0, sizeof(*v));
	v->ipa = image_ipa;
	v->ipa_limit = ipa_limit;
}

__weak int image_verify_step(struct image_verify *v, struct image_source *src, u64 budget)
{
	unsigned int i = w.verify_next;
	const void *va;
	int ret;

	assert_true(budget <= 2 * PAGE_SIZE);
	assert_true(i < ARRAY_SIZE(w.verify_status));
	if (w.verify_page[i]) {
		ret = src->page(src, w.verify_page[i] - 1, true, &va);
		if (ret)
			return ret;
		w.verify_page[i] = 0;
	}
	if (w.verify_status[i]) {
		w.verify_next++;
		return w.verify_status[i];
	}
	v->m = w.manifest;
	return HYPSEC_OK;
}

__weak const char *manifest_error_name(enum manifest_error e)
{
	(void)e;
	return "manifest";
}

/* --- the parts of pvm/ that a test left out --- */
__weak void psci_cpu_on_done(struct vcpu *v, u64 ret)
{
	v->regs.x[0] = ret;
}

__weak bool pvm_die(struct vcpu *v, const char *why, enum vcpu_exit *code)
{
	vm_kill(v->vm, why);
	return pvm_show(v, SHOW_DEAD, code);
}

__weak bool pvm_is_dead(struct vcpu *v, enum vcpu_exit *code)
{
	if (v->vm->state != VM_DEAD)
		return false;
	pvm_show(v, SHOW_DEAD, code);
	return true;
}

__weak bool pvm_sysreg(struct vcpu *v, enum vcpu_exit *code)
{
	(void)v;
	(void)code;
	return true;
}

__weak int pvm_protect_step(struct vcpu *v)
{
	(void)v;
	return HYPSEC_RESTART;
}

__weak void pvm_vcpu_reset(struct vcpu *v, u64 pc, u64 x0, u64 x1, u64 x2)
{
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.pc = pc;
	v->regs.x[0] = x0;
	v->regs.x[1] = x1;
	v->regs.x[2] = x2;
}

__weak void pvm_free(struct vm *vm)
{
	assert_int_equal(vm->state, VM_DEAD);
	assert_int_equal(vm->running, 0);
	vm->pvm = NULL;
}
