// What one attempt claims of one device: prepares for it, waits for it, runs on it, stops.
import type { GapCategory } from '@baton/contracts';
import type { Microseconds, Use } from './interval.ts';
import type { AttemptUsage } from './job-usage.ts';
import { type Claim, RANK } from './layers.ts';

export type AttemptEnds = (key: { readonly jobId: string; readonly attempt: number }) => AttemptUsage | undefined;

/** Whether it has, had, or may still get the device. */
export function concerns(attempt: AttemptUsage, device: string): boolean {
  if (attempt.devices.includes(device)) return true;
  return attempt.startedAt === null && attempt.behind !== null && attempt.behind.pool.includes(device);
}

export function attemptClaims(attempt: AttemptUsage, find: AttemptEnds): Claim[] {
  const claims = [...preparationClaims(attempt, find), ...processClaims(attempt)].filter(({ from, to }) => from < to);
  const { twentieths } = attempt;
  return twentieths === undefined ? claims : claims.map((each) => ({ ...each, twentieths }));
}

type Stretch = readonly [from: Microseconds, to: Microseconds];

/** From the start of its process to the end of the last one. */
function processClaims(attempt: AttemptUsage): Claim[] {
  if (attempt.startedAt === null) return [];
  const end = endOf(attempt);
  const took = clamp(attempt.tookAt ?? (attempt.early ? Infinity : attempt.startedAt), attempt.startedAt, end);
  const stopping = clamp(attempt.cancelledAt ?? Infinity, attempt.startedAt, end);
  const runs = Math.min(took, stopping);
  return [
    claim(useOf(attempt, 'waiting-for-take'), RANK.takeAwaited, [attempt.startedAt, runs]),
    claim(useOf(attempt, 'running'), RANK.process, [runs, stopping]),
    claim(useOf(attempt, 'stopping'), RANK.process, [stopping, end]),
  ];
}

/** Before its process starts: kept for it, being sent to the agent, staging, starting. */
function preparationClaims(attempt: AttemptUsage, find: AttemptEnds): Claim[] {
  const { assignedAt, behind } = attempt;
  const end = attempt.startedAt ?? endOf(attempt);
  const ready = clamp(behind === null ? assignedAt : devicesFreeAt(attempt, find), assignedAt, end);
  const cancelled = clamp(attempt.cancelledAt ?? Infinity, ready, end);
  // The agent says that it has taken up an attempt only where nothing stands before it.
  const known = attempt.takenUpAt ?? (behind === null ? Infinity : assignedAt);
  const takenUp = clamp(known, ready, cancelled);
  const staged = clamp(attempt.stagedAt ?? Infinity, takenUp, cancelled);
  return [
    claim(useOf(attempt, 'idle-queued', 'staged-behind'), RANK.reserved, [assignedAt, ready]),
    claim(useOf(attempt, 'starting'), RANK.assigned, [ready, takenUp]),
    claim(useOf(attempt, 'staging'), RANK.preparing, [takenUp, staged]),
    claim(useOf(attempt, 'starting'), RANK.preparing, [staged, cancelled]),
    claim(useOf(attempt, 'stopping'), RANK.preparing, [cancelled, end]),
  ];
}

function useOf({ jobId, attempt }: AttemptUsage, category: GapCategory, reason: string | null = null): Use {
  return { category, of: { jobId, attempt }, reason };
}

function claim(use: Use, rank: number, [from, to]: Stretch): Claim {
  return { from, to, rank, use };
}

/** When everything that it waits for is free: the last of the devices that it took, or as many of the pool as it needs. */
function devicesFreeAt(attempt: AttemptUsage, find: AttemptEnds): Microseconds {
  const { behind, devices } = attempt;
  if (behind === null) return attempt.assignedAt;
  const ahead = behind.predecessors.flatMap((key) => find(key) ?? []);
  const taken = behind.pool.filter((device) => devices.includes(device));
  const free = (taken.length > 0 ? taken : behind.pool).map((device) => freeAt(device, ahead));
  free.sort((one, other) => one - other);
  const needed = taken.length > 0 ? taken.length : behind.count;
  return free[needed - 1] ?? Infinity;
}

/** What is not in sight any more ended long ago. */
function freeAt(device: string, ahead: readonly AttemptUsage[]): Microseconds {
  const ends = ahead.flatMap((attempt) => (concerns(attempt, device) ? [endOf(attempt)] : []));
  return Math.max(-Infinity, ...ends);
}

/** Until then its devices were its own. A revoked attempt, which never ran, has only the time at which it was given back. */
export function endOf(attempt: AttemptUsage): Microseconds {
  const end = attempt.freedAt ?? attempt.closedAt ?? Infinity;
  return Math.max(end, attempt.startedAt ?? attempt.assignedAt);
}

function clamp(at: Microseconds, from: Microseconds, to: Microseconds): Microseconds {
  return Math.max(from, Math.min(at, to));
}

/** Up to here nothing that is still to be reported of the attempt can change what is said of the device. */
export function settledUntil(attempt: AttemptUsage, device: string, find: AttemptEnds): Microseconds {
  if (attempt.closedAt !== null) return Infinity;
  if (attempt.startedAt !== null) return attempt.tookAt ?? attempt.startedAt;
  const ahead = attempt.behind?.predecessors.flatMap((key) => find(key) ?? []) ?? [];
  const ended = ahead.filter((other) => other.closedAt !== null);
  return Math.max(attempt.assignedAt, freeAt(device, ended));
}
