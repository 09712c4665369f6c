// Nest's NATS transport on a connection that is already there, with the platform's own wire form.
import type { RpcReply } from '@baton/contracts';
import type { Exchange, RawRequest } from '@baton/messaging';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { type MessageHandler, NatsContext, ServerNats } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';

export class BusStrategy extends ServerNats {
  readonly #connection: NatsConnection;
  readonly #exchange: Exchange | undefined;
  readonly #withdrawals: (() => void)[] = [];

  /** Replicas of one `queue` share the requests. Services of the same process ask through the exchange. */
  constructor(connection: NatsConnection, queue: string, exchange?: Exchange) {
    super({ queue });
    this.#connection = connection;
    this.#exchange = exchange;
  }

  override createNatsClient(): Promise<NatsConnection> {
    return Promise.resolve(this.#connection);
  }

  override bindEvents(client: NatsConnection): void {
    super.bindEvents(client);
    if (!this.#exchange) return;
    for (const pattern of this.messageHandlers.keys())
      this.#withdrawals.push(this.#exchange.serve(pattern, (request) => this.#answer(pattern, request)));
  }

  /** Every pattern is a subject's text; Nest would try to read each as JSON first. */
  override getHandlerByPattern(pattern: string): MessageHandler | null {
    return this.messageHandlers.get(pattern) ?? null;
  }

  /** One question has one answer: none of Nest's packets and observables. */
  override async handleMessage(pattern: string, message: Msg): Promise<void> {
    const reply = await this.#answer(pattern, { subject: message.subject, data: message.data });
    message.respond(JSON.stringify(reply));
  }

  async #answer(pattern: string, request: RawRequest): Promise<RpcReply> {
    const handler = this.getHandlerByPattern(pattern);
    const context = new NatsContext([request.subject, undefined]);
    // A controller's answer is the reply to send. Only what Nest itself refuses comes as an observable.
    const answered: unknown = await handler?.(request, context);
    if (!isObservable(answered)) return (answered as RpcReply | undefined) ?? HIDDEN;
    return lastValueFrom(answered).then(
      () => HIDDEN,
      () => HIDDEN,
    );
  }

  /** The bus reports and reconnects by itself. */
  override async handleStatusUpdates(): Promise<void> {}

  /** The connection belongs to the bus, which drains it. */
  override async close(): Promise<void> {
    for (const withdraw of this.#withdrawals.splice(0)) withdraw();
  }
}

const HIDDEN: RpcReply = { error: { code: 'internal', message: 'Something went wrong here.' } };
