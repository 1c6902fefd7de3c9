/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host of one's own: what KVM does at EL1, done by the test, with every field of KVM's
 * structures, every order and every interleaving in its hands. The guest is puppet.S.
 */
#ifndef HYPSEC_KUNIT_GUEST_H
#define HYPSEC_KUNIT_GUEST_H

#include <linux/kvm_host.h>
#include <asm/esr.h>
#include "core.h"
#include "puppet.h"
#include "../el2-objs/abi/hypsec_image.h"
#include "../el2-objs/abi/hypsec_guest.h"

/* The guest's addresses. Its RAM is [GUEST_IMAGE, GUEST_END), by 4 KiB frames. */
#define GUEST_IMAGE	0x40200000UL
#define GUEST_DTB	(GUEST_IMAGE + 0x202000)
#define GUEST_FREE	(GUEST_IMAGE + 0x210000)	/* no page there until hk_map() */
#define GUEST_END	(GUEST_IMAGE + 0x400000)
/* RAM of a VM that may share (hk_image_share()), and no other's; 2 MiB of it at once */
#define GUEST_POOL	GUEST_END
#define GUEST_POOL_END	(GUEST_POOL + 0x400000)
#define GUEST_IPA_BITS	39
#define GUEST_UPPER	BIT(GUEST_IPA_BITS - 1)
#define GUEST_VCPUS	8

/* ARM_EXCEPTION_*; an exit of the guest's that the harness answered is none of these */
struct hk_exit {
	enum { HK_DONE, HK_HELLO, HK_TRAP, HK_SERROR, HK_IL, HK_TIMEOUT } what;
	u64 esr, far, ipa;		/* HK_TRAP, as the host sees it */
};

struct hk_vcpu {
	struct hk_vm *vm;
	struct kvm_vcpu *v;		/* what the core gets the address of */
	u64 arg[PUPPET_ARGS], res[PUPPET_RESULTS];
	bool commanded;			/* PUPPET_EXEC is to be given to the guest */
	bool stop;			/* hk_run() returns HK_TIMEOUT: set by another thread */
	u64 runs;			/* __kvm_vcpu_run calls */
	/* before each run, and after it before anything is answered; may be NULL */
	void (*prepare)(struct hk_vcpu *c);
	void (*look)(struct hk_vcpu *c, u64 code);
	struct hk_watch *watch;		/* exposure.c's */
	/* of a watched vCPU, before each run: its interrupts; NULL: none */
	void (*offer)(struct hk_vcpu *c, struct vgic_v3_cpu_if *gic);
};

struct hk_vm {
	struct kunit *test;
	struct kvm *kvm;
	struct hk_vcpu vcpu[GUEST_VCPUS];
	u64 *pgd, *pmd, *pte;		/* 1 GiB, 2 MiB, 4 KiB entries: 4 pages */
	void *image, *kernel, *dtb;	/* host addresses: [0, 2 MiB), the kernel's page, the tree */
	void *spare;			/* 8 pages to map where a test likes, back in time */
	struct hypsec_manifest *manifest;	/* in the image */
	unsigned int id;		/* the core's, 0: not known yet */
	bool ended;
};

/*
 * An ordinary VM with a good image at GUEST_IMAGE, not run yet. Everything is taken down
 * when the test ends.
 */
struct hk_vm *hk_vm_new(struct kunit *test);
extern const u8 hk_puppet[PAGE_SIZE];	/* the image's first page */
/* The VM's and its signer's hash, as HYPSEC_GUEST_IDENTITY tells them: 64 bytes */
extern const u8 *const hk_identity;
/* Signs for one vCPU only (no HYPSEC_FLAG_SMP). */
void hk_image_up(struct hk_vm *vm);
/* Signs for one that may share PUPPET_SHARE bytes at once; KVM has a table for them. */
void hk_image_share(struct hk_vm *vm);
/*
 * The same for a Realm: the share is to be in its upper half, where KVM's table has again what it
 * has from GUEST_IMAGE on, by the same entries.
 */
void hk_image_rsi(struct hk_vm *vm);
/* hypsec-mod's words for "the VM is gone": HYPSEC_CALL_VM_TEARDOWN, until nothing is left. */
int hk_teardown(struct hk_vm *vm);
/* The same, which must succeed and leave nothing. */
void hk_vm_end(struct hk_vm *vm);
/* Another struct kvm_vcpu for the same vCPU, for a host that forges one. */
struct kvm_vcpu *hk_vcpu_new(struct hk_vm *vm, unsigned int n);

/* The VM's state, private pages and vCPUs inside, as the core tells; HYPSEC_VM_NONE: none */
int hk_vm_state(struct hk_vm *vm);
u64 hk_vm_pages(struct hk_vm *vm);

/*
 * The fabricated stage 2. @kva: a host page, or NULL to take the frame's away; with KVM's
 * TLB call, as KVM would.
 */
#define HK_HANG	(120 * HZ)	/* longer than anything takes that still goes on */

#define HK_RW	(BIT(6) | BIT(7))
#define HK_RO	BIT(6)
void hk_map(struct hk_vm *vm, u64 ipa, void *kva);
/* The same with any physical address, and only what @prot allows. */
void hk_map_pa(struct hk_vm *vm, u64 ipa, phys_addr_t pa, u64 prot);
void hk_unmap(struct hk_vm *vm, u64 ipa);
/* The host address of the page mapped at @ipa, or NULL */
void *hk_page(struct hk_vm *vm, u64 ipa);

/* One __kvm_vcpu_run of any struct: the code it returns. Does as a host has to around it. */
u64 hk_vcpu_run(struct kvm_vcpu *v);
/* The same of a vCPU of @c->vm; notes the VM's id at the first. */
u64 hk_vm_run(struct hk_vcpu *c);
/* KVM puts the vCPU away: on all CPUs the core forgets which struct it has mapped. */
void hk_put(void);

/*
 * Runs vCPU @c, serving the guest's mailbox, until something else happens: an exit that is
 * the test's to answer, or the end of a command. Interrupts are taken in between.
 */
struct hk_exit hk_run(struct hk_vcpu *c);
/* The exit's instruction is done, or the call has returned: with @x0 as its result. */
void hk_answer(struct hk_vcpu *c, u64 x0);

/*
 * Prepares vCPU @c to execute @insn with x0-x7 as in @x, the others from @seed; hk_run()
 * then runs it. hk_exec() does both and expects the command to end.
 */
void hk_command(struct hk_vcpu *c, u32 insn, const u64 *x, u64 seed);
void hk_command2(struct hk_vcpu *c, u64 insn01, u64 insn23, const u64 *x, u64 seed);
struct hk_exit hk_exec(struct hk_vcpu *c, u32 insn, const u64 *x);
/* What the guest's @call(x1, x2, x3) returned in x0; x1-x3 are in res[1] to res[3]. */
u64 hk_call(struct hk_vcpu *c, u64 call, u64 x1, u64 x2, u64 x3);
/* After HK_DONE: all registers the guest did not mean to change are as they were. */
void hk_expect_kept(struct hk_vcpu *c, const char *what);
/* The guest loads or stores 8 bytes of its memory. */
bool hk_guest_load(struct hk_vcpu *c, u64 ipa, u64 *v);
bool hk_guest_store(struct hk_vcpu *c, u64 ipa, u64 v);

/* The guest of vCPU 0 asks for protection: HK_HELLO if it got it. */
struct hk_exit hk_protect(struct hk_vm *vm, u64 image, u64 dtb);
/* Asserts that it gets it, and names [GUEST_IMAGE, GUEST_END) its RAM. */
void hk_protect_all(struct hk_vm *vm);
/* The same of a new VM. */
struct hk_vm *hk_protected(struct kunit *test);

/*
 * The one place that knows what a host's load of a private page does: @kva is the page of
 * @ipa, where the guest stored @secret.
 */
void hk_expect_private(struct hk_vm *vm, u64 ipa, const void *kva, u64 secret);

/* The core's log from here on, and whether it has @text in it; hypsec-mod may be faster. */
void hk_log_clear(void);
bool hk_log_has(const char *text);

/*
 * exposure.c: from now on the structure is random before each run of the protected vCPU
 * but for what KVM has to put there, and each byte that has changed after it must be in
 * the core's exposure.def.
 */
void hk_watch(struct hk_vcpu *c);
/* How many exits by interrupts it has seen; the test's own expectation of something else. */
u64 hk_watched_irqs(const struct hk_vcpu *c);

/* As the core's sources, and so its exposure.def, name what esr.h has */
#define EC_WFX			ESR_ELx_EC_WFx
#define EC_HVC64		ESR_ELx_EC_HVC64
#define EC_SYS64		ESR_ELx_EC_SYS64
#define EC_DABT_LOW		ESR_ELx_EC_DABT_LOW
#define EC_DABT_CUR		ESR_ELx_EC_DABT_CUR
#define EC_SERROR		ESR_ELx_EC_SERROR
#define EC_SOFTSTP_LOW		ESR_ELx_EC_SOFTSTP_LOW
#define EC_BREAKPT_LOW		ESR_ELx_EC_BREAKPT_LOW
#define EC_WATCHPT_LOW		ESR_ELx_EC_WATCHPT_LOW
#define ESR_EC_SHIFT		ESR_ELx_EC_SHIFT
#define ESR_IL			ESR_ELx_IL
#define ESR_ISS			GENMASK(24, 0)
#define ESR_WFX_WFE		BIT(0)
#define ESR_WFX_RV		BIT(2)
#define ESR_ISV			ESR_ELx_ISV
#define ESR_SAS			ESR_ELx_SAS
#define ESR_SSE			ESR_ELx_SSE
#define ESR_SF			ESR_ELx_SF
#define ESR_WNR			ESR_ELx_WNR
#define ESR_FSC			ESR_ELx_FSC
#define ESR_SYS_REG		ESR_ELx_SYS64_ISS_SYS_MASK
#define FSC_TRANS		0x04	/* plus the level */
#define FSC_ACCESS		0x08
#define FSC_PERM		0x0c
#define FSC_EXTABT		0x10

/* A64 */
#define INSN_NOP	0xd503201f
#define INSN_HVC	0xd4000002
#define INSN_SMC	0xd4000003
#define INSN_WFI	0xd503207f
#define INSN_WFE	0xd503205f
#define INSN_LDR	0xf9400020	/* ldr x0, [x1] */
#define INSN_STR	0xf9000020	/* str x0, [x1] */

#endif
