// Why a queued job is not even in the queue yet, in a code and in a sentence.
import type { WaitReason } from '@baton/contracts';
import type { Gate } from '../waiting-room.ts';
import { remaining } from './remaining.ts';

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
