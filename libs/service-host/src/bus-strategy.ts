// Nest's NATS transport on a connection that is already there, with the platform's own wire form.
import type { RawRequest } from '@baton/messaging';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type MessageHandler, ServerNats } from '@nestjs/microservices';

/** `serialize` gets Nest's packet; a controller's answer is already the reply to send. */
const serializer = {
  serialize: (packet: { response?: unknown; err?: unknown }) => ({
    data: JSON.stringify(packet.response ?? { error: { code: 'internal', message: 'Something went wrong here.' } }),
    headers: undefined,
  }),
};

/** Nest takes a packet with an id for a request that wants an answer. */
const deserializer = {
  deserialize: (message: Msg, options?: { channel?: string }) => {
    const data: RawRequest = { subject: message.subject, data: message.data };
    return { pattern: options?.channel, data, id: message.reply ?? '' };
  },
};

export class BusStrategy extends ServerNats {
  readonly #connection: NatsConnection;

  /** Replicas of one `queue` share the requests. */
  constructor(connection: NatsConnection, queue: string) {
    super({ queue, serializer, deserializer } as never);
    this.#connection = connection;
  }

  override createNatsClient(): Promise<NatsConnection> {
    return Promise.resolve(this.#connection);
  }

  /** Every pattern is a subject's text; Nest would try to read each as JSON first. */
  override getHandlerByPattern(pattern: string): MessageHandler | null {
    return this.messageHandlers.get(pattern) ?? null;
  }

  /** The bus reports and reconnects by itself. */
  override async handleStatusUpdates(): Promise<void> {}

  /** The connection belongs to the bus, which drains it. */
  override async close(): Promise<void> {}
}
