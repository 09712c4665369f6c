// The ledger while the log is read: what a leader begins with, and what a snapshot is made of.
import type { JobEvent } from '@baton/contracts';
import type { RecordedCommit } from '@baton/event-store';
import { JobLedger } from '../domain/ledger.ts';
import type { LedgerSnapshot } from './ports.ts';

/** So many commits are held for the sake of their hashes; more would hold much of the log in memory. */
const MAX_HELD = 4_096;

export class LedgerHistory {
  readonly #ledger: JobLedger;
  /** The newest commit of jobs that are not over: only theirs are ever asked for their hashes, which take time. */
  readonly #newest = new Map<string, RecordedCommit>();
  /** The last commit, or what a snapshot says of it; its hash is reckoned when somebody asks for it. */
  #last: Pick<RecordedCommit, 'position' | 'hash'>;
  #term: number;

  /** Null: from the first commit on. */
  constructor(before: LedgerSnapshot | null) {
    this.#ledger = new JobLedger(before?.saved);
    this.#ledger.load();
    this.#last = { position: before?.position ?? 0, hash: before?.hash ?? '' };
    this.#term = before?.term ?? 0;
  }

  /** Of the last commit. */
  get position(): number {
    return this.#last.position;
  }

  /** The highest of any leader. */
  get term(): number {
    return this.#term;
  }

  take(commit: RecordedCommit): void {
    const { ref, position, revision, at, term } = commit;
    // One text for each job: to find out that another one is the same takes maps longer than anything else of it.
    const id = this.#ledger.active(ref.id)?.id ?? ref.id;
    this.#ledger.apply(id, commit.events as JobEvent[], { position, revision, hash: '', at });
    this.#last = commit;
    if (term !== undefined && term > this.#term) this.#term = term;
    if (this.#ledger.active(id) === undefined) this.#newest.delete(id);
    else this.#newest.set(id, commit);
    if (this.#newest.size > MAX_HELD) this.#addHashes();
  }

  snapshot(): LedgerSnapshot {
    this.#addHashes();
    const { position, hash } = this.#last;
    return { position, hash, term: this.#term, saved: this.#ledger.save() };
  }

  /** The ledger, to lead with; nothing more is read. */
  loaded(): JobLedger {
    this.#addHashes();
    this.#ledger.loaded();
    return this.#ledger;
  }

  #addHashes(): void {
    for (const [id, { hash }] of this.#newest) this.#ledger.addHash(id, hash);
    this.#newest.clear();
  }
}
