// The routes of the Open Inference Protocol v2.
import { canRead } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requireWrite } from '../../domain/endpoint.commands.ts';
import type { ServedEndpoint } from '../../app/served-endpoint.ts';
import type { ServedModel } from '../../app/served-model.ts';
import { modelNotFound } from './access.ts';
import { infer } from './infer.ts';
import { configuration, indexEntry, metadata, statistics } from './model-documents.ts';
import type { Route, RouteContext } from './route.ts';

const EXTENSIONS = ['model_configuration', 'model_repository', 'statistics'];

export function routes(context: RouteContext): Route[] {
  return [...serverRoutes(context), ...modelRoutes(context), ...repositoryRoutes(context)];
}

function serverRoutes({ isReady, version, registry, access }: RouteContext): Route[] {
  return [
    { method: 'GET', url: '/v2', handle: async () => ({ name: 'baton', version, extensions: EXTENSIONS }) },
    { method: 'GET', url: '/v2/health/live', handle: async () => ({ live: true }) },
    {
      method: 'GET',
      url: '/v2/health/ready',
      handle: async (_request, reply) => reply.code(isReady() ? 200 : 503).send({ live: true, ready: isReady() }),
    },
    {
      method: 'GET',
      url: '/v2/models/stats',
      handle: async (request) => {
        const endpoints = await readable({ registry, access }, request);
        return {
          model_stats: endpoints.flatMap(({ details, model }) => (model ? [statistics(details.name, model)] : [])),
        };
      },
    },
  ];
}

/** Each under the model and under one of its versions. */
function modelRoutes(context: RouteContext): Route[] {
  const get = (suffix: string, answer: (name: string, model: ServedModel) => unknown): Route[] =>
    bothForms(suffix).map((url) => ({
      method: 'GET',
      url,
      handle: async (request) => {
        const endpoint = await endpointOf(context, request);
        return answer(endpoint.details.name, modelOf(endpoint, request));
      },
    }));
  return [
    ...get('', metadata),
    ...get('/config', (name, model) => configuration(name, model, context.limits)),
    ...get('/stats', (name, model) => ({ model_stats: [statistics(name, model)] })),
    ...bothForms('/ready').map((url): Route => ({
      method: 'GET',
      url,
      handle: (request, reply) => ready(context, request, reply),
    })),
    ...bothForms('/infer').map((url): Route => ({
      method: 'POST',
      url,
      handle: async (request, reply) => {
        const endpoint = await endpointOf(context, request);
        return infer(endpoint.details.name, modelOf(endpoint, request), { request, reply });
      },
    })),
  ];
}

function repositoryRoutes(context: RouteContext): Route[] {
  const change = (verb: 'load' | 'unload'): Route => ({
    method: 'POST',
    url: `/v2/repository/models/:model/${verb}`,
    handle: async (request) => {
      const endpoint = await endpointOf(context, request);
      const caller = await context.access.caller(request.headers.authorization);
      if (!caller)
        throw new PlatformError('unauthenticated', 'This needs a token: send "Authorization: Bearer <token>".');
      requireWrite(caller, endpoint.details);
      await (verb === 'load' ? endpoint.reload() : endpoint.unload());
      if (verb === 'load' && endpoint.fault !== null) throw new PlatformError('bad_model', endpoint.fault);
      return {};
    },
  });
  return [
    {
      method: 'POST',
      url: '/v2/repository/index',
      handle: async (request) => (await readable(context, request)).map(indexEntry),
    },
    change('load'),
    change('unload'),
  ];
}

function bothForms(suffix: string): string[] {
  return [`/v2/models/:model${suffix}`, `/v2/models/:model/versions/:version${suffix}`];
}

async function ready(context: RouteContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const endpoint = await endpointOf(context, request);
  const { model } = endpoint;
  const { version } = request.params as { version?: string };
  if (model && version !== undefined && version !== model.version)
    throw modelNotFound(`${endpoint.details.name}, version ${version}`);
  return reply.code(model ? 200 : 400).send({ name: endpoint.details.name, ready: model !== null });
}

async function readable(
  { registry, access }: Pick<RouteContext, 'registry' | 'access'>,
  request: FastifyRequest,
): Promise<ServedEndpoint[]> {
  const caller = await access.caller(request.headers.authorization);
  return registry
    .all()
    .filter(({ details }) => (caller ? canRead(caller, details) : details.visibility === 'everyone'));
}

function endpointOf({ access }: RouteContext, request: FastifyRequest): Promise<ServedEndpoint> {
  return access.endpoint((request.params as { model: string }).model, request.headers.authorization);
}

/** The model that answers now. From here to the hand-over nothing may wait, or a swap could come between. */
function modelOf(endpoint: ServedEndpoint, request: FastifyRequest): ServedModel {
  const { name } = endpoint.details;
  const { version } = request.params as { version?: string };
  const { model } = endpoint;
  if (!model) {
    if (endpoint.fault === null)
      throw new PlatformError('unavailable', `Model "${name}" is still loading. Try again in a moment.`, {
        retryAfterMs: 1_000,
      });
    throw new PlatformError('invalid_input', `Model "${name}" is not ready: ${endpoint.fault}`);
  }
  if (version !== undefined && version !== model.version) throw modelNotFound(`${name}, version ${version}`);
  return model;
}
