// An attempt's checkpoints: stored every few minutes while it runs, if something has changed, and once more at its end.
import type { ManifestSummary } from '@baton/contracts';
import type { AttemptKey } from '../domain/journal.ts';
import type { ProcessEnd } from '../domain/outcome.ts';
import type { Pace } from './blob-source.ts';
import { type Checkpoints, isToBeStored } from './checkpoints.ts';
import type { Journal } from './journal.ts';
import type { Clock, Reporter } from './ports.ts';
import { untilReached } from './until-reached.ts';

export interface AttemptCheckpointsParts {
  readonly checkpoints: Checkpoints;
  readonly journal: Journal;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly settings: {
    readonly checkpointEveryMs: number;
  };
  /** Of reading while jobs run. */
  readonly checkpointPace: Pace;
}

export interface StoredAtEnd {
  readonly checkpoints: ManifestSummary | null;
  /** What went wrong, in a sentence. */
  readonly note: string | null;
}

export class AttemptCheckpoints {
  readonly #parts: AttemptCheckpointsParts;
  readonly #key: AttemptKey;
  readonly #stopped = new AbortController();
  /** What the scheduler knows of. */
  #told: string | null;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: AttemptCheckpointsParts, key: AttemptKey, begunWith: string | null) {
    this.#parts = parts;
    this.#key = key;
    this.#told = begunWith;
  }

  start(): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#store().finally(() => this.start());
    }, this.#parts.settings.checkpointEveryMs);
  }

  /** The agent stops, or the attempt has ended: nothing is stored any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  /** A store that can't be reached is waited for until `signal` says stop. */
  async finish(end: ProcessEnd, isStopped: boolean, signal: AbortSignal): Promise<StoredAtEnd> {
    this.stop();
    await this.#running;
    if (!isToBeStored(end, isStopped)) return { checkpoints: null, note: null };
    const { checkpoints, reporter } = this.#parts;
    const onWait = (error: unknown): void =>
      reporter.warn({ ...this.#key, error: String(error) }, 'the checkpoints can not be stored now; they will be');
    try {
      const stored = await untilReached(() => checkpoints.collect(this.#key), { signal, onWait });
      return { checkpoints: stored, note: null };
    } catch (error) {
      reporter.error({ ...this.#key, error: String(error) }, 'the checkpoints could not be stored');
      const why = error instanceof Error ? error.message : String(error);
      return { checkpoints: null, note: `The checkpoints could not be stored (${why}); they stay on the node.` };
    }
  }

  async #store(): Promise<void> {
    const { checkpoints, journal, reporter, clock, checkpointPace } = this.#parts;
    const { signal } = this.#stopped;
    const at = clock();
    try {
      const stored = await checkpoints.collect(this.#key, { pace: checkpointPace, signal });
      if (stored === null || stored.digest === this.#told || signal.aborted) return;
      this.#told = stored.digest;
      const fact = { type: 'checkpointed', ...this.#key, at, checkpoints: stored } as const;
      await journal.recordFact((seq) => ({ type: 'checkpointed', fact: { ...fact, seq } }));
    } catch (error) {
      if (!signal.aborted)
        reporter.warn({ ...this.#key, error: String(error) }, 'checkpoints are not stored this time');
    }
  }
}
