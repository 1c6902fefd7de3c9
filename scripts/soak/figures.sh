#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the host under -icount, for scripts/soak/bench: what the life of a protected
# guest's memory costs. A tick of the counter, 16 ns, is 16 instructions.
# Output: "figure: NAME NUMBER" lines.
plain=${plain:-}
. "${0%/*}/functions.sh"
. "$dir/cmdline"
patience=400

figure() { echo "figure: $*"; }
# per PAGES FIRST AGAIN: instructions per page
per() { echo $((($2 - $3) * 16 / $1)); }
# of FILE KEY: a number of the line with "touch pages="
of() { grep -a 'touch pages=' $1 | stat $2; }
account() { awk -v n=$1 '$1 == n { print $2 }' $hypsec/accounts; }
# Pages of the core that are there for VMs
for_vms() { awk '/^(vm_|seal_|host_tables)/ { n += $2 } END { print n }' $hypsec/accounts; }
hundredths() { cut -d' ' -f1 /proc/uptime | tr -d .; }

# A guest of $1 MiB in a file, as another process has to see it
guest() {
	vm_start $vm 1 $1 -object memory-backend-file,id=m,size=$1M,mem-path=/tmp/ram.file,share=on \
		-machine memory-backend=m
	vm_up $vm || { echo "figure: the guest is not up"; tail -n 3 /tmp/$vm.log; exit 1; }
}

# end NAME: from SIGKILL until nothing is left, in instructions
end() {
	local from

	from=$(hundredths)
	kill -9 "$(vm_pid $vm)"
	until vm_gone $vm && { [ -n "$plain" ] || [ "$(account private)" = 0 ]; }; do :; done
	figure "$1" $((($(hundredths) - from) * 10000000))
	vm_kill $vm
	rm -f /tmp/ram.file
}

if [ -z "$plain" ]; then
	vm=seal
	guest 128
	vm_qmp $vm stop >/dev/null
	$ram touch /tmp/ram.file 20000 8192 >/tmp/touched
	figure seal_4k "$(per "$(of /tmp/touched pages)" "$(of /tmp/touched first)" "$(of /tmp/touched again)")"
	vm_qmp $vm cont >/dev/null
	echo touch >/tmp/$vm.in
	soon vm_said $vm 'soak: touch ready'
	vm_qmp $vm stop >/dev/null
	$ram stats "$(vm_ram $vm)" >/dev/null
	vm_qmp $vm cont >/dev/null
	echo go >/tmp/$vm.in
	soon vm_said $vm 'soak: touch pages=.*'
	vm_lines $vm >/tmp/touched
	figure unseal_4k "$(per "$(of /tmp/touched pages)" "$(of /tmp/touched first)" "$(of /tmp/touched again)")"
	vm_kill $vm
	soon no_vm
	# The same cipher and size, with and without the vector unit that the core leaves alone.
	for cap in 0 0x3f; do
		LD_LIBRARY_PATH=$dir/openssl OPENSSL_armcap=$cap OPENSSL_CONF=/dev/null \
			$dir/openssl/openssl speed -seconds 1 -bytes 4096 -evp chacha20-poly1305 -mr 2>/dev/null |
			sed -n "s/^+F:[0-9]*:[^:]*:\\([0-9.]*\\).*/\\1/p" |
			awk -v c=$cap '{ printf "figure: openssl_4k_%s %d\n", c == "0" ? "scalar" : "vector",
				1000000000 / ($1 / 4096) }'
	done
	was=$(for_vms)
fi
vm=large
guest 1024
if [ -z "$plain" ]; then
	private=$(account private)
	figure private_pages $private
	figure core_bytes_per_gib $((($(for_vms) - was) * 4096 * 262144 / private))
	vm_qmp $vm stop >/dev/null
	$ram stats "$(vm_ram $vm)" >/dev/null
	figure core_bytes_per_gib_sealed $((($(for_vms) - was) * 4096 * 262144 / private))
	figure private_pages_sealed "$(account private)"
	vm_kill $vm
	soon no_vm
	rm -f /tmp/ram.file
	guest 1024
fi
end teardown_of_large
