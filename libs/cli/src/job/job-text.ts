// A job in a few words.
import type { JobView } from '@baton/contracts';
import { formatDuration, formatNumber } from '../output/units.ts';

// Not from contracts: that would load every schema to start a command.
export function isOver({ state }: Pick<JobView, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** Why it waits, where it is, or how it ended. */
export function jobMessage(job: JobView): string {
  if (job.waiting) return job.waiting.message;
  return job.message;
}

/** How long its newest attempt has run, or ran. */
export function runTime(job: JobView, now: number): string {
  const attempt = job.attempts.at(-1);
  if (!attempt?.startedAt) return '';
  const end = attempt.endedAt ?? (isOver(job) ? job.updatedAt : now);
  return formatDuration(end - attempt.startedAt);
}

/** The state that is shown: what has been asked for shows before it has happened. */
export function shownState(job: JobView): string {
  if (job.flags.cancelRequested && !isOver(job)) return 'stopping';
  return job.flags.unreachable && !isOver(job) ? 'unreachable' : job.state;
}

/** `loss 0.1234  accuracy 0.98`. */
export function metricsText(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join('  ');
}
