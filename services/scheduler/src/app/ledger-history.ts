// The ledger while the log is read: what a leader begins with, and what a snapshot is made of.
import type { JobEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { JobLedger } from '../domain/ledger.ts';
import type { LedgerSnapshot } from './ports.ts';

export class LedgerHistory {
  readonly #ledger: JobLedger;
  #position: number;
  #hash: string;
  #term: number;

  /** Null: from the first commit on. */
  constructor(before: LedgerSnapshot | null) {
    this.#ledger = new JobLedger(before?.saved);
    this.#ledger.load();
    this.#position = before?.position ?? 0;
    this.#hash = before?.hash ?? '';
    this.#term = before?.term ?? 0;
  }

  /** Of the last commit. */
  get position(): number {
    return this.#position;
  }

  /** The highest of any leader. */
  get term(): number {
    return this.#term;
  }

  take(commit: RecordedCommit): void {
    const { position, revision, hash, at } = commit;
    this.#ledger.apply(commit.ref.id, commit.events as JobEvent[], { position, revision, hash, at });
    this.#position = position;
    this.#hash = hash;
    this.#term = Math.max(this.#term, commit.term ?? 0);
  }

  snapshot(): LedgerSnapshot {
    return { position: this.#position, hash: this.#hash, term: this.#term, saved: this.#ledger.save() };
  }

  /** The ledger, to lead with; nothing more is read. */
  loaded(): JobLedger {
    this.#ledger.loaded();
    return this.#ledger;
  }
}
