#!/bin/bash
# A bed: hosts with names, networks and processes of their own on this machine, for tests with real services. As root.
#
#   bed.sh up DIR              brings it up and says `ready`; it lives until its standard input ends or it is killed
#   bed.sh node DIR N          (within) process 1 of a host
#   bed.sh boot|crash|cut|heal|freeze|thaw DIR N     (within, on the head)
#   bed.sh on DIR N COMMAND…   (within, on the head) a command on a host
#
# DIR is an empty folder of the test's, at the same path on all hosts; in it:
#   settings              NODES, USERS, SERVICES, DOWN (hosts that are not booted), NODE (Node here), as shell variables,
#                         and those of the services
#   services/*.sh         each with three functions: NAME_head, before the hosts; NAME_node N, on each host; NAME_ready
#   home/, program/, log/ the users' homes, the program under test, the services' logs
#   bin/node              Node, which may be where only root can enter
#
# Always true: everything (processes, networks, mounts, users) is in namespaces of the one outer process, and gone with it.
set -eu
# The users of a bed are not who made its folder.
umask 022
act=$1 dir=$2
shift 2
here=$(dirname "$(readlink -f "$0")")
. "$dir/settings"
for service in $SERVICES; do . "$here/services/$service.sh"; done

host_address() { echo "10.77.0.$((10 + $1))"; }

# The process 1 of a host, by its number here.
host_init() { tr -d ' ' <"/proc/$(cat "$dir/node$1.pid")/task/$(cat "$dir/node$1.pid")/children"; }

boot_host() {
  local n=$1
  if ! [ -e "/run/netns/node$n" ]; then
    ip netns add "node$n"
    ip link add "p$n" type veth peer name eth0 netns "node$n"
    ip link set "p$n" master br0
    ip -n "node$n" addr add "$(host_address "$n")/24" dev eth0
    ip -n "node$n" link set lo up
    ip -n "node$n" link set eth0 up
  fi
  ip link set "p$n" up
  setsid nsenter --net="/run/netns/node$n" \
    unshare --uts --ipc --pid --mount --fork --kill-child=KILL --mount-proc \
    bash "$here/bed.sh" node "$dir" "$n" </dev/null >>"$dir/log/node$n.console" 2>&1 &
  echo $! >"$dir/node$n.pid"
  disown
}

# Waits for a condition, a minute: the machine may have other beds to carry.
wait_for() {
  local _
  for _ in {1..1200}; do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  echo "bed: waited in vain for: $*" >&2
  tail -n 20 "$dir"/log/* >&2
  return 1
}

make_users() {
  local uid=20000 name
  for file in passwd shadow group; do cp -p "/etc/$file" "$dir/etc/$file"; done
  for name in $USERS; do
    uid=$((uid + 1))
    echo "$name:x:$uid:$uid::$dir/home/$name:/bin/bash" >>"$dir/etc/passwd"
    # No password, and not locked.
    echo "$name:*:19000::::::" >>"$dir/etc/shadow"
    echo "$name:x:$uid:" >>"$dir/etc/group"
    mkdir -p "$dir/home/$name"
    chown "$uid:$uid" "$dir/home/$name"
  done
}

make_hosts_file() {
  local n
  echo '127.0.0.1 localhost'
  echo '10.77.0.1 head'
  for ((n = 1; n <= NODES; n++)); do echo "$(host_address "$n") node$n"; done
}

case $act in
  up)
    if [ "${BED_INSIDE-}" != yes ]; then
      # Services hand their environment on: it is not the one of who started the bed.
      exec env -i BED_INSIDE=yes PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        unshare --mount --uts --ipc --net --pid --fork --kill-child=KILL --mount-proc --propagation private \
        bash "$here/bed.sh" up "$dir"
    fi
    unset BED_INSIDE
    hostname head
    ip link set lo up
    # Where ip keeps its namespaces and services their sockets; the machine's own is not touched.
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -p /run/netns /run/lock "$dir/etc" "$dir/home" "$dir/log" "$dir/bin"
    chmod -R a+rX "$dir"
    touch "$dir/bin/node"
    mount --bind "$NODE" "$dir/bin/node"
    make_users
    make_hosts_file >"$dir/etc/hosts"
    # No name server: an unknown name is known to be unknown at once.
    printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n' >"$dir/etc/nsswitch.conf"
    for file in passwd shadow group hosts nsswitch.conf; do mount --bind "$dir/etc/$file" "/etc/$file"; done
    ip link add br0 type bridge
    ip addr add 10.77.0.1/24 dev br0
    ip link set br0 up
    for service in $SERVICES; do "${service//-/_}_head"; done
    for ((n = 1; n <= NODES; n++)); do
      case " $DOWN " in *" $n "*) ;; *) boot_host "$n" ;; esac
    done
    # A host is booted when its services have gone to the background, which they do when they listen.
    for ((n = 1; n <= NODES; n++)); do
      case " $DOWN " in *" $n "*) ;; *) wait_for test -e "$dir/node$n.booted" ;; esac
    done
    for service in $SERVICES; do "${service//-/_}_ready"; done
    echo ready
    cat >/dev/null
    ;;
  node)
    hostname "node$1"
    for service in $SERVICES; do "${service//-/_}_node" "$1"; done
    touch "$dir/node$1.booted"
    # Process 1 has to collect what others leave behind.
    trap : CHLD
    while :; do sleep 3600 & wait; done
    ;;
  boot)
    rm -f "$dir/node$1.booted"
    boot_host "$1"
    wait_for test -e "$dir/node$1.booted"
    ;;
  crash)
    # First the cable: a power failure says no goodbye.
    ip link set "p$1" down
    kill -KILL "$(cat "$dir/node$1.pid")"
    ;;
  cut) ip link set "p$1" down ;;
  heal) ip link set "p$1" up ;;
  freeze) nsenter -t "$(host_init "$1")" -p -m bash -c 'kill -STOP -- -1' ;;
  thaw) nsenter -t "$(host_init "$1")" -p -m bash -c 'kill -CONT -- -1' ;;
  on)
    init=$(host_init "$1")
    shift
    exec nsenter -t "$init" -m -u -i -n -p --wd=. "$@"
    ;;
  *)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
