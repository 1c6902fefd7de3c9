/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Basic types. Physical addresses, guest physical addresses and host kernel
 * virtual addresses are distinct types, so that one cannot stand in for
 * another by accident; a plain pointer is always an EL2 virtual address.
 */
#ifndef HYPSEC_TYPES_H
#define HYPSEC_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

typedef struct { u64 v; } pa_t;		/* physical address */
typedef struct { u64 v; } ipa_t;	/* guest physical: input of a VM's stage 2 */
typedef struct { u64 v; } kva_t;	/* host kernel linear-map address, untrusted */

static inline pa_t PA(u64 v) { return (pa_t){ v }; }
static inline ipa_t IPA(u64 v) { return (ipa_t){ v }; }

/*
 * A kernel with KASAN's or MTE's tags has one in the top byte of its pointers: what is compared
 * or converted is the address, which bit 55 extends, as in translation (Arm ARM D8.8.1).
 */
static inline kva_t KVA(u64 v) { return (kva_t){ (u64)((s64)(v << 8) >> 8) }; }

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define SZ_2M		(2UL << 20)
#define SZ_16M		(16UL << 20)
#define SZ_1G		(1UL << 30)

#define BIT(n)		(1UL << (n))
#define GENMASK(h, l)	(((~0UL) << (l)) & (~0UL >> (63 - (h))))
#define FIELD(v, h, l)	(((v) & GENMASK(h, l)) >> (l))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(v, a) ((v) & ~((u64)(a) - 1))
#define ALIGN_UP(v, a)	(((v) + (u64)(a) - 1) & ~((u64)(a) - 1))
#define IS_ALIGNED(v, a) (((v) & ((u64)(a) - 1)) == 0)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define __noinline	__attribute__((noinline))
#define __noreturn	__attribute__((noreturn))
/*
 * Code that runs before the seal only, which unmaps it (pgt/el2map.c): nothing else refers to it
 * (check-bundle). And data that nobody writes to from then on: it is mapped read-only.
 */
#define __init		__attribute__((section(".init.text"), cold))
#define __ro_after_seal	__attribute__((section(".data..ro_after_seal")))
#define __must_check	__attribute__((warn_unused_result))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* True if [a, a + n) does not wrap and lies inside [0, limit). */
static inline bool range_ok(u64 a, u64 n, u64 limit)
{
	return n <= limit && a <= limit - n;
}

void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
