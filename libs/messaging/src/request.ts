// Request and reply, over NATS or within the process, with the other side's typed errors.
import type { RpcReply } from '@baton/contracts';
import { fromWire, PlatformError } from '@baton/errors';
import { type NatsConnection, NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import type { LocalHandler } from './exchange.ts';
import { endOfTurn } from './turn.ts';

const RETRY_AFTER_MS = 1_000;

export interface Asked {
  readonly subject: string;
  /** JSON. */
  readonly payload: string;
  readonly timeoutMs: number;
}

/** Sends one request and gives the reply's body, or throws the error that the other side threw. */
export async function request<R>(connection: NatsConnection, { subject, payload, timeoutMs }: Asked): Promise<R> {
  let reply: RpcReply;
  try {
    await endOfTurn();
    const message = await connection.request(subject, payload, { timeout: timeoutMs });
    reply = message.json<RpcReply>();
  } catch (error) {
    throw unanswered(error, subject);
  }
  return bodyOf(reply);
}

/** The same of a handler in this process. Question and answer pass as JSON: neither side ever holds the other's objects. */
export async function requestHere<R>(handler: LocalHandler, { subject, payload, timeoutMs }: Asked): Promise<R> {
  const { promise, resolve, reject } = Promise.withResolvers<RpcReply>();
  const timer = setTimeout(() => reject(noAnswer(subject)), timeoutMs);
  handler({ subject, data: payload }).then(resolve, reject);
  try {
    return bodyOf(JSON.parse(JSON.stringify(await promise)) as RpcReply);
  } finally {
    clearTimeout(timer);
  }
}

function bodyOf<R>(reply: RpcReply): R {
  if ('error' in reply) throw fromWire(reply.error);
  return reply.ok as R;
}

function unanswered(error: unknown, subject: string): PlatformError {
  if (error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())) {
    const message = 'That part of the platform is not running now. Try again in a moment.';
    return new PlatformError('unavailable', message, about(subject, error));
  }
  if (error instanceof TimeoutError) return noAnswer(subject, error);
  const message = 'The platform is not connected now. Try again in a moment.';
  return new PlatformError('unavailable', message, about(subject, error));
}

function noAnswer(subject: string, cause?: unknown): PlatformError {
  const message = 'That part of the platform did not answer in time. Try again with the same Idempotency-Key.';
  return new PlatformError('outcome_unknown', message, about(subject, cause));
}

function about(subject: string, cause: unknown) {
  return { cause, detail: `no answer on ${subject}`, retryAfterMs: RETRY_AFTER_MS };
}
