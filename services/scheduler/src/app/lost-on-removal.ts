// The end of an attempt whose node an admin has removed: an infrastructure loss, on the admin's word.
import type { JobCommand } from '../domain/job.commands.ts';
import type { Attempt } from '../domain/job.ts';

export function lostOnRemoval(attempt: Attempt, now: number): JobCommand {
  const result = {
    reason: 'lost' as const,
    exitCode: null,
    signal: null,
    message: 'Its node was removed by an admin.',
    lastLines: [],
    finalMetrics: {},
    artifacts: null,
    startedAt: attempt.startedAt,
    endedAt: now,
  };
  return { type: 'RecordEnded', attempt: attempt.number, result, now };
}
