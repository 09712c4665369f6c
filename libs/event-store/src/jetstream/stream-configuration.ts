// The stream that keeps everything: made if missing, and checked by what the server says of it.
import { STREAM_SUBJECTS, type StreamName } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  type StreamConfig,
  type StreamInfo,
  StorageType,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { logUnavailable } from './request.ts';

const STREAM_NOT_FOUND = 10059;
const TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 100;
const DUPLICATE_WINDOW_MS = 120_000;

export interface StreamOptions {
  /** Servers that hold the stream; 1 if absent. Only used when it is made. */
  readonly replicas?: number;
  readonly timeoutMs?: number;
  /** Whether a stream that an earlier version has made is given the subjects that it lacks; others wait for whoever does that. */
  readonly mayExtend?: boolean;
}

/** Makes the stream if it is missing; what the server says that it is. Throws `internal` when it is configured in a way that could lose events. */
export async function ensureStream(
  connection: NatsConnection,
  stream: StreamName,
  options: StreamOptions = {},
): Promise<StreamConfig> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: options.timeoutMs ?? TIMEOUT_MS });
  const wanted = configuration(stream, options.replicas ?? 1);
  const existing = await manager.streams.info(stream).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
    throw logUnavailable(error);
  });
  const found = existing ?? (await make(() => manager.streams.add(wanted)));
  const { config } = lacks(found, wanted) ? await extended(manager, wanted, options) : found;
  verify(stream, wanted, config);
  return config;
}

async function make(ask: () => Promise<StreamInfo>): Promise<StreamInfo> {
  return ask().catch((error: unknown) => {
    throw logUnavailable(error);
  });
}

type Wanted = ReturnType<typeof configuration>;

function configuration(stream: StreamName, replicas: number) {
  return {
    name: stream,
    subjects: [...STREAM_SUBJECTS[stream]],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
    max_msgs_per_subject: -1,
    num_replicas: replicas,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  } satisfies Partial<StreamConfig> & { name: string };
}

function lacks({ config }: StreamInfo, { subjects }: Pick<Wanted, 'subjects'>): boolean {
  return subjects.some((subject) => !config.subjects.includes(subject));
}

/** What the stream is once it captures all subjects, or when the time is up. */
async function extended(
  manager: JetStreamManager,
  wanted: Wanted,
  { mayExtend = false, timeoutMs = TIMEOUT_MS }: StreamOptions,
): Promise<StreamInfo> {
  const { name, subjects } = wanted;
  if (mayExtend) return make(() => manager.streams.update(name, { subjects }));
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await make(() => manager.streams.info(name));
    if (!lacks(found, wanted) || performance.now() > deadline) return found;
    await sleep(LOOK_EVERY_MS);
  }
}

/** What would let events go missing when it is otherwise. */
const GUARDED = [
  'storage',
  'retention',
  'discard',
  'max_age',
  'max_msgs',
  'max_bytes',
  'max_msgs_per_subject',
  'deny_delete',
  'deny_purge',
] as const;

function verify(stream: StreamName, wanted: Wanted, config: StreamConfig): void {
  const faults = GUARDED.filter((key) => (config[key] ?? defaultOf(key)) !== wanted[key]).map(
    (key) => `${key} is ${String(config[key])}`,
  );
  const captured = new Set(config.subjects);
  faults.push(
    ...wanted.subjects.filter((subject) => !captured.has(subject)).map((subject) => `${subject} is not captured`),
  );
  // Written without fsync and answered before it is stored: never for events.
  if ((config as { persist_mode?: string }).persist_mode === 'async') faults.push('persist_mode is async');
  if (faults.length === 0) return;
  throw new PlatformError('internal', `The stream ${stream} is not configured as the platform needs it.`, {
    detail: faults.join(', '),
  });
}

/** The server leaves out what has its default value. */
function defaultOf(key: (typeof GUARDED)[number]): unknown {
  if (key === 'max_age') return 0;
  return key.startsWith('max_') ? -1 : false;
}
