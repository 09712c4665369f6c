// The event log's port on a simulated connection. What writes is the platform's own code; what reads asks for many entries at a time.
import type { StreamName } from '@baton/contracts';
import type {
  AggregateRef,
  Commit,
  Expectation,
  Followed,
  PipelinedEventStore,
  Position,
  ReadOptions,
  RecordedCommit,
} from '@baton/event-store';
import { hashOf } from '@baton/event-store';
import {
  appendPublication,
  decodeCommit,
  JetStreamWriter,
  publication,
  type StreamApi,
  streamApi,
} from '@baton/event-store/jetstream';
import { PlatformError } from '@baton/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatedConnection } from './nats-connection.ts';
import { READ_AT_ONCE } from './nats-server.ts';
import type { StoredEntry } from './stream.ts';

const TIMEOUT_MS = 10_000;
const ASK_MS = 2_000;
const PAUSE_MS = 50;
/** A follower that missed a word looks again. */
const LOOK_MS = 5_000;
const hasRoom = () => true;

export interface LogOptions {
  readonly connection: SimulatedConnection;
  readonly stream: Extract<StreamName, 'EVENTS' | 'JOBS'>;
  /** Asks to be told of the next commit of the stream. */
  readonly listen?: (told: () => void) => void;
}

export function simulatedLog({ connection, stream, listen = () => {} }: LogOptions): PipelinedEventStore {
  const api: StreamApi = streamApi(connection.asNats, stream, TIMEOUT_MS);

  async function entriesAfter(after: Position): Promise<readonly StoredEntry[]> {
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const body = Buffer.from(JSON.stringify({ after }));
      const answer = await connection.request(`$READ.${stream}`, body, { timeout: ASK_MS }).catch(() => null);
      if (answer !== null) return answer.value as readonly StoredEntry[];
      if (performance.now() > deadline) throw new PlatformError('unavailable', 'The event log does not answer.');
      await sleep(PAUSE_MS);
    }
  }

  async function* readAll(after: Position, options: ReadOptions = {}): AsyncGenerator<RecordedCommit> {
    for (let at = after; ;) {
      const entries = await entriesAfter(at);
      for (const commit of entries.map(decoded)) if (isWanted(commit, options)) yield commit;
      at = entries.at(-1)?.position ?? at;
      if (entries.length < READ_AT_ONCE) return;
    }
  }

  async function* subscribe(after: Position, options: ReadOptions = {}): AsyncGenerator<Followed> {
    let isCaughtUp = false;
    for (let position = after; ;) {
      const grown = new Promise<void>((resolve) => listen(resolve));
      for await (const commit of readAll(position)) {
        position = commit.position;
        if (isWanted(commit, options)) yield { kind: 'commit', commit };
      }
      if (!isCaughtUp) yield { kind: 'caught-up', position };
      isCaughtUp = true;
      if (options.signal?.aborted) return;
      await Promise.race([grown, sleep(LOOK_MS)]);
    }
  }

  return {
    durability: 'fsync',
    append: appending(api, connection, stream),
    async readAggregate(ref) {
      const found: RecordedCommit[] = [];
      for await (const commit of readAll(0)) if (commit.ref.id === ref.id) found.push(commit);
      return found;
    },
    readAll,
    subscribe,
    lastPosition: () => api.lastPosition(),
    async hashAt(position) {
      const message = position < 1 ? null : await api.messageAt(position);
      return message === null ? null : hashOf(message.bytes);
    },
    openWriter: (options) => new JetStreamWriter(api, { stream, replicas: 1, hasRoom }, options),
  };
}

function appending(api: StreamApi, { asNats }: SimulatedConnection, stream: LogOptions['stream']) {
  return (ref: AggregateRef, commit: Commit, expected: Expectation) =>
    appendPublication(
      { api, stream, timeoutMs: TIMEOUT_MS, hasRoom },
      publication(asNats, stream, ref, commit),
      expected,
    );
}

const known = new WeakMap<StoredEntry, RecordedCommit>();

/** Once for all who read it. */
export function decoded(entry: StoredEntry): RecordedCommit {
  const commit = known.get(entry) ?? decodeCommit(entry.position, entry.subject, entry.bytes);
  known.set(entry, commit);
  return commit;
}

function isWanted(commit: RecordedCommit, { aggregates }: ReadOptions): boolean {
  return aggregates === undefined || aggregates.includes(commit.ref.aggregate);
}
