#!/bin/sh
# Stands beside an attempt that may run no longer than the node's lease, and ends it, whatever has become of the agent.
#   lease-guard.sh FOLDER GROUP LEASE SUPERVISOR [once]      (once: only says by its status whether the lease holds now)
# GROUP       the folder of its control group; empty where there is none
# LEASE       "<second of this boot until which it holds> <boot id>"; the agent renews it with each answer of the scheduler
# SUPERVISOR  leader of the session that this shell is in, too: so its number can't be another process's meanwhile
# FOLDER/run/lease-over   made before the first process is killed
folder=$1
group=$2
lease=$3
supervisor=$4
trap '' HUP INT TERM USR1 USR2

# /proc/uptime is CLOCK_BOOTTIME: nobody can set it, and it goes on while the server sleeps.
holds() {
  until= boot=
  read -r until boot <"$lease" && read -r here </proc/sys/kernel/random/boot_id && read -r now _ </proc/uptime || return
  [ "$boot" = "$here" ] && [ "${now%.*}" -lt "$until" ]
}

members() {
  if [ -n "$group" ]; then
    while read -r pid; do echo "$pid"; done <"$group/cgroup.procs"
    return
  fi
  name=${folder##*/}
  for process in /proc/[0-9]*; do
    read -r line <"$process/stat" || continue
    # The command's name stands in parentheses and may hold anything.
    set -- ${line##*) }
    if [ "$4" = "$supervisor" ]; then
      echo "${process#/proc/}"
    elif grep -qaz "^BATON_JOB_ID=${name%.*}\$" "$process/environ" && grep -qaz "^BATON_ATTEMPT=${name##*.}\$" "$process/environ"; then
      echo "${process#/proc/}"
    fi
  done
}

# All but the two that stand beside it: the supervisor writes the end down.
kill_all() {
  left=0
  for pid in $(members); do
    [ "$pid" = $$ ] || [ "$pid" = "$supervisor" ] || { kill -KILL "$pid" && left=1; }
  done
}

if [ "${5:-}" = once ]; then
  holds 2>/dev/null && exit 0
  : >"$folder/run/lease-over"
  exit 1
fi
{
  while holds; do
    read -r status _ <"$folder/run/exit" && [ -n "$status" ] && exit
    kill -0 "$supervisor" || break
    sleep 2
  done
  : >"$folder/run/lease-over"
  # Bounded: what the kernel does not let go is the agent's to wait for.
  rounds=0
  while kill_all && [ "$left" = 1 ] && [ "$rounds" -lt 50 ]; do
    rounds=$((rounds + 1))
    sleep 0.1
  done
} 2>/dev/null
