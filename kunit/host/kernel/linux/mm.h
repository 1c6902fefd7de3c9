/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_LINUX_MM_H
#define FAKE_LINUX_MM_H

#define PAGE_SIZE	0x1000UL
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(a)	(((a) + PAGE_SIZE - 1) & PAGE_MASK)
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))

#endif
