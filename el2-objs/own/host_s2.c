// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's stage 2: identity, with what the host may not use taken out of it.
 * It is the one record of who owns a page (own.c).
 *
 * RAM is mapped at install, in blocks, and its map never changes; so is what the host executes
 * from that is not RAM (firmware's runtime code). The rest (devices, firmware tables) is mapped
 * when the host touches it, in the largest block without either, never executable. All as Normal write-back: the stricter of the
 * two stages' attributes applies (Arm ARM D8.6.7), so the host's stage 1 decides, just as
 * without a stage 2.
 */
#include "own/own.h"
#include "base/check.h"
#include "base/lock.h"
#include "base/log.h"
#include "pool/pool.h"

#define HOST_RAM	(S2_R | S2_W | S2_MEMATTR_WB)
#define HOST_DEVICE	(HOST_RAM | S2_XN)

_Static_assert(HOST_RAM != 0, "an entry of RAM that the host owns is never all-zero");

struct s2 host_s2;
struct spinlock host_s2_lock = SPINLOCK(RANK_HOST_S2);

/* Largest block at @pa, below @end, that has no byte of [skip, skip_end). */
static u64 __init block_size(u64 pa, u64 end, u64 skip, u64 skip_end)
{
	static const u64 sizes[] = { SZ_1G, SZ_2M, PAGE_SIZE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes) - 1; i++) {
		u64 size = sizes[i];

		if (IS_ALIGNED(pa, size) && size <= end - pa &&
		    (pa >= skip_end || pa + size <= skip))
			break;
	}
	return sizes[i];
}

static int __init map_ram(const struct hypsec_install *in)
{
	u64 region_end = in->region + in->region_size;
	struct hypsec_ram r;
	unsigned int n;

	for (n = 0; ram_range(n, &r); n++) {
		u64 pa = r.base, end = r.base + r.size, size;

		for (; pa < end; pa += size) {
			int ret;

			size = block_size(pa, end, in->region, region_end);
			if (pa >= in->region && pa < region_end)
				continue;
			ret = s2_map(&host_s2, pa, PA(pa), size, HOST_RAM);
			if (ret)
				return ret;
		}
	}
	return HYPSEC_OK;
}

/* The install's word on what else is memory: the host is trusted, but may be wrong. */
static bool __init exec_ok(const struct hypsec_install *in)
{
	u64 last = 0;
	u32 i;

	if (in->nr_exec > HYPSEC_MAX_EXEC)
		return false;
	for (i = 0; i < in->nr_exec; i++) {
		const struct hypsec_ram *r = &in->exec[i];

		if (!r->size || !IS_ALIGNED(r->base | r->size, PAGE_SIZE) ||
		    !range_ok(r->base, r->size, pa_limit) || r->base < last ||
		    pa_touches_ram(PA(r->base), r->size))
			return false;
		last = r->base + r->size;
	}
	return true;
}

/* Executable, and yet nobody's: no VM's, not to be donated (own_decode()). */
static int __init map_exec(const struct hypsec_install *in)
{
	u32 i;

	for (i = 0; i < in->nr_exec; i++) {
		u64 pa = in->exec[i].base, end = pa + in->exec[i].size, size;

		for (; pa < end; pa += size) {
			int ret;

			size = block_size(pa, end, 0, 0);
			ret = s2_map(&host_s2, pa, PA(pa), size, HOST_RAM);
			if (ret)
				return ret;
		}
	}
	return HYPSEC_OK;
}

/* The region is the core's for ever: said once per 2 MiB. */
static int __init annotate_region(const struct hypsec_install *in)
{
	u64 pa;

	for (pa = in->region; pa < in->region + in->region_size; pa += SZ_2M) {
		int ret = s2_split(&host_s2, pa, 2);

		if (ret)
			return ret;
		s2_replace(&host_s2, pa, 0, ANN_CORE);
	}
	return HYPSEC_OK;
}

/**
 * host_s2_init() - build the host's stage 2
 * @in: install parameters; the host is still trusted, but may be wrong
 *
 * Called once, after pool_init(), before any CPU sets HCR_EL2.VM. Each CPU then
 * does s2_load(&host_s2), and a TLBI ALLE1, before it returns to the host: what it
 * cached without a stage 2 carries VMID 0 too.
 * Return: HYPSEC_OK, HYPSEC_INVALID (region, RAM map or exec ranges), HYPSEC_NO_MEMORY.
 */
int __init host_s2_init(const struct hypsec_install *in)
{
	unsigned int bits = 0;
	int ret;

	ret = ram_init(in);
	if (ret)
		return ret;
	if (!in->region_size || !IS_ALIGNED(in->region | in->region_size, SZ_2M) ||
	    !pa_was_there(PA(in->region), in->region_size) || !exec_ok(in))
		return HYPSEC_INVALID;

	while (1UL << bits < pa_limit)
		bits++;
	ret = s2_init(&host_s2, bits, 0, HYPSEC_ACC_HOST_S2);
	if (ret)
		return ret;
	host_s2.record = true;

	spin_lock(&host_s2_lock);
	ret = map_ram(in);
	if (!ret)
		ret = map_exec(in);
	if (!ret)
		ret = annotate_region(in);
	spin_unlock(&host_s2_lock);
	return ret;
}

/* Device memory, on first touch. Locks: caller holds host_s2_lock. */
static int map_device(u64 pa, const struct s2_leaf *empty)
{
	u64 size;

	for (size = SZ_1G; size >= PAGE_SIZE; size >>= 9) {
		u64 base = ALIGN_DOWN(pa, size);

		if (size <= empty->size && !pa_touches_ram(PA(base), size) &&
		    range_ok(base, size, pa_limit))
			return s2_map(&host_s2, base, PA(base), size, HOST_DEVICE);
	}
	return HYPSEC_DENIED;	/* RAM without an entry: nobody's */
}

enum host_fault host_s2_fault(u64 pa, struct page_info *pi)
{
	enum host_fault v = HOST_FAULT_REFUSE;
	static bool told;
	struct s2_leaf leaf;
	int ret;

	pool_reserve_open();
	spin_lock(&host_s2_lock);
	leaf = s2_lookup(&host_s2, pa);
	*pi = own_decode(&leaf);
	if (pte_valid(leaf.pte)) {
		/*
		 * Another CPU mapped it, or was between break and make of a block. The
		 * access is tried again; should it not be allowed, it faults otherwise.
		 */
		v = HOST_FAULT_RETRY;
	} else if (pi->state == PG_MOVING) {
		/* A few microseconds; for ever if the CPU that moves it has panicked. */
		v = READ_ONCE(core_broken) ? HOST_FAULT_REFUSE : HOST_FAULT_RETRY;
	} else if (pi->state == PG_PRIVATE) {
		/* A broken core ends no VM: it stays as unreachable as it is. */
		v = READ_ONCE(core_broken) ? HOST_FAULT_REFUSE : HOST_FAULT_PRIVATE;
	} else if (!leaf.pte) {
		ret = map_device(pa, &leaf);
		/* Without memory for a table: until the host has given some, which it is asked for. */
		if (ret == HYPSEC_OK || (ret == HYPSEC_NO_MEMORY && !READ_ONCE(core_broken)))
			v = HOST_FAULT_RETRY;
		if (ret == HYPSEC_NO_MEMORY && !__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
			hlog("host: no memory to map device at %lx: donate pages (this once)", pa);
	}
	spin_unlock(&host_s2_lock);
	pool_reserve_close();
	return v;
}
