// The event log in a JetStream stream: one message a commit, one subject an aggregate.
import type { StreamName } from '@baton/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import { type BatchedReads, eachOf, gathered } from '../batches.ts';
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
import { decodeForReader, hashOf, type StoredMessage } from '../stored-commit.ts';
import type { PipelinedEventStore, StreamWriter, WriterOptions } from '../stream-writer.ts';
import { appendPublication } from './append.ts';
import { follow, mustFollow } from './follow.ts';
import { JetStreamWriter } from './jetstream-writer.ts';
import { type LongRead, wholePart } from './long-reads.ts';
import { publication } from './publication.ts';
import { readAggregate } from './read-aggregate.ts';
import { probeDurability } from './server-version.ts';
import { type StreamApi, streamApi } from './stream-api.ts';
import { ensureStream } from './stream-configuration.ts';

export interface JetStreamOptions {
  /** Stays the caller's: the store never closes it. */
  readonly connection: NatsConnection;
  readonly stream: Extract<StreamName, 'EVENTS' | 'JOBS'>;
  /** How long an append or a read may go on trying; 10 s if absent. */
  readonly timeoutMs?: number;
  /** Whether the server runs with `sync_interval: always`, as configured; false if absent. */
  readonly syncAlways?: boolean;
  /** Servers that hold the stream, if it has to be made; 1 if absent. */
  readonly replicas?: number;
  /** Whether a stream that an earlier version has made is given the subjects that it lacks; false if absent. */
  readonly mayExtend?: boolean;
  /** Whether the server's disk has room: asked before a commit is sent. It always has, if absent. */
  readonly hasRoom?: () => boolean;
  /** Reads what is long; the connection above does, if absent. */
  readonly longRead?: LongRead;
}

const TIMEOUT_MS = 10_000;

/** Makes the stream if it is missing. Throws `internal` when it is configured otherwise than events need it. */
export async function openJetStreamEventStore(options: JetStreamOptions): Promise<PipelinedEventStore> {
  const { connection, stream, timeoutMs = TIMEOUT_MS, replicas = 1, mayExtend = false } = options;
  const { num_replicas } = await ensureStream(connection, stream, { replicas, timeoutMs, mayExtend });
  const durability = probeDurability(connection, { syncAlways: options.syncAlways ?? false });
  return new JetStreamEventStore(streamApi(connection, stream, timeoutMs), {
    stream,
    timeoutMs,
    durability,
    replicas: num_replicas,
    hasRoom: options.hasRoom ?? (() => true),
    longRead: options.longRead,
  });
}

interface Settings {
  readonly stream: StreamName;
  readonly timeoutMs: number;
  readonly replicas: number;
  readonly durability: 'fsync' | 'interval';
  readonly hasRoom: () => boolean;
  readonly longRead: LongRead | undefined;
}

class JetStreamEventStore implements PipelinedEventStore, BatchedReads {
  readonly durability: 'fsync' | 'interval';
  readonly #api: StreamApi;
  readonly #settings: Settings;

  constructor(api: StreamApi, settings: Settings) {
    this.#api = api;
    this.#settings = settings;
    this.durability = settings.durability;
  }

  async append(ref: AggregateRef, commit: Commit, expected: Expectation): Promise<Appended> {
    const { stream, timeoutMs, hasRoom } = this.#settings;
    const message = publication(this.#api.connection, stream, ref, commit);
    return appendPublication({ api: this.#api, stream, timeoutMs, hasRoom }, message, expected);
  }

  readAggregate(ref: AggregateRef): Promise<RecordedCommit[]> {
    return readAggregate(this.#api, ref);
  }

  readAll(after: Position, options: ReadOptions = {}): AsyncIterable<RecordedCommit> {
    return eachOf(this.readBatches(after, options), options.signal);
  }

  async *readBatches(after: Position, options: ReadOptions = {}): AsyncGenerator<readonly RecordedCommit[]> {
    const end = await this.#api.lastPosition();
    if (after >= end) return;
    if (options.aggregates !== undefined) {
      yield* upTo(end, this.subscribeBatches(after, options));
      return;
    }
    let before = after;
    const part = { after, end, signal: options.signal };
    for await (const messages of wholePart(this.#api, this.#settings.longRead, part)) {
      if (options.signal?.aborted) return;
      yield* gathered<StoredMessage, RecordedCommit>(messages, (message, batch) => {
        mustFollow(before, message.position, options);
        before = message.position;
        const commit = decodeForReader(message, options);
        if (commit !== null) batch.push(commit);
      });
    }
  }

  subscribe(after: Position, options: ReadOptions = {}): AsyncIterable<Followed> {
    return eachOf(this.subscribeBatches(after, options), options.signal);
  }

  subscribeBatches(after: Position, options: ReadOptions = {}): AsyncIterable<readonly Followed[]> {
    return follow({ api: this.#api, longRead: this.#settings.longRead }, after, options);
  }

  lastPosition(): Promise<Position> {
    return this.#api.lastPosition();
  }

  async hashAt(position: Position): Promise<string | null> {
    const message = position < 1 ? null : await this.#api.messageAt(position);
    return message === null ? null : hashOf(message.bytes);
  }

  openWriter(options: WriterOptions): StreamWriter {
    return new JetStreamWriter(this.#api, this.#settings, options);
  }
}

/** What was there when the reading began. */
async function* upTo(
  end: Position,
  batches: AsyncIterable<readonly Followed[]>,
): AsyncGenerator<readonly RecordedCommit[]> {
  for await (const batch of batches) {
    const commits = batch.flatMap((item) => (item.kind === 'commit' && item.commit.position <= end ? item.commit : []));
    if (commits.length > 0) yield commits;
    if (batch.some((item) => item.kind === 'caught-up' || item.commit.position > end)) return;
  }
}
