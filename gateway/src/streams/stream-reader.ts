// Reads JetStream streams by subject: from a position, as far as they go or until something has ended.
import { LOGS_STREAM, METRICS_STREAM, STREAM_SUBJECTS, type StreamName } from '@baton/contracts';
import {
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  JetStreamApiError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  type MsgRequest,
  RetentionPolicy,
  type SeqMsgRequest,
  StorageType,
  type StoredMsg,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';

/** Asked for ahead: bounds what waits in memory for a slow client. Above what one message may have. */
const PREFETCH_BYTES = 5 * 1_048_576;
const MAX_MESSAGE_BYTES = 4 * 1_048_576;
const DAY_MS = 86_400_000;

export interface StreamMessage {
  /** Position in the stream: 1, 2, 3 ... */
  readonly position: number;
  readonly subject: string;
  readonly data: Uint8Array;
  header(name: string): string | undefined;
}

export interface Reading {
  readonly stream: StreamName;
  /** May hold wildcards. */
  readonly subject: string;
  /** Only what comes after this position. */
  readonly after: number;
  /** Resolves when nothing more will be written: the reading ends when all has been read. Already resolved: read what is there. */
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

export class StreamReader {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  /** Makes sure that the streams of output and metrics are there: agents may only publish into them. */
  static async open(connection: NatsConnection, retention: Retention): Promise<StreamReader> {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for (const stream of [LOGS_STREAM, METRICS_STREAM] as const) await ensureStream(manager, stream, retention);
    return new StreamReader(jetstream(connection), manager);
  }

  /** Each message after `after` once, in order; the client library makes a new consumer where a connection broke. */
  async *read(reading: Reading): AsyncGenerator<StreamMessage> {
    const { stream, subject, after, signal } = reading;
    if (await this.#isOver(reading)) return;
    const consumer = await this.#client.consumers.get(stream, {
      filter_subjects: subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
    });
    const messages = await consumer.consume({ max_bytes: PREFETCH_BYTES });
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (!signal.aborted) yield* this.#until(reading, messages[Symbol.asyncIterator]());
    } finally {
      signal.removeEventListener('abort', stop);
      messages.stop();
      // The server forgets it by itself in the end; what is left over costs only memory there.
      await consumer.delete().catch(() => false);
    }
  }

  /** The newest position on the subject; 0 if there is none. */
  async lastPosition(stream: StreamName, subject: string): Promise<number> {
    return (await this.last(stream, subject))?.position ?? 0;
  }

  /** The newest message on the subject. */
  last(stream: StreamName, subject: string): Promise<StreamMessage | null> {
    return this.#get(stream, { last_by_subj: subject });
  }

  /** The first message on the subject that stands at `position` or behind it. */
  next(stream: StreamName, subject: string, position: number): Promise<StreamMessage | null> {
    // The server takes both members together; the client's types know them apart.
    return this.#get(stream, { seq: position, next_by_subj: subject } as SeqMsgRequest);
  }

  /** Of the oldest message that the stream still has. */
  async firstPosition(stream: StreamName): Promise<number> {
    return (await this.#manager.streams.info(stream)).state.first_seq;
  }

  async #get(stream: StreamName, query: MsgRequest): Promise<StreamMessage | null> {
    try {
      const found = await this.#manager.streams.getMessage(stream, query);
      return found && storedMessage(found);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.status === 404) return null;
      throw error;
    }
  }

  async #isOver(reading: Reading): Promise<boolean> {
    const hasEnded = await Promise.race([reading.ended.then(() => true), Promise.resolve(false)]);
    return hasEnded && (await this.lastPosition(reading.stream, reading.subject)) <= reading.after;
  }

  async *#until(reading: Reading, messages: AsyncIterator<JsMsg>): AsyncGenerator<StreamMessage> {
    let position = reading.after;
    let last = Number.POSITIVE_INFINITY;
    let ended: Promise<'ended'> | null = reading.ended.then(() => 'ended' as const);
    let next = messages.next();
    while (position < last) {
      const event: 'ended' | IteratorResult<JsMsg> = await (ended ? Promise.race([next, ended]) : next);
      if (event === 'ended') {
        ended = null;
        last = await this.lastPosition(reading.stream, reading.subject);
        continue;
      }
      if (event.done) return;
      position = event.value.seq;
      yield messageOf(event.value);
      next = messages.next();
    }
  }
}

function messageOf(message: JsMsg): StreamMessage {
  return {
    position: message.seq,
    subject: message.subject,
    data: message.data,
    header: (name) => message.headers?.get(name) || undefined,
  };
}

function storedMessage(message: StoredMsg): StreamMessage {
  return {
    position: message.seq,
    subject: message.subject,
    data: message.data,
    header: (name) => message.header.get(name) || undefined,
  };
}

/**
 * What is older goes, and of output the oldest where there is more than that. A whole output is kept as a blob from its attempt's
 * end on: the stream is for what runs, and for following.
 */
export interface Retention {
  readonly days: number;
  readonly logBytes: number;
}

/** The server has less room than the limit asks for: its own limit then stands alone. */
const NO_ROOM_FOR_LIMIT = 10_047;
/** It is there with other settings, which an operator may have chosen. */
const EXISTS = 10_058;

async function ensureStream(
  manager: JetStreamManager,
  name: typeof LOGS_STREAM | typeof METRICS_STREAM,
  { days, logBytes }: Retention,
): Promise<void> {
  const config = {
    name,
    subjects: [...STREAM_SUBJECTS[name]],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(days * DAY_MS),
    max_msg_size: MAX_MESSAGE_BYTES,
    deny_delete: true,
  };
  const codeOf = (error: unknown) => (error instanceof JetStreamApiError ? error.code : null);
  try {
    await manager.streams.add(name === LOGS_STREAM ? { ...config, max_bytes: logBytes } : config);
  } catch (error) {
    if (codeOf(error) === NO_ROOM_FOR_LIMIT) await manager.streams.add(config);
    else if (codeOf(error) !== EXISTS) throw error;
  }
}
