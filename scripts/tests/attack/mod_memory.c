// SPDX-License-Identifier: GPL-2.0-only
/* Reaching for physical memory, and calling EL2 and EL3, as a hostile kernel would. */
#include <linux/cacheflush.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "attack_mod.h"

struct mapping {
	void *page;		/* address of the page's first byte */
	bool vmapped, ioremapped;
};

/* vmap() never makes a mapping executable, and what does is not exported. */
static int make_executable(void *page)
{
	struct kprobe kp = { .symbol_name = "set_memory_x" };
	int (*set_memory_x_fn)(unsigned long addr, int pages);
	int ret = register_kprobe(&kp);

	if (ret)
		return ret;
	set_memory_x_fn = (void *)kp.addr;
	unregister_kprobe(&kp);
	return set_memory_x_fn((unsigned long)page, 1);
}

static int map_page(u64 pa, u32 alias, struct mapping *m)
{
	unsigned long pfn = pa >> PAGE_SHIFT;
	struct page *page;
	pgprot_t prot;
	int ret;

	*m = (struct mapping){};
	if (!pfn_valid(pfn) || !pfn_is_map_memory(pfn)) {
		m->page = (void __force *)ioremap(pa & PAGE_MASK, PAGE_SIZE);
		m->ioremapped = true;
		return m->page ? 0 : -ENXIO;
	}
	page = pfn_to_page(pfn);
	switch (alias) {
	case ATTACK_LINEAR:
		m->page = page_address(page);
		return 0;
	case ATTACK_NOCACHE:
		prot = pgprot_writecombine(PAGE_KERNEL);
		break;
	case ATTACK_EXECUTABLE:
		prot = PAGE_KERNEL;
		break;
	default:
		return -EINVAL;
	}
	m->page = vmap(&page, 1, VM_MAP | VM_ALLOC, prot);
	if (!m->page)
		return -ENOMEM;
	m->vmapped = true;
	ret = alias == ATTACK_EXECUTABLE ? make_executable(m->page) : 0;
	if (ret)
		vunmap(m->page);
	return ret;
}

static void unmap_page(struct mapping *m)
{
	if (m->vmapped)
		vunmap(m->page);
	if (m->ioremapped)
		iounmap((void __iomem *)m->page);
}

static void note(u64 *list, u64 seen, u64 pa)
{
	if (seen < 8)
		list[seen] = pa;
}

static void scan_page(struct attack_scan *s, const struct needle *n, void *buf, u64 pa)
{
	struct needle_count c = {};
	struct mapping m;
	long at;

	/* What the buffer holds is a copy this scan made itself. */
	if (pa == virt_to_phys(buf))
		return;
	if (!pfn_valid(pa >> PAGE_SHIFT) || !pfn_is_map_memory(pa >> PAGE_SHIFT) ||
	    map_page(pa, s->alias, &m)) {
		note(s->unreadable_pa, s->unreadable++, pa);
		return;
	}
	if (copy_from_kernel_nofault(buf, m.page, PAGE_SIZE)) {
		note(s->unreadable_pa, s->unreadable++, pa);
	} else {
		at = needle_search(n, buf, PAGE_SIZE, &c);
		if (at >= 0)
			note(s->hit_pa, s->words, pa + at);
		s->hits += c.hits;
		s->words += c.words;
	}
	unmap_page(&m);
}

int attack_scan(struct attack_scan *s)
{
	struct needle *n;
	void *buf;
	u64 pa;
	int ret = -EINVAL;

	if ((s->start | s->end) & ~PAGE_MASK || s->start > s->end)
		return -EINVAL;
	s->hits = 0;
	s->words = 0;
	s->unreadable = 0;
	n = kvmalloc(sizeof(*n), GFP_KERNEL);
	buf = (void *)__get_free_page(GFP_KERNEL);
	if (!n || !buf) {
		ret = -ENOMEM;
		goto out;
	}
	if (needle_init(n, &s->secret))
		goto out;
	ret = 0;
	for (pa = s->start; pa < s->end && !ret; pa += PAGE_SIZE) {
		scan_page(s, n, buf, pa);
		if (signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
out:
	/* Freed memory is scanned too, and would show this copy. */
	if (buf)
		memzero_explicit(buf, PAGE_SIZE);
	free_page((unsigned long)buf);
	kvfree(n);
	return ret;
}

static int read_one(const void *p, u32 size, u64 *value)
{
	*value = 0;
	return copy_from_kernel_nofault(value, p, size);	/* little-endian */
}

/* copy_to_kernel_nofault() is not exported; its building block is a macro. */
static int write_one(void *p, u32 size, u64 value)
{
	int ret = -EFAULT;

	pagefault_disable();
	switch (size) {
	case 1:
		__put_kernel_nofault(p, &value, u8, fault);
		break;
	case 2:
		__put_kernel_nofault(p, &value, u16, fault);
		break;
	case 4:
		__put_kernel_nofault(p, &value, u32, fault);
		break;
	default:
		__put_kernel_nofault(p, &value, u64, fault);
		break;
	}
	ret = 0;
fault:
	pagefault_enable();
	/* What was written may be code, for attack_exec(). */
	if (!ret)
		caches_clean_inval_pou((unsigned long)p, (unsigned long)p + size);
	return ret;
}

int attack_access(struct attack_access *a)
{
	struct mapping m = {};
	void *p = (void *)a->pa;
	int ret = 0;

	if (!is_power_of_2(a->size) || a->size > 8 || a->pa & (a->size - 1))
		return -EINVAL;
	if (!a->kernel_va) {
		ret = map_page(a->pa, a->alias, &m);
		p = m.page + offset_in_page(a->pa);
	}
	if (ret)
		return ret;
	if (a->write)
		ret = write_one(p, a->size, a->value);
	else
		ret = read_one(p, a->size, &a->value);
	unmap_page(&m);
	return ret;
}

/*
 * Jumps to @pa. An instruction abort of the kernel has no fix-up: where the page
 * can't be executed the caller dies with SIGKILL (and leaks the mapping), so
 * the program does this in a child.
 */
int attack_exec(u64 pa)
{
	void (*target)(void);
	struct mapping m;
	int ret;

	if (!pfn_valid(pa >> PAGE_SHIFT) || !pfn_is_map_memory(pa >> PAGE_SHIFT))
		return -EINVAL;
	ret = map_page(pa, ATTACK_EXECUTABLE, &m);
	if (ret)
		return ret;
	target = m.page + offset_in_page(pa);
	target();
	unmap_page(&m);
	return 0;
}

#define CALL(insn, regs)						\
	do {								\
		register u64 *__x asm("x19") = (regs);			\
		asm volatile(						\
			"ldp x0, x1, [x19]\n"				\
			"ldp x2, x3, [x19, #16]\n"			\
			"ldp x4, x5, [x19, #32]\n"			\
			"ldp x6, x7, [x19, #48]\n"			\
			"ldp x8, x9, [x19, #64]\n"			\
			"ldp x10, x11, [x19, #80]\n"			\
			"ldp x12, x13, [x19, #96]\n"			\
			"ldp x14, x15, [x19, #112]\n"			\
			"ldp x16, x17, [x19, #128]\n"			\
			insn "\n"					\
			"stp x0, x1, [x19]\n"				\
			"stp x2, x3, [x19, #16]\n"			\
			"stp x4, x5, [x19, #32]\n"			\
			"stp x6, x7, [x19, #48]\n"			\
			"stp x8, x9, [x19, #64]\n"			\
			"stp x10, x11, [x19, #80]\n"			\
			"stp x12, x13, [x19, #96]\n"			\
			"stp x14, x15, [x19, #112]\n"			\
			"stp x16, x17, [x19, #128]\n"			\
			: : "r" (__x)					\
			: "x0", "x1", "x2", "x3", "x4", "x5", "x6",	\
			  "x7", "x8", "x9", "x10", "x11", "x12", "x13",	\
			  "x14", "x15", "x16", "x17", "memory", "cc");	\
	} while (0)

int attack_call(struct attack_call *c)
{
	if (c->smc > 1)
		return -EINVAL;
	switch (c->imm | c->smc << 16) {
	case 0:
		CALL("hvc #0", c->x);
		return 0;
	case 1:
		CALL("hvc #1", c->x);
		return 0;
	case 0xffff:
		CALL("hvc #0xffff", c->x);
		return 0;
	case 0x10000:
		CALL(".inst 0xd4000003", c->x);		/* smc #0 */
		return 0;
	case 0x10001:
		CALL(".inst 0xd4000023", c->x);		/* smc #1 */
		return 0;
	default:
		return -EINVAL;
	}
}
