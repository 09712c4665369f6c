// The end of what a node had of an attempt, where the node can tell nothing of it any more: an infrastructure loss.
import type { OutputPositions } from '@baton/contracts';
import type { JobCommand } from '../domain/job.commands.ts';
import type { Part } from '../domain/job.ts';

interface Loss {
  readonly message: string;
  readonly now: number;
  /** Where output and metrics stand by now: what comes later from there does not count. */
  readonly fence: OutputPositions;
}

export function lostCommand(attempt: number, part: Part, { message, now, fence }: Loss): JobCommand {
  const result = {
    reason: 'lost' as const,
    exitCode: null,
    signal: null,
    message,
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    fence,
    startedAt: part.startedAt,
    endedAt: now,
  };
  return { type: 'RecordEnded', attempt, result, now, ...rankOf(part) };
}

/** Which part of the attempt a fact is about. */
export function rankOf({ rank }: Part): { readonly rank?: number } {
  return rank === undefined ? {} : { rank };
}
