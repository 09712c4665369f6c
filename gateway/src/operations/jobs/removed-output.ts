// What retention has removed of a job: readers are told, in place of an empty answer.
import type { AttemptResult, JobView } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { JobMetricPoint } from '../../streams/job-metrics.ts';

/** Throws `removed` where the job's output is gone for good. */
export function refuseRemovedOutput({ name, removed, attempts }: JobView): void {
  if (removed?.output === undefined) return;
  const hasLines = attempts.some(({ result }) => (result?.lastLines.length ?? 0) > 0);
  throw new PlatformError(
    'removed',
    `The output of ${name} was removed by retention on ${day(removed.output)}.${hasLines ? ' The job itself still has its last lines.' : ''}`,
  );
}

/** The values that each attempt ended with: they are events, and stay. */
export function finalMetrics({ attempts }: JobView, rank = 0): JobMetricPoint[] {
  return attempts.flatMap(({ attempt, result, ranks }) => {
    const own = ranks?.find((each) => each.rank === rank)?.result ?? result;
    return own === null || Object.keys(own.finalMetrics).length === 0 ? [] : [pointOf(attempt, own)];
  });
}

function pointOf(attempt: number, { endedAt, finalMetrics: values }: AttemptResult): JobMetricPoint {
  return { attempt, seq: 0, at: endedAt, values };
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
