// The gateway's life: connection, stores, server, orderly stop.
import { WeightsRecogniser } from '@baton/archive';
import { openFileBlobStore } from '@baton/blob-store';
import { PlatformError } from '@baton/errors';
import { connectBus, type Exchange } from '@baton/messaging';
import { hasRoom } from '@baton/service-host/disk-room';
import { createLogger, type Environment, type Logger, readSecretFile } from '@baton/service-host/without-nest';
import type { FastifyInstance } from 'fastify';
import { AgentAuthenticator } from './auth/agents.ts';
import { Authenticator } from './auth/authenticator.ts';
import { type GatewayConfig, gatewayConfig } from './config.ts';
import { ManifestReader } from './content/manifests.ts';
import { InFlight } from './http/in-flight.ts';
import { LoadLimit, REQUEST_LIMITS, STREAM_LIMITS } from './http/load-limit.ts';
import { HttpMetrics } from './http/metrics.ts';
import { RateLimit } from './http/rate-limit.ts';
import { buildServer } from './server.ts';
import { MetricWriter } from './streams/metric-writer.ts';
import { StreamReader } from './streams/stream-reader.ts';
import { UploadStore } from './uploads/upload-store.ts';

/** Each request is a durable write. */
const METRIC_RATE = { perSecond: 10, burst: 50 };
const SWEEP_EVERY_MS = 3_600_000;
/** How long requests under way may still take when the gateway stops. */
const DRAIN_MS = 5_000;

export interface RunningGateway {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/** With the services in its own process it shares one `exchange`. */
export async function startGateway(environment: Environment, exchange?: Exchange): Promise<RunningGateway> {
  const config = gatewayConfig(environment);
  const log = createLogger('gateway', config.logLevel);
  const report = (error: unknown, where: string) => log.error({ err: error, where }, 'an error was caught');
  const connection = { url: config.natsUrl, ...credentials(config), ...(exchange && { exchange }) };
  const bus = await connectBus({ ...connection, role: 'gateway', onError: report });
  const stopping = new AbortController();
  try {
    const blobs = await openFileBlobStore({ folder: config.blobFolder });
    const uploads = await UploadStore.open(config.uploadFolder, blobs);
    const retention = { days: config.outputRetentionDays, logBytes: config.outputStreamBytes };
    const streams = await StreamReader.open(bus.connection, retention);
    const app = await buildServer({
      bus,
      blobs,
      uploads,
      manifests: new ManifestReader(blobs),
      weights: new WeightsRecogniser(blobs),
      streams,
      metricWriter: new MetricWriter(bus.connection, streams),
      metricRate: new RateLimit(METRIC_RATE),
      authenticator: new Authenticator(bus),
      agents: new AgentAuthenticator(bus),
      inFlight: new InFlight(),
      load: { requests: new LoadLimit(REQUEST_LIMITS), streams: new LoadLimit(STREAM_LIMITS) },
      metrics: new HttpMetrics(),
      log,
      servingUrl: config.servingUrl,
      agentNatsUrl: config.agentNatsUrl,
      hasRoom: () => hasRoom(config.natsStore),
      signal: stopping.signal,
    });
    const url = await listen(app, config);
    const sweeper = sweepRegularly(uploads, log);
    log.info({ url }, 'ready');
    return {
      url,
      close: async () => {
        clearInterval(sweeper);
        stopping.abort();
        await closeServer(app);
        await bus.close();
      },
    };
  } catch (error) {
    stopping.abort();
    await bus.close();
    throw error;
  }
}

function credentials(config: GatewayConfig) {
  const { natsUser: user, natsPasswordFile: file } = config;
  return user === undefined || file === undefined ? {} : { credentials: { user, password: readSecretFile(file) } };
}

async function listen(app: FastifyInstance, { host, port }: GatewayConfig): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw portError(error, host, port);
  }
}

function portError(error: unknown, host: string, port: number): unknown {
  const advice = new Map([
    ['EADDRINUSE', `Port ${port} on ${host} is in use. Stop what listens there, or set BATON_PORT to another port.`],
    ['EACCES', `Port ${port} on ${host} needs more rights. Set BATON_PORT to a port above 1023.`],
    ['EADDRNOTAVAIL', `This machine has no address ${host}. Set BATON_HOST to one that it has.`],
  ]).get((error as NodeJS.ErrnoException).code ?? '');
  return advice === undefined ? error : new PlatformError('unavailable', advice, { cause: error });
}

/** A connection that is kept alive becomes idle after its last answer, and would hold the server open until it times out. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}

function sweepRegularly(uploads: UploadStore, log: Logger): NodeJS.Timeout {
  const sweep = () =>
    void uploads.sweep().catch((error: unknown) => log.error({ err: error }, 'expired uploads could not be removed'));
  sweep();
  return setInterval(sweep, SWEEP_EVERY_MS).unref();
}
