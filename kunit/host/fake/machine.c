// SPDX-License-Identifier: GPL-2.0-only
/* CPUs, locks and the rest of the core around pool/, pgt/ and own/: see machine.h. */
#include "hw_parts.h"
#include "base/irq.h"
#include "base/smc.h"
#include "firmware/firmware.h"
#include "host/host.h"
#include "kvm/kvm.h"
#include "base/log.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"

u32 nr_cpus = FAKE_CPUS;
static struct percpu cpus[FAKE_CPUS];
static u32 current_cpu;

struct percpu *this_cpu(void)
{
	return &cpus[current_cpu];
}

struct percpu *cpu_by_id(u32 id)
{
	return id < FAKE_CPUS ? &cpus[id] : NULL;
}

void cpu_switch(u32 id)
{
	assert_true(id < FAKE_CPUS);
	core_synchronized(id);
	cpu_resume(id);
}

void cpu_resume(u32 id)
{
	assert_true(id < FAKE_CPUS);
	current_cpu = id;
	core_runs_on(id);
}

u32 cpu_now(void)
{
	return current_cpu;
}

/* Locks: one thread, so a lock that is taken stays so; what is left is their order. */
void spin_init(struct spinlock *l, enum lock_rank rank)
{
	memset(l, 0, sizeof(*l));
	l->rank = rank;
}

void (*lock_hook)(const struct spinlock *l);

void spin_lock(struct spinlock *l)
{
	if (lock_hook)
		lock_hook(l);
	assert_int_equal(l->holder, 0);		/* would wait for ever */
	assert_int_equal(this_cpu()->ranks_held >> l->rank, 0);
	this_cpu()->ranks_held |= BIT(l->rank);
	l->holder = current_cpu + 1;
}

bool spin_try(struct spinlock *l)
{
	if (l->holder)
		return false;
	spin_lock(l);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	assert_int_equal(l->holder, current_cpu + 1);
	assert_true(ptes_ordered());
	this_cpu()->ranks_held &= ~BIT(l->rank);
	l->holder = 0;
	if (l->rank == RANK_POOL)
		tlb_page_new();
}

bool spin_held(const struct spinlock *l)
{
	return l->holder == current_cpu + 1;
}

unsigned int log_lines;
char logged[192];

void hlog(const char *fmt, ...)
{
	va_list ap;

	log_lines++;
	va_start(ap, fmt);
	vsnprintf(logged, sizeof(logged), fmt, ap);
	va_end(ap);
}

unsigned int injected, touched, skipped;
u64 injected_far, touched_pa;
bool injected_exec, injected_el0;
struct page_info touched_info;

void host_inject_abort(bool instruction, bool from_el0, u64 esr, u64 far)
{
	(void)esr;
	assert_int_equal(this_cpu()->ranks_held, 0);
	injected++;
	injected_far = far;
	injected_exec = instruction;
	injected_el0 = from_el0;
}

void host_skip(void)
{
	skipped++;
}

/* Where vm/end.c is linked, that one. */
__attribute__((weak)) void vm_host_touch(pa_t pa, struct page_info pi)
{
	assert_int_equal(this_cpu()->ranks_held, 0);	/* it takes the VM's lock */
	touched++;
	touched_pa = pa.v;
	touched_info = pi;
}

bool host_can(u64 pa, bool write, bool exec)
{
	struct s2_leaf leaf = s2_lookup(&host_s2, pa);
	u64 off = pa & (leaf.size - 1);

	assert_true(flushes_done());
	if (!(leaf.pte & S2_VALID))
		return false;
	assert_int_equal((leaf.pte & S2_ADDR) + off, pa);	/* identity */
	return (leaf.pte & S2_R) && (!write || (leaf.pte & S2_W)) &&
	       (!exec || !(leaf.pte & S2_XN));
}

void machine_install_params(struct hypsec_install *in)
{
	memset(in, 0, sizeof(*in));
	in->magic = HYPSEC_INSTALL_MAGIC;
	in->region = REGION;
	in->region_size = REGION_SIZE;
	in->image_size = IMAGE_SIZE;
	in->pool = REGION + IMAGE_SIZE;
	in->linear_offset = 0xffff000000000000UL - MEM_BASE;
	in->nr_cpus = FAKE_CPUS;
	/* Adjacent ranges, as memblock has them; and one by itself. */
	in->nr_ram = 3;
	in->ram[0] = (struct hypsec_ram){ RAM_BASE, MEM_BASE - RAM_BASE + 0x1234000 };
	in->ram[1] = (struct hypsec_ram){ MEM_BASE + 0x1234000, RAM_END - MEM_BASE - 0x1234000 };
	in->ram[2] = (struct hypsec_ram){ RAM_FAR, 0x5000 };
}

void machine_boot(void)
{
	struct hypsec_install in;
	u32 i;

	for (i = 0; i < FAKE_CPUS; i++) {
		cpus[i].id = i;
		cpus[i].mpidr = i;
	}
	machine_install_params(&in);
	pool_init(PA(in.pool), PA(in.region + in.region_size));
	tlb_watch(&host_s2);
	assert_int_equal(host_s2_init(&in), HYPSEC_OK);
	write_sysreg(0, VTTBR_EL2);
	s2_load(&host_s2);
	assert_false(tlb_stale(~0UL));
}

static void *hog[2048];
static unsigned int hogged;

bool hog_one(void)
{
	hog[hogged] = pool_alloc(HYPSEC_ACC_VM);
	return hog[hogged] && ++hogged;
}

unsigned int hog_count(void)
{
	return hogged;
}

void hog_unreserved(void)
{
	while (hog_one())
		;
}

void hog_all(void)
{
	pool_reserve_open();
	hog_unreserved();
	pool_reserve_close();
}

void hog_give(unsigned int pages)
{
	while (hogged && pages--)
		pool_free(hog[--hogged], HYPSEC_ACC_VM);
}

void hog_none(void)
{
	while (hogged)
		pool_free(hog[--hogged], HYPSEC_ACC_VM);
}
