// Why a queued job is not even in the queue yet, in a code and in a sentence.
import type { WaitReason } from '@baton/contracts';
import type { Gate } from '../waiting-room.ts';

/** `position`: of all that wait, by submission. */
export function explainGate(gate: Gate, position: number, now: number): WaitReason {
  const heldBy = gate.code === 'waiting-for-job' ? [...gate.jobs] : [];
  return { code: gate.code, message: sentence(gate, now), position, heldBy };
}

function sentence(gate: Gate, now: number): string {
  switch (gate.code) {
    case 'held':
      return 'It is held, and waits until somebody releases it.';
    case 'array-incomplete':
      return 'The submission of its array was interrupted: repeat it with the same Idempotency-Key, or cancel the array.';
    case 'waiting-for-job':
      return gate.never ?? `It waits for the end of ${others(gate.jobs)}.`;
    case 'begin-later':
      return `It is not to begin before its time, in ${remaining(gate.until - now)}.`;
    case 'retry-backoff':
      return `It is tried again in ${Math.max(0, Math.ceil((gate.until - now) / 1_000))} s.`;
    case 'array-limit':
      return `Of its array at most ${gate.parallel} may run at once.`;
    default:
      return gate satisfies never;
  }
}

const NAMED = 3;

function others(jobs: readonly string[]): string {
  const named = jobs.slice(0, NAMED).join(', ');
  return jobs.length > NAMED ? `${named} and ${jobs.length - NAMED} more` : named;
}

/** The two largest units. */
function remaining(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = Math.max(
    0,
    parts.findIndex(([count]) => count > 0),
  );
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.length === 0 ? '0 s' : shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
