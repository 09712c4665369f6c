// When a queued job might not even start had there been room: held, too early, or after jobs that were not over.
import type { WaitCode } from '@baton/contracts';
import type { Microseconds } from './interval.ts';
import type { JobUsage, QueueSpan } from './job-usage.ts';

/** A stretch of its time in the queue; `gate` is null where it waited for room alone. */
export interface QueuedStretch {
  readonly from: Microseconds;
  readonly to: Microseconds;
  readonly gate: WaitCode | null;
}

/** When a job or an array was over: null if it is not; what is not known was over before anything that is asked about. */
export type OverAt = (id: string) => Microseconds | null | undefined;

export function endsOf(jobs: readonly JobUsage[]): OverAt {
  const ends = new Map<string, Microseconds | null>();
  for (const { jobId, arrayId, overAt } of jobs) {
    ends.set(jobId, overAt);
    if (arrayId === null) continue;
    const known = ends.get(arrayId);
    ends.set(arrayId, known === null || overAt === null ? null : Math.max(known ?? 0, overAt));
  }
  return (id) => ends.get(id);
}

interface Block {
  readonly from: Microseconds;
  readonly to: Microseconds;
  readonly gate: WaitCode;
}

/** Where several keep it, the first of them in the order in which the scheduler names them. */
export function stretchesOf(job: JobUsage, overAt: OverAt): QueuedStretch[] {
  return job.queued.flatMap((span, index) => cut(span, blocksOf(job, span, { isFirst: index === 0, overAt })));
}

function blocksOf(
  { held, after }: JobUsage,
  span: QueueSpan,
  { isFirst, overAt }: { readonly isFirst: boolean; readonly overAt: OverAt },
): Block[] {
  const settledAt = Math.max(0, ...after.map((jobId) => endOf(overAt(jobId))));
  return [
    ...held.map(({ from, to }) => ({ from, to: to ?? Infinity, gate: 'held' as const })),
    { from: 0, to: settledAt, gate: 'waiting-for-job' },
    { from: 0, to: span.notBefore, gate: isFirst ? 'begin-later' : 'retry-backoff' },
  ];
}

function endOf(overAt: Microseconds | null | undefined): Microseconds {
  return overAt === null ? Infinity : (overAt ?? 0);
}

function cut({ from, to }: QueueSpan, blocks: readonly Block[]): QueuedStretch[] {
  const end = to ?? Infinity;
  const bounds = blocks.flatMap((block) => [block.from, block.to]).filter((at) => at > from && at < end);
  const starts = [from, ...new Set(bounds)].toSorted((one, other) => one - other);
  return starts.flatMap((start, index) => {
    const until = starts[index + 1] ?? end;
    const block = blocks.find((one) => one.from <= start && start < one.to);
    return start < until ? [{ from: start, to: until, gate: block?.gate ?? null }] : [];
  });
}
