#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two guests whose kernels are Linux in user mode, each with an 802.1Q interface of VLAN 5 over its device: they talk to
# each other while both go to their VFs and back, twice, and lose nothing. usage: vlan_kernel.sh BIN_DIR
set -u
skip() { echo "$1"; exit 77; }
die() { echo "$1"; tail -5 "$work"/*.log; exit 1; }
[ "$(id -u)" = 0 ] && [ -w /dev/net/tun ] || skip "needs root and /dev/net/tun"
command -v linux.uml >/dev/null && command -v busybox >/dev/null || skip "needs user-mode-linux and busybox"
modules=$(echo /usr/lib/uml/modules/*/kernel/net)
[ -f "$modules/8021q/8021q.ko" ] || skip "user-mode-linux without 802.1Q"
bin=$(realpath "$1") work=$(mktemp -d) space=weir-vlan-$$
finish() {
  # shellcheck disable=SC2046
  kill $(jobs -p) 2>/dev/null
  pkill -f "umid=$space" 2>/dev/null
  wait 2>/dev/null
  for g in a b; do ip netns del "$space-$g" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT
await() { for _ in $(seq 600); do eval "$1" && return; sleep 0.1; done; die "$2"; }
ctl() { "$bin/weirctl" --parent "$work/host" "$@"; }

cat > "$work/init" <<INIT
#!$(command -v busybox) sh
b=$(command -v busybox)
\$b mount -t proc proc /proc
for m in llc/llc 802/stp 802/garp 802/mrp 8021q/8021q; do \$b insmod $modules/\$m.ko; done
for word in \$(\$b cat /proc/cmdline); do case \$word in weir_ip=*) ip=\${word#*=};; weir_peer=*) peer=\${word#*=};; esac; done
/sbin/ip link set vec0 up
/sbin/ip link add link vec0 name vec0.5 type vlan id 5
/sbin/ip addr add \$ip/24 dev vec0.5
/sbin/ip link set vec0.5 up
echo "\$ip is up"
[ -z "\$peer" ] || { until \$b ping -c 1 -W 1 \$peer > /dev/null; do :; done; echo "talking"; \$b ping -c 200 -i 0.2 -W 20 \$peer; echo "said all"; }
while :; do \$b sleep 60; done
INIT
chmod 755 "$work" "$work/init"
mkdir "$work/card"
"$bin/weir-sim" --dir "$work/card" --vfs 4 > "$work/sim.log" 2>&1 &
await 'grep -q ready "$work/sim.log"' "weir-sim does not start"
"$bin/weir-host" --card "$work/card" --dir "$work/host" --vfs 4 --open > "$work/host.log" 2>&1 &
await 'grep -q ready "$work/host.log"' "weir-host does not start"

# The user mode kernel's device is joined to the guest's by a bridge, which passes tags as they are.
guest() {
  ip netns add "$space-$1" || die "no network namespace"
  ip netns exec "$space-$1" "$bin/weir-guest" --parent "$work/host" --name "$1" > "$work/guest-$1.log" 2>&1 &
  await "ctl status 2>/dev/null | grep -q '^$1 .*detached'" "guest $1 does not join"
  mac=$(ip netns exec "$space-$1" cat /sys/class/net/weir0/address)
  ip netns exec "$space-$1" sh -ec "ip link add br0 type bridge; ip tuntap add um0 mode tap; ip link set weir0 address 02:00:00:00:99:0$2
    for d in weir0 um0; do sysctl -qw net.ipv6.conf.\$d.disable_ipv6=1; ip link set \$d master br0 up; done
    sysctl -qw net.ipv6.conf.br0.disable_ipv6=1; ip link set br0 up" || die "no bridge"
  ip netns exec "$space-$1" linux.uml mem=96M root=/dev/root rootfstype=hostfs rootflags=/ ro init="$work/init" con=null con0=null,fd:1 con1=null \
    ssl=null "vec0:transport=tap,ifname=um0,mac=$mac" "weir_ip=10.5.0.$2" ${3:+"weir_peer=$3"} "umid=$space-$1" < /dev/null > "$work/uml-$1.log" 2>&1 &
}
guest b 2
await 'grep -q "is up" "$work/uml-b.log"' "the first kernel does not start"
guest a 1 10.5.0.2
await 'grep -q talking "$work/uml-a.log"' "the guests do not hear each other"
for _ in 1 2; do
  for what in "attach a" "attach b" "detach a" "detach b"; do
    # shellcheck disable=SC2086
    ctl $what > "$work/ctl.log" 2>&1 || die "$what"
    sleep 2
  done
done
await 'grep -q "said all" "$work/uml-a.log"' "the guest's ping does not end"
grep -q "200 packets transmitted, 200 packets received" "$work/uml-a.log" || die "a VLAN interface lost packets"
[ "$(ctl records | grep -c ' no .* 0 .* 0 .* 0 ')" = 8 ] || die "a planned hand-over became another"
ctl ledger | grep -q "balanced" || die "the ledger does not balance"
grep "packets transmitted" "$work/uml-a.log"
