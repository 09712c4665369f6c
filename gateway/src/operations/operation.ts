// The shape of one REST operation: what it takes, who may use it, what it answers.
import type { Principal, RequestMeta, Rpc } from '@baton/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Access } from '../auth/access.ts';
import type { Gateway } from '../gateway.ts';

export interface OperationSchema<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Absent for answers that are no JSON document; `produces` then names the media type. */
  readonly response?: TSchema;
}

export interface OperationCall<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: Principal;
  readonly meta: RequestMeta;
  readonly gateway: Gateway;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Calls a service on the caller's behalf. */
  readonly call: <S extends TSchema, R extends TSchema>(rpc: Rpc<S, R>, body: Static<S>) => Promise<Static<R>>;
}

/** What a creating operation's answer holds, as far as its Location needs it. */
export interface Created {
  readonly id: string;
  readonly version?: number;
}

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Under `/api/v1`, unless it starts at the root (`root: true`). */
  readonly url: string;
  readonly root?: boolean;
  readonly summary: string;
  /** Takes `?at=`: as it was at a time in the past, or behind a position of the log. */
  readonly past?: boolean;
  readonly schema: OperationSchema<TSchema, TSchema, TSchema>;
  readonly access: Access;
  /** Of the successful answer; 200 if absent. */
  readonly status?: 200 | 201 | 204;
  readonly produces?: string;
  /** A body that is streamed to the handler as it comes, whatever its size. */
  readonly consumes?: 'application/octet-stream';
  /** Of the created thing, from the answer. */
  readonly location?: (answer: Created) => string;
  readonly handler: (call: OperationCall<never, never, never>) => unknown;
}

interface Typed<P extends TSchema, Q extends TSchema, B extends TSchema, A> extends Omit<
  Operation,
  'schema' | 'handler'
> {
  readonly schema: OperationSchema<P, Q, B>;
  readonly handler: (call: OperationCall<Static<P>, Static<Q>, Static<B>>) => Promise<A> | A;
}

/** Ties the handler's types to the schemas. */
export function operation<P extends TSchema, Q extends TSchema, B extends TSchema, A>(
  definition: Typed<P, Q, B, A>,
): Operation {
  return definition as unknown as Operation;
}
