// An ephemeral consumer read by pull requests, in order or not at all. It never survives trouble: another one continues.
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { randomBytes } from 'node:crypto';
import type { Position } from '../port.ts';
import { onStatus } from './connection-watch.ts';
import { BATCH, consumerConfiguration, HEARTBEAT_MS, MOST_SILENT, pullRequest } from './consumer-requests.ts';
import { type Delivery, parseDelivery } from './delivery.ts';
import { newInbox } from './inbox.ts';
import { Mailbox } from './mailbox.ts';

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
