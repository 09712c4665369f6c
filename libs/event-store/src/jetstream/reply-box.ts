// Replies to the requests of one connection: one subscription for all, and for each request a place in a table.
import { errors, type Msg, type MsgHdrs, type NatsConnection, type Status } from '@nats-io/transport-node';
import { onStatus } from './connection-watch.ts';
import { newInbox } from './inbox.ts';

/** Why no answer came. `undelivered`: the server is certain that nobody got the request. */
export type NoAnswer = { readonly kind: 'undelivered' | 'silent' | 'closed' | 'forbidden'; readonly cause: unknown };

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs;
}

interface Waiting {
  readonly subject: string;
  readonly settle: (result: Msg | NoAnswer) => void;
}

const NO_RESPONDERS = 503;
const boxes = new WeakMap<NatsConnection, ReplyBox>();

/**
 * The connection's own `request` makes errors ahead for each request, with the stack that they would have: more work than all the
 * rest of an append.
 */
export class ReplyBox {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  #asked = 0;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#inbox = newInbox(connection);
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) =>
        error === null ? this.#hear(message) : this.#end({ kind: 'forbidden', cause: error }),
    });
    onStatus(connection, (status) => this.#watch(status));
  }

  /** One for each connection, as long as that lives. Throws what the connection says when it is closed. */
  static of(connection: NatsConnection): ReplyBox {
    const known = boxes.get(connection);
    if (known !== undefined) return known;
    const made = new ReplyBox(connection);
    boxes.set(connection, made);
    return made;
  }

  /** Throws what the connection says when nothing can be sent. */
  request(subject: string, payload: Uint8Array, { timeoutMs, headers }: RequestOptions): Promise<Msg | NoAnswer> {
    const token = (this.#asked += 1).toString(36);
    const reply = `${this.#inbox}.${token}`;
    this.#connection.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
    return new Promise((resolve) => {
      const late = (): void => this.#settle(token, { kind: 'silent', cause: 'no answer in time' });
      const timer = setTimeout(late, timeoutMs);
      const settle = (result: Msg | NoAnswer): void => {
        clearTimeout(timer);
        resolve(result);
      };
      this.#waiting.set(token, { subject, settle });
    });
  }

  #hear(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const isUndelivered = message.headers?.code === NO_RESPONDERS && message.data.length === 0;
    this.#settle(token, isUndelivered ? { kind: 'undelivered', cause: 'no responders' } : message);
  }

  #watch(status: Status): void {
    // An answer on the old connection can't come any more.
    if (status.type === 'reconnect') this.#end({ kind: 'silent', cause: 'the connection was lost' });
    if (status.type === 'close') this.#end({ kind: 'closed', cause: 'the connection was closed' });
    if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) return;
    const { operation, subject } = status.error;
    if (operation !== 'publish') return;
    for (const [token, waiting] of this.#waiting) {
      if (waiting.subject === subject) this.#settle(token, { kind: 'forbidden', cause: status.error });
    }
  }

  #end(result: NoAnswer): void {
    for (const token of this.#waiting.keys()) this.#settle(token, result);
  }

  #settle(token: string, result: Msg | NoAnswer): void {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    waiting?.settle(result);
  }
}
