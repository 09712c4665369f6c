// The event log in KurrentDB: one stream of it for each stream of the platform, one event a commit.
import type { StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { KurrentDBClient } from '@kurrent/kurrentdb-client';
import type {
  AggregateRef,
  Appended,
  Commit,
  Expectation,
  Followed,
  Position,
  ReadOptions,
  RecordedCommit,
} from '../port.ts';
import { decodeCommit, decodeForReader, hashOf, subjectOf } from '../stored-commit.ts';
import type { PipelinedEventStore, StreamWriter, WriterOptions } from '../stream-writer.ts';
import { AggregateIndex } from './aggregate-index.ts';
import { AppendQueue } from './append-queue.ts';
import { draftOf, type StoredRecord } from './draft.ts';
import { follow } from './follow.ts';
import { KurrentDbWriter } from './kurrentdb-writer.ts';
import { readPositions } from './read-positions.ts';
import { StreamLog } from './stream-log.ts';

export interface KurrentDbOptions {
  /** Stays the caller's: the store never closes it. */
  readonly client: KurrentDBClient;
  readonly stream: Extract<StreamName, 'EVENTS' | 'JOBS'>;
  /** What the server's stream is called before `-EVENTS` or `-JOBS`; `baton` if absent. */
  readonly prefix?: string;
  /** How long an append or a read may go on trying; 10 s if absent. */
  readonly timeoutMs?: number;
  /** Whether the server flushes before it answers, as it does by default; a client can't ask. True if absent. */
  readonly flushes?: boolean;
}

const TIMEOUT_MS = 10_000;
const PAGE = 1_024;

/** Throws `internal` when the server may forget events of the stream. */
export async function openKurrentDbEventStore(options: KurrentDbOptions): Promise<PipelinedEventStore> {
  const { client, stream, prefix = 'baton', timeoutMs = TIMEOUT_MS, flushes = true } = options;
  const log = new StreamLog(client, `${prefix}-${stream}`, timeoutMs);
  const limits = await log.limits();
  if (limits.length > 0) {
    throw new PlatformError('internal', `The stream ${log.name} is not configured as the platform needs it.`, {
      detail: `its metadata has ${limits.join(', ')}`,
    });
  }
  return new KurrentDbEventStore(log, stream, flushes ? 'fsync' : 'interval');
}

class KurrentDbEventStore implements PipelinedEventStore {
  readonly durability: 'fsync' | 'interval';
  readonly #log: StreamLog;
  readonly #stream: StreamName;
  readonly #index: AggregateIndex;
  readonly #queue: AppendQueue;

  constructor(log: StreamLog, stream: StreamName, durability: 'fsync' | 'interval') {
    this.#log = log;
    this.#stream = stream;
    this.durability = durability;
    this.#index = new AggregateIndex(log);
    this.#queue = new AppendQueue(log, this.#index);
  }

  async append(ref: AggregateRef, commit: Commit, expected: Expectation): Promise<Appended> {
    return this.#queue.append(draftOf(this.#stream, ref, commit), expected);
  }

  async readAggregate(ref: AggregateRef): Promise<RecordedCommit[]> {
    const subject = subjectOf(ref);
    await this.#index.catchUp();
    const records = await readPositions(this.#log, this.#index.positionsOf(subject));
    return records.map(decode);
  }

  async *readAll(after: Position, options: ReadOptions = {}): AsyncGenerator<RecordedCommit> {
    const end = await this.#log.last();
    for (let from = after + 1; from <= end; from += PAGE) {
      for (const record of await this.#log.read(from, Math.min(PAGE, end - from + 1))) {
        if (options.signal?.aborted) return;
        const commit = decodeForReader(record, options);
        const { aggregates } = options;
        if (commit !== null && (aggregates === undefined || aggregates.includes(commit.ref.aggregate))) yield commit;
      }
    }
  }

  subscribe(after: Position, options: ReadOptions = {}): AsyncIterable<Followed> {
    return follow(this.#log, after, options);
  }

  lastPosition(): Promise<Position> {
    return this.#log.last();
  }

  async hashAt(position: Position): Promise<string | null> {
    const [record] = position < 1 ? [] : await this.#log.read(position, 1);
    return record === undefined ? null : hashOf(record.bytes);
  }

  openWriter(options: WriterOptions): StreamWriter {
    return new KurrentDbWriter({ log: this.#log, index: this.#index, stream: this.#stream }, options);
  }
}

function decode({ position, subject, bytes }: StoredRecord): RecordedCommit {
  return decodeCommit(position, subject, bytes);
}
