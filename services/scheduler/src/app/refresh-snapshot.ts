// Brings the snapshot up to the log, when enough has come since: folded from the last one, apart from the ledger that leads.
import { type EventStore, readBatches } from '@baton/event-store';
import { LedgerHistory } from './ledger-history.ts';
import type { Snapshots } from './ports.ts';

/** A start reads so many commits in a quarter of a second. */
export const WORTH_COMMITS = 5_000;

interface Limits {
  readonly worthCommits: number;
  /** More since the last look: many submit at present, and folding takes from the thread that answers them. */
  readonly burstCommits: number;
}

const LIMITS: Limits = { worthCommits: WORTH_COMMITS, burstCommits: 1_500 };

export class SnapshotRefresher {
  readonly #snapshots: Snapshots;
  readonly #log: Pick<EventStore, 'lastPosition' | 'readAll'>;
  readonly #limits: Limits;
  #end = 0;

  constructor(snapshots: Snapshots, log: Pick<EventStore, 'lastPosition' | 'readAll'>, limits = LIMITS) {
    this.#snapshots = snapshots;
    this.#log = log;
    this.#limits = limits;
  }

  /** To be asked from time to time. Resolves to whether a new one was saved. */
  async look(signal: AbortSignal): Promise<boolean> {
    if (!(await this.#isWorthIt()) || this.#snapshots.isMaking()) return false;
    return this.#snapshots.making(() => this.#refresh(signal));
  }

  async #refresh(signal: AbortSignal): Promise<boolean> {
    const history = new LedgerHistory(await this.#snapshots.latest());
    for await (const commits of readBatches(this.#log, history.position, { signal }))
      for (const commit of commits) history.take(commit);
    if (signal.aborted || history.position === 0) return false;
    await this.#snapshots.save(history.snapshot());
    return true;
  }

  /** In a burst it waits until twice as much has come. */
  async #isWorthIt(): Promise<boolean> {
    const { position, jobs } = this.#snapshots.last();
    const end = await this.#log.lastPosition();
    const { worthCommits, burstCommits } = this.#limits;
    const isBurst = end - this.#end > burstCommits;
    this.#end = end;
    // Writing each job that is not over once more takes no longer than reading a commit for each.
    return end - position >= Math.max(worthCommits, jobs) * (isBurst ? 2 : 1);
  }
}
