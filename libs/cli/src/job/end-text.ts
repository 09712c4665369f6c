// How an attempt ended, in a few words.
import type { AttemptResult, EndReason, JobView } from '@baton/contracts';

/** Shown beside the message, which says it in a sentence. */
export function endText(result: Pick<AttemptResult, 'reason' | 'exitCode' | 'signal'>): string {
  const { reason, exitCode, signal } = result;
  if (reason === 'exited') return `exit code ${exitCode}`;
  if (reason === 'signalled') return `signal ${signal}`;
  return `${WORDS[reason]}${how(exitCode, signal)}`;
}

const WORDS: Readonly<Record<Exclude<EndReason, 'exited' | 'signalled'>, string>> = {
  cancelled: 'cancelled',
  preempted: 'stopped for another',
  'time-limit': 'time limit',
  'out-of-memory': 'out of memory',
  'device-lost': 'its device was lost',
  'bad-input': 'bad input',
  'start-failed': 'could not be started',
  'took-early': 'used a card before its turn',
  'not-taken': 'devices not taken',
  lost: 'lost',
};

/** What the processes made of it. */
function how(exitCode: number | null, signal: string | null): string {
  if (signal !== null) return ` (${signal})`;
  return exitCode === null ? '' : ` (exit code ${exitCode})`;
}

/** Who asked for it and why; undefined if nobody has. */
export function cancellationText({ cancellation }: Pick<JobView, 'cancellation'>): string | undefined {
  if (!cancellation) return undefined;
  const { by, byName, reason } = cancellation;
  return `${byName ?? by}${reason === '' ? '' : `: ${reason}`}`;
}
