# Slurm: the controller on the head, slurmd on each host, one munged for all. Part of bed.sh.
#
# From settings: CPUS and GPUS (per host), TASK_PLUGIN (none, affinity)
# $dir/slurm/extra.conf      lines of slurm.conf; each goes before the bed's own line of that name
#
# The processors need not be there: Slurm believes what slurm.conf says. /etc/slurm is the bed's own while it is up.

# The bed's own settings: quick to see what happens, and nothing of the machine's cgroups is touched.
slurm_settings() {
  cat <<X
ClusterName=bed
SlurmctldHost=head
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$dir/slurm/state
SlurmdSpoolDir=$dir/slurm/spool.%n
SlurmctldPidFile=$dir/slurm/slurmctld.pid
SlurmdPidFile=$dir/slurm/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld
SlurmdLogFile=$dir/log/%n.slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/$TASK_PLUGIN
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=1
SlurmdParameters=config_overrides
SlurmdTimeout=10
SlurmctldTimeout=10
MessageTimeout=5
TCPTimeout=2
KillWait=2
CompleteWait=0
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
X
}

# The lines for the hosts; each GPU is a device of its own, which nobody opens.
slurm_nodes() {
  local n gpu cpus gpus
  [[ "${GPUS[*]}" =~ [1-9] ]] && echo 'GresTypes=gpu'
  for ((n = 1; n <= NODES; n++)); do
    cpus=${CPUS[n - 1]} gpus=${GPUS[n - 1]}
    echo "NodeName=node$n CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1" \
      "RealMemory=8000 $([ "$gpus" = 0 ] || echo "Gres=gpu:$gpus") State=UNKNOWN"
    [ "$gpus" = 0 ] && continue
    for ((gpu = 0; gpu < gpus; gpu++)); do
      [ -e "/run/gpus/$gpu" ] || mknod "/run/gpus/$gpu" c 1 3
    done
    echo "NodeName=node$n Name=gpu File=/run/gpus/[0-$((gpus - 1))]" >>/etc/slurm/gres.conf
  done
  echo 'PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP'
}

slurm_head() {
  mkdir -p /run/munge /run/gpus "$dir/slurm/state"
  touch "$dir/slurm/extra.conf"
  mount -t tmpfs -o mode=755 tmpfs /etc/slurm
  {
    # A name that comes twice would be an error on the terminal of whoever calls srun.
    slurm_settings | awk -F= '!own { extra[tolower($1)]; print; next } !(tolower($1) in extra)' \
      "$dir/slurm/extra.conf" own=1 -
    slurm_nodes
  } >/etc/slurm/slurm.conf
  (umask 077 && dd if=/dev/urandom of="$dir/slurm/munge.key" bs=128 count=1 status=none)
  munged --key-file="$dir/slurm/munge.key" --log-file="$dir/log/munged" --seed-file="$dir/slurm/munge.seed" \
    --pid-file=/run/munge/munged.pid
  slurmctld
}

slurm_node() {
  mkdir -p "$dir/slurm/spool.node$1"
  slurmd -N "node$1"
}

# Every host that is up is idle.
slurm_idle() {
  local n
  local -a down
  read -ra down <<<"$DOWN"
  n=$(sinfo -h -N -p all -o %T | grep -cx idle)
  ((n >= NODES - ${#down[@]}))
}

slurm_ready() { wait_for slurm_idle; }
