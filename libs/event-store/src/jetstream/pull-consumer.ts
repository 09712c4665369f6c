// An ephemeral consumer read by pull requests, in order or not at all. It never survives trouble: another one continues.
import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { nanos, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { randomBytes } from 'node:crypto';
import type { Position } from '../port.ts';
import { onStatus } from './connection-watch.ts';
import { type Delivery, parseDelivery } from './delivery.ts';
import { newInbox } from './inbox.ts';
import { Mailbox } from './mailbox.ts';

/** Each pull wakes the server and the client up: too few at a time, and that is what reading costs. */
export const BATCH = 2_048;
/** Of one pull, whatever the size of its messages; a single one always fits. */
const BATCH_BYTES = 4 * 2 ** 20;
export const HEARTBEAT_MS = 5_000;
const PULL_EXPIRES_MS = 30_000;
/** So many heartbeats without a word: then the server is taken for gone. */
export const MOST_SILENT = 3;
/** The server forgets a consumer that nobody has pulled from for so long. */
const FORGOTTEN_AFTER_MS = 60_000;

export interface PullSource {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Subjects wanted; all if empty. */
  readonly filters: readonly string[];
}

export class PullConsumer {
  readonly #source: PullSource;
  /** Short, as it stands in every message. */
  readonly #name = randomBytes(6).toString('base64url');
  readonly #mailbox = new Mailbox<Delivery>();
  readonly #subscription: Subscription;
  readonly #stopWatching: () => void;
  readonly #liveness: NodeJS.Timeout;
  /** Heartbeats since something was heard. */
  #silent = 0;
  #outstanding = 0;
  #ordinal = 0;

  private constructor(source: PullSource) {
    this.#source = source;
    this.#subscription = source.connection.subscribe(newInbox(source.connection), {
      callback: (error, message) => this.#receive(error === null ? parseDelivery(message) : { kind: 'lost' }),
    });
    this.#stopWatching = onStatus(source.connection, ({ type }) => {
      if (type === 'reconnect' || type === 'close') this.#mailbox.put({ kind: 'lost' });
    });
    this.#liveness = setInterval(() => {
      this.#silent += 1;
      if (this.#outstanding > 0 && this.#silent >= MOST_SILENT) this.#mailbox.put({ kind: 'lost' });
    }, HEARTBEAT_MS).unref();
  }

  /** Makes a consumer that begins at `from`. Throws what the server or the connection says. */
  static async open(source: PullSource, from: Position): Promise<PullConsumer> {
    const manager = await jetstreamManager(source.connection, { checkAPI: false });
    const consumer = new PullConsumer(source);
    try {
      const { stream, filters } = source;
      await manager.consumers.add(stream, consumerConfiguration({ name: consumer.#name, from, filters }));
      return consumer;
    } catch (error) {
      await consumer.close();
      throw error;
    }
  }

  /**
   * What came since the last call, after waiting for something; empty when closed. Asks for more in time for the next, but never
   * for more than two batches that nobody has taken: a slow reader must not fill the memory.
   */
  async take(): Promise<readonly Delivery[]> {
    if (this.#outstanding + this.#mailbox.size < BATCH) this.#pull();
    return this.#mailbox.takeAll();
  }

  /** Ends a waiting `take` at once. */
  stop(): void {
    this.#mailbox.close();
  }

  /** Also tells the server, without waiting for it: it would forget the consumer by itself. */
  async close(): Promise<void> {
    this.stop();
    clearInterval(this.#liveness);
    this.#stopWatching();
    const { connection, stream } = this.#source;
    if (connection.isClosed() || connection.isDraining()) return;
    this.#subscription.unsubscribe();
    connection.publish(`$JS.API.CONSUMER.DELETE.${stream}.${this.#name}`);
  }

  #pull(): void {
    const { connection, stream } = this.#source;
    this.#outstanding += BATCH;
    this.#silent = 0;
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#name}`,
      JSON.stringify(pullRequest(connection.info?.max_payload ?? 0)),
      {
        reply: this.#subscription.getSubject(),
      },
    );
  }

  #receive(delivery: Delivery): void {
    this.#silent = 0;
    if (delivery.kind === 'pull-ended')
      this.#outstanding -= Math.min(this.#outstanding, delivery.unused ?? this.#outstanding);
    if (delivery.kind === 'message') {
      this.#outstanding -= 1;
      this.#ordinal += 1;
      if (delivery.ordinal !== this.#ordinal) return this.#mailbox.put({ kind: 'lost' });
    }
    this.#mailbox.put(delivery);
  }
}

/** Of one that begins at the position `from`, goes through the stream once, and is gone with its reader. */
export function consumerConfiguration({ name, from, filters }: ConsumerWanted) {
  return {
    name,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    ack_policy: AckPolicy.None,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
    ...filterOf(filters),
  };
}

interface ConsumerWanted extends Pick<PullSource, 'filters'> {
  readonly name: string;
  readonly from: Position;
}

/** `maxPayload`: bytes of the largest message that the server takes. */
export function pullRequest(maxPayload: number) {
  return {
    batch: BATCH,
    max_bytes: Math.max(BATCH_BYTES, 2 * maxPayload),
    expires: nanos(PULL_EXPIRES_MS),
    idle_heartbeat: nanos(HEARTBEAT_MS),
  };
}

/** Servers before 2.10 know one filter only, so a single one is sent in the old member. */
function filterOf(filters: readonly string[]) {
  const [only, ...more] = filters;
  if (only === undefined) return {};
  return more.length === 0 ? { filter_subject: only } : { filter_subjects: [...filters] };
}
