#!/bin/sh
# Stands beside one attempt, outlives the agent, and leaves the exit status on disk.
#   supervisor.sh FOLDER COMMAND [ARGUMENT...]    (leader of its own session; COMMAND is an absolute path)
# FOLDER/run/pid    made first and once: who makes it decides whether the attempt runs
# FOLDER/run/words  what this shell has to say: a signal's name, a command that can't be executed
# FOLDER/run/exit   "<status> <1 if there are words> done", the first thing after the end; torn without its last word
# Only built-ins stand between the command's end and its exit file: each process more would lengthen the idle gap.
folder=$1
shift
exec </dev/null >/dev/null 2>>"$folder/run/words"
set -C
echo $$ >"$folder/run/pid" || exit 125
set +C
# A handler, not "ignore", which the command would inherit. Signals to the group must not end this shell before the command.
trap : HUP INT TERM USR1 USR2
# In a subshell, so that this shell's own words on a signal don't go into the job's output.
(exec "$@" >>"$folder/stdout" 2>>"$folder/stderr")
status=$?
words=0
[ -s "$folder/run/words" ] && words=1
echo "$status $words done" >"$folder/run/exit"

# What the command left behind in this session goes too, also when no agent is there to see to it.
left=1
rounds=0
while [ $left = 1 ] && [ $rounds -lt 20 ]; do
  left=0
  rounds=$((rounds + 1))
  for stat in /proc/[0-9]*/stat; do
    line=
    { read -r line <"$stat"; } 2>/dev/null
    [ -n "$line" ] || continue
    pid=${line%% *}
    set -f
    set -- ${line##*) }
    set +f
    if [ "${4:-}" = $$ ] && [ "$pid" != $$ ] && [ "$1" != Z ]; then
      left=1
      kill -KILL "$pid" 2>/dev/null
    fi
  done
done
exec sync "$folder/run/exit" "$folder/run"
