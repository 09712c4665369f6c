// The answering side of a request: parse, check the body against the operation's schema, run, turn errors into their wire form.
import { type Principal, type RequestMeta, type Rpc, type RpcReply, RpcRequest } from '@baton/contracts';
import { parseInput, PlatformError, toWire } from '@baton/errors';
import type { Static, TSchema } from 'typebox';

export interface Call<Q extends TSchema> {
  readonly principal: Principal;
  readonly meta: RequestMeta;
  readonly body: Static<Q>;
  /** The subject it came on: permissions bind an agent's node to it. */
  readonly subject: string;
}

export interface RawRequest {
  readonly subject: string;
  /** JSON: as text where it never left the process. */
  readonly data: Uint8Array | string;
}

/** Never rejects. Errors without a stable code are told to `report` and answered as `internal`. */
export async function answer<Q extends TSchema, R extends TSchema>(
  operation: Rpc<Q, R>,
  raw: RawRequest,
  handler: (call: Call<Q>) => Promise<Static<R>>,
  report: (error: unknown, where: string) => void,
): Promise<RpcReply> {
  try {
    const envelope = parseInput(RpcRequest, parseJson(raw.data));
    const body = parseInput(operation.request, envelope.body);
    return { ok: await handler({ principal: envelope.principal, meta: envelope.meta, body, subject: raw.subject }) };
  } catch (error) {
    const wire = toWire(error);
    if (wire.code === 'internal' || wire.code === 'unavailable') report(error, raw.subject);
    return { error: wire };
  }
}

function parseJson(data: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof data === 'string' ? data : Buffer.from(data).toString('utf8'));
  } catch (cause) {
    throw new PlatformError('invalid_input', 'The request is not JSON.', { cause });
  }
}
