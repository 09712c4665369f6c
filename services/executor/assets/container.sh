#!/bin/sh
# The first process of an attempt's container: what supervisor.sh is beside a process. When it ends, the kernel ends all others in it.
#   container.sh WAITER FOLDER COMMAND [ARGUMENT...]
# FOLDER/run is a folder of this attempt's alone: go, words and exit in it are as supervisor.sh describes them; the FIFO is there already.
# No tool of the image is needed but this shell.
waiter=$1
folder=$2
shift 2
exec 2>>"$folder/run/words" </dev/null >/dev/null || exit 125
# Blanks to be written over: a job that fills the disk has an end all the same.
echo '                ' >"$folder/run/exit" || exit 125
exec 3<>"$folder/run/go" || exit 125
if ! command -v "$1" >/dev/null; then
  echo "\"$1\" was not found in the image, or is not executable." >&2
  echo '127 1 done' 1<>"$folder/run/exit"
  exit 127
fi
# A handler, not "ignore", which the command would inherit; and the kernel spares the first process of a container what it does not handle.
trap : HUP INT TERM USR1 USR2
# In a subshell, so that this shell's own words on a signal don't go into the job's output.
(exec /bin/sh "$waiter" "$folder/signs/ready" "$@" >>"$folder/stdout" 2>>"$folder/stderr")
status=$?
words=0
[ -s "$folder/run/words" ] && words=1
# The job may have deleted it.
echo "$status $words done" 1<>"$folder/run/exit" || echo "$status $words done" >"$folder/run/exit"
exit "$status"
