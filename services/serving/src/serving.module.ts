// The wiring of the serving service: no Nest, for memory's sake.
import { openFileBlobStore } from '@baton/blob-store';
import { groupFinder } from '@baton/catalogue/groups';
import { subjects, userRpc } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { commandHandler, nameRegistry } from '@baton/event-store';
import {
  type Environment,
  openPlatform,
  parseEnvironment,
  type Platform,
  ServiceSettings,
  startHealthServer,
} from '@baton/service-host/without-nest';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { answerEndpoints } from './adapters/endpoint-answers.ts';
import { buildInferenceServer } from './adapters/http/server.ts';
import { tokenCache } from './adapters/http/token-cache.ts';
import { modelClient } from './adapters/model-client.ts';
import { onnxRuntime } from './adapters/onnx/runtime.ts';
import type { BatcherLimits } from './app/batcher.ts';
import { EndpointQueries } from './app/endpoint-queries.ts';
import { Endpoints } from './app/endpoints.ts';
import { followLog } from './app/follow-log.ts';
import { ModelLoader } from './app/model-loader.ts';
import { EndpointRegistry } from './app/registry.ts';
import { ServingConfig, servingSettings, type ServingSettings } from './config.ts';
import { endpointDecider } from './domain/endpoint.commands.ts';
import { endpointsProjection } from './projections/endpoints.ts';

export interface Serving {
  /** Where it listens. */
  readonly url: string;
  /** Resolves when every endpoint that the log held at the start is loaded or has failed. */
  readonly loaded: Promise<void>;
  close(): Promise<void>;
}

const VERSION = '0.1.0';
const PARALLEL_LOADS = 2;
const BATCH_ROWS = 256;
const QUEUED_BYTES = 256 * 2 ** 20;

/** Resolves when it answers on HTTP and on the bus; the models of its endpoints may still be loading. */
export async function startServing(environment: Environment): Promise<Serving> {
  const service = parseEnvironment(ServiceSettings, environment);
  const settings = servingSettings(parseEnvironment(ServingConfig, environment));
  const open = await openPlatform('serving', [], service);
  const { platform } = open;
  const closers: (() => Promise<void>)[] = [() => open.close()];
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).toReversed()) await step();
  };
  try {
    const parts = await assemble(platform, settings);
    closers.push(() => parts.registry.close());
    const url = await listen(parts.server, settings);
    closers.push(() => parts.server.close());
    const health = service.BATON_HEALTH_PORT
      ? await startHealthServer(Number(service.BATON_HEALTH_PORT), parts.isReady)
      : null;
    if (health) closers.push(() => health.close());
    const { loaded } = await parts.start(settings.url ?? url);
    await open.ready();
    platform.log.info({ url }, 'ready');
    return { url, loaded, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(platform: Platform, settings: ServingSettings) {
  const { bus, events, report, signal, secret, now } = platform;
  const blobs = await openFileBlobStore({ folder: settings.blobFolder });
  const catalogue = modelClient(bus, blobs, () => platform.systemCall());
  const limits: BatcherLimits = {
    queuedRequests: settings.queuedRequests,
    queuedBytes: QUEUED_BYTES,
    batchRows: BATCH_ROWS,
  };
  const loader = new ModelLoader({
    catalogue,
    runtime: onnxRuntime({ blobs, intraOpThreads: settings.intraOpThreads }),
    limits,
    clock: { monotonicMs: () => performance.now(), now },
    parallelLoads: PARALLEL_LOADS,
  });
  const registry = new EndpointRegistry({ load: (target) => loader.load(target), report, wait, now });
  const tokens = tokenCache((token) => bus.call(userRpc.authenticate, platform.systemCall(), { token }), now);
  let isLoaded = false;
  const isReady = () => isLoaded;
  const { bodyLimitBytes } = settings;
  const server = buildInferenceServer({
    registry,
    authenticate: (token) => tokens.authenticate(token),
    limits,
    bodyLimitBytes,
    isReady,
    version: VERSION,
    report,
  });
  const start = async (url: string): Promise<{ loaded: Promise<void> }> => {
    bus.subscribe(subjects.credentialsChanged, () => tokens.clear());
    const views = await platform.project(endpointsProjection);
    const queries = new EndpointQueries({ views, registry, url, wait });
    const handler = commandHandler({
      store: events,
      decider: endpointDecider,
      aggregate: 'endpoint',
      now,
      newId: randomUUID,
    });
    const holderExists = async (id: string) => (await handler.load(id)).state.status === 'active';
    const names = nameRegistry({ store: events, secret, now, newId: randomUUID, holderExists });
    const findGroup = groupFinder(bus);
    const endpoints = new Endpoints({ handler, names, queries, registry, loader, catalogue, findGroup, secret });
    answerEndpoints(bus, endpoints, queries);
    const { loaded } = followLog({ events, registry, signal, report, wait });
    return { loaded: loaded.then(() => void (isLoaded = true)) };
  };
  return { registry, server, isReady, start };
}

async function listen(server: FastifyInstance, { host, port }: ServingSettings): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'EADDRINUSE') throw cause;
    throw new PlatformError(
      'unavailable',
      `Port ${port} on ${host} is in use. Stop what uses it, or set BATON_SERVING_PORT.`,
      { cause },
    );
  }
  const address = server.server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
