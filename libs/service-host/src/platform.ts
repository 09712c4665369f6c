// What a service is given at boot: its connection, the log, the read store, clock, ids and secrets.
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  EVENTS_STREAM,
  JOBS_STREAM,
  mayExtendStream,
  type NatsRole,
  type StreamName,
  systemPrincipal,
} from '@baton/contracts';
import { openJetStreamEventStore, type PipelinedEventStore } from '@baton/event-store';
import { type Bus, type CallContext, connectBus, type Exchange } from '@baton/messaging';
import { openReadStore, type ReadStore } from '@baton/read-store';
import { readSecretFile, type ServiceSettings } from './configuration.ts';
import { roomOn } from './disk-room.ts';
import { createLogger, type Logger } from './logger.ts';
import { type ReadingConnection, readThread } from './long-read/read-thread.ts';
import type { ParkedAggregate } from './parking.ts';
import { type PastCollection, PastReader } from './past.ts';
import { type Projection, type ProjectionHandle, type Revised, runProjection } from './projection.ts';

/** Longest wait for a projection's last write. */
const STOP_WITHIN_MS = 2_000;

export interface ProjectedModel<D extends Revised> extends ProjectionHandle<D> {
  /** As it is, or as it was: `at` as in `RequestMeta`. */
  at(at: string | undefined): Promise<PastCollection<D>>;
}

export interface Platform {
  readonly role: NatsRole;
  readonly bus: Bus;
  readonly events: PipelinedEventStore;
  /** Jobs; null for services that have no grant for the stream. */
  readonly jobs: PipelinedEventStore | null;
  readonly readStore: ReadStore;
  readonly log: Logger;
  /** The installation's secret, for derived ids and encryption keys. */
  readonly secret: string;
  readonly installationId: string;
  /** Aborts when the service stops. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly report: (error: unknown, where: string) => void;
  /** Starts a projection; the service is ready when all of them have caught up. */
  project<D extends Revised>(projection: Projection<D>): Promise<ProjectedModel<D>>;
  /** As it was, of what no read model keeps; `at` as in `RequestMeta`. */
  past<D extends Revised>(projection: Projection<D>, at: string): Promise<PastCollection<D>>;
  /** Calls of the platform's own, on nobody's behalf. */
  systemCall(): CallContext;
  /** Runs when the service stops, last added first. */
  onClose(close: () => Promise<void> | void): void;
}

export interface OpenPlatform {
  readonly platform: Platform;
  /** Resolves when every projection has caught up. */
  ready(): Promise<void>;
  /** What stands still in the projections, because a commit could not be applied. */
  parked(): readonly ParkedAggregate[];
  close(): Promise<void>;
}

export async function openPlatform(
  role: NatsRole,
  streams: readonly StreamName[],
  settings: ServiceSettings,
  exchange?: Exchange,
): Promise<OpenPlatform> {
  const log = createLogger(role, settings.BATON_LOG_LEVEL);
  const report = (error: unknown, where: string) => log.error({ err: error, where }, 'an error was caught');
  const connection = { url: settings.BATON_NATS_URL, role, ...credentialsOf(settings) };
  const bus = await connectBus({ ...connection, ...(exchange && { exchange }), onError: report });
  const stopping = new AbortController();
  const secret = readSecretFile(settings.BATON_SECRET_FILE);
  const open = logOpener(bus, connection, settings, report);
  const [events, jobs, readStore] = await Promise.all([
    open(EVENTS_STREAM),
    streams.includes(JOBS_STREAM) ? open(JOBS_STREAM) : null,
    openReadStore(readStoreOf(settings.BATON_READ_STORE, role)),
  ]);
  const past = new PastReader({ now: Date.now });
  const handles: ProjectionHandle<Revised>[] = [];
  const closers: (() => Promise<void> | void)[] = [];
  const platform: Platform = {
    role,
    bus,
    events,
    jobs,
    readStore,
    log,
    secret,
    installationId: installationIdOf(secret),
    signal: stopping.signal,
    now: Date.now,
    report,
    async project(projection) {
      const store = storeOf(projection.stream, platform);
      const handle = await runProjection(projection, { store, readStore, signal: stopping.signal, report });
      handles.push(handle as unknown as ProjectionHandle<Revised>);
      const at = async (moment: string | undefined) =>
        moment === undefined ? handle.collection : past.at(projection, store, moment);
      return { ...handle, at };
    },
    past: (projection, at) => past.at(projection, storeOf(projection.stream, platform), at),
    systemCall: () => ({ principal: systemPrincipal(role), meta: { requestId: randomUUID() } }),
    onClose: (close) => closers.push(close),
  };
  return {
    platform,
    ready: async () => void (await Promise.all(handles.map((handle) => handle.caughtUp))),
    parked: () => handles.flatMap((handle) => handle.parked()),
    close: async () => {
      stopping.abort();
      for (const close of closers.toReversed()) await close();
      await bus.close();
      await Promise.race([Promise.all(handles.map((handle) => handle.stopped)), sleep(STOP_WITHIN_MS)]);
      await past.close();
      await readStore.close();
    },
  };
}

function storeOf(stream: string, { role, events, jobs }: Pick<Platform, 'role' | 'events' | 'jobs'>) {
  const store = stream === JOBS_STREAM ? jobs : events;
  if (!store) throw new Error(`${role} has no grant for ${stream}`);
  return store;
}

function logOpener(
  { connection, role }: Bus,
  reading: ReadingConnection,
  settings: ServiceSettings,
  report: Platform['report'],
) {
  const hasRoom = roomOn(settings.BATON_NATS_STORE);
  return (stream: typeof EVENTS_STREAM | typeof JOBS_STREAM): Promise<PipelinedEventStore> =>
    openJetStreamEventStore({
      connection,
      stream,
      mayExtend: mayExtendStream(role, stream),
      syncAlways: settings.BATON_NATS_SYNC !== 'interval',
      hasRoom,
      longRead: readThread(reading, stream, { onFailure: (error) => report(error, 'reading thread') }),
    });
}

/** Who this installation is, for those who must not take it for another; the same for as long as its secret is. */
export function installationIdOf(secret: string): string {
  return createHmac('sha256', secret).update('installation').digest('hex').slice(0, 32);
}

function credentialsOf(settings: ServiceSettings) {
  const { BATON_NATS_USER: user, BATON_NATS_PASSWORD_FILE: file } = settings;
  return user === undefined || file === undefined ? {} : { credentials: { user, password: readSecretFile(file) } };
}

/** Each service keeps its read models in a file or a database of its own. */
function readStoreOf(setting: string, role: NatsRole): string {
  return setting.startsWith('sqlite:') ? `${setting}/${role}.db` : setting;
}
