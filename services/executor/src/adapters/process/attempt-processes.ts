// The processes that belong to an attempt: its control group; without one its session, and those that left the session but carry
// the attempt's environment.
import { existsSync } from 'node:fs';
import { type AttemptKey, type ProcessIdentity } from '../../domain/journal.ts';
import type { AttemptPaths } from '../files/attempt-paths.ts';
import type { Cgroups } from './cgroups.ts';
import { allProcesses, processEnvironment, processStat, type ProcessStat } from './proc.ts';

/** Whether it is the very process, not a later one with its number. */
export function isAlive(identity: ProcessIdentity, bootId: string): boolean {
  return identity.bootId === bootId && processStat(identity.pid)?.startTicks === identity.startTicks;
}

/** Of what it left before the server was started anew nobody knows what had come to the disk, unless all of it had. */
export function mayBeTorn(identity: ProcessIdentity, bootId: string, { settled }: AttemptPaths): boolean {
  return identity.bootId !== bootId && !existsSync(settled);
}

/** All but the supervisor itself, whatever session they made for themselves. */
export function membersOf(cgroups: Cgroups | null, key: AttemptKey, supervisor: ProcessIdentity): number[] {
  const members = cgroups?.members(key);
  if (!members) return processesInSight(key, supervisor);
  return members.filter((pid) => pid !== supervisor.pid);
}

function processesInSight(key: AttemptKey, supervisor: ProcessIdentity): number[] {
  const all = allProcesses();
  const leader = all.find((one) => one.pid === supervisor.pid);
  // The number now names another process: a session of that number is not ours.
  const sessionIsOurs = leader === undefined || leader.startTicks === supervisor.startTicks;
  const isMember = (one: ProcessStat) =>
    (sessionIsOurs && one.session === supervisor.pid) || escaped(one, key, supervisor);
  return all.filter((one) => one.pid !== supervisor.pid && isMember(one)).map((one) => one.pid);
}

/** A child that made a session of its own keeps its environment, unless it hides on purpose. */
function escaped(one: ProcessStat, key: AttemptKey, supervisor: ProcessIdentity): boolean {
  if (one.startTicks < supervisor.startTicks || one.session === 0) return false;
  const variables = processEnvironment(one.pid);
  if (!variables.includes(`BATON_JOB_ID=${key.jobId}\0`)) return false;
  return variables.includes(`BATON_ATTEMPT=${key.attempt}\0`);
}

/** False if it was gone already. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
