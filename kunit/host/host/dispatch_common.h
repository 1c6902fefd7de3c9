/* SPDX-License-Identifier: GPL-2.0-only */
/* For the tests of the host's entry: registers, and a record of what host/ calls. */
#ifndef HYPSEC_DISPATCH_COMMON_H
#define HYPSEC_DISPATCH_COMMON_H

#include "test.h"
#include "auth/auth.h"
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
#include "own/own.h"
#include "pool/pool.h"
#include "vcpu/vcpu.h"
#include "pvm/pvm.h"

#define RET(v)		((u64)(s64)(v))
#define PC		0xffff800080123450UL
#define VBAR		0xffff800080010800UL
#define EL1H		(SPSR_EL1H | SPSR_DAIF)
#define JUNK		0x5a5a000000000000UL

static struct {
	char name[24];
	u64 v;
} regs[32];
static unsigned int nr_regs;

u64 *fake_reg(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_regs; i++)
		if (!strcmp(regs[i].name, name))
			return &regs[i].v;
	assert_true(nr_regs < 32 && strlen(name) < sizeof(regs[0].name));
	strcpy(regs[nr_regs].name, name);
	regs[nr_regs].v = 0;
	return &regs[nr_regs++].v;
}

/* As cpu_by_id() finds them. */
static u8 areas[2 * HYPSEC_CPU_AREA] __attribute__((aligned(PAGE_SIZE)));
#define cpu (*(struct percpu *)(areas + HYPSEC_CPU_AREA - PAGE_SIZE))
static int status;			/* what the operation behind a call returns */
static int epochs;			/* HYPSEC_EPOCH that many times first */
static int ops, drops, kvm_calls, stub_calls, aborts, smcs;
static u64 last_pa, last_kvm_id, slow;
static bool slots_used, kvm_knows, stub_knows;
static struct page_info page;
static struct vm vm;
static int vm_refs;
static const char *log_text;

u64 pa_limit = 1UL << 40;
bool psci_mem_protect;
#define RAM_START	0x40000000UL
#define RAM_END		0xc0000000UL

bool pa_is_ram(pa_t pa, u64 size)
{
	return pa.v >= RAM_START && pa.v + size <= RAM_END;
}

static int op(pa_t pa)
{
	ops++;
	REG(CNTPCT_EL0) += slow;
	last_pa = pa.v;
	if (epochs) {
		epochs--;
		return HYPSEC_EPOCH;
	}
	return status;
}

struct percpu *this_cpu(void) { return &cpu; }
int own_donate(pa_t pa) { return op(pa); }
int own_reclaim(pa_t pa) { return op(pa); }
int own_share(pa_t pa) { return op(pa); }
int own_unshare(pa_t pa) { return op(pa); }
struct page_info own_lookup(pa_t pa) { last_pa = pa.v; return page; }
static bool drop_stopped;
bool shadow_drop_all(void) { drops++; return !drop_stopped; }
u32 vm_last_id(void) { return VM_MAX; }
u64 core_random_sources(void) { return 0; }
static bool wanted;
bool pool_wanted(void) { return wanted; }
u64 pool_account(enum hypsec_account acc) { return 1000 + acc; }
bool slots_empty(void) { return !slots_used; }
void host_abort(u64 esr) { (void)esr; aborts++; }
void host_smc(struct percpu *c) { c->host.x[0] = 0x5c; smcs++; }
int vm_teardown(kva_t kvm) { last_pa = kvm.v; return status; }
int vm_end(kva_t kvm) { last_pa = kvm.v; return status; }
u64 vm_reap_step(void) { return 77; }
int lost_page(u64 n, pa_t *pa) { *pa = PA(RAM_START + n); return status; }
struct vm *vm_by_id(u16 id) { vm_refs += id == 7; return id == 7 ? &vm : NULL; }
void vm_put(struct vm *v) { assert_ptr_equal(v, &vm); vm_refs--; }
int pvm_identity(struct vm *v, u64 n, u64 *val)
{
	assert_ptr_equal(v, &vm);
	val[0] = n;
	val[1] = val[2] = 0x1d;
	return status;
}
int pvm_status(struct vm *v, u64 *val)
{
	assert_ptr_equal(v, &vm);
	val[0] = HYPSEC_FLAG_DEBUG;
	val[1] = 0x1000;
	val[2] = 0x2000;
	return status;
}
int platform_piece(u32 flags, u64 n, u64 *val)
{
	assert_int_equal(flags, 0);
	val[0] = n;
	val[1] = val[2] = 0x1d;
	return status;
}
void hlog(const char *fmt, ...) { (void)fmt; }

size_t log_read(void *dst, size_t n)
{
	size_t len = strlen(log_text);

	if (len > n)
		len = n;
	memcpy(dst, log_text, len);
	log_text += len;
	return len;
}

int hc_seal(struct percpu *c, const u64 *arg, u64 *val)
{
	(void)c, (void)arg;
	val[0] = val[1] = val[2] = JUNK;	/* beyond the table: must not be seen */
	return status;
}

int hc_leave(struct percpu *c, const u64 *arg, u64 *val)
{
	return hc_seal(c, arg, val);
}

bool kvm_host_call(struct percpu *c, u64 id)
{
	kvm_calls++;
	last_kvm_id = id;
	c->host.x[0] = 0x4b;
	return kvm_knows;
}

bool kvm_stub_call(struct percpu *c)
{
	(void)c;
	stub_calls++;
	return stub_knows;
}

static inline int reset(void **state)
{
	(void)state;
	nr_regs = 0;
	memset(&cpu, 0, sizeof(cpu));
	cpu.id = 1;
	cpu.stack_top = JUNK;
	memset(&vm, 0, sizeof(vm));
	status = epochs = ops = drops = kvm_calls = stub_calls = aborts = smcs = vm_refs = 0;
	slots_used = false;
	last_pa = last_kvm_id = 0;
	kvm_knows = stub_knows = true;
	page = (struct page_info){ .state = PG_HOST, .level = 2 };
	core_broken = false;
	core_phase = HYPSEC_PHASE_SEALED;
	nr_cpus = 2;
	core_install.cpu_areas = (u64)areas;
	log_text = "";
	return 0;
}

static inline void trap(u64 esr, u64 spsr)
{
	REG(ESR_EL2) = esr;
	REG(ELR_EL2) = PC;
	REG(SPSR_EL2) = spsr;
	REG(VBAR_EL1) = VBAR;
	host_trap(&cpu);
}

static inline u64 esr_of(u64 ec, u64 iss)
{
	return ec << ESR_EC_SHIFT | ESR_IL | iss;
}

/* An HVC #imm with recognisable values everywhere else; x4-x30 must come back. */
static inline u64 hvc_imm(u64 imm, u64 x0, u64 x1, u64 x2, u64 x3)
{
	u64 *x = cpu.host.x;
	int i;

	for (i = 0; i < 31; i++)
		x[i] = JUNK + i;
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	trap(esr_of(EC_HVC64, imm), EL1H);
	for (i = 4; i < 31; i++)
		assert_int_equal(x[i], JUNK + i);
	assert_int_equal(REG(SPSR_EL2), EL1H);
	return x[0];
}

static inline u64 hvc(u64 x0, u64 x1)
{
	u64 r = hvc_imm(0, x0, x1, JUNK + 2, JUNK + 3);

	assert_int_equal(REG(ELR_EL2), PC);
	return r;
}


#endif
