# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by protected.sh. A stock initrd opens a shell without a password when it finds no
# root file system, and the host types at every guest's serial port what it would do there.

keys=/sys/firmware/devicetree/base/chosen/*sealing-keys

# start NAME: in the background, with a host that types for ever, no faster than the slowest
# guest takes it
start() {
	mkfifo "/tmp/$1.in"
	while echo "echo sum \$((40 + 2)); od -An -tx1 -v $keys"; do
		sleep 10
	done >"/tmp/$1.in" 2>/dev/null &
	( input=/tmp/$1.in out=/tmp/$1.out; vm "$1.img" 1 ) &
	echo $! >"/tmp/$1.pid"
}
stop() {
	kill -9 "$(cat "/tmp/$1.pid")"
	wait "$(cat "/tmp/$1.pid")" 2>/dev/null
}
shell_said() { tr -d '\r' <"/tmp/$1.out" | grep -qaE -- "$2"; }
answers() { shell_said "$1" "^sum 42\$"; }
# All that came out of its port, but for what the stub says
output() { tr -d '\r' <"/tmp/$1.out" | grep -av '^hypsec-stub: protected, '; }

mark
for name in open closed silent; do
	start $name
done
check "control: a stock initrd's shell obeys the host" soon answers open
check "control: and reads it the sealing keys" soon shell_said open '^( [0-9a-f]{2}){16}$'
stop open
check "with the tool's command line it reboots instead" \
	soon shell_said closed '^Rebooting automatically due to panic= boot argument'
check "which the core saw" soon logged "reset by its guest"
check "and no shell obeyed" eval '! answers closed'
stop closed
check "without a console the guest comes as far" soon logged "powered off by its guest"
wait "$(cat /tmp/silent.pid)"
check "the stub says who it is" shell_said silent '^hypsec-stub: protected, '
check "and nothing else ever comes out" eval '[ -z "$(output silent)" ]'
