// The end of what a node had of an attempt, where the node can tell nothing of it any more: an infrastructure loss.
import type { JobCommand } from '../domain/job.commands.ts';
import type { Part } from '../domain/job.ts';

export function lostCommand(
  attempt: number,
  part: Part,
  { message, now }: { readonly message: string; readonly now: number },
): JobCommand {
  const result = {
    reason: 'lost' as const,
    exitCode: null,
    signal: null,
    message,
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    startedAt: part.startedAt,
    endedAt: now,
  };
  return { type: 'RecordEnded', attempt, result, now, ...rankOf(part) };
}

/** Which part of the attempt a fact is about. */
export function rankOf({ rank }: Part): { readonly rank?: number } {
  return rank === undefined ? {} : { rank };
}
