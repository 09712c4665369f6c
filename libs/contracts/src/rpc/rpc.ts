// The shape of a request over NATS: who asks, which command it is, and the body; and a typed table entry for each.
import { Type, type Static, type TSchema } from 'typebox';
import { Principal } from '../access.ts';
import { PastMoment, strict } from '../schema.ts';

/** What travels beside a request's body. */
export const RequestMeta = strict({
  requestId: Type.String(),
  /** Makes a command idempotent together with the principal; without it each call is a command of its own. */
  idempotencyKey: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  /** Revision that the caller has seen; another one answers `revision_mismatch`. */
  ifRevision: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Wait until the read model has at least this revision of the thing asked for. */
  waitForRevision: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Answer as it was then; only of reads that say that they can. */
  at: Type.Optional(PastMoment),
});
export type RequestMeta = Static<typeof RequestMeta>;

export const RpcRequest = strict({ principal: Principal, meta: RequestMeta, body: Type.Unknown() });
export type RpcRequest = Static<typeof RpcRequest>;

/** An error on the wire; the internal detail and the cause stay in the process that saw them. */
export const WireError = strict({
  code: Type.String(),
  message: Type.String(),
  issues: Type.Optional(Type.Array(strict({ pointer: Type.String(), detail: Type.String() }))),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type WireError = Static<typeof WireError>;
export type RpcReply = { readonly ok: unknown } | { readonly error: WireError };

/** One operation of a service. */
export interface Rpc<Q extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly subject: string;
  readonly request: Q;
  readonly reply: R;
}

export function rpc<Q extends TSchema, R extends TSchema>(subject: string, request: Q, reply: R): Rpc<Q, R> {
  return { subject, request, reply };
}
