// What is seen of an attempt from its first output on, and what is stored and recorded of it when it has ended.
import type { DesiredAttempt } from '@baton/contracts';
import type { AttemptKey, StopRequest } from '../domain/journal.ts';
import { type Outcome, outcomeOf, type ProcessEnd } from '../domain/outcome.ts';
import { AttemptCheckpoints, type AttemptCheckpointsParts } from './attempt-checkpoints.ts';
import { collected, resultOf, type Seen } from './attempt-end.ts';
import { type ObserverParts, Observers } from './observers.ts';
import type { Artifacts, Collected, Workspaces } from './ports.ts';

const NOT_COLLECTED: Collected = { artifacts: null, note: null, complete: true };

export interface EndingParts extends ObserverParts, AttemptCheckpointsParts {
  readonly workspaces: Workspaces;
  readonly artifacts: Artifacts;
}

export interface Ended {
  readonly how: ProcessEnd;
  readonly startedAt: number | null;
  readonly endedAt: number;
  /** As it was asked to stop, by the time at which all is stored. */
  readonly stop: () => StopRequest | null;
}

export class AttemptEnding {
  readonly #parts: EndingParts;
  readonly #key: AttemptKey;
  readonly #checkpoints: AttemptCheckpoints;
  #observers: Observers | null = null;
  readonly #closed = new AbortController();
  /** Something could not be stored: what the attempt left behind must not go. */
  foldersMustStay = false;

  constructor(parts: EndingParts, spec: DesiredAttempt) {
    this.#parts = parts;
    this.#key = { jobId: spec.jobId, attempt: spec.attempt };
    this.#checkpoints = new AttemptCheckpoints(parts, this.#key, spec.checkpoints);
  }

  /** Its output is followed from now on; no matter if it is already. */
  async observe(): Promise<void> {
    if (this.#observers !== null) return;
    const secrets = await this.#parts.workspaces.secrets(this.#key);
    this.#observers ??= new Observers(this.#parts, this.#key, secrets);
  }

  /** It runs: its checkpoints are stored from time to time. */
  storeCheckpoints(): void {
    this.#checkpoints.start();
  }

  /** After a restart of the agent: the end is recorded, and its output perhaps not shipped. */
  async shipRest(): Promise<void> {
    await this.observe();
    await this.#observers?.finish(this.#closed.signal);
  }

  /** Resolves when its output is shipped. */
  async shipped(): Promise<void> {
    await this.#observers?.done;
  }

  /** Its processes are gone: stores what they left, and records the end. */
  async record({ how, startedAt, endedAt, stop }: Ended): Promise<void> {
    const [artifacts, stored, observed] = await Promise.all([
      collected(this.#parts, this.#key, this.#closed.signal),
      this.#checkpoints.finish(how, stop() !== null, this.#closed.signal),
      this.#observers?.finish(this.#closed.signal),
    ]);
    // The agent after this one stores it again, from the beginning.
    if (this.#closed.signal.aborted) return;
    const outcome = outcomeOf(how, stop(), observed?.lastLines.at(-1) ?? '');
    await this.#end(outcome, { ...observed, collected: artifacts, stored, startedAt, endedAt });
  }

  recordUnstarted(outcome: Outcome): Promise<void> {
    return this.#end(outcome, { collected: NOT_COLLECTED, startedAt: null, endedAt: this.#parts.clock() });
  }

  /** The agent stops. */
  close(): void {
    this.#closed.abort();
    this.#checkpoints.stop();
    this.#observers?.stop();
  }

  async #end(outcome: Outcome, seen: Seen): Promise<void> {
    this.foldersMustStay = !seen.collected.complete;
    const result = resultOf(outcome, seen, (text) => this.#observers?.redact(text) ?? text);
    const fact = { type: 'ended', ...this.#key, at: seen.endedAt, result } as const;
    await this.#parts.journal.recordFact((seq) => ({ type: 'ended', fact: { ...fact, seq } }));
  }
}
