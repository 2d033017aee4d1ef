# sshd on each host, and ssh between all of them without a password for root and the users. Part of bed.sh.
#
# $dir/sshd/nodeN.options    further lines of that host's sshd_config
# $dir/sshd/nodeN.off        when it is there, that host's sshd is not started
# many-1, many-2 …           other names of node1, for many starts against one sshd

sshd_head() {
  local name
  mkdir -p "$dir/sshd"
  ssh-keygen -q -t ed25519 -N '' -f "$dir/sshd/hostkey"
  ssh-keygen -q -t ed25519 -N '' -f "$dir/sshd/id_root"
  cp "$dir/sshd/id_root.pub" "$dir/sshd/authorized_keys"
  for name in $USERS; do install -o "$name" -m 600 "$dir/sshd/id_root" "$dir/sshd/id_$name"; done
  { printf '%s ' 'head,node*,10.77.0.*'; cut -d' ' -f1,2 "$dir/sshd/hostkey.pub"; } >"$dir/sshd/known_hosts"
  mount -t tmpfs -o mode=755 tmpfs /etc/ssh/ssh_config.d
  cat >/etc/ssh/ssh_config.d/00-bed.conf <<X
Host many-*
  HostName node1
Host head node* many-* 10.77.0.*
  IdentityFile $dir/sshd/id_%u
  IdentitiesOnly yes
  GlobalKnownHostsFile $dir/sshd/known_hosts
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking yes
X
  cat >"$dir/sshd/sshd_config" <<X
HostKey $dir/sshd/hostkey
AuthorizedKeysFile $dir/sshd/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PidFile none
MaxSessions 200
X
  # Where sshd separates its privileges.
  mkdir -p /run/sshd
}

sshd_node() {
  local config=$dir/sshd/node$1.config
  [ -e "$dir/sshd/node$1.off" ] && return 0
  # sshd takes the first of what it reads, but of MaxStartups the last.
  { cat "$dir/sshd/node$1.options" 2>/dev/null || :; cat "$dir/sshd/sshd_config"; } >"$config"
  grep -q MaxStartups "$config" || echo 'MaxStartups 200' >>"$config"
  /usr/sbin/sshd -f "$config" -E "$dir/log/node$1.sshd"
}

# A host that is booted has an sshd that listens.
sshd_ready() { :; }
