// Request and reply over NATS, with the other side's typed errors.
import type { Rpc, RpcReply, RpcRequest } from '@baton/contracts';
import { fromWire, PlatformError } from '@baton/errors';
import { type NatsConnection, NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import type { Static, TSchema } from 'typebox';
import { endOfTurn } from './turn.ts';

const RETRY_AFTER_MS = 1_000;

export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly subject?: string;
}

/** Sends one request and gives the reply's body, or throws the error that the other side threw. */
export async function request<Q extends TSchema, R extends TSchema>(
  connection: NatsConnection,
  operation: Rpc<Q, R>,
  body: RpcRequest,
  options: RequestOptions,
): Promise<Static<R>> {
  const subject = options.subject ?? operation.subject;
  const reply = await send(connection, subject, JSON.stringify(body), options.timeoutMs ?? 10_000);
  if ('error' in reply) throw fromWire(reply.error);
  return reply.ok as Static<R>;
}

async function send(
  connection: NatsConnection,
  subject: string,
  payload: string,
  timeoutMs: number,
): Promise<RpcReply> {
  try {
    await endOfTurn();
    const message = await connection.request(subject, payload, { timeout: timeoutMs });
    return message.json<RpcReply>();
  } catch (error) {
    throw unanswered(error, subject);
  }
}

function unanswered(error: unknown, subject: string): PlatformError {
  const options = { cause: error, detail: `no answer on ${subject}`, retryAfterMs: RETRY_AFTER_MS };
  if (error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())) {
    return new PlatformError(
      'unavailable',
      'That part of the platform is not running now. Try again in a moment.',
      options,
    );
  }
  if (error instanceof TimeoutError) {
    const message = 'That part of the platform did not answer in time. Try again with the same Idempotency-Key.';
    return new PlatformError('outcome_unknown', message, options);
  }
  return new PlatformError('unavailable', 'The platform is not connected now. Try again in a moment.', options);
}
