// Turns operations into routes: admission, checking, conditions and the shape of answers are the same for all.
import { PastMoment, type Principal, type RequestMeta } from '@baton/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type TSchema } from 'typebox';
import { admit } from './auth/access.ts';
import type { Gateway } from './gateway.ts';
import type { AllowedMethods } from './http/allowed-methods.ts';
import { entityTag, matchesTag, metaOf } from './http/conditions.ts';
import { ProblemSchema } from './http/problem-schema.ts';
import type { Created, Operation, OperationCall } from './operations/operation.ts';
import { strict } from '@baton/contracts';

const API = '/api/v1';

export interface Routing {
  readonly app: FastifyInstance;
  readonly gateway: Gateway;
  readonly allowed: AllowedMethods;
}

export function registerOperations(routing: Routing, operations: Readonly<Record<string, Operation>>): void {
  for (const [operationId, definition] of Object.entries(operations)) register(routing, operationId, definition);
}

function register({ app, gateway, allowed }: Routing, operationId: string, definition: Operation): void {
  const { method, access } = definition;
  const url = definition.root ? definition.url : `${API}${definition.url}`;
  const principals = new WeakMap<FastifyRequest, Principal>();
  allowed.add(method, url);
  app.route({
    method,
    url,
    schema: routeSchema(operationId, definition),
    // An endless answer has no head to tell before it ends.
    exposeHeadRoute: method === 'GET' && definition.produces !== 'text/event-stream',
    // Before the body is read: strangers' bodies are not.
    onRequest: async (request, reply) => {
      const principal = await admit(access, request, gateway);
      principals.set(request, principal);
      // What watches the platform is answered always; who has gone meanwhile will not go again.
      if (definition.root || reply.raw.destroyed) return;
      const isEndless = definition.produces === 'text/event-stream';
      reply.raw.once('close', (isEndless ? gateway.load.streams : gateway.load.requests).enter(principal.userId));
    },
    preValidation: (request, _reply, done) => {
      if (definition.schema.body) request.body ??= {};
      done();
    },
    handler: async (request, reply) => {
      const principal = principals.get(request);
      if (!principal) throw new Error('a request passed without admission');
      const call = callOf(definition, { gateway, principal, request, reply });
      const answer = await gateway.inFlight.once(principal.userId, call.meta.idempotencyKey, async () =>
        definition.handler(call),
      );
      return shape(definition, answer, request, reply);
    },
  });
}

interface Asking {
  readonly gateway: Gateway;
  readonly principal: Principal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

function callOf(
  definition: Operation,
  { gateway, principal, request, reply }: Asking,
): OperationCall<never, never, never> {
  const { meta: told, query } = queryParts(definition, request.query as Record<string, unknown>);
  const meta = metaOf(request, told);
  return {
    params: request.params as never,
    query: query as never,
    body: request.body as never,
    principal,
    meta,
    gateway,
    request,
    reply,
    call: (rpc, body) => gateway.bus.call(rpc, { principal, meta }, body),
  };
}

/** What goes beside the request, apart from what the operation itself asks for. */
function queryParts({ past }: Operation, { waitForRevision, ...rest }: Record<string, unknown>) {
  const { at, ...others } = rest;
  const isPast = past === true && at !== undefined;
  const meta = { ...(waitForRevision === undefined ? {} : { waitForRevision }), ...(isPast ? { at } : {}) };
  return { meta: meta as Pick<RequestMeta, 'waitForRevision' | 'at'>, query: isPast ? others : rest };
}

function shape(definition: Operation, answer: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  if (reply.sent || definition.produces !== undefined) return answer;
  if (definition.status === 204) return reply.code(204).send();
  const tag = tagOf(answer);
  if (tag !== null) {
    void reply.header('etag', tag);
    if (request.method === 'GET' && matchesTag(request.headers['if-none-match'], tag)) return reply.code(304).send();
  }
  if (definition.status !== undefined) void reply.code(definition.status);
  if (definition.location) void reply.header('location', `${API}${definition.location(answer as Created)}`);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
}

/** Of single things, which carry their revision. */
function tagOf(answer: unknown): string | null {
  const { revision } = (answer ?? {}) as { revision?: unknown };
  return typeof revision === 'number' ? entityTag(revision) : null;
}

function routeSchema(operationId: string, definition: Operation) {
  const { params, body, response } = definition.schema;
  const query = queryOf(definition);
  const { status = 200, produces, consumes, access, summary } = definition;
  const success =
    produces === undefined ? (response ?? Type.Null()) : { content: { [produces]: { schema: Type.String() } } };
  return {
    operationId,
    summary,
    tags: [definition.url.split('/')[1] ?? ''],
    ...(access === 'anonymous' ? { security: [] } : {}),
    ...(params ? { params } : {}),
    ...(query ? { querystring: query } : {}),
    ...(body ? { body } : {}),
    ...(consumes ? { body: { content: { [consumes]: { schema: Type.Unknown() } } } } : {}),
    response: {
      [status]: { description: 'Success', ...success },
      default: { description: 'Refused', content: { 'application/problem+json': { schema: ProblemSchema } } },
    },
  };
}

/** Reads of one thing may ask for a revision that a command has answered, and some reads for how it was. */
function queryOf(definition: Operation): TSchema {
  const { query } = definition.schema;
  const reads = definition.method === 'GET' && definition.url.includes('/:id');
  const properties = (query as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {};
  return strict({
    ...properties,
    ...(reads ? { waitForRevision: Type.Optional(Type.Integer({ minimum: 0 })) } : {}),
    ...(definition.past ? { at: Type.Optional(PastMoment) } : {}),
  });
}
