// The end of an attempt's processes: its devices go on at once, and whatever else there is to do waits until the next job has begun.
import { type AttemptKey, attemptName } from '../domain/journal.ts';
import type { ProcessEnd } from '../domain/outcome.ts';
import type { DeviceLine } from './device-line.ts';
import type { HandOffPause } from './hand-off-pause.ts';
import type { Journal } from './journal.ts';
import type { Clock, Workspaces } from './ports.ts';

export interface PassedOn {
  readonly how: ProcessEnd;
  readonly at: number;
}

export interface PassingOnParts {
  readonly journal: Journal;
  readonly line: DeviceLine;
  readonly pause: HandOffPause;
  readonly workspaces: Workspaces;
  readonly clock: Clock;
}

export class PassingOn {
  readonly #parts: PassingOnParts;
  readonly #key: AttemptKey;
  #closed = false;

  constructor(parts: PassingOnParts, key: AttemptKey) {
    this.#parts = parts;
    this.#key = key;
  }

  /** `onEnd` is called at once, before anything is told of the end. */
  async after(end: Promise<ProcessEnd>, onEnd: () => void): Promise<PassedOn> {
    const { line, pause, clock } = this.#parts;
    const how = await end;
    const at = clock();
    if (this.#closed) return { how, at };
    line.leave(this.#key);
    onEnd();
    // The next job waits until this thread sleeps: not even who waits for this goes on before.
    await pause.over;
    this.#released(at);
    return { how, at };
  }

  /** The agent stops: the one after it passes on what ends from now on. */
  close(): void {
    this.#closed = true;
  }

  /** No process of it is left. */
  #released(at: number): void {
    const { journal, workspaces } = this.#parts;
    if (this.#closed) return;
    void workspaces.release(this.#key);
    const state = journal.state.attempts[attemptName(this.#key)];
    if (state?.phase !== 'running' || state.isReleased) return;
    const fact = { type: 'released', ...this.#key, at } as const;
    void journal.recordFact((seq) => ({ type: 'released', fact: { ...fact, seq } })).catch(() => undefined);
  }
}
