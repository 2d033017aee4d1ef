#!/bin/sh
# Starts the engine on a host that ssh has logged in to, sees it end, and says so. It runs as long as the engine.
#
#   /bin/sh engine.sh NODE FOLDER CWD RUNID RANK
#
# NODE is the path of Node, FOLDER the program's, CWD the folder that tasks run in. Standard input is the engine's: its
# config, then nothing until it ends. On standard output, lines that begin with `disbatch-engine: ` and go on with
#   up                the engine is being started; nothing comes before this but `problem`
#   problem SENTENCE  why there is no engine: one was not started, or (after `up`, by the engine itself) gives up
#   gone STATUS       the engine ended with this exit status (128+N: signal N), and no task of it is left
#   left STATUS       the engine ended with this exit status, and some of its tasks may be left
# The engine ends with 0 whenever it knows that no task of it is left, also when it never had its config. After any other
# end its tasks are swept; an engine without a config must not have that, since another one of its rank may run here.
# All else is what the engine's processes printed, on both their outputs.
# Always true: any POSIX sh will do; when ssh's connection breaks this goes on, so that the engine's end is seen to.
# Only names that begin with _disbatch_ are set, since a name that the login exports would reach the tasks.

# Handled rather than ignored: the engine must not find them ignored.
trap : HUP PIPE INT TERM USR1 USR2
exec 2>&1

# Says a word of its own; the line break ends what others may have begun. Nobody may be left to hear it.
_disbatch_say() {
  printf '\ndisbatch-engine: %s\n' "$1" 2>/dev/null
}

_disbatch_problem() {
  _disbatch_say "problem $1"
  exit 1
}

[ -d "$3" ] ||
  _disbatch_problem "the folder $3 is not there; the hosts of a run share the folder it is started in"
_disbatch_oldpwd=${OLDPWD-}
cd -- "$3" 2>/dev/null ||
  _disbatch_problem "the folder $3 cannot be entered there; the hosts of a run share the folder it is started in"
# What cd has set there would reach the tasks.
if [ -n "$_disbatch_oldpwd" ]; then OLDPWD=$_disbatch_oldpwd; else unset OLDPWD; fi
if ! [ -f "$1" ] || ! [ -x "$1" ]; then
  _disbatch_problem "there is no Node at $1, its path on the host where the run was started; install it there at the same path, or use one on a shared disk"
fi
[ -r "$2/engine.cjs" ] ||
  _disbatch_problem "disBatch is not whole there: $2/engine.cjs, which it has on the host where the run was started, cannot be read"

# Node raises the soft limit on open files when it starts; tasks are to have the one of the login.
_disbatch_nofile=
if [ -r /proc/self/limits ]; then
  while read -r _disbatch_a _disbatch_b _disbatch_c _disbatch_nofile _disbatch_rest; do
    [ "$_disbatch_a $_disbatch_b $_disbatch_c" = 'Max open files' ] && break
  done </proc/self/limits
else
  _disbatch_nofile=$(ulimit -Sn)
fi
case $_disbatch_nofile in
  '' | *[!0-9]*) unset DISBATCH_STARTED_WITH ;;
  *)
    DISBATCH_STARTED_WITH=nofile=$_disbatch_nofile
    export DISBATCH_STARTED_WITH
    ;;
esac

_disbatch_say up
"$1" "$2/engine.cjs"
_disbatch_status=$?
case $_disbatch_status in
  0) ;;
  126 | 127)
    # A shell's own words for a program that does not start; the engine never ends with them.
    _disbatch_say "problem the Node at $1 does not start there (exit status $_disbatch_status)"
    ;;
  *)
    if ! "$1" "$2/engine.cjs" --sweep "$4" "$5" </dev/null; then
      _disbatch_say "left $_disbatch_status"
      exit 1
    fi
    ;;
esac
_disbatch_say "gone $_disbatch_status"
exit 0
