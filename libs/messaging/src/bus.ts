// One process's or service's connection to NATS: typed requests, answers and notes, and an orderly close.
import { inboxPrefix, type NatsRole, type Principal, type RequestMeta, type Rpc } from '@baton/contracts';
import { connect, type NatsConnection, nkeyAuthenticator, type Subscription } from '@nats-io/transport-node';
import type { Static, TSchema } from 'typebox';
import { PlatformError } from '@baton/errors';
import { answer, type Call, type RawRequest } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { Presence } from './presence.ts';
import { request, requestHere } from './request.ts';

/** A role's password, or the private half of an agent's own key, which proves itself without being sent. */
export type BusCredentials = { readonly user: string; readonly password: string } | { readonly seed: string };

const CALL_TIMEOUT_MS = 10_000;

export interface BusOptions {
  readonly url: string;
  readonly role: NatsRole;
  /** Bound into the agent's inbox and permissions. */
  readonly nodeId?: string;
  /** Absent where the server asks for none (tests). */
  readonly credentials?: BusCredentials;
  /** How long the first connection may take. Default 10 s; after it, reconnecting never gives up. */
  readonly connectTimeoutMs?: number;
  /** Of the services that share this process; absent where there is one alone. */
  readonly exchange?: Exchange;
  /** Told of errors that answers hide from the other side. */
  readonly onError?: (error: unknown, where: string) => void;
}

export interface CallOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Replaces the operation's subject where that is a pattern. */
  readonly subject?: string;
}

/** Who calls, and what travels beside the body. */
export interface CallContext {
  readonly principal: Principal;
  readonly meta: RequestMeta;
}

export interface Handling {
  unsubscribe(): void;
}

export class Bus {
  readonly connection: NatsConnection;
  readonly role: NatsRole;
  readonly #options: BusOptions;
  readonly #presence: Presence;

  constructor(connection: NatsConnection, options: BusOptions) {
    this.connection = connection;
    this.role = options.role;
    this.#options = options;
    this.#presence = new Presence(connection);
  }

  /** Calls another service. Throws what it threw; `unavailable` if it is not there, `outcome_unknown` if no answer came. */
  call<Q extends TSchema, R extends TSchema>(
    operation: Rpc<Q, R>,
    context: CallContext,
    body: Static<Q>,
    options: CallOptions = {},
  ): Promise<Static<R>> {
    const subject = options.subject ?? operation.subject;
    const { timeoutMs = CALL_TIMEOUT_MS } = options;
    const asked = { subject, payload: JSON.stringify({ ...context, body }), timeoutMs };
    const here = this.#options.exchange?.handlerFor(this.role, subject);
    return this.#presence.during(() => (here ? requestHere(here, asked) : request(this.connection, asked)));
  }

  /** Answers an operation; replicas of a role share the work. */
  handle<Q extends TSchema, R extends TSchema>(
    operation: Rpc<Q, R>,
    handler: (call: Call<Q>) => Promise<Static<R>>,
  ): Handling {
    const answered = (raw: RawRequest) => answer(operation, raw, handler, this.reportError);
    const subscription = this.connection.subscribe(operation.subject, {
      queue: this.role,
      callback: (_error, message) => {
        const { subject, data } = message;
        void answered({ subject, data }).then((reply) => message.respond(JSON.stringify(reply)));
      },
    });
    const withdraw = this.#options.exchange?.serve(operation.subject, answered);
    return {
      unsubscribe: () => {
        withdraw?.();
        subscription.unsubscribe();
      },
    };
  }

  /** A note to whoever listens now; nothing is kept. */
  publish(subject: string, payload: unknown): void {
    if (this.connection.isClosed()) return;
    this.connection.publish(subject, JSON.stringify(payload));
  }

  subscribe(subject: string, handler: (payload: unknown, subject: string) => void): Subscription {
    return this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return this.reportError(error, subject);
        try {
          handler(message.json(), message.subject);
        } catch (thrown) {
          this.reportError(thrown, subject);
        }
      },
    });
  }

  readonly reportError = (error: unknown, where: string): void => this.#options.onError?.(error, where);

  /** Lets what is under way finish, then closes. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    await this.connection.drain().catch(() => this.connection.close());
  }
}

export async function connectBus(options: BusOptions): Promise<Bus> {
  const deadline = performance.now() + (options.connectTimeoutMs ?? 10_000);
  for (;;) {
    try {
      return new Bus(await connect(connectionOptions(options)), options);
    } catch (error) {
      if (performance.now() >= deadline) throw unreachable(options.url, error);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function unreachable(url: string, cause: unknown): Error {
  const refused = /authorization/i.test(String(cause));
  const why = refused ? 'refuses these credentials' : 'can not be reached';
  return new PlatformError('unavailable', `nats-server at ${url} ${why}.`, { cause, detail: String(cause) });
}

function connectionOptions(options: BusOptions) {
  return {
    servers: options.url,
    name: options.nodeId === undefined ? options.role : `${options.role} ${options.nodeId}`,
    inboxPrefix: inboxPrefix(options.role, options.nodeId),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    timeout: 2_000,
    // A stack trace for each request costs more than the request.
    noAsyncTraces: true,
    // A server that restarts may refuse for a moment; giving up would need a restart of this process as well.
    ignoreAuthErrorAbort: true,
    // The address decides: `tls://` takes nothing less, and `nats://` on the server's own machine needs no certificate.
    tls: options.url.startsWith('tls:') ? {} : null,
    ...(options.credentials ? proofOf(options.credentials) : {}),
  };
}

function proofOf(credentials: BusCredentials) {
  if ('seed' in credentials) return { authenticator: nkeyAuthenticator(new TextEncoder().encode(credentials.seed)) };
  return { user: credentials.user, pass: credentials.password };
}
