// The HTTP server: fastify with the platform's own refusals, and all routes.
import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import { PlatformError } from '@baton/errors';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { openApiOptions } from './docs/openapi.ts';
import type { Gateway } from './gateway.ts';
import { AllowedMethods } from './http/allowed-methods.ts';
import { overrideMethod } from './http/method-override.ts';
import { problemOf } from './http/problem.ts';
import { compileValidator } from './http/validation.ts';
import type { Operation } from './operations/operation.ts';
import { operations } from './operations/operations.ts';
import { registerOperations } from './router.ts';
import { TusRefusal } from './uploads/failure.ts';
import { tusRoutes } from './uploads/tus-routes.ts';

const BODY_LIMIT_BYTES = 1_048_576;

export async function buildServer(gateway: Gateway): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // Requests are logged below, without their URLs' queries and headers.
    logger: false,
    genReqId: () => randomUUID(),
    rewriteUrl: overrideMethod,
    // A TLS proxy on this machine may say that the browser came by https.
    trustProxy: 'loopback',
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4_096 },
    frameworkErrors: (error, request, reply) =>
      void sendProblem(gateway, error, request, reply as unknown as FastifyReply),
  });
  const allowed = new AllowedMethods();
  app.setValidatorCompiler(compileValidator as never);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => sendProblem(gateway, error, request, reply));
  app.setNotFoundHandler((request, reply) => sendProblem(gateway, noRoute(allowed, request, reply), request, reply));
  observe(app, gateway);
  acceptJsonAlone(app);
  await app.register(cookie);
  await app.register(swagger, openApiOptions());
  const [streamed, whole] = partition(operations);
  await app.register(async (scope) => registerOperations({ app: scope, gateway, allowed }, whole));
  await app.register(async (scope) => {
    acceptBytesAlone(scope);
    registerOperations({ app: scope, gateway, allowed }, streamed);
  });
  await app.register(async (scope) => tusRoutes(scope, gateway, allowed));
  await app.ready();
  return app;
}

/** A form or text/plain can be sent across sites without the browser asking first. An empty body is none, whatever its type. */
function acceptJsonAlone(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body.toString(), done);
  });
}

/** They reach the handler as a stream: no limit, and nothing held in memory. */
function acceptBytesAlone(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
}

/** Those that take bytes, and the others. */
function partition(all: Readonly<Record<string, Operation>>): readonly [Operations, Operations] {
  const isStreamed = ([, { consumes }]: readonly [string, Operation]) => consumes !== undefined;
  const entries = Object.entries(all);
  return [
    Object.fromEntries(entries.filter(isStreamed)),
    Object.fromEntries(entries.filter((entry) => !isStreamed(entry))),
  ];
}
type Operations = Readonly<Record<string, Operation>>;

function observe(app: FastifyInstance, gateway: Gateway): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(FOR_BROWSERS).header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const labels = { method: request.method, route, status: reply.statusCode };
    gateway.metrics.observe(labels, reply.elapsedTime / 1_000);
    gateway.log.debug({ ...labels, requestId: request.id, ms: Math.round(reply.elapsedTime) }, 'answered');
    done();
  });
}

const FOR_BROWSERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

function noRoute(allowed: AllowedMethods, request: FastifyRequest, reply: FastifyReply): PlatformError {
  const path = request.url.split('?', 1)[0] ?? '';
  const methods = allowed.of(path);
  if (methods.length === 0)
    return new PlatformError('not_found', `There is nothing at ${path}. /docs lists what there is.`);
  void reply.header('allow', methods.join(', '));
  return new PlatformError('method_not_allowed', `${path} takes ${methods.join(', ')}, not ${request.method}.`);
}

function sendProblem(gateway: Gateway, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(thrown instanceof TusRefusal ? thrown.problem : thrown, request.id);
  const status = thrown instanceof TusRefusal ? thrown.status : problem.status;
  if (problem.body.code === 'internal') {
    gateway.log.error({ err: thrown, requestId: request.id, route: request.routeOptions.url }, 'a request failed');
  }
  // Left over from an answer that was begun.
  for (const name of ['content-length', 'content-disposition', 'location']) reply.removeHeader(name);
  // As bytes: to text fastify adds a charset, which this media type does not have.
  return reply
    .code(status)
    .headers(problem.headers)
    .send(Buffer.from(JSON.stringify({ ...problem.body, status })));
}
