#!/bin/sh
# Waits until its devices are free, then becomes the command: nothing but that stands between the word and the job.
#   waiter.sh READY COMMAND [ARGUMENT...]    (descriptor 3: the FIFO that the agent writes one line into)
# READY is made as soon as it waits.
# The line: the GPUs that it gets, or "-"; of a job on several nodes also the host and the port where its ranks meet.
# With BATON_TAKE_FD set the command starts at once and reads the line itself.
ready=$1
shift
: >"$ready"
if [ -z "${BATON_TAKE_FD:-}" ]; then
  read -r devices host port <&3 || exit 125
  exec 3<&-
  [ "$devices" = - ] || export CUDA_VISIBLE_DEVICES="$devices"
  [ -z "$port" ] || export MASTER_ADDR="$host" MASTER_PORT="$port"
fi
exec "$@"
