// One request to the server, and requests to the JetStream API that are repeated until they are answered.
import { PlatformError } from '@baton/errors';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NoAnswer, ReplyBox, type RequestOptions } from './reply-box.ts';

const ATTEMPT_MS = 2_000;
const PAUSE_MS = 50;

/** The answer to one request; a reconnect ends the wait, because an answer on the old connection can't come any more. */
export async function requestOnce(
  connection: NatsConnection,
  subject: string,
  payload: Uint8Array,
  { timeoutMs, headers }: RequestOptions,
): Promise<Msg | NoAnswer> {
  const timeout = Math.max(1, Math.min(ATTEMPT_MS, timeoutMs));
  const options = { timeoutMs: timeout, ...(headers === undefined ? {} : { headers }) };
  try {
    return await ReplyBox.of(connection).request(subject, payload, options);
  } catch (cause) {
    return { kind: connection.isClosed() || connection.isDraining() ? 'closed' : 'silent', cause };
  }
}

export function isAnswer(result: Msg | NoAnswer): result is Msg {
  return !('kind' in result);
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
