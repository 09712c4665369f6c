// The event log's port: append one commit atomically under an expectation, read, and follow.
import type { AggregateName, Commit, StoredEvent } from '@baton/contracts';

export interface AggregateRef {
  readonly aggregate: AggregateName;
  readonly id: string;
}

/**
 * Order in the stream: 1, 2, 3 ...; 0 is before the first. A gap is a lost commit: who reads the whole stream is told, as of one
 * that can't be read.
 */
export type Position = number;

/**
 * What must hold for an append to be accepted. `aggregate`: its newest commit is at this position (0 = it has none).
 * `stream`: the newest commit of the whole stream is at this position.
 */
export type Expectation =
  | { readonly kind: 'aggregate'; readonly position: Position }
  | { readonly kind: 'stream'; readonly position: Position };

export interface RecordedCommit extends Commit {
  readonly ref: AggregateRef;
  readonly position: Position;
  /** SHA-256 (hex) over the stored bytes: what the aggregate's next commit carries as `prevHash`. */
  readonly hash: string;
}

export interface Appended {
  readonly position: Position;
  readonly hash: string;
}

/** Live reading is told apart from catching up by one `caught-up` mark. */
export type Followed =
  | { readonly kind: 'commit'; readonly commit: RecordedCommit }
  | { readonly kind: 'caught-up'; readonly position: Position };

/** `ref`: null where even the subject is none that an aggregate has. */
export interface UnreadableCommit {
  readonly position: Position;
  readonly ref: AggregateRef | null;
  readonly error: unknown;
}

export interface ReadOptions {
  /** Only these aggregates; all if absent. */
  readonly aggregates?: readonly AggregateName[];
  readonly signal?: AbortSignal;
  /** Told of a commit that can't be read, which is then left out. Without it, reading ends there with `internal`. */
  readonly onUnreadable?: (unreadable: UnreadableCommit) => void;
}

export interface EventStore {
  /**
   * Appends one commit, durable when it resolves. Throws `conflict` (code) if the expectation does not hold,
   * `storage_full` if there is no room, and `outcome_unknown` if within the time limit neither yes nor no could be had: the same
   * commit may then be appended again.
   */
  append(ref: AggregateRef, commit: Commit, expected: Expectation): Promise<Appended>;
  /** All commits of one aggregate, oldest first; consistent with every append that has resolved. */
  readAggregate(ref: AggregateRef): Promise<RecordedCommit[]>;
  /** All commits after `after` that are there now, in order. */
  readAll(after: Position, options?: ReadOptions): AsyncIterable<RecordedCommit>;
  /** All commits after `after`, then each new one, without gap or repeat, until the signal aborts. */
  subscribe(after: Position, options?: ReadOptions): AsyncIterable<Followed>;
  /** The newest commit's position in the stream; 0 if it is empty. */
  lastPosition(): Promise<Position>;
  /** The hash of the commit at a position; null if there is none. Projections compare it with what they stored. */
  hashAt(position: Position): Promise<string | null>;
  /** `fsync`: acknowledged = on disk. `interval`: a power cut may take acknowledged commits. */
  readonly durability: 'fsync' | 'interval' | 'memory';
}

export type { Commit, StoredEvent };
