#!/bin/sh
# Waits until its devices are free, then becomes the command: nothing but that stands between the word and the job.
#   waiter.sh READY COMMAND [ARGUMENT...]    (descriptor 3: the FIFO that the agent writes one line into)
# READY is made as soon as it waits.
# BATON_CARRIED: names of the job's variables, which come as BATON_CARRIED_<name> past what stands before this shell.
# The line: the GPUs that it gets, or "-"; of a job on several nodes also the host and the port where its ranks meet.
# With BATON_TAKE_FD set the command starts at once and reads the line itself.
# No variable here has a name that a job may use for its own.
baton_ready=$1
shift
for baton_name in ${BATON_CARRIED:-}; do
  # With `command` a name that this shell keeps to itself does not end it.
  eval "command export \"$baton_name=\$BATON_CARRIED_$baton_name\"" 2>/dev/null
  unset "BATON_CARRIED_$baton_name"
done
unset BATON_CARRIED
: >"$baton_ready"
if [ -z "${BATON_TAKE_FD:-}" ]; then
  IFS=' ' read -r baton_devices baton_host baton_port <&3 || exit 125
  exec 3<&-
  [ "$baton_devices" = - ] || export CUDA_VISIBLE_DEVICES="$baton_devices"
  [ -z "$baton_port" ] || export MASTER_ADDR="$baton_host" MASTER_PORT="$baton_port"
fi
exec "$@"
