// One request to the server, and requests to the JetStream API that are repeated until they are answered.
import { PlatformError } from '@baton/errors';
import { errors, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { onStatus } from './connection-watch.ts';

const ATTEMPT_MS = 2_000;
const PAUSE_MS = 50;

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs;
}

/** Why no answer came. `undelivered`: the server is certain that nobody got the request. */
export type NoAnswer = { readonly kind: 'undelivered' | 'silent' | 'closed' | 'forbidden'; readonly cause: unknown };

/** The answer to one request; a reconnect ends the wait, because an answer on the old connection can't come any more. */
export async function requestOnce(
  connection: NatsConnection,
  subject: string,
  payload: Uint8Array,
  { timeoutMs, headers }: RequestOptions,
): Promise<Msg | NoAnswer> {
  let stopWatching = (): void => undefined;
  const reconnected = new Promise<NoAnswer>((resolve) => {
    stopWatching = onStatus(connection, (status) => {
      if (status.type === 'reconnect') resolve({ kind: 'silent', cause: new Error('the connection was lost') });
    });
  });
  const timeout = Math.max(1, Math.min(ATTEMPT_MS, timeoutMs));
  const answered = connection
    .request(subject, payload, { timeout, ...(headers === undefined ? {} : { headers }) })
    .catch((cause: unknown) => noAnswer(connection, cause));
  try {
    return await Promise.race([answered, reconnected]);
  } finally {
    stopWatching();
  }
}

export function isAnswer(result: Msg | NoAnswer): result is Msg {
  return !('kind' in result);
}

function noAnswer(connection: NatsConnection, cause: unknown): NoAnswer {
  if (connection.isClosed() || connection.isDraining()) return { kind: 'closed', cause };
  const root = cause instanceof errors.RequestError && cause.cause !== undefined ? cause.cause : cause;
  if (root instanceof errors.NoRespondersError) return { kind: 'undelivered', cause };
  if (root instanceof errors.PermissionViolationError) return { kind: 'forbidden', cause };
  return { kind: 'silent', cause };
}

interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}
export interface ApiReply {
  readonly error?: ApiError;
}

/**
 * The reply to a read-only request of the JetStream API, asked again until there is one. Throws `unavailable` when the time
 * limit passes without, `internal` when the role may not ask.
 */
export async function apiRequest<R extends ApiReply>(
  connection: NatsConnection,
  subject: string,
  body: unknown,
  timeoutMs: number,
): Promise<R> {
  const payload = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await requestOnce(connection, subject, payload, { timeoutMs: deadline - performance.now() });
    if (isAnswer(result)) {
      const reply = result.json<R>();
      if (reply.error?.code !== 503 || performance.now() > deadline) return reply;
    } else {
      if (result.kind === 'forbidden')
        throw new PlatformError('internal', 'The event log refuses this service.', {
          cause: result.cause,
          detail: subject,
        });
      if (result.kind === 'closed' || performance.now() > deadline) throw logUnavailable(result.cause);
    }
    await sleep(PAUSE_MS);
  }
}

export function logUnavailable(cause?: unknown): PlatformError {
  return new PlatformError('unavailable', 'The event log does not answer; try again in a moment.', {
    cause,
    retryAfterMs: 1_000,
  });
}
