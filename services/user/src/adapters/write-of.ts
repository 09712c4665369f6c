// The write that a call asks for.
import type { Call } from '@baton/messaging';
import type { TSchema } from 'typebox';
import type { Write } from '../app/aggregates.ts';

export function writeOf<Q extends TSchema>(call: Call<Q>): Write {
  return { principal: call.principal, meta: call.meta, subject: call.subject, body: call.body };
}

/** With another body in its stead, where the call's own must leave no digest in the log. */
export function privateWriteOf<Q extends TSchema>(call: Call<Q>, body: unknown): Write {
  return { ...writeOf(call), body };
}

/** Callers who have not logged in share one name, and so no idempotency key counts among them. */
export function anonymousWriteOf<Q extends TSchema>(call: Call<Q>): Write {
  return { principal: call.principal, meta: { requestId: call.meta.requestId }, subject: call.subject, body: {} };
}
