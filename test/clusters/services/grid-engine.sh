# Grid Engine: the master on the head, an execution daemon on each host, the queue all.q and the parallel environment mpi,
# which fills one host after the other. Part of bed.sh.
#
# From settings: SLOTS (per host that is up when the bed comes up; others get no jobs)
#
# The daemons work on copies of what the package has set up; the machine's own is not touched.

export SGE_ROOT=/var/lib/gridengine SGE_CELL=default

# The one on the PATH takes ten times as long to find out what machine this is. Values that are long stay on one line.
grid_engine_conf() { SGE_SINGLE_LINE=1 /usr/lib/gridengine/qconf "$@"; }

# A configuration with other values, NAME VALUE …, from standard input to a file, whose name qconf wants.
grid_engine_with() {
  local file=$dir/grid-engine/$1 script='/^#/d'
  shift
  while (($# > 0)); do
    script+=";s|^$1 .*|$1 $2|"
    shift 2
  done
  sed "$script" >"$file"
}

# node1, node2 …
grid_engine_nodes() { seq -s , -f 'node%g' "$NODES"; }

grid_engine_head() {
  local part
  for part in lib spool; do
    mkdir -p "$dir/grid-engine/$part"
    cp -a "/var/$part/gridengine/." "$dir/grid-engine/$part/"
    mount --bind "$dir/grid-engine/$part" "/var/$part/gridengine"
  done
  echo head >/var/lib/gridengine/default/common/act_qmaster
  mkdir -p /run/gridengine
  chown sgeadmin:sgeadmin /run/gridengine
  /usr/sbin/sge_qmaster
  wait_for grid_engine_conf -sh
  # Daemons read how often they report when they start, so this comes before them.
  grid_engine_conf -sconf | grid_engine_with global load_report_time 00:00:01 max_unheard 00:00:10 \
    reporting_params 'accounting=true reporting=false flush_time=00:00:01 joblog=false sharelog=00:00:00'
  grid_engine_conf -ssconf | grid_engine_with scheduler schedule_interval 0:0:1 flush_submit_sec 1 flush_finish_sec 1
  cat >"$dir/grid-engine/mpi" <<'X'
pe_name            mpi
slots              9999
user_lists         NONE
xuser_lists        NONE
start_proc_args    NONE
stop_proc_args     NONE
allocation_rule    $fill_up
control_slaves     TRUE
job_is_first_task  FALSE
urgency_slots      min
accounting_summary FALSE
qsort_args         NONE
X
  {
    # It takes the name of the configuration from that of the file.
    (cd "$dir/grid-engine" && grid_engine_conf -Mconf global)
    grid_engine_conf -Msconf "$dir/grid-engine/scheduler"
    grid_engine_conf -ah "$(grid_engine_nodes)"
    grid_engine_conf -as "head,$(grid_engine_nodes)"
    grid_engine_conf -Ap "$dir/grid-engine/mpi"
  } >>"$dir/log/grid-engine"
}

grid_engine_node() { /usr/sbin/sge_execd; }

# Every host that is up has called the master.
grid_engine_hosts() {
  local -a down
  read -ra down <<<"$DOWN"
  (($(grid_engine_conf -sel | wc -l) >= NODES - ${#down[@]}))
}

# Where jobs have their TMPDIR: each host a folder of its own, or one would take away the other's of the same job.
grid_engine_tmpdirs() {
  local folder=$dir/grid-engine/tmp host
  install -d -m 1777 "$folder"
  printf %s "$folder"
  for host in $(grid_engine_conf -sel); do
    install -d -m 1777 "$folder/$host"
    printf ',[%s=%s]' "$host" "$folder/$host"
  done
}

grid_engine_ready() {
  wait_for grid_engine_hosts
  grid_engine_conf -sq | grid_engine_with queue qname all.q hostlist "$(grid_engine_conf -sel | tr '\n' ' ')" \
    tmpdir "$(grid_engine_tmpdirs)" slots "$SLOTS" pe_list mpi shell /bin/bash load_thresholds NONE
  grid_engine_conf -Aq "$dir/grid-engine/queue" >>"$dir/log/grid-engine"
}
