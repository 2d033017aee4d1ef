#!/bin/sh
# What a resource manager starts on a node for one slot of an engine, within what it gave that slot: for the first slot
# engine.sh, which brings the engine; for each other a launcher, which connects to that engine.
#
#   /bin/sh slot.sh VARIABLE KIND RESOURCES NODE FOLDER CWD RUNID RANK
#
# VARIABLE is the name of the one that holds the number of the slot, KIND the launcher to use (native, portable, any),
# RESOURCES a comma list of variables whose values the engine wants to know. The rest is for engine.sh. It ends with 0 in any case: a status would end the other slots where the manager is set up so.
# Always true: a launcher that dies is started again as long as the engine is there; none is left when this has ended.
# Only names that begin with _disbatch_ are set, and what the launcher passes on to tasks.

eval "_disbatch_slot=\${$1-}"
_disbatch_kind=$2
_disbatch_resources=$3
shift 3
[ "$_disbatch_slot" != 0 ] || exec /bin/sh "$2/engine.sh" "$@"
# Why there is no engine, the first slot says.
_disbatch_oldpwd=${OLDPWD-}
cd -- "$3" 2>/dev/null || exit 0
# What cd has set there would reach the tasks.
if [ -n "$_disbatch_oldpwd" ]; then OLDPWD=$_disbatch_oldpwd; else unset OLDPWD; fi

# Handled rather than ignored: the launcher must not find them ignored.
trap : HUP INT TERM USR1 USR2

# By these the launcher, and what it started, are found when the engine has died.
export DISBATCH_RUN_ID="$4" DISBATCH_ENGINE_RANK="$5"
# bash takes a task for the first shell of a login when this is not set, and reads ~/.bashrc.
[ -n "${SHLVL-}" ] || export SHLVL=1

# Without a subshell or another program as far as that goes: all slots of a node come here at the same moment.
_disbatch_name=disbatch-$4-$5/slots
_disbatch_here=/tmp/$_disbatch_name
_disbatch_there=${TMPDIR:-/tmp}/$_disbatch_name
_disbatch_memory=/dev/shm/$_disbatch_name
_disbatch_node=$1
_disbatch_folder=$2
set -- --slot "$_disbatch_slot" \
  --connect "$_disbatch_here" --connect "$_disbatch_there" --connect "$_disbatch_memory"
set -f
IFS=,
for _disbatch_name in $_disbatch_resources; do set -- "$@" --tell "$_disbatch_name"; done
unset IFS
set +f

_disbatch_native=$_disbatch_folder/launcher-linux-x64
_disbatch_arm=$_disbatch_folder/launcher-linux-arm64
if [ -x "$_disbatch_arm" ]; then
  case $(uname -m) in aarch64 | arm64) _disbatch_native=$_disbatch_arm ;; esac
fi
[ "$_disbatch_kind" != portable ] && [ -x "$_disbatch_native" ] || _disbatch_native=
while :; do
  if [ -n "$_disbatch_native" ]; then
    "$_disbatch_native" "$@"
  else
    # Node raises the soft limit on open files; tasks are to have the one that was given.
    _disbatch_nofile=$(ulimit -Sn)
    case $_disbatch_nofile in
      '' | *[!0-9]*) "$_disbatch_node" "$_disbatch_folder/portable-launcher.cjs" "$@" ;;
      *) "$_disbatch_node" "$_disbatch_folder/portable-launcher.cjs" --nofile "$_disbatch_nofile" "$@" ;;
    esac
  fi
  _disbatch_status=$?
  case $_disbatch_status in
    # It was told to leave, its engine is gone, or none came.
    0 | 4) exit 0 ;;
    126 | 127)
      [ -n "$_disbatch_native" ] || exit 0
      _disbatch_native=
      continue
      ;;
  esac
  [ -S "$_disbatch_here" ] || [ -S "$_disbatch_there" ] || [ -S "$_disbatch_memory" ] || exit 0
done
