#!/bin/bash -p
# The command `disbatch`, and `disBatch`: finds the program and becomes it (exec). Runs before everything else.
#
# bash, although the text is plain sh and any sh may run it: the sh of Debian drops exported shell functions from the
# environment, and tasks may call them. `-p` keeps bash from reading $BASH_ENV and from importing those functions.
# Always true: it starts no process in the usual cases, and leaves nothing in the environment but
# DISBATCH_STARTED_WITH, which the program takes out. What Node hides from a program is noted there:
#   nofile=N      the soft limit on open files (Node raises it when it starts)
#   ignored=N,N   signals that were ignored (nohup; Node sets them back), where the system shows them
# Its names begin with _disbatch_, since a name that the user has exported would stay exported with another value.

# bash takes `_` out of the environment after its first command; it is put back at the end.
_disbatch_underscore=${_-}
_disbatch_version='@VERSION@'

# `privileged` must not reach tasks through an exported SHELLOPTS.
case $- in *p*) set +p ;; esac

# Ends with the sentence $1.
_disbatch_fail() {
  printf 'disbatch: %s\n' "$1" >&2
  exit 1
}

# Sets _disbatch_home to the folder of the program that the file $1 belongs to, if it belongs to one.
_disbatch_find() {
  [ -f "$1" ] || return 1
  _disbatch_file=$1
  case $_disbatch_file in /*) ;; *) _disbatch_file=./$_disbatch_file ;; esac
  # Its own folder, then the two that npm links to: to compare files is free, readlink is a process.
  for _disbatch_home in \
    "${_disbatch_file%/*}" \
    "${_disbatch_file%/*}/../lib/node_modules/disbatch/dist" \
    "${_disbatch_file%/*}/../disbatch/dist"
  do
    [ "$_disbatch_home/disbatch" -ef "$_disbatch_file" ] && [ -f "$_disbatch_home/disbatch.cjs" ] && return 0
  done
  while [ -L "$_disbatch_file" ]; do
    _disbatch_link=$(readlink "$_disbatch_file") || return 1
    case $_disbatch_link in
      /*) _disbatch_file=$_disbatch_link ;;
      *) _disbatch_file=${_disbatch_file%/*}/$_disbatch_link ;;
    esac
  done
  _disbatch_home=${_disbatch_file%/*}
  [ -f "$_disbatch_home/disbatch.cjs" ]
}

# Sets _disbatch_home for a copy of this file without the program beside it, such as the one that sbatch makes.
_disbatch_find_installed() {
  if [ -n "${DISBATCH_HOME-}" ]; then
    for _disbatch_home in "$DISBATCH_HOME" "$DISBATCH_HOME/dist"; do
      case $_disbatch_home in /*) ;; *) _disbatch_home=./$_disbatch_home ;; esac
      [ -f "$_disbatch_home/disbatch.cjs" ] && return 0
    done
    _disbatch_fail "DISBATCH_HOME is $DISBATCH_HOME, but disBatch is not installed there. Set it to the folder of the installed package (the one with dist/ in it), or unset it to have PATH searched."
  fi
  set -f
  IFS=:
  for _disbatch_dir in ${PATH-}; do
    for _disbatch_name in disBatch disbatch; do
      if _disbatch_find "${_disbatch_dir:-.}/$_disbatch_name"; then
        unset IFS
        set +f
        return 0
      fi
    done
  done
  unset IFS
  set +f
  _disbatch_find_submitted && return 0
  _disbatch_fail "$0 is a copy of the command of disBatch $_disbatch_version, and the program it belongs to is not found. Put the folder of the installed command on PATH, or set DISBATCH_HOME to the folder of the installed package."
}

# Sets _disbatch_home by the name that a Slurm job was submitted with: sbatch has copied the file of that name.
_disbatch_find_submitted() {
  [ -n "${SLURM_JOB_ID-}" ] || return 1
  _disbatch_found=$(
    scontrol show job "$SLURM_JOB_ID" 2>/dev/null | while read -r _disbatch_line; do
      case $_disbatch_line in Command=*) ;; *) continue ;; esac
      # The file, and then its arguments: where the one ends is tried from the end, since both may hold blanks.
      _disbatch_line=${_disbatch_line#Command=}
      while :; do
        if _disbatch_find "$_disbatch_line"; then
          printf '%s' "$_disbatch_home"
          break
        fi
        case $_disbatch_line in *' '*) _disbatch_line=${_disbatch_line% *} ;; *) break ;; esac
      done
      break
    done
  )
  _disbatch_home=$_disbatch_found
  [ -n "$_disbatch_found" ]
}

# Adds the ignored signals to DISBATCH_STARTED_WITH. $1 and on are the fields of /proc/PID/stat after the command's name;
# the 31st is the set of ignored signals as a decimal number (proc(5)).
_disbatch_note_ignored() {
  case ${31-} in '' | *[!0-9]*) return 0 ;; esac
  _disbatch_ignored=
  for _disbatch_signal in 1 2 3 10 12 15; do
    [ $((${31} >> (_disbatch_signal - 1) & 1)) -eq 0 ] ||
      _disbatch_ignored=${_disbatch_ignored:+$_disbatch_ignored,}$_disbatch_signal
  done
  [ -z "$_disbatch_ignored" ] ||
    DISBATCH_STARTED_WITH="${DISBATCH_STARTED_WITH:+$DISBATCH_STARTED_WITH }ignored=$_disbatch_ignored"
}

_disbatch_find "$0" || _disbatch_find_installed
command -v node >/dev/null 2>&1 ||
  _disbatch_fail 'disbatch needs Node 20.19 or newer, and there is no `node` on your PATH. Install it (https://nodejs.org), or on a cluster load its module (`module load nodejs` or alike), and try again.'

export DISBATCH_STARTED_WITH=
_disbatch_nofile=
if [ -r /proc/self/limits ]; then
  while read -r _disbatch_a _disbatch_b _disbatch_c _disbatch_nofile _disbatch_rest; do
    [ "$_disbatch_a $_disbatch_b $_disbatch_c" = 'Max open files' ] && break
  done </proc/self/limits
else
  # Only here, since a substitution is a process.
  _disbatch_nofile=$(ulimit -Sn)
fi
case $_disbatch_nofile in
  '' | *[!0-9]*) ;;
  *) DISBATCH_STARTED_WITH="nofile=$_disbatch_nofile" ;;
esac
if [ -r /proc/self/stat ]; then
  # bash ignores QUIT for itself. A trap takes that away, and cannot be set where QUIT was ignored from the start.
  trap : QUIT
  read -r _disbatch_stat </proc/self/stat
  trap - QUIT
  # shellcheck disable=SC2086 # split into fields on purpose
  _disbatch_note_ignored ${_disbatch_stat##*) }
fi
[ -n "$DISBATCH_STARTED_WITH" ] || unset DISBATCH_STARTED_WITH
_=$_disbatch_underscore exec node "$_disbatch_home/start.cjs" "$@"
