// The attempts whose processes run now, with the cards that they have.
import type { JournalState, ProcessIdentity } from './journal.ts';

export interface RunningAttempt {
  readonly name: string;
  /** The first of its processes. */
  readonly process: ProcessIdentity;
  /** UUIDs of its cards. */
  readonly gpus: readonly string[];
}

export function runningAttempts(state: JournalState): RunningAttempt[] {
  return Object.entries(state.attempts).flatMap(([name, attempt]) => {
    if (attempt.phase !== 'running' || attempt.isReleased) return [];
    return [{ name, process: attempt.process, gpus: attempt.devices.filter((id) => !id.startsWith('cpu-')) }];
  });
}
