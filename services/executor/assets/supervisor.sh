#!/bin/sh
# Stands beside one attempt, outlives the agent, and leaves the exit status on disk.
#   supervisor.sh FOLDER GROUPS LEASE COMMAND [ARGUMENT...]    (leader of its own session; COMMAND is an absolute path)
# GROUPS            the folders of its control groups, with colons between; empty where there are none
# LEASE             file of the node's lease, with which the attempt ends; empty for one that waits for the scheduler however long
# FOLDER/run/pid    its process number, for an agent that was killed before it could write it down
# FOLDER/run/go     the FIFO that the waiting command reads; open here as descriptor 3, so that an agent can go and come back
# FOLDER/run/words  what this shell has to say: a signal's name, a command that can't be executed
# FOLDER/run/exit   "<status> <1 if there are words> done", the first thing after the end; torn without its last word
# Only built-ins stand between the command's end and its exit file: each process more would lengthen the idle gap.
folder=$1
groups=$2
lease=$3
shift 3
exec </dev/null >/dev/null 2>>"$folder/run/words"
echo $$ >"$folder/run/pid" || exit 125
# Blanks to be written over: a job that fills the disk has an end all the same.
echo '                ' >"$folder/run/exit" || exit 125
# A thread that moves itself waits for nothing; moving a whole process, which is all that version 2 knows, takes a grace period of the
# kernel: 16 ms and more.
IFS=:
for group in $groups; do
  file=$group/tasks
  [ -e "$file" ] || file=$group/cgroup.procs
  echo 0 >"$file" || exit 125
done
unset IFS
mkfifo -m 600 "$folder/run/go" || exit 125
exec 3<>"$folder/run/go" || exit 125
if [ -n "$lease" ]; then
  guard=${0%/*}/lease-guard.sh
  /bin/sh "$guard" "$folder" '' "$lease" $$ once || exit 125
  /bin/sh "$guard" "$folder" "${groups%%:*}" "$lease" $$ 3<&- &
fi
# A handler, not "ignore", which the command would inherit. Signals to the group must not end this shell before the command.
trap : HUP INT TERM USR1 USR2
# In a subshell, so that this shell's own words on a signal don't go into the job's output.
(exec "$@" >>"$folder/stdout" 2>>"$folder/stderr")
status=$?
words=0
[ -s "$folder/run/words" ] && words=1
tell() {
  echo "$status $words done" 1<>"$folder/run/exit" || {
    # The job has deleted its folder.
    mkdir -p "$folder/run"
    echo "$status $words done" >"$folder/run/exit"
  }
}
# A disk that has become read-only is waited for: else nobody would learn how the job ended. What the job has put in the way is not.
until tell; do
  if echo >"$folder/run/probe"; then
    tell
    break
  fi
  sleep 1
done

# What the command left behind is the agent's to end, or the next agent's: it lets nobody have the devices before. Bringing all that to
# the disk is the agent's as well, when the next job has begun.
