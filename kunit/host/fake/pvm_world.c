// SPDX-License-Identifier: GPL-2.0-only
#include "pvm_world.h"

struct world w;
struct pvm world_pvm;
struct vcpu world_vcpu[WORLD_VCPUS], world_new_vcpu;
struct vm world_vm;
static struct vm dead_vm;
static struct percpu world_cpu;
static u32 ranks;		/* of locks that are held, as in base/lock.c */
struct percpu world_cpus[2];
u32 nr_cpus = 2;
struct hypsec_install core_install;
u64 pa_limit = 1UL << 40;

/* Where the real one is not linked nobody asks. */
__attribute__((weak)) void pvm_know_cpus(void)
{
}

struct vm *world_new(void)
{
	memset(&w, 0, sizeof(w));
	memset(&world_vm, 0, sizeof(world_vm));
	memset(&world_pvm, 0, sizeof(world_pvm));
	memset(world_vcpu, 0, sizeof(world_vcpu));
	world_pool_new();
	memset(world_cpus, 0, sizeof(world_cpus));
	for (unsigned int i = 0; i < 2; i++)
		world_cpus[i].midr = 0x410fd0c1 + i;
	pvm_know_cpus();
	memset(&world_cpu, 0, sizeof(world_cpu));
	w.irq_after = -1;
	w.frame0 = 0x40200;
	w.dead = &dead_vm;
	dead_vm.id = 9;
	dead_vm.state = VM_DEAD;

	ranks = 0;
	spin_init(&world_vm.lock, RANK_VM);
	world_vm.id = 3;
	world_vm.state = VM_PROTECTED;
	world_vm.s2.ipa_bits = 40;
	world_vm.pvm = &world_pvm;
	world_vm.ran = world_pvm.ran;
	world_pvm.image = (struct pvm_range){ 0x40200000, 0x10000 };
	world_pvm.verify.m.flags = HYPSEC_FLAG_SMP;
	spin_init(&world_pvm.vcpus_lock, RANK_VCPUS);
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		world_pvm.vcpu[i] = &world_vcpu[i];
		world_vcpu[i].vm = &world_vm;
		world_vcpu[i].index = i;
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

void world_secrets(struct vcpu *v)
{
	test_fill(v->regs.x, sizeof(v->regs.x));
	v->regs.sp_el0 = test_rand();
	v->regs.pc = test_rand() & ~3UL;
	test_fill(v->sr, sizeof(v->sr));
	test_fill(&v->fp, sizeof(v->fp));
	test_fill(v->apkey, sizeof(v->apkey));
}

/* --- locks, logging --- */
void (*world_lock_hook)(const struct spinlock *l);

void spin_init(struct spinlock *l, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK(rank);
}

void spin_lock(struct spinlock *l)
{
	if (world_lock_hook)
		world_lock_hook(l);
	assert_int_equal(l->owner, 0);
	assert_int_equal(ranks >> l->rank, 0);
	ranks |= BIT(l->rank);
	l->owner = 1;
	w.locked++;
}

bool spin_try(struct spinlock *l)
{
	if (l->owner)
		return false;
	spin_lock(l);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	assert_int_equal(l->owner, 1);
	ranks &= ~BIT(l->rank);
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
	size_t n = strlen(w.log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w.log + n, sizeof(w.log) - n, fmt, ap);
	va_end(ap);
	strncat(w.log, "\n", sizeof(w.log) - strlen(w.log) - 1);
}

struct percpu *this_cpu(void)
{
	return &world_cpu;
}

struct percpu *cpu_by_id(u32 id)
{
	assert_true(id < nr_cpus);
	return &world_cpus[id];
}

/* --- vcpu/ --- */
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
	struct vm *vm = id == w.dead->id ? w.dead : id == world_vm.id ? &world_vm : NULL;

	if (vm)
		vm->refs++;
	return vm;
}

void vm_put(struct vm *vm)
{
	assert_int_not_equal(vm->refs, 0);
	vm->refs--;
}

bool shadow_drop_all(void)
{
	assert_int_equal(w.locked, 0);
	w.epochs++;
	return !w.drop_stopped;
}

/* --- hardware --- */
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
	(void)x2;
	(void)x3;
	w.smc_fn = (u32)x0;
	w.smc_arg = x1;
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
